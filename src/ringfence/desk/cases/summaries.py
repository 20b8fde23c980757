"""What a list says of each case beside its own columns, asked of the database with the list."""

from django.db.models import Case as Choice
from django.db.models import CharField, Exists, F, OuterRef, QuerySet, Subquery, Value, When

from ringfence.desk.cases.models import Case, JoinedFinding
from ringfence.vocabulary.severity import Severity


def with_findings(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Add `rule`, that of the finding which joined last, and `severity`, the worst; both empty where there is no finding."""
    joined = JoinedFinding.objects.filter(case=OuterRef("pk"))
    latest = joined.order_by("-id").values(found=F("finding__rule"))[:1]
    worst = Choice(
        *(When(Exists(joined.filter(finding__severity=str(one))), then=Value(str(one))) for one in (Severity.ACT, Severity.WARN)),
        default=Value(""),
        output_field=CharField(),
    )
    return cases.annotate(rule=Subquery(latest), severity=worst)
