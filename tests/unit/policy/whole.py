"""A rule that uses every key of the language, and a list for it."""

from typing import Final

from tests.unit.policy.minimal import FILES

WHOLE: Final = """\
rule: many-calls
clause: spam
says: Many short calls, many at once, or many in a row that nobody answered.
source: ours
on:
  - attempt where direction == "outbound"
  - message where direction == "outbound"
per: [account, callee]
subject: account
window:
  hour: 1h rolling
  month: 30d rolling by 1d
  half_year: 6 months in "Europe/Brussels"
measure:
  calls: count(on=attempt, over=hour)
  messages: count(on=message, over=hour)
  short: count(answered and duration < lookup("short-calls", "most", plan), on=attempt, over=hour)
  spread: distinct(prefix(callee, 6), over=month)
  minutes: sum(duration / 1min, over=half_year)
  blast: distinct(callee, where=kind == "message", over=hour, same=content)
  busiest: peak(60s, where=answered, over=hour)
  row: run(not answered)
  live: concurrent()
  quiet: since(answered, on=end)
  spacing: gap()
  newest: last(price, over=month)
minimum: calls >= 100
exempt: callee in ("911", "112")
passes: diverted is not None
reset: fact where name == "explained"
once: {per: [call_id], within: 10s}
from: 2026-07-01
until: 2027-07-01T00:00:00+02:00
decide: before
classifies: bulk-caller for 24h
tiers:
  - when: calls > 100 and short / calls > 0.5
    clears: short / calls < 0.3
    severity: warn
    points: 2.5
    proposes:
      - notify the customer
      - charge 0.01 USD per max(short - 10, 0)
  - when: live >= 5 or row > 3 or minutes > 2 * before(minutes)
    says: It has not got any better.
    severity: act
    proposes:
      - throttle 1 call/s for 24h
      - refuse 603 until next day in "UTC"
      - suspend until lifted by the regulator
      - cap 5 calls until cleared
      - end calls
      - report every 14d to the regulator
mode: report
cool_down: 1h
"""

SHORT_CALLS: Final = """\
entry,most,source,expiry,review,valid_from,fetched
call-centre,3s,ours,2027-06-30,,2026-01-01,2026-02-01
*,6s,ours,,2027-06-30,,2026-01-15
"""


def whole(rule: str = WHOLE, **lists: str) -> dict[str, bytes]:
    """Return a bundle with `rule` and the list it looks things up in, and `lists` by their names with _ for -."""
    contents = FILES | {"rules/many-calls.yaml": rule, "lists/short-calls.csv": SHORT_CALLS}
    contents |= {f"lists/{name.replace('_', '-')}.csv": content for name, content in lists.items()}
    return {path: content.encode() for path, content in contents.items()}
