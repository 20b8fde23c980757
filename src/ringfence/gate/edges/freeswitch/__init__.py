"""FreeSWITCH: orders in mod_hash, calls and registrations ended, by its event socket."""

from ringfence.gate.edges.freeswitch.edge import FreeswitchEdge
from ringfence.gate.edges.freeswitch.settings import FreeswitchSettings

__all__ = ["FreeswitchEdge", "FreeswitchSettings"]
