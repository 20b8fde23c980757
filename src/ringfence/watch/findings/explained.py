"""A crossing as a finding: with all that is needed to contest it."""

from math import floor, isfinite, log10
from typing import Final

from ringfence.policy.expressions import Field
from ringfence.policy.plan import ProposalKind, Rule, Tier
from ringfence.vocabulary.contracts import Charge, Event, Evidence, Finding, Subject, Window, finding_id
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.findings.subjects import other_parts, subject_of_key
from ringfence.watch.tallies import Found

_RECEIVERS: Final = frozenset({"destination"})


class Explainer:
    """Writes the findings of one installation (`key`) under one policy version, from one input (`source`)."""

    def __init__(self, *, key: bytes, policy: str, source: str) -> None:
        self._key = key
        self._policy = policy
        self._source = source
        self.short_until: dict[str, Micros] = {}
        """The moment up to which each rule's windows lack something that was never counted, by the rule's name."""

    def finding(self, found: Found) -> Finding:
        """Return the finding of what was found.

        Its time is when the event counted, or the boundary. A measure that is no finite number, which JSON has none
        for, is left out: a mean of nothing, a sum beyond all.
        """
        rule = found.rule
        tier = rule.tiers[found.tier]
        subject, parts = subject_of_key(rule, found.key), other_parts(rule, found.key)
        measures = {measure.name: value for measure, value in zip(rule.measures, found.measures, strict=True) if isfinite(value)}
        newest_first = dict.fromkeys(reversed(found.sample))
        return Finding(
            id=finding_id(
                key=self._key,
                policy=self._policy,
                rule=rule.name,
                subject=subject,
                time=found.time,
                further=(found.tier, sorted(parts.items())) if found.tier or parts else (),
            ),
            rule=rule.name,
            clause=rule.clause,
            mode=rule.mode,
            severity=tier.severity,
            subject=subject,
            party_path=found.event.party_path if _is_senders(rule, subject, found.event) else (),
            time=found.time,
            window=Window(start=found.start, end=found.time),
            measures=measures,
            thresholds=found.thresholds | tier.thresholds,
            evidence=Evidence(events=found.events, sample=tuple(reversed(newest_first)), errors=found.errors),
            approximate=_approximate(found, measures),
            source=self._source,
            agent=found.event.agent,
            policy=self._policy,
            says=tier.says or rule.says,
            tier=found.tier,
            key=parts,
            proposes=tuple(proposal.text for proposal in tier.proposes),
            charge=_charge(tier, found.quantity),
            points=tier.points,
            classifies=rule.classifies,
            short_until=until if (until := self.short_until.get(rule.name)) is not None and found.time < until else None,
        )


def _is_senders(rule: Rule, subject: Subject, event: Event) -> bool:
    """Tell whether the subject is whoever sent the event: only then the event's party is the subject's.

    An address that requests go to gets them from many; the account that a number belongs to may not be the one that showed it.
    """
    if subject.kind is SubjectKind.ACCOUNT:
        return event.account is None or event.account == subject.id
    parts = (rule.key[place] for place in rule.subject_parts)
    return not any(isinstance(part, Field) and part.name in _RECEIVERS for part in parts)


def _charge(tier: Tier, quantity: float | None) -> Charge | None:
    proposal = next((one for one in tier.proposes if one.kind is ProposalKind.CHARGE), None)
    if proposal is None or proposal.amount is None or proposal.currency is None or quantity is None:
        return None
    return Charge(amount=proposal.amount, currency=proposal.currency, quantity=quantity)


def _approximate(found: Found, measures: dict[str, float]) -> str | None:
    """Say which numbers are estimates, and how good; and where the window was cut short."""
    said = [f"{name} is about {about(measures[name], error)}, from a sample" for name, error in found.errors.items()]
    if found.forgotten:
        said.append(
            f"measured over less than the window: to bound memory the rule forgot its oldest events early, {found.forgotten} so far"
        )
    return "; ".join(said) or None


def about(value: float, error: float) -> str:
    """Return an estimate with its bound, in as many digits as it is good for: 12,300 ± 2 %."""
    digits = 2 - floor(log10(value))
    return f"{round(value, digits):,.0f} ± {max(100 * error, 0.1):.2g} %"
