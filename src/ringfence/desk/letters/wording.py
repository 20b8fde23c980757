"""Texts with places: filled in whole or not at all. Pure."""

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Final

from ringfence.desk.errors import DeskError

DEFAULT: Final = "en"
_PLACE: Final = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")


class Unfilled(DeskError):
    """A text names something that is not known: nothing is sent."""


def filled(text: str, places: Mapping[str, str]) -> str:
    """Return a text with each `{{place}}` filled. Raises `Unfilled` for one that is not known or empty.

    >>> filled("Dear {{ party }},", {"party": "Acme"})
    'Dear Acme,'
    """

    def fill(match: re.Match[str]) -> str:
        value = places.get(match[1], "")
        if not value.strip():
            raise Unfilled(f"the text names {{{{{match[1]}}}}}, and nothing is known for it")
        return value

    return _PLACE.sub(fill, text)


def languages(package: str) -> tuple[str, ...]:
    """Return the languages in which a package has texts: the names of the files in its folder `texts`."""
    names = (each.name for each in resources.files(package).joinpath("texts").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def spoken(package: str, language: str) -> str:
    """Return the language in which a package speaks to a reader of `language` (`fr-BE` is `fr`): English where it has none."""
    wanted = language.lower().split("-")[0]
    return wanted if wanted in languages(package) else DEFAULT


@lru_cache(maxsize=64)
def texts(package: str, language: str) -> Mapping[str, Mapping[str, str]]:
    """Return a package's texts in a language that `spoken` gave: tables of texts by name."""
    file = resources.files(package).joinpath("texts", f"{language}.toml")
    told: Mapping[str, Mapping[str, str]] = tomllib.loads(file.read_text(encoding="utf-8"))
    return told
