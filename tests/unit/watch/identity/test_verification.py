"""Signed identities are believed only where signer, time, numbers and call agree."""

from base64 import urlsafe_b64decode
from typing import Any

import pytest
from tests.unit.watch.identity.authorities import NOW, NOW_S, SP, Holder, der, encoded, number_range, one_number, provider

from ringfence.vocabulary.attestation import Attestation
from ringfence.vocabulary.times import SECOND, Micros, micros
from ringfence.watch.identity import Outcome, SignedCall, Trust, Verification, Verifier, revoked_by

ROOT = Holder("Root", authority_for_others=True)
ISSUER = Holder("Issuer", ROOT, authority_for_others=True, path_length=0)
SIGNER = Holder("SP 1234", ISSUER, authority=der(0x30, provider("1234")))
TRUST = Trust((ROOT.certificate,))
FILES = {SP: SIGNER.pem + ISSUER.pem}


def _call(*identities: str, **more: object) -> SignedCall:
    usual: dict[str, Any] = {"call_id": "1", "time": micros(NOW), "caller": "+1 (215) 555-1212", "callees": ("+12355551212",)}
    return SignedCall(identities=identities, **{**usual, **more})


def _verified(*identities: str, trust: Trust = TRUST, files: dict[str, bytes] = FILES, **call: object) -> Verification:
    return Verifier(trust, files).verify(_call(*identities, **call))


def test_a_signed_call_is_verified_with_what_was_signed() -> None:
    found = _verified(SIGNER.shaken(attest="B"))
    assert found == Verification(
        outcome=Outcome.VERIFIED,
        attestation=Attestation.B,
        provider="1234",
        origin_id="of-one-call",
        each=((Outcome.VERIFIED, None),),
    )


def test_a_call_without_a_header_is_unsigned() -> None:
    assert _verified() == Verification(outcome=Outcome.UNSIGNED)


@pytest.mark.parametrize(
    ("call", "outcome"),
    [
        ({"caller": "+19005550000"}, Outcome.CALLER_MISMATCH),
        ({"caller": None}, Outcome.CALLER_MISMATCH),
        ({"callees": ("+3227000000",)}, Outcome.CALLEE_MISMATCH),
        ({"callees": ("+3227000000", "+12355551212")}, Outcome.VERIFIED),
        ({"caller_defect": "unallocated"}, Outcome.OVER_ATTESTED),
        ({"holder": "9999"}, Outcome.OVER_ATTESTED),
        ({"holder": "1234"}, Outcome.VERIFIED),
    ],
)
def test_a_signature_pasted_on_another_call_is_told(call: dict[str, Any], outcome: Outcome) -> None:
    assert _verified(SIGNER.shaken(), **call).outcome is outcome


def test_only_an_a_can_be_too_much() -> None:
    assert _verified(SIGNER.shaken(attest="C"), caller_defect="unallocated").outcome is Outcome.VERIFIED


@pytest.mark.parametrize(
    ("age_s", "outcome"), [(60, "verified"), (61, "stale"), (-60, "verified"), (-61, "stale"), (-3600, "stale")]
)
def test_neither_old_nor_future_signatures_count(age_s: int, outcome: str) -> None:
    assert _verified(SIGNER.shaken(age_s=age_s)).outcome == outcome


def test_a_signature_counts_for_one_call() -> None:
    verifier, header = Verifier(TRUST, FILES), SIGNER.shaken()
    outcomes = [verifier.verify(_call(header, call_id=call_id)).outcome for call_id in ("1", "1", "2")]
    assert outcomes == [Outcome.VERIFIED, Outcome.VERIFIED, Outcome.REPLAYED]
    assert verifier.verify(_call(header, call_id="3", own=True)).outcome is Outcome.VERIFIED


def test_a_second_s_for_the_same_signature_is_a_replay_too() -> None:
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    signed, _, rest = SIGNER.shaken().partition(";")
    head, claims, signature = signed.split(".")
    raw = urlsafe_b64decode(signature + "==")
    other = raw[:32] + (order - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    verifier = Verifier(TRUST, FILES)
    verifier.verify(_call(f"{signed};{rest}"))
    assert verifier.verify(_call(f"{head}.{claims}.{encoded(other)};{rest}", call_id="2")).outcome is Outcome.REPLAYED


def test_a_thief_who_comes_first_does_not_make_the_call_a_replay() -> None:
    verifier, header = Verifier(TRUST, FILES), SIGNER.shaken()
    assert verifier.verify(_call(header, call_id="thief", caller="+19005550000")).outcome is Outcome.CALLER_MISMATCH
    assert verifier.verify(_call(header, call_id="owner")).outcome is Outcome.VERIFIED
    assert verifier.verify(_call(header, call_id="thief", caller="+19005550000")).outcome is Outcome.REPLAYED


def test_replays_are_remembered_over_a_snapshot_and_forgotten_in_time() -> None:
    verifier, header = Verifier(TRUST, FILES), SIGNER.shaken()
    verifier.verify(_call(header))
    after = Verifier(TRUST, FILES)
    after.restore(verifier.snapshot())
    assert after.verify(_call(header, call_id="2")).outcome is Outcome.REPLAYED
    later = Micros(micros(NOW) + 121 * SECOND)
    after.verify(_call(SIGNER.shaken(age_s=-121), call_id="3", time=later))
    assert len(after.snapshot()) < 2 * len(verifier.snapshot())


def test_a_forwarded_call_is_led_by_its_diversions() -> None:
    shaken = SIGNER.shaken(age_s=80)
    first = SIGNER.diversion("12155551212", "12355551212", "12355550002", age_s=50)
    second = SIGNER.diversion("12155551212", "12355550002", "12355550003")
    assert _verified(shaken, first, second, callees=("+12355550003",)).outcome is Outcome.VERIFIED_DIVERTED
    assert _verified(second, first, shaken, callees=("+12355550003",)).outcome is Outcome.VERIFIED_DIVERTED
    assert _verified(shaken, second, callees=("+12355550003",)).outcome is Outcome.STALE
    assert _verified(SIGNER.shaken(), second, callees=("+12355550003",)).outcome is Outcome.CALLEE_MISMATCH
    assert _verified(first, callees=("+12355550002",)).outcome is Outcome.UNREADABLE


def test_of_several_headers_the_one_that_holds_counts_and_each_is_told() -> None:
    found = _verified("nonsense", SIGNER.shaken(attest="C"))
    assert (found.outcome, found.attestation) == (Outcome.VERIFIED, Attestation.C)
    assert [outcome for outcome, _ in found.each] == [Outcome.UNREADABLE, Outcome.VERIFIED]


@pytest.mark.parametrize(
    "more",
    [
        {"issuer": None},
        {"issuer": Holder("Issuer", ROOT)},
        {"issuer": Holder("Stranger", authority_for_others=True)},
        {"days": (-30, -1)},
        {"days": (1, 30)},
        {"authority": None},
        {"authority": b"\x16\x03n/a"},
        {"authority": der(0x30, b"")},
        {"authority": der(0x30, provider("1"))[:-1]},
        {"digital_signature": False},
    ],
)
def test_a_certificate_that_does_not_hold_is_refused(more: dict[str, Any]) -> None:
    holder = Holder("SP", **{"issuer": ISSUER, "authority": der(0x30, provider("1")), **more})
    found = _verified(holder.shaken(), files={SP: holder.pem + ISSUER.pem})
    assert found.outcome is Outcome.CERTIFICATE_REFUSED
    assert found.cause


def test_an_issuer_signs_no_further_than_its_path_length() -> None:
    below = Holder("Below", ISSUER, authority_for_others=True)
    holder = Holder("SP", below, authority=der(0x30, provider("1")))
    assert _verified(holder.shaken(), files={SP: holder.pem + below.pem + ISSUER.pem}).outcome is Outcome.CERTIFICATE_REFUSED


def test_issuers_that_vouch_for_each_other_lead_nowhere() -> None:
    one = Holder("One", authority_for_others=True)
    two = Holder("Two", one, authority_for_others=True)
    one_again = Holder("One", two, authority_for_others=True)
    one_again.key = one.key
    holder = Holder("SP", two, authority=der(0x30, provider("1")))
    assert _verified(holder.shaken(), files={SP: holder.pem + two.pem + one_again.pem}).outcome is Outcome.CERTIFICATE_REFUSED


def test_a_revoked_certificate_is_refused_also_by_an_indirect_list() -> None:
    for lists in ([ISSUER.revoke(SIGNER)], [ROOT.revoke(SIGNER, about=ISSUER)]):
        trust = Trust(TRUST.roots, revoked_by(lists, (ROOT.certificate, ISSUER.certificate)))
        assert _verified(SIGNER.shaken(), trust=trust).outcome is Outcome.CERTIFICATE_REFUSED
    unconcerned = Trust(TRUST.roots, revoked_by([ROOT.revoke(SIGNER)], (ROOT.certificate,)))
    assert _verified(SIGNER.shaken(), trust=unconcerned).outcome is Outcome.VERIFIED


def test_a_certificate_for_numbers_speaks_for_these_alone() -> None:
    holder = Holder("Delegate", ISSUER, authority=der(0x30, number_range("12155551200", 100) + one_number("12155559999")))
    files = {SP: holder.pem + ISSUER.pem}
    for caller, outcome in (
        ("12155551299", "verified"),
        ("12155551300", "not-covered"),
        ("12155559999", "verified"),
        ("2155551212", "not-covered"),
    ):
        assert _verified(holder.shaken(caller), files=files, caller=caller).outcome == outcome


def test_a_wrong_signature_is_no_signature() -> None:
    assert _verified(Holder("Thief").shaken()).outcome is Outcome.SIGNATURE_WRONG
    assert _verified(SIGNER.shaken(), files={}).outcome is Outcome.UNFETCHED


@pytest.mark.parametrize(
    "location",
    [
        "http://a.example/c.pem",
        "https://a.example:9000/c.pem",
        "https://u@a.example/c",
        "https://a.example/c?x=1",
        "https:///c",
        "https://a.example:x/",
    ],
)
def test_certificates_lie_at_plain_https_addresses(location: str) -> None:
    header = SIGNER.header(
        {"attest": "A", "dest": {"tn": ["1"]}, "iat": NOW_S, "orig": {"tn": "2"}, "origid": "o"}, location=location
    )
    assert _verified(header, files={location: FILES[SP]}).outcome is Outcome.LOCATION_REFUSED


def test_a_file_that_changes_is_read_again() -> None:
    files = {SP: b"no certificate"}
    verifier = Verifier(TRUST, files)
    assert verifier.verify(_call(SIGNER.shaken())).outcome is Outcome.CERTIFICATE_REFUSED
    files[SP] = FILES[SP]
    assert verifier.verify(_call(SIGNER.shaken())).outcome is Outcome.VERIFIED
