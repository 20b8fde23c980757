"""The stories of late, and which of them a new one is like. In memory, rebuilt from the database; bounded."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping
from math import log
from typing import Final

from msgspec import Struct

from ringfence.desk.complaints.campaigns.story import Story
from ringfence.vocabulary.times import DAY, Micros

LASTS_US: Final = Micros(60 * DAY)
"""Stories older than this are no longer compared."""
MOST: Final = 50_000
JOINS: Final = 0.54
"""How like a story must be to the members of a campaign to join it."""
_CALLBACK: Final = 0.40
_CALLER: Final = 0.22
_BLOCK: Final = 0.05
_SENDER: Final = 0.05
_SAME_DAYS_US: Final = Micros(3 * DAY)
_SAME_DAYS: Final = 0.01
_POWER: Final = 2
_NAMES: Final = 12.0
"""How much more a name or an amount tells than a word as rare: scripts are copied, names and sums are the story's own."""
_PRIOR: Final = 200
"""As if so many other stories had been told before: else the first few would all be alike."""
_MISHEARD: Final = 0.3
_RAREST: Final = 14
_LONGEST_POSTING: Final = 3_000
_COMPARED: Final = 100
_MEMBERS: Final = 5
_LIKEWISE: Final = 2


class Like(Struct, frozen=True, kw_only=True):
    """How like two stories are, from 0 on, and by what."""

    score: float
    text: float
    why: tuple[str, ...]


class Place(Struct, frozen=True, kw_only=True):
    """Where a story belongs: to `campaign`, because of `members`; without a campaign these make one with it; without any, nowhere.

    `likewise` are campaigns that turn out to be the same.
    """

    campaign: int | None = None
    members: tuple[tuple[int, Like], ...] = ()
    likewise: tuple[int, ...] = ()


class Index:
    """Add stories in any order; ask which campaign a new one belongs to. `common` words tell little from the beginning."""

    def __init__(self, common: frozenset[int] = frozenset()) -> None:
        self._common = common
        self._stories: dict[int, Story] = {}
        self._order: deque[int] = deque()
        self._by_word: dict[int, set[int]] = defaultdict(set)
        self._by_number: dict[str, set[int]] = defaultdict(set)
        self._seen: Counter[int] = Counter()
        self._told = 0

    def __len__(self) -> int:
        return len(self._stories)

    def add(self, story: Story) -> None:
        """Take a story in; the oldest leaves where there are too many."""
        if story.complaint in self._stories:
            return
        self._stories[story.complaint] = story
        self._order.append(story.complaint)
        self._seen.update(story.words)
        self._told += 1
        for word in story.words:
            self._by_word[word].add(story.complaint)
        for number in (*story.callbacks, *story.callers):
            self._by_number[number].add(story.complaint)
        while len(self._stories) > MOST:
            self._forget(self._order.popleft())

    def _forget(self, complaint: int) -> None:
        story = self._stories.pop(complaint)
        self._told -= 1
        self._seen.subtract(story.words)
        for word in story.words:
            self._by_word[word].discard(complaint)
            if not self._by_word[word]:
                del self._by_word[word], self._seen[word]
        for number in (*story.callbacks, *story.callers):
            self._by_number[number].discard(complaint)
            if not self._by_number[number]:
                del self._by_number[number]

    def like(self, story: Story) -> list[tuple[int, Like]]:
        """Return the complaints whose stories are like it at all, the likest first, at most `_COMPARED`."""
        found = []
        for complaint in self._near(story):
            other = self._stories[complaint]
            if complaint != story.complaint and abs(other.received - story.received) <= LASTS_US:
                found.append((complaint, self.compared(story, other)))
        return sorted(found, key=lambda pair: (-pair[1].score, pair[0]))

    def _near(self, story: Story) -> Iterator[int]:
        """Yield complaints that share a number or one of the story's rarest words."""
        shared: Counter[int] = Counter()
        for number in (*story.callbacks, *story.callers):
            for complaint in self._by_number.get(number, ()):
                shared[complaint] += _RAREST
        rare = sorted((word for word in story.words if word in self._by_word), key=lambda word: (self._seen[word], word))
        for word in rare[: 2 * _RAREST]:
            posting = self._by_word[word]
            if len(posting) <= _LONGEST_POSTING:
                shared.update(posting)
        yield from (complaint for complaint, _ in sorted(shared.items(), key=lambda pair: (-pair[1], -pair[0]))[:_COMPARED])

    def compared(self, one: Story, other: Story) -> Like:
        """Return how like two stories are: what their words share, weighed by how rare each is, and what else they share."""
        named = one.names | other.names
        both = sum(self._weight(word, 1) * (_NAMES if word in named else 1.0) for word in one.words & other.words)
        apart = sum(self._weight(word, 0) * self._apart(word, named) for word in one.words ^ other.words)
        text = both / (both + apart) if both else 0.0
        why = [f"the words are alike by {text:.0%}"] if text >= 0.15 else []
        score = text
        if one.callbacks & other.callbacks:
            score += _CALLBACK
            why.append("the same number to call back")
        if one.callers & other.callers:
            score += _CALLER
            why.append("the same caller")
        elif one.blocks & other.blocks:
            score += _BLOCK
            why.append("callers of one block of a thousand")
        if one.sender and one.sender == other.sender:
            score += _SENDER
            why.append("the same sender of the calls")
        if abs(one.received - other.received) <= _SAME_DAYS_US:
            score += _SAME_DAYS if text >= 0.15 else 0.0
            why.append("within three days")
        return Like(score=score, text=text, why=tuple(why))

    def _weight(self, word: int, more: int) -> float:
        """Return what a word tells: little where many stories have it, or where complaints about calls always have it."""
        seen = self._seen.get(word, 0) + more  # the story that is asked about may not be among those told
        return log((self._told + _PRIOR) / (seen + 1 + (_PRIOR // 2 if word in self._common else 0))) ** _POWER

    def _apart(self, word: int, named: frozenset[int]) -> float:
        """Return how much it counts that one of two stories has a word: little where no other has it, for that may be misheard."""
        if self._seen.get(word, 0) <= 1:
            return _MISHEARD
        return _NAMES if word in named else 1.0

    def campaign_of(self, story: Story, campaigns: Mapping[int, int]) -> "Place":
        """Return where a story belongs; `campaigns` is by complaint.

        A campaign is judged by several of its members, so that one odd member draws nobody in. Two campaigns in each of which a
        story finds two of its like are one: they began apart when little was known.
        """
        by_campaign: dict[int, list[tuple[int, Like]]] = defaultdict(list)
        alone: list[tuple[int, Like]] = []
        for complaint, like in self.like(story):
            campaign = campaigns.get(complaint)
            if campaign is not None:
                by_campaign[campaign].append((complaint, like))
            elif like.score >= JOINS:
                alone.append((complaint, like))
        scores = {
            campaign: sum(like.score for _, like in likes[:_MEMBERS]) / len(likes[:_MEMBERS])
            for campaign, likes in by_campaign.items()
            if likes[0][1].score >= JOINS
        }
        fitting = sorted((one for one in scores if scores[one] >= 0.8 * JOINS), key=lambda one: (-scores[one], one))
        if fitting and (not alone or scores[fitting[0]] >= 0.8 * alone[0][1].score):
            likewise = [one for one in fitting[1:] if sum(like.score >= JOINS for _, like in by_campaign[one]) >= _LIKEWISE]
            return Place(campaign=fitting[0], members=tuple(by_campaign[fitting[0]][:_MEMBERS]), likewise=tuple(likewise))
        return Place(members=tuple(alone[:1]))
