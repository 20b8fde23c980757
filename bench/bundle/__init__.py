"""A whole bundle over calls: how many a second, and how many updates of keys that is."""
