"""Printing by cells: solids come out in their size, and what hangs in the air is found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.model import Floats
from hardware.enclosure.printing import Cells, Triangles, cells_of, unsupported

_FACES = (
    (0, 2, 1), (0, 3, 2), (4, 5, 6), (4, 6, 7), (0, 1, 5), (0, 5, 4),
    (2, 3, 7), (2, 7, 6), (0, 4, 7), (0, 7, 3), (1, 2, 6), (1, 6, 5),
)  # fmt: skip


def brick(width: float, depth: float, height: float) -> tuple[Floats, Triangles]:
    floor = [(0, 0, 0), (width, 0, 0), (width, depth, 0), (0, depth, 0)]
    points = np.array([*floor, *((x, y, height) for x, y, _ in floor)], dtype=float)
    return points, np.array(_FACES)


@given(st.floats(3, 9), st.floats(3, 9), st.floats(3, 9))
def test_a_brick_has_its_volume(width: float, depth: float, height: float) -> None:
    cells = cells_of(*brick(width, depth, height), 0.25)
    sides = np.array([cells.any(axis=(0, 1)).sum(), cells.any(axis=(0, 2)).sum(), cells.any(axis=(1, 2)).sum()]) * 0.25
    assert sides == pytest.approx([width, depth, height], abs=0.2501)
    assert cells.sum() * 0.25**3 == pytest.approx(np.prod(sides))


def test_a_cone_has_its_volume_and_prints_on_its_foot_only() -> None:
    around = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    rim = np.stack([5 * np.cos(around), 5 * np.sin(around), 0 * around], axis=1)
    points = np.concatenate([rim, [[0, 0, 0], [0, 0, 4.0]]])
    after = (np.arange(60) + 1) % 60
    triangles = np.array(
        [(i, j, 61) for i, j in enumerate(after)] + [(j, i, 60) for i, j in enumerate(after)], dtype=np.int64
    )
    cells = cells_of(points, triangles, 0.1)
    assert cells.sum() * 0.1**3 == pytest.approx(np.pi * 25 * 4 / 3, rel=0.02)
    assert not unsupported(cells, 10).any()
    assert unsupported(cells[::-1], 10).any(), "its side rises by 39° when it stands on its tip"


def table(span: int, legs: str) -> Cells:
    """A plate on one leg or on two, `span` cells of it free."""
    cells = np.zeros((6, 4, span + 4), dtype=bool)
    cells[1:, :, :2] = True
    if legs == "two":
        cells[1:, :, -2:] = True
    cells[4:] = True
    cells[0] = False
    return cells


def test_a_bridge_holds_as_far_as_it_may() -> None:
    assert not unsupported(table(20, "two"), 18).any(), "45° reaches one cell in from each leg"
    assert unsupported(table(21, "two"), 18).any()


def test_what_is_held_on_one_side_only_falls() -> None:
    assert unsupported(table(5, "one"), 100).any()


def test_what_begins_in_the_air_is_found() -> None:
    cells = table(3, "two")
    cells[2, 1, 3] = True
    found = unsupported(cells, 10)
    assert np.argwhere(found).tolist() == [[2, 1, 3]]


@given(st.integers(0, 3))
def test_a_slope_of_45_degrees_prints(turn: int) -> None:
    cells = np.zeros((8, 12, 12), dtype=bool)
    for layer in range(8):
        cells[layer, :, : 3 + layer] = True
    assert not unsupported(np.rot90(cells, turn, axes=(1, 2)), 0).any()
    steeper = np.zeros((4, 12, 12), dtype=bool)
    for layer in range(4):
        steeper[layer, :, : 3 + 2 * layer] = True
    assert unsupported(np.rot90(steeper, turn, axes=(1, 2)), 0).any()
