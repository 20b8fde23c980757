"""A key of whatever a sender writes is refused, however it is cut or spelled."""

import pytest
from tests.unit.policy.minimal import RULE, files, only_problem


@pytest.mark.parametrize(
    "key",
    ["user_agent", "lower(user_agent)", "lower(lower(user_agent))", "prefix(lower(user_agent), 8)"],
)
def test_a_key_of_free_text_is_refused_with_what_to_do_instead(key: str) -> None:
    problem = only_problem(files(rule=RULE.replace("per: account", f"per: [account, '{key}']\nsubject: account")))
    assert problem.cause == "user_agent is whatever a sender writes: keys without bound"
    assert problem.hint == "count it instead: distinct(user_agent) under measure"
    assert problem.line == 6


def test_a_choice_of_free_text_is_refused_too() -> None:
    chosen = '(account if direction == "outbound" else user_agent)'
    problem = only_problem(files(rule=RULE.replace("per: account", f"per: [account, '{chosen}']\nsubject: account")))
    assert problem.cause.startswith("user_agent is whatever a sender writes")
