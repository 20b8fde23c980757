"""`python -m bench.gate.flood [SECONDS] [ORDERS]`: five times the rate at which the gate is measured, and every answer looked at.

One question in ten is from a number on which an order stands and must be refused, with that order's id; each other one must be
allowed. What was not answered must have been counted as shed by the gate, or dropped by the kernel on the way back here.
"""

import http.client
import json
import os
import re
import shutil
import socket
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.gate import orders
from bench.gate.servers import gate
from bench.live.__main__ import free_port

RATE: Final = 25_000
_REFUSED_ONE_IN: Final = 10
_QUIET_S: Final = 3.0
_FIRST: Final = 1 << 32
_AT_ONCE: Final = 64
_BRANCH: Final = re.compile(rb";branch=z9hG4bK([0-9a-f]+)")
_QUESTION: Final = (
    b"INVITE sip:+3225550101@edge.example SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK%x\r\n"
    b"Via: SIP/2.0/UDP 10.0.0.1:5061;received=198.51.100.10;branch=z9hG4bKu\r\n"
    b"Max-Forwards: 69\r\nFrom: <sip:%s@edge.example>;tag=f\r\nTo: <sip:+3225550101@edge.example>\r\n"
    b"Call-ID: c%x@bench\r\nCSeq: 1 INVITE\r\nContact: <sip:x@10.0.0.1:5061>\r\nContent-Length: 0\r\n\r\n"
)
_PASSING: Final = b"+32470123456"


@dataclass(slots=True)
class Came:
    """What came back. `wrong`: another verdict than the question's, an answer to nothing, or a second one."""

    sent: int = 0
    answered: int = 0
    wrong: int = 0
    refused: int = 0
    seen: bytearray = field(default_factory=bytearray)

    def look(self, answer: bytes, ids: list[bytes]) -> None:
        """Judge one answer."""
        branch = _BRANCH.search(answer)
        number = int(branch[1], 16) - _FIRST if branch is not None else -1
        if not 0 <= number < self.sent or self.seen[number]:
            self.wrong += 1
            return
        self.seen[number] = 1
        self.answered += 1
        nth, must_be_refused = number // _REFUSED_ONE_IN, number % _REFUSED_ONE_IN == 0
        right = b"SIP/2.0 603 " if must_be_refused else b"SIP/2.0 404 "
        self.refused += must_be_refused
        self.wrong += not answer.startswith(right) or (must_be_refused and ids[nth % len(ids)] not in answer)


def main(seconds: float, number: int) -> int:
    """Flood the gate; return 1 where a verdict was wrong or a question unaccounted for."""
    folder = Path(tempfile.mkdtemp(prefix="ringfence-bench-"))
    try:
        orders.write(folder, number)
        port, listening = free_port(), free_port()
        with gate(folder, port, listening) as asked:
            _wait(listening, number)
            before, busy = _health(listening), asked.busy_s()
            came, dropped_here = _flood(asked.port, seconds, number)
            after = _health(listening)
            busy = asked.busy_s() - busy
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    shed = after["shed"] - before["shed"]
    missing = came.sent - came.answered - shed - dropped_here
    print(
        f"{came.sent:,} questions in {seconds:.0f} s ({came.sent / seconds:,.0f} a second), {number:,} orders:"
        f" {came.answered:,} answered ({came.refused:,} to be refused), {shed:,} counted as shed, {dropped_here:,} answers dropped"
        f" on the way back, {missing:,} unaccounted for; {came.wrong:,} wrong; {busy / seconds:.0%} of a core"
    )
    return int(came.wrong > 0 or missing != 0)


def _flood(port: int, seconds: float, number: int) -> tuple[Came, int]:
    """Ask at `RATE`; return what came, and how many answers the kernel dropped on the way back."""
    several = min(number, 1_000)
    callers = [orders.number(place).encode() for place in range(several)]
    ids = [orders.id_of(place).encode() for place in range(several)]
    came = Came()
    total = int(RATE * seconds)
    came.seen = bytearray(total)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 20)
        asking.connect(("127.0.0.1", port))
        asking.setblocking(False)
        begin = quiet = time.perf_counter()
        while came.sent < total or time.perf_counter() - quiet < _QUIET_S:
            due = min(total, int((time.perf_counter() - begin) * RATE))
            for _ in range(min(due - came.sent, _AT_ONCE)):
                nth, odd = divmod(came.sent, _REFUSED_ONE_IN)
                caller = callers[nth % several] if odd == 0 else _PASSING
                try:
                    asking.send(_QUESTION % (_FIRST + came.sent, caller, _FIRST + came.sent))
                except BlockingIOError:
                    break
                came.sent += 1
            for _ in range(2 * _AT_ONCE):
                try:
                    answer = asking.recv(4_096)
                except BlockingIOError:
                    break
                came.look(answer, ids)
                quiet = time.perf_counter()
        return came, _dropped(asking)


def _dropped(made: socket.socket) -> int:
    inode = str(os.fstat(made.fileno()).st_ino)
    lines = (line.split() for line in Path("/proc/net/udp").read_text(encoding="ascii").splitlines()[1:])
    return next(int(columns[12]) for columns in lines if columns[9] == inode)


def _health(port: int) -> dict[str, int]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/v1/voice/health")
        told: dict[str, int] = json.loads(connection.getresponse().read())
        return told
    finally:
        connection.close()


def _wait(port: int, number: int) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        with suppress(ConnectionRefusedError):  # it answers over SIP first
            told = _health(port)
            if told["orders"] >= number and told["plain_course"]:
                break
        time.sleep(0.5)
    else:
        raise RuntimeError("the gate never had all orders")


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0, int(sys.argv[2]) if len(sys.argv) > 2 else 100_000))
