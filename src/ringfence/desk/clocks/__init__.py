"""What is owed by when: obligations with their clocks, pauses, warnings, and what follows a miss."""
