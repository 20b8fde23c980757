"""The desk of the decisions' tests: a ladder that climbs, and parties."""

from tests.unit.desk.decisions.conftest import climbing

__all__ = ["climbing"]
