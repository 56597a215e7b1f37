"""The covariance in plain floats against the same in matrices."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis import covariance
from analysis.covariance import Covariance, Seen
from analysis.model import Floats

SEEDS = st.integers(0, 2**32 - 1)


def made(seed: int) -> tuple[Covariance, Floats, Seen, np.random.Generator]:
    """Some covariance, as floats and as a matrix; and a chunk."""
    rng = np.random.default_rng(seed)
    tilt, velocity = 10.0 ** rng.uniform(-3, 1), 10.0 ** rng.uniform(-3, 1)
    both = rng.uniform(-1, 1) * math.sqrt(tilt * velocity)
    free = np.array([[tilt, 0, 0, -both], [0, tilt, both, 0], [0, both, velocity, 0], [-both, 0, 0, velocity]])
    done = rng.normal(size=(4, 3)) * 10.0 ** rng.uniform(-1, 1)
    root = rng.normal(size=(3, 5)) * 10.0 ** rng.uniform(-3, 1, (3, 1))
    bias = root @ root.T
    whole = np.block([[free + done @ bias @ done.T, done @ bias], [bias @ done.T, bias]])
    known = [tilt, both, velocity, *done.ravel().tolist(), *bias[np.triu_indices(3)].tolist()]
    p, q, s, i, j, k, force = rng.normal(size=7).tolist()
    return tuple(known), whole, (p, q, s, i, j, k, force), rng


def assert_close(told: Covariance, whole: Floats) -> None:
    scale = np.sqrt(np.outer(np.diag(whole), np.diag(whole)))
    assert np.abs((covariance.matrices([told])[0] - whole) / scale).max() < 1e-6


@given(SEEDS)
def test_a_chunk_moves_errors_as_its_transition_says(seed: int) -> None:
    known, whole, seen, _ = made(seed)
    step = covariance.transitions([seen])[0]
    told = covariance.moved(known, seen, 0.1, 0.2, 0.3)
    done = np.vstack([np.reshape(told[3:15], (4, 3)), np.eye(3)])  # by a bias that wanders, as well
    noise = np.diag([0.1, 0.1, 0.2, 0.2, 0, 0, 0]) + 0.3 * done @ done.T
    assert_close(told, step @ whole @ step.T + noise)


@given(SEEDS)
def test_a_measurement_is_taken_in_as_the_textbook_says(seed: int) -> None:
    known, whole, _, rng = made(seed)
    u, v = velocity = (float(rng.normal()), float(rng.normal()))
    told, errors = covariance.stopped(known, velocity, 0.5)
    gain = whole[:, 2:4] @ np.linalg.inv(whole[2:4, 2:4] + 0.5 * np.eye(2))
    assert_close(told, whole - gain @ whole[2:4])
    assert np.allclose(covariance.whole(told, errors), -gain @ [u, v], rtol=1e-6, atol=1e-9)
    a, b, c = rng.normal(size=3).tolist()
    told, found = covariance.rested(known, (a, b, c), 0.5)
    gain = whole[:, 4:] @ np.linalg.inv(whole[4:, 4:] + 0.5 * np.eye(3))
    assert_close(told, whole - gain @ whole[4:])
    assert np.allclose(covariance.whole(told, (0, 0, 0, 0, *found)), gain @ [a, b, c], rtol=1e-6, atol=1e-9)


def test_a_matrix_is_made_of_all_its_parts() -> None:
    known, whole, _, _ = made(4)
    assert_close(known, whole)


def test_a_restart_keeps_the_bias_alone() -> None:
    known, whole, _, _ = made(3)
    told = covariance.matrices([covariance.restarted(known, 2.0, 3.0)])[0]
    assert np.array_equal(told[4:, 4:], whole[4:, 4:])
    assert np.array_equal(told[:4, :4], np.diag([2.0, 2.0, 3.0, 3.0]))
    assert not told[:4, 4:].any()
    assert np.array_equal(covariance.matrices([covariance.started(1.0, 2.0, 3.0)])[0], np.diag([1, 1, 2, 2, 3, 3, 3]))
