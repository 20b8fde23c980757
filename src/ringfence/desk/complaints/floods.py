"""What keeps machines from filling the public form, without asking anybody else: work to be done, and bounds by network."""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address, ip_network
from typing import Final

from django.core import signing

from ringfence.desk.audit import services as audit
from ringfence.desk.complaints.models import Complaint, Door

BITS: Final = 14
"""How many leading zero bits the hash must have: a tenth of a second of a browser's work, each time."""
A_DAY: Final = 24 * 3600
WORKED_AN_HOUR: Final = 20
"""Complaints an hour from one network (a /24, a /56) whose browser did the work."""
UNWORKED_AN_HOUR: Final = 4
"""The same without scripts."""
EVERYBODY_AN_HOUR: Final = 2_000
_SALT: Final = "complaints.challenge"


def challenge() -> str:
    """Return a challenge, signed, good for a day, and good for one complaint."""
    return signing.dumps(secrets.token_urlsafe(12), salt=_SALT)


def is_challenge(text: str) -> bool:
    """Tell whether a text is a challenge of ours that is still good."""
    try:
        signing.loads(text, salt=_SALT, max_age=A_DAY)
    except signing.BadSignature:
        return False
    return True


def is_worked(text: str, solution: str) -> bool:
    """Tell whether the hash of challenge and solution begins with `BITS` zero bits."""
    digest = sha256(f"{text}:{solution[:32]}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> (32 - BITS) == 0


def network_of(address: str) -> str:
    """Return the token of the network that an address belongs to; people behind one address have one bound."""
    try:
        given = ip_address(address)
    except ValueError:
        return audit.token_of("network", "")
    return audit.token_of("network", str(ip_network((given, 24 if given.version == 4 else 56), strict=False)))


def is_flooding(network: str, *, worked: bool, now: datetime) -> bool:
    """Tell whether so much came within the hour that no more is taken: from this network, or from everybody."""
    lately = Complaint.objects.filter(door=Door.FORM, received__gt=now - timedelta(hours=1))
    if lately.filter(sender=network).count() >= (WORKED_AN_HOUR if worked else UNWORKED_AN_HOUR):
        return True
    return lately.count() >= EVERYBODY_AN_HOUR
