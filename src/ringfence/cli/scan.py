"""`ringfence scan`: read captures and call records, print findings.

Exit code 0: none; 1: some, or unusable rows; 2: unusable input.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Final, NoReturn
from zoneinfo import ZoneInfo

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from ringfence.cli import report_file
from ringfence.cli.certificates import CertificatesRefused, identities_of
from ringfence.cli.collection import spare_collection
from ringfence.cli.compiling_beside import compile_beside, parts_for
from ringfence.cli.kept_bundles import kept_bundle
from ringfence.cli.memory import give_back_what_is_freed
from ringfence.cli.shipped import DEFAULT_BUNDLE
from ringfence.cli.told import plain, say, tell
from ringfence.policy import Bundle, BundleRefused, read_folder, render
from ringfence.policy.told import with_lists
from ringfence.report import Collector, Given, RateDeck, Read, findings_table, read_rates
from ringfence.vocabulary.contracts import Finding, Reference
from ringfence.vocabulary.times import Micros, iso, micros
from ringfence.watch.attribution import (
    AddressCountries,
    CsvFile,
    Directory,
    RowProblem,
    read_countries,
    read_reference,
    read_rights,
)
from ringfence.watch.engine import Engine, Limits, RuleUnmeasurable, limits_of
from ringfence.watch.identity import Identities
from ringfence.watch.recorded import (
    FORMATS,
    STANDARD_INPUT,
    Choice,
    Followed,
    Format,
    Inputs,
    MappingFile,
    Options,
    Recording,
    find_inputs,
    format_named,
    judged,
)
from ringfence.watch.sources.errors import UnreadableFile

NONE, SOME, UNUSABLE = 0, 1, 2
_COMPILING: Final = "compiling the inner loops, once after each install or upgrade: some fifteen seconds"
_NAMED: Final = 5
_PLAIN_WIDTH: Final = 180
_MEMORY: Final = 224
"""MiB that rules remember together: 200 MB of call records then took 280 MB more than the start, the report among them."""
_LEAST_MEMORY: Final = 64
_MIB: Final = 1 << 20
_KEY: Final = b""
"""A scan belongs to no installation: the same input gives everybody the same ids."""

Csv = Path | None
_FORMATS: Final = [each.name for each in FORMATS]
_FILES: Final = "Captures, HEP packets, call records: files, packed or not, folders, or - for standard input."


_SHOWN: Final = "Numbers accounts may show and don't hold: account,number,verified,valid_from,valid_to"
Rights = Annotated[Csv, typer.Option(metavar="F", help=_SHOWN)]
Countries = Annotated[Csv, typer.Option(metavar="F", help="Countries of addresses: an .mmdb database, or network,country.")]
Certificates = Annotated[
    Csv, typer.Option(metavar="DIR", help="Certificates by which signed identities (STIR/SHAKEN) are verified.")
]

_REMEMBERED: Final = f"MiB that rules may remember together: {_MEMORY}, or less where the bundle says so."
Memory = Annotated[int | None, typer.Option(metavar="MIB", min=_LEAST_MEMORY, help=_REMEMBERED, show_default=False)]


def command(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help=_FILES, show_default=False)],
    numbers: Annotated[Csv, typer.Option(metavar="F", help="Who holds which number: number,account,valid_from,valid_to")] = None,
    accounts: Annotated[Csv, typer.Option(metavar="F", help="Accounts and parties: account,parent,kind,plan")] = None,
    trunks: Annotated[Csv, typer.Option(metavar="F", help="Trunks: trunk,account,address,user,valid_from,valid_to")] = None,
    rights: Rights = None,
    policy: Annotated[Path, typer.Option(metavar="DIR", help="The policy bundle's folder.")] = DEFAULT_BUNDLE,
    timezone: Annotated[str, typer.Option(metavar="Z", help="Where times without a zone are from, as Europe/Vienna.")] = "",
    country: Annotated[str, typer.Option(metavar="C", help="Where national numbers are dialled, as AT.")] = "",
    format_: Annotated[str, typer.Option("--format", metavar="KIND", help=f"auto, {', '.join(_FORMATS)}.")] = "auto",
    rates: Annotated[Csv, typer.Option(metavar="F", help="Price classes: prefix,class[,price_per_minute,currency]")] = None,
    mapping: Annotated[Csv, typer.Option(metavar="F", help="Which columns of call records are which, as TOML.")] = None,
    countries: Countries = None,
    certificates: Certificates = None,
    since: Annotated[str, typer.Option("--from", metavar="T", help="Leave out what is older, as 2026-01-31T10:00:00Z.")] = "",
    until: Annotated[str, typer.Option("--to", metavar="T", help="Leave out what is of this time or later.")] = "",
    follow: Annotated[bool, typer.Option("--follow", help="Go on while the files are written, until Ctrl-C.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One finding a line, as JSON.")] = False,
    html: Annotated[Path | None, typer.Option(metavar="REPORT", help="Write a report too: one HTML file, with pictures.")] = None,
    memory: Memory = None,
    mask: Annotated[bool, typer.Option("--mask", help="Hide the last four digits of numbers in report and table.")] = False,
) -> None:
    """Judge recorded traffic by a policy bundle and print what it finds."""
    _prepare(files)
    bundle = _bundle(policy)
    reference, row_problems = _reference(bundle, {"accounts": accounts, "numbers": numbers, "trunks": trunks}, rights)
    options = replace(_options(timezone, country, since, until), mapping=_mapping(mapping), identities=_identities(certificates))
    choice = Choice(_format(format_), _format("call-records") if mapping is not None else None)
    _check_report(html, follow=follow, rates=rates)
    deck, addresses = _rates(rates, row_problems), _countries(countries, row_problems)
    spare_collection()
    with ExitStack() as stack:
        try:
            recording: Recording | Followed
            if follow:
                recording = _followed(files, choice, reference, options)
                engine = _engine(bundle, reference, [path.name for path in files], addresses, memory)
                collector = Collector(bundle, closely=False)
                count = _print_each(judged(recording.batches(), engine, observer=collector), json=json)
            else:
                inputs = find_inputs(files, choice.format, sys.stdin.buffer, otherwise=choice.otherwise)
                recording = Recording(inputs, reference, options, progress=_progress(inputs, stack))
                names = [each.path.name if each.path is not None else each.name for each in inputs.files]
                engine = _engine(bundle, reference, names, addresses, memory)
                collector = Collector(bundle, closely=html is not None, rates=deck, hashes=engine.reads.hashes)
                count = _print(recording.judged(engine, observer=collector), collector, json=json, masked=mask)
        except UnreadableFile as refused:
            _refuse(str(refused))
        except RuleUnmeasurable as refused:
            _refuse(f"{policy}: {refused}")
        except BrokenPipeError:
            _leave_quietly()
        except OSError as failed:
            _refuse(f"reading stopped after {recording.events_counted} events: {failed.strerror or failed}")
    given = Given(accounts is not None, trunks is not None, numbers is not None, timezone, country, deck)
    given = replace(given, countries=addresses is not None, certificates=certificates is not None)
    read = Read.of(recording, engine, row_problems)
    engine.forget()  # what rules remember is of no use any more, and a report needs room
    tell(collector, read, given, events=recording.events_counted, findings=count, masked=mask)
    if html is not None:
        from ringfence.report.page import page  # it loads names of countries, a second that other scans need not wait

        _write_report(html, page(collector, read, given, masked=mask))
    raise typer.Exit(SOME if count or row_problems or any(file.is_damaged for file in recording.files) else NONE)


def _prepare(files: Sequence[Path]) -> None:
    give_back_what_is_freed()
    if compile_beside(*parts_for(files)):
        say(_COMPILING)


def _bundle(folder: Path) -> Bundle:
    content: dict[str, bytes] = {}
    try:
        content = read_folder(folder)
        return kept_bundle(content)
    except BundleRefused as refused:
        problems = "\n".join(render(problem, content) for problem in refused.problems)
        _refuse(f"the policy in {folder} can't be used:\n{problems}")


def _identities(folder: Path | None) -> Identities | None:
    """Return what verifies signed identities by the certificates in `folder`."""
    if folder is None:
        return None
    try:
        return identities_of(folder)
    except (CertificatesRefused, OSError) as refused:
        _refuse(str(refused))


def _limits(bundle: Bundle, memory: int | None) -> Limits:
    """Return what rules may remember: `memory` MiB where that is given."""
    stated = limits_of(bundle.plan)
    octets = min(stated.memory_bytes, _MEMORY * _MIB) if memory is None else memory * _MIB
    return replace(stated, memory_bytes=octets, in_advance=False)


def _engine(
    bundle: Bundle, reference: Reference, names: Sequence[str], addresses: AddressCountries | None, memory: int | None
) -> Engine:
    """Return an engine that judges by the bundle and the reference. Raises `RuleUnmeasurable`."""
    engine = Engine(bundle.plan, key=_KEY, source=_names(names), limits=_limits(bundle, memory))
    engine.know(Directory(reference))
    engine.locate(addresses)
    return engine


def _reference(bundle: Bundle, given: dict[str, Csv], rights: Csv) -> tuple[Reference, list[RowProblem]]:
    """Return the reference data, and the rows left out of it. A file that can't be used at all ends the scan."""
    files = {name: _csv(path) for name, path in given.items()}
    reference, problems = read_reference(time=Micros(0), **files)
    reference = msgspec.structs.replace(reference, rights=read_rights(_csv(rights), problems))
    for problem in problems:
        if problem.line == 1 and problem.column is None:
            _refuse(f"{problem.file}: {problem.cause}; {problem.hint}")
    return with_lists(reference, bundle, date.min), problems


def _countries(path: Csv, problems: list[RowProblem]) -> AddressCountries | None:
    """Return where addresses are, and note the rows left out. A file that can't be used at all ends the scan."""
    file = _csv(path)
    found = None if file is None else read_countries(file, problems)
    if file is not None and found is None:
        _refuse(f"{file.name}: {problems[-1].cause}; {problems[-1].hint}")
    if file is not None and found is not None and found.built is not None:
        say(f"{file.name}: countries of addresses as of {iso(found.built)}")
    return found


def _rates(path: Csv, problems: list[RowProblem]) -> RateDeck | None:
    """Return the rate deck, and note the rows left out of it. A file that can't be used at all ends the scan."""
    file = _csv(path)
    if file is None:
        return None
    deck, left_out = read_rates(file)
    for problem in left_out:
        if problem.line == 1 and problem.column is None:
            _refuse(f"{problem.file}: {problem.cause}; {problem.hint}")
    problems += left_out
    return deck


def _csv(path: Csv) -> CsvFile | None:
    if path is None:
        return None
    try:
        return CsvFile(str(path), path.read_bytes())
    except OSError as failed:
        _refuse(f"{path}: {failed.strerror or failed}")


def _mapping(path: Csv) -> MappingFile | None:
    content = _csv(path)
    return None if content is None else MappingFile(content.name, content.data)


def _format(text: str) -> Format | None:
    if text == "auto":
        return None
    chosen = format_named(text)
    if chosen is None:
        _refuse(f"--format {text!r} is unknown: write auto, {', '.join(_FORMATS[:-1])} or {_FORMATS[-1]}")
    return chosen


def _options(timezone: str, country: str, since: str, until: str) -> Options:
    if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
        _refuse(f"--country {country!r} is no country: write its two letters, as AT")
    zone = _zone(timezone) if timezone else None
    first, last = _moment("--from", since, zone), _moment("--to", until, zone)
    if first is not None and last is not None and first >= last:
        _refuse(f"nothing lies between --from {since} and --to {until}")
    return Options(zone, country.upper() or None, since=first, until=last)


def _moment(option: str, text: str, zone: ZoneInfo | None) -> Micros | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        _refuse(f"{option} {text!r} is no time: write 2026-01-31T10:00:00Z, or 2026-01-31T10:00 with --timezone")
    if moment.tzinfo is None:
        if zone is None:
            _refuse(f"{option} {text!r} names no zone: write 2026-01-31T10:00:00Z, or give --timezone")
        moment = moment.replace(tzinfo=zone)
    return micros(moment)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        _refuse(f"--timezone {name!r} is unknown: write UTC, or one such as Europe/Vienna")


def _names(names: Sequence[str]) -> str:
    """Return what findings name as their source: the files, or how many there are."""
    return ", ".join(names) if len(names) <= _NAMED else f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"


def _followed(paths: Sequence[Path], choice: Choice, reference: Reference, options: Options) -> Followed:
    """Return the files to follow, until Ctrl-C or a request to end."""
    for path in paths:
        if path == STANDARD_INPUT:
            _refuse("--follow is for files and folders: standard input is read until it ends without it")
        if not path.exists():
            _refuse(f"{path}: no such file; --follow takes a folder for files still to come")
    followed = Followed(paths, choice, reference, options)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: followed.tails.stop())
    return followed


def _refuse(message: str) -> NoReturn:
    typer.echo(f"ringfence scan: {message}", err=True)
    raise typer.Exit(UNUSABLE)


def _check_report(path: Path | None, *, follow: bool, rates: Csv) -> None:
    """Refuse a report that could not be written, before anything is read."""
    if path is None:
        if rates is not None:
            _refuse("--rates is for the report: give --html too")
        return
    if follow:
        _refuse("--html writes its report at the end: leave out --follow")
    cause = report_file.unwritable(path)
    if cause is not None:
        _refuse(f"--html {path}: {cause}")


def _write_report(path: Path, text: str) -> None:
    try:
        report_file.write(path, text)
    except OSError as failed:
        _refuse(f"--html {path}: {failed.strerror or failed}")
    say(f"report: {path}")


def _leave_quietly() -> NoReturn:
    """End because whoever reads the findings has had enough: there were some, and nobody is left to be told more."""
    # What is still in the buffer would fail again when the interpreter closes it.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise typer.Exit(SOME)


def _progress(inputs: Inputs, stack: ExitStack) -> Callable[[], None] | None:
    """Return what shows on a terminal how far the files are read; elsewhere `None`."""
    if not sys.stderr.isatty():
        return None
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn())
    progress = stack.enter_context(Progress(*columns, console=Console(stderr=True), transient=True))
    task = progress.add_task("reading", total=sum(each.octets for each in inputs.files) or None)
    return lambda: progress.update(task, completed=sum(each.position for each in inputs.files))


def _print(found: Iterable[Finding], collector: Collector, *, json: bool, masked: bool) -> int:
    """Print the findings that the collector sees pass, by rule and subject, and return how many there are."""
    if json:
        return _print_json(found)
    count = sum(1 for _ in found)
    table = findings_table(collector, masked=masked)
    if table is not None:
        Console(width=None if sys.stdout.isatty() else _PLAIN_WIDTH, highlight=False).print(table)
    return count


def _print_each(found: Iterable[Finding], *, json: bool) -> int:
    """Print each finding as it is found, and return how many there were."""
    if json:
        return _print_json(found)
    count = 0
    for finding in found:
        count += 1
        typer.echo("  ".join(plain(cell).plain for cell in _cells(finding)))
    return count


def _print_json(found: Iterable[Finding]) -> int:
    encoder = msgspec.json.Encoder()
    count = 0
    for finding in found:
        count += 1
        sys.stdout.buffer.write(encoder.encode(finding) + b"\n")
        sys.stdout.buffer.flush()  # whoever reads along sees each as it is found
    return count


def _cells(finding: Finding) -> tuple[str, ...]:
    measures = ", ".join(f"{name} {value:g}" for name, value in finding.measures.items())
    subject = f"{finding.subject.kind} {finding.subject.id}"
    return (iso(finding.time), finding.severity, finding.rule, subject, measures, str(finding.evidence.events))
