"""Codes on their way to called numbers: to the operator's hook, which calls or writes to them, or onto the log of a demo."""

import json
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.error import URLError
from urllib.request import Request, urlopen

from ringfence.desk.complaints.control import CODE
from ringfence.desk.outbox import services as outbox

log = logging.getLogger(__name__)

CONSOLE: Final = "console"
_SECONDS: Final = 5.0


def deliver_codes(hook: str, *, now: datetime) -> int:
    """Deliver the codes that wait; return how many. `hook` is an http or https address, or `console`; empty delivers none.

    The hook gets JSON with `number` and `code` and answers 2xx when it has taken them; else it is asked again later.
    """
    delivered = 0
    for message in outbox.due(topics=(CODE,), now=now) if hook else []:
        try:
            _deliver(hook, message.payload)
        except (URLError, OSError, ValueError) as error:
            outbox.failed(message=message.id, error=f"code hook: {error}", now=now)
        else:
            outbox.done(ids=[message.id])
            delivered += 1
    return delivered


def _deliver(hook: str, payload: Mapping[str, Any]) -> None:
    told = {"number": payload["number"], "code": payload["code"]}
    if hook == CONSOLE:
        log.info("code %s for the called number of complaint %s", told["code"], payload["complaint"])
        return
    if not hook.startswith(("http://", "https://")):
        raise ValueError(f"{hook} is no http or https address")
    request = Request(hook, json.dumps(told).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=_SECONDS):
        pass
