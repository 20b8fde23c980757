"""The floor: the four rules of `traffic` as plain Python, dictionaries and deques, as one would first write them."""

from collections import defaultdict, deque
from collections.abc import Sequence

from bench.engine.traffic import MOST_CALLEES, MOST_CALLS, MOST_SHORT, SHORT_SHARE
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import MINUTE

Found = tuple[str, str, int]
"""Rule, account, time."""


class _Account:
    def __init__(self) -> None:
        self.calls: deque[tuple[int, str]] = deque()
        self.callees: dict[str, int] = defaultdict(int)
        self.short: deque[int] = deque()
        self.held = [False] * 4
        self.quiet_until = [0] * 4

    def expire(self, before: int) -> None:
        while self.calls and self.calls[0][0] <= before:
            callee = self.calls.popleft()[1]
            self.callees[callee] -= 1
            if self.callees[callee] == 0:
                del self.callees[callee]
        while self.short and self.short[0] <= before:
            self.short.popleft()

    def conditions(self, *, ends: bool) -> tuple[bool | None, ...]:
        """Whether each rule's condition holds; `None` where the rule doesn't look at such an event."""
        calls, short = len(self.calls), len(self.short)
        return (
            None if ends else calls > MOST_CALLS,
            None if ends else len(self.callees) > MOST_CALLEES,
            short > MOST_SHORT if ends else None,
            calls > 120 and short / calls > SHORT_SHARE,
        )


def plain_loop(events: Sequence[Event]) -> list[Found]:
    """Return what the four rules find."""
    accounts: dict[str, _Account] = defaultdict(_Account)
    names = ("attempts", "callees", "short", "short-share")
    found: list[Found] = []
    for event in events:
        if event.account is None or event.callee is None:
            continue
        account, time, ends = accounts[event.account], event.time, event.kind is EventKind.END
        account.expire(time - 10 * MINUTE)
        if not ends:
            account.calls.append((time, event.callee))
            account.callees[event.callee] += 1
        elif event.answered and event.duration_ms < 6_000:
            account.short.append(time)
        for nth, holds in enumerate(account.conditions(ends=ends)):
            if holds is None:
                continue
            if holds and not account.held[nth] and time >= account.quiet_until[nth]:
                found.append((names[nth], event.account, time))
                account.quiet_until[nth] = time + 15 * MINUTE
            account.held[nth] = holds
    return found
