"""What a scan says beside its findings, on standard error: tables on a terminal, lines elsewhere."""

import sys
from collections import Counter
from typing import Final

import typer
from rich.console import Console
from rich.text import Text

from ringfence.report import Collector, Given, Read, not_judged, summary
from ringfence.vocabulary.times import SECOND
from ringfence.watch.recorded import FileCounts
from ringfence.watch.sources.pcap import CaptureCounts

_EXAMPLES: Final = 5
_SKIPPED_SHOWN: Final = 20


def tell(collector: Collector, read: Read, given: Given, *, events: int, findings: int, masked: bool) -> None:
    """Say what was read, what could not be, what could not be judged, and what came of it."""
    if sys.stderr.isatty():
        console = Console(stderr=True, highlight=False)
        console.print(summary(collector, read, given, masked=masked))
        console.print()
    else:
        for line in (*_of_files(read), *_in_all(read), *not_judged(collector, read, given)):
            say(line)
    say(f"{_number(events, 'event')}, {_number(findings, 'finding')}")


def say(text: str) -> None:
    """Say a line."""
    typer.echo(plain(text).plain, err=True)


def plain(text: str) -> Text:
    """Return text that can't steer the terminal: names come from whoever sent the traffic."""
    return Text("".join(character if character.isprintable() else "?" for character in text))


def _of_files(read: Read) -> list[str]:
    lines = []
    for file in read.files:
        lines.append(f"{file.name}: {_described(file)}")
        for problem in file.problems:
            place = f"line {problem.line}" + (f", {problem.column}" if problem.column else "")
            lines.append(f"  {place}: {problem.cause}")
        if file.unusable_rows > len(file.problems):
            reasons = (f"{count} × {reason}" for reason, count in file.reasons.most_common())
            lines.append(f"  all of them, by reason: {'; '.join(reasons)}")
    lines += [f"{skipped.name}: skipped: {skipped.cause}" for skipped in read.skipped[:_SKIPPED_SHOWN]]
    if len(read.skipped) > _SKIPPED_SHOWN:
        lines.append(f"and {len(read.skipped) - _SKIPPED_SHOWN} more files skipped")
    return lines


def _in_all(read: Read) -> list[str]:
    lines = []
    for left_out in read.left_out[:_EXAMPLES]:
        place = f"line {left_out.line}" + (f", {left_out.column}" if left_out.column else "")
        lines.append(f"{left_out.file}: {place}: {left_out.cause}; {left_out.hint}")
    if len(read.left_out) > _EXAMPLES:
        lines.append(f"and {len(read.left_out) - _EXAMPLES} more rows of accounts, numbers, trunks and rates left out")
    if read.defects:
        lines.append(f"defects of SIP messages: {_counts(Counter(read.defects))}")
    lines += [
        f"rule {rule} forgot {lost} events early, to bound memory: its findings are approximate (--memory gives rules more)"
        for rule, lost in read.forgotten.items()
    ]
    return lines


def _described(file: FileCounts) -> str:
    parts = _captured(file.capture) if file.capture is not None else [_records(file)]
    if file.outside_range:
        parts.append(f"{file.outside_range} outside the range of time")
    if file.damage is not None:
        parts.append(file.damage)
    if file.unusable_rows:
        parts.append(_number(file.unusable_rows, "unusable row"))
    return ", ".join(parts) + (", the first of them:" if file.problems else "")


def _records(file: FileCounts) -> str:
    entries = f"{file.entries} log entr{'y' if file.entries == 1 else 'ies'}"
    if file.is_log:
        return entries
    records = _number(file.records, "call record")
    return f"{entries}, {records}" if file.gives_both else records


def _captured(capture: CaptureCounts) -> list[str]:
    parts = [f"{_number(capture.messages, 'SIP message')} in {_number(capture.frames, 'packet')}"]
    if capture.log_lines:
        parts.append(_number(capture.log_lines, "log line"))
    if capture.encrypted_streams:
        parts.append(f"{_number(capture.encrypted_streams, 'encrypted stream')} that can't be read")
    if capture.unknown_links:
        parts.append(f"packets of unknown link types: {_counts(Counter({str(k): n for k, n in capture.unknown_links.items()}))}")
    if capture.defects:
        places = (f"{defect} {n} (first at packet {capture.first_at[defect]})" for defect, n in capture.defects.most_common())
        parts.append(f"damage: {', '.join(places)}")
    if capture.hep_defects:
        parts.append(f"defects of HEP packets: {_counts(Counter({defect.value: n for defect, n in capture.hep_defects.items()}))}")
    if capture.octets_lost:
        parts.append(f"{_number(capture.octets_lost, 'octet')} of the file unreadable")
    if capture.clock_back_us:
        parts.append(f"the clock jumped back: {capture.clock_back_us / SECOND:.1f} s are added to the times after it")
    return parts


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in counter.most_common())
