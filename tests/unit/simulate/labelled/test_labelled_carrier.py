"""The labelled carrier: repeatable, in order, sparse in abuse, and silent about who is what."""

from collections import Counter
from random import Random

import msgspec
import phonenumbers
import pytest

from ringfence.simulate.labelled.abusive import ABUSIVE_KINDS
from ringfence.simulate.labelled.acts import Act, Call
from ringfence.simulate.labelled.carrier import Carrier, Size
from ringfence.simulate.labelled.honest import HONEST_KINDS
from ringfence.simulate.labelled.numbering import COUNTRIES, fixed_number, invalid_number, mobile_number
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.subjects import SubjectKind

SMALL = Size(200, 2, abusers=28)


def carrier(seed: int = 5, size: Size = SMALL) -> Carrier:
    return Carrier(seed, size)


def test_there_are_twenty_honest_kinds_and_twenty_abusive_ones_at_least() -> None:
    assert len({kind.name for kind in HONEST_KINDS}) >= 20
    assert len({kind.name for kind in ABUSIVE_KINDS}) >= 20
    assert 0.97 <= sum(kind.share for kind in HONEST_KINDS) <= 1.03


def test_the_same_seed_gives_the_same_events_and_another_seed_others() -> None:
    first, again, other = (list(carrier(seed).events()) for seed in (5, 5, 6))
    assert first == again
    assert first != other


def test_events_come_in_the_order_of_their_times_and_within_the_run() -> None:
    made = carrier()
    times = [event.time for event in made.events()]
    assert times == sorted(times)
    assert times[0] >= made.begin
    assert len(times) > 5_000


def test_one_party_in_a_hundred_is_abusive_unless_more_are_asked_for() -> None:
    made = Carrier(1, Size(1000, 2))
    abusers = len(made.labels)
    assert 10 <= abusers <= 0.01 * (len(made.honest) + abusers) + 8  # a campaign's accounts come together


def test_every_clause_is_played_and_every_label_has_acts_within_its_span() -> None:
    made = carrier(size=Size(300, 3, abusers=60))
    assert {label.clause for label in made.labels} == {
        kind.clause for kind in ABUSIVE_KINDS if not kind.wire and not kind.held_out_only
    }
    for label in made.labels:
        assert label.times == sorted(label.times)
        assert label.begin == label.times[0] <= label.times[-1] < label.end
        assert label.subjects


def test_kinds_set_aside_are_played_in_the_held_out_part_alone() -> None:
    aside = {kind.name for kind in ABUSIVE_KINDS if kind.held_out_only}
    assert len(aside) >= 10
    usual = {label.kind for label in Carrier(3, Size(200, 2, abusers=120)).labels}
    held_out = {label.kind for label in Carrier(3, Size(200, 2, abusers=120), held_out=True).labels}
    assert not usual & aside
    assert held_out & aside == {kind.name for kind in ABUSIVE_KINDS if kind.held_out_only and not kind.wire}


def test_nothing_that_detectors_see_tells_who_is_what() -> None:
    made = carrier()
    words = {kind.name for kind in (*HONEST_KINDS, *ABUSIVE_KINDS)} | {"cover", "actor", "abus", "honest"}
    seen = "".join(msgspec.json.encode(event).decode() for event in made.events())
    seen += msgspec.json.encode(made.reference).decode()
    assert not [word for word in words if f'"{word}"' in seen]
    abusive = {name for label in made.labels for kind, name in label.subjects if kind is SubjectKind.ACCOUNT}
    names = [account.account for account in made.reference.accounts]
    assert abusive & set(names)
    assert {len(name) for name in names} == {12}
    places = [place for place, name in enumerate(names) if name in abusive]
    assert places != list(range(places[0], places[0] + len(places)))  # they do not stand together


def test_an_act_has_one_answer_and_one_end() -> None:
    kinds: dict[str, Counter[EventKind]] = {}
    for event in carrier().events():
        if event.method == "INVITE":
            kinds.setdefault(event.call_id, Counter())[event.kind] += 1
    assert all(counted[EventKind.ATTEMPT] == 1 and counted[EventKind.END] == 1 for counted in kinds.values())
    assert all(counted[EventKind.ANSWER] <= 1 for counted in kinds.values())


def test_calls_for_help_give_no_events() -> None:
    made = Carrier(2, Size(900, 5, abusers=0))
    called = [act for act in made.acts() if isinstance(act, Call) and act.callee == "112"]
    assert called
    again = Carrier(2, Size(900, 5, abusers=0))
    assert not [event for event in again.events() if event.callee == "112"]


@pytest.mark.parametrize("country", COUNTRIES)
def test_numbers_are_valid_by_their_numbering_plan_and_invalid_ones_are_not(country: str) -> None:
    chance = Random(7)
    for draw in (fixed_number, mobile_number):
        for _ in range(60):
            number = phonenumbers.parse(draw(country, chance))
            assert phonenumbers.is_valid_number(number), number
    wrong = [invalid_number(country, chance) for _ in range(60)]
    assert not [number for number in wrong if phonenumbers.is_valid_number(phonenumbers.parse(number))]


def test_an_events_account_is_the_one_that_its_address_or_user_names() -> None:
    made = carrier()
    by_account = {party.account: party for party in made.parties}
    for event in made.events():
        if event.account is not None:
            party = by_account[event.account]
            assert (event.plan, event.party_path) == (party.plan, party.path)
            if event.kind is not EventKind.COMPLAINT:  # whom a complaint is about is known, and over which trunk nobody asks
                assert event.trunk == party.trunk
                assert party.address is None or event.source == party.address


def acts_of(made: Carrier) -> list[Act]:
    return list(made.acts())


def test_all_acts_are_in_order_and_none_is_twice() -> None:
    acts = acts_of(carrier())
    assert [act.time for act in acts] == sorted(act.time for act in acts)
    ids = [act.id for act in acts if isinstance(act, Call)]
    assert len(ids) == len(set(ids))


def test_events_are_whole() -> None:
    for event in carrier().events():
        assert isinstance(event, Event)
        assert event.source or event.kind is EventKind.COMPLAINT
        assert event.kind is not EventKind.END or event.status or event.released_by


def test_people_complain_of_calls_that_were_made_and_mostly_of_abusers() -> None:
    made = Carrier(5, Size(200, 4, abusers=28))
    events = list(made.events())
    calls = {
        (event.account, event.caller, event.callee) for event in events if event.kind in (EventKind.ATTEMPT, EventKind.MESSAGE)
    }
    complaints = [event for event in events if event.kind is EventKind.COMPLAINT]
    assert len(complaints) >= 20
    for told in complaints:
        assert (told.account, told.caller, told.reporter) in calls
        assert told.conduct_time is not None
        assert told.conduct_time < told.time
    abusers = {name for label in made.labels for kind, name in label.subjects if kind is SubjectKind.ACCOUNT}
    assert sum(told.account in abusers for told in complaints) > 0.8 * len(complaints)
