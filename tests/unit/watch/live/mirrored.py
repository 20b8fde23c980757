"""Datagrams as an intake hands them over together."""

import ipaddress
from collections.abc import Sequence

import numpy as np

from ringfence.watch.kernels import hep_packets as kernel
from ringfence.watch.sources.datagram import Datagram
from ringfence.watch.sources.hep import Mirrored
from ringfence.watch.sources.hep.arrival import TRANSPORTS
from ringfence.watch.sources.stretch import Addresses

_NUMBERS = {name: number for number, name in TRANSPORTS.items()}


def mirrored(datagrams: Sequence[Datagram]) -> Mirrored:
    """Return datagrams between IPv4 addresses as rows."""
    rows = np.zeros((len(datagrams), kernel.COLUMNS), np.int64)
    at = 0
    for row, each in zip(rows, datagrams, strict=True):
        row[kernel.TIME], row[kernel.ARRIVAL] = each.time, each.arrival
        row[kernel.SOURCE], row[kernel.DESTINATION] = number(each.source), number(each.destination)
        row[kernel.SOURCE_PORT], row[kernel.DESTINATION_PORT] = each.source_port, each.destination_port
        row[kernel.PAYLOAD], row[kernel.PAYLOAD_END] = at, at + len(each.payload)
        row[kernel.AGENT], row[kernel.TRANSPORT] = each.agent or 0, _NUMBERS[each.transport]
        row[kernel.SENDER] = hash(each.agent_address)
        at += len(each.payload)
    return Mirrored(b"".join([each.payload for each in datagrams]), rows, Addresses())


def number(address: str) -> int:
    """Return an IPv4 address as a number."""
    return int(ipaddress.IPv4Address(address))
