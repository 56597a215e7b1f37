"""Chunks summed up against the same done sample by sample."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from analysis import quaternion, strapdown
from analysis.inclination import Inclination
from analysis.model import GRAVITY, Floats, Segment
from analysis.orientation import FIRST, OrientationFilter, Run

FIRST_S = 100.0


def tumbling(count: int, gap_s: float, seed: int = 5) -> Floats:
    """Rows (n, 7) of a sensor thrown about, from slow to as fast as the series must be long for."""
    rng = np.random.default_rng(seed)
    t = FIRST_S + gap_s * (np.arange(count) + rng.uniform(0.0, 0.2, count))
    pace = 10.0 ** rng.uniform(-3.0, 0.5, (count, 1))
    return np.column_stack([t, rng.normal(size=(count, 3)) * 5.0, rng.normal(size=(count, 3)) * pace])


def one_by_one(rows: Floats, before: Floats, first: int, size: int) -> tuple[Floats, Floats, Floats]:
    """The turn (4,), ∫ R dt (3, 3) and ∫ R·acc dt (3,) of the chunk that begins at `first`."""
    q, turned, gained = quaternion.IDENTITY, np.zeros((3, 3)), np.zeros(3)
    for row in range(first, first + size):
        earlier = rows[row - 1] if row else before
        step_s = rows[row, 0] - earlier[0]
        vector = 0.5 * step_s * (earlier[4:] + rows[row, 4:]) + step_s**2 / 12.0 * np.cross(earlier[4:], rows[row, 4:])
        q = quaternion.multiply(q, quaternion.from_small_rotation(vector))
        turned += step_s * quaternion.rotate(np.tile(q, (3, 1)), np.eye(3)).T
        gained += step_s * quaternion.rotate(q, rows[row, 1:4])
    return q, turned, gained


@pytest.mark.parametrize("size", [4, 8, 16, 64])
@pytest.mark.parametrize("chunks", [1, 3, 40])
def test_the_sums_are_those_of_a_loop(size: int, chunks: int) -> None:
    gap_s = 0.2 / size
    rows = tumbling(size * chunks + 1, gap_s)
    before, rows = rows[0], rows[1:]
    told = strapdown.summed(rows, before, size, gap_s)
    last = size * (chunks - 1)
    q, turned, gained = one_by_one(rows, before, last, size)
    samples = rows[last:, 1:]
    assert np.allclose(told.turn[-1], q, atol=1e-13)
    assert np.allclose(told.moves[-1].reshape(3, 4), np.column_stack([turned, gained]), atol=1e-12)
    assert told.span[-1] == pytest.approx(rows[-1, 0] - (rows[last - 1, 0] if last else before[0]), abs=1e-12)
    assert np.allclose(np.concatenate([told.acc_mean[-1], told.gyr_mean[-1]]), samples.mean(axis=0))
    off = np.abs(samples - samples.mean(axis=0))
    assert told.acc_spread[-1] == pytest.approx(off[:, :3].max())
    assert told.gyr_spread[-1] == pytest.approx(off[:, 3:].max())
    assert np.array_equal(strapdown.in_order(told.gyr).T, rows[:, 4:])


@pytest.mark.parametrize("size", [4, 8, 64])
def test_a_chunk_is_the_same_to_the_last_bit_beside_whatever_chunks(size: int) -> None:
    gap_s = 0.2 / size
    rows = tumbling(size * 300 + 1, gap_s)
    whole = strapdown.summed(rows[1:], rows[0], size, gap_s)
    for first in (0, 17, 299):
        start = 1 + first * size
        alone = strapdown.summed(rows[start : start + size], rows[start - 1], size, gap_s)
        for name in ("turn", "span", "moves", "acc_mean", "gyr_mean", "acc_spread", "gyr_spread", "turn_doubt"):
            assert np.array_equal(getattr(alone, name)[0], getattr(whole, name)[first]), name


def test_more_samples_than_are_worked_on_at_once_change_nothing() -> None:
    rows = tumbling(40_000, 1 / 52)
    rows[:, 3] += GRAVITY
    columns = rows[:, 0], rows[:, 1:4], 0.1 * rows[:, 4:]
    whole, parts = OrientationFilter(Segment.LUMBAR), OrientationFilter(Segment.LUMBAR)
    at_once = [*whole.feed(*columns), *whole.flush()]
    edges = [0, 5_001, 20_003, 40_000]
    cut = [part for a, b in pairwise(edges) for part in parts.feed(*(column[a:b] for column in columns))]
    cut += parts.flush()
    assert np.array_equal(np.concatenate([part.q for part in at_once]), np.concatenate([part.q for part in cut]))


def lying_still(count: int, bias: Floats) -> Floats:
    """Rows (n, 7) at 52 Hz of a sensor at rest whose gyroscope reads `bias`."""
    rows = np.zeros((count, 7))
    rows[:, 0], rows[:, 3], rows[:, 4:] = np.arange(count) / 52, GRAVITY, bias
    return rows


def test_waiting_in_rest_changes_little() -> None:
    """A sensor that lies still with a bias: judged some chunks at a time it knows nearly as much."""
    bias = np.array([0.02, -0.01, 0.005])
    known, steps = [], []
    for patience in (1, 8):
        rows = lying_still(52 * 30, bias)
        judged = Run(rows[:FIRST], Inclination(patience=patience), keeps_steps=True).feed(rows)
        known.append(judged.bias[:, -1])
        steps.append(len(judged.steps))
    assert 0 < steps[1] < steps[0] / 4
    assert np.allclose(known[0], bias, atol=1e-4)
    assert np.allclose(known[0], known[1], atol=1e-5)
