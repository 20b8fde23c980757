"""`python -m bench.gate.bare PORT`: answers every datagram with the same 404."""

import asyncio
import sys
from typing import cast

import uvloop

_ANSWER = (
    b"SIP/2.0 404 Not Found\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK0\r\nFrom: <sip:a@b>;tag=1\r\n"
    b"To: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
)


class _Bare(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:  # noqa: ARG002 – asyncio calls it so
        self._transport.sendto(_ANSWER, addr)


async def _serve(port: int) -> None:
    await asyncio.get_running_loop().create_datagram_endpoint(_Bare, local_addr=("127.0.0.1", port))
    await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(int(sys.argv[1])))
