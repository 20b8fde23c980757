"""`ringfence lake`: the history of traffic: bring it in, see what is there, ask it questions, erase it."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b, file_digest
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn
from zoneinfo import ZoneInfo

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from ringfence.cli.configuration import KEY_FILE, ConfigurationRefused, installation_key, load
from ringfence.feeds import FeedBusy, FeedError
from ringfence.vocabulary.contracts import Event
from ringfence.vocabulary.times import DAY, HOUR, Micros
from ringfence.watch.lake.store import Lake

UNUSABLE: Final = 2
FOLDER: Final = "lake"
KEYS: Final = "lake-keys"
_BATCH: Final = 10_000
_EXAMPLES: Final = 5
_DIGEST_BYTES: Final = 16

Data = Annotated[Path, typer.Option(help="Folder that holds everything this installation knows.")]

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command()
def export(
    data: Data = Path("data"),
    everything: Annotated[bool, typer.Option("--all", help="Also what was consumed in the present hour.")] = False,
) -> None:
    """Bring what watch has consumed to the lake, and let go of days past `[lake] keep_days`. Watch does so by itself."""
    from ringfence.cli.traffic_profiles import write_profiles
    from ringfence.watch.lake.journal_export import bring_in
    from ringfence.watch.lake.questions import QuestionRefused

    with _usable(data):
        lake, now = lake_of(data), Micros(time.time_ns() // 1000)
        keep_days = load(data).lake.keep_days
        if not keep_days:
            _refuse("[lake] keep_days is 0: this installation keeps no history. Hint: set it to the days to keep")
        before = None if everything else Micros(now // HOUR * HOUR)
        told = bring_in(data / "journal", lake, before=before)
        with lake.writing() as writer:
            gone = writer.keep_since(Micros((now // DAY - keep_days) * DAY))
        try:
            write_profiles(data, lake, now)
        except QuestionRefused as refused:
            _say(f"the desk is not told how parties' traffic looks: {refused}. It is tried again after the next export")
    print(f"{told.events} events came, {gone} files of days past {keep_days} left")
    if told.missed:
        _say(f"{told.missed} batches of the journal were deleted before they could come")
    if told.damage is not None:
        _say(f"the journal is damaged: {told.damage}. What stands after it can't come")
        raise typer.Exit(1)


@app.command("import")
def import_files(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Captures, call records, or folders of a journal.")],
    data: Data = Path("data"),
    timezone: Annotated[str, typer.Option(metavar="Z", help="Where times without a zone are from, as Europe/Vienna.")] = "",
    country: Annotated[str, typer.Option(metavar="C", help="Where national numbers are dialled, as AT.")] = "",
    format_: Annotated[str, typer.Option("--format", metavar="KIND", help="What the files are, as scan's.")] = "auto",
    mapping: Annotated[Path | None, typer.Option(metavar="F", help="Which columns of call records are which, as TOML.")] = None,
) -> None:
    """Bring recordings to the lake: all of them or, where one is unusable, none. A file that came before does not come again."""
    from ringfence.watch.sources.errors import UnreadableFile

    with _usable(data):
        lake = lake_of(data)
        journals = [path for path in files if any(path.glob("*.seg"))] if all(path.exists() for path in files) else []
        recordings = [path for path in files if path not in journals]
        digests = {_digest(path): path for path in _leaves(files)}
        with lake.writing() as writer:
            known = digests.keys() & writer.contents.inputs
            if known:
                _refuse(f"{digests[min(known)]} is in the lake already. Hint: leave it out")
            try:
                for journal in journals:
                    writer.add(_journalled(journal))
                if recordings:
                    events = _recorded(recordings, data, (timezone, country, format_, mapping))
                    while held := list(islice(events, _BATCH)):
                        writer.add(held)
            except UnreadableFile as refused:
                _refuse(str(refused))
            count = writer.waiting
            writer.commit(inputs=sorted(digests))
            oldest = min((file.first for file in writer.contents.files.values()), default=None)
        keep_days = load(data).lake.keep_days
    print(f"{count} events came")
    if oldest is not None and oldest // DAY < time.time() // 86_400 - keep_days:
        _say(
            f"some are older than [lake] keep_days = {keep_days}: watch lets go of them. Hint: set it higher, or run no watch here"
        )


@app.command()
def show(data: Data = Path("data")) -> None:
    """Say what the lake holds: days, hours, events, octets, and days whose numbers were erased."""
    from ringfence.watch.lake.store import erased

    with _usable(data):
        lake = lake_of(data)
        contents = lake.contents()
        gone = {hour.partition("/")[0] for hour in erased(contents, lake.keys)}
        days: dict[str, tuple[int, int, int]] = {}
        for file in contents.files.values():
            name, size = file.path.partition("/")[0], (lake.folder / file.path).stat().st_size
            rows, octets, count = days.get(name, (0, 0, 0))
            days[name] = rows + file.rows, octets + size, count + 1
    table = Table("day", "events", "kB", "files", "numbers", box=None, header_style="bold")
    for name, (rows, octets, count) in sorted(days.items()):
        numbers = "erased" if name in gone else "sealed"
        table.add_row(name.removeprefix("day="), str(rows), str(octets // 1000), str(count), numbers)
    Console(highlight=False).print(table)
    print(f"up to batch {contents.journal} of the journal; {contents.missed} batches were missed")


@app.command()
def query(
    question: Annotated[str, typer.Argument(metavar="SELECT", help='As "SELECT account, count(*) FROM calls GROUP BY 1".')],
    data: Data = Path("data"),
    json: Annotated[bool, typer.Option("--json", help="One row a line, as JSON.")] = False,
) -> None:
    """Ask the lake a question in SQL. Views: events, calls, messages, requests, registrations, findings; tokens for numbers."""
    from ringfence.watch.lake.questions import QuestionRefused, Questions

    with _usable(data):
        asked = Questions(lake_of(data), _findings(data), installation_key(data))
        try:
            answer = asked.ask(question)
            if json:
                for row in answer.rows():
                    sys.stdout.buffer.write(msgspec.json.encode(dict(zip(answer.names, map(_told, row), strict=True))) + b"\n")
            else:
                table = Table(*answer.names, box=None, header_style="bold")
                for row in answer.rows():
                    table.add_row(*(_text(value) for value in row))
                Console(width=None if sys.stdout.isatty() else 1_000, highlight=False, markup=False).print(table)
        except QuestionRefused as refused:
            _refuse(str(refused))
        except KeyboardInterrupt:
            _refuse("interrupted")
        finally:
            asked.close()


@app.command()
def erase(
    since: Annotated[str, typer.Option("--from", metavar="DAY", help="The first day, as 2026-01-31 (UTC).")],
    until: Annotated[str, typer.Option("--to", metavar="DAY", help="The first day that stays.")],
    data: Data = Path("data"),
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Erase the numbers, addresses and call ids of days: their keys are destroyed, their tokens stay. It can't be undone."""
    first, end = _day("--from", since), _day("--to", until)
    if first >= end:
        _refuse(f"no day lies between --from {since} and --to {until}")
    with _usable(data):
        lake = lake_of(data)
        days = [day for day in _days(first, end) if any(lake.keys.names(day))]
        if days and not yes:
            typer.confirm(f"Erase the numbers of {len(days)} days, from {days[0]} to {days[-1]}, for good?", abort=True)
        for day in days:
            lake.keys.destroy(day)
    print(f"the numbers of {len(days)} days are erased; copies of {data / KEYS} must go too")


def lake_of(data: Path) -> Lake:
    """Return the lake of a data folder. Raises `ConfigurationRefused`."""
    if not (data / KEY_FILE).exists():
        raise ConfigurationRefused(
            f"{data} is no data folder of Ringfence. Hint: name it with --data, or make it with ringfence up"
        )
    return Lake(data / FOLDER, data / KEYS, installation_key(data))


@contextmanager
def _usable(data: Path) -> Iterator[None]:
    from ringfence.watch.lake.keys import KeyUnusable
    from ringfence.watch.lake.reading import LakeUnreadable

    try:
        yield
    except FeedBusy:
        _refuse(f"another process writes to the lake of {data} now. Hint: try again in a minute")
    except (ConfigurationRefused, FeedError, KeyUnusable, LakeUnreadable) as refused:
        _refuse(str(refused))
    except OSError as failed:
        _refuse(f"{failed}. Hint: is the disk full, or does another user own {data}?")


def _recorded(files: list[Path], data: Path, given: tuple[str, str, str, Path | None]) -> Iterator[Event]:
    from ringfence.vocabulary.contracts import Reference
    from ringfence.watch.live import ReferenceTail
    from ringfence.watch.recorded import MappingFile, Options, Recording, find_inputs, format_named

    timezone, country, format_, mapping = given
    chosen = None if format_ == "auto" else format_named(format_)
    if format_ != "auto" and chosen is None:
        _refuse(f"--format {format_!r} is unknown: `ringfence scan --help` lists them")
    try:
        zone = ZoneInfo(timezone) if timezone else None
    except (LookupError, ValueError, OSError):
        _refuse(f"--timezone {timezone!r} is unknown: write UTC, or one such as Europe/Vienna")
    mapped = None if mapping is None else MappingFile(str(mapping), mapping.read_bytes())
    otherwise = format_named("call-records") if mapping else None
    inputs = find_inputs(files, chosen, sys.stdin.buffer, otherwise=otherwise)
    known = ReferenceTail(data / "feeds").newest() or Reference(time=Micros(0))
    recording = Recording(inputs, known, Options(zone, country.upper() or None, mapping=mapped))
    yield from recording.events()
    for file in recording.files:
        if file.unusable_rows or file.damage is not None:
            _say(f"{file.name}: {file.unusable_rows} unusable rows{f', {file.damage}' if file.damage else ''}")
    for skipped in recording.skipped[:_EXAMPLES]:
        _say(f"{skipped.name}: skipped: {skipped.cause}")


def _journalled(journal: Path) -> Iterator[Event]:
    from ringfence.watch.lake.journal_export import numbered_batches

    for numbered in numbered_batches(journal, 0):
        if numbered.batch is not None:
            yield from (*numbered.batch.events, *numbered.batch.earlier)


def _findings(data: Path) -> Iterator[Any]:
    from ringfence.feeds.segments import records_after
    from ringfence.vocabulary.contracts import Finding

    folder = data / "feeds" / "findings"
    if folder.is_dir():
        for record in records_after(folder):
            yield msgspec.json.decode(record.payload, type=Finding)


def _leaves(files: list[Path]) -> Iterator[Path]:
    for path in files:
        if str(path) == "-":
            _refuse("a history is brought in from files: standard input can't be known again")
        yield from sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, lambda: blake2b(digest_size=_DIGEST_BYTES)).hexdigest()


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        _refuse(f"{option} {text!r} is no day: write 2026-01-31")


def _days(first: date, end: date) -> Iterator[date]:
    while first < end:
        yield first
        first += timedelta(days=1)


def _told(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    return value


def _text(value: object) -> str:
    value = _told(value)
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return "".join(character if character.isprintable() else "?" for character in text)


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _refuse(message: str) -> NoReturn:
    _say(f"ringfence lake: {message}")
    raise typer.Exit(UNUSABLE)
