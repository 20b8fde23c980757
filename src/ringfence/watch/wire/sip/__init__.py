"""watch/wire/sip"""
