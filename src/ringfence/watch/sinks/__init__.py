"""watch/sinks"""
