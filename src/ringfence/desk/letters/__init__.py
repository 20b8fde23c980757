"""Mails to people outside, from writing to what became of each."""
