"""Drawings made from the layout: the clip with its measures, and where to clip it."""

from __future__ import annotations

import math

from hardware.enclosure import marks
from hardware.enclosure.layout import Box, Layout
from hardware.enclosure.svg import MARK, SOFT, Drawing, Point

_SHELL, _BACK, _BOARD, _CELL, _MOTOR = "#cfe0e7", "#f0d9bf", "#c9d3e6", "#e4e4e2", "#d6d2dc"


def clip_drawing(layout: Layout) -> str:
    """Front, inside and side of the clip, with its measures in mm, about twice life size."""
    drawing = Drawing(200, 82, "The clip and its measures")
    _front(drawing, layout, (28.0, 36.0))
    _inside(drawing, layout, (96.0, 36.0))
    _side(drawing, layout, (150.0, 36.0))
    drawing.text(
        (100, 79), f"cell {layout.cell.name}, {layout.cell.capacity_mah:g} mAh; all measures in mm", anchor="middle"
    )
    return drawing.render()


def _front(drawing: Drawing, layout: Layout, centre: Point) -> None:
    def at(right: float, up: float) -> Point:
        return centre[0] + right, centre[1] - up

    half_w, half_h = layout.width / 2, layout.height / 2
    drawing.box(at(-half_w, half_h), (layout.width, layout.height), round_=layout.corner, fill=_SHELL)
    inset = layout.edge
    drawing.box(
        at(-half_w + inset, half_h - inset),
        (layout.width - 2 * inset, layout.height - 2 * inset),
        round_=layout.corner - inset,
        stroke=SOFT,
        width=0.2,
    )
    for x, y in layout.screws:
        drawing.circle(at(-x, y), (layout.screw.head_diameter + 0.4) / 2, fill="#ffffff", width=0.3)
    for outline in marks.front(layout, "P"):
        drawing.polygon([at(*point) for point in outline], fill=MARK, stroke=MARK, width=0.1)
    drawing.circle(at(*marks.TAP), marks.TAP_OUTER, stroke=MARK, width=0.5)
    drawing.text(at(marks.TAP[0], marks.TAP[1] - 0.8), "tap", size=2.4, anchor="middle", colour=MARK)
    button = layout.switch_box.centre
    drawing.circle(at(-button[0], button[1]), 1.2, fill="#ffffff", width=0.3)
    drawing.text(at(-button[0] + 2.2, button[1] - 0.8), "button", size=2.4)
    _level(drawing, at(-half_w, -half_h - 5), at(half_w, -half_h - 5))
    drawing.measure(at(half_w + 2.5, half_h), at(half_w + 2.5, -half_h))
    drawing.text(at(0, -half_h - 10), "front, away from the body", anchor="middle")
    drawing.text(at(0, half_h + 3), "up", anchor="middle", colour=MARK)


def _level(drawing: Drawing, start: Point, end: Point) -> None:
    drawing.measure((start[0], start[1] + 1), (end[0], end[1] + 1))


def _inside(drawing: Drawing, layout: Layout, centre: Point) -> None:
    """The open shell, looked at from the body's side: x runs to the right."""

    def at(x: float, y: float) -> Point:
        return centre[0] + x, centre[1] - y

    def place(box: Box, fill: str, words: str, size: float = 2.6) -> None:
        low, high, (x, y, _) = box.low, box.high, box.centre
        drawing.box(at(low[0], high[1]), (high[0] - low[0], high[1] - low[1]), round_=0.6, fill=fill, width=0.3)
        drawing.text(at(x, y - 1), words, size=size, anchor="middle")

    half_w, half_h = layout.width / 2, layout.height / 2
    drawing.box(at(-half_w, half_h), (layout.width, layout.height), round_=layout.corner, fill=_SHELL)
    size = layout.inside_width, layout.inside_height
    drawing.box(at(layout.left, -layout.bottom), size, round_=layout.inner_corner, fill="#ffffff", width=0.3)
    place(layout.board_box, _BOARD, "XIAO")
    place(layout.usb_box, "#b9bfc6", "USB-C", 2.2)
    place(layout.cell_box, _CELL, "cell")
    motor_x, motor_y = layout.motor_centre
    drawing.circle(at(motor_x, motor_y), layout.motor.diameter / 2, fill=_MOTOR, width=0.3)
    drawing.text(at(motor_x, motor_y - 1), "motor", size=2.4, anchor="middle")
    place(layout.switch_box, "#9aa4ab", "")
    drawing.line(
        [at(layout.left, layout.strip_y), at(-layout.left, layout.strip_y)], stroke=SOFT, width=0.2, dashes="1 1"
    )
    for x, y in layout.screws:
        drawing.circle(at(x, y), layout.boss / 2, fill=_SHELL, width=0.3)
    drawing.text(at(0, layout.strip_y + 2), "screws M2 × 6", size=2.2, anchor="middle")
    cell = layout.cell_box
    _level(drawing, at(cell.low[0], -half_h - 5), at(cell.high[0], -half_h - 5))
    _level(drawing, at(layout.board_box.low[0], -half_h - 5), at(layout.board_box.high[0], -half_h - 5))
    drawing.text(at(0, -half_h - 10), "open, from the body's side", anchor="middle")


def _side(drawing: Drawing, layout: Layout, origin: Point) -> None:
    """Cut through the middle, the front to the left and the body to the right."""

    def at(z: float, y: float) -> Point:
        return origin[0] + z, origin[1] - y

    half_h, thick = layout.height / 2, layout.thickness
    drawing.box(at(0, half_h), (thick, layout.height), round_=layout.edge, fill=_SHELL)
    inside = layout.back_z - layout.front, layout.inside_height
    drawing.box(at(layout.front, -layout.bottom), inside, fill="#ffffff", width=0.3)
    drawing.polygon([at(z, y) for z, y in _back_outline(layout)], fill=_BACK)
    ridge, outer, motor = layout.turn_y - layout.tongue_length, layout.thickness_with_tongue, layout.motor_box
    drawing.box(at(motor.low[2], motor.high[1]), (motor.size[2], motor.size[1]), fill=_MOTOR, width=0.3)
    _level(drawing, at(0, -half_h - 5), at(thick, -half_h - 5))
    drawing.measure(at(0, half_h + 4), at(outer, half_h + 4))
    drawing.measure(at(outer + 4, layout.turn_y), at(outer + 4, ridge), f"{layout.tongue_length:g} free", size=2.4)
    drawing.text(at(outer + 5.2, ridge - 3), f"ridge: {layout.ridge_gap:g} left", size=2.4)
    drawing.text(at(outer + 5.2, ridge - 6.4), "opens for 1.2 to 4", size=2.4)
    drawing.text(at(thick / 2, -half_h - 10), "side", anchor="middle")


def _back_outline(layout: Layout) -> list[Point]:
    """(z, y) around the back, its bar and the tongue, from its lower inner corner on."""
    thick, inner, outer = layout.thickness, layout.thickness + layout.gap, layout.thickness_with_tongue
    low, high = layout.bottom + layout.back_play, -layout.bottom - layout.back_play
    ridge = layout.turn_y - layout.tongue_length
    tip, crest = ridge - layout.tip, thick + layout.ridge_gap

    def bow(radius: float, steps: range) -> list[Point]:
        """About the middle of the turn, in steps of 7.5° from straight up."""
        turns = [step * math.pi / 24 for step in steps]
        middle = thick + layout.gap / 2
        return [(middle + radius * math.sin(turn), layout.turn_y + radius * math.cos(turn)) for turn in turns]

    return [
        (layout.back_z, low), (layout.back_z, layout.strip_y), (layout.back_z - layout.bar, layout.strip_y),
        *((z, y) for y, z in layout.lead_corners), (thick, high), *bow(layout.gap / 2 + layout.tongue, range(13)),
        (outer, tip + 0.8), (inner + 0.8, tip), (inner, tip), (crest, ridge - 0.7), (crest, ridge + 0.7),
        (inner, ridge + 3.5), *bow(layout.gap / 2, range(12, -13, -1)), (thick, low),
    ]  # fmt: skip


# -- where to clip it -----------------------------------------------------------------------------------------------

_MIDDLE = 60.0
_CREST, _DIMPLES = 108.3, 131.0  # heights in the drawing: top of the hip bones (L4), the dimples (S2)


def where_drawing() -> str:
    """The back of a wearer, with the two places and how to find them."""
    drawing = Drawing(206, 190, "Where to clip the sensors")
    _body(drawing)
    _spine(drawing)
    clips = (("L", 82.0, "L: lumbar spine, T12/L1"), ("P", _DIMPLES, "P: pelvis, on the sacrum at S2"))
    for letter, y, words in clips:
        _clip(drawing, (_MIDDLE, y), letter)
        drawing.line([(_MIDDLE + 8, y), (112, y)], stroke=MARK, width=0.4)
        drawing.text((114, y + 1), words, size=4.6, colour=MARK)
    notes = (
        (89, "a hand's breadth above the hip bones, where the"),
        (94.5, "lowest ribs end; on a strap or a tight hem"),
        (138, "on the midline between the two dimples, hung on"),
        (143.5, "the waistband, with the tongue inside it"),
    )
    for y, words in notes:
        drawing.text((114, y), words, size=3.8)
    drawing.line([(30, _CREST), (112, _CREST)], stroke=SOFT, width=0.35, dashes="2 2")
    drawing.text((114, _CREST + 1), "top of the hip bones: L4", size=3.8, colour=SOFT)
    for sign in (-1, 1):
        drawing.circle((_MIDDLE + sign * 11, _DIMPLES), 1.8, fill=SOFT, stroke=SOFT)
    drawing.text((114, 160), "Arrows up, letters outwards, flat on the back.", size=3.8)
    drawing.text((_MIDDLE, 186), "seen from behind", size=4, anchor="middle", colour=SOFT)
    return drawing.render()


def _body(drawing: Drawing) -> None:
    """A plain torso from behind, left half mirrored into the right one."""
    half = (
        "M 60 8 C 52 8 50 14 51 20 C 52 28 46 31 32 34 C 22 37 19 45 20 58 C 21 74 27 88 29 100 "
        "C 30 110 26 120 23 132 C 20 146 22 160 24 178"
    )
    drawing.curve(half, width=0.8)
    mirrored = half.split()
    numbers = [index for index, word in enumerate(mirrored) if word not in "MC"]
    for index in numbers[::2]:
        mirrored[index] = f"{2 * _MIDDLE - float(mirrored[index]):g}"
    drawing.curve(" ".join(mirrored), width=0.8)
    drawing.line([(25.2, 124), (94.8, 124)], stroke=SOFT, width=0.8)
    drawing.line([(23.1, 131.5), (96.9, 131.5)], stroke=SOFT, width=0.8)
    drawing.text((28, 129), "waistband", size=3.4, colour=SOFT)
    drawing.line([(60, 150), (60, 178)], width=0.5)


def _spine(drawing: Drawing) -> None:
    """The spinous processes from T8 to L5, and the sacrum."""
    heights = [54.0 + 6.2 * step for step in range(5)] + [85.5 + 7.6 * step for step in range(5)]
    names = ["T8", "T9", "T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5"]
    for y, name in zip(heights, names, strict=True):
        drawing.box((_MIDDLE - 2.2, y - 1.8), (4.4, 3.6), round_=1.2, fill="#ffffff", stroke=SOFT, width=0.4)
        drawing.text((_MIDDLE - 9.5, y + 1.1), name, size=2.8, anchor="end", colour=SOFT)
    drawing.polygon([(52, 122), (68, 122), (62.5, 146), (57.5, 146)], fill="#ffffff", stroke=SOFT, width=0.4)
    ribs = [(1, 81.0, 24, 90), (-1, 81.0, -24, 90)]
    for sign, y, reach, end in ribs:
        drawing.curve(
            f"M {_MIDDLE + sign * 3:g} {y:g} Q {_MIDDLE + reach * 0.6:g} {y - 1:g} {_MIDDLE + reach:g} {end}",
            stroke=SOFT,
        )


def _clip(drawing: Drawing, centre: Point, letter: str) -> None:
    x, y = centre
    drawing.box((x - 7.6, y - 7.8), (15.2, 15.6), round_=1.6, fill="#5c8ca0", width=0.6)
    arrow = [(right * 0.45 + x, y - 1.5 - up * 0.45) for right, up in marks.arrow(0.0, 10.0)]
    drawing.polygon(arrow, fill="#ffffff", stroke="#ffffff", width=0.1)
    drawing.text((x, y + 6.2), letter, size=6, anchor="middle", colour="#ffffff")
