"""Whether a part prints without supports, found by printing it: layer by layer, cell by cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.model import Floats

Cells = NDArray[np.bool_]
Triangles = NDArray[np.int64]

_OFF = (
    0.482,
    0.527,
    0.463,
)  # where in a cell it is probed: near its middle, off the planes that parts and grids like to share


def cells_of(points: Floats, triangles: Triangles, cell: float) -> Cells:
    """A closed surface as cells (layer, row, column) of `cell` along z, y, x; a cell is what its probe point is.

    `points` (n, 3) and `triangles` (m, 3) as a tessellation gives them.
    """
    low = points.min(axis=0) - cell
    layers, rows, columns = (np.ceil((points.max(axis=0) - low) / cell).astype(int) + 1)[::-1]
    crossings = np.zeros((layers + 1, rows, columns), dtype=np.int32)
    for corners in ((points - low) / cell - _OFF)[triangles]:
        column0, row0 = np.ceil(corners[:, :2].min(axis=0)).astype(int)
        column1, row1 = np.floor(corners[:, :2].max(axis=0)).astype(int)
        if column1 < column0 or row1 < row0:
            continue
        (ax, ay, az), (bx, by, bz), (cx, cy, cz) = corners
        area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        if area == 0:
            continue
        y, x = np.mgrid[row0 : row1 + 1, column0 : column1 + 1]
        b = ((x - ax) * (cy - ay) - (cx - ax) * (y - ay)) / area
        c = ((bx - ax) * (y - ay) - (x - ax) * (by - ay)) / area
        inside = (b >= 0) & (c >= 0) & (b + c < 1)
        z = az + b * (bz - az) + c * (cz - az)
        first = np.clip(np.ceil(z[inside]).astype(int), 0, layers)
        np.add.at(crossings, (first, y[inside], x[inside]), 1)
    return np.asarray(np.cumsum(crossings, axis=0)[:-1] % 2 == 1)


def _wider(layer: Cells) -> Cells:
    """The layer and every cell that touches it: what 45° may add."""
    padded = np.pad(layer, 1)
    rows, columns = layer.shape
    shifted = [padded[row : row + rows, column : column + columns] for row in range(3) for column in range(3)]
    return np.asarray(np.logical_or.reduce(shifted))


def _bridged(lacking: Cells, held: Cells, longest: int) -> Cells:
    """Cells of `lacking` in runs along the last axis of at most `longest`, with a held cell at both ends."""
    found = np.zeros_like(lacking)
    edges = np.diff(np.pad(lacking, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    starts, ends = np.argwhere(edges == 1), np.argwhere(edges == -1)
    for (row, start), (_, end) in zip(starts, ends, strict=True):
        anchored = start > 0 and end < held.shape[1] and held[row, start - 1] and held[row, end]
        if anchored and end - start <= longest:
            found[row, start:end] = True
    return found


def unsupported(cells: Cells, longest_bridge: int) -> Cells:
    """Cells that would be printed into the air: over nothing at 45°, and no bridge along x or y either.

    The lowest layer that has any cell lies on the bed.
    """
    hanging = np.zeros_like(cells)
    bed = int(np.argmax(cells.any(axis=(1, 2))))
    for layer in range(bed + 1, len(cells)):
        held = cells[layer] & _wider(cells[layer - 1])
        lacking = cells[layer] & ~held
        if lacking.any():
            bridged = _bridged(lacking, held, longest_bridge) | _bridged(lacking.T, held.T, longest_bridge).T
            hanging[layer] = lacking & ~bridged
    return hanging
