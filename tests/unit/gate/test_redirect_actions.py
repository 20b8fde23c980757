"""Throttles, diversions, suspensions and registrations over SIP, in the words that each peer understands."""

from pathlib import Path

import msgspec
import pytest
from tests.unit.gate.orders import SCANNER, order
from tests.unit.gate.test_redirect import EDGE, TRUNK, Server, request

from ringfence.gate.configuration import PeerProfile, RedirectConfiguration
from ringfence.vocabulary.contracts import Action, ActionKind, Order
from ringfence.vocabulary.subjects import SubjectKind


def against(number: int, scope: SubjectKind, value: str, **action: object) -> Order:
    return order(number, scope, value, action=Action(**action))  # type: ignore[arg-type]  # as each test says


@pytest.mark.parametrize(
    ("configured", "code"),
    [({}, 503), ({"allow_code": 503}, 480), ({"throttle_code": 486}, 486)],
    ids=["plain", "503 allows", "busy"],
)
def test_a_full_throttle_has_a_code_of_its_own_and_says_when_to_come_back(
    tmp_path: Path, configured: dict[str, object], code: int
) -> None:
    server = Server(tmp_path, against(7, SubjectKind.ACCOUNT, "acme", kind=ActionKind.THROTTLE, rate=0.5), **configured)
    allowed = server.status(request(source=TRUNK))
    answer = (server.send(request(source=TRUNK, branch="z9hG4bK2")) or b"").decode()
    assert allowed == configured.get("allow_code", 404)
    assert answer.startswith(f"SIP/2.0 {code} ")
    assert "Retry-After: 2\r\nContent-Length" in answer.replace("P-Ringfence-Order: " + f"{7:032x}\r\n", "")
    assert (server.redirect.tally.throttled, server.refusals()) == (1, [(f"{7:032x}", "call-1")])


def test_a_diverted_call_is_redirected_to_its_target(tmp_path: Path) -> None:
    server = Server(tmp_path, against(7, SubjectKind.TRUNK, "t1", kind=ActionKind.DIVERT, target="sip:told@voice.example"))
    answer = (server.send(request(source=TRUNK)) or b"").decode()
    assert answer.startswith("SIP/2.0 302 Moved Temporarily\r\n")
    assert f"Contact: <sip:told@voice.example>\r\nP-Ringfence-Order: {7:032x}\r\n" in answer


def test_calls_to_a_suspended_partys_number_are_refused(tmp_path: Path) -> None:
    server = Server(tmp_path, against(7, SubjectKind.PARTY, "reseller", kind=ActionKind.SUSPEND))
    assert server.status(request(source="192.0.2.9", callee="+3225550000")) == 603
    assert server.status(request(source="192.0.2.9", callee="+3225550001", branch="z9hG4bK2")) == 404


def test_one_registration_is_refused_by_address_of_record_and_source(tmp_path: Path) -> None:
    scope = f"alice@edge.example,{SCANNER}"
    server = Server(tmp_path, order(7, SubjectKind.REGISTRATION, scope))
    assert server.status(request("REGISTER", callee="alice")) == 403
    assert server.status(request("REGISTER", callee="alice", source="192.0.2.9", branch="z9hG4bK2")) == 404
    assert server.status(request("REGISTER", callee="bob", branch="z9hG4bK3")) == 404
    assert server.status(request("INVITE", callee="alice", branch="z9hG4bK4")) == 404


def test_each_peer_is_spoken_to_as_its_profile_says(tmp_path: Path) -> None:
    profiles = (PeerProfile(peers=("192.0.2.60/32",), allow_code=503, refuse_code=480, throttle_code=486, trusted=True),)
    server = Server(tmp_path, order(7), profiles=profiles)
    named = request("INVITE", f"P-Ringfence-Source: {SCANNER}", source="192.0.2.99")
    assert server.status(named) == 404
    assert server.status(named, peer="192.0.2.60") == 480
    assert server.status(request(source="192.0.2.9", branch="z9hG4bK2"), peer="192.0.2.60") == 503


def test_edges_behind_one_address_are_told_apart_by_the_host_that_is_called(tmp_path: Path) -> None:
    profile = PeerProfile(peers=(EDGE,), hosts=("west.edge.example",), allow_code=503)
    server = Server(tmp_path, profiles=(profile,))
    west = request(branch="z9hG4bKw").replace(b"INVITE sip:+3225550000@edge", b"INVITE sip:+3225550000@West.Edge")
    assert [server.status(west), server.status(request(branch="z9hG4bKe"))] == [503, 404]
    assert server.status(west.replace(b"bKw", b"bKx"), "192.0.2.77") == 403


@pytest.mark.parametrize(
    "manners",
    [
        {"allow_code": 503, "throttle_code": 503},
        {"refuse_code": 404},
        {"refuse_code": 503},
        {"allow_code": 503, "refuse_code": 480},
    ],
)
def test_codes_that_would_mean_two_things_are_refused(manners: dict[str, int]) -> None:
    with pytest.raises(msgspec.ValidationError, match="code"):
        msgspec.convert({"listen": "127.0.0.1:5062", **manners}, RedirectConfiguration)
