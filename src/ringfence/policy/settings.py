"""bundle.toml: whose policy it is, and the parameters of its text."""

import re
import tomllib
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from ringfence.policy.problems import START, Mark, Report, did_you_mean

NOTICES: Final = ("page", "feed", "mail")
"""How a posting can be announced: on the public page, in its feed, by mail to every contracting party."""

_TEXTS: Final = (
    "name",
    "provider",
    "jurisdiction",
    "governing_law",
    "time_zone",
    "policy_page",
    "abuse_mailbox",
    "service_mailbox",
)
_KEYS: Final = (*_TEXTS, "languages", "severability", "posting")
_LINE: Final = re.compile(r"at line ([0-9]+), column ([0-9]+)")
_MAILBOX: Final = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+\Z", re.ASCII)
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Settings:
    """The bundle's settings. Texts stand in policy.md as `{{name}}`, `{{provider}}` and so on.

    `jurisdiction` is an ISO 3166 alpha-2 code and `governing_law` how the text calls its law. `severability`: a struck clause
    leaves the others in force. `notify`: how a posting is announced, from `NOTICES`.
    """

    name: str
    provider: str
    jurisdiction: str
    governing_law: str
    time_zone: str
    policy_page: str
    abuse_mailbox: str
    service_mailbox: str
    languages: tuple[str, ...]
    severability: bool
    notify: tuple[str, ...]

    def placeholders(self) -> dict[str, str]:
        """What the text may name between double braces."""
        return {key: str(getattr(self, key)) for key in _TEXTS}


@dataclass(slots=True)
class _Reader:
    """Takes values out of the table; a problem wherever one is missing or of the wrong form."""

    file: str
    text: str
    table: dict[str, Any]
    report: Report

    def refuse(self, key: str, cause: str, hint: str = "") -> None:
        self.report.add(self.file, self.mark(key), cause, hint)

    def mark(self, key: str) -> Mark:
        """Where the key is written. tomllib keeps no places, so the line is searched for."""
        written = re.compile(rf"(\[?[ \t]*)[\"']?{re.escape(key)}[\"']?[ \t]*[=.\]]")
        for number, line in enumerate(self.text.split("\n"), start=1):
            if match := written.match(line):
                return Mark(number, match.end(1) + 1)
        return START

    def text_of(self, key: str) -> str:
        value = self.table.get(key)
        if key not in self.table:
            self.refuse(key, f"required key {key!r} is missing", f'add {key} = "…"')
        elif not isinstance(value, str) or not value.strip() or len(value) > 200 or not value.isprintable():
            self.refuse(key, f"{key} must be a text of one line", f'write {key} = "…"')
        else:
            return value
        return ""

    def texts_of(self, key: str, value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
            self.refuse(key, f"{key} must be a list of texts", f'write {key} = ["…"]')
            return ()
        return tuple(value)


def read_settings(file: str, text: str, report: Report) -> Settings | None:
    """Return the settings, or `None` where the file has problems, which go to `report`."""
    before = len(report.problems)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _LINE.search(str(error))
        mark = Mark(int(place[1]), int(place[2])) if place else START
        report.add(file, mark, f"not readable as TOML: {_LINE.sub('', str(error)).removesuffix(' ()')}", "check quotation marks")
        return None
    except RecursionError:
        report.add(file, START, "not readable as TOML: nested too deeply", "the keys stand at the top")
        return None
    reader = _Reader(file, text, table, report)
    for key in table:
        if key not in _KEYS:
            reader.refuse(key, f"unknown key {key!r}", did_you_mean(key, _KEYS))
    settings = Settings(
        **{key: reader.text_of(key) for key in _TEXTS},
        languages=_languages(reader),
        severability=_severability(reader),
        notify=_notify(reader),
    )
    if len(report.problems) == before:
        _check_forms(reader, settings)
    return settings if len(report.problems) == before else None


def _languages(reader: _Reader) -> tuple[str, ...]:
    languages = reader.texts_of("languages", reader.table.get("languages"))
    for language in languages:
        if not _LANGUAGE.match(language):
            reader.refuse("languages", f"{language!r} is no language", "write codes such as en or pt-BR")
    return languages


def _severability(reader: _Reader) -> bool:
    value = reader.table.get("severability")
    if not isinstance(value, bool):
        reader.refuse("severability", "severability must be true or false", "true: a struck clause leaves the others in force")
    return value is True


def _notify(reader: _Reader) -> tuple[str, ...]:
    posting = reader.table.get("posting")
    if not isinstance(posting, dict) or set(posting) != {"notify"}:
        reader.refuse(
            "posting", "posting must say whom it notifies, and nothing else", f"write [posting] and notify = {list(NOTICES)}"
        )
        return ()
    notices = reader.texts_of("notify", posting["notify"])
    for notice in notices:
        if notice not in NOTICES:
            reader.refuse("notify", f"unknown notice {notice!r}", did_you_mean(notice, NOTICES))
    return notices


def _check_forms(reader: _Reader, settings: Settings) -> None:
    if not re.fullmatch(r"[A-Z]{2}", settings.jurisdiction):
        reader.refuse("jurisdiction", f"{settings.jurisdiction!r} is no country", "write its two capital letters (ISO 3166)")
    for key in ("abuse_mailbox", "service_mailbox"):
        if not _MAILBOX.match(getattr(settings, key)):
            reader.refuse(key, f"{key} is no mail address", "write name@domain")
    if not re.match(r"https?://[^\s<>\"']+\Z", settings.policy_page):
        reader.refuse("policy_page", "policy_page is no web address", "write https://…")
    try:
        ZoneInfo(settings.time_zone)
    except (LookupError, ValueError, OSError):
        reader.refuse("time_zone", f"unknown time zone {settings.time_zone!r}", "write UTC, or one such as Europe/Vienna")
