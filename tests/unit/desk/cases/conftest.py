"""A desk whose ladder climbs, from the tests of decisions."""

from tests.unit.desk.decisions.conftest import climbing

__all__ = ["climbing"]
