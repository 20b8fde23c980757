"""Colours can be told apart in light, in dark and on paper (WCAG 2.2: 4.5 for text, 3 for marks), and every name is defined."""

import re
from pathlib import Path

import pytest
from tests.unit.report.scene import CAPTURES, ROOT, parsed, report, scanned

STYLE = (ROOT / "src" / "ringfence" / "report" / "templates" / "report.css").read_text()
SCHEMES = ("light", "dark", "paper")
TEXTS = [(text, ground) for text in ("text", "faint", "link", "bad", "warn") for ground in ("ground", "panel")]
TEXTS += [("warn", "warn-ground"), ("bad", "bad-ground"), ("text", "info-ground")]
MARKS = [("mark", "panel"), ("others", "panel"), ("bad", "panel"), ("mark", "ground"), ("bad", "area"), ("mark", "area")]


def colours(scheme: str) -> dict[str, str]:
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    assert len(blocks) == len(SCHEMES)
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", blocks[SCHEMES.index(scheme)]))


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("text", "ground"), TEXTS)
def test_text_can_be_read(scheme: str, text: str, ground: str) -> None:
    named = colours(scheme)
    assert contrast(named[text], named[ground]) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("mark", "ground"), MARKS)
def test_marks_can_be_seen(scheme: str, mark: str, ground: str) -> None:
    named = colours(scheme)
    assert contrast(named[mark], named[ground]) >= 3


def test_every_colour_is_defined_in_every_scheme() -> None:
    used = set(re.findall(r"var\(--([a-z-]+)\)", STYLE))
    for scheme in SCHEMES:
        assert used == set(colours(scheme)), scheme


def test_every_picture_s_classes_have_a_style_and_every_picture_a_title() -> None:
    html = report(*scanned(CAPTURES / "sipp_invite_flood.pcap"))
    shapes = {"rect", "line", "path", "circle"}
    named = {name for tag, attributes in parsed(html).tags if tag in shapes for name in (attributes["class"] or "").split()}
    for name in named:
        assert f".{name}" in STYLE, name
    assert html.count("<svg") == html.count("<svg class") == html.count('role="img"') >= 3
    assert len(re.findall(r"<svg[^>]*><title>[^<]+</title><desc>", html)) == html.count("<svg")


def test_the_style_is_plain_text() -> None:
    assert Path(ROOT, "src/ringfence/report/templates/report.css").read_bytes().isascii()
