"""A writer of MaxMind databases, small enough for a test (file format 2.0, records of 24 bits)."""

from ipaddress import ip_network

_MARK = b"\xab\xcd\xefMaxMind.com"
_SEPARATOR = 16


def database(networks: dict[str, dict[str, object]], *, built: int) -> bytes:
    """Return a database of IPv6, in which IPv4 stands under ::/96, whose records are `networks`."""
    data, offsets = b"", []
    for record in networks.values():
        offsets.append(len(data))
        data += _value(record)
    tree: list[list[int | tuple[str, int]]] = [[-1, -1]]  # -1: nothing; ("data", offset) or ("node", number)
    for text, offset in zip(networks, offsets, strict=True):
        network = ip_network(text)
        bits = f"{int(network.network_address):0{network.max_prefixlen}b}"[: network.prefixlen]
        _insert(tree, "0" * 96 + bits if network.version == 4 else bits, offset)
    nodes = b"".join(_record(entry, len(tree)) for node in tree for entry in node)
    metadata = {
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": built,
        "database_type": "Test-Country",
        "description": {"en": "made by a test"},
        "ip_version": 6,
        "languages": [],
        "node_count": len(tree),
        "record_size": 24,
    }
    return nodes + bytes(_SEPARATOR) + data + _MARK + _value(metadata)


def _insert(tree: list[list[int | tuple[str, int]]], bits: str, offset: int) -> None:
    node = 0
    for bit in bits[:-1]:
        entry = tree[node][int(bit)]
        if not isinstance(entry, tuple):
            tree.append([-1, -1])
            entry = tree[node][int(bit)] = ("node", len(tree) - 1)
        assert entry[0] == "node", "networks of a test do not overlap"
        node = entry[1]
    tree[node][int(bits[-1])] = ("data", offset)


def _record(entry: int | tuple[str, int], count: int) -> bytes:
    if not isinstance(entry, tuple):
        return count.to_bytes(3, "big")
    kind, value = entry
    return (value if kind == "node" else count + _SEPARATOR + value).to_bytes(3, "big")


def _value(value: object) -> bytes:
    match value:
        case str():
            return bytes([0x40 | len(value.encode())]) + value.encode()
        case int():
            octets = value.to_bytes(8, "big").lstrip(b"\0")
            return bytes([len(octets), 2]) + octets  # an extended type: 64 bits
        case dict():
            return bytes([0xE0 | len(value)]) + b"".join(_value(part) for pair in value.items() for part in pair)
        case _:
            return bytes([0, 4])  # an empty list
