"""The sync API: what a provider's own systems tell of parties, and ask."""
