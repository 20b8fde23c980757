"""Spans over which links hold."""

from typing import Protocol

from ringfence.vocabulary.times import Micros


class Spanned(Protocol):
    """Something that holds from `valid_from` (included) to `valid_to` (excluded); `None`: without bound."""

    @property
    def valid_from(self) -> Micros | None:
        """The first moment."""

    @property
    def valid_to(self) -> Micros | None:
        """The moment after the last."""


def holds(link: Spanned, time: Micros) -> bool:
    """Tell whether it holds at `time`."""
    return (link.valid_from is None or link.valid_from <= time) and (link.valid_to is None or time < link.valid_to)
