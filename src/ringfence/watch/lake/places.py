"""Places: how far each followed file was consumed. They stand in the same batch of the journal as what came of them."""

from collections.abc import Iterable
from typing import NamedTuple

from msgspec import Struct


class PlaceKey(NamedTuple):
    """The tail's path as configured, and the file's number on the disk, which stays when it is renamed."""

    tail: str
    file: int


class Place(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far one file of the tail `tail` was consumed. `file` 0 says that the tail was looked at: what appears later is new.

    `passed` octets were there when the file was first seen and are history; after them `items` records, events and unusable rows
    were consumed, and of those `rest` after the file's end (calls that waited for more). `octets` had been read by then. `head`
    and `end` are digests of the first `head_octets` and of the last octets before `octets`, by which the file is known again.
    `whole`: nothing before `octets` is still to be consumed. `over`: it is finished; `gone`: forget it.
    """

    tail: str
    file: int
    path: str
    passed: int = 0
    items: int = 0
    rest: int = 0
    octets: int = 0
    head_octets: int = 0
    head: str = ""
    end: str = ""
    whole: bool = False
    over: bool = False
    gone: bool = False

    @property
    def key(self) -> PlaceKey:
        """What it is known by."""
        return PlaceKey(self.tail, self.file)


def lay_over(places: dict[PlaceKey, Place], later: Iterable[Place]) -> None:
    """Bring `places` up to what came `later`."""
    for place in later:
        if place.gone:
            places.pop(place.key, None)
        else:
            places[place.key] = place
