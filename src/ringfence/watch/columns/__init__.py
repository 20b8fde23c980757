"""watch/columns"""
