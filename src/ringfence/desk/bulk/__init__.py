"""Bulk decisions: one reasoning over a campaign's cases, a decision for each, and a sample that a second person checks."""
