"""Enforcement: orders to the edges, and how each stands."""
