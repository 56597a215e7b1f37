"""Builds the clip, checks what was built, and writes it.

STL as it lies on the printer, STEP as it is worn, PNG and SVG to look at. Needs build123d (`make hardware`).
"""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
from build123d import Axis, Location, Part, export_step, export_stl
from PIL import Image

from analysis.model import Floats
from hardware.enclosure import marks, solids
from hardware.enclosure.drawings import clip_drawing, where_drawing
from hardware.enclosure.fits import MASS_KG, Check, checks
from hardware.enclosure.layout import Layout
from hardware.enclosure.parts import CELLS
from hardware.enclosure.picture import Body, Picture, View, paint
from hardware.enclosure.printing import Triangles, cells_of, unsupported

_CELL_MM = 0.2  # one printed layer
_BRIDGE_MM = 10.0  # over the USB opening; printers do twice that
_HANGING_MM3 = 0.6  # rims of screw holes, a drop of a twentieth of a gram at most
_TESSELLATION_MM = 0.05

_PRINT_AXES = {"shell": (0, 1, 2), "back": (1, 2, 0)}  # the last one is up on the printer
_PLASTIC_G_MM3 = 1.27e-3  # PETG, solid
_LOAD_G = {"401230": 3.0, "502030": 5.5, "502535": 8.0}  # cells as sold; then board, motor, switch, wires and screws
_REST_G = 3.0 + 0.9 + 0.3 + 1.5

_COLOURS = {
    "shell": (104, 156, 176),
    "back": (226, 162, 96),
    "board": (46, 70, 104),
    "cell": (206, 210, 214),
    "motor": (168, 166, 178),
    "switch": (70, 72, 76),
    "driver": (84, 148, 96),
}
_APART = {"shell": -34.0, "switch": -14.0, "driver": -8.0, "board": -8.0, "cell": -8.0, "motor": 10.0, "back": 22.0}


class HardwareError(Exception):
    """What was built does not hold what was asked of it; the message lists it."""


def _mesh(part: Part) -> tuple[Floats, Triangles]:
    points, triangles = part.tessellate(_TESSELLATION_MM)
    return np.array([tuple(point) for point in points]), np.array(triangles)


def _as_printed(part: Part, name: str) -> Part:
    """As it lies on the printer: the shell on its face, the back on the side that its ridges reach."""
    turned = part.rotate(Axis.Y, -90) if name == "back" else part
    return Location((0, 0, -turned.bounding_box().min.Z)) * turned


def _part_checks(name: str, part: Part) -> list[Check]:
    points, triangles = _mesh(part)
    printed = cells_of(points[:, _PRINT_AXES[name]], triangles, _CELL_MM)
    hanging = unsupported(printed, round(_BRIDGE_MM / _CELL_MM))
    volume = printed.sum() * _CELL_MM**3
    return [
        Check(f"{name}: one closed solid", float(part.is_valid and len(part.solids()) == 1), 1.0, unit=""),
        Check(f"{name}: volume", part.volume, 1000.0, unit="mm³"),
        Check(f"{name}: printed as it was meant, by volume", volume / part.volume, 0.97, 1.03, unit=""),
        Check(f"{name}: printed into the air", float(hanging.sum()) * _CELL_MM**3, 0.0, _HANGING_MM3, "mm³"),
    ]


def solid_checks(layout: Layout, parts: dict[str, Part]) -> list[Check]:
    """What only the solids can tell: closed, printable, nothing inside anything else, and the weight."""
    found = [check for name in _PRINT_AXES for check in _part_checks(name, parts[name])]
    for (one, a), (other, b) in itertools.combinations(parts.items(), 2):
        shared = a & b
        found.append(Check(f"{one} in {other}", 0.0 if shared is None else shared.volume, 0.0, 1e-6, "mm³"))
    plastic_g = _PLASTIC_G_MM3 * sum(parts[name].volume for name in _PRINT_AXES)
    mass_g = plastic_g + _LOAD_G[layout.cell.name] + _REST_G
    found.append(Check("mass, as the clip's grip takes it", mass_g, 0.0, 1000 * MASS_KG, "g"))
    return found


def _bodies(parts: dict[str, Part], names: tuple[str, ...], layout: Layout, apart: float = 0.0) -> list[Body]:
    bodies = []
    for name in names:
        points, triangles = _mesh(parts[name])
        shift = (0.0, 0.0, apart * _APART[name])
        engraved = np.all(np.isclose(points[triangles][..., 2], layout.engraving), axis=1)
        if name == "shell":
            bodies.append(Body(points, triangles[engraved], (48, 66, 76), shift))
            triangles = triangles[~engraved]
        bodies.append(Body(points, triangles, _COLOURS[name], shift))
    return bodies


def _pictures(layout: Layout, parts: dict[str, Part], folder: Path) -> None:
    inside = ("board", "cell", "motor", "switch", "driver")
    exploded = paint(_bodies(parts, ("shell", *inside, "back"), layout, 1.0), View(58, 20), (860, 520))
    worn = paint(_bodies(parts, ("shell", "back"), layout), View(28, 18), (430, 520))
    behind = paint(_bodies(parts, ("shell", "back"), layout), View(208, 18), (430, 520))
    _write(np.concatenate([exploded, worn, behind], axis=1), folder / "clip.png")
    stages = (
        (("shell",), 200),
        (("shell", "board", "switch", "driver"), 200),
        (("shell", "board", "switch", "driver", "cell"), 200),
        (("back", "motor"), 25),
    )
    views = [paint(_bodies(parts, names, layout), View(turn, 26), (400, 400)) for names, turn in stages]
    _write(np.concatenate(views, axis=1), folder / "steps.png")


def _write(pixels: Picture, path: Path) -> None:
    Image.fromarray(pixels).quantize(96).save(path, optimize=True)


def build(folder: Path) -> list[Check]:
    """Everything into `folder`; returns all checks. Raises HardwareError if one fails, the parts being written."""
    pictures = folder / "images"
    pictures.mkdir(parents=True, exist_ok=True)
    found = []
    for cell in CELLS:
        layout = Layout(cell)
        back, contents = solids.back(layout), solids.contents(layout)
        shells = {letter: solids.shell(layout, letter) for letter in marks.LETTERS}
        parts = {"shell": shells["P"], "back": back, **contents}
        found += [Check(f"{cell.name}: {c.name}", c.value, c.low, c.high, c.unit) for c in checks(layout)]
        found += [Check(f"{cell.name}: {c.name}", c.value, c.low, c.high, c.unit) for c in solid_checks(layout, parts)]
        for name, part in {"back": back, **{f"shell-{letter}": shell for letter, shell in shells.items()}}.items():
            export_stl(_as_printed(part, name), folder / f"{cell.name}-{name}.stl")
            export_step(part, folder / f"{cell.name}-{name}.step")
        if layout == Layout():
            _pictures(layout, parts, pictures)
    (pictures / "clip.svg").write_text(clip_drawing(Layout()), encoding="utf-8")
    (pictures / "where.svg").write_text(where_drawing(), encoding="utf-8")
    failed = [str(check) for check in found if not check.holds]
    if failed:
        raise HardwareError("\n".join(failed))
    return found
