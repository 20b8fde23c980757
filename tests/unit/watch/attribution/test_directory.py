"""Questions to the reference data, as of a moment."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.vocabulary.contracts import (
    AccountLink,
    BlockLink,
    ExemptionLink,
    NumberLink,
    PartyLink,
    PresentationRight,
    Reference,
    RulingLink,
    Subject,
    TrunkLink,
    merged,
)
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory

_NOW = Micros(1_000)


def _directory(*trunks: TrunkLink, accounts: tuple[AccountLink, ...] = ()) -> Directory:
    return Directory(Reference(time=Micros(0), trunks=trunks, accounts=accounts))


def _trunk(directory: Directory, source: str, user: str | None = None, time: Micros = _NOW) -> str | None:
    sender = directory.sender(source, user, time)
    return sender.trunk if sender is not None else None


def test_the_narrowest_network_answers() -> None:
    directory = _directory(
        TrunkLink(trunk="wide", account="A", address="198.51.100.0/24"),
        TrunkLink(trunk="narrow", account="B", address="198.51.100.7"),
        TrunkLink(trunk="six", account="C", address="2001:db8::/32"),
    )
    assert _trunk(directory, "198.51.100.7") == "narrow"
    assert _trunk(directory, "198.51.100.8") == "wide"
    assert _trunk(directory, "2001:db8::5") == "six"
    assert _trunk(directory, "203.0.113.1") is None
    assert _trunk(directory, "no address") is None


def test_a_trunk_known_by_both_needs_both() -> None:
    directory = _directory(TrunkLink(trunk="T", account="A", address="198.51.100.7", user="u"))
    assert _trunk(directory, "198.51.100.7", "u") == "T"
    assert _trunk(directory, "198.51.100.7") is None
    assert _trunk(directory, "198.51.100.8", "u") is None


def test_users_part_trunks_behind_one_address() -> None:
    directory = _directory(
        TrunkLink(trunk="T1", account="A", address="198.51.100.7", user="u1"),
        TrunkLink(trunk="T2", account="B", address="198.51.100.7", user="u2"),
        TrunkLink(trunk="rest", account="C", address="198.51.100.0/24"),
    )
    assert [_trunk(directory, "198.51.100.7", user) for user in ("u1", "u2", "u3", None)] == ["T1", "T2", "rest", "rest"]


def test_a_right_to_show_a_number_is_for_its_account_its_numbers_and_its_span() -> None:
    rights = (
        PresentationRight(account="A", number="+3225551212", valid_from=Micros(10), valid_to=Micros(20)),
        PresentationRight(account="A", number="+32478", digits=12, verified="letter of the holder"),
    )
    directory = Directory(Reference(time=Micros(0), rights=rights))
    asked = [
        ("A", "+3225551212", 10),
        ("A", "+3225551212", 20),
        ("B", "+3225551212", 10),
        ("A", "+32478000000", 1),
        ("A", "+3247800000", 1),
    ]
    assert [directory.may_show(account, number, Micros(time)) for account, number, time in asked] == [
        True,
        False,
        False,
        True,
        False,
    ]
    assert directory.changes_of_right("+3225551212") == [Micros(10), Micros(20)]
    assert directory.changes == [Micros(10), Micros(20)]
    account = AccountLink(account="A", party="A")
    gone = directory.changed(Reference(time=Micros(1), full=False, accounts=(account,), rights=rights[1:]))
    assert not gone.may_show("A", "+3225551212", Micros(15))
    assert gone.may_show("A", "+32478000000", Micros(15))


def test_numbers_that_call_for_help_are_those_of_the_country() -> None:
    directory = Directory(
        Reference(time=Micros(0), lists={"emergency-numbers": ("112", "100")}, emergency={"GB": ("112", "999"), "ZZ": ("112",)})
    )
    assert directory.emergency_in(None) == {"112", "100"}
    assert directory.emergency_in("GB") == {"112", "999"}
    assert directory.emergency_in("JP") == {"112"}  # the reference knows nothing of it


def test_two_accounts_at_one_address_cannot_be_told_apart() -> None:
    directory = _directory(
        TrunkLink(trunk="T1", account="A", address="198.51.100.7"), TrunkLink(trunk="T2", account="B", address="198.51.100.7")
    )
    assert _trunk(directory, "198.51.100.7") is None


def test_a_trunk_answers_within_its_span_only() -> None:
    directory = _directory(
        TrunkLink(trunk="old", account="A", address="198.51.100.7", valid_to=Micros(500)),
        TrunkLink(trunk="new", account="B", address="198.51.100.7", valid_from=Micros(500), valid_to=Micros(2_000)),
    )
    assert [_trunk(directory, "198.51.100.7", time=Micros(at)) for at in (499, 500, 1_999, 2_000)] == ["old", "new", "new", None]


def test_an_account_that_ended_answers_for_nothing() -> None:
    ended = AccountLink(account="A", party="p", valid_to=_NOW)
    directory = _directory(TrunkLink(trunk="T", account="A", address="198.51.100.7"), accounts=(ended,))
    assert _trunk(directory, "198.51.100.7") is None
    assert _trunk(directory, "198.51.100.7", time=Micros(_NOW - 1)) == "T"


def test_the_party_path_runs_from_the_root_and_a_ring_is_cut() -> None:
    parties = (PartyLink(party="c", parent="b"), PartyLink(party="b", parent="a"), PartyLink(party="a", parent="c"))
    assert Directory(Reference(time=Micros(0), parties=parties[:2])).party_path("c", _NOW) == ("a", "b", "c")
    assert Directory(Reference(time=Micros(0), parties=parties)).party_path("c", _NOW) == ("a", "b", "c")


def test_a_number_has_the_holder_of_the_moment() -> None:
    numbers = (
        NumberLink(number="+3221", account="A", valid_to=Micros(10)),
        NumberLink(number="+3221", account="B", valid_from=Micros(20)),
    )
    directory = Directory(Reference(time=Micros(0), numbers=numbers))
    assert [directory.holder("+3221", Micros(at)) for at in (9, 10, 20)] == ["A", None, "B"]
    assert directory.holder("+3222", _NOW) is None


def test_a_billing_cycle_begins_on_a_day_that_months_have() -> None:
    days = {"none": 0, "past": -3, "late": 45, "last": 31}
    directory = _directory(accounts=tuple(AccountLink(account=name, party="P", billing_day=day) for name, day in days.items()))
    assert [directory.billing_day(name) for name in (*days, "unknown", None)] == [1, 1, 31, 31, 1, 1]


def test_a_party_that_moved_has_the_path_of_the_moment_and_its_accounts_change_with_it() -> None:
    parties = (
        PartyLink(party="c", parent="a", valid_to=Micros(10)),
        PartyLink(party="c", parent="b", valid_from=Micros(10), valid_to=Micros(30)),
        PartyLink(party="a"),
        PartyLink(party="b", parent="a", valid_from=Micros(20)),
    )
    accounts = (AccountLink(account="C", party="c"),)
    directory = Directory(Reference(time=Micros(0), parties=parties, accounts=accounts))
    paths = [directory.account("C", None, Micros(at)).party_path for at in (9, 10, 20, 30)]
    assert paths == [("a", "c"), ("b", "c"), ("a", "b", "c"), ("c",)]
    assert directory.changes_of_account("C") == [10, 20, 30]


_NUMBERS = ["+3225551200", "+3225551207", "+3225551299", "+322555120", "+441632960001"]
_NAMES = st.sampled_from(["a", "b", "c"])
_MOMENTS = st.none() | st.integers(0, 20).map(Micros)
_REFERENCES = st.builds(
    Reference,
    time=st.just(Micros(0)),
    full=st.booleans(),
    policy=_NAMES,
    parties=st.lists(st.builds(PartyLink, party=_NAMES, parent=st.none() | _NAMES, valid_from=_MOMENTS), max_size=3).map(tuple),
    accounts=st.lists(st.builds(AccountLink, account=_NAMES, party=_NAMES, valid_to=_MOMENTS), max_size=3).map(tuple),
    trunks=st.lists(
        st.builds(
            TrunkLink, trunk=_NAMES, account=_NAMES, address=st.sampled_from([None, "192.0.2.1", "192.0.2.0/24"]), user=_NAMES
        ),
        max_size=3,
    ).map(tuple),
    numbers=st.lists(
        st.builds(NumberLink, number=st.sampled_from(_NUMBERS), account=_NAMES, valid_from=_MOMENTS, valid_to=_MOMENTS), max_size=4
    ).map(tuple),
    blocks=st.lists(
        st.builds(
            BlockLink,
            prefix=st.sampled_from(["+32255512", "+322555120", "+3225551207", "+3225551299"]),
            digits=st.just(11),
            account=st.none() | _NAMES,
            valid_from=_MOMENTS,
            valid_to=_MOMENTS,
        ),
        max_size=4,
    ).map(tuple),
    exemptions=st.lists(
        st.builds(ExemptionLink, party=_NAMES, clause=st.sampled_from(["spam", "harassment"]), valid_to=_MOMENTS), max_size=2
    ).map(tuple),
    jurisdiction=st.sampled_from([None, "BE", "DE"]),
    rulings=st.lists(
        st.builds(
            RulingLink,
            ruling=st.integers(1, 3),
            clause=st.just("spam"),
            jurisdictions=st.sampled_from([(), ("BE",), ("DE", "FR")]),
            valid_from=_MOMENTS,
        ),
        max_size=2,
    ).map(tuple),
    lists=st.dictionaries(st.just("emergency-numbers"), st.lists(st.sampled_from(["112", "999"])).map(tuple)),
)


def _answers(directory: Directory) -> list[object]:
    """Return the answer to every question there is, at several moments."""
    moments = [Micros(time) for time in (0, 7, 14, 21)]
    return [
        directory.policy,
        directory.emergency_numbers,
        sorted(directory.numbers),
        directory.changes,
        [directory.has_numbers(account) for account in "abc"],
        [directory.changes_of_holder(number) for number in _NUMBERS],
        [directory.changes_at_source("192.0.2.1"), [directory.changes_of_account(account) for account in "abc"]],
        *(
            [
                [directory.holder(number, time) for number in _NUMBERS],
                [directory.sender("192.0.2.1", user, time) for user in ("a", "b", None)],
                [directory.sender(None, user, time) for user in "abc"],
                [directory.account(account, None, time) for account in "abc"],
                [directory.is_exempt((party,), "spam", time) for party in "abc"],
                [directory.rulings.on("spam", Subject(kind=SubjectKind.ACCOUNT, id=name), (name,), time) for name in "abc"],
                directory.accounts_at(time),
                directory.trunks_at(time),
                directory.numbers_at(time),
            ]
            for time in moments
        ),
    ]


@settings(max_examples=40)
@given(_REFERENCES, st.lists(_REFERENCES, max_size=4))
def test_what_changed_step_by_step_is_what_the_whole_says(first: Reference, then: list[Reference]) -> None:
    whole, directory = first, Directory(first)
    before = _answers(directory)
    for change in then:
        whole, directory = merged(whole, change), directory.changed(change)
    assert _answers(directory) == _answers(Directory(whole))
    assert _answers(Directory(first)) == before


@settings(max_examples=40)
@given(_REFERENCES, st.lists(_REFERENCES, min_size=1, max_size=3))
def test_changes_may_be_made_one_and_may_be_told_twice(first: Reference, then: list[Reference]) -> None:
    one = then[0]
    for change in then[1:]:
        one = merged(one, change)
    once = Directory(first).changed(one)
    step_by_step = Directory(first)
    for change in then:
        step_by_step = step_by_step.changed(change)
    assert _answers(once) == _answers(step_by_step) == _answers(once.changed(one))


def test_of_several_blocks_the_narrowest_answers_also_where_it_says_nobody() -> None:
    directory = Directory(
        Reference(
            time=Micros(0),
            numbers=(NumberLink(number="+3225551205", account="C", valid_to=Micros(500)),),
            blocks=(
                BlockLink(prefix="+32255512", digits=11, account="A"),
                BlockLink(prefix="+322555120", digits=11, account="B", valid_from=Micros(100)),
                BlockLink(prefix="+3225551207", digits=11),
            ),
        )
    )
    asked = ("+3225551299", "+3225551200", "+3225551207", "+3225551205", "+32255512", "+3225551310")
    assert [directory.holder(number, Micros(400)) for number in asked] == ["A", "B", None, "C", None, None]
    assert directory.holder("+3225551200", Micros(99)) == "A"
    assert directory.holder("+3225551205", Micros(500)) == "B"
    assert len(directory.numbers) == 100
    assert directory.has_numbers("B")
    assert directory.changes_of_holder("+3225551200") == [100]


def test_an_exemption_holds_for_the_party_and_those_below_it() -> None:
    granted = ExemptionLink(party="shop", clause="spam", valid_from=Micros(10), valid_to=Micros(20))
    directory = Directory(Reference(time=Micros(0), exemptions=(granted,)))
    assert [directory.is_exempt(("root", "shop", "user"), "spam", Micros(at)) for at in (9, 10, 19, 20)] == [
        False,
        True,
        True,
        False,
    ]
    assert not directory.is_exempt(("root", "shop"), "harassment", Micros(10))
    assert not directory.is_exempt(("root",), "spam", Micros(10))
