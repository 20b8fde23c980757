"""For which providers and numbers a certificate speaks: its TNAuthList (RFC 8226 section 9)."""

from collections.abc import Iterator
from typing import Final

from cryptography import x509
from msgspec import Struct

TN_AUTH_LIST: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.26")
_SEQUENCE, _INTEGER, _IA5 = 0x30, 0x02, 0x16
_SPC, _RANGE, _ONE = 0xA0, 0xA1, 0xA2
"""The three entries, explicitly tagged."""
_MOST_ENTRIES: Final = 10_000


class Authority(Struct, frozen=True):
    """What the certificate names. A provider code (SPC) speaks for all its numbers; number entries only for those."""

    providers: tuple[str, ...] = ()
    ranges: tuple[tuple[int, int, int], ...] = ()
    """Digits of the number, first number, and how many follow one another from it."""

    def covers(self, digits: str) -> bool:
        """Tell whether it speaks for a number given in digits alone.

        With a provider code it does: which numbers are that provider's, the certificate doesn't say.
        """
        if self.providers:
            return True
        if not digits.isdigit():
            return False
        value = int(digits)
        return any(len(digits) == length and first <= value < first + count for length, first, count in self.ranges)


class AuthorityUnreadable(Exception):
    """The extension is there and isn't what RFC 8226 says."""


def authority_of(certificate: x509.Certificate) -> Authority | None:
    """Return the certificate's authority, `None` where it has no TNAuthList. Raises `AuthorityUnreadable`."""
    try:
        extension = certificate.extensions.get_extension_for_oid(TN_AUTH_LIST).value
    except x509.ExtensionNotFound:
        return None
    except (ValueError, x509.DuplicateExtension) as fault:
        raise AuthorityUnreadable("its extensions can't be read") from fault
    if not isinstance(extension, x509.UnrecognizedExtension):
        raise AuthorityUnreadable("its TNAuthList is of another kind")
    return read_authority(extension.value)


def read_authority(der: bytes) -> Authority:
    """Return what a TNAuthList's DER says. Raises `AuthorityUnreadable`, for any bytes, and nothing else."""
    (tag, content), *more = _elements(der)
    if tag != _SEQUENCE or more:
        raise AuthorityUnreadable("no list")
    providers: list[str] = []
    ranges: list[tuple[int, int, int]] = []
    for entry, inside in _elements(content):
        (inner, value), *rest = _elements(inside)
        if rest:
            raise AuthorityUnreadable("an entry holds two values")
        if entry == _SPC and inner == _IA5:
            providers.append(_ascii(value))
        elif entry == _ONE and inner == _IA5:
            ranges.append(_range(value, 1))
        elif entry == _RANGE and inner == _SEQUENCE:
            (first_tag, first), (count_tag, count), *_ = (*_elements(value), (0, b""), (0, b""))
            if (first_tag, count_tag) != (_IA5, _INTEGER) or not count or len(count) > 8:
                raise AuthorityUnreadable("a range is none")
            ranges.append(_range(first, int.from_bytes(count, "big")))
        else:
            raise AuthorityUnreadable("an entry is neither provider, range nor number")
    if not (providers or ranges):
        raise AuthorityUnreadable("an empty list")
    return Authority(tuple(providers), tuple(ranges))


def _ascii(value: bytes) -> str:
    if not value or not value.isascii():
        raise AuthorityUnreadable("a text is not ASCII")
    return value.decode("ascii")


def _range(number: bytes, count: int) -> tuple[int, int, int]:
    if not number.isdigit() or len(number) > 15:
        raise AuthorityUnreadable("a number is none")
    return len(number), int(number), count


def _elements(der: bytes) -> list[tuple[int, bytes]]:
    """Return the tags and contents that follow one another. Raises `AuthorityUnreadable` where there is none, or one is cut."""
    found = list(_walk(der))
    if not found:
        raise AuthorityUnreadable("nothing in it")
    return found


def _walk(der: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    for _ in range(_MOST_ENTRIES):
        if at >= len(der):
            return
        if at + 2 > len(der):
            raise AuthorityUnreadable("cut")
        tag, length = der[at], der[at + 1]
        at += 2
        if length & 0x80:
            wide = length & 0x7F
            if not 1 <= wide <= 4 or at + wide > len(der):
                raise AuthorityUnreadable("a length can't be read")
            length = int.from_bytes(der[at : at + wide], "big")
            at += wide
        if at + length > len(der):
            raise AuthorityUnreadable("cut")
        yield tag, der[at : at + length]
        at += length
    raise AuthorityUnreadable(f"more than {_MOST_ENTRIES} entries")
