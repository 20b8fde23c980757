"""What the gate is told of an OpenSIPS."""

from ringfence.gate.edges.settings import ClearUrl, EdgeSettings, Word


class OpensipsSettings(EdgeSettings, frozen=True, kw_only=True, tag="opensips"):
    """`url` is where mi_http answers, in clear: give it an address that only the gate reaches.

    `collection` of cachedb_local is Ringfence's alone, `location` the registrar's table.
    """

    url: ClearUrl
    collection: Word = "ringfence"
    location: Word = "location"
