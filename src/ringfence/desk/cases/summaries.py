"""What a list says of each case beside its own columns, asked of the database with the list; and how grave each is."""

from typing import Final

from django.db.models import Case as Choice
from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When

from ringfence.desk.cases.models import Case, JoinedComplaint, JoinedFinding
from ringfence.desk.complaints.kinds import GRAVE
from ringfence.desk.complaints.models import Nature
from ringfence.vocabulary.severity import Severity

_NO_COMPLAINTS: Final = (Nature.ENQUIRY, Nature.TEST)


def with_findings(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Add `rule`, that of the finding which joined last, empty where there is none, and `severity`: how grave the case is.

    That is what a person said (`Case.graded`), else the worst of its findings and complaints: a complaint of a kind that harms
    people or takes their money asks for a measure as a finding of severity `act` does, any other for a look. Empty: only worth
    knowing.
    """
    joined = JoinedFinding.objects.filter(case=OuterRef("pk"))
    complained = JoinedComplaint.objects.filter(case=OuterRef("pk")).exclude(complaint__nature__in=_NO_COMPLAINTS)
    latest = joined.order_by("-id").values(found=F("finding__rule"))[:1]
    severity = Choice(
        When(~Q(graded=""), then=F("graded")),
        When(_found(joined, Severity.ACT) | Exists(complained.filter(complaint__leaf__in=sorted(GRAVE))), then=_said(Severity.ACT)),
        When(_found(joined, Severity.WARN) | Exists(complained), then=_said(Severity.WARN)),
        default=Value(""),
        output_field=CharField(),
    )
    return cases.annotate(rule=Subquery(latest), severity=severity)


def _found(joined: QuerySet[JoinedFinding], severity: Severity) -> Exists:
    return Exists(joined.filter(finding__severity=str(severity)))


def _said(severity: Severity) -> Value:
    return Value(str(severity), output_field=CharField())


def severity_of(case: Case) -> str:
    """Return how grave one case is, as `with_findings` says."""
    found = with_findings(Case.objects.filter(pk=case.pk)).get()
    return str(vars(found)["severity"])
