"""Decisions: who decided what, under which clause of which version."""
