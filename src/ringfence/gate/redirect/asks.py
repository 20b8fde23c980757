"""From a proxy's request to an Ask: who sent it, for whom, and which account answers for it."""

from ipaddress import ip_address

from ringfence.gate.inline.situations import Situation
from ringfence.gate.redirect.answers import Question
from ringfence.gate.redirect.peers import plain
from ringfence.gate.table import NOBODY, Answering
from ringfence.vocabulary.contracts import Ask
from ringfence.vocabulary.numbers import to_e164
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.wire.sip import Uri


def ask_of(question: Question, *, trusted: bool, directory: Directory, now: Micros) -> Situation:
    """Return the question with everybody whom it touches.

    The first Via is the asking proxy's own, so the request came from where the second says: its `received`, which that proxy
    wrote, else its sent-by host. A trusted peer names the source in a header of its own instead, and asks only about requests
    whose credentials it has checked: from others a user name is a mere claim and counts for nothing.
    """
    message = question.message
    source = _address(question.named_source) if trusted else None
    if source is None and len(message.vias) > 1:
        source = _address(message.vias[1].received) or _address(message.vias[1].host)
    user = message.authorization.username if trusted and message.authorization is not None else None
    sender = directory.sender(source, user, now)
    asked = Ask(
        call_id=message.call_id or "",
        tag=message.from_tag,
        method=question.method,
        source=source,
        trunk=sender.trunk if sender is not None else None,
        account=sender.account if sender is not None else None,
        caller=_subscriber(message.from_uri),
        asserted=_subscriber(message.asserted[0]) if message.asserted else None,
        callee=_service(question.uri) or _subscriber(message.uri),
        registration=_address_of_record(message.to_uri) if question.method == "REGISTER" else None,
        identity=message.identities,
    )
    called = called_party(directory, asked.callee, now)
    return Situation(
        asked,
        sender.party_path if sender is not None else (),
        called,
        plan=sender.plan if sender is not None else None,
        tag=message.from_tag,
        target=message.uri.user if message.uri is not None else None,
        domain=message.uri.host if message.uri is not None else None,
        diverted=_subscriber(message.diversions[0]) if message.diversions else None,
        user_agent=message.user_agent,
        credentials=message.authorization is not None,
        called_to=_subscriber(message.to_uri),
    )


def called_party(directory: Directory, number: str | None, now: Micros) -> Answering:
    """Return who answers for a number, `NOBODY` where it is none of ours."""
    account = directory.holder(number, now) if number is not None else None
    if account is None:
        return NOBODY
    return Answering(account, directory.account(account, None, now).party_path)


def _address_of_record(uri: Uri | None) -> str | None:
    return f"{uri.user}@{uri.host.lower()}" if uri is not None and uri.user is not None and uri.host is not None else None


def _subscriber(uri: Uri | None) -> str | None:
    """Return the user part as E.164 where it names a number in international form, else as sent."""
    if uri is None or uri.user is None:
        return None
    return to_e164(uri.user) or uri.user


def _service(uri: str) -> str | None:
    """Return a service name (RFC 5031) in lower case, or `None` for any other request URI."""
    known = uri.lower()
    return known if known.startswith("urn:service:") else None


def _address(text: str | None) -> str | None:
    """Return an address in canonical text, or `None` for anything else, such as a host name."""
    if text is None:
        return None
    try:
        return str(plain(ip_address(text.strip().strip("[]"))))
    except ValueError:
        return None
