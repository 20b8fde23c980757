"""Published promises find in the lake what they find in the traffic itself."""

from pathlib import Path
from typing import Final

import msgspec
import pytest
from tests.policies.promises import FOLDERS, bundle_of, example_of

from ringfence.cli.examples import findings_of
from ringfence.vocabulary.contracts import Event, EventKind, Finding
from ringfence.vocabulary.times import Micros
from ringfence.watch.history.backtest import Asked, begin, in_order
from ringfence.watch.history.share import Place, Share
from ringfence.watch.lake.store import Lake

_SOME: Final = FOLDERS[::6]
"""Ten of them, of every kind: all would take minutes, for months of traffic have hundreds of files."""


@pytest.mark.parametrize("folder", _SOME, ids=lambda folder: folder.name)
def test_a_promise_finds_in_the_lake_what_it_finds_in_the_traffic(tmp_path: Path, folder: Path) -> None:
    bundle, example = bundle_of(folder), example_of(folder, "firing")
    place = Place(tmp_path / "lake", tmp_path / "lake-keys", tmp_path / "run", b"")
    lake = Lake(place.lake, place.keys, place.key)
    # What comes after the example's end says that all until there is over.
    after = Event(kind=EventKind.FACT, time=Micros(example.until + 1), call_id="after", name="nothing")
    with lake.writing() as writer:
        writer.add([*example.events, after])
        writer.commit()
    asked = Asked(plans=(bundle.plan,), until=Micros(example.until + 1))
    backtest = begin(asked, lake, place, reference=example.reference, processes=1)
    for name, plan in backtest.shares.items():
        Share(name, plan, backtest.kept, place).work(lambda _: None, lambda: False)
    assert [_told(found) for found in backtest.findings(0)] == sorted(map(_told, findings_of(bundle, example)), key=in_order)


def _told(finding: Finding) -> Finding:
    """Leave out what tells the two apart by nature: the source, and that the lake begins where the example does."""
    return msgspec.structs.replace(finding, source="", short_until=None)
