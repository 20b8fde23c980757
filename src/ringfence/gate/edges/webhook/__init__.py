"""Any system that takes orders as signed JSON over HTTP and tells what it holds."""

from ringfence.gate.edges.webhook.edge import WebhookEdge
from ringfence.gate.edges.webhook.settings import WebhookSettings

__all__ = ["WebhookEdge", "WebhookSettings"]
