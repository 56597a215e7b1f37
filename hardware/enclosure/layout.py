"""Where everything lies in the clip. All measures in mm.

Axes of the clip as it is worn: x to the wearer's left, y up, z towards the body. The front, which faces away from the
body, is z = 0; so the shell prints face down with z up, and the back prints on its side with x up. Whoever looks at the
front has x to the left.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hardware.enclosure.flex import Tongue
from hardware.enclosure.parts import CELLS, SWELLING, Board, Cell, Motor, Screw, Switch


@dataclass(frozen=True, slots=True)
class Box:
    """A block from `low` to `high`, each (x, y, z)."""

    low: tuple[float, float, float]
    high: tuple[float, float, float]

    @property
    def size(self) -> tuple[float, float, float]:
        x, y, z = (high - low for low, high in zip(self.low, self.high, strict=True))
        return x, y, z

    @property
    def centre(self) -> tuple[float, float, float]:
        x, y, z = ((high + low) / 2 for low, high in zip(self.low, self.high, strict=True))
        return x, y, z

    def overlaps(self, other: Box) -> bool:
        """Whether they share volume; touching is not sharing."""
        return all(
            min(a_high, b_high) - max(a_low, b_low) > 1e-9
            for a_low, a_high, b_low, b_high in zip(self.low, self.high, other.low, other.high, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Layout:
    """The clip around one kind of cell."""

    cell: Cell = CELLS[1]
    board: Board = field(default_factory=Board)
    motor: Motor = field(default_factory=Motor)
    switch: Switch = field(default_factory=Switch)
    screw: Screw = field(default_factory=Screw)

    wall: float = 1.6  # four lines of a 0.4 mm nozzle
    front: float = 1.6
    back: float = 2.0
    rib: float = 1.2
    corner: float = 3.0  # radius of the shell's upright edges, outside
    inner_corner: float = 1.0  # and inside: the cell's corners are square
    edge: float = 1.2  # 45° bevel around the front
    play: float = 0.2  # between a part and what guides it, each side
    back_play: float = 0.15  # between back and shell, each side

    rail: float = 3.5  # the board lies this far behind the front, on rails: the connector is 3.21 high
    rail_width: float = 1.2
    strip: float = 5.4  # height of the strip on top where the screws are
    boss: float = 5.2  # diameter around a screw
    bar: float = 4.0  # depth of the bar on the back that takes the screws
    lead: tuple[float, float] = (0.8, 2.8)  # cut off the bar's upper inner edge (y, z): it swings in past the wall
    hook: float = 0.6  # height of the 45° ridge that holds the back's lower edge
    window: float = 0.6  # what is left of the front where the light shines through
    membrane: float = 1.3  # what is left of the back under the motor
    engraving: float = 0.4
    antenna: float = 3.0  # kept free of metal beyond the board's upper end, where its antenna is
    foam: float = 0.5  # tape under the cell

    gap: float = 2.9  # between back and tongue
    tongue: float = 1.8
    tongue_length: float = 31.0
    tip: float = 5.0  # what the tongue goes on beyond its ridge, as a ramp for the band
    soft: float = 0.5  # 45° bevel on the tongue's outer edges, against the skin
    ridge_gap: float = 0.4  # left between ridge and back: printed, they must not fuse

    # -- inside -------------------------------------------------------------------------------------------------

    @property
    def board_column(self) -> float:
        return self.board.width + 2 * self.play

    @property
    def cell_column(self) -> float:
        return self.cell.width + 1.0

    @property
    def inside_width(self) -> float:
        return self.board_column + self.rib + self.cell_column

    @property
    def board_room(self) -> float:
        """Height of the board's place, with the rib that stops it."""
        return self.board.length + 2 * self.play + self.rib

    @property
    def motor_room(self) -> float:
        return self.motor.diameter + 2 * 0.4

    @property
    def inside_height(self) -> float:
        over_board = self.board_room + self.antenna + self.motor_room
        return max(over_board, self.cell.length + self.cell.tab + 0.5) + self.strip

    @property
    def depth(self) -> float:
        """Between front and back, over the deeper of board and cell."""
        over_board = self.rail + self.board.thickness + self.board.behind
        over_cell = self.foam + self.cell.thickness * (1 + SWELLING)
        return max(over_board, over_cell)

    @property
    def back_z(self) -> float:
        """Inner face of the back."""
        return self.front + self.depth

    # -- outside ------------------------------------------------------------------------------------------------

    @property
    def width(self) -> float:
        return self.inside_width + 2 * self.wall

    @property
    def height(self) -> float:
        return self.inside_height + 2 * self.wall

    @property
    def thickness(self) -> float:
        """Of the shell; the back lies within it."""
        return self.back_z + self.back

    @property
    def thickness_with_tongue(self) -> float:
        return self.thickness + self.gap + self.tongue

    @property
    def left(self) -> float:
        """Inner face of the wall beside the board; 0 is the middle."""
        return -self.inside_width / 2

    @property
    def bottom(self) -> float:
        """Inner face of the wall with the USB opening; 0 is the middle."""
        return -self.inside_height / 2

    @property
    def strip_y(self) -> float:
        """Lower edge of the strip with the screws."""
        return -self.bottom - self.strip

    # -- what lies in it ----------------------------------------------------------------------------------------

    @property
    def board_box(self) -> Box:
        x, y, z = self.left + self.play, self.bottom + self.play, self.front + self.rail
        return Box((x, y, z), (x + self.board.width, y + self.board.length, z + self.board.thickness))

    @property
    def usb_box(self) -> Box:
        x, y, z = self.board_box.centre[0], self.board_box.low[1] - self.board.usb_overhang, self.board_box.low[2]
        half = self.board.usb_width / 2
        return Box((x - half, y, z - self.board.usb_height), (x + half, y + self.board.usb_depth, z))

    @property
    def cell_box(self) -> Box:
        """New, stuck to the front with its foam; swollen it grows towards the back."""
        x = -self.left - self.cell_column / 2
        y, z = self.bottom + 0.25, self.front + self.foam
        half = self.cell.width / 2
        return Box((x - half, y, z), (x + half, y + self.cell.length + self.cell.tab, z + self.cell.thickness))

    @property
    def motor_centre(self) -> tuple[float, float]:
        y = self.bottom + self.board_room + self.antenna + self.motor_room / 2
        return self.left + 0.4 + self.motor.diameter / 2, y

    @property
    def motor_box(self) -> Box:
        (x, y), half = self.motor_centre, self.motor.diameter / 2
        z = self.thickness - self.membrane
        return Box((x - half, y - half, z - self.motor.thickness), (x + half, y + half, z))

    @property
    def switch_box(self) -> Box:
        """The switch's body beside the motor, on the front, its plunger in the hole."""
        x = self.left + self.board_column - self.rib - self.play - self.switch.width / 2
        y = self.motor_centre[1]
        half_x, half_y = self.switch.width / 2, self.switch.length / 2
        return Box((x - half_x, y - half_y, self.front), (x + half_x, y + half_y, self.front + self.switch.body))

    @property
    def plunger_below(self) -> float:
        """How far the button ends below the front, so that no chair presses it: a pen does."""
        return self.front - (self.switch.height - self.switch.body)

    @property
    def driver_box(self) -> Box:
        """Room in front of the motor for the transistor, its diode and resistors on a scrap of board."""
        (x, y), half = self.motor_centre, self.motor.diameter / 2
        return Box((x - half, y - half, self.front), (x + half, y + half, self.motor_box.low[2] - 0.3))

    @property
    def screws(self) -> tuple[tuple[float, float], ...]:
        y = -self.bottom - self.strip / 2
        x = self.inside_width / 2 - 4.5
        return (-x, y), (x, y)

    @property
    def lead_corners(self) -> tuple[tuple[float, float], ...]:
        """(y, z) of what the cut leaves of the bar's upper inner edge."""
        y, z = -self.bottom - self.back_play, self.back_z - self.bar
        return (y - self.lead[0], z), (y, z + self.lead[1])

    @property
    def clip(self) -> Tongue:
        return Tongue(self.tongue_length, self.inside_width - 2 * self.back_play, self.tongue)

    @property
    def turn_y(self) -> float:
        """Where the straight tongue begins below the turn."""
        return -self.bottom - self.back_play - self.gap / 2 - self.tongue
