"""Files followed by live watch: killed between any two steps, no record is lost and none counts twice."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.unit.watch.live.installation import Installation, batches, events, observations

from ringfence.feeds import FeedError, FeedWriter
from ringfence.vocabulary.contracts import EventKind, ObservationKind
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.recorded import StandingTails, Tail
from ringfence.watch.wire.cdr import HEADER

_BEGIN = Micros(1_800_000_000 * SECOND)
_PATIENCE_S = 180.0
_ACC = "method,from_tag,to_tag,callid,sip_code,sip_reason,time\n"


def row(number: int, call: str = "c") -> str:
    minute, second = divmod(number, 60)
    return f"{call}{number},2026-03-02T09:{minute:02}:{second:02}Z,,2026-03-02T11:01:00Z,A1,,+32255512345,192.0.2.1,487,caller,\n"


def append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


@dataclass
class Watching:
    """Live watch with its tails, step by step; `crash` is kill -9 wherever it stands."""

    folder: Path
    tails: list[Tail]
    now: Micros = _BEGIN
    said: list[str] = field(default_factory=list)
    quiet_s: float = 600.0
    _live: Installation | None = None
    _following: StandingTails | None = None

    @property
    def live(self) -> Installation:
        assert self._live is not None
        return self._live

    @property
    def following(self) -> StandingTails:
        assert self._following is not None
        return self._following

    def start(self) -> None:
        self._live = Installation(self.folder, now=self.now)
        places = self._live.pipeline.places.values()
        self._following = StandingTails(self.tails, places, poll_s=0.005, linger_s=0.05, quiet_s=self.quiet_s)
        self._following.start()

    def step(self, *, tear: str = "") -> None:
        """Take and consume, and stop short where `tear` says."""
        taken = self.following.taken(most=7)
        self.said += [f"{remark.path}: {remark.text}" for remark in self.following.remarks()]
        if tear == "taken":
            return
        self.live.pipeline.record(*taken)
        if tear == "recorded":
            return
        self.now = Micros(self.now + SECOND)
        self.live.pipeline.turn(self.now)

    def crash(self, *, save: bool = False) -> None:
        if save:
            self.live.save()
        self.following.stop()
        self.live.crash()

    def until(self, attempts: int) -> list[str]:
        """Step until so many attempts are in the journal, and then until nothing more comes; return their calls."""
        deadline = time.monotonic() + _PATIENCE_S
        while len(self.attempts) < attempts or not self.following.is_caught_up:
            assert time.monotonic() < deadline, (self.attempts, self.following.health())
            self.step()
            time.sleep(0.002)
        return self.attempts

    def until_said(self, text: str) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while not any(text in said for said in self.said):
            assert time.monotonic() < deadline, self.said
            self.step()
            time.sleep(0.002)

    def until_looked(self) -> None:
        """Step until every file that is there now was found, and how it was found is in the journal."""
        deadline = time.monotonic() + _PATIENCE_S
        while not (self.following.is_caught_up and self.live.pipeline.places):
            assert time.monotonic() < deadline
            self.step()
            time.sleep(0.002)

    @property
    def attempts(self) -> list[str]:
        return [event.call_id for event in events(self.folder) if event.kind is EventKind.ATTEMPT]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[Watching]]:
    """Everything in it is ended after the test."""
    made: list[Watching] = []
    yield made
    for each in made:
        each.following.stop()


def watching(started: list[Watching], folder: Path, *tails: Tail, quiet_s: float = 600.0) -> Watching:
    each = Watching(folder, list(tails), quiet_s=quiet_s)
    each.start()
    started.append(each)
    return each


def test_what_was_there_before_is_history_and_what_comes_later_counts(tmp_path: Path, started: list[Watching]) -> None:
    calls = tmp_path / "calls.csv"
    append(calls, f"{HEADER}\n{row(0)}{row(1)}")
    watch = watching(started, tmp_path / "data", Tail(calls))
    watch.until_looked()
    append(calls, row(2) + row(3)[:40])
    assert watch.until(1) == ["c2"]
    append(calls, row(3)[40:])
    assert watch.until(2) == ["c2", "c3"]
    assert [event.kind for event in events(tmp_path / "data")] == [EventKind.ATTEMPT, EventKind.END] * 2
    (health,) = watch.following.health()
    assert (health["state"], health["records"], health["history"], health["unusable"], health["behind"]) == ("follows", 2, 2, 0, 0)


def test_asked_for_it_what_was_there_before_counts_too(tmp_path: Path, started: list[Watching]) -> None:
    calls = tmp_path / "calls.csv"
    append(calls, f"{HEADER}\n{row(0)}{row(1)}")
    watch = watching(started, tmp_path / "data", Tail(calls, from_start=True))
    assert watch.until(2) == ["c0", "c1"]


def test_a_missing_file_is_waited_for_and_said_and_counts_from_its_beginning(tmp_path: Path, started: list[Watching]) -> None:
    calls = tmp_path / "later" / "calls.csv"
    watch = watching(started, tmp_path / "data", Tail(calls))
    watch.until_said("there is no folder")
    calls.parent.mkdir()
    watch.until_said("no such file yet")
    append(calls, f"{HEADER}\n{row(0)}")
    assert watch.until(1) == ["c0"]


def test_a_record_that_appears_gives_all_of_its_events_and_the_first_use_of_its_account(
    tmp_path: Path, started: list[Watching]
) -> None:
    calls = tmp_path / "calls.csv"
    watch = watching(started, tmp_path / "data", Tail(calls))
    watch.until_looked()
    append(
        calls,
        f"{HEADER}\nc0,2026-03-02T09:00:00Z,2026-03-02T09:00:05Z,2026-03-02T09:01:00Z,A1,,+32255512345,192.0.2.1,200,caller,\n",
    )
    watch.until(1)
    (batch,) = [each for each in batches(tmp_path / "data") if each.events]
    assert [event.kind for event in batch.events] == [EventKind.ATTEMPT, EventKind.ANSWER, EventKind.END]
    assert [event.party_path for event in batch.events] == [("acme",)] * 3
    assert [seen.subject for seen in observations(tmp_path / "data") if seen.kind is ObservationKind.FIRST_USE] == ["A1"]


@pytest.mark.parametrize("seed", range(6))
def test_killed_anywhere_while_somebody_appends_each_record_counts_once(tmp_path: Path, started: list[Watching], seed: int) -> None:
    chance = random.Random(20_261_123 + seed)
    calls = tmp_path / "calls.csv"
    text = f"{HEADER}\n" + "".join("damaged\n" if number % 9 == 4 else row(number) for number in range(120))
    expected = [f"c{number}" for number in range(120) if number % 9 != 4]
    watch = watching(started, tmp_path / "data", Tail(calls))
    watch.until_looked()
    written = 0
    while written < len(text):
        size = chance.choice((1, 40, 200, 900))
        append(calls, text[written : written + size])
        written += size
        for _ in range(chance.randrange(3)):
            watch.step()
            time.sleep(0.002)
        if chance.random() < 0.15:
            watch.step(tear=chance.choice(("", "taken", "recorded")))
            watch.crash(save=chance.random() < 0.3 and watch.live.pipeline.is_at_rest)
            watch.start()
    assert watch.until(len(expected)) == expected
    watch.crash(save=True)
    watch.start()
    append(calls, row(120))
    assert watch.until(len(expected) + 1) == [*expected, "c120"]


@pytest.mark.parametrize("seed", range(3))
def test_rotation_and_kills_together_lose_nothing(tmp_path: Path, started: list[Watching], seed: int) -> None:
    chance = random.Random(seed)
    calls = tmp_path / "calls.csv"
    watch = watching(started, tmp_path / "data", Tail(calls))
    watch.until_looked()
    append(calls, f"{HEADER}\n")
    for number in range(90):
        append(calls, row(number))
        if number % 30 == 5:
            watch.until(number + 1)  # it must have been seen once under its name
        elif chance.random() < 0.3:
            watch.step()
        if number % 30 == 29:
            if chance.random() < 0.7:
                watch.crash()  # renamed and begun anew while nobody watches
                watch.now = Micros(watch.now + SECOND)
                calls.rename(tmp_path / f"calls.csv.{number}")
                append(calls, f"{HEADER}\n")
                watch.start()
            else:
                watch.until(number + 1)
                calls.rename(tmp_path / f"calls.csv.{number}")
                append(calls, f"{HEADER}\n")
    assert sorted(watch.until(90)) == sorted(f"c{number}" for number in range(90))


def test_a_renamed_file_is_read_on_while_its_writer_holds_it(tmp_path: Path, started: list[Watching]) -> None:
    calls = tmp_path / "calls.csv"
    append(calls, f"{HEADER}\n")
    watch = watching(started, tmp_path / "data", Tail(calls))
    watch.until_looked()
    with calls.open("a", encoding="utf-8") as writer:
        writer.write(row(0))
        writer.flush()
        watch.until(1)
        calls.rename(tmp_path / "calls.csv.1")
        writer.write(row(1))
        writer.flush()
        append(calls, f"{HEADER}\n{row(2)}")
        assert sorted(watch.until(3)) == ["c0", "c1", "c2"]


def test_a_file_cut_to_nothing_is_read_anew_also_where_nobody_watched(tmp_path: Path, started: list[Watching]) -> None:
    calls = tmp_path / "calls.csv"
    append(calls, f"{HEADER}\n")
    watch = watching(started, tmp_path / "data", Tail(calls))
    watch.until_looked()
    append(calls, row(0) + row(1))
    watch.until(2)
    calls.write_text(f"{HEADER}\n{row(2)}", encoding="utf-8")
    watch.until(3)
    watch.crash()
    calls.write_text(f"{HEADER}\n{row(3)}{row(4)}{row(5)}", encoding="utf-8")
    watch.start()
    assert watch.until(6) == [f"c{number}" for number in range(6)]


def test_a_file_that_a_transfer_replaces_by_a_longer_copy_goes_on(tmp_path: Path, started: list[Watching]) -> None:
    calls, draft = tmp_path / "calls.csv", tmp_path / "draft"
    watch = watching(started, tmp_path / "data", Tail(calls))
    watch.until_looked()
    text = f"{HEADER}\n"
    for number in range(30):
        text += row(number)
        draft.write_text(text, encoding="utf-8")
        draft.rename(calls)
        watch.until(number + 1)
        if number % 10 == 9:
            watch.crash()
            text += row(100 + number)
            draft.write_text(text, encoding="utf-8")
            draft.rename(calls)
            watch.start()
            text = text.removesuffix(row(100 + number)) + row(100 + number)
            watch.until(number + 1)
    expected = [
        name for number in range(30) for name in ([f"c{number}", f"c{100 + number}"] if number % 10 == 9 else [f"c{number}"])
    ]
    assert watch.until(33) == expected


def test_in_a_folder_new_files_count_whole_old_ones_from_where_they_were_and_copies_not(
    tmp_path: Path, started: list[Watching]
) -> None:
    folder = tmp_path / "records"
    folder.mkdir()
    append(folder / "old.csv", f"{HEADER}\n{row(0, 'old')}")
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (folder / "trunk.pcap").write_bytes(b"\xd4\xc3\xb2\xa1" + bytes(40))
    watch = watching(started, tmp_path / "data", Tail(folder), quiet_s=0.05)
    watch.until_said("picture")
    watch.until_said("mirrored by HEP")
    append(folder / "old.csv", row(1, "old"))
    append(folder / "new.csv", f"{HEADER}\n{row(0, 'new')}")
    assert sorted(watch.until(2)) == ["new0", "old1"]
    watch.crash()
    append(folder / "meanwhile.csv", f"{HEADER}\n{row(0, 'mean')}")
    (folder / "copy.csv").write_bytes((folder / "old.csv").read_bytes())
    watch.start()
    watch.until_said("is a copy")
    time.sleep(0.2)  # until all of them are closed because they are quiet
    append(folder / "old.csv", row(2, "old"))
    assert sorted(watch.until(4)) == ["mean0", "new0", "old1", "old2"]


def test_joined_transactions_are_joined_over_a_kill(tmp_path: Path, started: list[Watching]) -> None:
    acc = tmp_path / "acc.csv"
    append(acc, _ACC)
    watch = watching(started, tmp_path / "data", Tail(acc))
    watch.until_looked()
    append(acc, "".join(f"INVITE,f{n},t{n},k{n},200,OK,17698500{n:02}\n" for n in range(20)))
    watch.step()
    watch.crash()
    watch.start()
    append(acc, "".join(f"BYE,f{n},t{n},k{n},200,OK,17698510{n:02}\n" for n in range(20)))
    watch.until(20)
    watch.crash()
    watch.start()
    append(acc, "INVITE,f,t,k20,200,OK,1769852000\nBYE,f,t,k20,200,OK,1769852060\n")
    assert watch.until(21) == [f"k{number}" for number in range(21)]
    ended = [event for event in events(tmp_path / "data") if event.kind is EventKind.END]
    assert [event.duration_ms for event in ended] == [1_000_000] * 20 + [60_000]


def test_what_was_damaged_is_counted_said_once_and_not_quoted(tmp_path: Path, started: list[Watching]) -> None:
    calls = tmp_path / "calls.csv"
    append(calls, f"{HEADER}\n")
    watch = watching(started, tmp_path / "data", Tail(calls))
    watch.until_looked()
    append(calls, row(0).replace("+32255512345", "secret-party!") * 3 + row(1))
    watch.until(1)
    (health,) = watch.following.health()
    assert (health["records"], health["unusable"]) == (1, 3)
    assert len([said for said in watch.said if "left out" in said]) == 1
    assert "secret" not in str(watch.said)


def test_a_tail_without_the_zone_it_needs_says_so_and_the_others_go_on(tmp_path: Path, started: list[Watching]) -> None:
    master, calls = tmp_path / "Master.csv", tmp_path / "calls.csv"
    watch = watching(started, tmp_path / "data", Tail(master), Tail(calls))
    watch.until_looked()
    append(
        master,
        '"acc","100","200","default","""A"" <100>","SIP/a-1","SIP/b-2","Dial","x",'
        '"2026-03-02 09:00:00","2026-03-02 09:00:02","2026-03-02 09:01:00",60,58,"ANSWERED","DOCUMENTATION"\n',
    )
    append(calls, f"{HEADER}\n{row(0)}")
    assert watch.until(1) == ["c0"]
    watch.until_said("which zone")


def test_a_full_disk_leaves_the_records_in_the_files(
    tmp_path: Path, started: list[Watching], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = tmp_path / "calls.csv"
    append(calls, f"{HEADER}\n")
    watch = watching(started, tmp_path / "data", Tail(calls))
    watch.until_looked()

    def refuse(*_: object) -> int:
        raise FeedError("no space left", permanent=False)

    with monkeypatch.context() as full:
        full.setattr(FeedWriter, "append", refuse)
        append(calls, row(0))
        deadline = time.monotonic() + _PATIENCE_S
        while watch.live.pipeline.is_at_rest:
            assert time.monotonic() < deadline
            watch.step()
    append(calls, row(1))
    assert watch.until(2) == ["c0", "c1"]
    assert watch.live.pipeline.counts.lost_events == 0
