"""What is compared of a story: words without endings, names and sums apart, and never a telephone number."""

from ringfence.desk.complaints.campaigns.index import Index, Place
from ringfence.desk.complaints.campaigns.story import Story, marked, packed, sketch, unpacked
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
    told = marked(text, KEY)
    return Story(
        complaint=number,
        received=Micros(int(day * DAY)),
        words=sketch(text, KEY),
        names=told.names,
        capitals=told.capitals,
        amounts=told.amounts,
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


def test_names_are_written_large_within_a_sentence_and_sums_are_digits() -> None:
    told = marked("Hello. This is Norvalis with 412 euros. Then it ended", KEY)
    assert told.names == sketch("Norvalis", KEY)
    assert told.amounts == sketch("412", KEY)
    assert not told.capitals


def test_of_a_name_of_several_words_the_first_counts_and_a_title_is_none() -> None:
    told = marked("Hier, quelqu'un du Crédit Lombard, Madame Ferrand, voulait mon code et ma carte bleue", KEY)
    assert told.names == sketch("Crédit Ferrand", KEY)
    assert told.capitals >= sketch("Lombard", KEY)


def test_german_nouns_are_names_only_where_a_name_stands() -> None:
    told = marked("Heute rief ein Kommissar Brandt vom Revier Nordheim an und wollte Gold, Schmuck und Geld sehen", KEY)
    assert told.names == sketch("Brandt Nordheim", KEY)
    assert told.capitals == sketch("Kommissar Revier Gold Schmuck Geld", KEY)


def test_old_stories_are_not_compared_and_a_story_is_not_like_itself() -> None:
    index = Index()
    index.add(story(1, STORIES[0], callback="x"))
    index.add(story(1, STORIES[0], callback="x"))
    assert len(index) == 1
    assert index.campaign_of(story(1, STORIES[0], callback="x"), {}) == Place()
    assert index.campaign_of(story(2, STORIES[0], callback="x", day=61), {}) == Place()
    ((complaint, like),) = index.campaign_of(story(2, STORIES[0], callback="x"), {}).members
    assert complaint == 1
    assert "the same number to call back" in like.why


def test_one_script_with_other_names_and_sums_is_another_campaign() -> None:
    script = "I got a call about a parcel from {0} and {1} euros of customs that were not paid, press one to settle it"
    index = Index()
    index.add(story(1, script.format("Norvalis", 412)))
    assert index.campaign_of(story(2, script.format("Kastell", 977)), {}) == Place()
    assert index.campaign_of(story(3, script.format("Norvalis", 412)), {}).members[0][0] == 1


def test_a_recorded_text_without_any_name_is_known_by_its_words_alone() -> None:
    text = "we have been trying to reach you concerning the extended warranty of your vehicle, this is the final courtesy call"
    index = Index()
    index.add(story(1, text))
    assert index.campaign_of(story(2, "Again: " + text + " before we close out your file"), {}).members[0][0] == 1
    assert index.campaign_of(story(3, "they wanted to sell me a vehicle, this is my final warning to you"), {}) == Place()


def test_what_came_before_and_stood_alone_joins_when_more_is_known() -> None:
    index = Index()
    index.add(story(1, "a parcel waits says Postalia, dossier 88213, ask for Quillon"))
    for number in (2, 3, 4):
        index.add(story(number, f"A man of Postalia, dossier 88213, wants 195 for a parcel, reference Quillon, day {number}"))
    found = index.campaign_of(story(5, "Postalia again about a parcel, dossier 88213, 195 for Quillon"), {2: 7, 3: 7, 4: 7})
    assert found.campaign == 7
    assert found.also == (1,)


def test_a_story_joins_the_campaign_of_its_like_and_two_alone_make_one() -> None:
    index = Index()
    for number, text in enumerate(STORIES[2:], start=2):
        index.add(story(number, text))
    newcomer = story(9, STORIES[0])
    found = index.campaign_of(newcomer, {})
    assert found.campaign is None
    assert found.members[0][0] == 2
    index.add(story(1, STORIES[1]))
    assert index.campaign_of(newcomer, {1: 7, 2: 7}).campaign == 7
    assert index.campaign_of(story(10, "quite another thing altogether"), {1: 7, 2: 7}) == Place()
