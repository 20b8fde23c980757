"""Signing: what is attested of whom, what is never signed, which key signs when, and what is kept of it."""

import asyncio
import json
import os
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession
from cryptography.hazmat.primitives.asymmetric import ec
from tests.ports import free_port
from tests.unit.gate.identity.test_in_path import field, status
from tests.unit.gate.identity.world import (
    CALLEE,
    CALLER,
    HELD,
    NOW,
    OURSELVES,
    OWN_AT,
    REFERENCE,
    ROOT,
    SHOWN,
    SIGNER,
    TRANSIT,
    TRUNK,
    World,
    invite,
    key_files,
)
from tests.unit.watch.identity.authorities import SP, Holder, der, one_number, provider

from ringfence.feeds.segments import records_after
from ringfence.gate.configuration import RedirectConfiguration, SigningKey
from ringfence.gate.http import VerdictServer
from ringfence.gate.http.signatures import Signatures
from ringfence.gate.http.verdicts import Verdicts
from ringfence.gate.identity import Keys, KeyUnusable, NotSigned, Signing
from ringfence.gate.identity.signing import Signed
from ringfence.gate.identity.told import FEED, SignaturesFeed
from ringfence.gate.inline.situations import Situation
from ringfence.gate.redirect.peers import Peers
from ringfence.vocabulary.contracts import Ask
from ringfence.vocabulary.times import DAY, HOUR, Micros, micros
from ringfence.watch.attribution import Directory
from ringfence.watch.identity import Outcome, SignedCall, Trust, Verifier, read_passport

DIRECTORY = Directory(REFERENCE)


def situation(caller: str | None = HELD, account: str | None = "acme", trunk: str | None = "t1", **more: Any) -> Situation:  # noqa: ANN401 # fields of a question
    return Situation(Ask(**{"call_id": "c1", "caller": caller, "callee": CALLEE, "account": account, "trunk": trunk, **more}), ())


def signing(folder: Path, **more: Any) -> Signing:  # noqa: ANN401 # as each test says
    return Signing(Keys((key_files(folder),), folder), secret=b"k" * 32, **more)


@pytest.mark.parametrize(
    ("caller", "account", "trunk", "attest", "basis"),
    [
        (HELD, "acme", "t1", "A", "holds-number"),
        (SHOWN, "acme", "t1", "A", "right-to-show"),
        (CALLER, "acme", "t1", "B", "customer"),
        (HELD, "transit", "in", "B", "customer"),
        (CALLER, "transit", "in", "B", "customer"),
        (HELD, "acme", "gw", "C", "gateway"),
        (HELD, None, None, "C", "gateway"),
    ],
)
def test_what_is_attested_follows_from_the_numbers_table(
    tmp_path: Path, caller: str, account: str | None, trunk: str | None, attest: str, basis: str
) -> None:
    made = signing(tmp_path, gateways=("gw",)).sign(situation(caller, account, trunk), DIRECTORY, NOW)
    passport = read_passport(made.identity)
    assert (made.attestation, made.basis, passport.attestation) == (attest, basis, attest)
    assert (passport.origin, passport.destinations, passport.location) == (caller[1:], (CALLEE[1:],), OWN_AT)
    call = SignedCall(call_id="c1", time=NOW, caller=caller, callees=(CALLEE,), identities=(made.identity,))
    assert Verifier(Trust((ROOT.certificate,)), {OWN_AT: OURSELVES.pem}).verify(call).outcome is Outcome.VERIFIED


def test_a_token_is_written_in_the_one_order_that_everybody_signs(tmp_path: Path) -> None:
    made = signing(tmp_path).sign(situation(), DIRECTORY, NOW)
    token, *parameters = made.identity.split(";")
    head, body, _ = (part + "=" * (-len(part) % 4) for part in token.split("."))
    assert urlsafe_b64decode(head).decode() == f'{{"alg":"ES256","ppt":"shaken","typ":"passport","x5u":"{OWN_AT}"}}'
    assert urlsafe_b64decode(body).decode() == (
        f'{{"attest":"A","dest":{{"tn":["{CALLEE[1:]}"]}},"iat":{NOW // 1_000_000},'
        f'"orig":{{"tn":"{HELD[1:]}"}},"origid":"{made.origid}"}}'
    )
    assert parameters == [f"info=<{OWN_AT}>", "alg=ES256", "ppt=shaken"]


def test_the_origin_is_the_same_for_an_account_and_tells_strangers_nothing(tmp_path: Path) -> None:
    here, there = signing(tmp_path), Signing(Keys((key_files(tmp_path),), tmp_path), secret=b"o" * 32)
    origins = [each.sign(situation(caller), DIRECTORY, NOW).origid for each in (here, there) for caller in (HELD, SHOWN)]
    assert origins[0] == origins[1] != origins[2] == origins[3]
    assert "acme" not in str(origins)


@pytest.mark.parametrize(
    ("more", "cause"),
    [
        ({"caller": "anonymous"}, "caller is no number"),
        ({"caller": None}, "caller is no number"),
        ({"callee": "alice"}, "callee is no number"),
        ({"identity": ("a.b.c",)}, "signed already"),
    ],
)
def test_what_cannot_be_signed_is_said(tmp_path: Path, more: dict[str, Any], cause: str) -> None:
    with pytest.raises(NotSigned, match=cause):
        signing(tmp_path).sign(situation(**more), DIRECTORY, NOW)


def test_a_certificate_for_some_numbers_signs_for_no_other(tmp_path: Path) -> None:
    delegate = Holder("Delegate", ROOT, authority=der(0x30, one_number(HELD[1:])))
    made = Signing(Keys((key_files(tmp_path, delegate),), tmp_path), secret=b"k")
    assert made.sign(situation(HELD), DIRECTORY, NOW).attestation == "A"
    with pytest.raises(NotSigned, match="other numbers"):
        made.sign(situation(SHOWN), DIRECTORY, NOW)


def test_who_holds_a_number_diverts_its_calls_and_nobody_else(tmp_path: Path) -> None:
    made = signing(tmp_path)
    signed = SIGNER.shaken(callee=HELD[1:])
    diversion = made.sign(situation(CALLER, identity=(signed,)), DIRECTORY, NOW, diverted_from=HELD)
    call = SignedCall(call_id="c1", time=NOW, caller=CALLER, callees=(CALLEE,), identities=(signed, diversion.identity))
    verifier = Verifier(Trust((ROOT.certificate,)), {OWN_AT: OURSELVES.pem, SP: SIGNER.pem})
    assert (diversion.attestation, verifier.verify(call).outcome) == (None, Outcome.VERIFIED_DIVERTED)
    for more, left, cause in (
        ({"identity": (signed,)}, CALLEE, "does not hold"),
        ({"identity": (signed,), "account": "transit"}, HELD, "does not hold"),
        ({"identity": (signed,), "account": None}, HELD, "does not hold"),
        ({}, HELD, "nobody signed"),
        ({"identity": (signed,)}, "alice", "is none"),
    ):
        with pytest.raises(NotSigned, match=cause):
            made.sign(situation(CALLER, **more), DIRECTORY, NOW, diverted_from=left)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_may_touch_is_refused_with_what_to_do(tmp_path: Path, mode: int) -> None:
    key = key_files(tmp_path)
    (tmp_path / key.key).chmod(mode)
    with pytest.raises(KeyUnusable, match=rf"mode {mode:04o}.*chmod 600"):
        Keys((key,), tmp_path)


def test_files_that_do_not_belong_together_or_are_none_are_named(tmp_path: Path) -> None:
    mine, other = key_files(tmp_path), key_files(tmp_path, Holder("Other", ROOT, authority=der(0x30, provider("1"))), "other")
    bare = key_files(tmp_path, Holder("Bare", ROOT), "bare")
    wide = key_files(tmp_path, Holder("Wide", ROOT, authority=der(0x30, provider("1")), curve=ec.SECP384R1()), "wide")
    (tmp_path / "text.key").write_text("no key")
    (tmp_path / "text.key").chmod(0o600)
    for key, words in (
        (SigningKey(key=other.key, certificate=mine.certificate, location=OWN_AT), "not the key of"),
        (SigningKey(key="none.key", certificate=mine.certificate, location=OWN_AT), "none.key: No such file"),
        (SigningKey(key=mine.key, certificate="none.crt", location=OWN_AT), "none.crt: No such file"),
        (SigningKey(key="text.key", certificate=mine.certificate, location=OWN_AT), "no private key"),
        (SigningKey(key=mine.key, certificate=mine.key, location=OWN_AT), "no certificate can be read"),
        (SigningKey(key=mine.key, certificate=mine.certificate, location="http://a.example/b"), "not https"),
        (bare, "no TNAuthList"),
        (wide, "not a key of P-256"),
    ):
        with pytest.raises(KeyUnusable, match=words):
            Keys((key,), tmp_path)


def test_the_next_key_takes_over_when_its_certificate_begins_and_none_signs_after_the_last(tmp_path: Path) -> None:
    following = Holder("Next", ROOT, authority=der(0x30, provider("1234")), days=(10, 400))
    at = "https://certificates.example/next.pem"
    keys = Keys((key_files(tmp_path), key_files(tmp_path, following, "next", at)), tmp_path)
    made = Signing(keys, secret=b"k")
    days = {day: Micros(NOW + day * DAY) for day in (0, 9, 11, 390)}
    locations = [read_passport(made.sign(situation(), DIRECTORY, now).identity).location for now in days.values()]
    assert locations == [OWN_AT, OWN_AT, at, at]
    assert (coming := keys.next(NOW)) is not None
    assert coming.valid_from == micros(following.certificate.not_valid_before_utc)
    with pytest.raises(NotSigned, match="no certificate holds"):
        made.sign(situation(), DIRECTORY, Micros(NOW + 401 * DAY))


def test_a_key_file_that_is_replaced_is_read_again_and_a_bad_one_leaves_the_one_before(tmp_path: Path) -> None:
    key = key_files(tmp_path)
    keys = Keys((key,), tmp_path)
    before = keys.current(NOW)
    (tmp_path / key.key).chmod(0o644)
    os.utime(tmp_path / key.key, ns=(1, 1))
    keys.refresh()
    assert keys.current(NOW) is before
    assert "chmod 600" in (keys.problem or "")
    another = Holder("Another", ROOT, authority=der(0x30, provider("1234")))
    key_files(tmp_path, another)
    keys.refresh()
    current = keys.current(NOW)
    assert current is not None
    assert (current.key.public_key() == another.key.public_key(), keys.problem) == (True, None)


def test_what_was_signed_is_on_record_without_numbers_or_token(tmp_path: Path) -> None:
    made = signing(tmp_path)
    right = made.sign(situation(SHOWN), DIRECTORY, NOW)
    made.sign(situation(CALLER, call_id="c2"), DIRECTORY, NOW)
    feed = SignaturesFeed(tmp_path / "feeds")
    feed.write(made.taken(), NOW)
    feed.write([], Micros(NOW + HOUR))
    feed.close()
    payloads = [bytes(record.payload) for record in records_after(tmp_path / "feeds" / FEED)]
    records = [msgspec.json.decode(payload, type=Signed) for payload in payloads]
    assert [(record.call_id, record.account, record.attestation, record.basis, record.verified) for record in records] == [
        ("c1", "acme", "A", "right-to-show", "letter of the holder"),
        ("c2", "acme", "B", "customer", None),
    ]
    assert not any(number[1:].encode() in payload for payload in payloads for number in (SHOWN, CALLER, CALLEE))
    assert right.identity.partition(".")[0].encode() not in b"".join(payloads)
    assert made.taken() == []


def test_records_that_cannot_be_written_are_kept_up_to_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.gate.identity.signing.MOST_KEPT", 2)
    made = signing(tmp_path)
    for _ in range(3):
        made.sign(situation(), DIRECTORY, NOW)
    records = made.taken()
    made.sign(situation(call_id="c9"), DIRECTORY, NOW)
    made.give_back(records)
    assert ([record.call_id for record in made.taken()], made.dropped) == (["c1", "c1"], 2)


def test_a_call_that_may_pass_is_redirected_to_its_own_target_with_its_identity(tmp_path: Path) -> None:
    world = World(tmp_path, keys=(key_files(tmp_path),), sign=True)
    answers = world.send(
        invite(caller=HELD, source=TRUNK),
        invite(caller="anonymous", source=TRUNK, number=2),
        invite(SIGNER.shaken(), source=TRANSIT, number=3),
        invite(caller=HELD, callee="112", source=TRUNK, number=4),
    )
    assert [status(answer)[:3] for answer in answers] == ["302", "404", "404", "404"]
    assert field(answers[0], "Contact") == f"<sip:{CALLEE}@edge.example>"
    passport = read_passport(field(answers[0], "Identity") or "")
    assert (passport.attestation, passport.origin) == ("A", HELD[1:])


def test_a_diverted_call_gets_a_diversion_beside_the_identity_it_came_with(tmp_path: Path) -> None:
    world = World(tmp_path, keys=(key_files(tmp_path),), sign=True)
    signed, lines = SIGNER.shaken(callee=HELD[1:]), (f"Diversion: <sip:{HELD}@edge.example>;reason=unconditional",)
    (answer,) = world.send(invite(signed, source=TRUNK, lines=lines))
    passport = read_passport(field(answer, "Identity") or "")
    assert (passport.kind, passport.diverted_from, passport.destinations) == ("div", HELD[1:], (CALLEE[1:],))


def test_over_http_a_trusted_peer_has_calls_signed_and_others_are_told_why_not(tmp_path: Path) -> None:
    world = World(tmp_path, keys=(key_files(tmp_path),))
    assert world.signing is not None

    async def told() -> None:
        port, other = free_port(), free_port()
        verdicts = Verdicts(world.tail, world.book, asked=asyncio.Event(), clock=lambda: NOW, identity=world.identity)
        trusting = Peers(RedirectConfiguration(listen="127.0.0.1:5062", trusted=("127.0.0.1",)))
        signatures = Signatures(world.signing, lambda: world.tail.directory, clock=lambda: NOW)  # type: ignore[arg-type]  # asserted above
        servers = [
            VerdictServer(verdicts, trusting, dict, signatures),
            VerdictServer(verdicts, Peers(RedirectConfiguration(listen="127.0.0.1:5062")), dict, signatures),
        ]
        async with ClientSession() as session:

            async def post(at: int, body: object, path: str = "sign") -> tuple[int, Any]:
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                async with session.post(f"http://127.0.0.1:{at}/v1/voice/{path}", data=data) as answer:
                    return answer.status, json.loads(await answer.read())

            for server, at in zip(servers, (port, other), strict=True):
                await server.listen("127.0.0.1", at)
            call = {"call_id": "c1", "account": "acme", "caller": HELD, "callee": CALLEE}
            code, signed = await post(port, call)
            assert (code, signed["attestation"], signed["basis"]) == (200, "A", "holds-number")
            assert read_passport(signed["identity"]).origin_id == signed["origid"]
            assert await post(port, call | {"identity": [signed["identity"]], "to": HELD}, "decide") == (200, {"action": "allow"})
            assert world.verifying.checks.outcomes == {"verified": 1}
            code, problem = await post(port, call | {"caller": "anonymous"})
            assert (code, problem["title"]) == (422, "Not signed")
            assert (await post(port, call | {"method": "MESSAGE"}))[0] == 422
            assert (await post(port, {"call_id": 1}))[:1] == (400,)
            assert (await post(port, b"-" * 300_000))[0] == 413
            assert (await post(other, call))[0] == 403
            async with session.get(f"http://127.0.0.1:{port}/v1/voice/openapi.json") as answer:
                assert "/v1/voice/sign" in (await answer.json())["paths"]
        for server in servers:
            await server.close()

    asyncio.run(told())
