"""watch/kernels"""
