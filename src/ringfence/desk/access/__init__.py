"""Access: the people who work at the desk and what each may do."""
