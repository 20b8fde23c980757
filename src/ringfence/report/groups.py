"""A group of findings, ready to be shown: its numbers, pictures, tables and sample calls."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from ringfence.policy.plan import Rule
from ringfence.report.charts.bars import Share, bars, percent
from ringfence.report.charts.ladder import Ladder, ladder
from ringfence.report.charts.pace import Pace, pace
from ringfence.report.charts.raster import RasterPicture, raster
from ringfence.report.classes_shown import ClassChart, class_chart
from ringfence.report.collector import MOST_FINDINGS, Collector, Group
from ringfence.report.destinations import destinations
from ringfence.report.durations import CLASSES
from ringfence.report.profiles import MOST_COUNTERPARTS, Profile
from ringfence.report.registrations import Registrations
from ringfence.vocabulary.severity import Mode, Severity
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.words.findings import explained
from ringfence.words.rules import Compared, compared
from ringfence.words.writing import Writer, counted, moment

_MOST_DESTINATIONS: Final = 12
_MOST_AGENTS: Final = 5
_LONGEST_PARAGRAPH: Final = 3_000
_FEWEST_POINTS: Final = 3
_MEANING: Final = {Severity.ACT: "a measure may follow", Severity.WARN: "asks for a look", Severity.INFO: "worth knowing"}
_MODES: Final = {
    Mode.SHADOW: "the rule is on trial: nothing follows from it",
    Mode.REPORT: "the rule reports; people decide",
    Mode.ACT: "the rule's standing order may act",
}


@dataclass(frozen=True, slots=True)
class BarChart:
    """A picture of shares and its table."""

    drawing: Markup
    shares: tuple[Share, ...]
    compared_with: str


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One finding in the group's list."""

    time: str
    id: str
    numbers: tuple[Compared, ...]
    approximate: str


@dataclass(frozen=True, slots=True)
class GroupShown:
    """A group as the page and the terminal show it. What could not be drawn is `None`, and `missing` says why."""

    anchor: str
    rule: Rule
    name: str
    party: str
    severity: Severity
    meaning: str
    mode: str
    first: str
    last: str
    count: int
    explained: str
    first_numbers: tuple[Compared, ...]
    findings: tuple[FindingRow, ...]
    facts: tuple[str, ...]
    noun: str
    pace: Pace | None
    dialled: RasterPicture | None
    asked: RasterPicture | None
    durations: BarChart | None
    destinations: BarChart | None
    classes: ClassChart | None
    registrations: Registrations
    ladders: tuple[Ladder, ...]
    missing: tuple[str, ...]


def shown(group: Group, collector: Collector, writer: Writer) -> GroupShown:
    """Return the group with everything that is shown of it."""
    rule, findings = group.rule, group.findings
    profile = collector.profile(group) or Profile()
    track = collector.track(group)
    noun = str(rule.on)
    ladders = tuple(ladder(events, writer) for call_id in group.sample if (events := collector.calls.of(call_id)))
    return GroupShown(
        anchor=f"f-{findings[0].id[:12]}",
        rule=rule,
        name=collector.names.subject(group.subject, writer),
        party=" › ".join(writer.text(party) for party in findings[0].party_path),
        severity=rule.severity,
        meaning=_MEANING[rule.severity],
        mode=_MODES[rule.mode],
        first=moment(findings[0].time),
        last=moment(findings[-1].time),
        count=group.count,
        explained=_explained(group, collector, writer),
        first_numbers=tuple(compared(rule, findings[0].measures)),
        findings=tuple(
            FindingRow(moment(each.time), each.id, tuple(compared(rule, each.measures)), each.approximate or "")
            for each in findings
        ),
        facts=_facts(profile, writer),
        noun=noun,
        pace=pace(track, noun, findings, rule.window_us) if track is not None else None,
        dialled=_raster(group, profile, writer, asked=False),
        asked=_raster(group, profile, writer, asked=True),
        durations=_durations(profile, collector),
        destinations=_destinations(profile),
        classes=class_chart(profile.spending),
        registrations=profile.registrations,
        ladders=ladders,
        missing=_missing(group, profile, seen=track is not None, ladders=len(ladders)),
    )


def _explained(group: Group, collector: Collector, writer: Writer) -> str:
    clause = collector.bundle.clause(group.rule.clause)
    told = explained(group.findings[0], group.rule, clause.title if clause is not None else None)
    return writer.text(told.paragraph, _LONGEST_PARAGRAPH)


def _facts(profile: Profile, writer: Writer) -> tuple[str, ...]:
    """Return what the subject did in the whole recording, in plain words."""
    facts = []
    if profile.attempts:
        ended = sum(profile.durations)
        answered = f", of which {percent(sum(profile.durations[1:]) / ended)} were answered" if ended else ""
        facts.append(f"{counted(profile.attempts, 'call attempt')} in the whole recording{answered}.")
    if profile.asked.seen:
        facts.append(f"{counted(profile.asked.seen, 'request')} other than calls.")
    if profile.statuses:
        answers = ", ".join(f"{status or 'none seen'} ({times:,})" for status, times in Counter(profile.statuses).most_common(6))
        facts.append(f"Answers: {answers}.")
    if profile.agents:
        agents = ", ".join(
            f"{writer.text(agent, 40)} ({times:,})" for agent, times in Counter(profile.agents).most_common(_MOST_AGENTS)
        )
        facts.append(f"Calls itself {agents}. Anybody can write any name here.")
    return tuple(facts)


def _raster(group: Group, profile: Profile, writer: Writer, *, asked: bool) -> RasterPicture | None:
    points = profile.asked if asked else profile.dialled
    if len(points.points) < _FEWEST_POINTS:
        return None
    called = group.subject.kind is SubjectKind.NUMBER
    noun = "user asked for" if asked else "number calling" if called else "number dialled"
    return raster(points, noun, group.findings, writer)


def _durations(profile: Profile, collector: Collector) -> BarChart | None:
    if not sum(profile.durations):
        return None
    others = collector.durations.others(profile.plan, profile.durations)
    if not sum(others) and profile.plan:
        others = collector.durations.others(0, profile.durations)
        with_whom = "all other calls of the recording: nobody else is on this plan"
    else:
        with_whom = "all other calls of the same plan" if profile.plan else "all other calls of the recording"
    compared_with = with_whom if sum(others) else ""
    shares = tuple(
        Share(name, own, other if compared_with else None)
        for (name, _), own, other in zip(CLASSES, profile.durations, others, strict=True)
    )
    return BarChart(bars(shares, title="How long calls lasted", description="Shares of calls by length."), shares, compared_with)


def _destinations(profile: Profile) -> BarChart | None:
    if not profile.attempts:
        return None
    counted_ = destinations(profile.prefixes)
    shares = [
        Share(f"{place.place[:24]}, {place.type}".removesuffix(", "), count) for place, count in counted_[:_MOST_DESTINATIONS]
    ]
    rest = sum(count for _, count in counted_[_MOST_DESTINATIONS:])
    if rest:
        shares.append(Share(f"{len(counted_) - _MOST_DESTINATIONS} others", rest))
    return BarChart(bars(shares, title="Where the called numbers are", description="Shares of attempts."), tuple(shares), "")


def _missing(group: Group, profile: Profile, *, seen: bool, ladders: int) -> tuple[str, ...]:
    missing = []
    if not seen:
        missing.append("The course over time was given up to bound memory.")
    if profile.since is not None:
        missing.append(f"Followed from {moment(profile.since)} on: what came before is not in these pictures, to bound memory.")
    if group.count > MOST_FINDINGS:
        missing.append(f"Listed are the first {MOST_FINDINGS} of {group.count:,} findings.")
    if not ladders:
        missing.append("None of the calls that the finding names was still remembered.")
    if profile.attempts and not sum(profile.durations):
        missing.append("No end of a call is in the recording: lengths are not known.")
    if profile.registrations.beyond:
        missing.append(
            f"{counted(profile.registrations.beyond, 'registration')} of more than {MOST_COUNTERPARTS} users are not listed."
        )
    return tuple(missing)
