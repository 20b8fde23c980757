"""watch/windows"""
