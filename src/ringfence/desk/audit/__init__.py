"""Audit: who did what, when; appended, sealed, never changed."""
