"""watch/wire"""
