"""Cases of parties whose login somebody else has."""

from datetime import datetime

from django.db import transaction

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.cases.models import Case, CaseState, Note
from ringfence.desk.cases.services import set_role
from ringfence.vocabulary.subjects import Role, SubjectKind


@transaction.atomic
def open_compromised(*, party: str, reason: str, actor: Actor, now: datetime) -> int:
    """Open the case of a party whose login somebody else has, role *compromised*, or join its open one; return the case.

    Where that one is about an offender, a person's word makes the party the compromised one. The party's own word is only noted:
    else whoever is about to be barred would press the button to be no offender any more.
    """
    require(actor.works_cases, actor, "open cases")
    case, made = Case.objects.exclude(state=CaseState.CLOSED).get_or_create(
        subject_kind=str(SubjectKind.PARTY),
        subject_id=party,
        matter="",
        defaults={"role": str(Role.COMPROMISED), "opened": now, "latest": now},
    )
    about = ("case", str(case.pk))
    if made:
        details: dict[str, Detail] = {"role": str(Role.COMPROMISED), "party": audit.token_of("party", party)}
        audit.record(acts=[Act(verb="opened", about=about, case=case.pk, details=details)], actor=actor, now=now)
    elif case.role != Role.COMPROMISED and actor.kind is ActorKind.PERSON:
        # Whoever works on the case: an account in the wrong hands is locked now.
        set_role(case_id=case.pk, role=str(Role.COMPROMISED), reason=reason, actor=actor, now=now)
        return case.pk
    note = Note.objects.create(case=case, author=actor.id, written=now, text=reason)
    Case.objects.filter(pk=case.pk).update(latest=now)
    audit.record(acts=[Act(verb="noted", about=about, case=case.pk, details={"note": note.pk})], actor=actor, now=now)
    return case.pk
