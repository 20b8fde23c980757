"""Many messages at once: the usual ones by the compiled scanner, as far as the tracker needs them; `parse` reads the unusual."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

import numpy as np

from ringfence.watch.kernels import sip_fields as f
from ringfence.watch.kernels.sip_scanner import Found, scan
from ringfence.watch.wire.sip.message import Authorization, Message, Uri, Via

TRACKED: Final = (
    *("method", "status", "call_id", "cseq", "cseq_method", "from_uri", "from_tag", "to_uri", "to_tag", "uri", "vias"),
    *("authorization", "stale", "user_agent", "defects"),
)
"""The fields that a scanned message has. The others are empty, whatever it said."""

_BEGINS: Final = np.array([False, *(method not in ("ACK", "BYE", "CANCEL", "PRACK") for method in f.METHODS)])
"""Method number to whether a request of it may be the first of something, so that its details will be asked for."""


class Scanned:
    """What the scanner found in `payloads`.

    `rows[n]` is message n's row of `sip_fields`' first columns; its first number is 0 where the message is unusual, and then the
    row says nothing. `text` holds every octet as the character of that number: `text[place:end]` is a text that a row tells of.
    Bodies stand in it too: it is dropped with the messages.
    """

    __slots__ = ("_begun", "_details", "rows", "text")

    def __init__(self, payloads: Sequence[bytes]) -> None:
        count = len(payloads)
        octets = b"".join(payloads)
        ends = np.fromiter(accumulate(map(len, payloads)), np.int64, count)
        starts = np.zeros(count, np.int64)
        starts[1:] = ends[:-1]
        found = Found(np.empty((count, f.HEAD_COLUMNS), np.int32), np.empty((count, f.DETAIL_COLUMNS), np.int32))
        scan(np.frombuffer(octets, np.uint8), starts, ends, found)
        self.text: Final = octets.decode("latin-1")
        self.rows: Final[list[list[int]]] = found.heads[:, : f.ROW_COLUMNS].tolist()
        self._details = found.details
        begun = np.flatnonzero(_BEGINS[found.heads[:, f.METHOD]] & (found.heads[:, f.STATUS] == 0))
        self._begun: dict[int, list[int]] = dict(zip(begun.tolist(), found.details[begun, : f.VIA].tolist(), strict=True))

    def details(self, nth: int) -> list[int]:
        """Return message n's row of details, without Vias."""
        row: list[int] | None = self._begun.get(nth)
        if row is None:
            row = self._details[nth, : f.VIA].tolist()
        return row

    def message(self, nth: int) -> Message | None:
        """Return message n with the fields `TRACKED`, just as `parse` gives them; `None` where it is unusual."""
        head, text = self.rows[nth], self.text
        if not head[f.METHOD]:
            return None
        details = self.details(nth)
        method = f.METHODS[head[f.METHOD] - 1]
        user_agent = details[f.USER_AGENT]
        return Message(
            method=method,
            uri=self._uri(details, f.URI) if not head[f.STATUS] else None,
            status=head[f.STATUS],
            reason_phrase=None,
            call_id=text[head[f.CALL_ID] : head[f.CALL_ID + 1]],
            cseq=head[f.CSEQ],
            cseq_method=method,
            from_uri=self._uri(details, f.FROM),
            from_tag=self._tag(head, f.FROM_TAG),
            to_uri=self._uri(details, f.TO),
            to_tag=self._tag(head, f.TO_TAG),
            vias=self._vias(nth, head[f.VIAS]),
            authorization=self._authorization(details) if details[f.CREDENTIALS] == 1 else None,
            stale=head[f.STALE] == 1,
            user_agent=text[user_agent : details[f.USER_AGENT + 1]] if user_agent >= 0 else None,
        )

    def _tag(self, head: list[int], column: int) -> str | None:
        begin = head[column]
        return self.text[begin : head[column + 1]] if begin >= 0 else None

    def _uri(self, details: list[int], column: int) -> Uri:
        scheme, user, user_end, host, host_end, port = details[column : column + 6]
        text = self.text
        return Uri(
            f.SCHEMES[scheme],
            text[user:user_end] if user >= 0 else None,
            text[host:host_end] if host >= 0 else None,
            port if port >= 0 else None,
        )

    def _vias(self, nth: int, count: int) -> tuple[Via, ...]:
        columns: list[int] = self._details[nth, f.VIA :].tolist()
        return tuple([self._via(columns[at * f.VIA_COLUMNS : (at + 1) * f.VIA_COLUMNS]) for at in range(count)])

    def _via(self, columns: list[int]) -> Via:
        host, host_end, port, branch, branch_end, received, received_end, rport = columns
        text = self.text
        return Via(
            text[text.rfind("/", 0, host) + 1 : host - 1].upper(),
            text[host:host_end],
            port if port >= 0 else None,
            text[branch:branch_end] if branch >= 0 else None,
            text[received:received_end] if received >= 0 else None,
            rport if rport >= 0 else None,
        )

    def _authorization(self, details: list[int]) -> Authorization:
        user, user_end, realm, realm_end = details[f.USER_NAME : f.USER_NAME + 4]
        return Authorization("digest", self.text[user:user_end], self.text[realm:realm_end])
