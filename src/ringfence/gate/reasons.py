"""How a refusal is put into words that SIP carries."""

import re
from collections.abc import Mapping
from typing import Final

from ringfence.vocabulary.contracts import Finding, Order, Verdict, VerdictAction

_UNSPEAKABLE: Final = re.compile(r"[^ !#-\[\]-~]")
"""All that would end a quoted string early, or a header line: quotes, backslashes, controls, anything outside ASCII."""

ORDER_HEADER: Final = "P-Ringfence-Order"
SILENT_HEADER: Final = "P-Ringfence-Silent"
"""Says that the edge should not answer: the sender is an outsider, whom an answer would feed."""
RULE_HEADER: Final = "P-Ringfence-Rule"
"""Names the rule that refused while the call was set up, where no order stood."""
REDRESS_HEADER: Final = "P-Ringfence-Redress"

_PHRASES: Final = {
    403: "Forbidden",
    404: "Not Found",
    429: "Provide Referrer Identity",
    480: "Temporarily Unavailable",
    484: "Address Incomplete",
    486: "Busy Here",
    503: "Service Unavailable",
    600: "Busy Everywhere",
    603: "Decline",
    607: "Unwanted",
    608: "Rejected",
}

NETWORK_BLOCKED: Final = (603, "Network Blocked")
"""What a block by analytics is answered with in the United States ("603+"); the caller finds redress by the Reason header."""


def refusal(order: Order) -> Verdict:
    """Return the verdict of an order that refuses: its code and phrase, and a Reason (RFC 3326) that names order and clause."""
    return Verdict(
        action=VerdictAction.REJECT,
        code=order.action.code,
        phrase=speakable(order.action.phrase),
        reason=f'SIP;cause={order.action.code};text="order {speakable(order.id)}, clause {speakable(order.clause)}"',
        order=order.id,
        clause=order.clause,
        rule=order.rule,
        headers=_headers(order),
    )


def diversion(order: Order) -> Verdict:
    """Return the verdict of an order that sends calls elsewhere: 302 and where to (RFC 3261 section 21.3.3)."""
    return Verdict(
        action=VerdictAction.DIVERT,
        code=302,
        phrase="Moved Temporarily",
        target=speakable(order.action.target or ""),
        order=order.id,
        clause=order.clause,
        rule=order.rule,
        headers=_headers(order),
    )


def throttled(order: Order, wait_s: int) -> Verdict:
    """Return the verdict of a throttle that is full: after `wait_s` seconds it lets a request through again."""
    return Verdict(
        action=VerdictAction.THROTTLE,
        reason=f'SIP;cause=503;text="order {speakable(order.id)}, clause {speakable(order.clause)}"',
        order=order.id,
        clause=order.clause,
        rule=order.rule,
        ttl=0,
        headers=_headers(order) | {"Retry-After": str(wait_s)},
    )


def rule_refusal(finding: Finding, rule: str, code: int) -> Verdict:
    """Return the verdict of a rule that decides before: its code, and a Reason that says rule, numbers and clause."""
    numbers = ", ".join(_number(name, value, finding.thresholds) for name, value in sorted(finding.measures.items()))
    said = f"rule {rule}{': ' if numbers else ''}{numbers}, clause {finding.clause}"
    phrase = _PHRASES.get(code, "Refused")
    return Verdict(
        action=VerdictAction.REJECT,
        code=code,
        phrase=phrase,
        reason=f'SIP;cause={code};text="{speakable(said)}"',
        clause=finding.clause,
        rule=rule,
        headers={RULE_HEADER: speakable(rule)},
    )


def _number(name: str, value: float, thresholds: Mapping[str, float]) -> str:
    threshold = thresholds.get(name)
    return f"{name} {value:g}" if threshold is None else f"{name} {value:g} at a threshold of {threshold:g}"


def network_blocked(verdict: Verdict) -> tuple[int, str, str] | None:
    """Return code, phrase and Reason in the 603+ form, or `None` where it does not apply.

    It applies to what a rule measured (analytics) and needs a redress address; lists and persons' decisions are answered plainly.
    """
    redress = verdict.headers.get(REDRESS_HEADER)
    if verdict.rule is None or redress is None:
        return None
    code, phrase = NETWORK_BLOCKED
    return code, phrase, f'Q.850;cause=21;text="v=analytics1;url={redress}";location=LN'


def _headers(order: Order) -> dict[str, str]:
    headers = {ORDER_HEADER: speakable(order.id)}
    if order.action.silent:
        headers[SILENT_HEADER] = "yes"
    if order.redress is not None:
        headers[REDRESS_HEADER] = speakable(order.redress)
    return headers


def speakable(text: str) -> str:
    """Return `text` without what could end a quoted string or a header line."""
    return _UNSPEAKABLE.sub("", text)
