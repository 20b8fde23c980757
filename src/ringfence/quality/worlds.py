"""Carriers beside each other: each is made, judged and assessed by itself, so that every core can work on one."""

import gc
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from ringfence.policy import load, read_folder
from ringfence.policy.plan import Plan
from ringfence.policy.told import with_lists
from ringfence.quality.judging import Judged, tracked, with_oddities
from ringfence.quality.outcomes import Outcome, assessed
from ringfence.quality.scaling import scaled
from ringfence.quality.truth import Truth
from ringfence.simulate.labelled.carrier import Carrier, Size
from ringfence.simulate.labelled.packets import packets
from ringfence.vocabulary.contracts import Reference
from ringfence.vocabulary.times import DAY

MOST_PARTIES: Final = 2500
"""Honest parties of one carrier, at most."""
FACTORS: Final = (0.5, 2.0)
NEVER_ORIGINATE: Final = "do-not-originate"


@dataclass(frozen=True, slots=True)
class World:
    """One carrier to be judged by the bundle in `folder`: as it is, and with `moved` also at half and double thresholds."""

    folder: Path
    seed: int
    number: int
    size: Size
    held_out: bool = False
    moved: bool = False
    wire: bool = False
    """Abusers whom packets alone show; what they and all others send is read as from a mirror."""


def worlds_of(first: World, parties: int) -> list[World]:
    """Return carriers of `parties` honest parties in all, each like `first` and no larger than the largest may be."""
    count = -(-parties // MOST_PARTIES)
    sizes = [parties // count + (number < parties % count) for number in range(count)]
    return [
        replace(first, number=first.number + number, size=replace(first.size, parties=size)) for number, size in enumerate(sizes)
    ]


def outcomes(worlds: Sequence[World], *, processes: int, told: Callable[[int], None]) -> Iterator[tuple[World, list[Outcome]]]:
    """Yield each world with its outcomes: one, or three (as it is, at half, at double). `told` hears how many are done."""
    if processes <= 1 or len(worlds) == 1:
        for done, world in enumerate(worlds, start=1):
            yield world, outcome(world)
            told(done)
        return
    with ProcessPoolExecutor(min(processes, len(worlds)), mp_context=get_context("spawn")) as pool:
        asked = {pool.submit(outcome, world): world for world in worlds}
        for done, future in enumerate(as_completed(asked), start=1):
            yield asked[future], future.result()
            told(done)


def outcome(world: World) -> list[Outcome]:
    """Make the carrier, judge it, and say what came of it."""
    bundle = load(read_folder(world.folder))
    plans = [bundle.plan, *(scaled(bundle.plan, factor) for factor in FACTORS if world.moved)]
    never = plans[0].lists.get(NEVER_ORIGINATE)
    carrier = Carrier(
        world.seed,
        world.size,
        world=world.number,
        held_out=world.held_out,
        wire=world.wire,
        never_originate=[row.entry for row in never.rows if row.entry.startswith("+")] if never else (),
    )
    gc.freeze()
    reference: Reference = with_lists(carrier.reference, bundle, date.min)
    judged = Judged(plans, reference, source=f"carrier {world.seed}.{world.number}")
    judged.take(tracked(packets(carrier.acts()), reference) if world.wire else with_oddities(carrier.events()))
    truth = Truth(carrier.labels, carrier.parties)
    found = []
    for findings in judged.findings:
        abuses, touches = assessed(findings, carrier.labels, truth)
        days = len(carrier.honest) * (carrier.end - carrier.begin) / DAY
        found.append(Outcome(tuple(abuses), tuple(touches), len(carrier.honest), days, judged.events, len(findings), judged.losses))
    return found


def plan_of(folder: Path) -> Plan:
    """Return the plan of the bundle in `folder`. Raises `BundleRefused`."""
    return load(read_folder(folder)).plan
