"""Measurements of whole processes: `python -m bench` runs all, `python -m bench.scan` one."""
