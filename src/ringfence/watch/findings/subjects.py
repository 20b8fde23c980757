"""Who a rule's finding is about, read off the event that crossed."""

from typing import Final

from ringfence.policy.expressions import Field
from ringfence.policy.plan import Rule
from ringfence.vocabulary.contracts import Event, Subject
from ringfence.vocabulary.subjects import SubjectKind

_NAMED_BY: Final[dict[SubjectKind, tuple[tuple[str, ...], ...]]] = {
    SubjectKind.ACCOUNT: (("account",),),
    SubjectKind.TRUNK: (("trunk",),),
    SubjectKind.NUMBER: (("caller",), ("callee",), ("target",)),
    SubjectKind.PAIR: (("caller", "callee"),),
    SubjectKind.SOURCE: (("source",), ("destination",)),
    SubjectKind.REGISTRATION: (("target", "domain", "source"), ("target", "source")),
}


def subject_fields(rule: Rule) -> tuple[str, ...] | None:
    """Return the event fields that name the rule's subject: the first of its kind's that the key holds whole.

    `None` where the key doesn't say who the subject is: then one key could be several subjects.
    """
    key = {part.name for part in rule.key if isinstance(part, Field)}
    return next((fields for fields in _NAMED_BY.get(rule.subject, ()) if set(fields) <= key), None)


def subject_of(kind: SubjectKind, fields: tuple[str, ...], event: Event) -> Subject:
    """Return the subject that `fields` of `event` name, written as `SubjectKind` says. They are set."""
    texts = [str(getattr(event, name)) for name in fields]
    if kind is SubjectKind.REGISTRATION:
        texts = ["@".join(texts[:-1]), texts[-1]]
    return Subject(kind=kind, id=",".join(texts))
