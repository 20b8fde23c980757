"""Events that stand for the subjects that the reference knows, so that a rule can look at those from whom nothing came."""

from bisect import bisect_right
from collections.abc import Iterable

from ringfence.policy.plan import Rule
from ringfence.vocabulary.contracts import Event
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory


class KnownTo:
    """The subjects of the rule's kind that `directory` knows, each as an event.

    It carries whatever the reference tells of the subject, and nothing that happened. Of kinds that the reference has no list of
    (sources, pairs, ranges …) there are none. A party comes once for each of its accounts.
    """

    def __init__(self, directory: Directory, rule: Rule) -> None:
        self._directory = directory
        self._rule = rule

    def at(self, moment: Micros) -> Iterable[Event]:
        """Return the subjects that there are at a moment."""
        directory, rule = self._directory, self._rule
        match rule.subject:
            case SubjectKind.ACCOUNT | SubjectKind.PARTY:
                return (_event(directory, rule, account, moment) for account in directory.accounts_at(moment))
            case SubjectKind.TRUNK:
                trunks = directory.trunks_at(moment)
                return (_event(directory, rule, account, moment, trunk=trunk) for trunk, account in trunks)
            case SubjectKind.NUMBER:
                numbers = directory.numbers_at(moment)
                return (_event(directory, rule, account, moment, number=number) for number, account in numbers)
            case _:
                return ()

    def change_after(self, moment: Micros) -> Micros | None:
        """Return the first moment after `moment` at which they may be others; `None` where they stay."""
        changes = self._directory.changes
        place = bisect_right(changes, moment)
        return changes[place] if place < len(changes) else None


def _event(
    directory: Directory, rule: Rule, account: str, moment: Micros, *, trunk: str | None = None, number: str | None = None
) -> Event:
    sender = directory.account(account, trunk, moment)
    return Event(
        kind=rule.on,
        time=moment,
        call_id="",
        account=account,
        party_path=sender.party_path,
        plan=sender.plan,
        trunk=trunk,
        caller=number,
        callee=number,
        target=number,
    )
