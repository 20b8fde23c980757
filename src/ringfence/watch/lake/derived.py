"""What is kept of a number beside its token: country, type, the block it belongs to, and the step from the one called before."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import phonenumbers
from phonenumbers import PhoneNumberType

from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.numbers import is_e164
from ringfence.vocabulary.tokens import token

BLOCK_DIGITS: Final = 3
"""A block is a number without its last three digits: a thousand neighbours."""
LONGEST_STEP: Final = 9_999
"""A wider step is left out: whoever knows one number of a chain could compute the others."""
_REMEMBERED: Final = 1 << 18
_TYPES: Final = {
    PhoneNumberType.FIXED_LINE: "fixed",
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_or_mobile",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PREMIUM_RATE: "premium_rate",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "uan",
    PhoneNumberType.VOICEMAIL: "voicemail",
}


class About(NamedTuple):
    """What may be said of a number. All `None` where the text is none in E.164; `block` is a token."""

    country: str | None
    type: str | None
    block: int | None


_NOTHING: Final = About(None, None, None)


class Tokens:
    """Tokens and what is said of numbers, under the installation's `key`, remembered for the texts that come again."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._tokens: dict[tuple[str, str], int] = {}
        self._about: dict[str, About] = {}

    def of(self, kind: str, text: str) -> int:
        """Return the token of `text` as a number; `vocabulary.tokens` writes the same as 16 hexadecimal digits."""
        known = self._tokens.get((kind, text))
        if known is None:
            known = self._tokens[kind, text] = int(token(self._key, kind, text), 16)
        return known

    def about(self, text: str | None) -> About:
        """Return what may be said of a number."""
        if text is None:
            return _NOTHING
        known = self._about.get(text)
        if known is None:
            known = self._about[text] = self._read(text)
        return known

    def bound(self) -> None:
        """Forget what was remembered once it is too much."""
        for remembered in (self._tokens, self._about):
            if len(remembered) > _REMEMBERED:
                remembered.clear()

    def _read(self, text: str) -> About:
        if not is_e164(text):
            return _NOTHING
        block = self.of("block", text[:-BLOCK_DIGITS])
        try:
            number = phonenumbers.parse(text)
        except phonenumbers.NumberParseException:
            return About(None, None, block)
        country = phonenumbers.region_code_for_number(number)
        return About(country if country != "001" else None, _TYPES.get(phonenumbers.number_type(number)), block)


def steps(events: Sequence[Event]) -> list[int | None]:
    """Return for each attempt how far its callee is from the callee of its account's attempt before, within these events."""
    before: dict[str, str] = {}
    found: list[int | None] = []
    for event in events:
        step = None
        if event.kind is EventKind.ATTEMPT and event.account is not None and event.callee is not None and is_e164(event.callee):
            earlier = before.get(event.account)
            if earlier is not None and len(earlier) == len(event.callee):
                distance = int(event.callee) - int(earlier)
                step = distance if abs(distance) <= LONGEST_STEP else None
            before[event.account] = event.callee
        found.append(step)
    return found
