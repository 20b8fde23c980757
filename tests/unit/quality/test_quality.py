"""What the measurement says of findings that are made up, and of a small carrier under a bundle of one rule."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from tests.conftest import shared_data
from typer.testing import CliRunner

from ringfence.cli.bench import app
from ringfence.cli.shipped import DEFAULT_BUNDLE
from ringfence.policy.expressions import Comparison, Connective, Literal, MeasureValue, Type
from ringfence.quality.ablation import left_out, moved
from ringfence.quality.judging import Judged
from ringfence.quality.outcomes import Abuse, Hit, Outcome, Touch, assessed
from ringfence.quality.page import page, tables
from ringfence.quality.real_calls import measured
from ringfence.quality.report import Asked, Report, report
from ringfence.quality.scaling import scaled
from ringfence.quality.statistics import bootstrap, quantile, reweighted, wilson
from ringfence.quality.summary import by_clause, share_touched_per_month
from ringfence.quality.truth import GRACE, Truth
from ringfence.quality.worlds import World, plan_of, worlds_of
from ringfence.simulate.labelled.carrier import Carrier, Size
from ringfence.simulate.labelled.labels import Label
from ringfence.simulate.labelled.parties import Party
from ringfence.vocabulary.contracts import Evidence, Finding, Subject, Window
from ringfence.vocabulary.numbers import E164
from ringfence.vocabulary.severity import Mode, Severity
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.engine import Engine

BEGUN = Micros(1_000 * SECOND)


def finding(
    subject: str, at: int, *, kind: SubjectKind = SubjectKind.ACCOUNT, severity: Severity = Severity.WARN, clause: str = "spam"
) -> Finding:
    return Finding(
        id=f"{subject}{at}", rule="a-rule", clause=clause,
        mode=Mode.REPORT, severity=severity, subject=Subject(kind=kind, id=subject),
        time=Micros(at), window=Window(start=Micros(0), end=Micros(at)), measures={}, thresholds={}, evidence=Evidence(events=1),
        source="made up", policy="0", says="Made up.",
    )  # fmt: skip


def party(account: str, number: str, source: str) -> Party:
    return Party(account, "customer", "business", "shop", "BE", f"t-{account}", source, None, (E164(number),), "Oak 2.0", source)


def label() -> Label:
    times = [int(BEGUN), int(BEGUN) + 10 * SECOND, int(BEGUN) + 20 * SECOND]
    subjects = {(SubjectKind.ACCOUNT, "bad"), (SubjectKind.SOURCE, "100.64.0.9")}
    return Label(
        0, "a kind", "spam", ("auto-dialing",), begin=BEGUN, end=Micros(times[-1]), subjects=subjects, times=times,
        talk_us=[30 * SECOND, 0, 60 * SECOND],
    )  # fmt: skip


PARTIES = [party("bad", "+3225550001", "198.18.0.1"), party("good", "+3225550002", "198.18.0.2")]


def test_a_hit_counts_acts_seconds_and_minutes_up_to_the_finding() -> None:
    at = BEGUN + 15 * SECOND
    abuses, touches = assessed([finding("bad", at), finding("bad", at + SECOND)], [label()], Truth([label()], PARTIES))
    (hit,) = abuses[0].hits
    assert (hit.acts, hit.seconds, hit.minutes) == (2, 15.0, 0.25)
    assert (abuses[0].acts, abuses[0].minutes) == (3, 1.5)
    assert touches == []


def test_a_finding_before_the_abuse_touches_an_innocent_and_one_long_after_touches_nobody() -> None:
    known = [label()]
    early = assessed([finding("bad", BEGUN - SECOND)], known, Truth(known, PARTIES))
    late = assessed([finding("bad", known[0].end + GRACE + SECOND)], known, Truth(known, PARTIES))
    assert (early[0][0].hits, [touch.who for touch in early[1]]) == ((), ["bad"])
    assert (late[0][0].hits, late[1]) == ((), [])


def test_of_two_abusers_of_one_account_a_finding_is_about_the_one_of_its_clause() -> None:
    robber = label()
    robber.actor, robber.clause, robber.also = 1, "interception", ()
    abuses, touches = assessed([finding("bad", BEGUN)], [label(), robber], Truth([label(), robber], PARTIES))
    assert [len(abuse.hits) for abuse in abuses] == [1, 0]
    abuses, touches = assessed([finding("bad", BEGUN, clause="malware")], [label(), robber], Truth([label(), robber], PARTIES))
    assert [len(abuse.hits) for abuse in abuses] == [1, 1]  # wrong about both
    assert touches == []


@pytest.mark.parametrize(
    ("subject", "kind"),
    [
        ("good", SubjectKind.ACCOUNT),
        ("t-good", SubjectKind.TRUNK),
        ("+3225550002", SubjectKind.NUMBER),
        ("+3225550002,+3225559999", SubjectKind.PAIR),
        ("198.18.0.2", SubjectKind.SOURCE),
        ("u@voice.example,198.18.0.2", SubjectKind.REGISTRATION),
    ],
)
def test_whatever_a_finding_calls_an_innocent_party_it_is_that_party(subject: str, kind: SubjectKind) -> None:
    _, touches = assessed([finding(subject, BEGUN, kind=kind)], [label()], Truth([label()], PARTIES))
    assert [(touch.who, touch.habit) for touch in touches] == [("good", "shop")]


def test_an_attackers_address_in_a_registration_is_the_attacker() -> None:
    abuses, touches = assessed(
        [finding("u@voice.example,100.64.0.9", BEGUN, kind=SubjectKind.REGISTRATION)], [label()], Truth([label()], PARTIES)
    )
    assert len(abuses[0].hits) == 1
    assert touches == []


def hit(rule: str, clause: str, severity: Severity, seconds: float) -> Hit:
    return Hit(rule, clause, severity, seconds, int(seconds), 0.0)


def made_up() -> Outcome:
    abuses = (
        Abuse("one", "spam", ("auto-dialing",), 10, 2.0, (hit("a", "spam", Severity.WARN, 4), hit("b", "spam", Severity.ACT, 6))),
        Abuse("one", "spam", (), 20, 2.0, (hit("b", "spam", Severity.WARN, 8),)),
        Abuse("two", "harassment", (), 5, 1.0, (hit("a", "spam", Severity.WARN, 1),)),
        Abuse("two", "harassment", (), 5, 1.0, ()),
    )
    touches = (Touch("good", "shop", "a", "spam", Severity.WARN), Touch("good", "shop", "b", "spam", Severity.WARN))
    return Outcome(abuses, touches, 100, 3_000.0, 1, 1)


def test_recall_precision_and_harm_are_what_was_counted_by_hand() -> None:
    harassment, spam = by_clause(made_up())
    assert (spam.warn.recall.value, spam.act.recall.value) == (1.0, 0.5)
    assert spam.warn.precision.value == 0.5  # two abusers, one found for what it did not do, one innocent
    assert (spam.warn.touched, spam.act.touched, spam.warn.touched_per_month) == (1, 0, 0.01)
    assert spam.let_through_acts == 6
    assert (harassment.warn.recall.value, harassment.warn.found.value) == (0.0, 0.5)
    assert share_touched_per_month(made_up(), Severity.WARN) == 0.01


def test_without_a_rule_what_it_alone_finds_is_lost() -> None:
    a, b, c = left_out(made_up(), ["a", "b", "c"])
    assert (a.found, a.alone, a.later, a.touched, a.spared) == (1, 0, 1, 1, 0)
    assert (b.found, b.alone, b.later) == (2, 1, 0)
    assert (c.found, c.touched) == (0, 0)


def test_thresholds_moved_are_shown_beside_each_other() -> None:
    usual = made_up()
    nothing = msgspec.structs.replace(
        usual, abuses=tuple(msgspec.structs.replace(abuse, hits=()) for abuse in usual.abuses), touches=()
    )
    rows = {row.clause: row for row in moved(usual, [usual, nothing])}
    assert rows["spam"].recall == (1.0, 1.0, 0.0)
    assert rows["spam"].touched == (1, 1, 0)


def test_limits_move_by_the_factor_and_shares_stay_shares() -> None:
    plan = plan_of(DEFAULT_BUNDLE)
    rule = next(rule for rule in plan.rules if rule.name == "invite-flood")
    calls, share = MeasureValue("attempts"), MeasureValue("callees")
    condition = Connective(
        "and", (Comparison(">", calls, Literal(40.0, Type.NUMBER)), Comparison(">=", share, Literal(0.8, Type.NUMBER)),
                Comparison("<", calls, Literal(6.0, Type.NUMBER)), Comparison("==", calls, Literal(7.0, Type.NUMBER)))
    )  # fmt: skip
    own = replace(plan, rules=(replace(rule, tiers=(replace(rule.tiers[0], when=condition),)),))

    def limits(factor: float) -> list[float]:
        when = scaled(own, factor).rules[0].tiers[0].when
        assert isinstance(when, Connective)
        return [
            float(part.right.value) for part in when.operands if isinstance(part, Comparison) and isinstance(part.right, Literal)
        ]

    assert limits(0.5) == [20.0, 0.4, 12.0, 7.0]
    assert limits(2.0) == [80.0, pytest.approx(0.9), 3.0, 7.0]


def test_plans_beside_each_other_find_what_each_finds_alone() -> None:
    usual = plan_of(DEFAULT_BUNDLE)
    plans = [usual, scaled(usual, 0.5)]
    carrier = Carrier(4, Size(20, 2, abusers=7))
    events = list(carrier.events())
    together = Judged(plans, carrier.reference, source="made up")
    together.take(events)
    for plan, found in zip(plans, together.findings, strict=True):
        alone = Engine(plan, key=b"", source="made up")
        alone.know(Directory(carrier.reference))
        expected = alone.step(events, events[-1].time)
        assert sorted((each.rule, each.time, each.subject.id, each.severity) for each in found) == sorted(
            (each.rule, each.time, each.subject.id, each.severity) for each in expected
        )
    assert len(together.findings[1]) > len(together.findings[0]) > 0


def test_intervals_and_quantiles_are_those_of_the_books() -> None:
    assert wilson(0, 0).value is None
    assert wilson(8, 10).low == pytest.approx(0.4902, abs=1e-4)  # Wilson's interval for 8 of 10
    assert wilson(8, 10).high == pytest.approx(0.9433, abs=1e-4)
    assert quantile([5.0, 1.0, 3.0], 0.9) == 5.0
    low, high = bootstrap([float(value) for value in range(100)], 0.5) or (0.0, 0.0)
    assert 30 < low < 50 < high < 70
    assert reweighted(10, 0, abusers=10, parties=1000, prevalence=0.001) == 1.0
    assert reweighted(10, 1, abusers=10, parties=1000, prevalence=0.001) == pytest.approx(0.001 / (0.001 + 0.999 * 0.001))


def test_worlds_share_out_the_parties_and_have_numbers_of_their_own() -> None:
    worlds = worlds_of(World(Path("bundle"), 1, 0, Size(0, 7)), 6_001)
    assert [world.size.parties for world in worlds] == [2001, 2000, 2000]
    assert [world.number for world in worlds] == [0, 1, 2]


def test_worlds_of_one_seed_have_other_parties_and_go_on_with_the_kinds() -> None:
    first, second = (Carrier(1, Size(100, 2, abusers=7), world=number) for number in (0, 1))
    assert not {party.account for party in first.honest} & {party.account for party in second.honest}
    assert {label.clause for label in first.labels} != {label.clause for label in second.labels}


@pytest.fixture(scope="module")
def small() -> Report:
    asked = Asked(DEFAULT_BUNDLE, seed=2, parties=30, weeks=1, abusers=14)
    return report(asked, processes=1, told=lambda _what, _done, _of: None)


def test_a_report_has_every_clause_that_was_played_and_finds_the_floods(small: Report) -> None:
    assert len(small.tuned.clauses) >= 12
    floods = next(clause for clause in small.tuned.clauses if clause.clause == "denial-of-service")
    assert floods.abusers >= 1
    assert small.held_out is not None
    assert small.sessions is not None
    assert {clause.clause for clause in small.sessions.clauses} >= {"session-interference", "malware"}
    assert len(small.moved) == len({kind.clause for kind in small.tuned.kinds})


def test_a_page_has_the_figures_and_says_how_to_make_it_again(small: Report) -> None:
    text = page(small)
    assert tables(small) in text
    assert "ringfence bench quality --seed 2" in text
    assert "## Carriers set aside" in text
    assert small.policy in text
    assert " --no-" not in text
    bare = page(msgspec.structs.replace(small, held_out=None, left_out=[], sessions=None, moved=[]))
    assert "--no-held-out --no-ablation --no-sessions --page FILE`" in bare
    widths = {line.count("|") for line in tables(small).splitlines() if line.startswith("| auto-dialing |")}
    assert widths


def test_the_command_prints_json_and_refuses_a_page_that_cannot_be_written(tmp_path: Path) -> None:
    few = [
        "quality",
        "--parties",
        "100",
        "--weeks",
        "1",
        "--abusers",
        "2",
        "--no-held-out",
        "--no-ablation",
        "--no-sessions",
        "--processes",
        "1",
    ]
    done = CliRunner().invoke(app, [*few, "--json"])
    assert done.exit_code == 0, done.output
    assert msgspec.json.decode(done.stdout)["tuned"]["abusers"] == 2
    refused = CliRunner().invoke(app, [*few, "--page", str(tmp_path / "no" / "page.md")])
    assert refused.exit_code == 2
    assert "page.md" in refused.output


def test_real_calls_are_judged_and_touch_nobody_with_severity_act() -> None:
    found = measured(plan_of(DEFAULT_BUNDLE), shared_data("calls-copenhagen"))
    assert (found.calls, found.texts) == (3600, 24_333)
    assert found.people > 500
    assert found.acted == 0


def test_another_file_than_real_calls_is_refused(tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_text("timestamp,caller\n1,2\n", encoding="utf-8")
    (tmp_path / "sms.csv").write_text("", encoding="utf-8")
    with pytest.raises(ValueError, match=r"calls\.csv"):
        measured(plan_of(DEFAULT_BUNDLE), tmp_path)
