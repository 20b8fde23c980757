"""watch/findings"""
