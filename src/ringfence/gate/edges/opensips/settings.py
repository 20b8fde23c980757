"""What the gate is told of an OpenSIPS."""

from ringfence.gate.configuration import EdgeTls
from ringfence.gate.edges.settings import EdgeSettings, Url, Word


class OpensipsSettings(EdgeSettings, frozen=True, kw_only=True, tag="opensips"):
    """`url` is where mi_http answers: give it an address that only the gate reaches. For https `tls` says whose certificate counts.

    `collection` of cachedb_local is Ringfence's alone, `location` the registrar's table.
    """

    url: Url
    tls: EdgeTls | None = None
    collection: Word = "ringfence"
    location: Word = "location"
