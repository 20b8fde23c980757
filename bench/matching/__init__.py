"""How many complaints about a call are attributed without a hand, and how many wrongly."""
