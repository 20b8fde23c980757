"""Events that stand for the subjects that the reference knows, so that a rule can look at those from whom nothing came."""

from collections.abc import Iterable, Iterator
from functools import partial

from ringfence.policy.plan import Rule
from ringfence.vocabulary.contracts import Event
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.tallies import Known


def known_to(directory: Directory, rule: Rule) -> Known:
    """Return what gives, for a moment, an event for each subject of the rule's kind that there was then.

    It carries whatever the reference tells of the subject, and nothing that happened. Of kinds that the reference has no list of
    (sources, pairs, ranges …) there are none.
    """
    return partial(_known, directory, rule)


def _known(directory: Directory, rule: Rule, moment: Micros) -> Iterable[Event]:
    match rule.subject:
        case SubjectKind.ACCOUNT:
            return (_event(directory, rule, account, moment) for account in directory.accounts_at(moment))
        case SubjectKind.PARTY:
            return _parties(directory, rule, moment)
        case SubjectKind.TRUNK:
            trunks = directory.trunks_at(moment)
            return (_event(directory, rule, account, moment, trunk=trunk) for trunk, account in trunks)
        case SubjectKind.NUMBER:
            numbers = directory.numbers_at(moment)
            return (_event(directory, rule, account, moment, number=number) for number, account in numbers)
        case _:
            return ()


def _parties(directory: Directory, rule: Rule, moment: Micros) -> Iterator[Event]:
    told: set[str] = set()
    for account in directory.accounts_at(moment):
        event = _event(directory, rule, account, moment)
        if event.party is not None and event.party not in told:
            told.add(event.party)
            yield event


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
