"""JSON Schemas of rules and examples, for editors: generated from what the loader reads, so that both know the same words.

A schema knows keys, closed lists and how a value is written; what an expression means only the loader can tell. Editors read
values as YAML does, so a key that takes `yes` or a number takes them as text and as what YAML makes of them.
"""

from collections.abc import Iterable
from typing import Any, Final

from ringfence.policy.durations import UNITS
from ringfence.policy.example_traffic import KINDS, SCHEDULE
from ringfence.policy.examples import ENTRIES, EXPECTED
from ringfence.policy.fields import FIELDS
from ringfence.policy.formatter import ORDER
from ringfence.policy.measures import KEYWORDS
from ringfence.policy.plan import MeasureFunction, ProposalKind, Unit
from ringfence.policy.rules import CONDITION, REQUIRED
from ringfence.policy.tiers import OF_A_TIER
from ringfence.policy.windows import NAME
from ringfence.vocabulary.contracts import EventKind
from ringfence.vocabulary.severity import Mode, Severity
from ringfence.vocabulary.subjects import SubjectKind

Schema = dict[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
MEANINGS: Final[dict[str, str]] = {
    "rule": "Its name: lower-case words joined by hyphens; no two rules share one.",
    "clause": "The slug of the clause in policy.md that it measures.",
    "says": "What a finding tells, in words anyone understands.",
    "source": "Where each threshold comes from; ours, where nobody published it.",
    "from": "The moment from which the rule holds: a date (UTC) or a date and time with its zone.",
    "until": "The first moment at which the rule no longer holds.",
    "on": "The kind of event and which of them: KIND, KIND where CONDITION, or a list of such.",
    "per": "By what events are counted: an expression that yields a text, or a list of them; or rollup(party).",
    "subject": "Whom a finding is about, where it doesn't follow from per.",
    "exempt": "Events for which it holds are not counted.",
    "passes": "Events for which it holds are counted, and never found.",
    "once": "Events that agree in these, within that time of the first, count as one.",
    "reset": "KIND where CONDITION, or a list: such an event makes the key forget all it holds.",
    "decide": "before: it answers while the call or message is being set up.",
    "window": 'How far back measures look: 1h rolling, 30d rolling by 1d, day in "UTC", 6 months in "UTC"; several by name.',
    "measure": "What is measured, each by a name of its own.",
    "minimum": 'The least sample before which nothing is found, or: none because "why".',
    "evaluate": "When the condition is looked at.",
    "silent_too": "yes: also for whoever gave no event.",
    "finds": "each time: whenever it is looked at and holds; unless stated, the first time it does.",
    "tiers": "Several thresholds in place of when and severity.",
    "when": "The condition over the measures and the event.",
    "clears": "What makes a met condition false again; unless stated, that it no longer holds.",
    "severity": "info is worth knowing, warn asks for a look, act allows a measure.",
    "points": "What a finding weighs for rules that add findings up.",
    "proposes": "What should follow. Ladder and people decide.",
    "classifies": "NAME for 24h: the class of traffic that a finding gives its subject.",
    "mode": "shadow: nothing follows; report: a case; act: a standing order too, where the ladder has one.",
    "cool_down": "How long after a finding the same key gives no other of the same tier.",
}
"""Every key of a rule in a sentence."""

_UNITS: Final = "|".join(sorted(UNITS, key=len, reverse=True))
DURATION: Final = rf"^[0-9]{{1,9}}(\.[0-9]{{1,6}})?({_UNITS})$"
_MOMENT: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+(Z|[+-][0-9:]+))?$"
_TEXT: Final[Schema] = {"type": "string", "minLength": 1}
_FLAG: Final[Schema] = {"enum": ["yes", "no", True, False]}


def rule_schema() -> Schema:
    """Return the schema of a file under `rules/`."""
    return {
        "$schema": DIALECT,
        "title": "A rule of an acceptable use policy",
        "type": "object",
        "required": list(REQUIRED),
        "properties": {key: {**_VALUES.get(key, _TEXT), "description": MEANINGS[key]} for key in ORDER},
        "additionalProperties": False,
        "oneOf": [
            {"required": list(CONDITION), "not": {"required": ["tiers"]}},
            {"required": ["tiers"], "not": {"anyOf": [{"required": [key]} for key in OF_A_TIER if key != "says"]}},
        ],
    }


def example_schema() -> Schema:
    """Return the schema of an example under `tests/`."""
    texts = dict.fromkeys(ENTRIES, _TEXT)
    moment = {"type": "string", "description": "After the example's time (40min, 2d 4h), or a date and time with its zone."}
    found: Schema = {key: {} for key in EXPECTED} | {"at": moment, "severity": _closed(Severity), "mode": _closed(Mode)}
    lists = {key: {"type": "array", "items": {"type": "object"}} for key in ("accounts", "numbers", "rights")}
    return {
        "$schema": DIALECT,
        "title": "An example: a little traffic, and what a policy must find in it",
        "type": "object",
        "required": ["says", "time", "events", "finds"],
        "properties": {
            **texts,
            **lists,
            "until": moment,
            "rules": _one_or_more(_TEXT),
            "events": {"type": "array", "items": _block(moment)},
            "finds": {"anyOf": [{"const": "none"}, {"type": "array", "items": _closed_object(found)}]},
        },
        "additionalProperties": False,
    }


def _block(moment: Schema) -> Schema:
    told = sorted(set(FIELDS) - {"kind", "time", "party", "root"})
    values = {"type": "object", "properties": {name: {"description": FIELDS[name].meaning} for name in told}}
    whole = {"type": ["integer", "string"], "pattern": "^[1-9][0-9]*$"}
    schedule = {"at": moment, "count": whole, "rounds": whole, "every": _DURATION, "apart": _DURATION}
    block = _closed_object(dict.fromkeys(KINDS, values) | {key: schedule[key] for key in SCHEDULE})
    return block | {"oneOf": [{"required": [kind]} for kind in KINDS]}


def _closed(words: Iterable[str]) -> Schema:
    return {"enum": [str(word) for word in words]}


def _closed_object(properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _one_or_more(item: Schema) -> Schema:
    return {"anyOf": [item, {"type": "array", "minItems": 1, "items": item}]}


def _named(item: Schema) -> Schema:
    pattern = NAME.pattern.replace(r"\Z", "$")
    return {"type": "object", "minProperties": 1, "propertyNames": {"pattern": f"^{pattern}"}, "additionalProperties": item}


def _words(kinds: Iterable[str], *, after: str) -> str:
    return rf"^\s*({'|'.join(str(kind) for kind in kinds)}){after}"


_DURATION: Final[Schema] = {"type": "string", "pattern": DURATION}
_SELECTED: Final[Schema] = {"type": "string", "pattern": _words(EventKind, after=r"(\s+where\s|\s*$)")}
_ROLLING: Final = rf"[0-9.]+({_UNITS})\s+rolling(\s+by\s+[0-9.]+({_UNITS}))?"
_CALENDAR: Final = rf"([0-9]+\s+)?({'|'.join(Unit)})s?\s+in\s+[\"'].+[\"']"
_WINDOW: Final[Schema] = {
    "type": "string",
    "pattern": rf"^\s*({_ROLLING}|{_CALENDAR})\s*$",
}
_PROPOSAL: Final[Schema] = {"type": "string", "pattern": _words([kind.split("-", 1)[0] for kind in ProposalKind], after=r"\b")}
_MEASURE: Final[Schema] = {
    "type": "string",
    "pattern": _words(MeasureFunction, after=r"\s*\("),
    "description": f"FUNCTION(…, {', '.join(f'{word}=…' for word in KEYWORDS)})",
}
_POINTS: Final[Schema] = {"type": ["number", "string"], "pattern": r"^[0-9]{1,7}(\.[0-9]{1,3})?$"}

_OF_A_TIER: Final[Schema] = {
    "severity": _closed(Severity),
    "points": _POINTS,
    "proposes": {"type": "array", "minItems": 1, "items": _PROPOSAL},
}

_VALUES: Final[dict[str, Schema]] = {
    "rule": {"type": "string", "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$", "maxLength": 64},
    "clause": {"type": "string", "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"},
    "from": {"type": "string", "pattern": _MOMENT},
    "until": {"type": "string", "pattern": _MOMENT},
    "on": _one_or_more(_SELECTED),
    "reset": _one_or_more(_SELECTED),
    "per": _one_or_more(_TEXT),
    "subject": _closed(SubjectKind),
    "once": {**_closed_object({"per": _one_or_more(_TEXT), "within": _DURATION}), "required": ["per", "within"]},
    "decide": {"const": "before"},
    "window": {"anyOf": [_WINDOW, _named(_WINDOW)]},
    "measure": _named(_MEASURE),
    "evaluate": {"type": "string", "pattern": rf"^(each event|at close|every [0-9.]+({_UNITS}))$"},
    "silent_too": _FLAG,
    "finds": {"enum": ["first time", "each time"]},
    "tiers": {
        "type": "array",
        "minItems": 1,
        "items": {
            **_closed_object({key: {**_OF_A_TIER.get(key, _TEXT), "description": MEANINGS[key]} for key in OF_A_TIER}),
            "required": list(CONDITION),
        },
    },
    **_OF_A_TIER,
    "classifies": {"type": "string", "pattern": rf"^[\"']?[a-z][a-z0-9-]*[\"']?\s+for\s+[0-9.]+({_UNITS})$"},
    "mode": _closed(Mode),
    "cool_down": _DURATION,
}
