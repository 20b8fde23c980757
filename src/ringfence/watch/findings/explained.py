"""A crossing as a finding: with all that is needed to contest it."""

from collections.abc import Iterable
from math import isnan

from ringfence.policy.plan import Rule
from ringfence.vocabulary.contracts import Event, Evidence, Finding, Subject, Window, finding_id
from ringfence.vocabulary.times import Micros
from ringfence.watch.windows import Crossing


class Explainer:
    """Writes the findings of one installation (`key`) under one policy version, from one input (`source`)."""

    def __init__(self, *, key: bytes, policy: str, source: str) -> None:
        self._key = key
        self._policy = policy
        self._source = source

    def finding(self, rule: Rule, crossing: Crossing, event: Event, subject: Subject, call_ids: Iterable[str]) -> Finding:
        """Return the finding of `rule` about `subject` at `event`, which crossed. `call_ids` are the sample's, newest last.

        Its time is when the event counted. A measure that is not a number (a mean of nothing) is left out.
        """
        measures = {
            measure.name: value for measure, value in zip(rule.measures, crossing.measures, strict=True) if not isnan(value)
        }
        newest_first = dict.fromkeys(reversed(tuple(call_ids)))
        return Finding(
            id=finding_id(key=self._key, policy=self._policy, rule=rule.name, subject=subject, time=crossing.time),
            rule=rule.name,
            clause=rule.clause,
            mode=rule.mode,
            severity=rule.severity,
            subject=subject,
            party_path=event.party_path,
            time=crossing.time,
            window=Window(start=Micros(crossing.time - rule.window_us), end=crossing.time),
            measures=measures,
            thresholds=dict(rule.thresholds),
            evidence=Evidence(events=crossing.events, sample=tuple(reversed(newest_first))),
            approximate=_shortfall(crossing),
            source=self._source,
            agent=event.agent,
            policy=self._policy,
            says=rule.says,
        )


def _shortfall(crossing: Crossing) -> str | None:
    if crossing.forgotten == 0:
        return None
    return (
        f"measured over less than the window: to bound memory the rule forgot its oldest events early, {crossing.forgotten} so far"
    )
