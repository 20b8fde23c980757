"""Logs in blocks of columns give the events, columns and problems that they give line by line, wherever the blocks are cut."""

import io
from collections.abc import Iterator
from itertools import islice
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.policy.fields import FIELDS
from ringfence.vocabulary.contracts import AccountLink, Event, EventKind, PartyLink, Reference, TrunkLink
from ringfence.vocabulary.times import SECOND, Micros, from_iso, iso
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import attributed, events_of_entry
from ringfence.watch.columns import TextHashes, columns_of, number_code
from ringfence.watch.columns.entries import FILLED, LogEvents, LogExpander
from ringfence.watch.kernels.row_layout import Hashing
from ringfence.watch.recorded.runs import Runs
from ringfence.watch.recorded.spool import EntrySpool
from ringfence.watch.sources import log_blocks, switch_logs
from ringfence.watch.wire.cdr import RowProblem
from ringfence.watch.wire.logs.blocks import LogBlock
from tests.conftest import shared_data

VIENNA = ZoneInfo("Europe/Vienna")
KINDS = (EventKind.REQUEST, EventKind.REGISTRATION)
REFERENCE = Reference(
    time=Micros(0),
    parties=(PartyLink(party="root"), PartyLink(party="acme", parent="root")),
    accounts=(
        AccountLink(account="a1", party="acme", plan="office", valid_to=from_iso("2026-03-02T09:00:02Z")),
        AccountLink(account="a2", party="root"),
    ),
    trunks=(
        TrunkLink(trunk="t1", account="a1", address="198.51.100.7"),
        TrunkLink(trunk="t2", account="a2", address="198.51.100.7", user="6001"),
        TrunkLink(trunk="t3", account="a2", user="kiwi"),
    ),
)
BEGIN = from_iso("2026-03-02T09:00:00Z")


def security_line(offset_ms: int, event: str, account: str, session: str, remote: str, rest: str, head: str) -> str:
    tv = iso(Micros(BEGIN + offset_ms * 1_000))[:23] + "+0000"
    return (
        f'{head}SecurityEvent="{event}",EventTV="{tv}",Severity="Error",Service="PJSIP",EventVersion="1",AccountID="{account}",'
        f'SessionID="{session}",LocalAddress="IPV4/UDP/192.0.2.1/5060",RemoteAddress="{remote}"{rest}'
    )


SECURITY_LINES = st.one_of(
    st.builds(
        security_line,
        st.one_of(st.integers(0, 40), st.integers(0, 3_000)),
        st.sampled_from(
            [
                *("InvalidAccountID", "InvalidAccountID", "ChallengeResponseFailed", "ChallengeResponseFailed", "ChallengeSent"),
                *("SuccessfulAuth", "RequestNotAllowed", "SessionLimit", "Unheard"),
            ]
        ),
        st.sampled_from(["6001", "kiwi", "<unknown>", "", "Ü", "<unknown", "x" * 257, "a=b,c"]),
        st.sampled_from(["s1", "s2", "", "s" * 300]),
        st.sampled_from(["IPV4/UDP/198.51.100.7/5062"] * 4)
        | st.sampled_from(
            ["IPV4/TCP/203.0.113.9/1", "IPV6/TLS/2001:DB8:0::1/5061", "IPV4/UDP/256.1.1.1/5", "IPV4/SCTP/192.0.2.9/9"]
        )
        | st.sampled_from(["IPV4/UDP/198.51.100.7/65536", "", "ipv4/ws/198.51.100.7/08", "IPV4/UDP/198.51.100.07/5062"]),
        st.sampled_from(
            [
                *("", "", "", ',Challenge="x",Response="y",ExpectedResponse=""', ',RequestType="INVITE"', ',RequestType="FOO"'),
                *(',RequestType="bad"', ',AccountID="again"', ',New="x"', " ", ',Response="', "\t", '"', ",UsingPassword=1"),
            ]
        ),
        st.sampled_from(["[Mar  2 09:00:00] SECURITY[7]: r.c:1 f: "] * 5 + ['say="x" ', "", "SecurityEvent=", "Größe "]),
    ),
    st.sampled_from(
        [
            "[Mar  2 09:00:00] VERBOSE[1] x.c: nothing",
            "",
            'SecurityEvent="InvalidPassword" but no time',
            'EventTV="1"',
            'x SecurityEvent="InvalidPassword",EventTV="1306947011-392432",AccountID="1",RemoteAddress="IPV4/UDP/192.0.2.7/9"',
            'SecurityEvent="InvalidPassword",EventTV="2026-03-02T09:00:00.1+0100",SessionID="q",RemoteAddress="IPV4/UDP/192.0.2.7/9"',
            'SecurityEvent="FailedACL",EventTV="2026-02-30T09:00:00.100+0100",SessionID="q",RemoteAddress="IPV4/UDP/192.0.2.7/9"',
        ]
    ),
)
STAMPS = st.builds(
    lambda second: from_iso("2026-10-24T23:59:00Z") + second * SECOND,
    st.one_of(st.integers(0, 120), st.integers(0, 9_000)),
).map(lambda moment: iso(Micros(moment)).replace("T", " ").rstrip("Z"))
SWITCH_LINES = st.one_of(
    st.builds(
        lambda uuid, stamp, load, source, text: f"{uuid}{stamp} {load}{source}{text}",
        st.sampled_from(["", "", "0e1a2b3c-1111-2222-3333-444455556666 ", "0e1a2b3c-1111-2222-3333-44445555666G "]),
        STAMPS,
        st.sampled_from(["96.80% ", "", "[x] "]),
        st.sampled_from(
            ["[WARNING] sofia_reg.c:3223 "] * 4 + ["[NOTICE] switch.c:1 ", "[Warn] a.c:1 ", "[ERR] a..c:1 ", "[ERR] a.c "]
        ),
        st.sampled_from(
            [
                "IP 198.51.100.7 Rejected by register acl",
                'IP 198.51.100.7 Rejected by register acl "domains"',
                "IP 2001:db8::1 Rejected by register acl",
                "IP x Rejected by register acl",
                "IP 198.51.100.7 Rejected by register aclx",
                "SIP auth failure (INVITE) on sofia profile 'internal' for [6001@pbx.example] from ip 198.51.100.7",
                "SIP auth failure (REGISTER) on sofia profile '' for [] from ip 203.0.113.9",
                "SIP auth failure (REGISTER) on sofia profile 'a' for [b' for [x] from ip 1.2.3.4] from ip 203.0.113.9",
                "SIP auth failure (BREW) on sofia profile 'a' for [@x] from ip 203.0.113.9",
                "SIP auth failure (REGISTER) on sofia profile 'a' for [ö@x] from ip 203.0.113.9",
                "SIP auth failure (REGISTER) on sofia profile 'a for [x] from ip 203.0.113.9",
                "SIP auth failure (REGISTER) on sofia profile ' for [x] from ip 203.0.113.9",
                "Can't find user [kiwi@pbx.example] from 198.51.100.7",
                "Can't find user [a] from [b] from 198.51.100.7 ",
                "Can't find user [a] from 198.51.100.7\r",
                "Can't find user [a] from nowhere",
                "Hangup sofia/internal/1001@pbx.example [CS_EXECUTE] [NORMAL_CLEARING]",
            ]
        ),
    ),
    st.sampled_from(
        ["", "v=0", "a=rtpmap:0 PCMU/8000", " 2026-10-24 23:59:00.000000 [ERR] a.c:1 IP 1.2.3.4 Rejected by register acl"]
    ),
)


def rows(entries: Iterator[object]) -> tuple[list[Event], list[RowProblem]]:
    directory, events, problems = Directory(REFERENCE), list[Event](), list[RowProblem]()
    for entry in entries:
        if isinstance(entry, RowProblem):
            problems.append(entry)
        else:
            events += (attributed(event, directory) for event in events_of_entry(entry))  # type: ignore[arg-type]  # an entry
    return sorted(events, key=lambda event: (event.time, event.sequence)), sorted(problems)


def columns(
    blocks: Iterator[LogBlock], expander: LogExpander, spool: EntrySpool, text: bytes, *, is_file: bool
) -> tuple[list[LogEvents], list[RowProblem]]:
    """Return the events of all blocks in order, and the problems."""
    runs, problems = Runs(expander.dtype), list[RowProblem]()
    place = 0
    for block in blocks:
        assert block.text == text[place : place + len(block.text)]
        assert block.place == (place if is_file else None)
        place += len(block.text)
        events, _ = expander.expand(block, spool.add(block))
        runs.add(events)
        problems += block.problems
    assert place == len(text)
    return [expander.batch(part, spool) for part in runs.merged()], sorted(problems)


def same(text: bytes, blocks: object, entries: Iterator[object], *, is_file: bool = False, cut: int) -> int:
    """Check that both ways give the same; return how many events there are."""
    hashes, directory = TextHashes(b"key"), Directory(REFERENCE)
    expander, spool = LogExpander(directory, hashes, KINDS, set(FIELDS), {"target", "caller"}), EntrySpool(directory)
    file = io.BytesIO(text) if is_file else Pipe(text)
    taken, problems = columns(blocks(file, expander.hashing, cut), expander, spool, text, is_file=is_file)  # type: ignore[operator]
    wanted, expected = rows(entries)
    assert problems == expected
    assert [event for batch in taken for event in batch] == wanted
    assert [call_id for batch in taken for call_id in batch.call_ids] == [event.call_id for event in wanted]
    told = [batch.words("target") for batch in taken]
    words = [int(word) for column in told if column is not None for word in column]
    targets = [number_code(event.target or "") for event in wanted]
    assert [None if code is None else word for word, code in zip(words, targets, strict=True)] == targets
    assert all(batch.words("caller") is None for batch in taken)
    for name in sorted(FIELDS):
        whole = columns_of(wanted, [name], hashes, clock=Micros(-1), now=Micros(1 << 60)).fields[name]
        parts = [columns_of(batch, [name], hashes, clock=Micros(-1), now=Micros(1 << 60)).fields[name] for batch in taken]
        np.testing.assert_array_equal(np.concatenate([*parts, whole[:0]]), whole, err_msg=name)
    spool.close()
    return len(wanted)


class Pipe(io.BytesIO):
    """Octets that can be read once."""

    def seekable(self) -> bool:
        return False


def security_blocks(file: io.BytesIO, hashing: Hashing, cut: int) -> Iterator[LogBlock]:
    return log_blocks.asterisk_security(file, hashing, octets=cut)


def switch_blocks(file: io.BytesIO, hashing: Hashing, cut: int) -> Iterator[LogBlock]:
    return log_blocks.freeswitch(file, hashing, zone=VIENNA, octets=cut)


def ended(lines: list[str], encoding: str = "utf-8") -> bytes:
    return ("\n".join(lines) + "\n").encode(encoding)


@settings(deadline=None, max_examples=150)
@given(st.lists(SECURITY_LINES, max_size=25), st.integers(1, 4_000), st.sampled_from(["utf-8", "latin-1", "utf-8-sig", "cp1252"]))
def test_a_security_log_in_blocks_is_the_one_read_line_by_line(lines: list[str], cut: int, encoding: str) -> None:
    text = ended(lines, encoding)
    same(text, security_blocks, switch_logs.asterisk_security(io.BytesIO(text)), cut=cut)


@settings(deadline=None, max_examples=150)
@given(st.lists(SWITCH_LINES, max_size=25), st.integers(1, 4_000), st.sampled_from(["utf-8", "latin-1", "utf-8-sig"]))
def test_freeswitchs_log_in_blocks_is_the_one_read_line_by_line(lines: list[str], cut: int, encoding: str) -> None:
    text = ended(lines, encoding)
    same(text, switch_blocks, switch_logs.freeswitch(io.BytesIO(text), zone=VIENNA), cut=cut)


@pytest.mark.parametrize("is_file", [True, False])
def test_pairs_across_blocks_are_found_and_read_again_from_file_or_copy(is_file: bool) -> None:
    halves = [
        (nth, event, "<unknown>" if event != "InvalidAccountID" else f"user{nth}", f"s{nth // 2}")
        for nth in range(0, 400, 2)
        for event in (
            ("InvalidAccountID", "ChallengeResponseFailed") if nth % 4 else ("ChallengeResponseFailed", "InvalidAccountID")
        )
    ]
    lines = [
        security_line(at, event, account, session + str(at), "IPV4/UDP/198.51.100.7/5062", "", "[x] ")
        for at, event, account, session in halves
    ]
    text = ended(lines)
    count = same(text, security_blocks, switch_logs.asterisk_security(io.BytesIO(text)), is_file=is_file, cut=700)
    assert count == 2 * 200


def test_what_is_held_back_is_bounded_alike() -> None:
    lines = [
        security_line(0, event, "6001", f"s{nth}", "IPV4/UDP/198.51.100.7/5062", "", "")
        for event in ("InvalidAccountID", "ChallengeResponseFailed")
        for nth in range(1_500)
    ]
    text = ended(lines)
    assert same(text, security_blocks, switch_logs.asterisk_security(io.BytesIO(text)), cut=20_000) > 2 * 1_500


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8"])
def test_lines_that_are_too_long_and_other_encodings_are_read_alike(encoding: str) -> None:
    line = security_line(1, "InvalidPassword", "6001", "s1", "IPV4/UDP/198.51.100.7/5062", "", "")
    text = ended([line, "x" * 200_000 + line, line + "y" * 70_000, line, line.replace("6001", "ö"), line + "y" * 60_000], encoding)
    wanted, _ = rows(switch_logs.asterisk_security(io.BytesIO(text)))
    hashes, directory = TextHashes(b"key"), Directory(REFERENCE)
    expander, spool = LogExpander(directory, hashes, KINDS, FILLED), EntrySpool(directory)
    runs = Runs(expander.dtype)
    for block in log_blocks.asterisk_security(io.BytesIO(text), expander.hashing, octets=1_000):
        runs.add(expander.expand(block, spool.add(block))[0])
    assert [event for part in runs.merged() for event in expander.batch(part, spool)] == wanted
    assert len(wanted) == 2 * 5
    spool.close()


@pytest.mark.parametrize(
    ("folder", "zone"),
    [(folder, None) for folder in ("asterisk-bf", "asterisk-logs", "asterisk-syslogs", "asterisk-user-enum")]
    + [(folder, VIENNA) for folder in ("freeswitch", "freeswitch-acl-reject", "freeswitch-bf", "freeswitch-user-enumeration")],
)
def test_real_logs_in_blocks_are_those_read_line_by_line(folder: str, zone: ZoneInfo | None) -> None:
    (path,) = shared_data("switch-logs", folder).glob("*.log")
    text = path.read_bytes().rstrip(b"\n") + b"\n"
    for cut in (1, 300, 1 << 20):
        if zone is None:
            assert same(text, security_blocks, switch_logs.asterisk_security(io.BytesIO(text)), cut=cut, is_file=True)
        else:
            assert same(text, switch_blocks, switch_logs.freeswitch(io.BytesIO(text), zone=zone), cut=cut, is_file=True)


def test_wanted_kinds_alone_are_given() -> None:
    text = ended([security_line(1, "InvalidPassword", "6001", "s1", "IPV4/UDP/198.51.100.7/5062", "", "")])
    for kinds, expected in (({EventKind.REGISTRATION}, 1), ({EventKind.ATTEMPT}, 0), (set(KINDS), 2)):
        expander = LogExpander(Directory(REFERENCE), TextHashes(b"key"), kinds, {"status"})
        (block, *_) = islice(security_blocks(io.BytesIO(text), expander.hashing, 9_999), 5)
        last = list(security_blocks(io.BytesIO(text), expander.hashing, 9_999))
        events = [expander.expand(each, 0) for each in last]
        assert (sum(len(rows) for rows, _ in events), sum(every for _, every in events)) == (expected, 2)
        assert block.text == text
