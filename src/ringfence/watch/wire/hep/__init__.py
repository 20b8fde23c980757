"""watch/wire/hep"""
