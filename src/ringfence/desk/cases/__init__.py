"""Cases: one subject, one matter."""
