"""Gyroscope and accelerometer summed up over chunks of samples, before anyone knows how the sensor lies.

What a chunk did (its turn, the velocity it gained, how a gyroscope's bias would have changed both) depends on its
own samples alone, so that it is computed for all chunks at once, and the filter that follows takes one step a chunk.
This is preintegration (Forster et al., IEEE T-RO 33(1), 2017, 10.1109/TRO.2016.2597321).

Every sum has a fixed order over one chunk, so no result depends on the chunks beside it. Within a chunk samples go in
rows of `ROW` (4 for the shortest chunk), and an array holds them as (component, place in the row, row): NumPy works
along the last axis, where there are most.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from analysis import quaternion
from analysis.model import Floats

ROW = 8
_CLIPPED_GYR = 4.2  # rad/s (240°/s), m/s²: beyond these a moving sensor says
_CLIPPED_ACC = 19.0  # the same thrice to the last bit only at its range's end, of 250°/s or 2 g at the least
_BEYOND = 0.5  # of what it says a clipped sample may be wrong by
_FEW = 2000  # numbers; below, the cost of an operation is that of calling it
# Row k of the Hamilton product is the sum over j of sign[k, j] · a[index[k, j]] · b[j].
_INDEX: NDArray[np.intp] = np.array([[0, 1, 2, 3], [1, 0, 3, 2], [2, 3, 0, 1], [3, 2, 1, 0]])
_SIGN: Floats = np.array([[1.0, -1, -1, -1], [1, 1, -1, 1], [1, 1, 1, -1], [1, -1, 1, 1]])[..., None, None]
_NEXT, _LAST = [1, 2, 0], [2, 0, 1]  # of three axes
_MOVES = [
    0,
    3,
    6,
    9,
    7,
    1,
    4,
    10,
    5,
    8,
    2,
    11,
]  # where the matrix' entries and the vector's, row by row, are in `_less`
_HOLE = 1.5  # a sample this many times later than usual has a hole before it
_SMALL = 1e-3  # rad², of half a turn: below, three terms of the series are exact


@dataclass(frozen=True, slots=True)
class Chunks:
    """m chunks of `size` samples in rows of `row`; "start frame" is the sensor as it lay at the chunk's start."""

    size: int
    gyr: Floats  # (3, row, m · size / row)    rad/s, and
    turns: Floats  # (4, row, m · size / row)  sensor → start frame at each sample
    since: Floats  # (row, m · size / row)  s  since the chunk's start
    turn: Floats  # (m, 4)      the whole chunk's
    span: Floats  # (m,)   s    the chunk's length
    moves: Floats  # (m, 12)    rows of 4: ∫ R dt, s, with R sensor → start frame; and ∫ R·acc dt, m/s
    turn_doubt: Floats  # (m,) rad²     variance of the turn, for clipped samples and holes
    gain_doubt: Floats  # (m,) (m/s)²   variance of the velocity gained
    acc_mean: Floats  # (m, 3) m/s²
    gyr_mean: Floats  # (m, 3) rad/s
    acc_spread: Floats  # (m,)   the greatest deviation of any sample and axis from the mean
    gyr_spread: Floats  # (m,)


def chunk_size(gap_s: float, span_s: float = 0.2) -> int:
    """Samples a chunk: the power of two nearest to `span_s`, from 4 to 64."""
    return int(2 ** np.clip(np.rint(np.log2(span_s / gap_s)), 2, 6))


def in_rows(columns: Floats, size: int) -> Floats:
    """(k, n) in the order of the samples, n a multiple of `size`, as (k, row, n / row)."""
    row = min(size, ROW)
    return columns.reshape(len(columns), -1, row).transpose(0, 2, 1).copy()


@cache
def shares(size: int) -> Floats:
    """How much of a chunk has passed at each of its samples, (row, size / row), for none but reading."""
    told: Floats = in_rows(np.arange(1.0, size + 1.0)[None] / size, size)[0]
    return told


def in_order(rows: Floats) -> Floats:
    """(k, row, n / row) as (k, n) in the order of the samples."""
    return rows.transpose(0, 2, 1).reshape(len(rows), -1)


def summed(rows: Floats, before: Floats, size: int, gap_s: float) -> Chunks:
    """rows (n, 7) of t, acc, gyr, n a multiple of `size`; `before` (7,) is the row before them; gap_s the usual one."""
    here = in_rows(rows.T, size)
    earlier = np.empty_like(here)
    earlier[:, 1:] = here[:, :-1]
    earlier[:, 0, 1:] = here[:, -1, :-1]
    earlier[:, 0, 0] = before
    steps = here[0] - earlier[0]
    many = size // len(steps)  # rows a chunk
    turns = _running(_turns(earlier[4:], here[4:], steps), many)
    totals = _sum(np.concatenate([here[1:], here[1:4] * steps, _less(turns, turns * steps, here[1:4])]), many)
    mean = totals[:6] * (1.0 / size)
    most, least = (of(here[1:], axis=1).reshape(6, -1, many) for of in (np.max, np.min))
    most, least = (most.max(axis=2), least.min(axis=2)) if many > 1 else (most[..., 0], least[..., 0])
    spread = np.maximum(most - mean, mean - least)
    since = here[0] - np.repeat(earlier[0, 0, ::many], many)
    span = since[-1, many - 1 :: many]
    moves = totals[9:] * -2.0
    moves[:3] += span
    moves[9:] += totals[6:9]
    doubts = np.zeros((2, len(span)))
    has_hole = steps.max() > _HOLE * gap_s
    reach = np.maximum(most, -least)
    for number, (first, clipped) in enumerate(((3, _CLIPPED_GYR), (0, _CLIPPED_ACC))):
        if has_hole or reach[first : first + 3].max() > clipped:
            axes = slice(first + 1, first + 4)
            doubts[number] = _doubt(earlier[axes], here[axes], steps, many, gap_s, clipped)
    return Chunks(
        size=size,
        gyr=here[4:],
        turns=turns,
        since=since,
        turn=turns[:, -1, many - 1 :: many].T,
        span=span,
        moves=moves[_MOVES].T,
        turn_doubt=doubts[0],
        gain_doubt=doubts[1],
        acc_mean=mean[:3].T,
        gyr_mean=mean[3:].T,
        acc_spread=spread[:3].max(axis=0),
        gyr_spread=spread[3:].max(axis=0),
    )


def product(a: Floats, b: Floats) -> Floats:
    """Hamilton product of quaternions with their components first, (4, k, m) or what broadcasts to it.

    In two ways that give the same bits: one has few operations, which is fast for few samples, one small arrays.
    """
    if max(a.size, b.size) < _FEW:
        terms = a[_INDEX] * _SIGN * b
        few: Floats = ((terms[:, 0] + terms[:, 1]) + terms[:, 2]) + terms[:, 3]
        return few
    told = np.empty((4, *np.broadcast_shapes(a.shape[1:], b.shape[1:])))
    term = np.empty_like(told[0])
    for out, places, signs in zip(told, _INDEX.tolist(), _SIGN[..., 0, 0].tolist(), strict=True):
        np.multiply(a[places[0]], b[0], out=out)
        for place, part, sign in zip(places[1:], b[1:], signs[1:], strict=True):
            np.multiply(a[place], part, out=term)
            (np.add if sign > 0 else np.subtract)(out, term, out=out)
    return told


def _turns(before: Floats, gyr: Floats, steps: Floats) -> Floats:
    """Each sample's turn (4, row, m): the mean rate since the last sample, and what turning about a moving axis adds.

    The mean of both ends, as accelerometer and gyroscope have the same delay in them and so describe one moment.
    """
    quarter, coning = 0.25 * steps, steps * steps * (1.0 / 24.0)
    half = (before + gyr) * quarter
    half += (before[_NEXT] * gyr[_LAST] - before[_LAST] * gyr[_NEXT]) * coning
    square = half * half
    x = square[0] + square[1] + square[2]
    turns = np.empty((4, *steps.shape))
    turns[0] = 1.0 + x * (-1 / 2 + x * (1 / 24 - x * (1 / 720)))
    turns[1:] = half * (1.0 + x * (-1 / 6 + x * (1 / 120 - x * (1 / 5040))))
    if x.max() > _SMALL:
        large = x > _SMALL
        turns[:, large] = quaternion.from_small_rotation(2.0 * half[:, large].T).T
    return turns


def _running(turns: Floats, many: int) -> Floats:
    """The turn since the chunk's start: always the same products, whatever is beside the chunk."""
    turns = _doubled(turns)
    if many == 1:
        return turns
    rows = _doubled(turns[:, -1].reshape(4, -1, many).transpose(0, 2, 1))
    start = np.zeros((4, rows.shape[2], many))
    start[0, :, 0] = 1.0
    start[:, :, 1:] = rows[:, :-1].transpose(0, 2, 1)
    return product(start.reshape(4, 1, -1), turns)


def _doubled(turns: Floats) -> Floats:
    """Running products along the middle axis."""
    reach = 1
    while reach < turns.shape[1]:
        turns = np.concatenate([turns[:, :reach], product(turns[:, :-reach], turns[:, reach:])], axis=1)
        reach *= 2
    return turns


def _less(q: Floats, weighted: Floats, acc: Floats) -> Floats:
    """(12, row, m) How rotations q differ from none, weighted: with R = 1 − 2 D the entries of D and then D·acc.

    The diagonal first, then the entries right of it and those left of it, each in the order of rows, going round.
    """
    square, mixed, real = q[1:] * weighted[1:], q[1:] * weighted[[2, 3, 1]], q[:1] * weighted[[3, 1, 2]]
    less = np.empty((12, *q.shape[1:]))
    np.add(square[_NEXT], square[_LAST], out=less[:3])  # yy + zz and so on
    np.subtract(real, mixed, out=less[3:6])  # wz − xy
    np.add(mixed, real, out=mixed)
    np.negative(mixed[_LAST], out=less[6:9])  # −(xz + wy)
    np.multiply(less[:3], acc, out=less[9:])
    less[9:] += less[3:6] * acc[_NEXT]
    less[9:] += less[6:9] * acc[_LAST]
    return less


def _sum(parts: Floats, many: int) -> Floats:
    """Sum (k, m) of parts (k, row, m · many) over each chunk, in a fixed order."""
    while parts.shape[1] > 1:
        half = parts.shape[1] // 2
        parts = parts[:, :half] + parts[:, half:]
    parts = parts.reshape(len(parts), -1, many)
    while parts.shape[2] > 1:
        half = parts.shape[2] // 2
        parts = parts[..., :half] + parts[..., half:]
    return parts[..., 0]


def _doubt(before: Floats, here: Floats, steps: Floats, many: int, gap_s: float, clipped: float) -> Floats:
    """Variance (m,) of the integral over each chunk: for clipped samples, and for holes, where we guess."""
    size = len(steps) * many
    shape = (3, -1, size)
    before, here = in_order(before).reshape(shape), in_order(here).reshape(shape)
    steps = in_order(steps[None]).reshape(-1, size)
    hole: Floats = np.where(steps > _HOLE * gap_s, steps, 0.0)
    same = (here == before) & (np.abs(here) > clipped)
    stuck = same.copy()
    stuck[..., 1:] &= same[..., :-1]
    wrong = np.abs(here - before) * (0.5 * hole) + np.where(stuck, np.abs(here), 0.0) * (_BEYOND * steps)
    by_axis = _sum(wrong.transpose(0, 2, 1), 1)
    square: Floats = by_axis * by_axis
    total: Floats = square[0] + square[1] + square[2]
    return total
