"""watch/wire/cdr"""
