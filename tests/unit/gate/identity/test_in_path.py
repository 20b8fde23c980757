"""Signed identities in the path: what each outcome is, how a profile has it answered, what rules see, and what never is refused."""

import json
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import shared_data
from tests.unit.gate.identity.world import (
    CALLEE,
    CALLER,
    HELD,
    NOW,
    OURSELVES,
    OWN_AT,
    ROOT,
    SHOWN,
    SIGNER,
    STRANGER,
    TRANSIT,
    TRUNK,
    World,
    claims,
    invite,
)
from tests.unit.gate.inline_rules import posted
from tests.unit.gate.orders import order
from tests.unit.gate.test_redirect import EDGE
from tests.unit.watch.identity.authorities import NOW_S, SP, Holder, der, encoded, one_number

from ringfence.gate.configuration import Manners, PeerProfile
from ringfence.gate.inline import RulesBefore
from ringfence.vocabulary.contracts import Action, ActionKind
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.identity import CertificateRefused, revoked_by

_NUMBERS = count(10_000)
REFUSING = {"failed": "refuse"}
MARKING = dict.fromkeys(("failed", "verified", "verified-diverted", "unsigned", "unfetched", "unsupported"), "mark")


def status(answer: str) -> str:
    return answer.partition("\r\n")[0].removeprefix("SIP/2.0 ")


def field(answer: str, name: str) -> str | None:
    found = [line.partition(": ")[2] for line in answer.split("\r\n") if line.startswith(f"{name}: ")]
    assert len(found) < 2
    return found[0] if found else None


def word(world: World) -> list[str]:
    return sorted(world.verifying.checks.outcomes)


def test_a_call_signed_for_its_two_ends_is_told_to_be_verified(tmp_path: Path) -> None:
    world = World(tmp_path, on_identity=MARKING)
    (answer,) = world.send(invite(SIGNER.shaken()))
    assert status(answer) == "302 Moved Temporarily"
    assert field(answer, "Contact") == f"<sip:{CALLEE}@edge.example>"
    assert field(answer, "P-Ringfence-Identity") == 'verified;attest=A;signer="77"'
    assert field(answer, "P-Asserted-Identity") == f"<tel:{CALLER};verstat=TN-Validation-Passed>"
    assert field(answer, "Reason") is None


def test_where_the_proxy_reads_them_there_the_marks_stand_in_the_answer_that_nothing_is_objected(tmp_path: Path) -> None:
    world = World(tmp_path, on_identity=MARKING, data_by_redirect=False)
    (answer,) = world.send(invite(SIGNER.shaken()))
    assert (status(answer), field(answer, "Contact")) == ("404 Not Found", None)
    assert field(answer, "P-Ringfence-Identity") == 'verified;attest=A;signer="77"'


def failing() -> dict[str, tuple[str, bytes]]:
    """Outcome: the answer where it is refused, and a call of that outcome."""
    return {
        "caller-mismatch": ("438 Invalid Identity Header", invite(SIGNER.shaken(), caller="+12155559999")),
        "callee-mismatch": ("438 Invalid Identity Header", invite(SIGNER.shaken(), callee="+12355559999")),
        "stale": ("403 Stale Date", invite(SIGNER.shaken(age_s=61))),
        "signature-wrong": ("438 Invalid Identity Header", invite(STRANGER.shaken())),
        "unreadable": ("438 Invalid Identity Header", invite("a.b.c")),
        "location-refused": ("436 Bad Identity Info", invite(SIGNER.header({}, location="http://a.example/b"))),
        "over-attested": ("438 Invalid Identity Header", invite(SIGNER.shaken(HELD.lstrip("+")), caller=HELD)),
    }


@pytest.mark.parametrize("outcome", sorted(failing()))
def test_a_signature_that_proves_nothing_is_refused_with_the_code_of_its_kind(tmp_path: Path, outcome: str) -> None:
    code, message = failing()[outcome]
    if outcome == "location-refused":
        claims = {"attest": "A", "dest": {"tn": ["1"]}, "iat": NOW_S, "orig": {"tn": "1"}, "origid": "o"}
        message = invite(SIGNER.header(claims, location="http://a.example/b"))
    world = World(tmp_path, on_identity=REFUSING)
    (answer,) = world.send(message)
    assert word(world) == [outcome]
    assert status(answer) == code
    reason = field(answer, "Reason") or ""
    assert reason.startswith(f'STIR;cause={code[:3]};text="{code[4:]}"')
    assert world.redirect.tally.refused == 1


def test_each_failing_header_has_a_reason_with_its_own_signature(tmp_path: Path) -> None:
    world = World(tmp_path, on_identity=MARKING, data_by_redirect=False)
    first, second, third = SIGNER.shaken(age_s=99), STRANGER.shaken(), SIGNER.shaken()
    (answer,) = world.send(invite(first, second, third))
    signatures = [header.partition(";")[0].rpartition(".")[2] for header in (first, second)]
    assert field(answer, "P-Ringfence-Identity") == 'verified;attest=A;signer="77"'
    assert field(answer, "Reason") == (
        f'STIR;cause=403;text="Stale Date";ppi="..{signatures[0]}", '
        f'STIR;cause=438;text="Invalid Identity Header";ppi="..{signatures[1]}"'
    )


def test_a_certificate_without_a_path_or_revoked_is_437(tmp_path: Path) -> None:
    revoked = revoked_by([ROOT.revoke(SIGNER)], [ROOT.certificate])
    for place, world in enumerate(
        (
            World(tmp_path / "a", files={SP: STRANGER.pem}, on_identity=REFUSING),
            World(tmp_path / "b", revoked=revoked, on_identity=REFUSING),
        )
    ):
        (answer,) = world.send(invite((STRANGER, SIGNER)[place].shaken()))
        assert (word(world), status(answer)) == (["certificate-refused"], "437 Unsupported Credential")


def test_a_delegate_speaks_for_its_own_numbers_alone(tmp_path: Path) -> None:
    delegate = Holder("Delegate", ROOT, authority=der(0x30, one_number("12155551212")))
    world = World(tmp_path, files={SP: delegate.pem}, on_identity=REFUSING)
    other = invite(delegate.shaken("12155550000"), caller="+12155550000", number=2)
    answers = world.send(invite(delegate.shaken()), other)
    assert [status(answer) for answer in answers] == ["404 Not Found", "438 Invalid Identity Header"]
    assert word(world) == ["not-covered", "verified"]


def test_an_unknown_certificate_lets_the_call_pass_unless_that_is_refused(tmp_path: Path) -> None:
    signed = invite(SIGNER.shaken())
    assert status(World(tmp_path / "a", files={}, on_identity=REFUSING).send(signed)[0]) == "404 Not Found"
    refused = World(tmp_path / "b", files={}, on_identity={"unfetched": "refuse"}).send(signed)[0]
    assert status(refused) == "436 Bad Identity Info"


def test_a_signature_on_a_second_call_is_a_replay_and_a_retransmission_is_none(tmp_path: Path) -> None:
    world = World(tmp_path, on_identity=REFUSING)
    header = SIGNER.shaken()
    again = invite(header, number=2, call_id="call-1")
    first = invite(header)
    answers = world.send(first) + world.send(first) + world.send(again) + world.send(invite(header, number=3))
    assert [status(answer)[:3] for answer in answers] == ["404", "404", "404", "438"]
    assert word(world) == ["replayed", "verified"]


def test_a_call_seen_again_from_a_node_of_ones_own_is_no_replay(tmp_path: Path) -> None:
    header = SIGNER.shaken()
    for folder, own, expected in (("a", (EDGE, "192.0.2.60"), "404"), ("b", (EDGE,), "438")):
        world = World(tmp_path / folder, on_identity=REFUSING, trusted=own)
        named = ("P-Ringfence-Source: 192.0.2.60",)
        first, second = world.send(invite(header)) + world.send(invite(header, number=2, lines=named))
        assert (status(first)[:3], status(second)[:3]) == ("404", expected)


def test_diversions_lead_from_the_number_that_was_signed_to_the_one_that_is_called(tmp_path: Path) -> None:
    world = World(tmp_path, on_identity=MARKING, data_by_redirect=False)
    signed, one = SIGNER.shaken(callee="12355550001"), SIGNER.diversion("12155551212", "12355550001", "12355550002")
    two, astray = SIGNER.diversion("12155551212", "12355550002", "12355551212"), SIGNER.diversion("12155551212", "1", "12355551212")
    answers = world.send(invite(signed, one, two), invite(SIGNER.shaken(callee="12355550001"), astray, number=2))
    assert [(field(answer, "P-Ringfence-Identity") or "").partition(";")[0] for answer in answers] == [
        "verified-diverted",
        "callee-mismatch",
    ]


def test_an_a_of_ours_for_a_number_that_its_sender_has_no_right_to_is_too_much(tmp_path: Path) -> None:
    world = World(tmp_path, on_identity=MARKING, data_by_redirect=False)
    calls = [
        invite(OURSELVES.header(claims(caller), location=OWN_AT), caller=caller, source=TRUNK, number=number)
        for number, caller in enumerate((HELD, SHOWN, CALLER))
    ]
    assert [(field(answer, "P-Ringfence-Identity") or "").partition(";")[0] for answer in world.send(*calls)] == [
        "verified",
        "verified",
        "over-attested",
    ]


def test_unsigned_calls_may_be_refused_with_428_and_pass_unless_that_is_said(tmp_path: Path) -> None:
    assert status(World(tmp_path / "a", on_identity=REFUSING).send(invite())[0]) == "404 Not Found"
    (answer,) = World(tmp_path / "b", on_identity={"unsigned": "refuse"}).send(invite())
    assert (status(answer), field(answer, "Reason")) == ("428 Use Identity Header", 'STIR;cause=428;text="Use Identity Header"')


def test_nobody_who_calls_for_help_is_refused_for_an_identity(tmp_path: Path) -> None:
    world = World(tmp_path, on_identity={"failed": "refuse", "unsigned": "refuse"})
    for number, source in enumerate((TRUNK, "203.0.113.200")):
        assert status(world.send(invite("a.b.c", callee="112", source=source, number=number))[0]) == "404 Not Found"
        assert status(world.send(invite(callee="112", source=source, number=number + 10))[0]) == "404 Not Found"


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> World:
    every = {"failed", "unsigned", "unsupported", "unfetched", "pending"}
    return World(tmp_path_factory.mktemp("world"), on_identity=dict.fromkeys(every, "refuse"))


@settings(max_examples=100)
@given(
    headers=st.lists(
        st.sampled_from(["a.b.c", "", "x" * 200, SIGNER.shaken(age_s=500), SIGNER.shaken(), STRANGER.shaken()]), max_size=4
    ),
    callee=st.sampled_from(["112", "%31%31%32"]),
    source=st.sampled_from([TRUNK, TRANSIT, "203.0.113.200"]),
)
def test_no_identity_refuses_a_call_for_help(refusing: World, headers: list[str], callee: str, source: str) -> None:
    (answer,) = refusing.send(invite(*headers, callee=callee, source=source, number=next(_NUMBERS)))
    assert status(answer) == "404 Not Found"


def test_an_order_speaks_before_an_identity_and_one_that_allows_overrules_it(tmp_path: Path) -> None:
    allowed = order(
        2, SubjectKind.ACCOUNT, "transit", action=Action(kind=ActionKind.ALLOW), start=NOW, until=Micros(NOW + SECOND * 60)
    )
    refused = order(1, SubjectKind.ACCOUNT, "transit", start=NOW, until=Micros(NOW + SECOND * 60))
    message = invite("a.b.c")
    assert "P-Ringfence-Order" in World(tmp_path / "a", refused, on_identity=REFUSING).send(message)[0]
    assert status(World(tmp_path / "b", allowed, on_identity=REFUSING).send(message)[0]) == "404 Not Found"


def test_each_peers_profile_says_what_is_done(tmp_path: Path) -> None:
    other = PeerProfile(peers=("192.0.2.70",), on_identity={"unreadable": "refuse"})
    world = World(tmp_path, on_identity={"failed": "mark"}, data_by_redirect=False, profiles=(other,))
    (here,), (there,) = world.send(invite("a.b.c")), world.send(invite("a.b.c", number=2), peer="192.0.2.70")
    assert (status(here)[:3], field(here, "P-Ringfence-Identity"), status(there)[:3]) == ("404", "unreadable", "438")


def test_a_word_that_is_no_outcome_and_a_refusal_of_what_is_right_are_refused() -> None:
    with pytest.raises(ValueError, match="forged"):
        Manners(on_identity={"forged": "refuse"})
    with pytest.raises(ValueError, match="verified"):
        Manners(on_identity={"verified": "refuse"})


RULE = """\
rule: attested-c-abroad
clause: caller-id-falsification
says: A call came with an identity that its signer could not vouch for.
source: Ours, an example.
on: attempt where verification == "verified" and attestation == "C" and signer == "77"
per: trunk
decide: before
measure:
  calls: count()
window: 1s rolling
when: calls > 0
severity: act
proposes:
  - refuse 403
mode: act
cool_down: 1s
"""


def test_a_rule_decides_by_what_verification_came_to(tmp_path: Path) -> None:
    posted(tmp_path, RULE)
    rules = RulesBefore(tmp_path / "policies", key=b"k", verifies=True)
    world = World(tmp_path, rules=rules)
    answers = world.send(invite(SIGNER.shaken(attest="A")), invite(SIGNER.shaken(attest="C"), number=2))
    assert [status(answer)[:3] for answer in answers] == ["404", "403"]
    assert field(answers[1], "P-Ringfence-Rule") == "attested-c-abroad"


def test_where_nobody_verifies_such_a_rule_is_left_and_it_is_said_why(tmp_path: Path) -> None:
    posted(tmp_path, RULE)
    rules = RulesBefore(tmp_path / "policies", key=b"k")
    World(tmp_path, rules=rules)
    assert "gate.identity" in str(rules.health()["leaves_to_watch"])


def test_signed_and_plain_questions_that_come_together_get_the_answers_that_each_gets_alone(tmp_path: Path) -> None:
    messages = [invite(*([SIGNER.shaken()] if number % 3 == 0 else []), number=number) for number in range(12)]
    together, alone = World(tmp_path / "a", on_identity=MARKING), World(tmp_path / "b", on_identity=MARKING)
    assert together.send(*messages) == [answer for message in messages for answer in alone.send(message)]
    plain = World(tmp_path / "c", on_identity=REFUSING)
    assert [status(answer)[:3] for answer in plain.send(*messages)] == ["404"] * 12
    assert plain.verifying.checks.outcomes == {"verified": 4}


def test_the_vectors_of_another_implementation_go_through_the_path(tmp_path: Path) -> None:
    """Their certificates lie under http, which is refused, as is what stands beside a token and disagrees with it."""
    world = World(tmp_path, on_identity=REFUSING)
    vectors = json.loads(shared_data("stir-shaken", "vectors.json").read_text())
    seen = []
    for number, vector in enumerate(vectors):
        (answer,) = world.send(invite(vector["token"], number=number))
        again = invite(f"{vector['token']};info=<{vector['header']['x5u']}>;alg=ES256;ppt=shaken", number=number + 1000)
        seen.append((status(answer)[:3], status(world.send(again)[0])[:3]))
    assert len(vectors) > 1
    assert {code for pair in seen for code in pair} <= {"404", "436", "438"}
    assert all(one == two for one, two in seen)
    assert "location-refused" in world.verifying.checks.outcomes


_PIECES = st.sampled_from(
    [".", ";", "eyJhbGciOiJFUzI1NiJ9", "e30", "info=<", ">", '"', ",", "=", "\x00", "\udcff", " ", "ppt=div", "a" * 300]
)


@pytest.fixture(scope="module")
def judging(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world"), on_identity=MARKING | {"unreadable": "refuse"}, data_by_redirect=False)


@settings(max_examples=300)
@given(headers=st.lists(st.one_of(st.text(max_size=40), st.lists(_PIECES, max_size=12).map("".join)), min_size=1, max_size=15))
def test_no_identity_header_makes_it_raise_or_answer_a_broken_line(judging: World, headers: list[str]) -> None:
    whole = [header.replace("\r", "").replace("\n", "") for header in headers]
    for answer in judging.send(invite(*whole, number=next(_NUMBERS))):
        assert answer == "" or answer.startswith("SIP/2.0 ")
        assert all(":" in line for line in answer.partition("\r\n\r\n")[0].split("\r\n")[1:])
        assert len(answer) < 4_000


@settings(max_examples=200)
@given(data=st.data())
def test_no_damage_to_a_good_token_verifies(judging: World, data: st.DataObject) -> None:
    header = SIGNER.shaken()
    judging.verifying.checks.outcomes.clear()
    place = data.draw(st.integers(0, len(header.partition(";")[0]) - 1))
    other = data.draw(st.characters(min_codepoint=33, max_codepoint=126))
    judging.send(invite(header[:place] + other + header[place + 1 :], number=next(_NUMBERS)))
    if header[place] != other:
        assert "verified" not in judging.verifying.checks.outcomes or _same_bytes(header, place, other)


def _same_bytes(header: str, place: int, other: str) -> bool:
    """The last character of a base64url text holds bits that mean nothing."""
    token = header.partition(";")[0]
    return place + 1 == len(token) or token[place + 1] == "."


@pytest.mark.parametrize("kilobytes", [15, 60])
def test_headers_of_many_kilobytes_are_looked_at_within_bounds(tmp_path: Path, kilobytes: int) -> None:
    world = World(tmp_path, on_identity=REFUSING)
    (answer,) = world.send(invite("e" * kilobytes * 1024 + ".e30." + encoded(b"s" * 64)))
    assert status(answer) == "438 Invalid Identity Header"
    deep = encoded(b"[" * 12_000) + "." + encoded(b"{" * 100) + "." + encoded(b"s" * 64)
    assert status(world.send(invite(deep, number=2))[0]) == "438 Invalid Identity Header"


def test_more_headers_than_anybody_needs_are_not_all_verified(tmp_path: Path) -> None:
    world = World(tmp_path, on_identity=MARKING, data_by_redirect=False)
    (answer,) = world.send(invite(*(STRANGER.shaken() for _ in range(11)), SIGNER.shaken()))
    assert (field(answer, "P-Ringfence-Identity") or "").startswith("signature-wrong")
    assert (field(answer, "Reason") or "").count("STIR;") == 10


def test_a_compact_or_folded_header_is_verified_like_any_other(tmp_path: Path) -> None:
    world = World(tmp_path, on_identity=REFUSING)
    token, _, parameters = SIGNER.shaken().partition(";")
    world.send(invite(SIGNER.shaken(), name="y"), invite(f"{token}\r\n ;{parameters}", number=2, call_id="call-2", name="IDENTITY"))
    assert world.verifying.checks.outcomes == {"verified": 2}


def test_a_list_that_nobody_trusted_signed_revokes_nothing() -> None:
    with pytest.raises(CertificateRefused):
        revoked_by([STRANGER.revoke(SIGNER)], [ROOT.certificate])
