"""watch/engine"""
