"""Detections: what watch found and saw."""
