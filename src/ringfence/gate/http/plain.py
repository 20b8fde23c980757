"""The plain course of many questions in one request: those on which nothing can be ordered are found all at once.

What is plain, `Verdicts` would allow; what is left is for it to look at.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from ringfence.gate.redirect.course import Course
from ringfence.vocabulary.contracts import Ask
from ringfence.vocabulary.times import Micros
from ringfence.watch.kernels import plain_answers as a

_NONE: Final = "\0"
"""Stands for a number that a question does not name. An empty text is left to who looks at everything."""


class Plain:
    """Finds which questions are plain."""

    def __init__(self) -> None:
        self._room = a.Room(np.zeros(a.LONGEST_KEY, np.uint8), np.zeros((a.NUMBERS_ASKED, 2), np.int64))

    def prepare(self, course: Course) -> None:
        """Have the kernel compiled, or read from disk, by a question of nobody's: meant for another thread."""
        self.which((Ask(call_id="c", caller="+12", callee="+13"),), (None,), course, Micros(0), trusted=False)

    def which(self, asked: Sequence[Ask], users: Sequence[str | None], course: Course, now: Micros, *, trusted: bool) -> list[bool]:
        """Tell of each question whether nothing can be ordered on it. Of who is `trusted`, accounts and `users` are believed."""
        senders: list[int] = []
        texts: list[str] = []
        inbound = course.possible.inbound
        for question, user in zip(asked, users, strict=True):
            callee = question.callee
            known = _sender(question, user if trusted else None, course, now, trusted=trusted)
            if inbound and callee is not None:
                known = course.with_called(known, callee.encode("latin-1", "replace"), now) if callee.isascii() else a.LOOK
            senders.append(known)
            texts += [_NONE if number is None else number for number in (question.caller, question.asserted, callee)]
        octets = np.frombuffer("\n".join((*texts, "")).encode("utf-8", "surrogatepass"), np.uint8)
        are_open = np.zeros(len(senders), np.bool_)
        found = a.find_open(octets, np.array(senders, np.uint8), course.possible.marks, self._room, are_open)
        return are_open.tolist() if found == len(texts) else [False] * len(senders)


def _sender(question: Ask, user: str | None, course: Course, now: Micros, *, trusted: bool) -> int:
    """Return what is known of who sends, by the question's own account where that is believed."""
    if question.registration is not None:
        return a.LOOK
    if trusted and question.account is not None:
        return course.sender_named(question.account, question.trunk, question.source, now)
    return course.sender_written(question.source, user, now)
