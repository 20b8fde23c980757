"""Ringfence runs a voice network's acceptable use policy from end to end."""

__version__ = "0.1.0"
