"""SVG elements, written with care for what stands in them."""

from typing import Final

from markupsafe import Markup

WIDTH: Final = 720
_GAP: Final = 4


class Drawing:
    """An SVG picture `WIDTH` wide, told to those who can't see it by `title` and `description`."""

    def __init__(self, height: int, *, title: str, description: str) -> None:
        self.height: Final = height
        self._parts = [
            Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" xmlns="http://www.w3.org/2000/svg">').format(WIDTH, height),
            Markup("<title>{}</title><desc>{}</desc>").format(title, description),
        ]

    def rect(self, x: float, y: float, width: float, height: float, kind: str) -> None:
        """Draw a filled rectangle."""
        markup = Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>')
        self._parts.append(markup.format(kind, _short(x), _short(y), _short(width), _short(height)))

    def line(self, start: tuple[float, float], end: tuple[float, float], kind: str) -> None:
        """Draw a line."""
        markup = Markup('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>')
        self._parts.append(markup.format(kind, *map(_short, (*start, *end))))

    def dot(self, x: float, y: float, radius: float, kind: str) -> None:
        """Draw a filled circle."""
        self._parts.append(Markup('<circle class="{}" cx="{}" cy="{}" r="{}"/>').format(kind, _short(x), _short(y), _short(radius)))

    def path(self, points: list[tuple[float, float]], kind: str, *, closed: bool = False) -> None:
        """Draw straight lines from point to point."""
        steps = " L".join(f"{_short(x)} {_short(y)}" for x, y in points)
        self._parts.append(Markup('<path class="{}" d="M{}{}"/>').format(kind, steps, " Z" if closed else ""))

    def dots(self, points: list[tuple[float, float]], size: float, kind: str) -> None:
        """Draw many small squares as one element."""
        if points:
            steps = "".join(
                f"M{_short(x - size / 2)} {_short(y - size / 2)}h{_short(size)}v{_short(size)}h-{_short(size)}z" for x, y in points
            )
            self._parts.append(Markup('<path class="{}" d="{}"/>').format(kind, steps))

    def text(self, x: float, y: float, text: str, kind: str = "label", *, anchor: str = "start") -> None:
        """Write text; `anchor` is start, middle or end."""
        markup = Markup('<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>')
        self._parts.append(markup.format(kind, _short(x), _short(y), anchor, text))

    def markup(self) -> Markup:
        """Return the picture."""
        return Markup("").join([*self._parts, Markup("</svg>")])


def _short(value: float) -> str:
    """Return a coordinate with one decimal at most."""
    return f"{value:.1f}".removesuffix(".0")
