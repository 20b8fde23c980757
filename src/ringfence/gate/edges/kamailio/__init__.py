"""gate/edges/kamailio"""
