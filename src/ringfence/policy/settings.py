"""bundle.toml: whose policy it is, and the parameters of its text."""

import re
import tomllib
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

from ringfence.policy.due_process import AUTOMATION, DUE_PROCESS, Budget, DueProcess, read_budget, read_due_process
from ringfence.policy.plan import EXACT_DISTINCT, MEMORY_BYTES, Bounds
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
_KEYS: Final = (*_TEXTS, "languages", "severability", "posting", "engine", "packs", DUE_PROCESS, AUTOMATION)
_BOUNDS: Final = ("exact_distinct", "memory")
_MEMORY: Final = re.compile(r"(?P<number>[1-9][0-9]{0,5}) ?(?P<unit>[MG])iB\Z", re.ASCII)
_LEAST_MEMORY: Final = 64 << 20
_EXACT: Final = (1_000, 1_000_000)
_LINE: Final = re.compile(r"at line ([0-9]+), column ([0-9]+)")
_MAILBOX: Final = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+\Z", re.ASCII)
_PACK: Final = re.compile(r"[a-z]{2}(-[a-z0-9]{1,3})?\Z", re.ASCII)
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Settings:
    """The bundle's settings. Texts stand in policy.md as `{{name}}`, `{{provider}}` and so on.

    `jurisdiction` is an ISO 3166 alpha-2 code and `governing_law` how the text calls its law. `severability`: a struck clause
    leaves the others in force. `notify`: how a posting is announced, from `NOTICES`. `bounds` are those of an engine of its rules.
    `packs` are the jurisdiction packs that its rules read, by name. `due_process` is what whoever is judged can rely on, `budget`
    what standing orders may do within an hour.
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
    bounds: Bounds = field(default_factory=Bounds)
    packs: tuple[str, ...] = ()
    due_process: DueProcess = field(default_factory=DueProcess)
    budget: Budget = field(default_factory=Budget)

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
        bounds=_bounds(reader),
        packs=_packs(reader),
        due_process=read_due_process(table, reader.refuse),
        budget=read_budget(table, reader.refuse),
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


def _packs(reader: _Reader) -> tuple[str, ...]:
    if "packs" not in reader.table:
        return ()
    packs = reader.texts_of("packs", reader.table["packs"])
    for place, pack in enumerate(packs):
        if not _PACK.match(pack) or pack in packs[:place]:
            reader.refuse("packs", f"{pack!r} is no pack, or named twice", 'write packs = ["be", "gb"]')
    return packs


def _bounds(reader: _Reader) -> Bounds:
    stated = reader.table.get("engine", {})
    if not isinstance(stated, dict):
        reader.refuse("engine", "engine must be a table", "write [engine] and exact_distinct = 16384")
        return Bounds()
    for key in stated:
        if key not in _BOUNDS:
            reader.refuse(key, f"unknown key {key!r} of engine", did_you_mean(key, _BOUNDS))
    exact = stated.get("exact_distinct", EXACT_DISTINCT)
    least, most = _EXACT
    if isinstance(exact, bool) or not isinstance(exact, int) or not least <= exact <= most:
        hint = f"{least} for ± 9 % beyond it, {EXACT_DISTINCT} for ± 2 %"
        reader.refuse("exact_distinct", f"exact_distinct must be a whole number from {least} to {most}", hint)
        return Bounds()
    return Bounds(memory_bytes=_memory(reader, stated), exact_distinct=exact)


def _memory(reader: _Reader, stated: dict[str, Any]) -> int:
    if "memory" not in stated:
        return MEMORY_BYTES
    match = _MEMORY.match(str(stated["memory"]))
    octets = int(match["number"]) << (20 if match["unit"] == "M" else 30) if match else 0
    if octets < _LEAST_MEMORY:
        reader.refuse("memory", "memory must be a size of 64 MiB or more", 'write memory = "512 MiB", or "2 GiB"')
    return octets


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
