"""Which kinds of edge there are: what ringfence.toml may say of each, and what drives it. A new kind is added here."""

from ringfence.gate.configuration import EdgeConfiguration as KamailioSettings
from ringfence.gate.edges.asterisk import AsteriskEdge, AsteriskSettings
from ringfence.gate.edges.edge import Edge
from ringfence.gate.edges.encryption import encryption
from ringfence.gate.edges.freeswitch import FreeswitchEdge, FreeswitchSettings
from ringfence.gate.edges.kamailio import KamailioEdge
from ringfence.gate.edges.nftables import NftablesEdge, NftablesSettings
from ringfence.gate.edges.opensips import OpensipsEdge, OpensipsSettings
from ringfence.gate.edges.settings import Secrets
from ringfence.gate.edges.webhook import WebhookEdge, WebhookSettings

AnyEdge = AsteriskSettings | FreeswitchSettings | KamailioSettings | NftablesSettings | OpensipsSettings | WebhookSettings
"""Settings of one edge, of whatever kind."""


def edge_of(settings: AnyEdge, secrets: Secrets) -> Edge:
    """Return what speaks to the edge. Raises `SecretUnusable`."""
    match settings:
        case AsteriskSettings():
            return AsteriskEdge(settings, secrets(settings.password_file), encryption(settings.tls, secrets.file))
        case FreeswitchSettings():
            return FreeswitchEdge(settings, secrets(settings.password_file), encryption(settings.tls, secrets.file))
        case KamailioSettings():
            return KamailioEdge(settings, encryption(settings.tls, secrets.file, url=settings.url))
        case NftablesSettings():
            return NftablesEdge(settings)
        case OpensipsSettings():
            return OpensipsEdge(settings, encryption(settings.tls, secrets.file, url=settings.url))
        case WebhookSettings():
            return WebhookEdge(settings, secrets(settings.secret_file))
