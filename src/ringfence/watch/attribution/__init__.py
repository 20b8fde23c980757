"""watch/attribution"""
