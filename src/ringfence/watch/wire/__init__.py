"""Bytes to messages, records and defects. No I/O, and no bytes raise."""
