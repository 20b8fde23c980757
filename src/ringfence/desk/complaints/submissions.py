"""What comes by a form, the API, a telephone or a peer: the same fields, kept as the bytes of one JSON text."""

from typing import Final

import msgspec
from msgspec import Struct

from ringfence.desk.complaints.kinds import BY_SLUG
from ringfence.desk.complaints.mails import shown
from ringfence.desk.complaints.statements import Around, Named, NumberRole, Statement, Told, statement_of
from ringfence.desk.errors import DeskError
from ringfence.vocabulary.numbers import to_e164
from ringfence.vocabulary.times import MINUTE, Micros, from_iso

LONGEST: Final = 20_000
_SHORT: Final = 256
_LARGEST_SKEW: Final = 24 * 60
_FUTURE_US: Final = 3_600_000_000


class SubmissionRefused(DeskError):
    """What was filled in can't be taken; `field` says where."""

    def __init__(self, field: str, cause: str) -> None:
        super().__init__(f"{field}: {cause}")
        self.field, self.cause = field, cause


class Submission(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One complaint in fields. Numbers as written; `when` is RFC 3339 with a zone; `files` are digests of what was handed in."""

    v: int = 1
    leaf: str
    caller: str = ""
    callee: str = ""
    callback: str = ""
    when: str = ""
    skew_minutes: int = 5
    what: str = ""
    contact: str = ""
    reference: str = ""
    wish_bar: bool = False
    may_tell: bool = False
    tags: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    @property
    def is_test(self) -> bool:
        """Tell whether the reporter only tries the way."""
        return "lifecycle:test" in self.tags


_DECODER: Final = msgspec.json.Decoder(Submission)


def checked(submission: Submission, *, now: Micros, country: str) -> Submission:
    """Return it with numbers in E.164 where they are any, texts cut and bare of controls. Raises `SubmissionRefused`."""
    if submission.leaf not in BY_SLUG:
        raise SubmissionRefused("leaf", "choose what it is about")
    if not any((submission.caller, submission.callee, submission.callback, submission.what.strip())):
        raise SubmissionRefused("what", "say what happened, or name a number")
    for name in ("caller", "callee", "callback"):
        written = getattr(submission, name)
        if written and to_e164(written.strip(), country) is None:
            raise SubmissionRefused(name, "is no telephone number; write it with + and country code")
    if not 0 <= submission.skew_minutes <= _LARGEST_SKEW:
        raise SubmissionRefused("skew_minutes", f"lies between 0 and {_LARGEST_SKEW}")
    _moment(submission.when, now)
    if submission.contact and ("@" not in submission.contact or len(submission.contact) > _SHORT):
        raise SubmissionRefused("contact", "is no mail address")
    return msgspec.structs.replace(
        submission,
        caller=_number(submission.caller, country),
        callee=_number(submission.callee, country),
        callback=_number(submission.callback, country),
        what=shown(submission.what)[:LONGEST],
        contact=shown(submission.contact).strip(),
        reference=shown(submission.reference)[:128],
        tags=tuple(shown(tag)[:64] for tag in submission.tags[:20]),
    )


def _number(written: str, country: str) -> str:
    return str(to_e164(written.strip(), country) or "") if written else ""


def _moment(when: str, now: Micros) -> Micros | None:
    if not when:
        return None
    try:
        moment = from_iso(when)
    except (ValueError, OverflowError):
        raise SubmissionRefused("when", "is no date and time with a zone, such as 2026-03-10T14:05+01:00") from None
    if not 0 <= moment <= now + _FUTURE_US:
        raise SubmissionRefused("when", "has not come yet, or is too long ago")
    return moment


def encoded(submission: Submission) -> bytes:
    """Return the bytes that are kept."""
    return msgspec.json.encode(submission)


def decoded(data: bytes) -> Submission:
    """Return what was kept. Raises `SubmissionRefused` for what was not."""
    try:
        return _DECODER.decode(data)
    except msgspec.DecodeError as error:
        raise SubmissionRefused("the whole", str(error)) from None


def stated_in_submission(submission: Submission, around: Around) -> Statement:
    """Return what the fields state; what they leave out, the words may say."""
    words = statement_of(submission.what, around)
    roles = (
        (NumberRole.CALLER, submission.caller),
        (NumberRole.CALLEE, submission.callee),
        (NumberRole.CALLBACK, submission.callback),
    )
    named = tuple(Named(text=number, role=role, readings=(number,)) for role, number in roles if number)
    filled = {one.role for one in named}
    if submission.callee and submission.caller:
        filled.add(NumberRole.UNKNOWN)
    more = tuple(one for one in words.numbers if one.role not in filled)
    times = words.times
    if submission.when:
        moment, slack = from_iso(submission.when), submission.skew_minutes * MINUTE
        times = (Told(begin=Micros(moment - slack), end=Micros(moment + slack), is_zoned=True),)
    return msgspec.structs.replace(words, numbers=(*named, *more), times=times)
