"""The table of seconds that what is worn is judged by: one row a second, and for each segment how it moved and lies."""

from __future__ import annotations

import math

import numpy as np

from analysis import quaternion
from analysis.model import GRID_HZ, Floats, Pose, Segment

TICKS = round(GRID_HZ)  # of a second
# Columns of the table of seconds: its end, then for each segment these
RATE, SPREAD, SHAKE, UP, ALIVE, TIPPED, UPSIDE_DOWN, CARRIED = slice(0, 3), 3, 4, slice(5, 8), 8, 9, 10, 11
Q, AGAINST = slice(12, 16), 16
WIDTH = 17
TICK_WIDTH = 6  # acc, gyr
SEGMENTS = tuple(Segment)
PELVIS = SEGMENTS.index(Segment.PELVIS)


def tick_lines(pose: Pose) -> Floats:
    """(13, n): each tick's number, then acc and gyr of each segment."""
    lines = [np.rint(pose.t * GRID_HZ)[None]]
    for segment in SEGMENTS:
        lines += [pose.acc[segment].T, pose.gyr[segment].T]
    return np.concatenate(lines)


def middle_rows(ticks: Floats, pose: Pose) -> Floats:
    """(m, 9): the number of each of a pose's ticks in the middle of a second, then how each segment is turned."""
    wanted = np.arange(ticks[0] + (TICKS // 2 - ticks[0]) % TICKS, ticks[-1] + 1.0, TICKS)
    middle = np.searchsorted(ticks, wanted)
    middle = middle[ticks[middle] == wanted]
    return np.concatenate([ticks[middle, None], *(pose.q[segment][middle] for segment in SEGMENTS)], axis=1)


def table_of(lines: Floats, middles: Floats) -> Floats:
    """The table of whole seconds of ticks; what depends on other seconds is still 0. `middles` has all of theirs."""
    count = lines.shape[1] // TICKS
    table = np.zeros((count, 1 + WIDTH * len(SEGMENTS)))
    table[:, 0] = np.rint((lines[0, TICKS - 1 :: TICKS] + 1) / GRID_HZ)
    middle = np.searchsorted(middles[:, 0], lines[0, TICKS // 2 :: TICKS])
    moved = lines[1:].reshape(TICK_WIDTH * len(SEGMENTS), count, TICKS).transpose(2, 0, 1).copy()
    means = _total(moved) / TICKS
    spreads = np.sqrt(_total((moved - means) ** 2) / TICKS)
    mean, spread = means.T, spreads.T
    for number, segment in enumerate(SEGMENTS):
        acc, gyr = (slice(TICK_WIDTH * number + first, TICK_WIDTH * number + first + 3) for first in (0, 3))
        own = own_of(table, segment)
        own[:, RATE] = mean[:, gyr]
        own[:, SPREAD], own[:, SHAKE] = quaternion.norm(spread[:, gyr]) / math.sqrt(3), quaternion.norm(spread[:, acc])
        q = middles[middle, 1 + 4 * number : 5 + 4 * number]
        up = quaternion.up_in_body(q)
        own[:, Q], own[:, UP] = q, up
        own[:, TIPPED] = np.degrees(np.arccos(up[:, 2].clip(-1.0, 1.0)))
    return table


def _total(x: Floats) -> Floats:
    """Sum over the first axis, fifty long, in a fixed order."""
    halves = x[:25] + x[25:]
    fives = halves[:5] + halves[5:10] + halves[10:15] + halves[15:20] + halves[20:]
    total: Floats = fives[0] + fives[1] + fives[2] + fives[3] + fives[4]
    return total


def place_of(segment: Segment, column: int) -> int:
    return 1 + WIDTH * SEGMENTS.index(segment) + column


def own_of(table: Floats, segment: Segment) -> Floats:
    """A view of one segment's columns."""
    first = place_of(segment, 0)
    own: Floats = table[:, first : first + WIDTH]
    return own


def columns_of(table: Floats) -> Floats:
    """A view of all segments' columns: (WIDTH, n, 2)."""
    columns: Floats = table[:, 1:].reshape(len(table), len(SEGMENTS), WIDTH).transpose(2, 0, 1)
    return columns


def cosine(a: Floats, b: Floats) -> Floats:
    """(n,) between unit vectors (n, 3), or of half the turn between unit quaternions (n, 4)."""
    product = a * b
    cosine: Floats = (product[:, 0] + product[:, 1]) + product[:, 2]
    return cosine + product[:, 3] if product.shape[1] == 4 else cosine
