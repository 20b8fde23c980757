"""Asking over UDP: so many a second whatever comes back, or as fast as answers come back."""

import re
import socket
import time
from dataclasses import dataclass
from typing import Final

WINDOW: Final = 64
_LATE_S: Final = 2.0
_BRANCH: Final = re.compile(rb"z9hG4bK[0-9a-f]+")


def request(number: int) -> bytes:
    """Return question `number`: an INVITE as a proxy forwards it, from the trunk and a number that no order names."""
    return (
        b"INVITE sip:+3225550101@edge.example SIP/2.0\r\n"
        b"Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK%x\r\n"
        b"Via: SIP/2.0/UDP 10.0.0.1:5061;received=198.51.100.10;branch=z9hG4bKu\r\n"
        b"Max-Forwards: 69\r\nFrom: <sip:+32470123456@edge.example>;tag=f\r\nTo: <sip:+3225550101@edge.example>\r\n"
        b"Call-ID: c%x@bench\r\nCSeq: 1 INVITE\r\nP-Asserted-Identity: <sip:+32470123456@edge.example>\r\n"
        b"Contact: <sip:+32470123456@10.0.0.1:5061>\r\nUser-Agent: bench\r\nContent-Length: 0\r\n\r\n" % (number, number)
    )


@dataclass(frozen=True, slots=True)
class Answers:
    """What came back: times in seconds, sorted, and how many questions got none."""

    times: list[float]
    lost: int
    seconds: float

    def at(self, share: float) -> float:
        """Return the time, in milliseconds, within which that share was answered."""
        return self.times[min(int(len(self.times) * share), len(self.times) - 1)] * 1_000 if self.times else float("nan")


def steadily(port: int, rate: int, seconds: float, first: int) -> Answers:
    """Ask `rate` times a second and wait for nobody. Times count from when a question should have left."""
    total = int(rate * seconds)
    questions = [request(first + number) for number in range(total)]
    places = {b"z9hG4bK%x" % (first + number): number for number in range(total)}
    due = [0.0] * total
    times: list[float] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        asking.connect(("127.0.0.1", port))
        asking.setblocking(False)
        sent, begin = 0, time.perf_counter()
        end = begin + seconds + _LATE_S
        while len(times) < total and (now := time.perf_counter()) < end:
            while sent < total and begin + sent / rate <= now:
                due[sent] = begin + sent / rate
                asking.send(questions[sent])
                sent += 1
            try:
                answer = asking.recv(4_096)
            except BlockingIOError:
                continue
            branch = _BRANCH.search(answer)
            number = places.pop(branch[0], None) if branch is not None else None
            if number is not None:
                times.append(time.perf_counter() - due[number])
    return Answers(sorted(times), total - len(times), seconds)


def closed(port: int, seconds: float, first: int) -> float:
    """Return the answers a second with `WINDOW` questions on the way at any time."""
    answered = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        asking.connect(("127.0.0.1", port))
        asking.settimeout(_LATE_S)
        begin = time.perf_counter()
        for number in range(WINDOW):
            asking.send(request(first + number))
        while (now := time.perf_counter()) < begin + seconds:
            asking.recv(4_096)
            answered += 1
            asking.send(request(first + WINDOW + answered))
        return answered / (now - begin)
