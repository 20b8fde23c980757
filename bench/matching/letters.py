"""Complaints as people of nine countries write them: own words, own notation of numbers, days and hours, clocks that are off."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import PhoneNumberFormat

from ringfence.vocabulary.times import Micros, utc

ZONES: Final = {
    "BE": "Europe/Brussels", "FR": "Europe/Paris", "DE": "Europe/Berlin", "NL": "Europe/Amsterdam", "ES": "Europe/Madrid",
    "IT": "Europe/Rome", "GB": "Europe/London", "PL": "Europe/Warsaw", "PT": "Europe/Lisbon",
}  # fmt: skip
_SPEECH: Final = {
    "BE": ("nl", "fr"), "FR": ("fr",), "DE": ("de",), "NL": ("nl",), "ES": ("es",), "IT": ("it",), "GB": ("en",), "PL": ("pl",),
    "PT": ("pt",),
}  # fmt: skip
_MONTH: Final = {
    "en": "March", "fr": "mars", "de": "März", "nl": "maart", "es": "marzo", "it": "marzo", "pl": "marca", "pt": "março"
}  # fmt: skip
_WORDS: Final = {
    "en": (
        "On {day} at {hour} I got a call from {caller} on my number {callee}. A recorded voice said my account had been blocked.",
        "I want to report a nuisance call. Caller: {caller}. My number: {callee}. When: {day}, {hour}.",
        "{caller} rang my mobile {callee} {day} at {hour} and hung up as soon as I answered. Please make them stop!",
        "Unwanted call\nDate: {day}\nTime: {hour}\nFrom: {caller}\nTo: {callee}\n",
    ),
    "fr": (
        "J'ai été appelé le {day} à {hour} par le {caller} sur mon numéro {callee}. Une voix enregistrée me parlait d'un colis.",
        "Bonjour, je souhaite signaler un appel abusif du {caller} reçu le {day} vers {hour} sur ma ligne {callee}.",
        "Démarchage: numéro affiché {caller}, mon numéro {callee}, le {day} à {hour}. Merci de faire cesser ces appels.",
    ),
    "de": (
        "Am {day} um {hour} erhielt ich einen Anruf von der Nummer {caller} auf meinem Anschluss {callee}. Es ging um Strom.",
        "Guten Tag, ich wurde am {day} gegen {hour} belästigt. Angezeigt wurde {caller}, meine Nummer ist {callee}.",
        "Spam-Anruf. Rufnummer: {caller}. Angerufene Nummer: {callee}. Zeitpunkt: {day}, {hour}.",
    ),
    "nl": (
        "Op {day} om {hour} werd ik gebeld door {caller} op mijn nummer {callee}. Ze zeiden dat ze van de bank waren.",
        "Ongewenste oproep van {caller} naar {callee}, {day}, {hour}. Graag actie.",
        "Ik kreeg {day} rond {hour} telefoon van het nummer {caller}. Mijn nummer: {callee}.",
    ),
    "es": (
        "El {day} a las {hour} recibí una llamada del {caller} en mi número {callee}. Era una grabación sobre inversiones.",
        "Denuncio una llamada no deseada. Número que llamó: {caller}. Mi número: {callee}. Fecha: {day}, hora: {hour}.",
    ),
    "it": (
        "Il {day} alle {hour} ho ricevuto una chiamata dal numero {caller} sul mio numero {callee}. Era un disco.",
        "Segnalo una chiamata molesta. Numero chiamante: {caller}. Mio numero: {callee}. Data {day}, ore {hour}.",
    ),
    "pl": (
        "Dnia {day} o {hour} dzwoniono z numeru {caller} na mój numer {callee}. Oferowali fotowoltaikę.",
        "Zgłaszam niechciane połączenie z {caller}, mój numer {callee}, {day} godz. {hour}.",
    ),
    "pt": (
        "No dia {day} às {hour} recebi uma chamada do {caller} no meu número {callee}. Era uma gravação.",
        "Chamada indesejada. Número que ligou: {caller}. Meu número: {callee}. Data: {day}, hora: {hour}.",
    ),
}
_LEFT_OUT: Final = {
    "en": "(withheld)",
    "fr": "(masqué)",
    "de": "(unterdrückt)",
    "nl": "(anoniem)",
    "es": "(oculto)",
    "it": "(nascosto)",
    "pl": "(zastrzeżony)",
    "pt": "(anónimo)",
}
_YESTERDAY: Final = {
    "en": "yesterday",
    "fr": "hier",
    "de": "gestern",
    "nl": "gisteren",
    "es": "ayer",
    "it": "ieri",
    "pl": "wczoraj",
    "pt": "ontem",
}
_SPELLED: Final = {
    "en": "a quarter past {0}",
    "de": "viertel nach {0}",
    "fr": "{0} heures et quart",
    "nl": "kwart over {0}",
    "es": "{0} y cuarto",
    "it": "{0} e un quarto",
    "pl": "kwadrans po {0}",
    "pt": "{0} e um quarto",
}
"""A notation that nobody promised to read: it stays in the set, and counts."""


@dataclass(frozen=True)
class Wish:
    """What a letter is about. `caller` is `None` where it was withheld, `callee` where the writer does not tell it."""

    caller: str | None
    callee: str | None
    home: str
    """The writer's country."""


def letter(chance: Random, wish: Wish, when: Micros, received: datetime) -> bytes:
    """Return a mail about a call that the writer's clock showed at `when`."""
    zone = ZoneInfo(ZONES[wish.home])
    speech = chance.choice(_SPEECH[wish.home])
    local = utc(when).astimezone(zone)
    text = chance.choice(_WORDS[speech]).format(
        day=_day(chance, speech, local, received.astimezone(zone)),
        hour=_hour(chance, speech, local),
        caller=_LEFT_OUT[speech] if wish.caller is None else written(chance, wish.caller, wish.home),
        callee="…" if wish.callee is None else written(chance, wish.callee, wish.home),
    )
    mail = EmailMessage()
    mail["From"] = f"someone{chance.randrange(10**6)}@example.{wish.home.lower()}"
    mail["To"] = "abuse@voice.example"
    mail["Subject"] = "?"
    if chance.random() < 0.9:
        mail["Date"] = received.astimezone(zone)
    if chance.random() < 0.2:
        mail.set_content(f"<html><body><p>{text}</p></body></html>", subtype="html", charset=chance.choice(("utf-8", "utf-16")))
    else:
        mail.set_content(text, charset="utf-8")
    return bytes(mail)


def written(chance: Random, number: str, home: str) -> str:
    """Return a number as somebody at home would write it."""
    parsed = phonenumbers.parse(number)
    international: str = phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL)
    if phonenumbers.region_code_for_number(parsed) == home and chance.random() < 0.5:
        national: str = phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)
        return chance.choice((national, national.replace(" ", "."), national.replace(" ", ""), national.replace(" ", "-")))
    plain = international.replace("-", " ")
    styles = (
        number,
        plain,
        "00" + number[1:],
        plain.replace("+", "00"),
        plain.replace(" ", "-"),
        plain.replace(" ", "."),
        plain.replace(" ", "\u00a0"),
    )
    return chance.choice(styles)


def _day(chance: Random, speech: str, local: datetime, received: datetime) -> str:
    day, month, name = local.day, local.month, _MONTH[speech]
    styles = [f"{day}/{month:02}/{local.year}", f"{day:02}.{month:02}.{local.year}", f"{day:02}-{month:02}-{local.year}"]
    styles += [local.date().isoformat(), f"{day:02}/{month:02}/{local.year % 100}"]
    of_speech = {
        "en": [f"{name} {day}, {local.year}", f"{day}th of {name}"],
        "es": [f"{day} de {name} de {local.year}"],
        "pt": [f"{day} de {name} de {local.year}"],
        "de": [f"{day}. {name} {local.year}"],
    }
    styles += of_speech.get(speech, [f"{day} {name} {local.year}"])
    if local.date() + timedelta(days=1) == received.date():
        styles += [_YESTERDAY[speech]] * 2
    return chance.choice(styles)


def _hour(chance: Random, speech: str, local: datetime) -> str:
    plain = f"{local.hour:02}:{local.minute:02}"
    styles = [plain] * 3 + [f"{local.hour}.{local.minute:02}", f"{local.hour:02}:{local.minute:02}:{local.second:02}"]
    twelve = f"{local.hour % 12 or 12}:{local.minute:02} {'pm' if local.hour >= 12 else 'am'}"
    of_speech = {
        "en": [twelve, twelve.replace(" ", ""), f"{plain} GMT" if local.utcoffset() == timedelta() else plain],
        "de": [f"{plain} Uhr"] * 3,
        "fr": [f"{local.hour}h{local.minute:02}"] * 3,
        "nl": [f"{local.hour}u{local.minute:02}", f"{plain} uur"],
    }
    styles += of_speech.get(speech, [f"{plain} h"])
    if local.minute == 15 and chance.random() < 0.5:
        return _SPELLED[speech].format(local.hour)
    offset = local.strftime("%z")
    return chance.choice(styles) if chance.random() < 0.93 else f"{plain} (UTC{offset[:3]}:{offset[3:]})"
