"""What a version promises whoever it judges, how far it trusts machines, and what it charges."""

from decimal import Decimal
from pathlib import Path

import pytest

from ringfence.policy import BundleRefused, load, read_folder
from ringfence.policy.due_process import Budget, DueProcess, Standing, Unconfirmed
from ringfence.policy.fees import Per

FOUR = Path(__file__).parents[2] / "bundles" / "four"
DEFAULT = Path(__file__).parents[3] / "bundles" / "default"


def files(settings: str = "", fees: str = "") -> dict[str, bytes]:
    found = dict(read_folder(FOUR))
    found["bundle.toml"] = found["bundle.toml"] + b"\n" + settings.encode()
    return found | ({"fees.yaml": fees.encode()} if fees else {})


def test_who_says_nothing_promises_what_stands_in_the_code() -> None:
    settings = load(files()).settings
    assert (settings.due_process, settings.budget) == (DueProcess(), Budget())


def test_both_tables_are_read() -> None:
    text = """[due_process]
appeal_days = 30
appeal_by = ["party"]
unconfirmed = "falls"
sampled_percent = 25
[automation]
parties_per_hour = 3
numbers_per_hour = 100
traffic_percent = 5
"""
    settings = load(files(text)).settings
    assert settings.due_process == DueProcess(30, (Standing.PARTY,), Unconfirmed.FALLS, 25)
    assert settings.budget == Budget(3, 100, 5)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("[due_process]\nappeal_days = 0\n", "appeal_days must be a whole number from 1 to 3650"),
        ("[due_process]\nappeal_days = true\n", "appeal_days must be a whole number"),
        ('[due_process]\nappeal_by = ["judge"]\n', "appeal_by must list who may contest"),
        ("[due_process]\nappeal_by = []\n", "appeal_by must list who may contest"),
        ('[due_process]\nunconfirmed = "maybe"\n', "unconfirmed cannot be 'maybe'"),
        ("[due_process]\nappeal_dayz = 3\n", "unknown key 'appeal_dayz' of due_process"),
        ("[automation]\ntraffic_percent = 101\n", "traffic_percent must be a whole number from 1 to 100"),
        ("due_process = 3\n", "due_process must be a table"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_key(text: str, cause: str) -> None:
    whole = files()
    whole["bundle.toml"] = (
        text.encode() + whole["bundle.toml"] if not text.startswith("[") else whole["bundle.toml"] + text.encode()
    )
    with pytest.raises(BundleRefused) as refused:
        load(whole)
    assert any(cause in problem.cause for problem in refused.value.problems)


def test_fees_are_read_and_their_cap_is_heeded() -> None:
    fees = load(read_folder(DEFAULT)).fees.fees
    investigation = fees["investigation"]
    assert (investigation.per, investigation.amount, investigation.currency) == (Per.QUARTER, Decimal("25.00"), "EUR")
    assert "suspend" in investigation.actions
    assert (investigation.of(3), investigation.of(1000)) == (Decimal("75.00"), Decimal("500.00"))
    assert fees["reconnection"].most is None
    assert not fees["reconnection"].actions


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("x: {per: week, amount: 1 EUR, clause: auto-dialing}", "per cannot be 'week'"),
        ("x: {per: hour, amount: ten, clause: auto-dialing}", "'ten' is no amount"),
        ("x: {per: hour, amount: 10 EUR, clause: nowhere}", "policy.md has no clause nowhere"),
        ("x: {per: hour, amount: 10 EUR, most: 5 EUR, clause: auto-dialing}", "most is less than amount"),
        ("x: {per: hour, amount: 10 EUR, clause: auto-dialing, waiver: anybody}", "waiver cannot be 'anybody'"),
        ("x: {per: hour, amount: 10 EUR, clause: auto-dialing, with: [shoot]}", "with must list actions"),
        ("x: 10 EUR", "x says nothing"),
        ("- x", "fees.yaml maps names to fees"),
        ("x: {per: hour}", "required key 'amount' is missing"),
    ],
)
def test_a_fee_that_cannot_be_charged_is_refused(text: str, cause: str) -> None:
    with pytest.raises(BundleRefused) as refused:
        load(files(fees=text + "\n"))
    assert any(cause in problem.cause for problem in refused.value.problems), refused.value.problems
