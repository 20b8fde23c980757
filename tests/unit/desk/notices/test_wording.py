"""Every language says the same: the same notices, phrases and places; what cannot be filled is not sent."""

import re

import pytest

from ringfence.desk.letters.wording import Unfilled, filled
from ringfence.desk.notices.wording import deed_in, languages, texts, written
from ringfence.vocabulary.contracts import Action, ActionKind, CallClass, Scope
from ringfence.vocabulary.subjects import SubjectKind

PLACE = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")


def places_of(text: str) -> list[str]:
    return sorted(PLACE.findall(text))


def test_there_are_three_languages_and_any_other_gets_english() -> None:
    assert languages() == ("en", "fr", "nl")
    assert [texts(tag).language for tag in ("fr-BE", "NL", "tlh", "../x")] == ["fr", "nl", "en", "en"]


@pytest.mark.parametrize("language", ["fr", "nl"])
def test_a_language_has_what_english_has_with_the_same_places(language: str) -> None:
    ours, theirs = texts("en"), texts(language)
    for name in ("deeds", "classes", "phrases"):
        english, translated = getattr(ours, name), getattr(theirs, name)
        assert {key: places_of(text) for key, text in english.items()} == {key: places_of(text) for key, text in translated.items()}
    for kind, notice in ours.notices.items():
        assert {part: places_of(text) for part, text in notice.items()} == {
            part: places_of(text) for part, text in theirs.notices[kind].items()
        }


@pytest.mark.parametrize("language", ["en", "fr", "nl"])
def test_every_action_and_class_has_words(language: str) -> None:
    scope = Scope(kind=SubjectKind.ACCOUNT, value="acme")
    for kind in ActionKind:
        action = Action(kind=kind, rate=0.5, callers=("+3221",), target="sip:a@b.example", bars=CallClass.PREMIUM)
        assert "{{" not in deed_in(language, scope, action)
    assert set(texts(language).classes) == {str(each) for each in CallClass}


@pytest.mark.parametrize("places", [{}, {"name": ""}, {"name": "  "}, {"other": "x"}])
def test_a_place_that_is_unknown_or_empty_stops_the_text(places: dict[str, str]) -> None:
    with pytest.raises(Unfilled, match=r"\{\{name\}\}"):
        filled("Dear {{ name }},", places)


def test_a_subject_is_one_line_whatever_fills_it() -> None:
    names = {name for part in texts("en").notices["lift"].values() for name in PLACE.findall(part)}
    subject, text = written("lift", "en", dict.fromkeys(names, "a\r\nBcc: b"))
    assert "\n" not in subject
    assert "\r" not in subject
    assert text.endswith("\n")


def test_what_fills_a_place_is_not_read_as_a_place() -> None:
    assert filled("{{a}}", {"a": "{{b}}"}) == "{{b}}"
