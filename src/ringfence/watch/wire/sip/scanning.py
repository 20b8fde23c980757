"""Many messages at once: the usual ones by the compiled scanner, as far as the tracker needs them; `parse` reads the unusual."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels import sip_fields as f
from ringfence.watch.kernels.sip_scanner import Found, scan
from ringfence.watch.wire.sip.message import Authorization, Message, Uri, Via

TRACKED: Final = (
    *("method", "status", "call_id", "cseq", "cseq_method", "from_uri", "from_tag", "to_uri", "to_tag", "uri", "vias"),
    *("authorization", "stale", "user_agent", "defects"),
)
"""The fields that a scanned message has. The others are empty, whatever it said."""


class Scanned:
    """What the scanner found in the messages that stand from `starts` to before `ends` in `octets`.

    `found` are its rows; in that of an unusual message the method is 0, and nothing else in it means anything. `text` holds every
    octet as the character of that number: `text[place:end]` is a text that a row tells of. Bodies stand in it too: it is dropped
    with the messages.
    """

    __slots__ = ("found", "octets", "text")

    def __init__(self, octets: bytes, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> None:
        count = starts.size
        self.found: Final = Found(np.empty((count, f.HEAD_COLUMNS), np.int32), np.empty((count, f.DETAIL_COLUMNS), np.int32))
        self.octets: Final = np.frombuffer(octets, np.uint8)
        scan(self.octets, starts, ends, self.found)
        self.text: Final = octets.decode("latin-1")

    @classmethod
    def of(cls, payloads: Sequence[bytes]) -> "Scanned":
        """Return what the scanner finds in messages that stand apart."""
        count = len(payloads)
        ends = np.fromiter(accumulate(map(len, payloads)), np.int64, count)
        starts = np.zeros(count, np.int64)
        starts[1:] = ends[:-1]
        return cls(b"".join(payloads), starts, ends)

    def message(self, nth: int) -> Message | None:
        """Return message n with the fields `TRACKED`, just as `parse` gives them; `None` where it is unusual."""
        head: list[int] = self.found.heads[nth].tolist()
        details: list[int] = self.found.details[nth].tolist()
        text = self.text
        if not head[f.METHOD]:
            return None
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
        columns: list[int] = self.found.details[nth, f.VIA :].tolist()
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
