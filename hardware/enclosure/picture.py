"""A picture of solids: a painter with a depth buffer, two lamps and ink on the edges."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.model import Floats
from hardware.enclosure.printing import Triangles

Picture = NDArray[np.uint8]

_PAPER = (250, 250, 248)
_INK = 0.45  # how much of a colour is left on an edge
_LAMPS = ((-0.25, 0.4, 0.88, 0.66), (0.8, 0.1, 0.6, 0.3))  # direction in the picture (right, up, near) and strength
_AMBIENT = 0.30


@dataclass(frozen=True, slots=True)
class Body:
    """A surface with one colour. `shift` moves it, in mm, after which all bodies share one space."""

    points: Floats  # (n, 3) mm
    triangles: Triangles  # (m, 3)
    colour: tuple[int, int, int]
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class View:
    """Where the eye is: turned about the upright by `turn_deg` from looking at the front, and raised by `raise_deg`."""

    turn_deg: float
    raise_deg: float

    def axes(self) -> Floats:
        """Rows: right, up and near of the picture, in the layout's x, y, z."""
        turn, up = math.radians(self.turn_deg), math.radians(self.raise_deg)
        right = np.array([-math.cos(turn), 0.0, math.sin(turn)])
        near = np.array([-math.sin(turn) * math.cos(up), math.sin(up), -math.cos(turn) * math.cos(up)])
        return np.stack([right, np.cross(near, right), near])


def _extent(bodies: list[Body], axes: Floats) -> tuple[Floats, Floats]:
    seen = np.concatenate([(body.points + body.shift) @ axes.T for body in bodies])
    return seen[:, :2].min(axis=0), seen[:, :2].max(axis=0)


def _fill(depth: Floats, face: NDArray[np.int32], corners: Floats, number: int) -> None:
    """Draw one triangle, its corners in pixels (x, y) and depth towards the eye."""
    x0, y0 = np.maximum(np.ceil(corners[:, :2].min(axis=0)), 0).astype(int)
    x1, y1 = np.minimum(np.floor(corners[:, :2].max(axis=0)), np.array(depth.shape[::-1]) - 1).astype(int)
    if x1 < x0 or y1 < y0:
        return
    (ax, ay, az), (bx, by, bz), (cx, cy, cz) = corners
    area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
    if abs(area) < 1e-12:
        return
    y, x = np.mgrid[y0 : y1 + 1, x0 : x1 + 1]
    b = ((x - ax) * (cy - ay) - (cx - ax) * (y - ay)) / area
    c = ((bx - ax) * (y - ay) - (x - ax) * (by - ay)) / area
    z = az + b * (bz - az) + c * (cz - az)
    window = depth[y0 : y1 + 1, x0 : x1 + 1]
    nearer = (b >= -1e-6) & (c >= -1e-6) & (b + c <= 1 + 1e-6) & (z > window)
    window[nearer] = z[nearer]
    face[y0 : y1 + 1, x0 : x1 + 1][nearer] = number


def _edges(depth: Floats, normals: Floats, pixel: float) -> NDArray[np.bool_]:
    """Where neighbouring pixels differ in depth or in direction."""
    edge = np.zeros(depth.shape, dtype=bool)
    depth = np.where(np.isinf(depth), -1e3, depth)
    for axis in (0, 1):
        before = [slice(None)] * 2
        after = [slice(None)] * 2
        before[axis], after[axis] = slice(None, -1), slice(1, None)
        jump = np.abs(depth[tuple(before)] - depth[tuple(after)]) > max(1.0, 8 * pixel)
        crease = np.sum(normals[tuple(before)] * normals[tuple(after)], axis=-1) < 0.8
        edge[tuple(before)] |= jump | crease
    return edge


def _normals(corners: Floats) -> Floats:
    """Unit normals (m, 3) of triangles (m, 3, 3); zero for one without area."""
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.asarray(normals / np.where(lengths > 0, lengths, 1.0))


def _lit(normals: Floats) -> Floats:
    """How bright a face is by its normal in the picture."""
    light = np.full(len(normals), _AMBIENT)
    for *direction, strength in _LAMPS:
        light += strength * np.clip(normals @ (np.array(direction) / np.linalg.norm(direction)), 0, None)
    return np.asarray(np.clip(light, 0, 1.1))


def paint(bodies: list[Body], view: View, size: tuple[int, int], margin: float = 0.05, finer: int = 2) -> Picture:
    """(height, width, 3). The bodies fill `size` (width, height) but for a margin on each side."""
    axes = view.axes()
    width, height = size[0] * finer, size[1] * finer
    low, high = _extent(bodies, axes)
    scale = float(min(np.array([width, height]) * (1 - 2 * margin) / (high - low)))
    # every triangle of every body, its corners in mm of the picture (m, 3, 3), and its colour (m, 3)
    corners = np.concatenate([((body.points + body.shift) @ axes.T)[body.triangles] for body in bodies])
    colours = np.concatenate([np.tile(np.array(body.colour, dtype=float), (len(body.triangles), 1)) for body in bodies])
    middle = np.array([*(low + high) / 2, 0.0])
    pixels = (corners - middle) * [scale, -scale, 1.0] + [width / 2, height / 2, 0.0]

    depth, face = np.full((height, width), -np.inf), np.full((height, width), -1, dtype=np.int32)
    for number, triangle in enumerate(pixels):
        _fill(depth, face, triangle, number)
    normals = _normals(corners)
    drawn = (face >= 0)[..., None]
    image = np.where(drawn, (colours * _lit(normals)[:, None])[face], np.array(_PAPER, dtype=float))
    image[_edges(depth, np.where(drawn, normals[face], [0.0, 0.0, 1.0]), 1 / scale)] *= _INK
    small = image.reshape(size[1], finer, size[0], finer, 3).mean(axis=(1, 3))
    return np.asarray(np.clip(small, 0, 255), dtype=np.uint8)
