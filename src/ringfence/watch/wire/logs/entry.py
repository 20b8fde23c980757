"""What one line of a switch's log tells of a request."""

from msgspec import Struct

from ringfence.vocabulary.times import Micros


class LogEntry(Struct, frozen=True, kw_only=True, gc=False):
    """A request that a switch accepted or refused at `time`. `what` is the log's own word for it.

    `status` is the final SIP status that stands for it; `user` whom the request named, `None` where it named nobody that the switch
    knows; `credentials`: it carried some. Addresses are canonical text. Challenges and responses are never kept.
    """

    line: int
    time: Micros
    what: str
    method: str
    status: int
    credentials: bool
    source: str
    source_port: int = 0
    destination: str | None = None
    destination_port: int = 0
    transport: str | None = None
    user: str | None = None
    domain: str | None = None
    session: str | None = None
    """The switch's own id of it: of Asterisk's PJSIP the Call-ID."""
    service: str = ""


def call_id_of_line(line: int) -> str:
    """Return what stands for the call id of an entry without a session."""
    return f"line {line}"
