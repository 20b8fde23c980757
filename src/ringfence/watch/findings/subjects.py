"""Who a rule's finding is about: read off the key that crossed, or off an event."""

from typing import Final

from ringfence.policy.expressions import Field
from ringfence.policy.plan import Rule
from ringfence.policy.written import written
from ringfence.vocabulary.contracts import Event, Subject
from ringfence.vocabulary.subjects import SubjectKind

_NAMED_BY: Final[dict[SubjectKind, tuple[tuple[str, ...], ...]]] = {
    SubjectKind.ACCOUNT: (("account",),),
    SubjectKind.TRUNK: (("trunk",),),
    SubjectKind.NUMBER: (("caller",), ("callee",), ("target",)),
    SubjectKind.PAIR: (("caller", "callee"),),
    SubjectKind.SOURCE: (("source",), ("destination",)),
    SubjectKind.PARTY: (("party",), ("root",)),
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
    return _subject(kind, [str(getattr(event, name)) for name in fields])


def subject_of_key(rule: Rule, key: tuple[str | float | bool, ...]) -> Subject:
    """Return the subject that `key`, the values of the rule's key, names."""
    return _subject(rule.subject, [_text(key[place]) for place in rule.subject_parts])


def other_parts(rule: Rule, key: tuple[str | float | bool, ...]) -> dict[str, str]:
    """Return the parts of the key that do not name the subject, by the field's name or the expression's text."""
    return {
        part.name if isinstance(part, Field) else written(part): _text(value)
        for place, (part, value) in enumerate(zip(rule.key, key, strict=True))
        if place not in rule.subject_parts
    }


def _subject(kind: SubjectKind, texts: list[str]) -> Subject:
    if kind is SubjectKind.REGISTRATION:
        texts = ["@".join(texts[:-1]), texts[-1]]
    return Subject(kind=kind, id=",".join(texts))


def _text(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str) else f"{value:.15g}"
