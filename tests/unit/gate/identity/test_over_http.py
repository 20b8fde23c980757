"""Signed identities in questions of JSON: the same outcomes, marks and refusals as over SIP."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.gate.identity.world import CALLEE, CALLER, NOW, SIGNER, STRANGER, World

from ringfence.gate.configuration import Manners
from ringfence.gate.http.unanswerable import Unanswerable
from ringfence.gate.http.verdicts import MOST_SIGNED, Verdicts


def asked(world: World, *questions: dict[str, Any], manners: Manners) -> list[dict[str, Any]]:
    verdicts = Verdicts(world.tail, world.book, asked=asyncio.Event(), clock=lambda: NOW, identity=world.identity)
    found = json.loads(verdicts.answer(json.dumps(questions).encode(), trusted=False, manners=manners))
    assert isinstance(found, list)
    return found


def question(number: int, *identities: str, **more: str) -> dict[str, Any]:
    return {"call_id": f"c{number}", "caller": CALLER, "callee": CALLEE, "identity": identities, **more}


def test_an_outcome_is_told_or_refused_as_the_peers_manners_say(tmp_path: Path) -> None:
    manners = Manners(on_identity={"verified": "mark", "failed": "refuse", "unsigned": "mark"})
    good, bad, none = asked(
        World(tmp_path), question(1, SIGNER.shaken()), question(2, STRANGER.shaken()), question(3), manners=manners
    )
    assert good["action"] == "allow"
    assert good["headers"]["P-Ringfence-Identity"] == 'verified;attest=A;signer="77"'
    assert (bad["action"], bad["code"], bad["phrase"]) == ("reject", 438, "Invalid Identity Header")
    assert bad["reason"].startswith('STIR;cause=438;text="Invalid Identity Header";ppi="..')
    assert none["headers"]["Reason"] == 'STIR;cause=428;text="Use Identity Header"'


def test_a_signature_for_the_number_in_the_to_field_counts_where_the_asker_says_it(tmp_path: Path) -> None:
    manners = Manners(on_identity={"failed": "refuse"})
    header = SIGNER.shaken(callee="12355550001")
    with_to, without = asked(World(tmp_path), question(1, header, to="+12355550001"), question(1, header), manners=manners)
    assert (with_to["action"], without["action"]) == ("allow", "reject")


def test_more_signed_calls_than_may_hold_up_others_are_not_taken_at_once(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert len(asked(world, *(question(number) for number in range(MOST_SIGNED + 1)), manners=Manners())) == MOST_SIGNED + 1
    with pytest.raises(Unanswerable, match="signed identities"):
        asked(world, *(question(number, "a.b.c") for number in range(MOST_SIGNED + 1)), manners=Manners())
