"""How many mirrored messages a second one live watch process takes, and how soon a finding is in the feed."""
