"""What is known of a request that may pass or not: what its asker said, and who answers for both ends."""

from dataclasses import dataclass

from ringfence.gate.table import NOBODY, Answering
from ringfence.vocabulary.contracts import Ask, Event, EventKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.identity import Identified


@dataclass(frozen=True, slots=True)
class Situation:
    """What is asked, the parties that answer for it from the root down, and who answers for the number that it goes to.

    The rest is what rules may read beside: the account's plan, and what the request itself said.
    """

    ask: Ask
    parties: tuple[str, ...]
    called: Answering = NOBODY
    plan: str | None = None
    tag: str | None = None
    """The From tag."""
    target: str | None = None
    """The user of the request URI, as sent."""
    domain: str | None = None
    diverted: str | None = None
    user_agent: str | None = None
    credentials: bool = False
    called_to: str | None = None
    """The number of the To header field."""
    identified: Identified | None = None
    """What its signed identity came to; `None` where nobody verified."""


def attempt_of(situation: Situation, time: Micros) -> Event:
    """Return the request as the attempt that watch would have counted at `time`."""
    ask, identified = situation.ask, situation.identified
    inbound = "inbound" if situation.called.account is not None else None
    return Event(
        kind=EventKind.ATTEMPT,
        time=time,
        call_id=ask.call_id,
        method=ask.method,
        source=ask.source,
        caller=ask.caller,
        callee=ask.callee,
        asserted=ask.asserted,
        target=situation.target,
        domain=situation.domain,
        diverted=situation.diverted,
        user_agent=situation.user_agent,
        credentials=situation.credentials,
        account=ask.account,
        party_path=situation.parties,
        trunk=ask.trunk,
        plan=situation.plan,
        verification=None if identified is None else identified.verification,
        attestation=None if identified is None else identified.attestation,
        signer=None if identified is None else identified.signer,
        direction="outbound" if ask.account is not None else inbound,
    )
