"""The stories of late, and which of them a new one is like. In memory, rebuilt from the database; bounded."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from math import log
from typing import Final

from msgspec import Struct

from ringfence.desk.complaints.campaigns.story import Story
from ringfence.desk.complaints.campaigns.weighing import JOINS, Around, Group, Weight, may_join
from ringfence.vocabulary.times import DAY, Micros

LASTS_US: Final = Micros(60 * DAY)
"""Stories older than this are no longer compared."""
MOST: Final = 50_000
_SAME_DAYS_US: Final = Micros(3 * DAY)
_FEWEST_OTHERS: Final = 200
_NUMBER: Final = 20.0
"""What a shared number counts for being near: more than any words."""
_LONGEST_POSTING: Final = 3_000
_COMPARED: Final = 150
_MEMBERS: Final = 5
_MATTER: Final = 0.3
"""Stories that share so much of their plain words are of one matter."""
_SURER: Final = 1.0
"""How much more must speak for a second campaign, in nats, for the two to be one."""
_GROUPS: Final = 2_000
_LOOKED_AT_AGAIN: Final = 3
_Weighed = tuple[float, int | None, Weight, list[Story]]
"""What speaks for a group in nats, its campaign, the weight, and its members next to the story."""


class Like(Struct, frozen=True, kw_only=True):
    """How like two stories are by their words, from 0 to 1, and by what else."""

    text: float
    why: tuple[str, ...]


class Place(Struct, frozen=True, kw_only=True):
    """Where a story belongs: to `campaign`, because of `members`; without a campaign these make one with it; without any, nowhere.

    `likewise` are campaigns that turn out to be the same, `also` complaints that came before and stood alone, and now belong to it.
    """

    campaign: int | None = None
    members: tuple[tuple[int, Like], ...] = ()
    likewise: tuple[int, ...] = ()
    also: tuple[int, ...] = ()
    why: tuple[str, ...] = ()


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
        self._groups: dict[int, Group] = {}

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

    def _near(self, story: Story) -> list[Story]:
        """Return the stories that share numbers or rare words with one, the nearest first, at most `_COMPARED`."""
        shared: dict[int, float] = defaultdict(float)
        for number in (*story.callbacks, *story.callers):
            for complaint in self._by_number.get(number, ()):
                shared[complaint] += _NUMBER
        for word in story.words - self._common:
            posting = self._by_word.get(word, ())
            if len(posting) <= _LONGEST_POSTING:
                tells = log((self._told + _FEWEST_OTHERS) / (len(posting) + 1))
                for complaint in posting:
                    shared[complaint] += tells
        shared.pop(story.complaint, None)
        nearest = sorted(shared.items(), key=lambda pair: (-pair[1], -pair[0]))
        found = (self._stories[complaint] for complaint, _ in nearest)
        return [one for one in found if abs(one.received - story.received) <= LASTS_US][:_COMPARED]

    def _around(self, story: Story, near: Sequence[Story]) -> tuple[Around, frozenset[int]]:
        """Return what the stories next to one tell, and which of them are of its matter."""
        words = story.words - self._common
        plain = words - story.names - story.amounts
        matter = []
        for one in near:
            least = _MATTER * min(len(plain), len(one.words - self._common))
            if len(one.words & plain) >= max(2.0, least):
                matter.append(one)
        counted = Counter(word for one in matter for word in one.words & words)
        around = Around(len(matter), counted, self._told, self._seen, self._common)
        return around, frozenset(one.complaint for one in matter)

    def _group(self, campaign: int, members: Iterable[int]) -> Group:
        """Return a campaign's stories put together; what was put together before is kept while none of it left."""
        present = {complaint for complaint in members if complaint in self._stories}
        group = self._groups.get(campaign)
        if group is None or not group.members <= present:
            group = self._groups[campaign] = Group()
        fresh = present - group.members
        if fresh:
            group.add(self._stories[complaint] for complaint in fresh)
        while len(self._groups) > _GROUPS:
            del self._groups[next(iter(self._groups))]
        return group

    def campaign_of(self, story: Story, campaigns: Mapping[int, int]) -> "Place":
        """Return where a story belongs; `campaigns` is by complaint.

        Two campaigns that a story surely belongs to are one: they began apart when little was known.
        """
        near = self._near(story)
        around, matter = self._around(story, near)
        by_campaign: dict[int, list[Story]] = defaultdict(list)
        weighed: list[_Weighed] = []
        for one in near:
            campaign = campaigns.get(one.complaint)
            if campaign is not None:
                by_campaign[campaign].append(one)
            elif may_join(story, one):
                alone = Group()
                alone.add([one])
                weight = Weight(story, alone, around, [one] if one.complaint in matter else [])
                weighed.append((weight.sum(), None, weight, [one]))
        all_members: dict[int, list[int]] = defaultdict(list)
        for complaint, campaign in campaigns.items():
            if campaign in by_campaign:
                all_members[campaign].append(complaint)
        for campaign, found in by_campaign.items():
            group = self._group(campaign, all_members[campaign])
            weight = Weight(story, group, around, [one for one in found if one.complaint in matter])
            weighed.append((weight.sum(), campaign, weight, found))
        return self._placed(story, weighed)

    def _also(self, story: Story, chosen: _Weighed, weighed: Sequence[_Weighed]) -> tuple[int, ...]:
        """Return those that stood alone because little was known then: what came now may bear them out."""
        group = Group()
        group.add([story, *(self._stories[complaint] for complaint in chosen[2].members)])
        doubtful = [one for one in weighed if one[1] is None and one is not chosen]  # the nearest first
        joined = []
        for _, _, _, (other,) in doubtful[:_LOOKED_AT_AGAIN]:
            near = self._near(other)
            around, matter = self._around(other, near)
            inside = [one for one in near if one.complaint in matter and one.complaint in group.members]
            if Weight(other, group, around, inside).sum() >= JOINS:
                joined.append(other.complaint)
        return tuple(joined)

    def _placed(self, story: Story, weighed: list[_Weighed]) -> "Place":
        fitting = sorted((one for one in weighed if one[0] >= JOINS), key=lambda one: (-one[0], one[1] or 0, one[3][0].complaint))
        if not fitting:
            return Place()
        score, campaign, weight, found = fitting[0]
        likewise = tuple(
            other for sum_, other, _, _ in fitting[1:] if campaign is not None and other is not None and sum_ >= JOINS + _SURER
        )
        also = self._also(story, fitting[0], weighed)
        members = tuple((one.complaint, self.compared(story, one)) for one in found[:_MEMBERS])
        why = (f"{weight.names} names and sums that are told here and hardly elsewhere",) if weight.names else ()
        return Place(campaign=campaign, members=members, likewise=likewise, also=also, why=(*why, f"{score:.1f} nats speak for it"))

    def compared(self, one: Story, other: Story) -> Like:
        """Return how like two stories are by their words, common ones aside, and what else they share."""
        words, others = one.words - self._common, other.words - self._common
        text = len(words & others) / len(words | others) if words and others else 0.0
        why = [f"the words are alike by {text:.0%}"] if text >= 0.15 else []
        if one.callbacks & other.callbacks:
            why.append("the same number to call back")
        if one.callers & other.callers:
            why.append("the same caller")
        elif one.blocks & other.blocks:
            why.append("callers of one block of a thousand")
        if one.sender and one.sender == other.sender:
            why.append("the same sender of the calls")
        if abs(one.received - other.received) <= _SAME_DAYS_US:
            why.append("within three days")
        return Like(text=text, why=tuple(why))
