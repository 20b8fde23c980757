"""The shape of a request: what gives a program away whatever it calls itself.

Programs write their header fields in an order of their own, and draw identifiers in a way of their own. A scanner's user can change
its name with an option; to change this, they would have to write another program. Nothing of what the request says is in its shape.
"""

import re
from typing import Final

TOOL: Final = "tool-shape"
"""The name of the oddity."""

_ORDERS: Final = (
    "via max-forwards to from call-id contact cseq accept",  # sipvicious 0.3, from recordings
    "via max-forwards to from call-id contact cseq accept allow",
    "via from accept to contact cseq call-id max-forwards",  # sipvicious 0.2: the order of an old Python's tables
)
TOOL_SHAPES: Final = frozenset(f"{order} | -d {tag} d" for order in _ORDERS for tag in "dx")
"""Shapes of public scanning tools. No telephone makes Call-IDs of digits alone without a host, beside all else."""

_MOST_HEADERS: Final = 24
_LONGEST_HEAD: Final = 4096
_PASSED: Final = frozenset(
    {
        *("content-length", "content-type", "authorization", "proxy-authorization", "expires", "user-agent", "l", "c"),
        *("route", "record-route", "p-asserted-identity", "diversion"),
    }
)
"""Fields that come and go with method, credentials and way, or that renaming drops."""

_FIELD: Final = re.compile(rb"\r?\n([A-Za-z0-9.!%*_+`'~-]{1,32})[ \t]*:([^\r\n]*)")
_BRANCH: Final = re.compile(rb";\s*branch=z9hG4bK([^;,\s]*)", re.IGNORECASE)
_TAG: Final = re.compile(rb";\s*tag=([^;,\s]*)", re.IGNORECASE)
_CLASSES: Final = (
    ("d", re.compile(rb"[0-9]+")),
    ("x", re.compile(rb"[0-9a-f]+")),
    ("X", re.compile(rb"[0-9A-F]+")),
    ("u", re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")),
    ("a", re.compile(rb"[0-9A-Za-z]+")),
)


def shape_of(payload: bytes) -> str | None:
    """Return a request's shape as text of the order of its header fields and how its branch, tag and Call-ID are made."""
    head = payload[:_LONGEST_HEAD].partition(b"\r\n\r\n")[0]
    fields = _FIELD.findall(head)
    if not fields or len(fields) > _MOST_HEADERS:
        return None
    values: dict[str, bytes] = {}
    names: list[str] = []
    for name, value in fields:
        lower = name.decode().lower()
        if lower not in _PASSED and lower not in values:
            names.append(lower)
        values.setdefault(lower, value)
    branch, tag = _BRANCH.search(values.get("via", values.get("v", b""))), _TAG.search(values.get("from", values.get("f", b"")))
    call_id, _, host = values.get("call-id", values.get("i", b"")).strip().partition(b"@")
    made = (_made(branch[1]) if branch else "0", _made(tag[1]) if tag else "0", _made(call_id) + ("@" if host else ""))
    return f"{' '.join(names)} | {' '.join(made)}"


def is_tool(payload: bytes, call_id: str) -> bool:
    """Tell whether a public scanning tool wrote the request, whatever it calls itself. Most requests are told by their Call-ID."""
    return call_id.isdigit() and shape_of(payload) in TOOL_SHAPES


def _made(text: bytes) -> str:
    """Return of what signs an identifier is made: a leading `-` apart, then its class."""
    lead = "-" if text.startswith(b"-") else ""
    body = text[len(lead) :]
    return lead + next((name for name, pattern in _CLASSES if pattern.fullmatch(body)), "?")
