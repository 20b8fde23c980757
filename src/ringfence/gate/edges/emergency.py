"""The numbers that call for help, as each edge's configuration has them: the line that its page asks for."""

import re
from collections.abc import Callable, Collection, Sequence
from typing import Final

_DIALLED: Final = re.compile(r"[0-9*#+]{1,16}\Z")


class NotDialled(Exception):
    """What is no number to dial has no place in a proxy's configuration."""


def written(kind: str, numbers: Collection[str]) -> str:
    """Return the line or route for an edge of this kind, one of `WRITINGS`. Raises `NotDialled`.

    >>> written("asterisk", ["112", "100"])
    'RINGFENCE_EMERGENCY=100|112'
    """
    for number in numbers:
        if not _DIALLED.match(number):
            raise NotDialled(f"{number!r} cannot be dialled")
    if not numbers:
        raise NotDialled("no number at all: every call for help would be refused")
    return WRITINGS[kind](sorted(numbers))


def _alternatives(numbers: Sequence[str]) -> str:
    """Return a regular expression for any of the numbers; `*`, `#` and `+` as sets, which need no backslash anywhere."""
    return "|".join(re.sub(r"[*#+]", lambda found: f"[{found[0]}]", number) for number in numbers)


def _kamailio(numbers: Sequence[str]) -> str:
    return f'#!define EMERGENCY "^({_alternatives(numbers)})$"'


def _asterisk(numbers: Sequence[str]) -> str:
    return f"RINGFENCE_EMERGENCY={_alternatives(numbers)}"


def _freeswitch(numbers: Sequence[str]) -> str:
    return f'<X-PRE-PROCESS cmd="set" data="ringfence_emergency={_alternatives(numbers)}"/>'


def _opensips(numbers: Sequence[str]) -> str:
    return (
        "route[RINGFENCE_FOR_HELP] {\n"
        "    $var(for_help) = 0;\n"
        f'    if ($rU =~ "^({_alternatives(numbers)})$" || $ru =~ "^urn:service:sos([.]|$)")\n'
        "        $var(for_help) = 1;\n"
        "}"
    )


WRITINGS: Final[dict[str, Callable[[Sequence[str]], str]]] = {
    "asterisk": _asterisk,
    "freeswitch": _freeswitch,
    "kamailio": _kamailio,
    "opensips": _opensips,
}
"""By the kind of edge, what writes its line. The others ask Ringfence, or never see a number."""
