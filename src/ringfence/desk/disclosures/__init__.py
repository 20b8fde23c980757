"""Disclosures to authorities: a register of requests, decisions by two persons, a manifest of what went out."""
