"""docs/policy-tools.md says what the tools do."""

import re
from pathlib import Path

from ringfence.policy.example_traffic import SCHEDULE
from ringfence.policy.examples import ENTRIES, EXPECTED, read_example

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "policy-tools.md").read_text(encoding="utf-8")


def test_the_example_on_the_page_is_one() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    example = read_example("tests/page.yaml", text)
    assert len(example.finds) == 1
    assert len({event.call_id for event in example.events}) == 131


def test_every_key_of_an_example_is_described() -> None:
    for word in (*ENTRIES, *EXPECTED, *SCHEDULE):
        assert f"`{word}`" in PAGE, word
