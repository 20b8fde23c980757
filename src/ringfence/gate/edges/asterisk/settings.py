"""What the gate is told of an Asterisk."""

from ringfence.gate.configuration import EdgeTls
from ringfence.gate.edges.settings import Address, EdgeSettings, Name, Word


class AsteriskSettings(EdgeSettings, frozen=True, kw_only=True, tag="asterisk"):
    """`address` is where the manager interface answers: one that only the gate reaches; in clear without `tls`. `user` is of
    manager.conf, `password_file` holds its secret. `family` of the database is Ringfence's alone.
    """

    address: Address
    tls: EdgeTls | None = None
    user: Name = "ringfence"
    password_file: str
    family: Word = "ringfence"
