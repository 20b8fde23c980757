"""The page: what it says, that it stands alone, and that nothing from traffic gets out of its text."""

import base64
import hashlib
import re
from html import unescape

import msgspec
import pytest
from tests.unit.report.scene import (
    CAPTURES,
    NINE,
    attempt,
    bundle,
    judged,
    outcome,
    parsed,
    registration,
    report,
    rows,
    scanned,
    walk,
    words,
)

from ringfence.report import Given
from ringfence.vocabulary.contracts import EventKind
from ringfence.vocabulary.times import HOUR, SECOND

HOSTILE = '"><script>alert(1)</script><svg onload=x>\u202egnp.exe\x1b[2J\x00' + "a" * 5_000
VOID = {"meta", "br"}


def hostile_page(*, masked: bool = False) -> str:
    events = [
        msgspec.structs.replace(event, account=HOSTILE, callee=HOSTILE + event.callee, user_agent=HOSTILE, party_path=(HOSTILE,))
        for event in walk(80)
        if event.callee is not None
    ]
    guesses = [registration(n, HOSTILE + str(n), at=n * SECOND, status=403) for n in range(30)]
    return report(judged([*events, *guesses]), masked=masked)


def test_the_first_page_says_what_was_looked_at_and_what_was_found() -> None:
    text = words(report(judged(walk())))
    assert "300 call attempts" in text
    assert "1 account" in text
    assert "2026-03-02 09:00:00 to 2026-03-02 09:04:59 UTC (4 min 59 s)" in text
    assert "Automatic dialling" in text
    assert "account acme" in text
    assert "callees 60 (limit: at least 60)" in text


def test_a_recording_without_findings_says_so_and_what_could_not_be_judged() -> None:
    text = words(report(judged(walk(10))))
    assert "No rule found anything." in text
    assert "no rate deck was given" in text


def test_an_empty_recording_has_a_page() -> None:
    text = words(report(judged([])))
    assert "No rule found anything." in text
    assert "no call attempt is in the recording" in text


@pytest.mark.parametrize("name", ["svwar", "svcrack", "sipp_invite_flood", "sipp_calls", "svwar_invite", "svmap"])
def test_every_capture_of_the_examples_has_a_page_whose_tags_close(name: str) -> None:
    html = report(*scanned(CAPTURES / f"{name}.pcap"))
    opened = re.findall(r"<([a-z][a-z0-9]*)[^>]*?(/?)>", html)
    for tag in {tag for tag, closed in opened if not closed} - VOID:
        assert sum(1 for each, closed in opened if each == tag and not closed) == html.count(f"</{tag}>"), tag


def test_the_same_input_gives_the_same_bytes() -> None:
    path = CAPTURES / "svwar.pcap"
    assert report(*scanned(path)) == report(*scanned(path))


def test_nothing_is_loaded_from_anywhere_and_no_script_can_run() -> None:
    html = report(*scanned(CAPTURES / "svcrack.pcap"))
    for tag, attributes in parsed(html).tags:
        assert tag not in ("script", "link", "img", "iframe", "object", "embed", "base", "form"), tag
        for name, value in attributes.items():
            assert name not in ("src", "srcset", "style", "data"), (tag, name)
            assert not name.startswith("on"), (tag, name)
            if name == "href":
                assert (value or "").startswith("#")
            if name not in ("xmlns", "content"):
                assert "://" not in (value or ""), (tag, name)
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style is not None
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def test_the_security_policy_allows_the_page_s_own_style_and_nothing_else() -> None:
    html = report(judged(walk()))
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style is not None
    hashed = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = next(attributes["content"] for tag, attributes in parsed(html).tags if "http-equiv" in attributes)
    assert policy == f"default-src 'none'; style-src 'sha256-{hashed}'; base-uri 'none'; form-action 'none'"
    assert html.index("http-equiv") < html.index("<style>")


@pytest.mark.parametrize("masked", [False, True])
def test_names_from_traffic_stay_text_and_are_short(masked: bool) -> None:
    html = hostile_page(masked=masked)
    assert "<script" not in html
    assert not [tag for tag, attributes in parsed(html).tags if "onload" in attributes]
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f\x00\x1b]", html)
    assert "&lt;script&gt;alert(1)" in html
    assert "a" * 100 not in html


def test_the_course_has_a_table_whose_marked_row_is_the_finding_s_bin() -> None:
    collector = judged([*walk(600, every=SECOND), attempt(9_000, "+441632000000", at=HOUR)])
    finding = next(iter(collector.groups.values())).findings[0]
    crossed = [row for row in rows(report(collector)) if row[-1:] == ["crossed"]]
    assert len(crossed) == 1
    assert crossed[0][:2] == ["2026-03-02 09:00:00", "60"]
    assert 0 <= finding.time - NINE < 60 * SECOND
    assert crossed[0][2] == "60"


def test_the_course_s_numbers_add_up_to_all_that_the_rule_looked_at() -> None:
    html = report(judged(walk(300)))
    start = html.index("Attempts per")
    table = rows(html[start : html.index("</table>", start)])
    assert sum(int(row[1]) for row in table[1:]) == 300


def test_lengths_of_calls_stand_beside_those_of_all_others() -> None:
    others = []
    for n in range(40):
        started = attempt(5_000 + n, "+441632111111", at=n * SECOND, account="bakery")
        others += [started, outcome(EventKind.END, started, after=1, duration_ms=120_000)]
    table = rows(report(judged([*walk(300), *others])))
    assert ["not answered", "225", "0"] in table
    assert ["under 6 s", "75", "0"] in table
    assert ["1 to 3 min", "0", "40"] in table


def test_who_registered_as_whom_from_where_is_a_table_with_outcomes() -> None:
    table = rows(report(*scanned(CAPTURES / "svcrack.pcap")))
    assert ["from", "as", "accepted", "asked for credentials", "refused", "not answered"] in table
    assert ["127.0.0.1", "100@127.0.0.77", "1", "46", "45", "0"] in table


def test_a_registration_of_somebody_without_a_finding_is_shown_too() -> None:
    table = rows(report(judged([registration(1, "alice", at=0, status=200)])))
    assert ["203.0.113.9", "alice@voice.example", "1", "0", "0", "0"] in table


def test_every_rule_is_shown_with_its_text_and_those_that_found_nothing() -> None:
    text = words(report(judged(walk())))
    for rule in bundle().plan.rules:
        assert " ".join(rule.says.split()) in text
        assert " ".join(rule.source.split()) in text
        assert f"{rule.name}: " + ("1 finding" if rule.name == "fan-out-dialler" else "found nothing") in text
    assert bundle().hash in text


def test_a_page_judges_nobody() -> None:
    text = words(report(judged(walk()))).lower()
    for word in ("illegal", "crime", "criminal", "fraudster", "guilty", "attacker"):
        assert word not in text


def test_hidden_numbers_are_nowhere_and_the_same_number_is_hidden_the_same_way() -> None:
    events = list(walk(120))
    html = unescape(report(judged(events), masked=True))
    for event in events:
        assert event.callee is not None
        assert event.callee not in html
    assert "+441632960000" not in html
    assert html.count("+44163296····#1") > 1
    assert report(judged(events), masked=True) == report(judged(events), masked=True)


def test_without_masking_numbers_are_whole() -> None:
    assert "+441632960000" in report(judged(walk(120)))


def test_given_inputs_are_not_said_to_be_missing() -> None:
    collector = judged(walk())
    assert "no numbers file was given" in report(collector)
    assert "no numbers file was given" not in report(collector, given=Given(numbers=True))
    assert "no accounts file was given" not in report(collector, given=Given(accounts=True))
