"""Values of call records as text, read one by one; what can't be read names its column and says why."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from ipaddress import ip_address
from typing import Final, TypeVar

from ringfence.vocabulary.identity import IdentityOutcome, of_verstat
from ringfence.vocabulary.numbers import is_e164, to_e164
from ringfence.vocabulary.times import Micros, micros

_LONGEST_SHORT_CODE: Final = 6
_LONGEST_NUMBER: Final = 12
_LONGEST_NAME: Final = 256
_REMEMBERED: Final = 65_536
_SHOWN: Final = 40
_SCHEMES: Final = ("sip:", "sips:", "tel:")


class BadValue(Exception):
    """A row can't be used: `column` is to blame, or, where `None`, its shape."""

    def __init__(self, column: str | None, cause: str) -> None:
        super().__init__(cause)
        self.column = column
        self.cause = cause


class Values:
    """Reads values that depend on where the file comes from. Remembers numbers and addresses, which repeat.

    `zone` is where times without a zone of their own are from, `country` (ISO 3166 alpha-2) where national numbers are dialled.
    """

    def __init__(self, zone: tzinfo | None = None, country: str | None = None) -> None:
        self._zone = zone
        self._country = country
        self._addresses: dict[str, str] = {}
        self._numbers: dict[str, str | None] = {}

    def time(self, column: str, text: str) -> Micros:
        """Return ISO 8601 `text` as a moment. Raises `BadValue`, also where neither it nor anybody names a zone."""
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise BadValue(column, f"{short(text)} is no time: write 2026-01-31T10:00:00Z" if text else "empty") from None
        if moment.tzinfo is None:
            if self._zone is None:
                raise BadValue(column, f"{short(text)} names no zone: write 2026-01-31T10:00:00Z, or give the zone")
            moment = moment.replace(tzinfo=self._zone)
        return micros(moment)

    def number(self, column: str, text: str) -> str:
        """Return a number as E.164, or a short code of two to six digits as it is. Raises `BadValue`."""
        if is_e164(text) or _is_short_code(text):
            return text
        read = self._read_number(_without_scheme(text)) if text else None
        if read is None:
            raise BadValue(column, f"{short(text)} is no E.164 number: write + and country code" if text else "empty")
        return read

    def user(self, text: str) -> str | None:
        """Return what a switch wrote as somebody's number: E.164 if it names one, else the user part as sent; `None` if empty."""
        if is_e164(text):
            return text
        text = _without_scheme(text)
        if not text:
            return None
        if is_e164(text) or (text.isdigit() and len(text) <= _LONGEST_SHORT_CODE):
            return text
        return self._read_number(text) or text[:_LONGEST_NAME]

    def address(self, text: str, column: str = "source_ip") -> str:
        """Return an IP address in canonical text. Raises `BadValue`."""
        known = self._addresses.get(text)
        if known is None:
            try:
                known = str(ip_address(text))
            except ValueError:
                raise BadValue(column, f"{short(text)} is no IP address") from None
            if len(self._addresses) >= _REMEMBERED:
                self._addresses.clear()
            self._addresses[text] = known
        return known

    def _read_number(self, text: str) -> str | None:
        try:
            return self._numbers[text]
        except KeyError:
            if len(self._numbers) >= _REMEMBERED:
                self._numbers.clear()
            return self._numbers.setdefault(text, to_e164(text, self._country))


_Choice = TypeVar("_Choice")
_UNVERIFIED: Final = ("no-tn-validation", "no-tn-validation-a", "no-tn-validation-b", "no-tn-validation-c")


def verification(column: str, text: str) -> IdentityOutcome | None:
    """Return what a `verstat` says (3GPP TS 24.229 section 7.2A.20), or one of our own words for it. Raises `BadValue`."""
    if not text or text.lower() in _UNVERIFIED:
        return None
    found = of_verstat(text)
    if found is None:
        raise BadValue(column, f"{short(text)} is none of TN-Validation-Passed, TN-Validation-Failed, No-TN-Validation")
    return found


def chosen(column: str, text: str, choices: Mapping[str, _Choice]) -> _Choice:
    """Return what `text` stands for. Raises `BadValue`."""
    try:
        return choices[text]
    except KeyError:
        names = ", ".join(choice for choice in choices if choice)
        raise BadValue(column, f"{short(text)} is none of {names}") from None


def status(text: str, column: str = "status") -> int:
    """Return a SIP status. Raises `BadValue`."""
    if len(text) == 3 and text.isdigit() and text.isascii() and "1" <= text[0] <= "6":
        return int(text)
    raise BadValue(column, f"{short(text)} is no SIP status from 100 to 699")


def whole(column: str, text: str) -> int:
    """Return a whole number that is not negative. Raises `BadValue`."""
    if text.isdigit() and text.isascii() and len(text) <= _LONGEST_NUMBER:
        return int(text)
    if text.startswith("-") and text[1:].isdigit():
        raise BadValue(column, f"{short(text)} is negative")
    raise BadValue(column, f"{short(text)} is no whole number")


def in_order(began: Micros, answered: Micros | None, ended: Micros) -> None:
    """Raise `BadValue` where a call would end before it starts, or be answered at another time."""
    if ended < began:
        raise BadValue("end", "the call ends before it starts")
    if answered is not None and not began <= answered <= ended:
        raise BadValue("answer", "the answer is not between start and end")


def short(text: str) -> str:
    """Return `text` as a message shows it: quoted, and cut where it is long."""
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…")


def _without_scheme(text: str) -> str:
    """Return the user part of a SIP or tel URI; any other text as it is."""
    lower = text[:5].lower()
    scheme = next((each for each in _SCHEMES if lower.startswith(each)), "")
    return text[len(scheme) :].partition("@")[0].partition(";")[0].strip() if scheme else text


def _is_short_code(text: str) -> bool:
    return 1 < len(text) <= _LONGEST_SHORT_CODE and text.isdigit() and text.isascii()
