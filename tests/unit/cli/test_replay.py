"""`ringfence replay` as an operator uses it: over versions posted before the lint, and over a change of who holds what."""

from pathlib import Path
from shutil import copytree

import msgspec
import pytest
from msgspec import structs
from tests.conftest import ROOT
from tests.unit.cli.test_backtest import run
from tests.unit.watch.live.installation import KEY, Installation, findings
from tests.unit.watch.live.test_time_and_desk import NOON, attempt

from ringfence.cli import replay
from ringfence.feeds import FeedWriter
from ringfence.policy import BundleRefused, load, read_folder
from ringfence.policy.plan import Plan
from ringfence.vocabulary.contracts import AccountLink, Event, Finding, NumberLink, PartyLink, Reference
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.lake import Journal, ReferenceDamaged

BUNDLE = ROOT / "bundles" / "default"
_RULE = """\
rule: strange-callers
clause: auto-dialing
says: More than 3 calls within a minute came from numbers that the account does not hold.
source: this test
on: attempt where not held(caller)
per: account
window: 60s rolling
measure:
  calls: count()
when: calls >= 3
severity: warn
mode: report
cool_down: 1s
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a data folder with a posted version, which was posted before anybody was asked what a rule leaves open."""
    folder = tmp_path / "data"
    bundle = folder / "policies" / "draft"
    copytree(BUNDLE, bundle)
    for path in (*(bundle / "rules").glob("*"), *(bundle / "tests").glob("*")):
        path.unlink()
    (bundle / "rules" / "strange-callers.yaml").write_text(_RULE, encoding="utf-8")
    bundle.rename(folder / "policies" / posted(bundle).policy)
    (folder / "installation.key").write_bytes(KEY)
    return folder


def posted(bundle: Path) -> Plan:
    with pytest.raises(BundleRefused):
        load(read_folder(bundle))  # nobody could post it today
    return load(read_folder(bundle), posted=True).plan


def plan_in(data: Path) -> Plan:
    (bundle,) = (data / "policies").iterdir()
    return posted(bundle)


def known(policy: str, *numbers: str) -> Reference:
    return Reference(
        time=Micros(0),
        policy=policy,
        parties=(PartyLink(party="acme"),),
        accounts=(AccountLink(account="A1", party="acme"),),
        numbers=tuple(NumberLink(number=number, account="A1") for number in numbers),
    )


def calls(begin: int, *callers: str) -> list[Event]:
    times = (Micros(NOON + (begin + place) * SECOND) for place in range(len(callers)))
    return [structs.replace(attempt(at, f"call-{at}"), caller=caller) for at, caller in zip(times, callers, strict=True)]


class Watched(Installation):
    """An installation on a data folder with the version that it holds."""

    def _plan(self, policy: str) -> Plan:
        return plan_in(self.folder)

    def consume(self, events: list[Event]) -> None:
        self.pipeline.record(events, [])
        self.pipeline.turn(Micros(events[-1].time + SECOND))


def test_a_change_of_who_holds_what_is_replayed_where_it_was_made(data: Path) -> None:
    """Numbers that the account holds only later are strange until then; afterwards they are not."""
    policy = plan_in(data).policy
    live = Watched(data, now=NOON, known=known(policy))
    live.consume(calls(0, "+3225550001", "+3225550001", "+3225550001"))
    live.pipeline.use(known(policy, "+3225550001"), Micros(NOON + 10 * SECOND))
    live.consume(calls(100, "+3225550001", "+3225550001", "+3225550001"))
    live.save()
    live.pipeline.use(known(policy), Micros(NOON + 190 * SECOND))
    live.consume(calls(200, "+3225550001", "+3225550001", "+3225550001"))
    live.crash()
    told = findings(data)
    assert [each.time for each in told] == [NOON + 2 * SECOND, NOON + 202 * SECOND]
    feed = FeedWriter(data / "feeds" / "reference")
    feed.append([msgspec.json.encode(known(policy, "+3225550001"))])  # the newest, by which nothing would have been found
    feed.close()
    done = run(replay.command, "--data", data, "--json")
    assert done.exit_code == 1, done.output
    assert [msgspec.json.decode(line, type=Finding) for line in done.stdout.splitlines()] == told
    by_bundle = run(replay.command, "--data", data, "--policy", BUNDLE)
    assert by_bundle.exit_code == 0, by_bundle.output  # another bundle judges what it judges
    assert "9 events in" in by_bundle.stderr


def test_references_are_kept_as_long_as_the_batches_judged_by_them(data: Path) -> None:
    policy = plan_in(data).policy
    live = Watched(
        data, now=NOON, known=known(policy), journal=Journal(data / "journal", longest_us=Micros(60 * SECOND), segment_bytes=1)
    )
    kept = live.journal.references
    for place in range(5):
        live.pipeline.use(known(policy, f"+32255500{place:02}"), Micros(NOON + place * 20 * SECOND))
        live.pipeline.use(known(policy, f"+32255500{place:02}"), Micros(NOON + place * 20 * SECOND))  # the same again is no news
        live.consume(calls(20 * place, "+3225550001"))
    assert kept.firsts() == [1, 2, 3, 4, 5, 6]
    live.pipeline.trim(now=Micros(NOON + 110 * SECOND), keep_after=live.journal.last)
    oldest = live.journal.oldest()
    assert oldest is not None
    assert kept.firsts()[0] == oldest[0] > 1
    assert kept.read(oldest[0]).numbers[0].number == f"+32255500{oldest[0] - 2:02}"
    live.crash()


def test_a_damaged_reference_is_passed_by(data: Path) -> None:
    policy = plan_in(data).policy
    live = Watched(data, now=NOON, known=known(policy))
    live.consume(calls(0, "+3225550001", "+3225550001", "+3225550001"))
    live.crash()
    (path,) = (data / "journal" / "references").iterdir()
    path.write_bytes(b"cut")
    with pytest.raises(ReferenceDamaged):
        live.journal.references.read(1)
    assert run(replay.command, "--data", data).exit_code == 1
