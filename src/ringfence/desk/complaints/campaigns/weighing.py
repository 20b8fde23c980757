"""How much speaks for a story being of a group: each word by how much likelier it is there than in others of its matter. Pure.

A naive Bayes sum in nats over the words that story and group share, after Fellegi and Sunter (1969), against the stories next to it
that are not of the group: so the script that a hundred voices read tells nothing, and the name or sum that only this voice says
tells much. Plain words come together and are bounded; a capital in German counts as much as the stories around bear out.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log
from typing import Final

from ringfence.desk.complaints.campaigns.story import Story

JOINS: Final = 6.3
"""Nats that must speak for a story being of a group."""
_CALLBACK: Final = 8.0
_CALLER: Final = 5.0
_BLOCK: Final = 1.0
_SENDER: Final = 1.0
_TELLS: Final = 1.5
"""A word tells a group from the stories around where it is so much likelier in it (nats)."""
_MOST: Final = 4.5
"""No word tells more: it may be the same by chance, or the same brand."""
_PLAIN, _MOST_PLAIN = 0.35, 3.0
_SCRIPT, _LEAST_SCRIPT, _MOST_SCRIPT = 0.12, -3.0, 2.5
_STRANGE, _MOST_STRANGE = 0.4, 4.0
"""A name of the story that the group does not know."""
_OTHER_SUM: Final = 2.0
_MISSED: Final = 0.25
"""What the group mostly tells and the story does not, by so much of its full weight: people forget."""
_ALIKE, _ALIKE_FROM = 8.0, 0.5
_ALIKE_ALL, _ALIKE_ALL_FROM = 22.0, 0.25
"""Of two stories without any name or sum that one has and the other has not."""
_OTHER_MATTER, _FEWEST_WORDS = 1.0, 2
"""Against a story that shares fewer plain words: a brand is many callers' pretext."""
_TOLD: Final = 0.6
_OFTEN: Final = 60
_FEWEST_OTHERS: Final = 300
_PRIOR: Final = 5.0


@dataclass(slots=True)
class Group:
    """A campaign's stories, or one story that has none, put together."""

    members: set[int] = field(default_factory=set)
    words: Counter[int] = field(default_factory=Counter)
    amounts: set[int] = field(default_factory=set)
    names: set[int] = field(default_factory=set)
    """And capitals."""
    sure: set[int] = field(default_factory=set)
    """Names and amounts."""
    tokens: set[str] = field(default_factory=set)
    often: tuple[tuple[int, int], ...] = ()

    def add(self, stories: Iterable[Story]) -> None:
        """Take stories in."""
        for story in stories:
            self.members.add(story.complaint)
            self.words.update(story.words)
            self.amounts |= story.amounts
            self.sure |= story.names | story.amounts
            self.names |= story.names | story.capitals
            self.tokens |= story.callbacks | story.callers | story.blocks | ({story.sender} if story.sender else set())
        self.often = tuple(self.words.most_common(_OFTEN))


@dataclass(frozen=True, slots=True)
class Around:
    """The stories next to one that is asked about: how many have each of its words, of its matter and in all."""

    matter: int
    near: Mapping[int, int]
    told: int
    seen: Mapping[int, int]
    common: frozenset[int]


def may_join(story: Story, other: Story) -> bool:
    """Tell whether two stories share anything by which they could be of one campaign: sooner answered than how much it weighs."""
    shared = story.words & other.words
    marked = story.names | story.capitals | story.amounts | other.names | other.capitals
    if shared & marked or 4 * len(shared) >= min(len(story.words), len(other.words)):
        return True
    return bool(story.callbacks & other.callbacks or story.callers & other.callers)


class Weight:
    """What speaks for a story being of a group. `near` are the group's members among the stories of the matter."""

    def __init__(self, story: Story, group: Group, around: Around, near: Sequence[Story]) -> None:
        self._story, self._group, self._around = story, group, around
        self._words = story.words - around.common
        self._inside = Counter(word for one in near for word in one.words & self._words)
        self._others = around.matter - len(near)
        self._sure = story.names | story.amounts | group.sure
        self.names = 0
        """Names and sums that the group has, and hardly anybody else."""

    @property
    def members(self) -> set[int]:
        """The group's complaints."""
        return self._group.members

    def sum(self) -> float:
        """Return it in nats; below `JOINS` it does not suffice."""
        return self._shared() + self._apart() + self._alike() + self._tokens()

    def _shared(self) -> float:
        telling = plain = script = 0.0
        marked = self._marked()
        for word in self._words & self._group.words.keys():
            nats = log(self._inside_share(word) / max(self._outside_share(word), 1e-4))
            if nats <= _TELLS:
                script += nats
            elif word in marked:
                telling += min(nats, _MOST)
                self.names += 1
            else:
                plain += _PLAIN * min(nats, _MOST)
        return telling + min(plain, _MOST_PLAIN) + max(_LEAST_SCRIPT, min(_MOST_SCRIPT, _SCRIPT * script))

    def _marked(self) -> set[int]:
        """Return what is a name or a sum to either: some people write no capitals."""
        return self._group.names | self._group.amounts | self._story.names | self._story.capitals | self._story.amounts

    def _inside_share(self, word: int) -> float:
        count = len(self._group.members)
        share = (self._group.words[word] + 0.3) / (count + 0.6) if count > 1 else _TOLD
        return min(max(share, 0.05), 0.9)

    def _outside_share(self, word: int) -> float:
        outside = max(0, self._around.near.get(word, 0) - self._inside[word])
        if word in self._sure:
            return (outside + _PRIOR * self._everywhere(word)) / (self._others + _PRIOR)
        return (outside + 1.0) / (self._others + 2.0)

    def _everywhere(self, word: int) -> float:
        others = self._around.told - len(self._group.members) + _FEWEST_OTHERS
        return max(self._around.seen.get(word, 0) - self._group.words[word] + 1, 1) / others

    def _apart(self) -> float:
        """Return what speaks against it: names that the group does not know, another sum, and what the story leaves out."""
        words = self._group.words
        strange = len(self._story.names - words.keys())
        amounts = self._story.amounts
        other_sum = bool(amounts and self._group.amounts) and not amounts & self._group.amounts
        plain = (self._words & words.keys()) - self._marked()
        against = _OTHER_MATTER * (len(plain) < _FEWEST_WORDS) + _OTHER_SUM * other_sum
        return self._missed() - against - min(_MOST_STRANGE, _STRANGE * strange)

    def _missed(self) -> float:
        count = len(self._group.members)
        if count == 1:
            return 0.0
        missed = 0.0
        for word, told in self._group.often:
            share = told / (count + 1)
            if share < 0.3:
                break
            if word not in self._story.words and word not in self._around.common:
                elsewhere = self._everywhere(word)
                if log(share / elsewhere) > 2.5:
                    missed += log((1 - share) / (1 - elsewhere))
        return _MISSED * missed

    def _alike(self) -> float:
        """Return what it tells that two stories have nearly the same words, where a group is not known by more than one."""
        if len(self._group.members) > 1:
            return 0.0
        other = self._group.words.keys() - self._around.common
        alike = len(self._words & other) / max(1, len(self._words | other))
        if self._marked() <= self._story.words & self._group.words.keys():
            return max(0.0, _ALIKE_ALL * (alike - _ALIKE_ALL_FROM))
        return max(0.0, _ALIKE * (alike - _ALIKE_FROM))

    def _tokens(self) -> float:
        story, tokens = self._story, self._group.tokens
        found = _CALLBACK if story.callbacks & tokens else 0.0
        if story.callers & tokens:
            found += _CALLER
        elif story.blocks & tokens:
            found += _BLOCK
        return found + (_SENDER if story.sender in tokens else 0.0)
