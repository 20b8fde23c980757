"""`python -m bench.gate [ORDERS]`: how soon and how often the gate answers with a million orders, and what others do."""

import http.client
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from bench.gate import orders
from bench.gate.asking import closed, steadily
from bench.gate.servers import Server, bare, gate, kamailio
from bench.live.__main__ import free_port

RATE: Final = 5_000
SECONDS: Final = 10.0
BATCH: Final = 500


def main(number: int) -> int:
    """Measure; return 1 where something did not answer."""
    folder = Path(tempfile.mkdtemp(prefix="ringfence-bench-"))
    rates: dict[str, float] = {}
    try:
        orders.write(folder, number)
        listening = free_port()
        with gate(folder, free_port(), listening) as asked:
            _wait_for(listening, number)
            print(f"gate, {number:,} orders: {asked.memory_mb():.0f} MB")
            rates["gate"] = _measure(asked)
            _batched(asked, listening)
        floor = kamailio(folder, free_port())
        if floor is None:
            print("kamailio is not installed: nothing to compare with")
        else:
            with floor as asked:
                rates["kamailio"] = _measure(asked)
        with bare(folder, free_port()) as asked:
            rates["bare"] = closed(asked.port, SECONDS, 1)
            print(f"a responder that looks up nothing: {rates['bare']:,.0f} answers/s closed loop")
    except (OSError, RuntimeError) as error:
        print(f"not measured: {error}")
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for other in rates.keys() - {"gate"}:
        print(f"the gate's closed loop is {rates['gate'] / rates[other]:.2f} of {other}'s")
    return 0


def _measure(server: Server) -> float:
    closed(server.port, 2.0, 1 << 40)
    busy = server.busy_s()
    answers = steadily(server.port, RATE, SECONDS, 1 << 20)
    share = (server.busy_s() - busy) / SECONDS
    times = ", ".join(f"p{share_:g} {answers.at(share_ / 100):.2f} ms" for share_ in (50, 90, 99, 99.9))
    print(f"{server.what}: {RATE:,} questions/s for {SECONDS:.0f} s: {times}; {answers.lost} unanswered; {share:.0%} of a core")
    rate = closed(server.port, SECONDS, 1 << 44)
    print(f"{server.what}: {rate:,.0f} answers/s closed loop, 64 on the way")
    return rate


def _wait_for(port: int, number: int) -> None:
    """Wait until the table is whole: the gate answers before that."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        if _orders_at(port) >= number:
            return
        time.sleep(0.5)
    raise RuntimeError("the gate never had all orders")


def _orders_at(port: int) -> int:
    """Return how many orders the gate has; none while it does not listen for HTTP yet."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/v1/voice/health")
        return int(json.loads(connection.getresponse().read())["orders"])
    except ConnectionRefusedError:
        return 0
    finally:
        connection.close()


def _batched(server: Server, port: int) -> None:
    ask = {"call_id": "c", "source": orders.TRUNK, "caller": "+32470123456", "asserted": "+32470123456", "callee": "+3225550101"}
    body = json.dumps([ask] * BATCH).encode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    busy, begin, verdicts = server.busy_s(), time.perf_counter(), 0
    while time.perf_counter() < begin + SECONDS / 2:
        connection.request("POST", "/v1/voice/decide", body)
        connection.getresponse().read()
        verdicts += BATCH
    seconds = time.perf_counter() - begin
    print(
        f"gate over HTTP, {BATCH} in a request: {verdicts / seconds:,.0f} verdicts/s,"
        f" {verdicts / (server.busy_s() - busy):,.0f} a processor second"
    )


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
