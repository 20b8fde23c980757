"""Shares side by side: the subject's own and, where there are any, everybody else's."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from markupsafe import Markup

from ringfence.report.charts.drawing import WIDTH, Drawing
from ringfence.report.charts.scales import Scale
from ringfence.words.writing import number

_LEFT: Final = 240
_RIGHT: Final = WIDTH - 70
_TOP: Final = 8
_BAR: Final = 11
_ROW: Final = 20


class Share(NamedTuple):
    """A class, how many of the subject's own are in it, and how many of the others'; `None` where nobody is compared with."""

    name: str
    own: int
    others: int | None = None


def bars(shares: Sequence[Share], *, title: str, description: str) -> Markup:
    """Return a picture with a row for each class; bars are shares of all of one side."""
    compared = any(share.others is not None for share in shares)
    row = _ROW + (_BAR + 3 if compared else 0)
    drawing = Drawing(_TOP * 2 + row * len(shares), title=title, description=description)
    own_all = sum(share.own for share in shares) or 1
    others_all = sum(share.others or 0 for share in shares) or 1
    most = max(max(share.own / own_all, (share.others or 0) / others_all) for share in shares) or 1.0
    x = Scale(0, most, 0, _RIGHT - _LEFT)
    for place, share in enumerate(shares):
        top = _TOP + place * row
        drawing.text(_LEFT - 10, top + (_BAR + 6 if compared else 10), share.name, "label foreign", anchor="end")
        _bar(drawing, top, x(share.own / own_all), share.own / own_all, "bar")
        if compared:
            part = (share.others or 0) / others_all
            _bar(drawing, top + _BAR + 2, x(part), part, "bar others")
    return drawing.markup()


def percent(part: float) -> str:
    """Return a share as people write it.

    >>> percent(0.254), percent(0.0001), percent(0.0)
    ('25 %', '<1 %', '0 %')
    """
    return "<1 %" if 0 < part < 0.01 else f"{number(round(part * 100))} %"


def _bar(drawing: Drawing, top: float, width: float, part: float, kind: str) -> None:
    if part > 0:
        drawing.rect(_LEFT, top, max(width, 1), _BAR, kind)
    drawing.text(_LEFT + width + 6, top + 9, percent(part))
