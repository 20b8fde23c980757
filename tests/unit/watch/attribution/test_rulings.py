"""Which clauses courts have struck: over their spans, where, and for whom."""

from ringfence.vocabulary.contracts import AccountLink, PartyLink, Reference, RulingLink, Subject
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory

_NOON = Micros(12)
_PARTIES = (
    PartyLink(party="resell", kind="reseller"),
    PartyLink(party="shop", parent="resell"),
    PartyLink(party="moved", parent="resell", valid_to=Micros(5)),
    PartyLink(party="alone"),
)
_ACCOUNTS = (
    AccountLink(account="shop-de", party="shop", country="DE"),
    AccountLink(account="shop-fr", party="shop", country="FR", valid_from=Micros(20)),
    AccountLink(account="here", party="alone"),
    AccountLink(account="moved-at", party="moved", country="AT"),
)


def _struck(ruling: RulingLink, kind: SubjectKind, id: str, *path: str, time: Micros = _NOON, clause: str = "spam") -> bool:
    known = Reference(time=Micros(0), jurisdiction="BE", parties=_PARTIES, accounts=_ACCOUNTS, rulings=(ruling,))
    return Directory(known).rulings.on(clause, Subject(kind=kind, id=id), path, time) is not None


def test_a_ruling_without_places_strikes_the_clause_everywhere_and_no_other_clause() -> None:
    ruling = RulingLink(ruling=1, clause="spam")
    assert _struck(ruling, SubjectKind.SOURCE, "203.0.113.9")
    assert _struck(ruling, SubjectKind.ACCOUNT, "shop-de", "resell", "shop")
    assert not _struck(ruling, SubjectKind.ACCOUNT, "shop-de", "resell", "shop", clause="harassment")


def test_it_strikes_from_its_first_moment_until_before_its_last() -> None:
    ruling = RulingLink(ruling=1, clause="spam", valid_from=Micros(10), valid_to=Micros(20))
    assert [_struck(ruling, SubjectKind.SOURCE, "x", time=Micros(at)) for at in (9, 10, 19, 20)] == [False, True, True, False]


def test_it_holds_where_the_account_is_and_else_where_the_provider_is() -> None:
    german, belgian = (RulingLink(ruling=1, clause="spam", jurisdictions=(country,)) for country in ("DE", "BE"))
    assert _struck(german, SubjectKind.ACCOUNT, "shop-de", "resell", "shop")
    assert not _struck(belgian, SubjectKind.ACCOUNT, "shop-de", "resell", "shop")
    assert _struck(belgian, SubjectKind.ACCOUNT, "here", "alone")
    assert _struck(belgian, SubjectKind.SOURCE, "203.0.113.9")
    assert not _struck(german, SubjectKind.SOURCE, "203.0.113.9")


def test_what_is_about_no_account_is_where_any_account_of_the_party_is_then() -> None:
    french = RulingLink(ruling=1, clause="spam", jurisdictions=("FR",))
    assert not _struck(french, SubjectKind.NUMBER, "+49301", "resell", "shop")
    assert _struck(french, SubjectKind.NUMBER, "+49301", "resell", "shop", time=Micros(20))


def test_of_a_party_the_accounts_of_those_below_it_count_as_long_as_they_stand_there() -> None:
    german, austrian = (RulingLink(ruling=1, clause="spam", jurisdictions=(country,)) for country in ("DE", "AT"))
    assert _struck(german, SubjectKind.PARTY, "resell", "resell")
    assert not _struck(german, SubjectKind.PARTY, "alone", "alone")
    assert _struck(austrian, SubjectKind.PARTY, "resell", "resell", time=Micros(4))
    assert not _struck(austrian, SubjectKind.PARTY, "resell", "resell", time=Micros(5))


def test_it_may_be_given_for_one_party_and_those_below_it() -> None:
    ruling = RulingLink(ruling=1, clause="spam", parties=("resell",))
    assert _struck(ruling, SubjectKind.ACCOUNT, "shop-de", "resell", "shop")
    assert not _struck(ruling, SubjectKind.ACCOUNT, "here", "alone")
    assert not _struck(ruling, SubjectKind.SOURCE, "203.0.113.9")
