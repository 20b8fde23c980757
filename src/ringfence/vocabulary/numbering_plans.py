"""What the world's numbering plans say of a number in E.164, as an automaton that reads its digits once.

It is made of the patterns of the `phonenumbers` library, and says of every number what the library does, some hundred times sooner.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberDesc, PhoneNumberType
from phonenumbers.phonenumberutil import COUNTRY_CODE_TO_REGION_CODE

from ringfence.vocabulary.digit_patterns import DIGITS, Positions
from ringfence.vocabulary.national_prefixes import Left, NationalPrefix, Stripping

MOST_DIGITS: Final = 15
"""Of a number with its country calling code (ITU-T E.164 section 6.2)."""
FEWEST_NATIONAL: Final = 2
"""Digits behind the country calling code, without which the library takes nothing for a number."""
_MOST_CODE: Final = 3
NO_NUMBER: Final = 0
"""The state of what is no number, whatever digits come."""


class PlanFacts(NamedTuple):
    """What is said of a number.

    `code` is its country calling code. `region` is the ISO 3166 code of the plan in whose ranges it lies, `001` of a code that no
    country has, `None` where it lies in none of several countries' with one code; `main` is the code's main region.
    `kind` is a `phonenumbers.PhoneNumberType`. `is_possible`: it is as long as its plan's numbers are. `is_rewritten`: all of this
    is said of it without its national prefix.
    """

    code: int
    region: str | None
    main: str
    kind: int
    is_valid: bool
    is_possible: bool
    is_rewritten: bool


class Automaton(NamedTuple):
    """`following[state][digit]` is the next state, and `said[state]` the place in `facts` for a number that ends there.

    It begins in the state `first`. `facts[0]` is `None`: what the library can't take apart is no number.
    """

    first: int
    following: list[tuple[int, ...]]
    said: list[int]
    facts: list[PlanFacts | None]


def stamp() -> str:
    """Return what changes with the library's plans and with how they are read."""
    files = [Path(__file__).with_name(f"{name}.py") for name in ("digit_patterns", "national_prefixes", "numbering_plans")]
    return "-".join([phonenumbers.__version__, *(str(file.stat().st_mtime_ns) for file in files)])


def automaton() -> Automaton:
    """Return the automaton of all numbering plans. Raises `UnknownPattern` where the library's patterns are of a new kind."""
    states = _States()
    first = states.behind_code("")
    return states.numbered(first)


class _Kinds(NamedTuple):
    """A region's ranges: `same` where fixed and mobile numbers can't be told apart; `leading` are digits that alone decide."""

    region: str
    leading: int | None
    general: "_Range"
    ranges: tuple[tuple[int, "_Range"], ...]
    fixed: "_Range"
    mobile: "_Range"
    same: bool


class _Range(NamedTuple):
    """The positions at which a number fits, and the lengths it may have; any where there are none."""

    positions: int
    lengths: frozenset[int]

    def has(self, left: Left) -> bool:
        return bool(left.state & self.positions) and (not self.lengths or left.digits in self.lengths)


_ORDER: Final = (
    ("premium_rate", PhoneNumberType.PREMIUM_RATE),
    ("toll_free", PhoneNumberType.TOLL_FREE),
    ("shared_cost", PhoneNumberType.SHARED_COST),
    ("voip", PhoneNumberType.VOIP),
    ("personal_number", PhoneNumberType.PERSONAL_NUMBER),
    ("pager", PhoneNumberType.PAGER),
    ("uan", PhoneNumberType.UAN),
    ("voicemail", PhoneNumberType.VOICEMAIL),
)
"""The kinds of number in the order in which the library looks for them; fixed and mobile ones come last."""


class _Code:
    """The plans of one country calling code."""

    def __init__(self, code: int) -> None:
        self._code = code
        self.positions: Final = Positions()
        self._regions = COUNTRY_CODE_TO_REGION_CODE[code]
        described = [PhoneMetadata.metadata_for_region_or_calling_code(code, region) for region in self._regions]
        self._kinds = [self._read(region, each) for region, each in zip(self._regions, described, strict=True) if each is not None]
        main = described[0]
        assert main is not None  # the codes come from the plans
        general = main.general_desc
        assert general is not None
        self._lengths = tuple(general.possible_length)
        self._local_lengths = frozenset(general.possible_length_local_only)
        prefix, rule = main.national_prefix_for_parsing, main.national_prefix_transform_rule
        self.prefix: Final = NationalPrefix(prefix, rule or "", self.positions) if prefix else None
        self._viable = self._kinds[0].general.positions
        self._known: dict[tuple[Left, bool], PlanFacts] = {}

    def facts(self, digits: Left, stripped: Left | None) -> PlanFacts | None:
        """Return what is said of the number, given what its digits are with and without a national prefix."""
        if digits.digits < FEWEST_NATIONAL:
            return None
        is_rewritten = False
        if stripped is not None:
            harmed = digits.state & self._viable and not stripped.state & self._viable
            if not harmed and stripped.digits >= FEWEST_NATIONAL and self._may_be_long(stripped.digits):
                digits, is_rewritten = stripped, stripped != digits
        if (digits, is_rewritten) not in self._known:
            self._known[digits, is_rewritten] = self._facts(digits, is_rewritten=is_rewritten)
        return self._known[digits, is_rewritten]

    def _facts(self, digits: Left, *, is_rewritten: bool) -> PlanFacts:
        region = (
            self._regions[0]
            if len(self._regions) == 1
            else next((each.region for each in self._kinds if _lies_in(digits, each)), None)
        )
        kinds = next((each for each in self._kinds if each.region == region), None)
        kind = PhoneNumberType.UNKNOWN if kinds is None else _kind(digits, kinds)
        is_possible = digits.digits in self._local_lengths or digits.digits in self._lengths
        return PlanFacts(self._code, region, self._regions[0], kind, kind != PhoneNumberType.UNKNOWN, is_possible, is_rewritten)

    def _may_be_long(self, digits: int) -> bool:
        """Tell whether the library takes a prefix away that leaves so many digits: as many as there can be, or too many."""
        return digits not in self._local_lengths and (digits in self._lengths or digits > self._lengths[-1])

    def _read(self, region: str, described: PhoneMetadata) -> _Kinds:
        leading = described.leading_digits
        return _Kinds(
            region,
            None if leading is None else self.positions.add(leading, whole=False),
            self._range(described.general_desc),
            tuple((kind, self._range(getattr(described, name))) for name, kind in _ORDER),
            self._range(described.fixed_line),
            self._range(described.mobile),
            described.same_mobile_and_fixed_line_pattern,
        )

    def _range(self, described: PhoneNumberDesc | None) -> _Range:
        if described is None or not described.national_number_pattern:
            return _Range(0, frozenset())
        return _Range(self.positions.add(described.national_number_pattern), frozenset(described.possible_length))


def _lies_in(digits: Left, kinds: _Kinds) -> bool:
    if kinds.leading is not None:
        return bool(digits.state & kinds.leading)
    return _kind(digits, kinds) != PhoneNumberType.UNKNOWN


def _kind(digits: Left, kinds: _Kinds) -> int:
    if not kinds.general.has(digits):
        return PhoneNumberType.UNKNOWN
    for kind, each in kinds.ranges:
        if each.has(digits):
            return kind
    is_mobile = kinds.mobile.has(digits)
    if kinds.fixed.has(digits):
        return PhoneNumberType.FIXED_LINE_OR_MOBILE if kinds.same or is_mobile else PhoneNumberType.FIXED_LINE
    return PhoneNumberType.MOBILE if is_mobile and not kinds.same else PhoneNumberType.UNKNOWN


class _States:
    """States that differ in what may come of them, each once."""

    def __init__(self) -> None:
        self.nodes: dict[tuple[int, ...], int] = {(0,): NO_NUMBER}
        self._facts: dict[PlanFacts | None, int] = {None: 0}

    def behind_code(self, read: str) -> int:
        """Return the state after some digits of a country calling code."""
        if read and int(read) in COUNTRY_CODE_TO_REGION_CODE:
            return self._national(int(read), MOST_DIGITS - len(read))
        if len(read) == _MOST_CODE or read == "0":
            return NO_NUMBER
        return self._node(None, [self.behind_code(f"{read}{digit}") for digit in DIGITS])

    def _national(self, code: int, most: int) -> int:
        plans = _Code(code)
        after, prefix = plans.positions.after, plans.prefix
        known: dict[tuple[int, int, Stripping | None], int] = {}
        strips: dict[Stripping, tuple[Stripping, ...]] = {}

        def state(digits: Left, stripping: Stripping | None) -> int:
            key = (digits.digits, digits.state, stripping)
            found = known.get(key)
            if found is not None:
                return found
            stripped = None if prefix is None or stripping is None else prefix.at_end(stripping)
            following: Iterable[int] = ()
            if digits.digits < most:
                steps: Sequence[Stripping | None] = [None] * len(DIGITS)
                if prefix is not None and stripping is not None:
                    if stripping not in strips:
                        strips[stripping] = prefix.after(stripping)
                    steps = [each if each.threads or each.left else None for each in strips[stripping]]
                following = [
                    state(Left(next_state, digits.digits + 1), step)
                    for next_state, step in zip(after(digits.state), steps, strict=True)
                ]
            known[key] = found = self._node(plans.facts(digits, stripped), following)
            return found

        return state(Left(Positions.BEGIN, 0), prefix.start if prefix is not None else None)

    def _node(self, facts: PlanFacts | None, following: Iterable[int]) -> int:
        said = self._facts.setdefault(facts, len(self._facts))
        node = (said, *following)
        return self.nodes.setdefault(node, len(self.nodes)) if any(node) else NO_NUMBER

    def numbered(self, first: int) -> Automaton:
        """Return the automaton that begins in the state `first`."""
        following = [tuple(each[1:]) or (0,) * len(DIGITS) for each in self.nodes]
        said = [each[0] for each in self.nodes]
        return Automaton(first, following, said, list(self._facts))
