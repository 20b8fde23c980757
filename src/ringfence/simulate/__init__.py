"""Labelled carriers: fictional providers, their ordinary calls and their abusers, as records and as live signalling."""
