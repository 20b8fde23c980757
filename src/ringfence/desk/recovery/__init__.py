"""Recovery: helping who lost a user name, or whose login a thief has."""
