"""Questions to the reference data, as of a moment."""

from ringfence.vocabulary.contracts import AccountLink, NumberLink, PartyLink, Reference, TrunkLink
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
