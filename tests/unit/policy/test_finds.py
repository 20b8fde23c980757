"""`finds`: the first time a condition holds, or each time."""

import pytest
from tests.conftest import ROOT

from ringfence.policy import Bundle, PolicyError, load, read_folder

RULE = (ROOT / "tests/policies/features/each-forbidden-call/rule.yaml").read_text(encoding="utf-8")


def bundle_with(text: str) -> Bundle:
    files = {path: content for path, content in read_folder(ROOT / "bundles" / "default").items() if not path.startswith("rules/")}
    return load(files | {"rules/each.yaml": text.encode()})


@pytest.mark.parametrize(("line", "each"), [("finds: each time", True), ("finds: first time", False), ("", False)])
def test_a_rule_says_whether_each_time_is_found(line: str, each: bool) -> None:
    (rule,) = bundle_with(RULE.replace("finds: each time", line)).plan.rules
    assert rule.finds_each is each


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        ("finds: each time", "finds: always", "finds cannot be 'always'"),
        ("severity: warn", "clears: abandoned > 80h\nseverity: warn", "needs nothing to clear it"),
    ],
)
def test_what_finds_cannot_be_is_refused(old: str, new: str, cause: str) -> None:
    with pytest.raises(PolicyError, match=cause):
        bundle_with(RULE.replace(old, new))
