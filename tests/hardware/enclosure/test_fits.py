"""The clip's arithmetic: it fits each cell, and the checks notice when something does not."""

from __future__ import annotations

import dataclasses
import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.enclosure.fits import Check, checks
from hardware.enclosure.flex import ROOT_FACTOR, Tongue
from hardware.enclosure.layout import Box, Layout
from hardware.enclosure.parts import CELLS, PA12, PETG, Board, Cell, Motor, Screw


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_everything_fits_around_each_cell(cell: Cell) -> None:
    assert [str(check) for check in checks(Layout(cell)) if not check.holds] == []


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_nothing_lies_in_anything_else_and_all_lies_inside(cell: Cell) -> None:
    layout = Layout(cell)
    boxes = {
        "board": layout.board_box,
        "cell": layout.cell_box,
        "motor": layout.motor_box,
        "switch": layout.switch_box,
        "driver": layout.driver_box,
    }
    for (one, a), (other, b) in itertools.combinations(boxes.items(), 2):
        assert not a.overlaps(b), f"{one} in {other}"
    inside = Box((layout.left, layout.bottom, layout.front), (-layout.left, layout.strip_y, layout.thickness))
    for name, box in boxes.items():
        assert all(low >= edge for low, edge in zip(box.low, inside.low, strict=True)), name
        assert all(high <= edge for high, edge in zip(box.high, inside.high, strict=True)), name


@pytest.mark.parametrize(
    ("change", "noticed"),
    [
        ({"cell": Cell("602030", 300.0, 6.0, 20.0, 30.0), "bar": 4.5, "lead": (0.9, 3.5)}, None),
        ({"cell": Cell("802030", 400.0, 8.0, 20.0, 30.0)}, "thickness of the shell, against a chair"),
        ({"rail": 3.2}, "USB connector behind the front"),
        ({"wall": 1.0}, "side wall"),
        ({"wall": 2.4}, "USB mouth behind the outside (a plug's reach)"),
        ({"motor": Motor(10.0, 4.2)}, "driver in front of the motor"),
        ({"membrane": 2.0}, "back under the motor, felt through it"),
        ({"tongue": 2.6}, "PETG: strain on a band of 4 mm"),
        ({"tongue_length": 19.0}, "PETG: strain on a band of 4 mm"),
        ({"tongue": 1.2}, "PA12: force on a band of 1.2 mm"),
        ({"tongue_length": 36.0}, "tongue ends above the shell's lower edge"),
        ({"screw": Screw(length=8.0)}, "back over the screws' tips"),
        ({"screw": Screw(length=4.0)}, "thread in the bar"),
        ({"lead": (0.0, 0.0)}, "back swings in past the upper wall"),
        ({"antenna": 0.0}, "metal kept from the antenna"),
        ({"hook": 1.0}, "wall behind the hook's groove"),
        ({"inner_corner": 2.0}, "cell's corner clears the shell's"),
        ({"board": Board(pad_reach=0.5)}, "rails stay on the board's pads"),
    ],
)
def test_a_change_for_the_worse_is_noticed(change: dict[str, object], noticed: str | None) -> None:
    failed = [check.name for check in checks(dataclasses.replace(Layout(), **change)) if not check.holds]  # type: ignore[arg-type]
    assert failed == [] if noticed is None else noticed in failed


def test_a_tongue_by_hand() -> None:
    """20 long, 10 wide, 2 thick, lifted by 1: 1.5·2·1/400 of strain, and 3·E·(10·8/12)/8000 N."""
    tongue = Tongue(20.0, 10.0, 2.0)
    assert tongue.strain(1.0) == pytest.approx(ROOT_FACTOR * 0.0075)
    assert tongue.force_n(1.0, PETG) == pytest.approx(3 * 1940 * (80 / 12) / 8000)


@given(st.floats(10, 60), st.floats(5, 60), st.floats(0.8, 3), st.floats(0.1, 5))
def test_force_and_strain_agree_with_the_beam(length: float, width: float, thickness: float, opening: float) -> None:
    """The bending moment at the root, force times length, gives the strain that is told, but for the fillet."""
    tongue = Tongue(length, width, thickness)
    stress = tongue.force_n(opening, PA12) * length / (width * thickness**2 / 6)
    assert ROOT_FACTOR * stress / PA12.modulus_mpa == pytest.approx(tongue.strain(opening))


def test_a_wall_in_a_corner_by_hand() -> None:
    """The wall between two arcs, measured on points of them."""
    layout = Layout()
    steps = [math.pi / 2 * step / 500 for step in range(501)]
    outer = [(layout.corner * (1 - math.cos(s)), layout.corner * (1 - math.sin(s))) for s in steps]
    at = layout.wall + layout.inner_corner
    inner = [(at - layout.inner_corner * math.cos(s), at - layout.inner_corner * math.sin(s)) for s in steps]
    thinnest = min(math.dist(a, b) for a in outer for b in inner)
    told = next(check for check in checks(layout) if check.name == "wall at the corners")
    assert thinnest == pytest.approx(told.value, abs=0.01)


def test_a_limit_is_part_of_what_is_allowed() -> None:
    assert Check("x", 1.0, 1.0).holds
    assert not Check("x", 1.0, 1.1).holds
    assert not Check("x", 1.0, 0.0, 0.9).holds
    assert not Check("x", math.nan, 0.0).holds
