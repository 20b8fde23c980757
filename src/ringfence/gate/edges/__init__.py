"""gate/edges"""
