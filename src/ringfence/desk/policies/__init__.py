"""Policies: the posted versions of the acceptable use policy."""
