"""The functions of the expression language: what each takes and yields. Evaluators, documentation and schema follow this table."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import phonenumbers

from ringfence.policy.expressions import Dimension, Type


class Takes(StrEnum):
    """What an argument may be. All but texts and numbers are written out, never computed."""

    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole number"
    ZONE = "zone"
    PATTERN = "pattern"
    CLOCK = "time of day"
    LIST = "list"
    NAMED_LIST = "list(…)"


class Needs(StrEnum):
    """What a function reads beside its arguments."""

    TIME = "time"  # of the event
    ACCOUNT = "account"  # of the event
    HOLDERS = "holders"  # the reference: who holds which number
    LISTS = "lists"
    ADDRESSES = "addresses"  # the operator's database of their countries


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument."""

    name: str
    takes: Takes


@dataclass(frozen=True, slots=True)
class Function:
    """`dimension` of `None`: a number like its arguments. `more`: the last parameter may come again; `may_omit`: it may be absent.

    `may_be_unset`: also where all its arguments are set; where one is not, texts and numbers always are, and truths are false.
    `values`, where not empty, are all that it ever yields.
    """

    name: str
    parameters: tuple[Parameter, ...]
    type: Type
    meaning: str
    dimension: Dimension | None = Dimension.PLAIN
    needs: frozenset[Needs] = frozenset()
    may_be_unset: bool = True
    more: bool = False
    may_omit: bool = False
    values: frozenset[str] = frozenset()

    @property
    def usage(self) -> str:
        """How it is written.

        >>> FUNCTIONS["prefix"].usage, FUNCTIONS["max"].usage
        ('prefix(x, n)', 'max(x, y, …)')
        """
        names = [f'"{each.name}"' if each.takes in _QUOTED else each.name for each in self.parameters]
        if self.may_omit:
            names[-1] = f"[{names[-1]}]"
        return f"{self.name}({', '.join([*names, '…'] if self.more else names)})"


_QUOTED: Final = (Takes.ZONE, Takes.PATTERN, Takes.CLOCK, Takes.LIST)
_X: Final = Parameter("x", Takes.TEXT)
_N: Final = Parameter("n", Takes.WHOLE)
_PHONE: Final = Parameter("number", Takes.TEXT)
_VALUE: Final = Parameter("x", Takes.NUMBER)
_OTHER: Final = Parameter("y", Takes.NUMBER)
_ZONE: Final = Parameter("zone", Takes.ZONE)
_LIST: Final = Parameter("list", Takes.LIST)
_AT_TIME: Final = frozenset({Needs.TIME})
_AT_TIME_BY_LIST: Final = frozenset({Needs.TIME, Needs.LISTS})

NUMBER_TYPES: Final[dict[int, str]] = {
    phonenumbers.PhoneNumberType.FIXED_LINE: "fixed",
    phonenumbers.PhoneNumberType.MOBILE: "mobile",
    phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_or_mobile",
    phonenumbers.PhoneNumberType.TOLL_FREE: "toll_free",
    phonenumbers.PhoneNumberType.PREMIUM_RATE: "premium_rate",
    phonenumbers.PhoneNumberType.SHARED_COST: "shared_cost",
    phonenumbers.PhoneNumberType.VOIP: "voip",
    phonenumbers.PhoneNumberType.PERSONAL_NUMBER: "personal",
    phonenumbers.PhoneNumberType.PAGER: "pager",
    phonenumbers.PhoneNumberType.UAN: "company",
    phonenumbers.PhoneNumberType.VOICEMAIL: "voicemail",
}
"""How the language calls the kinds of numbers that the numbering plans tell apart."""

COUNTRIES: Final = frozenset(phonenumbers.SUPPORTED_REGIONS)
"""ISO 3166 codes of the countries that have numbers of their own."""

_ALL: Final = (
    Function(
        "prefix", (_X, _N), Type.TEXT, "the first n characters, beside a leading +; all of a shorter text", may_be_unset=False
    ),
    Function("without_last", (_X, _N), Type.TEXT, "all but the last n characters; unset where nothing is left"),
    Function("suffix", (_X, _N), Type.TEXT, "the last n characters, without a leading +; unset where there are fewer"),
    Function("lower", (_X,), Type.TEXT, "in lower case", may_be_unset=False),
    Function(
        "sampled",
        (_X, _N),
        Type.BOOL,
        "one text of n is, by its hash under the installation's key: the same text always or never, and nobody can foresee which",
        may_be_unset=False,
    ),
    Function("length", (_X,), Type.NUMBER, "how many characters, without a leading +: the digits of a number", may_be_unset=False),
    Function(
        "same_prefix",
        (Parameter("x", Takes.TEXT), Parameter("y", Takes.TEXT), _N),
        Type.BOOL,
        "both have n characters at least beside a leading +, and the first n are the same",
        may_be_unset=False,
    ),
    Function(
        "matches",
        (_X, Parameter("pattern", Takes.PATTERN)),
        Type.BOOL,
        "the pattern fits the whole text, of which it sees 256 characters",
        may_be_unset=False,
    ),
    Function(
        "country",
        (_PHONE,),
        Type.TEXT,
        "the ISO 3166 code of the country whose numbering plan it belongs to, assigned or not; unset where no country's",
        values=COUNTRIES,
    ),
    Function(
        "number_type",
        (_PHONE,),
        Type.TEXT,
        f"by its country's pack, else by its numbering plan: {', '.join(NUMBER_TYPES.values())}",
        values=frozenset(NUMBER_TYPES.values()),
    ),
    Function(
        "valid", (_PHONE,), Type.BOOL, "in E.164, and in a range that its numbering plan, and its pack, assign", may_be_unset=False
    ),
    Function("possible", (_PHONE,), Type.BOOL, "in E.164, and as long as its country's numbers are", may_be_unset=False),
    Function(
        "holder",
        (_PHONE,),
        Type.TEXT,
        "the account that holds it at the event's time; unset where none of ours does",
        needs=frozenset({Needs.TIME, Needs.HOLDERS}),
    ),
    Function(
        "held",
        (_PHONE,),
        Type.BOOL,
        "the event's own account holds it at that time",
        needs=frozenset({Needs.TIME, Needs.ACCOUNT, Needs.HOLDERS}),
        may_be_unset=False,
    ),
    Function(
        "may_show",
        (_PHONE,),
        Type.BOOL,
        "a record gives the event's own account the right to show it at that time, whoever holds it",
        needs=frozenset({Needs.TIME, Needs.ACCOUNT, Needs.HOLDERS}),
        may_be_unset=False,
    ),
    Function(
        "has_numbers",
        (Parameter("account", Takes.TEXT),),
        Type.BOOL,
        "the reference knows a number that the account holds, held or will hold",
        needs=frozenset({Needs.HOLDERS}),
        may_be_unset=False,
    ),
    Function(
        "address_country",
        (_X,),
        Type.TEXT,
        "the ISO 3166 code of the country where an IP address is, by the operator's database; unset where nobody can tell",
        needs=frozenset({Needs.ADDRESSES}),
    ),
    Function("hour", (_ZONE,), Type.NUMBER, "of the event's time there, 0 to 23", needs=_AT_TIME, may_be_unset=False),
    Function("minute", (_ZONE,), Type.NUMBER, "of the day there, 0 to 1439", needs=_AT_TIME, may_be_unset=False),
    Function("weekday", (_ZONE,), Type.NUMBER, "there, 1 (Monday) to 7", needs=_AT_TIME, may_be_unset=False),
    Function(
        "holiday",
        (_LIST, _ZONE),
        Type.BOOL,
        "the day there is an entry of the list: 2026-12-25, or 12-25 for every year",
        needs=_AT_TIME_BY_LIST,
        may_be_unset=False,
    ),
    Function(
        "calling_hours",
        (_LIST, _PHONE, Parameter("state", Takes.TEXT)),
        Type.BOOL,
        "the list allows calls now in every zone the number could be in; false where its zone cannot be told",
        needs=_AT_TIME_BY_LIST,
        may_be_unset=False,
        may_omit=True,
    ),
    Function(
        "local_time",
        (_PHONE, Parameter("from", Takes.CLOCK), Parameter("to", Takes.CLOCK)),
        Type.BOOL,
        "clocks show a time from … to before … in every zone the number could be in, over midnight too; false where none is known",
        needs=_AT_TIME,
        may_be_unset=False,
    ),
    Function(
        "public_holiday",
        (_PHONE,),
        Type.BOOL,
        "the day there is a public holiday by its country's pack, in every zone the number could be in; false where none is known",
        needs=_AT_TIME,
        may_be_unset=False,
    ),
    Function(
        "emergency",
        (Parameter("dialled", Takes.TEXT), _PHONE),
        Type.BOOL,
        "these digits call for help in the number's country, or everywhere, by the list emergency-numbers",
        needs=_AT_TIME,
        may_be_unset=False,
    ),
    Function(
        "age",
        (Parameter('list("name")', Takes.NAMED_LIST),),
        Type.NUMBER,
        "how long before the event the list was fetched from its source",
        Dimension.TIME,
        _AT_TIME_BY_LIST,
    ),
    Function("abs", (_VALUE,), Type.NUMBER, "without its sign", None, may_be_unset=False),
    Function("min", (_VALUE, _OTHER), Type.NUMBER, "the smallest", None, may_be_unset=False, more=True),
    Function("max", (_VALUE, _OTHER), Type.NUMBER, "the largest", None, may_be_unset=False, more=True),
    Function("round", (_VALUE,), Type.NUMBER, "the nearest whole number, of two the even one", may_be_unset=False),
    Function("floor", (_VALUE,), Type.NUMBER, "the next whole number below", may_be_unset=False),
    Function(
        "ceil", (_VALUE,), Type.NUMBER, "the next whole number above: minutes begun are ceil(duration / 1min)", may_be_unset=False
    ),
)

FUNCTIONS: Final[dict[str, Function]] = {function.name: function for function in _ALL}
"""Function name to function. `date`, `lookup` and `lookup_prefix` stand in `SPECIAL`."""

SPECIAL: Final[dict[str, tuple[str, str]]] = {
    "date": ('date("2026-12-01", ["zone"])', "a moment: the start of the day there, or a date and time with its zone"),
    "lookup": (
        'lookup("list", "column", key, …)',
        "the column of the row whose entry is the keys, several joined by a colon; else of the row whose entry is *; else unset",
    ),
    "lookup_prefix": ('lookup_prefix("list", "column", number)', "the same for the longest entry that the number begins with"),
}
"""Functions with a syntax of their own: how each is written, and what it yields."""
