"""The event socket's messages, from whoever answers and cut wherever they like."""

import asyncio
import socket
import threading
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.gate.edges.freeswitch.esl import MAX_HEAD_BYTES, EventSocket, Garbled, Messages, encoded
from ringfence.gate.errors import EdgeRefused

SAID = (
    b"Content-Type: auth/request\n\nContent-Type: command/reply\nReply-Text: +OK accepted\n\n"
    b"Content-Type: api/response\nContent-Length: 15\n\n-ERR Not\n\nfound"
    b"Content-Type: text/event-plain\nContent-Length: 4\n\na: b\n\nContent-Type: text/disconnect-notice\nContent-Length: 3\n\nbye"
)
"""A body may hold an empty line, and may be followed by one."""


@given(st.lists(st.integers(0, len(SAID)), max_size=8))
def test_messages_are_the_same_however_the_stream_is_cut(cuts: list[int]) -> None:
    messages, places = Messages(), [0, *sorted(cuts), len(SAID)]
    found = [message for begin, end in pairwise(places) for message in messages.take(SAID[begin:end])]
    assert [(message.kind, message.reply, message.body) for message in found] == [
        ("auth/request", "", b""),
        ("command/reply", "+OK accepted", b""),
        ("api/response", "", b"-ERR Not\n\nfound"),
        ("text/event-plain", "", b"a: b"),
        ("text/disconnect-notice", "", b"bye"),
    ]


@given(st.binary(max_size=300))
def test_whatever_comes_is_messages_or_garbled(data: bytes) -> None:
    for begin in (b"", b"Content-Type: api/response\nContent-Length: ", b"Content-Type: x\n"):
        with suppress(Garbled):
            for message in Messages().take(begin + data):
                assert isinstance(message.kind, str)


@pytest.mark.parametrize("length", ["-1", "x", "999999999999", "268435457", "\u0663"])
def test_a_length_that_is_none_or_too_long_is_garbled(length: str) -> None:
    with pytest.raises(Garbled, match="a body of"):
        list(Messages().take(f"Content-Type: api/response\nContent-Length: {length}\n\n".encode()))


def test_a_head_without_an_end_is_garbled() -> None:
    with pytest.raises(Garbled, match="too long"):
        list(Messages().take(b"Content-Type: " + b"x" * MAX_HEAD_BYTES))


@pytest.mark.parametrize("command", ["api status\n\napi shutdown", "api a\rb", "api \0"])
def test_a_command_is_one_command(command: str) -> None:
    with pytest.raises(ValueError, match="end of line"):
        encoded(command)


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n\n\n", "no event socket"),
        (b"", "closed"),
        (b"Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n", "apply-inbound-acl"),
        (b"Content-Type: auth/request\n\nContent-Type: command/reply\nReply-Text: -ERR invalid\n\n", "compare the password"),
        (b"Content-Type: auth/request\n\nContent-Type: command/reply\nReply-Text: +OK accepted\n\n", "closed"),
    ],
)
def test_whoever_else_answers_is_an_edge_refused(answer: bytes, cause: str) -> None:
    def answered(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection, suppress(OSError):
            connection.sendall(answer)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass

    async def asked(address: str) -> None:
        edge = EventSocket(address, password="p", where="edge-1", deadline_s=30)
        with pytest.raises(EdgeRefused, match=cause) as refused:
            await edge.api("status")
        assert not refused.value.reached
        await edge.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=answered, args=(listening,))
        thread.start()
        asyncio.run(asked(f"127.0.0.1:{listening.getsockname()[1]}"))
        thread.join(30)
