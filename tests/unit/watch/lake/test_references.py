"""References beside the journal: whole ones and changes, each from the batch that was first judged by it."""

from pathlib import Path

import pytest

from ringfence.vocabulary.contracts import AccountLink, ExemptionLink, NumberLink, PartyLink, Reference, merged
from ringfence.vocabulary.times import Micros
from ringfence.watch.lake import ReferenceDamaged, References
from ringfence.watch.live.filling import ByBatch

_AT = Micros(5)


def _whole(account: str = "a") -> Reference:
    return Reference(
        time=Micros(9),
        parties=(PartyLink(party="p"),),
        accounts=(AccountLink(account=account, party="p"),),
        numbers=(NumberLink(number="+3225551212", account=account), NumberLink(number="+3225551213", account=account)),
    )


def _change(number: str, account: str) -> Reference:
    return Reference(time=Micros(9), full=False, numbers=(NumberLink(number=number, account=account),))


def test_a_change_is_kept_as_a_change_and_read_as_the_whole(tmp_path: Path) -> None:
    references = References(tmp_path)
    first, second = _change("+3225551212", "b"), _change("+3225551213", "c")
    assert [references.note(1, _whole()), references.note(4, first), references.note(4, first), references.note(7, second)] == [
        True,
        True,
        False,
        True,
    ]
    assert references.firsts() == [1, 4, 7]
    assert not references.told(7).full
    assert set(references.read(7).numbers) == set(merged(merged(_whole(), first), second).numbers)
    assert set(references.read(4).numbers) == set(merged(_whole(), first).numbers)
    assert references.read(1).numbers == _whole().numbers


def test_changes_by_which_no_batch_was_judged_alone_become_one(tmp_path: Path) -> None:
    references = References(tmp_path)
    references.note(1, _whole())
    references.note(4, _change("+3225551212", "b"))
    references.note(4, _change("+3225551213", "c"))
    assert references.firsts() == [1, 4]
    assert {link.account for link in references.read(4).numbers} == {"b", "c"}


def test_what_a_change_changes_outlives_the_trimming(tmp_path: Path) -> None:
    references = References(tmp_path)
    for number, reference in ((1, _whole()), (3, _whole("z")), (5, _change("+3225551212", "b")), (8, _change("+3225551213", "c"))):
        references.note(number, reference)
    references.trim(9)
    assert references.firsts() == [3, 5, 8]
    assert {link.account for link in references.read(8).numbers} == {"b", "c"}


def test_a_change_of_nothing_kept_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="was not kept"):
        References(tmp_path).note(1, _change("+3225551212", "b"))
    references = References(tmp_path)
    references.note(1, _whole())
    references.note(2, _change("+3225551212", "b"))
    next(tmp_path.glob("*.reference")).unlink()
    with pytest.raises(ReferenceDamaged, match="nothing whole"):
        references.read(2)


def test_who_asks_batch_by_batch_and_who_begins_later_are_told_the_same(tmp_path: Path) -> None:
    references = References(tmp_path)
    exempt = Reference(
        time=Micros(9), full=False, parties=(PartyLink(party="p"),), exemptions=(ExemptionLink(party="p", clause="spam"),)
    )
    for number, reference in ((1, _whole()), (4, _change("+3225551212", "b")), (6, exempt), (8, _change("+3225551213", "c"))):
        references.note(number, reference)
    walked = ByBatch(references)
    for number in range(1, 10):
        changed, fresh = walked.change(number), ByBatch(references).change(number)
        assert fresh is not None
        assert (changed is not None) == (number in (1, 4, 6, 8))
        if changed is not None:
            for asked in ("+3225551212", "+3225551213"):
                assert changed.holder(asked, _AT) == fresh.holder(asked, _AT)
            assert changed.is_exempt(("p",), "spam", _AT) == fresh.is_exempt(("p",), "spam", _AT) == (number >= 6)
