"""Rules that decide before: from a posted bundle to a refusal with rule and numbers, and a finding for the desk."""

from pathlib import Path

import msgspec
import pytest
from tests.unit.gate.inline_rules import AT_ONCE, CALLS_A_SECOND, FAN_OUT, UNHELD_CALLER, plan_of, posted, rules_before
from tests.unit.gate.orders import NOW, order
from tests.unit.gate.test_redirect import EDGE, TRUNK, request

from ringfence.feeds import FeedWriter
from ringfence.feeds.segments import records_after
from ringfence.gate.configuration import PeerProfile, RedirectConfiguration
from ringfence.gate.http.verdicts import Verdicts
from ringfence.gate.inline import RulesBefore, selected
from ringfence.gate.inline.told import FEED, FindingsFeed
from ringfence.gate.orders import OrdersTail
from ringfence.gate.receipts import ReceiptBook
from ringfence.gate.redirect import RedirectServer
from ringfence.gate.redirect.plain import Batch
from ringfence.gate.table import OrdersTable
from ringfence.vocabulary.contracts import (
    AccountLink,
    Action,
    ActionKind,
    BroughtEntry,
    BroughtList,
    ExemptionLink,
    Finding,
    NumberLink,
    Order,
    OrderChange,
    PartyLink,
    Reference,
    TrunkLink,
)
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import DAY, SECOND, Micros
from ringfence.watch.wire.sip import parse

CALLER = "+32470123456"
REFERENCE = Reference(
    time=NOW,
    policy="first",
    parties=(PartyLink(party="shop"),),
    accounts=(AccountLink(account="acme", party="shop"),),
    trunks=(TrunkLink(trunk="t1", account="acme", address=TRUNK),),
    numbers=(NumberLink(number="+3225550000", account="acme"),),
    lists={"emergency-numbers": ("112",), "protected-sources": ("203.0.113.50",)},
)


class Server:
    """A redirect server that judges by the posted bundle `first`, at a clock that the test sets."""

    def __init__(self, data: Path, rules: RulesBefore, *orders: Order, told: Reference | None = None, **configured: object) -> None:
        self.now = NOW
        self.rules = rules
        feeds = data / "feeds"
        records = (("reference", told or REFERENCE), ("orders", OrderChange(generation=1, upserts=orders)))
        for name, record in records:
            writer = FeedWriter(feeds / name)
            writer.append([msgspec.json.encode(record)])
            writer.close()
        self.tail = OrdersTail(feeds, OrdersTable())
        news = self.tail.read(NOW)
        self.tail.take(news, NOW)
        rules.take(rules.prepare(news.reference, NOW), news.reference, self.tail.directory)
        self.book = ReceiptBook(feeds / "receipts")
        configuration = RedirectConfiguration(listen="127.0.0.1:0", peers=(f"{EDGE}/32",), **configured)  # type: ignore[arg-type]  # as each test says
        self.redirect = RedirectServer(configuration, self.tail, self.book, clock=lambda: self.now, rules=rules)
        self.responder = self.redirect.responder
        self.responder.begin()
        self.responder.take(self.responder.course(self.tail.read(NOW)))

    def ask(self, number: int, *, after_s: float = 0.0, **more: str) -> bytes:
        """Return what question `number` is answered with, a call of its own."""
        self.now = Micros(NOW + int(after_s * SECOND))
        more = {"callee": "+3225550123", "caller": CALLER, "call_id": f"call-{number}", **more}
        data = request(branch=f"z9hG4bK{number}", source=more.pop("source", TRUNK), **more)
        (answer,) = self.responder.respond_all(Batch(data, (0,), (len(data),), (EDGE,)))
        assert answer is not None
        return bytes(answer)

    def codes(self, *numbers: int, **more: str) -> list[int]:
        return [int(self.ask(number, after_s=0.0, **more).split()[1]) for number in numbers]


def test_the_call_beyond_the_cap_is_refused_with_rule_and_numbers(tmp_path: Path) -> None:
    server = Server(tmp_path, rules_before(tmp_path, CALLS_A_SECOND))
    assert server.codes(1, 2, 3) == [404, 404, 404]
    answer = server.ask(4).decode()
    assert answer.startswith("SIP/2.0 486 Busy Here\r\n")
    assert 'Reason: SIP;cause=486;text="rule calls-a-second: calls 4 at a threshold of 3, clause spam"\r\n' in answer
    assert "P-Ringfence-Rule: calls-a-second\r\n" in answer
    assert int(server.ask(5).split()[1]) == 486  # as long as it holds, not only where it began
    assert int(server.ask(6, after_s=1.5).split()[1]) == 404
    assert (server.redirect.tally.asks, server.redirect.tally.refused, server.rules.refused) == (6, 2, 2)


def test_what_was_found_is_told_to_the_desk_as_watch_would_tell_it(tmp_path: Path) -> None:
    server = Server(tmp_path, rules_before(tmp_path, CALLS_A_SECOND))
    server.codes(*range(1, 8))
    feed = FindingsFeed(tmp_path / "feeds")
    feed.write(server.rules.findings(), NOW)
    feed.close()
    (told,) = [msgspec.json.decode(record.payload, type=Finding) for record in records_after(tmp_path / "feeds" / FEED)]
    assert (told.rule, told.clause, told.subject.id, told.source) == ("calls-a-second", "spam", "acme", "gate")
    assert (told.measures, told.thresholds) == ({"calls": 4.0}, {"calls": 3.0})
    assert told.evidence.sample == ("call-1", "call-2", "call-3", "call-4")
    assert told.short_until == NOW + SECOND  # the gate had seen nothing before
    assert server.rules.findings() == []


def test_a_call_that_is_asked_about_again_is_one_call(tmp_path: Path) -> None:
    server = Server(tmp_path, rules_before(tmp_path, CALLS_A_SECOND))
    assert server.codes(*range(1, 9), call_id="the-same") == [404] * 8
    assert server.codes(11, 12, 13) == [404, 404, 486]
    assert int(server.ask(14, call_id="call-13").split()[1]) == 486  # another branch of the call that was refused


def test_questions_that_come_together_are_judged_in_their_order(tmp_path: Path) -> None:
    server = Server(tmp_path, rules_before(tmp_path, CALLS_A_SECOND))
    asked = [
        request(branch=f"z9hG4bK{number}", source=TRUNK, callee="+3225550123", call_id=f"c{number}")
        for number in (1, 2, 3, 3, 4, 5)
    ]
    asked.insert(2, b"nothing that can be answered")
    octets, ends = b"".join(asked), [sum(map(len, asked[: place + 1])) for place in range(len(asked))]
    starts = [0, *ends[:-1]]
    answers = server.responder.respond_all(Batch(octets, starts, ends, [EDGE] * len(asked)))
    codes = [None if answer is None else int(bytes(answer).split()[1]) for answer in answers]
    assert codes == [404, 404, None, 404, 404, 486, 486]
    assert (server.redirect.tally.retransmissions, server.redirect.tally.asks) == (1, 5)


def test_emergency_calls_and_allowances_pass_and_orders_come_first(tmp_path: Path) -> None:
    refused = order(7, SubjectKind.NUMBER, "+32470999999", action=Action(kind=ActionKind.REFUSE))
    allowed = order(8, SubjectKind.NUMBER, "+32470888888", action=Action(kind=ActionKind.ALLOW))
    server = Server(tmp_path, rules_before(tmp_path, CALLS_A_SECOND), refused, allowed)
    assert server.codes(1, 2, 3, 4) == [404, 404, 404, 486]
    assert server.codes(5, callee="112") == [404]
    assert server.codes(6, caller="+32470888888") == [404]
    answer = server.ask(7, caller="+32470999999").decode()
    assert f"P-Ringfence-Order: {7:032x}\r\n" in answer


def test_a_protected_source_is_refused_by_no_rule_about_sources(tmp_path: Path) -> None:
    server = Server(tmp_path, rules_before(tmp_path, FAN_OUT))
    for source, code in (("203.0.113.50", 404), ("203.0.113.51", 603)):
        codes = [
            server.codes(int(source[-1]) * 100 + number, source=source, callee=f"+32255501{number:02}")[0] for number in range(7)
        ]
        assert codes == [404] * 5 + [code] * 2


def test_a_rule_without_measures_judges_each_call_alone(tmp_path: Path) -> None:
    server = Server(tmp_path, rules_before(tmp_path, UNHELD_CALLER))
    assert server.codes(1) == [404]
    assert server.codes(2, 3, caller="+4420555001") == [403, 403]


def test_the_same_over_http(tmp_path: Path) -> None:
    rules = rules_before(tmp_path, CALLS_A_SECOND)
    server = Server(tmp_path, rules)
    verdicts = Verdicts(server.tail, server.book, asked=server.redirect.asked, clock=lambda: NOW, rules=rules)
    asks = [{"call_id": f"c{number}", "source": TRUNK, "callee": "+3225550123"} for number in range(5)]
    answered = msgspec.json.decode(verdicts.answer(msgspec.json.encode(asks), trusted=False))
    assert [each["action"] for each in answered] == ["allow", "allow", "allow", "reject", "reject"]
    assert (answered[3]["code"], answered[3]["rule"], answered[3]["clause"]) == (486, "calls-a-second", "spam")


@pytest.mark.parametrize("mode", ["report", "shadow"])
def test_a_rule_that_only_reports_refuses_nothing(tmp_path: Path, mode: str) -> None:
    server = Server(tmp_path, rules_before(tmp_path, CALLS_A_SECOND.replace("mode: act", f"mode: {mode}")))
    assert server.codes(*range(1, 8)) == [404] * 7
    assert [finding.mode for finding in server.rules.findings()] == [mode]


def test_who_is_exempt_and_what_is_struck_or_held_is_not_refused(tmp_path: Path) -> None:
    base = Reference(
        time=NOW,
        policy="first",
        parties=(PartyLink(party="shop"),),
        accounts=(AccountLink(account="acme", party="shop"),),
        trunks=(TrunkLink(trunk="t1", account="acme", address=TRUNK),),
    )
    exemption = ExemptionLink(party="shop", clause="spam", valid_from=Micros(NOW - DAY), valid_to=Micros(NOW + DAY))
    cases = {
        "exempt": (msgspec.structs.replace(base, exemptions=(exemption,)), 0),
        "struck": (msgspec.structs.replace(base, struck=("spam",)), 0),
        "held": (msgspec.structs.replace(base, automation_held=True), 1),
    }
    for name, (told, findings) in cases.items():
        server = Server(tmp_path / name, rules_before(tmp_path / name, CALLS_A_SECOND), told=told)
        assert server.codes(*range(1, 8)) == [404] * 7
        assert len(server.rules.findings()) == findings


def test_a_code_that_means_no_objection_to_the_peer_is_not_used_to_refuse(tmp_path: Path) -> None:
    profiles = (PeerProfile(peers=(f"{EDGE}/32",), allow_code=503),)
    server = Server(tmp_path, rules_before(tmp_path, CALLS_A_SECOND.replace("486", "503")), profiles=profiles)
    assert server.codes(1, 2, 3, 4) == [503, 503, 503, 603]


def test_what_the_gate_cannot_know_is_left_to_watch_and_said(tmp_path: Path) -> None:
    folder = posted(tmp_path, CALLS_A_SECOND, AT_ONCE, FAN_OUT.replace("distinct(callee)", "count(answered)"))
    chosen = selected(plan_of(folder))
    assert chosen.names == ["calls-a-second"]
    assert chosen.why_not == {
        "calls-at-once": "it counts calls under way, and nobody tells the gate when a call ends",
        "fan-out-at-once": "it reads answered, which only the end of a call tells",
    }


def test_a_version_that_cannot_be_used_leaves_the_one_before_in_force(tmp_path: Path) -> None:
    server = Server(tmp_path, rules_before(tmp_path, CALLS_A_SECOND))
    told = Reference(time=NOW, policy="not-there")
    assert server.rules.prepare(told, NOW) is None
    server.rules.take(None, told, server.tail.directory)
    assert server.codes(1, 2, 3, 4) == [404, 404, 404, 486]
    assert server.rules.health()["policy"] == "first"


def with_list(data: Path, name: str, text: str) -> None:
    (data / "policies" / "first" / "lists" / f"{name}.csv").write_text(text, encoding="utf-8")


def one_rule(name: str, on: str, when: str, *, per: str = "account", measures: str = "", code: int = 403) -> str:
    """Return a rule that refuses with `code` while `when` holds."""
    measured = f"window: 1h rolling\nmeasure:\n{measures}" if measures else ""
    return (
        f"rule: {name}\nclause: spam\nsays: This is an example.\nsource: Ours, an example.\non: {on}\nper: {per}\ndecide: before\n"
        f"{measured}when: {when}\nseverity: act\nproposes:\n  - refuse {code}\nmode: act\ncool_down: 1ms\n"
    )


def test_a_caller_or_a_destination_on_a_list_is_refused_and_what_peers_bring_to_it_too(tmp_path: Path) -> None:
    rules = rules_before(
        tmp_path,
        one_rule("listed-destination", "attempt", 'callee in prefixes("bad-ranges")'),
        one_rule("listed-caller", "attempt", 'caller in list("bad-callers")', code=608),
    )
    with_list(tmp_path, "bad-ranges", "entry,source,expiry,review,note\n+8835,ours,,2027-06-30,\n")
    with_list(tmp_path, "bad-callers", "entry,source,expiry,review,note\n+3225559999,ours,,2027-06-30,\n")
    entries = (BroughtEntry(entry="+3225558888"),)
    told = msgspec.structs.replace(REFERENCE, brought={"bad-callers": BroughtList(fetched=NOW, entries=entries)})
    server = Server(tmp_path, rules, told=told)
    assert server.codes(1) == [404]
    assert server.codes(2, callee="+883510012345") == [403]
    assert server.codes(3, caller="+3225559999") == [608]
    assert server.codes(4, caller="+3225558888") == [608], "a peer named it"
    assert server.codes(5, caller="+3225557777") == [404]


def test_prices_by_destination_add_up_and_the_call_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    measures = '  exposure: sum(lookup("prices", "a_minute", prefix(callee, 3)))\n'
    rules = rules_before(tmp_path, one_rule("costly", 'attempt where direction == "outbound"', "exposure > 5", measures=measures))
    header = "entry,a_minute,source,expiry,review,note\n"
    with_list(tmp_path, "prices", f"{header}+881,3,ours,,2027-06-30,\n+322,0,ours,,2027-06-30,\n")
    server = Server(tmp_path, rules)
    assert server.codes(1, 2, callee="+3225550101") == [404, 404]
    assert server.codes(3, callee="+88161234567") == [404], "3 of 5"
    assert server.codes(4, callee="+88161234567") == [403], "6 of 5"
    assert server.codes(5, callee="+3225550101") == [403], "the limit stays passed for the hour"


def test_the_first_calls_to_a_country_are_told_from_later_ones(tmp_path: Path) -> None:
    rule = one_rule(
        "new-country",
        'attempt where direction == "outbound"',
        "calls <= 1",
        per="[account, country(callee)]",
        measures="  calls: count()\n",
    ).replace("decide: before", "subject: account\ndecide: before")
    server = Server(tmp_path, rules_before(tmp_path, rule))
    assert server.codes(1, 2, callee="+442071838750") == [403, 404]
    assert server.codes(3, callee="+4930123456") == [403]
    assert server.codes(4, callee="+442071838751") == [404]


def test_a_caller_number_that_the_account_does_not_hold_is_refused(tmp_path: Path) -> None:
    rule = one_rule("not-held", 'attempt where direction == "outbound" and has_numbers(account)', "not held(caller)")
    server = Server(tmp_path, rules_before(tmp_path, rule))
    assert server.codes(1, caller="+3225550000") == [404]
    assert server.codes(2, caller="+3225550001") == [403]


def ending(data: Path, *rules: str) -> tuple[Server, Verdicts]:
    """Return a server whose askers tell how calls end, and where they tell it."""
    posted(data, *rules)
    server = Server(data, RulesBefore(data / "policies", key=b"k", ends=True))
    told = Verdicts(server.tail, server.book, asked=server.redirect.asked, clock=lambda: server.now, rules=server.rules)
    return server, told


def end(told: Verdicts, number: int, tag: str | None, **outcome: object) -> None:
    told.note_ends(msgspec.json.encode({"call_id": f"call-{number}", "tag": tag, **outcome}))


def tag_of(server: Server, number: int, **more: str) -> str | None:
    """Ask, and return the From tag that was asked with."""
    server.ask(number, after_s=0.0, **more)
    return parse(request(branch=f"z9hG4bK{number}", **{"source": TRUNK, **more})).from_tag


def test_calls_at_once_are_capped_by_a_rule_where_ends_are_told(tmp_path: Path) -> None:
    server, told = ending(tmp_path, AT_ONCE)
    tag = tag_of(server, 1)
    assert server.codes(2, 3, 4) == [404, 486, 486], "what was refused is not under way"
    end(told, 1, tag, answered=True, status=200, duration_ms=9_000, released_by="caller")
    end(told, 1, tag)
    assert server.codes(5, 6) == [404, 486]


def test_who_was_refused_outright_does_not_reach_that_number_again(tmp_path: Path) -> None:
    rule = one_rule(
        "after-refusal",
        "[attempt, end]",
        "refused >= 2 and calls >= 1",
        per="[account, callee]",
        measures="  refused: count(status in (603, 607), on=end)\n  calls: count(on=attempt)\n",
    ).replace("decide: before", "subject: account\ndecide: before")
    server, told = ending(tmp_path, rule)
    for number in (1, 2):
        tag = tag_of(server, number)
        end(told, number, tag, status=603)
    assert server.codes(3) == [403]
    assert server.codes(4, callee="+3225550999") == [404]


def test_a_number_that_rang_many_once_is_bait_and_calls_back_to_it_are_refused(tmp_path: Path) -> None:
    rule = one_rule(
        "bait",
        '["attempt where direction == \\"outbound\\"", "end where direction == \\"inbound\\" and not answered and ring <= 5s"]',
        "rung >= 3 and calls >= 1",
        per='prefix(caller, 6) if direction == "inbound" else prefix(callee, 6)',
        measures="  rung: count(on=end)\n  calls: count(on=attempt)\n",
    ).replace("decide: before", "subject: range\ndecide: before")
    server, told = ending(tmp_path, rule)
    bait = {"source": "198.51.100.77", "caller": "+881612345678", "callee": "+3225550000"}
    for number in (1, 2, 3):
        assert server.codes(90 + number, callee="+881612345678") == [404]
        tag = tag_of(server, number, **bait)
        end(told, number, tag, status=487, ring_ms=1_500, released_by="caller")
    assert server.codes(10, callee="+881612345678") == [403]
    assert server.codes(11, callee="+3225550999") == [404]


def test_a_rule_that_counts_ends_alone_is_left_to_watch(tmp_path: Path) -> None:
    rule = one_rule(
        "ends",
        "[attempt, end]",
        "refused >= 2",
        per="[account, callee]",
        measures="  refused: count(status in (603, 607), on=end)\n",
    ).replace("decide: before", "subject: account\ndecide: before")
    folder = posted(tmp_path, rule)
    assert "add count(on=attempt)" in selected(plan_of(folder), ends=True).why_not["ends"]
    assert "which nobody tells the gate" in selected(plan_of(folder)).why_not["ends"]
