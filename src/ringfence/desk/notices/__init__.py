"""Notices: what a party is told of a decision, in its language, with the reasons and the way to contest it."""
