"""Outbox: what must happen after a commit, and how far each feed has been read."""
