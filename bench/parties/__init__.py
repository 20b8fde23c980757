"""How long a million numbers take to be imported."""
