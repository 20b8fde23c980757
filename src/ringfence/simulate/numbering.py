"""Numbers that nobody can be called at: ranges that the numbering authority keeps for drama.

Source: Ofcom, "Telephone numbers for use in TV and radio drama programmes": a thousand numbers in each of these areas.
"""

from dataclasses import dataclass
from typing import Final

from ringfence.vocabulary.numbers import E164


@dataclass(frozen=True, slots=True)
class DramaRange:
    """`prefix` with `digits` free digits behind it."""

    place: str
    prefix: str
    digits: int = 3

    def number(self, index: int) -> E164:
        """Return the range's number at `index`, from 0 to below `size`.

        >>> DramaRange("London", "+44207946", 4).number(17)
        '+442079460017'
        """
        return E164(f"{self.prefix}{index:0{self.digits}d}")

    @property
    def size(self) -> int:
        """How many numbers the range may use: the authority keeps a thousand, also where four digits are free."""
        return 1000


OWN_RANGES: Final = (DramaRange("no area", "+441632960"), DramaRange("London", "+44207946", 4))
"""Where the fictional provider's own numbers come from."""

WORLD_RANGES: Final = (
    DramaRange("Leeds", "+441134960"),
    DramaRange("Sheffield", "+441144960"),
    DramaRange("Nottingham", "+441154960"),
    DramaRange("Leicester", "+441164960"),
    DramaRange("Bristol", "+441174960"),
    DramaRange("Reading", "+441184960"),
    DramaRange("Birmingham", "+441214960"),
    DramaRange("Edinburgh", "+441314960"),
    DramaRange("Glasgow", "+441414960"),
    DramaRange("Liverpool", "+441514960"),
    DramaRange("Manchester", "+441614960"),
    DramaRange("Tyneside", "+441914980"),
    DramaRange("Cardiff", "+442920180"),
    DramaRange("mobile", "+447700900"),
)
"""Where everybody else's numbers come from."""


def world_numbers() -> list[E164]:
    """Return every number of the world, in order: fourteen thousand."""
    return [area.number(index) for area in WORLD_RANGES for index in range(area.size)]
