"""What was read of each file, what was left aside and why, in words. Used by the page and the terminal alike."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ringfence.report.inputs import Read
from ringfence.vocabulary.times import SECOND
from ringfence.watch.recorded import FileCounts
from ringfence.watch.sources.pcap import CaptureCounts
from ringfence.words.writing import Writer, counted, moment

_LONG: Final = 200
_DEFECTS: Final = {
    "truncated": "the file breaks off within a packet",
    "record-size": "a packet announces an impossible length",
    "empty-space": "stretches of zeros",
    "without-time": "packets without a time",
    "clock-back": "the clock jumped back",
    "clock-stray": "packets with a time far from their neighbours'",
    "cut-packet": "packets of which only the beginning was captured",
    "packet": "packets whose addresses or lengths do not hold together",
    "fragment-lost": "IP packets of which parts never came",
    "segment-lost": "TCP streams of which parts never came",
}


@dataclass(frozen=True, slots=True)
class Left:
    """Something that was left aside: how often, and the first examples."""

    reason: str
    count: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileRead:
    """One file in words."""

    name: str
    format: str
    used: str
    span: str
    left: tuple[Left, ...]


def files(read: Read, writer: Writer) -> list[FileRead]:
    """Return what was read of each file, in the order in which the files were given."""
    return [_file(counts, writer) for counts in read.files]


def problems(read: Read, writer: Writer) -> list[Left]:
    """Return what was wrong with messages and with rows of accounts, numbers, trunks and rates."""
    left = [Left(f"SIP messages with the defect {writer.text(defect)}", count) for defect, count in read.defects.items()]
    if read.left_out:
        examples = tuple(
            writer.text(f"{row.file}, line {row.line}{', ' + row.column if row.column else ''}: {row.cause}", _LONG)
            for row in read.left_out[:5]
        )
        left.append(Left("rows of accounts, numbers, trunks and rates", len(read.left_out), examples))
    left += [
        Left(f"events that rule {rule} had to forget early, to bound memory: its findings are approximate", count)
        for rule, count in read.forgotten.items()
    ]
    return left


def _file(counts: FileCounts, writer: Writer) -> FileRead:
    used = counted(counts.entries, "log entry", "log entries") if counts.is_log else counted(counts.records, "record")
    if counts.gives_both:
        used = f"{counted(counts.entries, 'log entry', 'log entries')}, {counted(counts.records, 'record')}"
    if counts.capture:
        used = f"{counted(counts.capture.messages, 'SIP message')} in {counted(counts.capture.frames, 'packet')}"
    span = ""
    if counts.first is not None and counts.last is not None:
        span = f"{moment(counts.first)} to {moment(counts.last)} UTC"
    left = [*_rows(counts, writer), *(_of_capture(counts.capture) if counts.capture else ())]
    if counts.damage is not None:
        left.append(Left(f"the rest of the file: {writer.text(counts.damage, _LONG)}", 1))
    if counts.outside_range:
        left.append(Left("outside the range of time that was asked for", counts.outside_range))
    return FileRead(plain_name(counts.name), counts.format, used, span, tuple(left))


def _rows(counts: FileCounts, writer: Writer) -> Iterator[Left]:
    """Yield the reasons why rows were left out, each with those of the kept examples that it explains."""
    for reason, count in counts.reasons.most_common():
        examples = tuple(
            writer.text(f"line {problem.line}{', ' + problem.column if problem.column else ''}: {problem.cause}", _LONG)
            for problem in counts.problems
            if reason == (problem.cause if problem.column is None else f"{problem.column} unusable")
        )
        yield Left(writer.text(reason, _LONG), count, examples)


def _of_capture(capture: CaptureCounts) -> Iterator[Left]:
    for count, reason in (
        (capture.other_frames, "packets that carry neither UDP nor TCP over IP"),
        (capture.not_sip, "datagrams that are not SIP"),
        (capture.encrypted_streams, "encrypted connections: nothing in them can be read"),
        (sum(capture.unknown_links.values()), "packets of link types that are unknown here"),
        (sum(capture.hep_defects.values()), "damaged packets of capture agents"),
        (capture.stream_octets_lost, "octets of TCP streams that belong to no message"),
        (capture.octets_lost, "octets of the file that belong to no packet"),
    ):
        if count:
            yield Left(reason, count)
    for defect, count in capture.defects.most_common():
        first = capture.first_at.get(defect)
        examples = [f"first at packet {first:,}"] if first else []
        if defect.value == "clock-back":
            examples.append(f"{capture.clock_back_us / SECOND:.1f} s are added to the times after it")
        yield Left(_DEFECTS.get(defect.value, defect.value), count, tuple(examples))


def plain_name(name: str) -> str:
    """Return a file's name, harmless. It is the reader's own and never masked."""
    return Writer(masked=False).text(name, _LONG)
