"""One workload for every engine: what each makes of it, and how fast."""
