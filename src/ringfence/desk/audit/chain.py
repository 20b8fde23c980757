"""The chain as octets: how entries are linked, what a checkpoint says, and how an export is proven far from the desk. Pure.

An export is a text file: a line that says what it is, a line for each entry with the hash of its link and the entry's body as it
was sealed, and a checkpoint. A checkpoint is two lines: a statement, canonical JSON, and its Ed25519 signature in hexadecimal.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from ringfence.desk.audit.signing import is_signed

GENESIS: Final = bytes(32)
"""What stands before the first entry."""
_LONGEST: Final = 1 << 14
"""Octets that a title or a checkpoint has at most."""


class Statement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a checkpoint says: after `sequence` entries the chain stood at `hash`, as the holder of `key` signed when it was `made`.

    An export's says too after which entry the export begins (`after`), and where the chain stood there (`previous`).
    """

    v: int = 1
    after: int = 0
    previous: str = GENESIS.hex()
    sequence: int
    hash: str
    made: str
    key: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What is proven of an export. `entries` are as they were sealed. `reason` says what is wrong first, empty where nothing is.

    `broken` is the place in the chain of the first entry that is not what was sealed; `None` where the fault is in no entry.
    """

    entries: int = 0
    broken: int | None = None
    reason: str = ""
    statement: Statement | None = None


def link(previous: bytes, body: bytes) -> bytes:
    """Return the hash of the link that chains an entry's body to all before it."""
    return blake2b(previous + body, digest_size=32).digest()


def title(after: int, previous: str) -> bytes:
    """Return an export's first line: after which entry it begins, and where the chain stood there, in hexadecimal."""
    return b"ringfence audit export 1: %d %b\n" % (after, previous.encode())


def entry_line(hash: bytes, body: bytes) -> bytes:
    """Return an entry's line in an export. A body is JSON without line breaks."""
    return b"%b %b\n" % (hash.hex().encode(), body)


def written(statement: Statement) -> bytes:
    """Return the octets of a statement that are signed."""
    return msgspec.json.encode(statement, order="sorted")


def as_text(statement: bytes, signature: bytes) -> bytes:
    """Return a checkpoint's two lines."""
    return b"%b\n%b\n" % (statement, signature.hex().encode())


def read_checkpoint(text: bytes, *, key: str = "") -> Statement:
    """Return what a checkpoint's two lines say. Raises `ValueError` where they are no such lines, or not signed by `key`."""
    lines = text.split(b"\n")
    if len(text) > _LONGEST or len(lines) != 3 or lines[2]:
        raise ValueError("these are not the two lines of a checkpoint")
    try:
        statement = msgspec.json.decode(lines[0], type=Statement)
        signature, signer = bytes.fromhex(lines[1].decode("ascii")), bytes.fromhex(statement.key)
    except (msgspec.DecodeError, ValueError) as error:
        raise ValueError(f"the checkpoint can't be read: {error}") from error
    if written(statement) != lines[0] or signature.hex().encode() != lines[1]:
        raise ValueError("the checkpoint is not written as it was signed")
    if not is_signed(lines[0], signature, key=signer):
        raise ValueError("the signature is not that of the checkpoint")
    if key and key.lower() != statement.key:
        raise ValueError("another installation signed it")
    return statement


def prove(path: Path, *, key: str = "", checkpoints: Iterable[Statement] = ()) -> Proof:
    """Return what an export proves by itself; with `key`, in hexadecimal, that this installation signed it and no other.

    `checkpoints` are others, kept elsewhere: where the chain does not run through them it was made anew or cut. Raises `OSError`.
    """
    passed = {one.sequence: one for one in checkpoints}
    with path.open("rb", buffering=1 << 20) as file:
        first = file.readline(_LONGEST)
        words = first.decode("ascii", "replace").split()
        if (
            len(words) != 6
            or not words[4].isdecimal()
            or title(int(words[4]), words[5]) != first
            or len(words[5]) != 2 * len(GENESIS)
        ):
            return Proof(reason="its first line is not that of an audit's export")
        after, previous = int(words[4]), words[5]
        try:
            start = bytes.fromhex(previous)
        except ValueError:
            return Proof(reason="its first line is not that of an audit's export")
        proof, reached, rest = _walk(file, after, start, passed)
    if proof.reason:
        return proof
    if rest.count(b"\n") > 2:
        return Proof(proof.entries, proof.entries + 1, "it is neither an entry nor the statement at the end")
    try:
        statement = read_checkpoint(rest, key=key)
    except ValueError as error:
        return Proof(proof.entries, None, f"at the end: {error}")
    return _ended(proof.entries, reached, statement, (after, previous), passed)


def _walk(file: BinaryIO, number: int, previous: bytes, passed: Mapping[int, Statement]) -> tuple[Proof, bytes, bytes]:
    """Go through the entries, up to the first that is broken: the proof, where the chain stands, what follows the last entry."""
    digest = blake2b
    for line in file:
        if line[:1] == b"{":
            return Proof(number), previous, line + file.read(_LONGEST)
        previous = digest(previous + line[65:-1], digest_size=32).digest()
        if line[:65] != b"%b " % previous.hex().encode() or line[-1:] != b"\n":
            if line[64:66] != b" {" and file.read(_LONGEST).count(b"\n") < 2:
                return Proof(number, None, "at the end: the statement is not what was signed"), previous, b""
            return Proof(number, number + 1, "it is not what was sealed"), previous, b""
        number += 1
        if number in passed and passed[number].hash != previous.hex():
            reason = f"the chain up to here is not the one that the checkpoint of {passed[number].made} saw: it was made anew"
            return Proof(number - 1, number, reason), previous, b""
    return Proof(number), previous, b""


def _ended(number: int, reached: bytes, statement: Statement, begun: tuple[int, str], passed: Mapping[int, Statement]) -> Proof:
    """Return the proof of an export whose entries and signature are whole: whether they belong together."""
    if (statement.after, statement.previous) != begun:
        return Proof(number, None, "its first line is not the one that was signed", statement)
    if statement.sequence != number or statement.hash != reached.hex():
        missing = statement.sequence > number
        reason = "it is missing, with what comes after it" if missing else "the statement at the end is of another export"
        return Proof(number, number + 1 if missing else None, reason, statement)
    beyond = [one for one in passed.values() if one.sequence > number and one.made <= statement.made]
    if beyond:
        reason = f"it was cut off: the checkpoint of {beyond[0].made} saw {beyond[0].sequence} entries"
        return Proof(number, number + 1, reason, statement)
    return Proof(number, statement=statement)
