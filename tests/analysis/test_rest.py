"""Rest, however its chunks come."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.model import GRAVITY, Floats
from analysis.rest import RestDetector

CHUNK_S = 0.16


def chunks(seed: int, count: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Of a sensor that rests for a while, then and when moves or leans."""
    rng = np.random.default_rng(seed)
    moves = np.repeat(rng.random(count) < 0.4, rng.integers(1, 40, count))[:count]
    size = np.where(moves, 10.0 ** rng.uniform(-2.0, 0.0, count), 1e-3)
    gyr = 0.01 + size[:, None] * rng.normal(size=(count, 3))
    acc = np.array([0.0, 0.0, GRAVITY]) + 3.0 * size[:, None] * rng.normal(size=(count, 3))
    return gyr, acc, size * rng.random(count), 3.0 * size * rng.random(count)


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 299), max_size=40))
def test_however_chunks_are_cut_the_same_ones_rest(seed: int, cuts: list[int]) -> None:
    columns = chunks(seed, 300)
    rests, read = RestDetector(CHUNK_S).feed(*columns)
    detector = RestDetector(CHUNK_S)
    parts = [detector.feed(*(column[a:b] for column in columns)) for a, b in pairwise(sorted({0, 300, *cuts}))]
    assert np.array_equal(np.concatenate([part[0] for part in parts]), rests)
    assert np.concatenate([part[1] for part in parts]).tobytes() == np.ascontiguousarray(read).tobytes()


def test_rest_begins_after_one_and_a_half_seconds_and_tells_the_bias() -> None:
    bias = np.array([0.01, -0.02, 0.005])
    count = 40
    still = np.tile(bias, (count, 1)), np.tile([0.0, 0.0, GRAVITY], (count, 1)), np.zeros(count), np.zeros(count)
    rests, read = RestDetector(CHUNK_S).feed(*still)
    assert np.flatnonzero(rests)[0] == 9  # the tenth chunk ends at 1.6 s
    assert rests[9:].all()
    assert np.allclose(read[9:], bias)


def test_a_slow_lean_is_no_rest() -> None:
    lean = np.radians(2.0) * CHUNK_S * np.arange(100)
    acc = GRAVITY * np.column_stack([np.sin(lean), np.zeros(100), np.cos(lean)])
    rests, _ = RestDetector(CHUNK_S).feed(np.zeros((100, 3)), acc, np.zeros(100), np.zeros(100))
    assert not rests[30:].any()
