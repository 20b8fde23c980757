"""Expressions and texts as the formatter lays them out: one space where one belongs, lines no longer than allowed."""

import re
from typing import Final

from ringfence.policy.tokens import ExpressionRefused, Token, TokenKind, tokenize

WIDTH: Final = 132
"""The longest line of a rule's file."""

_QUOTED: Final = re.compile(r"\"[^\"]*\"|'[^']*'")
_JOINING: Final = frozenset({"and", "or", "if", "else"})
"""Words before which a long expression is broken first."""


def spaced(text: str) -> str:
    """Return the expression with canonical spaces and quotation marks; text that is no expression, with single spaces.

    >>> spaced('count( answered  and duration<6s ,where = -1<x )')
    'count(answered and duration < 6s, where=-1 < x)'
    """
    return " ".join(_words(text))


def wrapped(text: str, room: int) -> list[str]:
    """Return the lines of an expression that leave each `room` characters, broken before outer `and`, `or` and the like."""
    parts: list[list[str]] = [[]]
    depth = 0
    for word in _words(text):
        if word in _JOINING and depth == 0 and parts[-1]:
            parts.append([])
        parts[-1].append(word)
        depth += _opened(word)
    lines: list[str] = []
    for part in parts:
        whole = " ".join(part)
        if lines and len(lines[-1]) + 1 + len(whole) <= room:
            lines[-1] += f" {whole}"
        else:
            lines += [whole] if len(whole) <= room else filled(part, room)
    return lines


def _opened(word: str) -> int:
    """Return how many parentheses the word opens more than it closes."""
    outside = _QUOTED.sub("", word)
    return outside.count("(") - outside.count(")")


def filled(words: list[str], room: int) -> list[str]:
    """Return the words on lines of at most `room` characters; a longer word has a line of its own."""
    lines: list[str] = []
    for word in words:
        if lines and len(lines[-1]) + 1 + len(word) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _words(text: str) -> list[str]:
    """Return what must not be broken: tokens with those that stand next to them without a space."""
    try:
        tokens = tokenize(text)[:-1]
        words: list[str] = []
        for place, token in enumerate(tokens):
            if place and not _apart(tokens, place):
                words[-1] += _written(token)
            else:
                words.append(_written(token))
        again = tokenize(" ".join(words))[:-1]
    except ExpressionRefused:
        return text.split()
    same = [token.text for token in again] == [_written(token) for token in tokens]
    return words if same else text.split()  # what is no expression may run together: `= ==`


def _written(token: Token) -> str:
    if token.kind is TokenKind.TEXT and token.text[0] == "'" and '"' not in token.text:
        return f'"{token.text[1:-1]}"'
    return token.text


def _apart(tokens: tuple[Token, ...], place: int) -> bool:
    """Tell whether a space stands before the token at `place`."""
    before, token = tokens[place - 1], tokens[place]
    if token.text in (",", ")", "=") or before.text in ("(", "="):
        return False
    if token.text == "(":
        return before.kind is not TokenKind.NAME
    return not (before.text == "-" and _is_sign(tokens, place - 1))


def _is_sign(tokens: tuple[Token, ...], place: int) -> bool:
    """Tell whether the minus at `place` belongs to what follows alone."""
    if place == 0:
        return True
    before = tokens[place - 1]
    return before.kind is TokenKind.WORD or (before.kind is TokenKind.OPERATOR and before.text != ")")
