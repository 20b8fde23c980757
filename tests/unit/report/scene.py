"""Traffic made by hand, judged by a policy of four rules, with a report's collector looking on."""

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path

from ringfence.policy import Bundle, load, read_folder
from ringfence.report import Collector, Given, RateDeck, Read, read_rates
from ringfence.report.following import Bounds
from ringfence.report.page import page
from ringfence.vocabulary.contracts import Event, EventKind, Reference
from ringfence.vocabulary.times import SECOND, Micros, from_iso
from ringfence.watch.attribution import CsvFile
from ringfence.watch.engine import Engine
from ringfence.watch.recorded import Options, Recording, find_inputs, findings

ROOT = Path(__file__).parents[3]
CAPTURES = ROOT / "examples" / "captures"
NINE = from_iso("2026-03-02T09:00:00Z")
NOTHING_GIVEN = Given()
_ENGINE_KEY = b""


def deck(text: str) -> RateDeck:
    made, problems = read_rates(CsvFile("rates.csv", text.encode()))
    assert problems == []
    return made


def bundle() -> Bundle:
    return load(read_folder(ROOT / "tests" / "bundles" / "four"))


def attempt(number: int, callee: str, *, at: int, account: str | None = "acme", caller: str = "+441632960000") -> Event:
    """One attempt, `at` microseconds after nine."""
    return Event(
        kind=EventKind.ATTEMPT,
        time=Micros(NINE + at),
        sequence=number,
        call_id=f"call-{number}",
        source="198.51.100.7",
        caller=caller,
        callee=callee,
        target=callee,
        account=account,
    )


def outcome(kind: EventKind, event: Event, *, after: int, duration_ms: int = 0, released_by: str | None = None) -> Event:
    """The answer or end of an attempt's call, `after` microseconds later."""
    return Event(
        kind=kind,
        time=Micros(event.time + after),
        sequence=event.sequence,
        call_id=event.call_id,
        source=event.source,
        caller=event.caller,
        callee=event.callee,
        target=event.target,
        account=event.account,
        status=200 if duration_ms else 486,
        answered=duration_ms > 0,
        duration_ms=duration_ms,
        released_by=released_by,
    )


def registration(number: int, user: str, *, at: int, status: int, source: str = "203.0.113.9") -> Event:
    """A REGISTER with credentials, `at` microseconds after nine."""
    return Event(
        kind=EventKind.REGISTRATION,
        time=Micros(NINE + at),
        sequence=number,
        call_id=f"register-{number}",
        method="REGISTER",
        source=source,
        target=user,
        domain="voice.example",
        credentials=True,
        status=status,
    )


def walk(calls: int = 300, *, every: int = SECOND, first: int = 441_632_960_000) -> Iterator[Event]:
    """An account that calls one number after the other of a block, each call short."""
    for number in range(calls):
        started = attempt(number, f"+{first + number}", at=number * every)
        yield started
        yield outcome(EventKind.END, started, after=500_000, duration_ms=3_000 if number % 4 == 0 else 0)


def in_time(events: Iterable[Event]) -> list[Event]:
    return sorted(events, key=lambda event: (event.time, event.sequence))


def judged(events: Iterable[Event], *, batch: int = 64, rates: RateDeck | None = None, bounds: Bounds | None = None) -> Collector:
    """A collector that has seen the events, and the findings of the shipped rules in them."""
    policy = bundle()
    collector = Collector(policy, rates=rates, bounds=bounds)
    engine = Engine(policy.plan, key=_ENGINE_KEY, source="test")
    for _ in findings(iter(in_time(events)), engine, observer=collector, batch=batch):
        pass
    return collector


def scanned(*paths: Path) -> tuple[Collector, Read]:
    """What a scan of the files gives a report."""
    policy = bundle()
    collector = Collector(policy)
    recording = Recording(find_inputs(paths, None), Reference(time=Micros(0)), Options())
    engine = Engine(policy.plan, key=_ENGINE_KEY, source="test")
    for _ in findings(recording.events(), engine, observer=collector):
        pass
    return collector, Read.of(recording, engine)


def report(collector: Collector, read: Read | None = None, given: Given = NOTHING_GIVEN, *, masked: bool = False) -> str:
    return page(collector, read or Read(), given, masked=masked)


class _Tables(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._in_cell = False
        self._hidden = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        self._hidden = tag == "style"
        if tag in ("td", "th"):
            self._in_cell = True
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False
        if tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)
        if self._in_cell:
            self.rows[-1][-1] += data


def parsed(html: str) -> _Tables:
    parser = _Tables()
    parser.feed(html)
    return parser


def rows(html: str) -> list[list[str]]:
    """Every table row of a page, as the texts of its cells."""
    return [[re.sub(r"\s+", " ", cell).strip() for cell in row] for row in parsed(html).rows]


def words(html: str) -> str:
    """The text of a page."""
    return re.sub(r"\s+", " ", " ".join(parsed(html).words))
