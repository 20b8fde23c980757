"""A request with an Idempotency-Key is carried out once, and answered alike whenever it comes again within a day."""

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from ringfence.desk.actor import Actor
from ringfence.desk.api.models import Answer
from ringfence.desk.api.problems import FieldError, problem

KEPT: Final = timedelta(days=1)
_HEADER: Final = "Idempotency-Key"
_LONGEST: Final = 255
_FORGOTTEN_AT_ONCE: Final = 1_000


def once(request: HttpRequest, actor: Actor, now: datetime, act: Callable[[], HttpResponse]) -> HttpResponse:
    """Return what `act` answers, or what it answered to the same token. Refusals are not kept: they changed nothing."""
    token = request.headers.get(_HEADER, "")
    if not token:
        return act()
    if len(token) > _LONGEST or not token.isprintable():
        return problem(422, errors=[FieldError(_HEADER, "is no token", f"at most {_LONGEST} printable characters")])
    asked = sha256(b"\0".join((str(request.method).encode(), request.get_full_path().encode(), request.body))).hexdigest()
    known = Answer.objects.filter(key=actor.id, token=token, given__gt=now - KEPT).first()
    if known is not None:
        return _again(known, asked)
    try:
        with transaction.atomic():
            Answer.objects.filter(key=actor.id, token=token).delete()
            kept = Answer.objects.create(key=actor.id, token=token, request=asked, body=b"", given=now)
            response = act()
            if response.status_code >= 400:
                kept.delete()
            else:
                Answer.objects.filter(id=kept.id).update(body=response.content)
    except IntegrityError:
        return problem(409, detail="The same request is under way; ask again in a moment.")
    _forget(now)
    return response


def _again(known: Answer, asked: str) -> HttpResponse:
    if known.request != asked:
        hint = "give each request a token of its own"
        return problem(422, errors=[FieldError(_HEADER, "was sent with another request before", hint)])
    return HttpResponse(bytes(known.body), content_type="application/json", headers={"Idempotent-Replayed": "true"})


def _forget(now: datetime) -> None:
    old = Answer.objects.filter(given__lte=now - KEPT).values_list("id", flat=True)[:_FORGOTTEN_AT_ONCE]
    Answer.objects.filter(id__in=list(old)).delete()
