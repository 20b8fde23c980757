"""watch/lake"""
