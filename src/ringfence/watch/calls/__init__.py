"""watch/calls"""
