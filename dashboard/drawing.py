"""A small side view of pelvis and lumbar spine at the live angles, facing right; SVG text, no files.

It is a drawing and not a picture of the wearer: it starts from an ordinary upright shape (a lordosis of
about 45° between the sacrum's top and L1) and moves by the measured change from the wearer's own upright.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from dashboard.theme import Palette

_SACRUM_LEAN_DEG = 24.0  # of L5 against the vertical in the drawn upright; forward is positive
_TOP_LEAN_DEG = -20.0  # of L1
_VERTEBRAE = 5
_STEP = 27.0  # from one vertebra's middle to the next, drawing units
_BODY = (36.0, 20.0)  # width and height of a vertebra
_HIP = (128.0, 262.0)  # the hip joint, about which the pelvis tips
_SACRUM_TOP = (-8.0, -66.0)  # from the hip joint, in the upright pelvis

_PELVIS = (
    "M -26 -58 C -18 -82 26 -84 46 -54 C 42 -40 36 -30 28 -20 C 40 -10 50 4 45 15 C 36 21 24 18 17 12 "
    "C 13 26 4 38 -8 38 C -19 36 -20 24 -13 11 C -19 -6 -28 -20 -34 -34 Z"
)
_SACRUM = "M -27 -66 L 8 -74 C 4 -56 -10 -40 -24 -18 C -30 -8 -36 0 -38 8 C -42 -6 -42 -40 -27 -66 Z"


@dataclass(frozen=True, slots=True)
class _Vertebra:
    x: float
    y: float
    lean_deg: float


def side_view(pelvic_tilt_deg: float, lordosis_change_deg: float, palette: Palette) -> str:
    """The SVG of both angles over the dashed upright; only the dashed upright where an angle is NaN."""
    live = f'fill="{palette.fill}" stroke="{palette.lines[0]}" stroke-width="2.4" stroke-linejoin="round"'
    ghost = f'fill="none" stroke="{palette.soft}" stroke-width="1.5" stroke-dasharray="4 4"'
    is_known = math.isfinite(pelvic_tilt_deg) and math.isfinite(lordosis_change_deg)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-36 40 324 284" width="324" height="284">'
        f'<g id="live" {live}>{_spine(pelvic_tilt_deg, lordosis_change_deg) if is_known else ""}</g>'
        f'<g id="upright" {ghost}>{_spine(0.0, 0.0)}</g>'
        f'<g font-family="sans-serif" font-size="19" fill="{palette.soft}"><text x="-30" y="316">back</text>'
        '<text x="282" y="316" text-anchor="end">front →</text></g></svg>'
    )


def told(pelvic_tilt_deg: float, lordosis_change_deg: float) -> str:
    """The same for who cannot see it."""
    if not (math.isfinite(pelvic_tilt_deg) and math.isfinite(lordosis_change_deg)):
        return "Side view: angles unknown, only your upright is drawn"
    return f"Side view: pelvis {pelvic_tilt_deg:+.0f}°, lumbar curve {lordosis_change_deg:+.0f}° from your upright"


def _spine(tilt_deg: float, lordosis_deg: float) -> str:
    width, height = _BODY
    bodies = "".join(
        f'<rect x="{-width / 2:.1f}" y="{-height / 2:.1f}" width="{width}" height="{height}" rx="6" '
        f'transform="translate({v.x:.1f} {v.y:.1f}) rotate({v.lean_deg:.1f})"/>'
        for v in vertebrae(tilt_deg, lordosis_deg)
    )
    return (
        f'<g transform="translate({_HIP[0]} {_HIP[1]}) rotate({tilt_deg:.1f})">'
        f'<path d="{_PELVIS}"/><path d="{_SACRUM}"/><circle r="9"/></g>{bodies}'
    )


def vertebrae(tilt_deg: float, lordosis_deg: float) -> list[_Vertebra]:
    """L5 to L1: middles and leans. The lowest turns with the pelvis, the highest with pelvis minus lordosis."""
    low_deg = _SACRUM_LEAN_DEG + tilt_deg
    high_deg = _TOP_LEAN_DEG + tilt_deg - lordosis_deg
    x, y = _turned(_SACRUM_TOP, tilt_deg)
    x, y = x + _HIP[0], y + _HIP[1]
    chain = []
    for index in range(_VERTEBRAE):
        lean_deg = low_deg + (high_deg - low_deg) * index / (_VERTEBRAE - 1)
        step = _STEP * (0.72 if index == 0 else 1.0)
        x += step * math.sin(math.radians(lean_deg))
        y -= step * math.cos(math.radians(lean_deg))
        chain.append(_Vertebra(x, y, lean_deg))
    return chain


def _turned(point: tuple[float, float], clockwise_deg: float) -> tuple[float, float]:
    """A point of the drawing (y down) turned about the origin."""
    cos, sin = math.cos(math.radians(clockwise_deg)), math.sin(math.radians(clockwise_deg))
    return point[0] * cos - point[1] * sin, point[0] * sin + point[1] * cos
