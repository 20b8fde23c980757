"""Slow and obvious readings that the fast code must equal. They import nothing of the library."""
