"""Datagrams that came together: the same ones, from the same senders, however the system is asked for them."""

import asyncio
import ctypes
import socket
from collections.abc import Callable

import pytest

from ringfence.gate.redirect.bursts import LARGEST, Burst, OneByOne, Together, burst_of
from ringfence.gate.redirect.datagrams import Datagrams
from ringfence.gate.redirect.plain import MOST, Batch

Taking = Callable[[socket.socket], Burst]


def _together(made: socket.socket) -> Burst:
    return Together(made, ctypes.CDLL(None, use_errno=True))


WAYS = pytest.mark.parametrize("taking", [OneByOne, _together], ids=["one by one", "together"])
HOSTS = pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")], ids=["IPv4", "IPv6"])


def _bound(family: socket.AddressFamily, host: str) -> socket.socket:
    made = socket.socket(family, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    made.bind((host, 0))
    made.setblocking(False)
    return made


def _messages(batch: Batch | None) -> list[bytes]:
    assert batch is not None
    return [batch.octets[start:end] for start, end in zip(batch.starts, batch.ends, strict=True)]


@WAYS
@HOSTS
def test_datagrams_come_in_order_with_their_senders_and_each_gets_its_own_answer(
    taking: Taking, family: socket.AddressFamily, host: str
) -> None:
    with _bound(family, host) as made, _bound(family, host) as first, _bound(family, host) as second:
        burst = taking(made)
        assert burst.take() is None
        for asker, message in ((first, b"a"), (second, b"bb"), (first, b""), (second, b"d" * 9_000)):
            asker.sendto(message, made.getsockname())
        batch = burst.take()
        assert _messages(batch) == [b"a", b"bb", b"", b"d" * 9_000]
        assert batch is not None
        assert batch.hosts == [host] * 4
        assert burst.send([b"to a", None, memoryview(b"to nothing"), b"to d"]) == 0
        assert [first.recv(99), first.recv(99), second.recv(99)] == [b"to a", b"to nothing", b"to d"]
        with pytest.raises(BlockingIOError):
            second.recv(99)


@WAYS
def test_the_largest_datagram_is_whole_and_the_next_burst_knows_nothing_of_it(taking: Taking) -> None:
    with _bound(socket.AF_INET, "127.0.0.1") as made, _bound(socket.AF_INET, "127.0.0.1") as asker:
        burst = taking(made)
        asker.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        largest = bytes(range(256)) * 255 + b"x" * 227
        assert len(largest) == LARGEST - 28  # the headers of IPv4 and UDP
        asker.sendto(largest, made.getsockname())
        assert _messages(burst.take()) == [largest]
        asker.sendto(b"short", made.getsockname())
        assert _messages(burst.take()) == [b"short"]


@WAYS
def test_what_came_beyond_a_burst_is_in_the_next(taking: Taking) -> None:
    with _bound(socket.AF_INET, "127.0.0.1") as made, _bound(socket.AF_INET, "127.0.0.1") as asker:
        burst = taking(made)
        sent = [b"%d" % number for number in range(MOST + 3)]
        for message in sent:
            asker.sendto(message, made.getsockname())
        assert _messages(burst.take()) == sent[:MOST]
        assert burst.send([None] * MOST) == 0
        assert _messages(burst.take()) == sent[MOST:]
        assert burst.take() is None


def test_an_answer_that_cannot_be_sent_keeps_none_of_the_others_back() -> None:
    with _bound(socket.AF_INET, "127.0.0.1") as made, _bound(socket.AF_INET, "127.0.0.1") as asker:
        burst = _together(made)
        for message in (b"1", b"2", b"3"):
            asker.sendto(message, made.getsockname())
        assert len(_messages(burst.take())) == 3
        too_long = bytes(LARGEST + 1)  # EMSGSIZE, at the place of the second
        assert burst.send([b"one", too_long, b"three"]) == 0
        assert [asker.recv(99), asker.recv(99)] == [b"one", b"three"]


def test_answers_for_which_there_is_no_room_are_counted() -> None:
    """A local socket's receiver has room for some datagrams only; of UDP on one machine nobody is ever told so."""
    made, asker = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with made, asker:
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_608)
        burst = _together(made)
        for _ in range(8):
            asker.send(b"question")
        assert len(_messages(burst.take())) == 8
        shed = burst.send([bytes(2_000)] * 8)
        asker.setblocking(False)
        came = 0
        while True:
            try:
                came += bool(asker.recv(4_096))
            except BlockingIOError:
                break
        assert (shed + came, shed > 0) == (8, True)


def test_linux_takes_many_with_one_call() -> None:
    with _bound(socket.AF_INET, "127.0.0.1") as made:
        assert isinstance(burst_of(made), Together)


def test_the_socket_in_the_loop_answers_all_that_came() -> None:
    async def asked() -> tuple[set[bytes], int, int]:
        datagrams = Datagrams(lambda batch: [b"re " + message for message in _messages(batch)])
        datagrams.open("127.0.0.1", 0)
        try:
            with _bound(socket.AF_INET, "127.0.0.1") as asker:
                for number in range(2 * MOST):
                    asker.sendto(b"%d" % number, ("127.0.0.1", datagrams.port))
                loop = asyncio.get_running_loop()
                async with asyncio.timeout(20):
                    came = {await loop.sock_recv(asker, 99) for _ in range(2 * MOST)}
                return came, datagrams.shed, datagrams.dropped()
        finally:
            datagrams.close()

    assert asyncio.run(asked()) == ({b"re %d" % number for number in range(2 * MOST)}, 0, 0)
