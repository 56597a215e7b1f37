"""Gyroscope and accelerometer summed up over chunks of samples, before anyone knows how the sensor lies.

What a chunk did (its turn, the velocity it gained, how a gyroscope's bias would have changed both) depends on its
own samples alone, so that it is computed for all chunks at once, and the filter that follows takes one step a chunk.
This is preintegration (Forster et al., IEEE T-RO 33(1), 2017, 10.1109/TRO.2016.2597321).

Every sum has a fixed order over one chunk, so no result depends on the chunks beside it. Arrays here have their
components first, (4, m, size) or (3, m, size): NumPy is several times faster on them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis import quaternion
from analysis.model import Floats

_CLIPPED_GYR = 4.2  # rad/s (240°/s), m/s²: beyond these a moving sensor says
_CLIPPED_ACC = 19.0  # the same thrice to the last bit only at its range's end, of 250°/s or 2 g at the least
_BEYOND = 0.5  # of what it says a clipped sample may be wrong by
_FEW = 2000  # numbers; below, the cost of an operation is that of calling it
# Row k of the Hamilton product is the sum over j of sign[k, j] · a[index[k, j]] · b[j].
_INDEX: NDArray[np.intp] = np.array([[0, 1, 2, 3], [1, 0, 3, 2], [2, 3, 0, 1], [3, 2, 1, 0]])
_SIGN: Floats = np.array([[1.0, -1, -1, -1], [1, 1, -1, 1], [1, 1, 1, -1], [1, -1, 1, 1]])[..., None, None]
_NEXT, _LAST = [1, 2, 0], [2, 0, 1]  # of three axes
_ROWS = [0, 1, 2, 9, 3, 4, 5, 10, 6, 7, 8, 11]
_HOLE = 1.5  # a sample this many times later than usual has a hole before it


@dataclass(frozen=True, slots=True)
class Chunks:
    """m chunks of `size` samples; "start frame" is the sensor as it lay at the chunk's start."""

    turns: Floats  # (4, m, size)  sensor → start frame at each sample
    since: Floats  # (m, size) s   since the chunk's start
    span: Floats  # (m,)      s    the chunk's length
    moves: Floats  # (m, 12)       rows of 4: ∫ R dt, s, with R sensor → start frame; and ∫ R·acc dt, m/s
    turn_doubt: Floats  # (m,) rad²     variance of the turn, for clipped samples and holes
    gain_doubt: Floats  # (m,) (m/s)²   variance of the velocity gained
    acc_mean: Floats  # (m, 3) m/s²
    gyr_mean: Floats  # (m, 3) rad/s
    acc_spread: Floats  # (m,)   the greatest deviation of any sample and axis from the mean
    gyr_spread: Floats  # (m,)


def chunk_size(gap_s: float) -> int:
    """Samples a chunk: the power of two nearest to 0.2 s, from 4 to 64."""
    return int(2 ** np.clip(np.rint(np.log2(0.2 / gap_s)), 2, 6))


def summed(rows: Floats, before: Floats, size: int, gap_s: float) -> Chunks:
    """rows (n, 7) of t, acc, gyr, n a multiple of `size`; `before` (7,) is the row before them; gap_s the usual one."""
    columns = np.ascontiguousarray(rows.T)
    earlier = np.concatenate([before[:, None], columns[:, :-1]], axis=1)
    shape = (-1, len(rows) // size, size)
    steps = (columns[0] - earlier[0]).reshape(shape[1:])
    both = columns[1:].reshape(shape)
    acc, gyr = both[:3], both[3:]
    acc_before, gyr_before = earlier[1:4].reshape(shape), earlier[4:].reshape(shape)
    turns = _running(_turns(gyr_before, gyr, steps))
    weighted = _matrix(turns) * steps
    gained = weighted.reshape(3, 3, *shape[1:]) * acc
    totals = _total(np.concatenate([weighted, gained[:, 0] + gained[:, 1] + gained[:, 2], both]))
    mean = totals[12:] * (1.0 / size)
    spread = np.abs(both - mean[..., None]).reshape(2, 3, *shape[1:]).max(axis=(1, 3))
    since = np.cumsum(steps, axis=1)
    return Chunks(
        turns=turns,
        since=since,
        span=since[:, -1],
        moves=totals[_ROWS].T,
        turn_doubt=_doubt(gyr_before, gyr, steps, gap_s, _CLIPPED_GYR),
        gain_doubt=_doubt(acc_before, acc, steps, gap_s, _CLIPPED_ACC),
        acc_mean=mean[:3].T,
        gyr_mean=mean[3:].T,
        acc_spread=spread[0],
        gyr_spread=spread[1],
    )


def product(a: Floats, b: Floats) -> Floats:
    """Hamilton product of quaternions with their components first, (4, m, size) or what broadcasts to it.

    In two ways that give the same bits: one has few operations, which is fast for few samples, one small arrays.
    """
    if max(a.size, b.size) < _FEW:
        terms = a[_INDEX] * _SIGN * b
        few: Floats = ((terms[:, 0] + terms[:, 1]) + terms[:, 2]) + terms[:, 3]
        return few
    aw, ax, ay, az = a
    bw, bx, by, bz = b
    return np.stack(
        [
            aw * bw - ax * bx - ay * by - az * bz,
            ax * bw + aw * bx - az * by + ay * bz,
            ay * bw + az * bx + aw * by - ax * bz,
            az * bw - ay * bx + ax * by + aw * bz,
        ]
    )


def _turns(before: Floats, gyr: Floats, steps: Floats) -> Floats:
    """Each sample's turn (4, m, size): the mean rate since the last sample, and what turning about a moving axis adds.

    The mean of both ends, as accelerometer and gyroscope have the same delay in them and so describe one moment.
    """
    cross = before[_NEXT] * gyr[_LAST] - before[_LAST] * gyr[_NEXT]
    coning = steps * steps * (1.0 / 12.0)
    vector = (before + gyr) * (0.5 * steps) + cross * coning
    return quaternion.from_small_rotation(vector.transpose(1, 2, 0)).transpose(2, 0, 1).copy()


def _running(turns: Floats) -> Floats:
    """The turn since the chunk's start, by doubling: always the same products, whatever is beside the chunk."""
    reach = 1
    while reach < turns.shape[2]:
        turns = np.concatenate([turns[..., :reach], product(turns[..., :-reach], turns[..., reach:])], axis=2)
        reach *= 2
    return turns


def _matrix(q: Floats) -> Floats:
    """The nine entries, row by row, of the rotation matrices: (9, m, size)."""
    w, x, y, z = q
    xx, yy, zz = x * x, y * y, z * z
    xy, xz, yz, wx, wy, wz = x * y, x * z, y * z, w * x, w * y, w * z
    entries = np.empty((9, *w.shape))
    entries[0], entries[1], entries[2] = 1 - 2 * (yy + zz), 2 * (xy - wz), 2 * (xz + wy)
    entries[3], entries[4], entries[5] = 2 * (xy + wz), 1 - 2 * (xx + zz), 2 * (yz - wx)
    entries[6], entries[7], entries[8] = 2 * (xz - wy), 2 * (yz + wx), 1 - 2 * (xx + yy)
    return entries


def _total(parts: Floats) -> Floats:
    """The sum over the last axis, whose length is a power of two, in a fixed order."""
    while parts.shape[-1] > 1:
        half = parts.shape[-1] // 2
        parts = parts[..., :half] + parts[..., half:]
    total: Floats = parts[..., 0]
    return total


def _doubt(before: Floats, here: Floats, steps: Floats, gap_s: float, clipped: float) -> Floats:
    """Variance (m,) of the integral over each chunk: for clipped samples, and for holes, where we guess."""
    if steps.max() <= _HOLE * gap_s and max(here.max(), -here.min()) <= clipped:
        return np.zeros(steps.shape[0])
    hole: Floats = np.where(steps > _HOLE * gap_s, steps, 0.0)
    same = (here == before) & (np.abs(here) > clipped)
    stuck = same.copy()
    stuck[..., 1:] &= same[..., :-1]
    wrong = np.abs(here - before) * (0.5 * hole) + np.where(stuck, np.abs(here), 0.0) * (_BEYOND * steps)
    by_axis = _total(wrong)
    square: Floats = by_axis * by_axis
    total: Floats = square[0] + square[1] + square[2]
    return total
