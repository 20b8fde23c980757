"""Via: the way back, and the branch that names a transaction (RFC 3261 sections 8.1.1.7 and 20.42)."""

import re
from typing import Final

from ringfence.watch.wire.sip.address import split
from ringfence.watch.wire.sip.message import Defect, Via
from ringfence.watch.wire.sip.uri import host_port

COOKIE: Final = "z9hG4bK"
"""What starts each branch since RFC 3261."""

_PROTOCOL: Final = re.compile(r"([^\s/]+) ?/ ?([^\s/]+) ?/ ?([^\s/;]+) ([^;]+?) ?(;.*)?\Z", re.DOTALL)
_PARAMETER: Final = re.compile(r"([^\s;,=\"]+) ?(?:= ?([^;,]*))?\Z", re.DOTALL)


def parse_via(text: str, defects: list[Defect]) -> Via | None:
    """Return one Via value, or `None` and a defect."""
    sent_by, _, rest = text.partition(";")
    if sent_by[:8] == "SIP/2.0/":
        transport, _, place = sent_by[8:].partition(" ")
        if transport.isalnum() and place and " " not in place:
            return _via(transport, place, rest, defects)
    # Runs of white space go first: over them the expression's time would grow with their square.
    found = _PROTOCOL.match(" ".join(text.split()))
    if found is None:
        defects.append(Defect.VIA)
        return None
    protocol, version, transport, place, parameters = found.groups()
    if protocol.upper() != "SIP" or version != "2.0":
        defects.append(Defect.VERSION)
    return _via(transport, place, (parameters or ";")[1:], defects)


def _via(transport: str, place: str, parameters: str, defects: list[Defect]) -> Via | None:
    host, port = host_port(place.replace(" ", "").replace("\t", ""), defects)
    if host is None:
        return None
    branch = received = rport = None
    if parameters:
        for part in parameters.split(";") if '"' not in parameters else split(parameters, ";", defects):
            key, _, value = part.partition("=")
            if key == "branch":
                branch = value
            elif key == "rport":
                rport = value
            elif key == "received":
                received = value
            else:
                found = _PARAMETER.match(" ".join(part.split()))
                if found is None:
                    defects.append(Defect.PARAMETER)
                    continue
                key, value = found[1].lower(), found[2] or ""
                branch = value if key == "branch" else branch
                received = value if key == "received" else received
                rport = value if key == "rport" else rport
    return Via(transport.upper(), host, port, branch and branch.strip(), received, _port(rport, defects))


def _port(text: str | None, defects: list[Defect]) -> int | None:
    if text is None:
        return None
    if not text:
        return 0
    if len(text) > 5 or not (text.isdigit() and text.isascii()):
        defects.append(Defect.NUMBER)
        return None
    return int(text)
