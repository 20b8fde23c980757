"""What the gate is told of a webhook."""

from typing import Annotated

from msgspec import Meta

from ringfence.gate.edges.settings import EdgeSettings
from ringfence.gate.table import DECIDABLE, WHOLE
from ringfence.vocabulary.contracts import ActionKind
from ringfence.vocabulary.subjects import SubjectKind


class WebhookSettings(EdgeSettings, frozen=True, kw_only=True, tag="webhook"):
    """`url` takes orders by POST and tells by GET what it holds (docs/edges/webhook.md). `secret_file` holds what signs requests.

    `scopes` and `actions` are what the system behind it can carry out. `tries`: how often one instruction is sent at most.
    """

    url: Annotated[str, Meta(pattern=r"^https?://[^/\s?#]+/[^\s?#]*$", description="https://host/path, without ? and #")]
    secret_file: str
    scopes: tuple[SubjectKind, ...] = tuple(sorted(DECIDABLE))
    actions: tuple[ActionKind, ...] = tuple(sorted(WHOLE))
    tries: Annotated[int, Meta(ge=1, le=10)] = 3
