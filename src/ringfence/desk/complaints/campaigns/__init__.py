"""Campaigns: complaints that tell the same story, whatever numbers it came from."""
