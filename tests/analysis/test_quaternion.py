"""Quaternions against SciPy's rotations, and that a row never depends on the rows beside it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.transform import Rotation

from analysis import quaternion
from analysis.model import Floats

VECTORS = arrays(np.float64, (5, 3), elements=st.floats(-4, 4))


def quaternions(vectors: Floats) -> tuple[Floats, Rotation]:
    rotation = Rotation.from_rotvec(vectors)
    return rotation.as_quat(scalar_first=True), rotation


@given(VECTORS, VECTORS, VECTORS)
def test_products_and_turns_are_those_of_rotations(a: Floats, b: Floats, v: Floats) -> None:
    (p, first), (q, second) = quaternions(a), quaternions(b)
    product = Rotation.from_quat(quaternion.multiply(p, q), scalar_first=True)
    assert np.allclose(product.as_matrix(), (first * second).as_matrix(), atol=1e-12)
    assert np.allclose(quaternion.rotate(p, v), first.apply(v), atol=1e-12)
    assert np.allclose(quaternion.rotate(quaternion.conjugate(p), quaternion.rotate(p, v)), v, atol=1e-12)
    assert np.allclose(quaternion.up_in_body(p), first.inv().apply([0.0, 0.0, 1.0]), atol=1e-12)


@given(arrays(np.float64, (5, 3), elements=st.floats(-2, 2)))
def test_a_rotation_vector_becomes_its_quaternion(vector: Floats) -> None:
    q = quaternion.from_small_rotation(vector)
    assert np.allclose(np.abs((q * quaternions(vector)[0]).sum(axis=1)), 1.0, atol=1e-9)


@given(VECTORS, VECTORS)
def test_between_takes_one_direction_to_the_other(u: Floats, v: Floats) -> None:
    u, v = (np.where(quaternion.norm(x)[:, None] > 1e-3, x, [1.0, 0.0, 0.0]) for x in (u, v))
    u, v = quaternion.normalise(u), quaternion.normalise(v)
    for target in (v, -u, u):
        q = quaternion.between(u, target)
        assert np.allclose(quaternion.norm(q), 1.0)
        assert np.allclose(quaternion.rotate(q, u), target, atol=1e-4)  # near opposite, digits run out


@given(VECTORS)
def test_axes_become_their_rotation(vectors: Floats) -> None:
    for matrix in Rotation.from_rotvec(vectors).as_matrix():
        q = quaternion.from_axes(matrix[:, 0], matrix[:, 1], matrix[:, 2])
        assert np.allclose(Rotation.from_quat(q, scalar_first=True).as_matrix(), matrix, atol=1e-9)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_a_row_never_depends_on_the_rows_beside_it(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    a, b, v = rng.normal(size=(count, 4)), rng.normal(size=(count, 4)), rng.normal(size=(count, 3))
    alone = [slice(row, row + 1) for row in range(count)]
    for whole, parts in (
        (quaternion.multiply(a, b), [quaternion.multiply(a[row], b[row]) for row in alone]),
        (quaternion.rotate(a, v), [quaternion.rotate(a[row], v[row]) for row in alone]),
        (quaternion.from_small_rotation(v), [quaternion.from_small_rotation(v[row]) for row in alone]),
        (quaternion.normalise(a), [quaternion.normalise(a[row]) for row in alone]),
    ):
        assert np.array_equal(whole, np.concatenate(parts))


@pytest.mark.parametrize("zero", [np.zeros((2, 4)), np.zeros((2, 3))])
def test_nothing_has_no_direction_but_is_no_nan_either(zero: Floats) -> None:
    assert np.array_equal(quaternion.normalise(zero), zero)
