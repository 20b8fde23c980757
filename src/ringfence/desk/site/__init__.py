"""The desk's ground: settings, addresses, and the wiring of one noun's events to another's services."""
