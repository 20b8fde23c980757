"""The smallest bundle that loads, for tests to spoil one place at a time."""

from typing import Final

import pytest

from ringfence.policy import BundleRefused, Problem, load

SETTINGS: Final = """\
name = "Acceptable use policy"
provider = "Example Voice"
jurisdiction = "BE"
governing_law = "Belgian law"
time_zone = "UTC"
languages = ["en"]
policy_page = "https://voice.example/acceptable-use"
abuse_mailbox = "abuse@voice.example"
service_mailbox = "support@voice.example"
severability = true

[posting]
notify = ["page"]
"""

TEXT: Final = """\
# 3 Prevention

## Technical prevention {#technical-prevention}
{{provider}} may refuse traffic.

# 4 Prohibited use

## Unsolicited bulk communication {#spam}
Nobody may flood {{provider}} with calls.
"""

LADDER: Final = """\
spam:
  strikes: {weight: 1, expires: 180d}
  steps:
    - at: 1
      do: notify
    - at: 3
      do: suspend until review 7d
      grave: yes
    - for: outsider
      do: refuse source for 1h, silent
      standing: yes
"""

RULE: Final = """\
rule: many-calls
clause: spam
says: More than a hundred calls in a minute.
source: ours
on: attempt where direction == "outbound"
per: account
window: 1min rolling
measure:
  calls: count()
  short: count(answered and duration < 6s)
when: calls > 100 and short / calls > 0.5
severity: warn
mode: report
cool_down: 1h
"""

LIST: Final = """\
entry,source,expiry,review,note
192.0.2.7,operations,,2027-06-30,our own monitor
"""

FILES: Final[dict[str, str]] = {
    "bundle.toml": SETTINGS,
    "policy.md": TEXT,
    "ladder.yaml": LADDER,
    "rules/many-calls.yaml": RULE,
    "lists/protected-sources.csv": LIST,
}


def files(**changed: str) -> dict[str, bytes]:
    """Return the bundle with the files named by a short word changed: settings, text, ladder, rule, list."""
    paths = dict(zip(("settings", "text", "ladder", "rule", "list"), FILES, strict=True))
    contents = FILES | {paths[word]: content for word, content in changed.items()}
    return {path: content.encode() for path, content in contents.items()}


def problems(bundle: dict[str, bytes]) -> list[Problem]:
    """Return the problems for which the bundle is refused."""
    with pytest.raises(BundleRefused) as refused:
        load(bundle)
    return list(refused.value.problems)


def only_problem(bundle: dict[str, bytes]) -> Problem:
    """Return the one problem for which the bundle is refused."""
    found = problems(bundle)
    assert len(found) == 1, found
    return found[0]
