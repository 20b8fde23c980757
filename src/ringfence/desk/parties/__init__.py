"""Parties: customers, resellers and end users, with their accounts, trunks and numbers."""
