"""Drawings as SVG text: shapes in, one string out. Units are those of the view box, y down."""

from __future__ import annotations

from html import escape

Point = tuple[float, float]

INK, SOFT, MARK = "#22303a", "#8a969e", "#b4552d"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) >= 0.005 else "0"


def _points(points: list[Point]) -> str:
    return " ".join(f"{_number(x)},{_number(y)}" for x, y in points)


class Drawing:
    """Shapes in the order they are drawn."""

    def __init__(self, width: float, height: float, title: str) -> None:
        self._size = width, height
        self._title = title
        self._shapes: list[str] = []

    def polygon(self, points: list[Point], *, fill: str = "none", stroke: str = INK, width: float = 0.4) -> None:
        self._add("polygon", f'points="{_points(points)}"', fill, stroke, width)

    def line(self, points: list[Point], *, stroke: str = INK, width: float = 0.4, dashes: str = "") -> None:
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        self._add("polyline", f'points="{_points(points)}"{dashed}', "none", stroke, width)

    def curve(self, path: str, *, fill: str = "none", stroke: str = INK, width: float = 0.4) -> None:
        """`path` as in SVG's d."""
        self._add("path", f'd="{path}"', fill, stroke, width)

    def box(
        self, low: Point, size: Point, *, round_: float = 0.0, fill: str = "none", stroke: str = INK, width: float = 0.4
    ) -> None:
        at = f'x="{_number(low[0])}" y="{_number(low[1])}" width="{_number(size[0])}" height="{_number(size[1])}"'
        self._add("rect", f'{at} rx="{_number(round_)}"', fill, stroke, width)

    def circle(self, at: Point, radius: float, *, fill: str = "none", stroke: str = INK, width: float = 0.4) -> None:
        centre = f'cx="{_number(at[0])}" cy="{_number(at[1])}" r="{_number(radius)}"'
        self._add("circle", centre, fill, stroke, width)

    def text(self, at: Point, words: str, *, size: float = 3.0, anchor: str = "start", colour: str = INK) -> None:
        x, y = (_number(value) for value in at)
        look = f'font-size="{_number(size)}" text-anchor="{anchor}" fill="{colour}"'
        self._shapes.append(f'<text x="{x}" y="{y}" {look}>{escape(words)}</text>')

    def measure(self, start: Point, end: Point, words: str = "", *, size: float = 2.6) -> None:
        """A level or upright dimension line with ticks; without words it says its length."""
        words = words or _number(abs(end[0] - start[0]) + abs(end[1] - start[1]))
        self.line([start, end], stroke=MARK, width=0.25)
        level = start[1] == end[1]
        for x, y in (start, end):
            tick = [(x, y - 1.2), (x, y + 1.2)] if level else [(x - 1.2, y), (x + 1.2, y)]
            self.line(tick, stroke=MARK, width=0.25)
        middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
        if level:
            self.text((middle[0], middle[1] - 1.0), words, size=size, anchor="middle", colour=MARK)
        else:
            self.text((middle[0] + 1.2, middle[1] + 0.9), words, size=size, colour=MARK)

    def render(self) -> str:
        width, height = (_number(value) for value in self._size)
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
            'font-family="Helvetica, Arial, sans-serif" stroke-linejoin="round" stroke-linecap="round">'
        )
        paper = f'<rect width="{width}" height="{height}" fill="#fafaf8"/>'
        return "\n".join([head, f"<title>{escape(self._title)}</title>", paper, *self._shapes, "</svg>", ""])

    def _add(self, tag: str, where: str, fill: str, stroke: str, width: float) -> None:
        self._shapes.append(f'<{tag} {where} fill="{fill}" stroke="{stroke}" stroke-width="{_number(width)}"/>')
