"""Every rule of a promise finds the same however its traffic is cut, over snapshots, and with or without compiled windows."""

import random
from pathlib import Path

import pytest
from tests.policies.promises import EXAMPLES, FEATURES, FOLDERS, bundle_of, example_of

from ringfence.cli.examples import findings_of
from ringfence.policy import Bundle
from ringfence.policy.examples import Example
from ringfence.vocabulary.contracts import Finding
from ringfence.watch.attribution import Directory
from ringfence.watch.engine import Engine

LONG = ("042-", "088-")
"""Examples of tens of thousands of events: they would show no more, and take longer."""

SHORT = [folder for folder in (*FOLDERS, *FEATURES) if not folder.name.startswith(LONG)]


def engine_of(bundle: Bundle, example: Example) -> Engine:
    engine = Engine(bundle.plan, key=b"", source=example.file)
    engine.know(Directory(example.reference))
    return engine


def in_pieces(bundle: Bundle, example: Example, cuts: list[int]) -> list[Finding]:
    """Return what is found where the events are cut at `cuts`, and after each piece another engine goes on from a snapshot."""
    engine = engine_of(bundle, example)
    found: list[Finding] = []
    for start, end in zip([0, *cuts], [*cuts, len(example.events)], strict=True):
        events = example.events[start:end]
        if events:
            found += engine.step(events, events[-1].time)
        snapshot = engine.snapshot()
        engine = engine_of(bundle, example)
        engine.restore(snapshot)
    return found + engine.pass_time(example.until)


@pytest.mark.parametrize("folder", SHORT, ids=lambda folder: folder.name)
def test_cuts_and_snapshots_change_nothing(folder: Path) -> None:
    bundle, example = bundle_of(folder), example_of(folder, "firing")
    whole = findings_of(bundle, example)
    for seed in range(2):
        chance = random.Random(seed)
        cuts = sorted(chance.sample(range(1, len(example.events)), k=min(8, len(example.events) - 1)))
        assert in_pieces(bundle, example, cuts) == whole


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("folder", SHORT, ids=lambda folder: folder.name)
def test_compiled_windows_change_nothing(folder: Path, name: str) -> None:
    bundle, example = bundle_of(folder), example_of(folder, name)
    engine = Engine(bundle.plan, key=b"", source=example.file, compiled=False)
    engine.know(Directory(example.reference))
    assert engine.step(example.events, example.until) + engine.pass_time(example.until) == findings_of(bundle, example)
