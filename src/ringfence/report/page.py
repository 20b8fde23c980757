"""The report: everything that the template shows, and the template filled."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ringfence.policy.durations import write_duration
from ringfence.policy.plan import Rule
from ringfence.policy.written import written, written_measure
from ringfence.report import reading
from ringfence.report.charts.bars import percent
from ringfence.report.classes_shown import class_chart
from ringfence.report.collector import MOST_DISTINCT, Collector, ordered
from ringfence.report.groups import GroupShown, shown
from ringfence.report.inputs import Given, Read
from ringfence.report.registrations import OUTCOMES, Registrations
from ringfence.report.unjudged import unjudged
from ringfence.vocabulary.contracts import EventKind
from ringfence.words.rules import limits
from ringfence.words.writing import Writer, counted, length, moment, number

_MOST_PAIRS_SHOWN: Final = 60
_VERSION_SHOWN: Final = 12


@dataclass(frozen=True, slots=True)
class RuleShown:
    """A rule in words, how much it looked at, and how often it found something."""

    rule: Rule
    title: str
    counts: str
    on: str
    measures: tuple[tuple[str, str], ...]
    limits: tuple[str, ...]
    window: str
    when: str
    looked_at: int
    found: int


@dataclass(frozen=True, slots=True)
class PairRow:
    """Who registered from where, and how often with which outcome."""

    source: str
    user: str
    outcomes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ClauseShown:
    """A clause and what was found under it."""

    slug: str
    title: str
    groups: tuple[GroupShown, ...]


def page(collector: Collector, read: Read, given: Given, *, masked: bool = False) -> str:
    """Return the report as one HTML file, self-contained. The same input gives the same text: no clock is read.

    With `masked` the last four digits of every number from the traffic are hidden.
    """
    writer = Writer(masked=masked)
    environment = Environment(
        loader=PackageLoader("ringfence.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"count": counted, "moment": moment, "lasting": length, "percent": percent}
    loader = environment.loader
    if loader is None:
        raise ValueError("the environment was made with a loader")
    style = loader.get_source(environment, "report.css")[0]
    groups = [shown(group, collector, writer) for group in ordered(collector.groups.values())]
    return environment.get_template("report.html").render(
        style=Markup(style),
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        masked=masked,
        facts=_facts(collector, read),
        span=_span(collector),
        clauses=_clauses(groups, collector),
        groups=groups,
        findings=sum(collector.totals.findings.values()),
        ungrouped=sum(collector.totals.findings.values()) - sum(group.count for group in collector.groups.values()),
        rules=_rules(collector),
        files=reading.files(read, writer),
        skipped=[(reading.plain_name(skipped.name), writer.text(skipped.cause, 200)) for skipped in read.skipped],
        problems=reading.problems(read, writer),
        unjudged=unjudged(collector, read, given),
        rates=given.rates,
        classes=class_chart(collector.spending),
        registrations=pairs(collector.registrations, writer) if _tells_more(collector, groups) else [],
        registered=lambda registrations: pairs(registrations, writer),
        registrations_beyond=collector.registrations.beyond,
        outcomes=OUTCOMES,
        given_up=collector.given_up,
        policy=collector.bundle,
        version=collector.bundle.hash[:_VERSION_SHOWN],
    )


def pairs(registrations: Registrations, writer: Writer) -> list[PairRow]:
    """Return who registered from where, the busiest first."""
    busiest = sorted(registrations.pairs.items(), key=lambda item: (-sum(item[1].values()), item[0]))[:_MOST_PAIRS_SHOWN]
    return [
        PairRow(writer.text(pair.source) or "–", writer.text(pair.user) or "–", tuple(outcomes.values()))
        for pair, outcomes in busiest
    ]


def _tells_more(collector: Collector, groups: Sequence[GroupShown]) -> bool:
    """Tell whether somebody registered whom no group shows."""
    told = {pair for group in groups for pair in group.registrations.pairs}
    return not told.issuperset(collector.registrations.pairs)


def _facts(collector: Collector, read: Read) -> list[tuple[str, str]]:
    """Return what was looked at, as number and noun."""
    totals, events = collector.totals, collector.totals.events
    messages = sum(file.capture.messages for file in read.files if file.capture)
    records = sum(file.records for file in read.files if not file.capture)
    facts = [
        (len(read.files), "file", "files"),
        (messages, "SIP message", "SIP messages"),
        (records, "record", "records"),
        (sum(file.entries for file in read.files), "log entry", "log entries"),
        (events[EventKind.ATTEMPT], "call attempt", "call attempts"),
        (events[EventKind.ANSWER], "answered call", "answered calls"),
        (events[EventKind.REGISTRATION], "registration", "registrations"),
        (len(totals.accounts), "account", "accounts"),
        (len(totals.sources), "source address", "source addresses"),
    ]
    return [
        (f"{count:,}{'+' if count == MOST_DISTINCT else ''}", one if count == 1 else many) for count, one, many in facts if count
    ]


def _span(collector: Collector) -> str:
    first, last = collector.totals.first, collector.totals.last
    if first is None or last is None:
        return ""
    return f"{moment(first)} to {moment(last)} UTC ({length(last - first)})"


def _clauses(groups: Sequence[GroupShown], collector: Collector) -> list[ClauseShown]:
    slugs = dict.fromkeys(group.rule.clause for group in groups)
    return [
        ClauseShown(slug, _title(collector, slug), tuple(group for group in groups if group.rule.clause == slug)) for slug in slugs
    ]


def _title(collector: Collector, slug: str) -> str:
    clause = collector.bundle.clause(slug)
    return clause.title if clause is not None else slug


def _rules(collector: Collector) -> list[RuleShown]:
    found = collector.totals.findings
    rules = [
        RuleShown(
            rule,
            _title(collector, rule.clause),
            ", ".join(written(part) for part in rule.key),
            f"{rule.on}{' where ' + written(rule.where) if rule.where is not None else ''}",
            tuple((measure.name, written_measure(measure)) for measure in rule.measures),
            tuple(f"{limit.what}: {limit.words} {number(limit.limit)}" for limit in limits(rule)),
            write_duration(rule.window_us),
            written(rule.when),
            looking.looked_at,
            found[rule.name],
        )
        for rule, looking in ((looking.rule, looking) for looking in collector.rules.values())
    ]
    return sorted(rules, key=lambda rule: (rule.found == 0, rule.rule.name))
