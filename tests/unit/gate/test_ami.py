"""The manager interface's blocks, from whoever answers and cut wherever they like."""

import asyncio
import socket
import threading
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.gate.edges.asterisk.ami import MAX_BLOCK_BYTES, Ami, Blocks, Garbled, encoded
from ringfence.gate.errors import EdgeRefused

SAID = (
    b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nActionID: 1\r\nEventList: start\r\nMessage: Result will follow\r\n\r\n"
    b"Event: DBGetResponse\r\nKey: source:2001:db8::9\r\nVal: a b\r\nActionID: 1\r\n\r\n\r\n\r\n"
    b"Event: DBGetComplete\r\nActionID: 1\r\nEventList: Complete\r\n\r\n"
)


@given(st.lists(st.integers(0, len(SAID)), max_size=8))
def test_blocks_are_the_same_however_the_stream_is_cut(cuts: list[int]) -> None:
    blocks, places = Blocks(), [0, *sorted(cuts), len(SAID)]
    found = [block for begin, end in pairwise(places) for block in blocks.take(SAID[begin:end])]
    assert [block.get("Response") or block["Event"] for block in found] == ["Success", "DBGetResponse", "DBGetComplete"]
    assert found[1] == {"Event": "DBGetResponse", "Key": "source:2001:db8::9", "Val": "a b", "ActionID": "1"}


@given(st.binary(max_size=300))
def test_whatever_comes_is_blocks_or_garbled(data: bytes) -> None:
    for greeting in (b"", b"Asterisk Call Manager/11.0.0\r\n"):
        try:
            for block in Blocks().take(greeting + data):
                assert all(isinstance(each, str) for pair in block.items() for each in pair)
        except Garbled:
            pass


def test_a_block_without_an_end_is_garbled() -> None:
    with pytest.raises(Garbled, match="too long"):
        list(Blocks().take(b"Asterisk Call Manager/11.0.0\r\nVal: " + b"x" * MAX_BLOCK_BYTES))


@pytest.mark.parametrize("value", ["a\r\nAction: Command", "a\nb", "a\0"])
def test_a_value_ends_no_line(value: str) -> None:
    with pytest.raises(ValueError, match="end of line"):
        encoded("DBPut", {"Val": value})


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "no manager interface"),
        (b"", "closed"),
        (b"Asterisk Call Manager/11.0.0\r\n" + b"x" * (MAX_BLOCK_BYTES + 100_000), "too long"),
        (b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nActionID: 99\r\n\r\n", "closed"),
        (b"Asterisk Call Manager/11.0.0\r\nResponse: Error\r\nMessage: no\r\nActionID: 1\r\n\r\n", "closed"),
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
        ami = Ami(address, user="ringfence", password="p", where="edge-1", deadline_s=30)
        with pytest.raises(EdgeRefused, match=cause) as refused:
            await ami.ask("DBGet", {})
        assert not refused.value.reached
        await ami.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=answered, args=(listening,))
        thread.start()
        asyncio.run(asked(f"127.0.0.1:{listening.getsockname()[1]}"))
        thread.join(30)
