"""watch/sources"""
