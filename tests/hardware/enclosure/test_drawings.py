"""Drawings and pictures: what is kept in the repository is what the code draws, and a picture shows what is there."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from hardware.electronics.limits import charge_hours
from hardware.electronics.wiring import wiring_drawing
from hardware.enclosure import marks
from hardware.enclosure.drawings import clip_drawing, where_drawing
from hardware.enclosure.layout import Layout
from hardware.enclosure.parts import CELLS
from hardware.enclosure.picture import Body, View, paint

_IMAGES = Path(__file__).parents[3] / "hardware" / "images"
_DRAWINGS = {"clip.svg": clip_drawing(Layout()), "where.svg": where_drawing(), "wiring.svg": wiring_drawing()}


@pytest.mark.parametrize("name", _DRAWINGS)
def test_the_kept_drawing_is_the_drawn_one(name: str) -> None:
    assert (_IMAGES / name).read_text(encoding="utf-8") == _DRAWINGS[name]


@pytest.mark.parametrize("name", _DRAWINGS)
def test_a_drawing_is_sound_and_nothing_leaves_it(name: str) -> None:
    root = ET.fromstring(_DRAWINGS[name])
    _, _, width, height = (float(number) for number in root.attrib["viewBox"].split())
    for shape in root:
        for x, y in (point.split(",") for point in shape.attrib.get("points", "").split()):
            assert 0 <= float(x) <= width
            assert 0 <= float(y) <= height
        if shape.tag.endswith("text") and shape.attrib["text-anchor"] == "start":
            # half an em a letter is what Helvetica takes of lower case
            assert float(shape.attrib["x"]) + 0.5 * float(shape.attrib["font-size"]) * len(shape.text or "") <= width


@pytest.mark.parametrize("letter", marks.LETTERS)
def test_the_marks_lie_on_the_front_and_miss_what_is_there(letter: str) -> None:
    layout = Layout()
    button = layout.switch_box.centre
    holes = [(-x, y, 2.1) for x, y in layout.screws] + [(-button[0], button[1], 1.5), (*marks.TAP, marks.TAP_OUTER)]
    for right, up in (point for outline in marks.front(layout, letter) for point in outline):
        assert abs(right) < layout.width / 2 - layout.edge - 1
        assert abs(up) < layout.height / 2 - layout.edge - 1
        assert all(np.hypot(right - x, up - y) > radius for x, y, radius in holes)


def _tile(colour: tuple[int, int, int], x: float, z: float) -> Body:
    """A square of 10 mm at x and at depth z, facing the front; the layout's x runs to the left of who looks at it."""
    points = np.array([(x - 5, -5, z), (x + 5, -5, z), (x + 5, 5, z), (x - 5, 5, z)], dtype=float)
    return Body(points, np.array([(0, 2, 1), (0, 3, 2)]), colour)


def test_what_is_in_front_hides_what_is_behind_and_left_is_left() -> None:
    red, green = _tile((255, 0, 0), 5.0, 0.0), _tile((0, 255, 0), 0.0, 20.0)
    for bodies in ([red, green], [green, red]):
        picture = paint(bodies, View(0.0, 0.0), (150, 100), margin=0.0).astype(int)
        middle = picture[50]
        assert middle[40, 0] > 150
        assert middle[40, 1] < 60, "the red square is nearer and to the left"
        assert middle[130, 1] > 150
        assert middle[130, 0] < 60


def test_the_eye_rises_and_turns() -> None:
    right, up, near = View(30.0, 20.0).axes()
    assert np.cross(right, up) == pytest.approx(near)
    assert near[1] == pytest.approx(np.sin(np.radians(20)))
    assert View(0.0, 0.0).axes() == pytest.approx(np.array([[-1, 0, 0], [0, 1, 0], [0, 0, -1]]))


def test_the_page_about_building_tells_these_measures() -> None:
    readme = (_IMAGES.parent / "README.md").read_text(encoding="utf-8")
    for cell in CELLS:
        layout = Layout(cell)
        assert f"{cell.name}" in readme
        assert f"| {cell.capacity_mah:g} mAh | {layout.width:.1f} × {layout.height:.1f} mm |" in readme
        assert f"| {charge_hours(cell.capacity_mah):.1f} h |" in readme
    assert f"{Layout().plunger_below:.1f} mm deep" in readme
    assert f"{Layout().membrane:g} mm of plastic" in readme


def test_every_picture_and_page_that_is_linked_is_there() -> None:
    for page in (_IMAGES.parent / "README.md", _IMAGES.parent / "electronics" / "README.md"):
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page}: {link}"


@pytest.mark.parametrize("name", ["clip.png", "steps.png"])
def test_pictures_are_small(name: str) -> None:
    assert 5_000 < (_IMAGES / name).stat().st_size < 300_000
