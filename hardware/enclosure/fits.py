"""Whether everything fits, by arithmetic on the layout alone: the same limits hold whatever makes the solids."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hardware.enclosure.layout import Layout
from hardware.enclosure.parts import PA12, PETG, SWELLING, Material

LINE = 0.42  # mm, one printed line of a 0.4 mm nozzle
BANDS = (1.2, 3.0, 4.0)  # mm: elastic, a waistband of trousers, a waistband with its belt loop
GRIP = 0.3  # friction of cloth on plastic, low
MASS_KG = 0.033  # everything; `make hardware` weighs the solids against it
LIFT_N = 17.0  # a third of the tip pinch of adults (Mathiowetz et al. 1985, Arch Phys Med Rehabil 66:69)
JOLT = 30.0  # m/s²: sitting down heavily, a stumble


@dataclass(frozen=True, slots=True)
class Check:
    """A value that must lie within [low, high]."""

    name: str
    value: float
    low: float
    high: float = math.inf
    unit: str = "mm"

    @property
    def holds(self) -> bool:
        return self.low - 1e-9 <= self.value <= self.high + 1e-9

    def __str__(self) -> str:
        limits = f"at least {self.low:g}" if math.isinf(self.high) else f"{self.low:g} to {self.high:g}"
        return f"{'ok  ' if self.holds else 'FAIL'} {self.name}: {self.value:.4g} {self.unit} ({limits})"


def _walls(layout: Layout) -> list[Check]:
    groove = layout.wall - layout.hook - layout.back_play
    diagonal = math.sqrt(2)
    # from the outer corner along the diagonal: the outer arc, then the inner one
    outer = layout.corner * (diagonal - 1)
    inner = layout.wall * diagonal + layout.inner_corner * (diagonal - 1)
    bevel = (2 * layout.wall - layout.edge) / diagonal
    head = layout.back_z - layout.bar - (layout.screw.head_height + 0.2)
    return [
        Check("side wall", layout.wall, 3 * LINE),
        Check("front", layout.front, 1.2),
        Check("wall at the corners", inner - outer, 2 * LINE),
        Check("wall behind the front's bevel", bevel, 2 * LINE),
        Check("wall behind the hook's groove", groove, 2 * LINE),
        Check("front over the light", layout.window, 0.4, 0.8),
        Check("back under the motor, felt through it", layout.membrane, 0.8, 1.5),
        Check("plastic under the screws' heads", head, 1.2),
    ]


def _board(layout: Layout) -> list[Check]:
    board, usb = layout.board_box, layout.usb_box
    mouth = -layout.bottom + layout.wall + usb.low[1]
    return [
        Check("room beside the board", layout.board_column - layout.board.width, 0.3, 1.0),
        Check("USB connector behind the front", usb.low[2] - layout.front, 0.15),
        Check("USB mouth behind the outside (a plug's reach)", mouth, 0.0, 0.5),
        Check("wires behind the board", layout.back_z - board.high[2], layout.board.behind),
        Check("rails stay on the board's pads", layout.board.pad_reach - layout.rail_width + layout.play, 0.0),
        Check("metal kept from the antenna", layout.motor_box.low[1] - board.high[1], 4.0),
    ]


def _cell(layout: Layout) -> list[Check]:
    cell = layout.cell_box
    grown = layout.cell.thickness * SWELLING
    divider = layout.left + layout.board_column + layout.rib
    return [
        Check("swollen cell behind the back", layout.back_z - cell.high[2] - grown, 0.0),
        Check("room beside the cell", cell.low[0] - divider, 0.4),
        Check("room beyond the cell", layout.strip_y - cell.high[1], 0.2),
        # a square corner at (x, y) from the inner walls clears an arc of radius r if it is within r of the arc's centre
        Check(
            "cell's corner clears the shell's",
            layout.inner_corner
            - math.hypot(layout.inner_corner - 0.5, layout.inner_corner - (cell.low[1] - layout.bottom)),
            0.0,
        ),
    ]


def _small_parts(layout: Layout) -> list[Check]:
    motor, switch = layout.motor_box, layout.switch_box
    tip = layout.screw.head_height + 0.2 + layout.screw.length
    return [
        Check("room around the motor", layout.motor_room - layout.motor.diameter, 0.4),
        Check("driver in front of the motor", layout.driver_box.size[2], 2.5),
        Check("switch beside the motor", switch.low[0] - 1.2 - motor.high[0], 0.0),
        Check("legs of the switch", layout.back_z - switch.high[2] - layout.switch.legs, 0.3),
        Check("button below the front", layout.plunger_below, 0.3, 1.2),
        Check("screws' bosses within their strip", layout.strip - layout.boss, 0.0),
        Check("boss around a screw", (layout.boss - layout.screw.diameter - 0.3) / 2, 2 * LINE),
        Check("thread in the bar", min(tip, layout.back_z) - (layout.back_z - layout.bar), 1.5 * layout.screw.diameter),
        Check("back over the screws' tips", layout.thickness - tip, 0.8),
    ]


def clip_checks(layout: Layout, material: Material) -> list[Check]:
    """The tongue: what each band asks of the plastic, and whether it stays on."""
    hold_n = MASS_KG * JOLT / (2 * GRIP)  # tongue and back both hold the band
    checks = []
    for band in BANDS:
        opening = band - layout.ridge_gap
        strain, force = layout.clip.strain(opening), layout.clip.force_n(opening, material)
        checks += [
            Check(
                f"{material.name}: strain on a band of {band:g} mm", 100 * strain, 0.0, 100 * material.strain_limit, "%"
            ),
            Check(f"{material.name}: force on a band of {band:g} mm", force, hold_n, LIFT_N, "N"),
        ]
    return checks


def checks(layout: Layout) -> list[Check]:
    """All that must hold of the layout."""
    tip = layout.turn_y - layout.tongue_length - layout.tip
    hinge = layout.bottom + layout.back_play, layout.back_z + layout.back / 2
    widest = max(math.dist(corner, hinge) for corner in layout.lead_corners)
    return [
        *_walls(layout),
        *_board(layout),
        *_cell(layout),
        *_small_parts(layout),
        *clip_checks(layout, PETG),
        *clip_checks(layout, PA12),
        Check("back swings in past the upper wall", -layout.bottom - hinge[0] - widest, 0.05),
        Check("tongue ends above the shell's lower edge", tip - (layout.bottom - layout.wall), 1.0),
        Check("tongue round enough at its turn", layout.gap / 2 / layout.tongue, 0.8, unit=""),
        Check("thickness of the shell, against a chair", layout.thickness, 0.0, 11.0),
    ]
