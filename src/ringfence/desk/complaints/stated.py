"""What a complaint states: from the reports in it, and from its words where they say more. Pure; no bytes make it raise."""

from datetime import UTC
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime
from typing import Final

import phonenumbers
from msgspec.structs import replace

from ringfence.desk.complaints import mails
from ringfence.desk.complaints.reports import Report, reports_in
from ringfence.desk.complaints.statements import Around, Named, NumberRole, Statement, Told, statement_of
from ringfence.vocabulary.times import Micros

_COUNTRIES: Final = frozenset(phonenumbers.SUPPORTED_REGIONS)
_OF_DOMAIN: Final = {"uk": "GB", "eu": ""}


def stated_in_mail(raw: bytes, around: Around) -> Statement:
    """Return what a mail states. `around` has the provider's country and zone; the mail's own go before them."""
    mail = mails.letter(raw)
    closer = _closer(mail, around)
    reports = reports_in(raw)
    told = statement_of(f"{mails.heading(raw)}\n\n{mails.text(raw)}", closer)
    return _of_report(reports[0], told) if reports else told


def _of_report(report: Report, told: Statement) -> Statement:
    """Return what a report says; where it names no number or no time, the words beside it do."""
    named = [
        *(Named(text=number, role=NumberRole.CALLER, readings=(number,)) for number in report.numbers),
        *(Named(text=number, role=NumberRole.CALLEE, readings=(number,)) for number in report.callees),
        *(Named(text=number, role=NumberRole.CALLBACK, readings=(number,)) for number in report.callbacks),
    ]
    times = () if report.happened is None else (Told(begin=report.happened, end=report.happened, is_zoned=True),)
    return replace(told, numbers=tuple(named) or told.numbers, times=times or told.times)


def _closer(mail: Message, around: Around) -> Around:
    """Put the country and the offset of who wrote the mail before the provider's. An offset of zero is often just a server's."""
    domain = parseaddr(str(mail.get("From", "")))[1].rpartition(".")[2].lower()
    country = _OF_DOMAIN.get(domain, domain.upper())
    countries = [country] if country in _COUNTRIES else []
    offset = _offset(mail)
    return replace(
        around,
        countries=tuple(dict.fromkeys((*around.countries[:1], *countries, *around.countries[1:]))),
        own_zone="" if offset == "+00:00" else offset,
    )


def _offset(mail: Message) -> str:
    try:
        written = parsedate_to_datetime(str(mail.get("Date", "")))
    except (ValueError, TypeError, OverflowError):
        return ""
    return written.strftime("%z")[:3] + ":" + written.strftime("%z")[3:5] if written.tzinfo not in (None, UTC) else ""


def around_of(received: Micros, *, country: str, zone: str) -> Around:
    """Return what the provider itself adds: its country and its zone."""
    return Around(received=received, countries=(country,) if country in _COUNTRIES else (), zones=(zone, "UTC"))
