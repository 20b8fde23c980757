"""Returning parties."""
