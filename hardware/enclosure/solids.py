"""The solids, with build123d. Axes as in `layout`; every part stands where it is worn."""

from __future__ import annotations

from build123d import (
    Align,
    Axis,
    Box,
    BuildPart,
    BuildSketch,
    Circle,
    Cylinder,
    Location,
    Locations,
    Mode,
    Part,
    Plane,
    Polygon,
    RectangleRounded,
    chamfer,
    extrude,
)

from hardware.enclosure import marks
from hardware.enclosure.layout import Box as Block
from hardware.enclosure.layout import Layout

_MIN = (Align.MIN, Align.MIN, Align.MIN)
_ON = (Align.CENTER, Align.CENTER, Align.MIN)


def block(box: Block) -> Part:
    """The solid of a block."""
    return Part() + Location(box.low) * Box(*box.size, align=_MIN)


def _between(low: tuple[float, float, float], high: tuple[float, float, float]) -> Part:
    return block(Block(low, high))


def _rounded(width: float, height: float, radius: float, z: tuple[float, float]) -> Part:
    with BuildPart() as part:
        with BuildSketch(Plane.XY.offset(z[0])):
            RectangleRounded(width, height, radius)
        extrude(amount=z[1] - z[0])
    return part.part


def _round(x: float, y: float, diameter: float, z: tuple[float, float]) -> Part:
    return Part() + Location((x, y, z[0])) * Cylinder(diameter / 2, z[1] - z[0], align=_ON)


def _across(outline: list[tuple[float, float]], x: tuple[float, float]) -> Part:
    """An outline of (y, z) drawn along x: what prints on its side without a support."""
    with BuildPart() as part:
        with BuildSketch(Plane.YZ.offset(x[0])):
            Polygon(*outline, align=None)
        extrude(amount=x[1] - x[0])
    return part.part


# -- the shell ------------------------------------------------------------------------------------------------------


def _ribs(layout: Layout) -> list[Part]:
    """What stands inside the shell on its front."""
    front, left, bottom = layout.front, layout.left, layout.bottom
    board, switch = layout.board_box, layout.switch_box
    divider = left + layout.board_column
    stop_y, rail_y = board.high[1] + layout.play, board.low[1] + layout.board.usb_depth
    stop_z = board.high[2] + 0.6
    ribs = [
        _between((divider, bottom, front), (divider + layout.rib, layout.strip_y, layout.back_z)),
        _between((left, stop_y, front), (divider, stop_y + layout.rib, stop_z)),
        _between((left, rail_y, front), (left + layout.rail_width, stop_y, board.low[2])),
        _between((divider - layout.rail_width, rail_y, front), (divider, stop_y, board.low[2])),
    ]
    ribs += [
        _between((x, switch.low[1], front), (x + 1.0, switch.high[1], switch.high[2]))
        for x in (switch.low[0] - layout.play - 1.0, switch.high[0] + layout.play)
    ]
    top = layout.back_z - layout.bar
    ribs += [_round(x, y, layout.boss, (front, top)) for x, y in layout.screws]
    return ribs


def _openings(layout: Layout) -> list[Part]:
    """What is cut out of the shell."""
    usb, board = layout.usb_box, layout.board_box
    bottom, wall, play = layout.bottom, layout.wall, 0.3
    head = layout.screw.head_height + 0.2
    cuts = [
        _between(
            (usb.low[0] - play, bottom - wall - 1, usb.low[2] - play), (usb.high[0] + play, bottom, usb.high[2] + play)
        ),
        _between((board.low[0] + 1.4, bottom + 0.6, layout.window), (board.high[0] - 1.4, bottom + 5.6, layout.front)),
    ]
    switch_x, switch_y, _ = layout.switch_box.centre
    cuts.append(_round(switch_x, switch_y, layout.switch.plunger * 1.42 + 0.4, (-1, layout.front)))
    for x, y in layout.screws:
        cuts.append(_round(x, y, layout.screw.diameter + 0.3, (-1, layout.back_z)))
        cuts.append(_round(x, y, layout.screw.head_diameter + 0.4, (-1, head)))
    reach, middle = layout.hook + layout.back_play, layout.back_z + layout.back / 2
    groove = [(bottom + 0.01, middle - reach), (bottom - reach, middle), (bottom + 0.01, middle + reach)]
    cuts.append(_across(groove, (layout.left, -layout.left)))
    return cuts


def shell(layout: Layout, letter: str) -> Part:
    """The front of the clip with its walls; `letter` is P for the pelvis, L for the lumbar spine."""
    body = _rounded(layout.width, layout.height, layout.corner, (0, layout.thickness))
    body = Part() + chamfer(body.faces().sort_by(Axis.Z)[0].edges(), layout.edge)
    inside = (layout.front, layout.thickness + 1)
    body -= _rounded(layout.inside_width, layout.inside_height, layout.inner_corner, inside)
    for rib in _ribs(layout):
        body += rib
    for cut in _openings(layout):
        body -= cut
    with BuildPart() as engraved:
        with BuildSketch(Plane.XY):
            for outline in marks.front(layout, letter):
                Polygon(*((-right, up) for right, up in outline), align=None)
            with Locations(marks.TAP):
                Circle(marks.TAP_OUTER)
                Circle(marks.TAP_OUTER - marks.STROKE, mode=Mode.SUBTRACT)
        extrude(amount=layout.engraving)
    return body - engraved.part


# -- the back -------------------------------------------------------------------------------------------------------


def _turn(layout: Layout, x: tuple[float, float]) -> Part:
    """Half a tube that leads from the back into the tongue."""
    y, z = layout.turn_y, layout.thickness + layout.gap / 2
    outer = layout.gap / 2 + layout.tongue
    with BuildPart() as part:
        with BuildSketch(Plane.YZ.offset(x[0])):
            with Locations((y, z)):
                Circle(outer)
                Circle(layout.gap / 2, mode=Mode.SUBTRACT)
            Polygon(
                (y - outer, z - outer),
                (y, z - outer),
                (y, z + outer),
                (y - outer, z + outer),
                align=None,
                mode=Mode.SUBTRACT,
            )
        extrude(amount=x[1] - x[0])
    return part.part


def _corners(layout: Layout, x: tuple[float, float]) -> list[Part]:
    """45° cuts: the back's own corners, to clear the shell's, and the tongue's tip, for the skin."""
    low, high = layout.bottom + layout.back_play, -layout.bottom - layout.back_play
    tip = layout.turn_y - layout.tongue_length - layout.tip
    cuts = []
    inner, all_z = layout.inner_corner, (0.0, layout.thickness_with_tongue + 1)
    behind = (layout.thickness + 0.1, all_z[1])
    for y, size, inwards, z in ((low, inner, 1, all_z), (high, inner, -1, all_z), (tip, 5.0, 1, behind)):
        for at, sign in ((x[0], 1), (x[1], -1)):
            with BuildPart() as part:
                with BuildSketch(Plane.XY.offset(z[0])):
                    Polygon(
                        (at - sign, y - inwards), (at + sign * size, y - inwards), (at + sign * size, y),
                        (at, y + inwards * size), (at - sign, y + inwards * size), align=None,
                    )  # fmt: skip
                extrude(amount=z[1] - z[0])
            cuts.append(part.part)
    return cuts


def _bevels(layout: Layout, x: tuple[float, float]) -> list[Part]:
    """45° cuts along the tongue's outer edges, which touch the skin; above, they run out where the turn curves away."""
    face, soft = layout.thickness_with_tongue, layout.soft
    cuts = []
    for at, sign in ((x[0], 1), (x[1], -1)):
        with BuildPart() as part:
            with BuildSketch(Plane.XZ.offset(layout.height)):
                outside = at - sign
                Polygon((outside, face - soft - 1), (at + sign * (soft + 1), face + 1), (outside, face + 1), align=None)
            extrude(amount=-2 * layout.height)
        cuts.append(part.part)
    return cuts


def back(layout: Layout) -> Part:
    """The side towards the body, with the tongue; one outline drawn across, so that it prints on its side."""
    x = (layout.left + layout.back_play, -layout.left - layout.back_play)
    low, high = layout.bottom + layout.back_play, -layout.bottom - layout.back_play
    z0, z1, z2 = layout.back_z, layout.thickness, layout.thickness + layout.gap
    middle, ridge_y = z0 + layout.back / 2, layout.turn_y - layout.tongue_length
    tip, crest = ridge_y - layout.tip, z1 + layout.ridge_gap
    board = layout.board_box
    hook = low - layout.hook
    outlines = [
        [(low, z0), (high, z0), (high, z1), (low, z1)],
        [(low + 0.01, middle - layout.hook), (hook, middle), (low + 0.01, middle + layout.hook)],
        [(layout.strip_y + 0.3, z0 - layout.bar), *layout.lead_corners, (high, z0), (layout.strip_y + 0.3, z0)],
        [
            (tip + 0.8, z2 + layout.tongue),
            (tip, z2 + 0.8),
            (tip, z2),
            (layout.turn_y, z2),
            (layout.turn_y, z2 + layout.tongue),
        ],
        [(tip, z2), (ridge_y - 0.7, crest), (ridge_y + 0.7, crest), (ridge_y + 3.5, z2)],
    ]
    part = Part() + _turn(layout, x)
    for outline in outlines:
        part += _across(outline, x)
    # two ridges that keep the board on its rails, clear of its battery pads; they start on the print bed
    for y in (board.low[1] + 1.0, board.low[1] + 0.72 * layout.board.length):
        ridge = [(y, board.high[2] + 0.1), (y + layout.rib, board.high[2] + 0.1), (y + layout.rib, z0), (y, z0)]
        part += _across(ridge, (x[0], board.high[0] - 0.5))
    motor_x, motor_y = layout.motor_centre
    part -= _round(motor_x, motor_y, layout.motor.diameter + 0.5, (z0 - 0.1, z1 - layout.membrane))
    tip_z = layout.screw.head_height + 0.2 + layout.screw.length + 0.3
    for screw_x, screw_y in layout.screws:
        part -= _round(screw_x, screw_y, layout.screw.diameter - 0.35, (z0 - layout.bar - 0.1, tip_z))
    for cut in _corners(layout, x) + _bevels(layout, x):
        part -= cut
    return part


# -- what it holds --------------------------------------------------------------------------------------------------


def contents(layout: Layout) -> dict[str, Part]:
    """Board with connector, cell, motor and switch, in their places."""
    board = layout.board_box
    x, y, _ = board.centre
    outline = _rounded(
        layout.board.width, layout.board.length, layout.board.corner_radius, (board.low[2], board.high[2])
    )
    motor, switch = layout.motor_box, layout.switch_box
    switch_x, switch_y, _ = switch.centre
    plunger = _round(switch_x, switch_y, layout.switch.plunger, (layout.plunger_below, switch.low[2]))
    return {
        "board": (Location((x, y, 0)) * outline) + block(layout.usb_box),
        "cell": block(layout.cell_box),
        "motor": _round(*layout.motor_centre, layout.motor.diameter, (motor.low[2], motor.high[2])),
        "switch": block(switch) + plunger,
        "driver": block(layout.driver_box),
    }
