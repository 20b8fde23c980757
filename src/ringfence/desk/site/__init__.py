"""The desk's ground: settings, URLs, and the wiring of one noun's events to another's services."""
