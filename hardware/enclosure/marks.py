"""What is engraved on the front: an arrow that points up, a letter, and a ring where one taps.

Everything is in (right, up) of whoever looks at the front, from behind the wearer; the layout's x runs the other way.
"""

from __future__ import annotations

import math

from hardware.enclosure.layout import Layout

Outline = list[tuple[float, float]]

STROKE = 1.2  # mm: three printed lines wide
TAP = (0.0, -3.0)
TAP_OUTER = 7.0
LETTERS = ("P", "L")


def _bar(low: tuple[float, float], high: tuple[float, float]) -> Outline:
    return [low, (high[0], low[1]), high, (low[0], high[1])]


def arrow(x: float, y: float) -> Outline:
    """An arrow 9 high whose tip is at (x, y)."""
    half = STROKE / 2 + 0.2
    return [
        (x, y), (x + 3.6, y - 4.2), (x + half, y - 4.2), (x + half, y - 9.0),
        (x - half, y - 9.0), (x - half, y - 4.2), (x - 3.6, y - 4.2),
    ]  # fmt: skip


def letter(which: str, x: float, y: float) -> list[Outline]:
    """P or L, 7 high and about 4.5 wide, with its lower left corner at (x, y)."""
    stem = _bar((x, y), (x + STROKE, y + 7.0))
    if which == "L":
        return [stem, _bar((x, y), (x + 4.5, y + STROKE))]
    outer, inner, middle = 2.1, 2.1 - STROKE, (x + 2.4, y + 4.9)
    bow = []
    for radius, steps in ((outer, range(-9, 10)), (inner, range(9, -10, -1))):
        bow += [
            (middle[0] + radius * math.cos(step * math.pi / 18), middle[1] + radius * math.sin(step * math.pi / 18))
            for step in steps
        ]
    return [
        stem,
        bow,
        _bar((x, y + 7.0 - STROKE), (middle[0], y + 7.0)),
        _bar((x, middle[1] - outer), (middle[0], middle[1] - outer + STROKE)),
    ]


def front(layout: Layout, which: str) -> list[Outline]:
    """All outlines but the ring."""
    return [arrow(-5.0, layout.strip_y + 1.0), *letter(which, -2.25, -layout.height / 2 + 4.0)]
