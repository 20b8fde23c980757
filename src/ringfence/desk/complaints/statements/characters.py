"""Text as it comes, made even without moving a character: digits of any script, spaces of any width, dashes of any length."""

import unicodedata
from functools import lru_cache
from typing import Final

_SPACES: Final = frozenset("\u00a0\u1680\u2007\u202f\u205f\u3000\u200b\u200c\u200d\u2060\ufeff\u00ad\t")
_DASHES: Final = frozenset("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d\ufe58\ufe63")


def even(text: str) -> str:
    """Return text of the same length in which every digit, space, dash and plus sign is the ASCII one."""
    return "".join(map(_even, text))


@lru_cache(maxsize=4096)
def _even(character: str) -> str:
    if character.isascii():
        return " " if character == "\t" else character
    if character in _SPACES or unicodedata.category(character) == "Zs":
        return " "
    if character in _DASHES:
        return "-"
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    folded = unicodedata.normalize("NFKC", character)
    return folded if len(folded) == 1 and folded in "+:./()" else character


def folded(text: str) -> str:
    """Return text of the same length in small letters without accents, for comparing words."""
    return "".join(map(_folded, text))


@lru_cache(maxsize=4096)
def _folded(character: str) -> str:
    small = character.lower()
    base = unicodedata.normalize("NFD", small)[:1] or small
    return base if len(base) == 1 else character
