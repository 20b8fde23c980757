"""Notices in words: one file of texts for each language, filled in whole or not at all. Pure."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Final

from ringfence.desk.letters.wording import filled
from ringfence.vocabulary.contracts import Action, ActionKind, CallClass, Scope

DEFAULT: Final = "en"
_SUBJECT_LENGTH: Final = 250


@dataclass(frozen=True, slots=True)
class Texts:
    """All texts of a language: `notices` by kind, each with `subject` and `text`; phrases by name."""

    language: str
    notices: Mapping[str, Mapping[str, str]]
    deeds: Mapping[str, str]
    classes: Mapping[str, str]
    phrases: Mapping[str, str]


def languages() -> tuple[str, ...]:
    """Return the languages that there are texts in."""
    names = (each.name for each in resources.files("ringfence.desk.notices").joinpath("texts").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def texts(language: str) -> Texts:
    """Return the texts in a language, by its first part (`fr-BE` is `fr`); in English where there are none in it."""
    wanted = language.lower().split("-")[0]
    return _texts(wanted if wanted in languages() else DEFAULT)


@lru_cache(maxsize=32)
def _texts(language: str) -> Texts:
    file = resources.files("ringfence.desk.notices").joinpath("texts", f"{language}.toml")
    told = tomllib.loads(file.read_text(encoding="utf-8"))
    return Texts(language, told["notices"], told["deeds"], told["classes"], told["phrases"])


def written(kind: str, language: str, places: Mapping[str, str]) -> tuple[str, str]:
    """Return subject and text of a notice of that kind. Raises `Unfilled`."""
    notice = texts(language).notices[kind]
    subject = " ".join(filled(notice["subject"], places).split())[:_SUBJECT_LENGTH]
    return subject, filled(notice["text"], places).strip() + "\n"


def deed_in(language: str, scope: Scope, action: Action) -> str:
    """Return what a measure does, in a language.

    >>> deed_in("nl", Scope(kind="account", value="acme"), Action(kind=ActionKind.SUSPEND))
    'acme wordt geschorst: geen gesprekken behalve noodoproepen'
    """
    told = texts(language)
    places = {
        "whom": scope.value,
        "rate": f"{action.rate or 0:g}",
        "concurrent": str(action.concurrent or 0),
        "class": told.classes[action.bars or CallClass.ALL_OUTBOUND],
        "callers": ", ".join(action.callers) or "–",
        "target": action.target or "–",
    }
    return filled(told.deeds[_word(action)], places)


def _word(action: Action) -> str:
    """Return the name of a deed's text."""
    if action.concurrent is None:
        return ActionKind(action.kind)
    return "throttle-concurrent" if action.rate is None else "throttle-both"
