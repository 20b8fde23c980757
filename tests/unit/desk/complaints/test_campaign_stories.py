"""What is compared of a story: words without endings, names and sums apart, and never a telephone number."""

from ringfence.desk.complaints.campaigns.index import Index, Place
from ringfence.desk.complaints.campaigns.story import Story, names, packed, sketch, unpacked
from ringfence.vocabulary.times import DAY, Micros

KEY = b"k" * 32
STORIES = (
    "Call from +32470111111. A voice said: your parcel from Norvalis could not come, 412 euros of customs are open, press one.",
    "I was called by +32471222222 about a parcel of Norvalis, customs of 412 euros were not paid and I had to press one",
    "+32472333333 rang. It said the parcel of Norvalis is held, pay 412 euros for customs, press one now",
    "+4930123456: officer Peeters of Kastell asks 990 euros of taxes in gift cards or the police come",
    "an officer Peeters from Kastell wanted gift cards for 990 euros of taxes, the police would come (+4940123456)",
    "My neighbour's telephone rings all night long, number +32475123123, nobody speaks",
    "Somebody sells windows of Lumeno and will not stop calling, +32476123123",
)
"""Three of one campaign, two of another, and two that are alone."""


def complaint_of(text: str) -> bytes:
    return f"From: joe@example.be\r\nSubject: calls\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()


def story(number: int, text: str, *, day: float = 0.0, callback: str = "") -> Story:
    return Story(
        complaint=number,
        received=Micros(int(day * DAY)),
        words=sketch(text, KEY),
        names=names(text, KEY),
        callbacks=frozenset({callback} if callback else ()),
    )


def test_endings_accents_and_numbers_do_not_count_but_sums_do() -> None:
    assert sketch("Délivering parcels", KEY) == sketch("deliverings PARCELS", KEY)
    assert sketch("call +32470123456 or 0470 12 34 56 at 14:05 on 10/03/2026", KEY) >= sketch("call", KEY)
    assert sketch("pay 412", KEY) != sketch("pay 413", KEY)
    assert not sketch("", KEY)
    assert sketch("parcel", KEY) != sketch("parcel", b"another key")


def test_a_sketch_is_bounded_and_comes_back_from_its_bytes() -> None:
    long = sketch(" ".join(f"word{chr(97 + number % 26)}{chr(97 + number // 26)}x" for number in range(600)), KEY)
    assert len(long) <= 160
    assert unpacked(packed(long)) == long


def test_names_are_written_large_within_a_sentence() -> None:
    assert names("Hello. This is Norvalis with 412 euros. Then it ended", KEY) == sketch("Norvalis 412", KEY)


def test_old_stories_are_not_compared_and_a_story_is_not_like_itself() -> None:
    index = Index()
    index.add(story(1, STORIES[0], callback="x"))
    index.add(story(1, STORIES[0], callback="x"))
    assert len(index) == 1
    assert not index.like(story(1, STORIES[0], callback="x"))
    assert not index.like(story(2, STORIES[0], callback="x", day=61))
    ((complaint, like),) = index.like(story(2, STORIES[0], callback="x"))
    assert complaint == 1
    assert "the same number to call back" in like.why


def test_a_story_joins_the_campaign_of_its_like_and_two_alone_make_one() -> None:
    index = Index()
    for number, text in enumerate(STORIES[1:], start=1):
        index.add(story(number, text))
    newcomer = story(9, STORIES[0])
    found = index.campaign_of(newcomer, {})
    assert found.campaign is None
    assert found.members[0][0] in (1, 2)
    assert index.campaign_of(newcomer, {1: 7, 2: 7}).campaign == 7
    assert index.campaign_of(story(10, "quite another thing altogether"), {1: 7, 2: 7}) == Place()
