"""One tail: what the configuration says of it, and how it stands."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from ringfence.watch.recorded.following import Following
from ringfence.watch.recorded.formats import Options
from ringfence.watch.recorded.inputs import Choice

_MOST_LEFT_OUT: Final = 1_000
_SHOWN: Final = 5


class Tail(NamedTuple):
    """One tail as configured. `from_start`: what stands in its files when they are first seen counts too."""

    path: Path
    choice: Choice = Choice()
    options: Options = Options()
    from_start: bool = False

    @property
    def name(self) -> str:
        """What its places and its health are known by."""
        return str(self.path)


@dataclass(slots=True)
class TailState:
    """How one tail stands. All counts are since the start; `history` are rows that were there when their file was first seen."""

    tail: Tail
    state: str = ""
    records: int = 0
    unusable: int = 0
    history: int = 0
    formats: set[str] = field(default_factory=set)
    left_out: dict[str, str] = field(default_factory=dict)
    is_begun: bool = False
    """It was looked at since the start."""

    def leaves_out(self, path: Path, cause: str) -> bool:
        """Note that a file is left out; tell whether that is new."""
        if self.left_out.get(str(path)) == cause or len(self.left_out) >= _MOST_LEFT_OUT:
            return False
        self.left_out[str(path)] = cause
        return True

    def health(self, files: Sequence[Following]) -> dict[str, object]:
        """Return how it stands. `files` are the open ones; `behind` are octets that lie in them and were not read yet."""
        return {
            "path": self.tail.name,
            "state": self.state,
            "formats": sorted(self.formats),
            "files": len(files),
            "records": self.records,
            "unusable": self.unusable,
            "history": self.history + sum(each.history for each in files),
            "behind": sum(_unread(each) for each in files),
            "waiting": sum(len(each.came) for each in files),
            "left_out": dict(list(self.left_out.items())[:_SHOWN]),
            "left_out_files": len(self.left_out),
        }


def _unread(file: Following) -> int:
    try:
        return max(0, Path(file.place.path).stat().st_size - file.file.trail.octets)
    except OSError:
        return 0
