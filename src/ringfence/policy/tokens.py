"""The words of an expression: numbers, durations, quoted text, names, operators; each with its place."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ringfence.policy.durations import DURATION_HINT, parse_duration

MAX_LENGTH: Final = 2000


class TokenKind(StrEnum):
    """What a token is."""

    NUMBER = "number"
    DURATION = "duration"
    TEXT = "text"
    NAME = "name"
    WORD = "word"  # and, or, not, in, is, None, True, False, where, if, else
    OPERATOR = "operator"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """`text` as written, quotes included; `start` and `end` are character offsets in the expression."""

    kind: TokenKind
    text: str
    start: int

    @property
    def end(self) -> int:
        """The offset behind the token."""
        return self.start + len(self.text)


class ExpressionRefused(Exception):
    """An expression is wrong at character `offset`. Never leaves the package: the loader turns it into a `Problem`."""

    def __init__(self, offset: int, cause: str, hint: str = "") -> None:
        super().__init__(cause)
        self.offset, self.cause, self.hint = offset, cause, hint


WORDS: Final = frozenset({"and", "or", "not", "in", "is", "None", "True", "False", "where", "if", "else"})

# Words that mean something in Python and nothing here: refused by name, so that nobody wonders.
FOREIGN_WORDS: Final = frozenset({"lambda", "for", "await", "async", "yield", "import", "def", "class", "return", "del"})

_TOKEN: Final = re.compile(
    r"""(?P<space>[ \t\n]+)
      | (?P<text>"[^"\\\n]*"|'[^'\\\n]*')
      | (?P<figure>[0-9][0-9A-Za-z_.]*)
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<operator>==|!=|<=|>=|<|>|\+|-|\*|/|\(|\)|,|=)""",
    re.VERBOSE,
)
_NUMBER: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?\Z")
_INSTEAD: Final = {
    "&&": "write and",
    "||": "write or",
    "&": "write and",
    "|": "write or",
    "!": "write not, or != to compare",
    "%": "write a share as a fraction: 0.2 for 20 %",
    "[": "write a list of values in parentheses: in (404, 410)",
    "]": "write a list of values in parentheses: in (404, 410)",
    ".": "a name is one word; fractions begin with a digit: 0.5",
    '"': "close the quotation mark; a text holds no backslash",
    "'": "close the quotation mark; a text holds no backslash",
    "<>": "write !=",
    "=>": "write >=",
    "=<": "write <=",
    "**": "write the product out",
    "//": "write /",
}


def number_in(text: str) -> float | None:
    """Return the number that `text` is, perhaps negative; `None` where it is none."""
    return float(text) if _NUMBER.match(text.removeprefix("-")) else None


def tokenize(text: str) -> tuple[Token, ...]:
    """Return the tokens of `text`, closed by one of kind `END`. Raises `ExpressionRefused`."""
    if len(text) > MAX_LENGTH:
        raise ExpressionRefused(MAX_LENGTH, f"longer than {MAX_LENGTH} characters", "split it over measures or rules")
    tokens: list[Token] = []
    place = 0
    while place < len(text):
        if (pair := text[place : place + 2]) in _INSTEAD:
            raise ExpressionRefused(place, f"{pair} is no operator here", _INSTEAD[pair])
        match = _TOKEN.match(text, place)
        if match is None:
            char = text[place]
            raise ExpressionRefused(place, f"{char!r} may not stand here", _INSTEAD.get(char, ""))
        if match.lastgroup != "space":
            tokens.append(_token(match))
        place = match.end()
    tokens.append(Token(TokenKind.END, "", len(text.rstrip())))
    return tuple(tokens)


def _token(match: re.Match[str]) -> Token:
    text, start = match[0], match.start()
    if match.lastgroup == "figure":
        if _NUMBER.match(text):
            return Token(TokenKind.NUMBER, text, start)
        if parse_duration(text) is not None:
            return Token(TokenKind.DURATION, text, start)
        raise ExpressionRefused(start, f"{text} is neither a number nor a duration", DURATION_HINT)
    if match.lastgroup == "name":
        if text in FOREIGN_WORDS:
            raise ExpressionRefused(
                start, f"{text} is not part of the language", "use and, or, not, if … else, comparisons and arithmetic"
            )
        return Token(TokenKind.WORD if text in WORDS else TokenKind.NAME, text, start)
    return Token(TokenKind.TEXT if match.lastgroup == "text" else TokenKind.OPERATOR, text, start)
