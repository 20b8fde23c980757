"""What is ordered for one request, now."""

import re
from collections.abc import Collection, Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

from ringfence.gate.reasons import diversion, refusal, throttled
from ringfence.gate.table.callbacks import EmergencyCallers
from ringfence.gate.table.help_calls import HelpCalls
from ringfence.gate.table.scopes import BOTH_WAYS, NOBODY, Answering, Reach, keys, meets, order_key
from ringfence.gate.table.state import Standing, holds
from ringfence.gate.table.throttles import Throttles
from ringfence.gate.table.under_way import RETRY_S, CallsUnderWay
from ringfence.gate.table.used_sources import UsedSources
from ringfence.vocabulary.contracts import DEEDS, ActionKind, Ask, Order, OrderChange, Verdict, VerdictAction
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory

_SOS: Final = re.compile(r"urn:service:sos(\.|\Z)")
"""Emergency services by name (RFC 5031 section 4.2): they are what they are on every list."""


class OrdersTable:
    """Orders by what they touch, and the two lists that stand above every order.

    Precedence, first to last; within one rank the narrower scope speaks:

    1. a party's call to an emergency number passes, and so does a call to a number that made one within half an hour;
    2. a protected source is shielded from orders against sources (one against an account that sends through it still holds);
    3. an order that refuses or diverts;
    4. a throttle that is full, of calls under way or of calls a second; all throttles that the request meets count it;
    5. an order that allows: no inline rule judges the request;
    6. a rule that decides before, except about a protected source;
    7. else the request passes.
    """

    def __init__(self) -> None:
        self.standing = Standing()
        self._emergency: frozenset[str] = frozenset()
        self._abroad: Directory | None = None
        self._protected: tuple[IPv4Network | IPv6Network, ...] = ()
        self.protections = 0
        """How often the lists were replaced."""
        self._throttles = Throttles()
        self._callers = EmergencyCallers()
        self.help = HelpCalls()
        """Calls for help of the last minute."""
        self.calls = CallsUnderWay()
        """Calls that count under caps."""
        self.used = UsedSources()
        """Addresses that no firewall may hold."""
        self._caps: tuple[Standing, frozenset[str]] = (self.standing, frozenset())

    def __len__(self) -> int:
        return len(self.standing)

    @property
    def generation(self) -> int:
        """That of the last change."""
        return self.standing.generation

    def protect(self, *, emergency_numbers: Collection[str], sources: Collection[str]) -> list[str]:
        """Replace both lists; return the entries of `sources` that are no address or network, which protect nothing."""
        networks, unreadable = [], []
        for text in sources:
            try:
                networks.append(ip_network(text, strict=False))
            except ValueError:
                unreadable.append(text)
        self.protections += 1
        self._emergency = frozenset(emergency_numbers)
        self._protected = tuple(networks)
        return unreadable

    def locate(self, directory: Directory) -> None:
        """Take over where trunks are, and accounts' callers: of those abroad, the numbers that call for help there pass."""
        self._abroad = directory if directory.countries_of_accounts else None
        self.used.know(directory)

    def swap(self, standing: Standing) -> bool:
        """Put other orders in force, all at once; tell whether they were others."""
        changed = standing is not self.standing
        self.standing = standing
        return changed

    def apply(self, change: OrderChange) -> bool:
        """Take a change in; tell whether it was new. A generation already passed changes nothing, so replays are harmless."""
        return self.swap(self.standing.after((change,)))

    def forget_ended(self, now: Micros) -> int:
        """Drop orders whose end has passed; return how many."""
        before = len(self)
        self.swap(self.standing.without_ended(now))
        return before - len(self)

    def decide(
        self,
        ask: Ask,
        now: Micros,
        parties: Sequence[str] = (),
        called: Answering = NOBODY,
        *,
        before: tuple[Verdict, SubjectKind] | None = None,
        asker: str | None = None,
    ) -> Verdict:
        """Return whether the request may pass at `now`, and count it where a throttle wants that.

        `parties` are those that answer for it, from the root party down; `called` answers for the number that it goes to. `before`
        is what a rule says that decides before, and the kind of its subject. `asker` is the address that asks.
        """
        if ask.account is not None and ask.source is not None:
            self.note_use(ask.source, now)
        if ask.account is not None and self._is_emergency(ask.callee, ask.account, now):
            self.help.note(ask.account, now)
            for number in (ask.caller, ask.asserted):
                if number is not None:
                    self._callers.note(number, now)
            return Verdict(action=VerdictAction.ALLOW)
        standing, shielded = self.standing, self.protects(ask.source)
        called_back = self._callers.may_be_called_back(ask.callee, now)
        throttles: list[Order] = []
        allowed: Order | None = None
        for key in keys(ask, parties, called, standing.lengths):
            if (shielded and key.kind is SubjectKind.SOURCE) or (called_back and key.inbound):
                continue
            for order in standing.at(key.text, now):
                if not meets(order, key, ask):
                    continue
                if order.action.kind is ActionKind.THROTTLE:
                    throttles.append(order)
                elif order.action.kind is ActionKind.ALLOW:
                    allowed = allowed or order
                else:
                    return diversion(order) if order.action.kind is ActionKind.DIVERT else refusal(order)
        if throttles and (full := self._full(throttles, ask, now)) is not None:
            return full
        if allowed is None and before is not None and not called_back and not (shielded and before[1] is SubjectKind.SOURCE):
            return before[0]
        caps = [order for order in throttles if order.action.concurrent is not None] if ask.method == "INVITE" else []
        if caps:
            self.calls.passed(caps, ask, now, asker)
        return Verdict(action=VerdictAction.ALLOW, order=allowed.id if allowed is not None else None)

    def note_use(self, address: str, now: Micros) -> None:
        """Take note that a trunk or a registration used an address: firewalls give it up, where one holds it."""
        if self.used.note(address, now) and self.standing.names(f"{SubjectKind.SOURCE}:{address}"):
            self.protections += 1

    def _full(self, throttles: Sequence[Order], ask: Ask, now: Micros) -> Verdict | None:
        """Return what is said where a throttle lets nothing more through now; else count the request in those of calls a second."""
        caps = [order for order in throttles if order.action.concurrent is not None] if ask.method == "INVITE" else []
        full = self.calls.full(caps, ask, now) if caps else None
        if full is not None:
            return throttled(full, RETRY_S)
        rates = [order for order in throttles if order.action.rate is not None]
        full = self._throttles.full(rates, now) if rates else None
        return None if full is None else throttled(full, self._throttles.wait_s(full, now))

    @property
    def caps(self) -> frozenset[str]:
        """The ids of the orders, in force or not, that cap calls under way."""
        if self._caps[0] is not self.standing:
            found = frozenset(order.id for order in self.standing.where(lambda action: action.concurrent is not None))
            self._caps = (self.standing, found)
            self.calls.keep(found)
        return self._caps[1]

    def capped(self, ask: Ask, now: Micros, parties: Sequence[str], called: Answering) -> list[str]:
        """Return the ids of the caps in force under which a call under way counts."""
        caps = self.caps
        if not caps:
            return []
        found = []
        for key in keys(ask, parties, called, self.standing.lengths):
            found += [order.id for order in self.standing.at(key.text, now) if order.id in caps and meets(order, key, ask)]
        return found

    def _is_emergency(self, callee: str | None, account: str, now: Micros) -> bool:
        if callee is None:
            return False
        country = None if self._abroad is None else self._abroad.account(account, None, now).country
        numbers = self._emergency if self._abroad is None or country is None else self._abroad.emergency_in(country)
        return callee in numbers or _SOS.match(callee) is not None

    def protects(self, source: str | None) -> bool:
        """Tell whether `source` is on the protected list."""
        if source is None or not self._protected:
            return False
        try:
            address = ip_address(source)
        except ValueError:
            return False
        return any(address in network for network in self._protected)

    def wanted(self, now: Micros, reach: Reach) -> dict[str, tuple[Order, ...]]:
        """Return what an edge of this reach must hold at `now`: key to its orders.

        An edge holds one order a key, the first: one that refuses both ways before one that does not, then the longest-lasting.
        """
        found: dict[str, tuple[Order, ...]] = {}
        standing = self.standing
        for order in standing.of_kinds(reach.kinds):
            key = order_key(order)
            if key not in found and holds(order, now) and self._is_for(order, reach, now):
                theirs = (each for each in standing.at(key, now) if self._is_for(each, reach, now))
                found[key] = tuple(sorted(theirs, key=lambda each: each.action.kind not in BOTH_WAYS))
        return found

    def _is_for(self, order: Order, reach: Reach, now: Micros) -> bool:
        return order.action.kind not in DEEDS and self._why_not(order, reach, now) is None

    def deeds(self, now: Micros) -> list[Order]:
        """Return the orders in force that are done once, in the order in which they were given."""
        found = (order for order in self.standing.where(lambda action: action.kind in DEEDS) if holds(order, now))
        return sorted(found, key=lambda order: (order.generation, order.id))

    def may_be_called_back(self, number: str, when: Micros | None) -> bool:
        """Tell whether a call to `number` that began at `when` may come from emergency services; `None`: nobody knows when."""
        return self._callers.may_be_called_back(number, when)

    def out_of_reach(self, reach: Reach, now: Micros, *, after: int = -1) -> Iterator[tuple[Order, str]]:
        """Yield the orders of generations later than `after` that an edge of this reach will not get, each with the reason."""
        for order in self.standing.of_kinds(tuple(SubjectKind), after=after):
            why = self._why_not(order, reach, now)
            if why is not None:
                yield order, why

    def _why_not(self, order: Order, reach: Reach, now: Micros) -> str | None:
        """Return why an edge of this reach must not get the order, or `None`."""
        if order.action.kind in DEEDS:
            return None if order.action.kind in reach.deeds else f"this edge cannot {order.action.kind}"
        if order.scope.kind not in reach.kinds:
            return f"this edge cannot refuse by {order.scope.kind}"
        if order.scope.kind is SubjectKind.SOURCE and self.protects(order.scope.value):
            return "the source is on the protected list"
        if reach.firewall and self.used.was_used(order.scope.value, now):
            return "a trunk or a registration used the address within 30 days, and what a firewall drops nobody reads"
        if order.scope.kind in (SubjectKind.NUMBER, SubjectKind.PAIR) and not self._emergency.isdisjoint(
            order.scope.value.split(",")
        ):
            return "it names an emergency number"
        if order.action.kind not in reach.actions:
            return f"this edge cannot {order.action.kind}; it can where it asks before each call"
        return None

    def next_turn(self, now: Micros) -> Micros | None:
        """Return the next moment after `now` at which an order begins or ends, or `None`."""
        return self.standing.next_turn(now)
