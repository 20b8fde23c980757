"""Which clauses courts have struck, for whom, where and when."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Final

from ringfence.vocabulary.contracts import AccountLink, Finding, Reference, RulingLink, Subject
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution.spans import holds

_Path = Callable[[str, Micros], tuple[str, ...]]


class Rulings:
    """The rulings of a reference, each record of which tells all. `path` leads from the root to a party at a moment."""

    def __init__(self, reference: Reference, accounts: Mapping[str, Sequence[AccountLink]], path: _Path) -> None:
        self._here: Final = reference.jurisdiction
        self._accounts, self._path = accounts, path
        self._by_clause: dict[str, list[RulingLink]] = {}
        for link in reference.rulings:
            self._by_clause.setdefault(link.clause, []).append(link)

    def on(self, clause: str, subject: Subject, party_path: Sequence[str], time: Micros) -> RulingLink | None:
        """Return the ruling that strikes a clause at `time` for who answers for `subject`; `None` where the clause stands.

        He is where the account is that it is about, or where any of his accounts is; for a party those of all below it count too.
        Who has none is where the provider is.
        """
        rulings = self._by_clause.get(clause)
        if rulings is None:
            return None
        countries = self._countries(subject, party_path, time) if any(each.jurisdictions for each in rulings) else frozenset[str]()
        return next((each for each in rulings if each.strikes(party_path, countries, time)), None)

    def silence(self, finding: Finding) -> bool:
        """Tell whether the clause of a finding was struck at its time, for whom it is about: then it is no finding."""
        return self.on(finding.clause, finding.subject, finding.party_path, finding.time) is not None

    def _countries(self, subject: Subject, party_path: Sequence[str], time: Micros) -> frozenset[str]:
        links: Iterable[AccountLink] = ()
        if subject.kind is SubjectKind.ACCOUNT:
            links = self._accounts.get(subject.id, ())
        elif party_path and subject.kind is SubjectKind.PARTY:
            every = (link for link in chain(*self._accounts.values()) if holds(link, time))
            links = (link for link in every if party_path[-1] in self._path(link.party, time))
        elif party_path:
            links = self._held_by.get(party_path[-1], ())
        found = {link.country or self._here for link in links if holds(link, time)}
        return frozenset(country for country in found or {self._here} if country is not None)

    @cached_property
    def _held_by(self) -> Mapping[str, Sequence[AccountLink]]:
        held: dict[str, list[AccountLink]] = {}
        for link in chain(*self._accounts.values()):
            held.setdefault(link.party, []).append(link)
        return held
