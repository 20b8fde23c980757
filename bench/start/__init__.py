"""How long a first start takes, and one after it."""
