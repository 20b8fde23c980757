"""The measurement as tables, and as the page docs/quality.md."""

from collections.abc import Iterable, Iterator, Sequence

from ringfence.quality.report import Part, Report
from ringfence.quality.statistics import Share
from ringfence.quality.summary import ClauseQuality, Delay
from ringfence.simulate.labelled.abusive import ABUSIVE_KINDS
from ringfence.simulate.labelled.honest import HONEST_KINDS
from ringfence.simulate.labelled.scene import AbusiveKind

_HABITS_SHOWN = 40


def tables(report: Report) -> str:
    """Return the figures alone."""
    return "\n".join(_figures(report)) + "\n"


def page(report: Report) -> str:
    """Return the page: what was measured, how, and the figures."""
    return "\n".join([*_introduction(report), *_figures(report), *_population()]) + "\n"


def _introduction(report: Report) -> Iterator[str]:
    yield "# How well the default bundle finds abuse"
    yield ""
    asked = f"--seed {report.seed} --parties {report.parties} --weeks {report.weeks}"
    asked += f" --abusers {report.abusers}" if report.abusers is not None else ""
    asked += " --no-held-out" if report.held_out is None else ""
    asked += " --no-ablation" if not report.left_out else ""
    asked += " --no-sessions" if report.sessions is None else ""
    asked += " --real-calls DIR" if report.real is not None else ""
    yield f"Made by `ringfence bench quality {asked} --page FILE`."
    yield "Anybody can make it again: the same seed gives the same carriers, and the same version of the policy the same findings."
    yield f"Version of the policy: `{report.policy}`."
    yield ""
    yield _HOW
    yield ""


_HOW = """\
A made-up carrier has honest parties of many kinds, and abusers: one in a hundred, or as many as the command was told. What all of
them do goes through the engine as the events that an edge would give; who is what stands in a file of its own, which no rule sees.
Accounts, trunks and call ids are random, attackers' addresses come from the networks that honest travellers use, and many honest
kinds do what careless counting takes for abuse: redialling, forwarding, taxi drivers who ring once, schools that call all parents.

- *recall*: of all abusers of a clause, those that a rule of this clause found; the interval is Wilson's, with 95 % confidence
- *any clause*: those that some rule found, whatever clause it cites
- *precision*: of all whom rules of the clause found, those who abused; then what it would be with one abuser in a hundred parties,
  and in a thousand
- *until*: from the abuser's first act to the finding, in acts and in time: the median, and what nine of ten stay under
- *let through*: what an abuser did until the rules said act (all of it where they never did): the median
- *touched*: honest parties of whom a rule says something, for each party and month

A warning opens a case that a person judges. Nothing is done to a customer by a rule alone.
Where two abusers share an account (one robs it, another rings it for bait), a finding is about the one whose clause it cites.
Some kinds of abuse, and other distributions of everything that abusers choose, were set aside before any threshold was chosen;
they are reported below as *set aside*. Four kinds among them, marked *last*, were written when the rules stood: no threshold was
chosen with them in sight, and none was moved on their account. The carriers are ours, and so is the bundle:
[a second network](quality-second.md), made in another way, says what it finds too."""


def _figures(report: Report) -> Iterator[str]:
    yield from _part("Carriers on which thresholds were chosen", report.tuned)
    if report.held_out is not None:
        yield from _part("Carriers set aside", report.held_out)
    if report.sessions is not None:
        yield from _part("Abuse that packets alone show", report.sessions)
    yield from _real(report)
    yield from _ablation(report)


def _part(title: str, part: Part) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield (
        f"{part.parties} honest parties ({part.party_months:.0f} party-months), {part.abusers} abusers, {part.events} events. "
        f"Of the honest, {part.warned_per_month:.3%} are warned of in a month, and rules say act of {part.acted_per_month:.3%}."
    )
    if part.losses:
        yield f"Rules that had to forget something for want of memory: {', '.join(part.losses)}."
    yield ""
    yield from _table(
        (
            "clause",
            "abusers",
            "recall, warn",
            "recall, act",
            "any clause",
            "precision, warn",
            "precision, act",
            "warn at 1 in 100, 1,000",
            "act at 1 in 100, 1,000",
            "touched, warn",
            "touched, act",
        ),
        (_quality_row(clause) for clause in part.clauses),
    )
    yield from _table(
        (
            "clause",
            "acts until warn",
            "time until warn",
            "acts until act",
            "time until act",
            "let through: acts",
            "minutes",
            "share",
        ),
        (_delay_row(clause) for clause in part.clauses if clause.abusers),
    )
    yield from _kinds(part)


def _kinds(part: Part) -> Iterator[str]:
    yield from _table(
        ("clause", "kind", "abusers", "warned", "acted on", "any clause", "acts until warn", "time", "acts until act", "time"),
        (
            (k.clause, k.kind, str(k.abusers), str(k.warned), str(k.acted), str(k.found), *_until(k.warn), *_until(k.act))
            for k in part.kinds
        ),
    )
    if part.innocents_warned:
        acted = {(one.rule, one.habit): one.parties for one in part.innocents_acted}
        yield "Honest parties that were touched:"
        yield ""
        yield from _table(
            ("rule", "kind of party", "warn", "act"),
            (
                (one.rule, one.habit, str(one.parties), str(acted.get((one.rule, one.habit), 0)))
                for one in part.innocents_warned[:_HABITS_SHOWN]
            ),
        )


def _quality_row(clause: ClauseQuality) -> Sequence[str]:
    warn, act = clause.warn, clause.act
    return (
        clause.clause,
        str(clause.abusers),
        _share(warn.recall),
        _share(act.recall),
        _plain(warn.found.value),
        _share(warn.precision),
        _share(act.precision),
        f"{_plain(warn.precision_1_in_100)}, {_plain(warn.precision_1_in_1000)}",
        f"{_plain(act.precision_1_in_100)}, {_plain(act.precision_1_in_1000)}",
        f"{warn.touched} ({warn.touched_per_month:.3%})",
        f"{act.touched} ({act.touched_per_month:.3%})",
    )


def _until(delay: Delay) -> tuple[str, str]:
    return _two(_number(delay.acts), _number(delay.acts_90)), _two(_time(delay.seconds), _time(delay.seconds_90))


def _delay_row(clause: ClauseQuality) -> Sequence[str]:
    warn, act = clause.warn.delay, clause.act.delay
    return (
        clause.clause,
        *_until(warn),
        *_until(act),
        _number(clause.let_through_acts),
        _number(clause.let_through_minutes),
        _plain(clause.let_through_share),
    )


def _real(report: Report) -> Iterator[str]:
    if report.real is None:
        return
    real = report.real
    yield "## Real calls"
    yield ""
    yield (
        f"{real.calls} calls and {real.texts} texts of {real.people} people over {real.days:.0f} days (Copenhagen Networks Study, "
        f"CC BY 4.0), each an account: {real.warned} warned of, {real.acted} with severity act."
    )
    yield ""
    if real.rules:
        yield from _table(("rule", "people"), ((rule, str(count)) for rule, count in real.rules.items()))


def _ablation(report: Report) -> Iterator[str]:
    if report.left_out:
        yield "## Without each rule"
        yield ""
        yield "*Alone*: abusers that no other rule of the clause finds; *later*: that others find later. *Spared*: innocents"
        yield "that no other touches. Rules that read other rules' findings are taken to find what they found."
        yield ""
        yield from _table(
            ("rule", "clause", "finds", "alone", "later", "touches", "spared"),
            (
                (one.rule, one.clause, str(one.found), str(one.alone), str(one.later), str(one.touched), str(one.spared))
                for one in report.left_out
            ),
        )
    if report.moved:
        yield "## Thresholds at half, as they are, and at double"
        yield ""
        yield from _table(
            ("clause", "abusers", "recall", "precision", "innocents warned of"),
            (
                (
                    row.clause,
                    str(row.abusers),
                    " / ".join(map(_plain, row.recall)),
                    " / ".join(map(_plain, row.precision)),
                    " / ".join(map(str, row.touched)),
                )
                for row in report.moved
            ),
        )


def _population() -> Iterator[str]:
    yield "## Who is in the carrier"
    yield ""
    yield "Honest kinds. Shares and rates are ours; talk times are log-normal (Bolotin 1994), arrivals Poisson with shapes of"
    yield "day and week."
    yield ""
    yield from _table(
        ("kind", "plan", "share", "calls a weekday (median)"),
        ((kind.name, kind.plan, f"{kind.share:.1%}", f"{kind.rate:g}") for kind in HONEST_KINDS),
    )
    yield "Kinds of abuse; those marked were set aside whole, of all others the distributions are others there."
    yield ""
    yield from _table(
        ("clause", "kind", "what it does", "set aside"),
        ((kind.clause, kind.name, (kind.acts.__doc__ or "").split("\n")[0], _aside(kind)) for kind in ABUSIVE_KINDS),
    )


def _aside(kind: AbusiveKind) -> str:
    if kind.written_last:
        return "yes, last"
    return "yes" if kind.held_out_only else ""


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def _share(share: Share) -> str:
    return "–" if share.value is None else f"{share.value:.3f} ({share.low:.2f}–{share.high:.2f})"


def _plain(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}"


def _two(median: str, most: str) -> str:
    return median if median == most else f"{median}, {most}"


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.1f} s"
