"""Whom a finding is about: an abuser, an honest party, or somebody outside who did nothing."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from ringfence.simulate.labelled.labels import Label
from ringfence.simulate.labelled.parties import PEERS, Party
from ringfence.vocabulary.contracts import Finding
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import DAY, Micros

GRACE: Final = DAY
"""So long after an abuse has ended a finding may still be about it: rules that look at a day's end come then."""

_NETWORKS: Final = frozenset({"interconnect", "international"})

Named = tuple[SubjectKind, str]


class Truth:
    """What is so. A finding about an abuser's accounts before the abuse began is one about an innocent."""

    def __init__(self, labels: Sequence[Label], parties: Sequence[Party]) -> None:
        self._labels: dict[Named, list[Label]] = defaultdict(list)
        for label in labels:
            for subject in label.subjects:
                self._labels[subject].append(label)
        self._by_account = {party.account: party for party in parties}
        self._by_trunk = {party.trunk: party for party in parties}
        self._by_number: dict[str, Party] = {number: party for party in parties for number in party.numbers}
        self._by_source = {party.source: party for party in parties if party.parent is None}

    def abusers(self, finding: Finding) -> list[Label]:
        """Return those whom the finding is about, and whose abuse had begun and was not over for long."""
        labels = {label.actor: label for named in self._names(finding) for label in self._labels.get(named, ())}
        return [label for label in labels.values() if label.begin <= finding.time <= label.end + GRACE]

    def is_afterwards(self, finding: Finding) -> bool:
        """Tell whether it is about somebody who was an abuser long before."""
        labels = [label for named in self._names(finding) for label in self._labels.get(named, ())]
        return any(finding.time > label.end + GRACE for label in labels)

    def innocent(self, finding: Finding) -> tuple[str, str]:
        """Return the account (or else the subject) of the innocent that it is about, and what kind of party that is."""
        for kind, name in self._names(finding):
            party = self._party(kind, name)
            if party is not None:
                return party.account, party.habit
        kind, name = finding.subject.kind, finding.subject.id
        if kind is SubjectKind.SOURCE and name in PEERS:
            return name, "another network"
        return f"{kind.value} {name}", "somebody outside"

    def _names(self, finding: Finding) -> list[Named]:
        """Return what the subject is called, and of a pair or registration its parts."""
        kind, name = finding.subject.kind, finding.subject.id
        names: list[Named] = [(kind, name)]
        if kind is SubjectKind.PAIR:
            names.append((SubjectKind.NUMBER, name.split(",")[0]))
        elif kind is SubjectKind.REGISTRATION:
            user, _, address = name.rpartition(",")
            names.append((SubjectKind.SOURCE, address))
            names.append((SubjectKind.NUMBER, user.partition("@")[0]))
        if finding.party_path and not self._only_carried(finding.party_path[-1]):
            names.append((SubjectKind.ACCOUNT, finding.party_path[-1]))
        return names

    def _only_carried(self, account: str) -> bool:
        """Tell whether it is a network over which the calls of others come: what is said of these is not said of it."""
        party = self._by_account.get(account)
        return party is not None and party.plan in _NETWORKS

    def _party(self, kind: SubjectKind, name: str) -> Party | None:
        match kind:
            case SubjectKind.ACCOUNT | SubjectKind.PARTY:
                return self._by_account.get(name)
            case SubjectKind.TRUNK:
                return self._by_trunk.get(name)
            case SubjectKind.NUMBER:
                return self._by_number.get(name)
            case SubjectKind.SOURCE:
                return self._by_source.get(name)
            case _:
                return None


def acts_until(label: Label, time: Micros) -> int:
    """Return how many of the abuser's acts had begun by `time`."""
    return bisect_right(label.times, time)
