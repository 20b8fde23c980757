"""Complaints: what somebody told the abuse mailbox."""
