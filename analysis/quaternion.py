"""Unit quaternions as arrays: shape (..., 4), scalar first.

Every function is elementwise over the leading axes and uses only +, -, ×, ÷ and √, which IEEE 754
rounds exactly. So a row's result never depends on the rows beside it, which is what lets a recording
be cut anywhere and give the same bits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.model import Floats

IDENTITY: Floats = np.array([1.0, 0.0, 0.0, 0.0])
_TINY = 1e-12

# Row k of the Hamilton product is the sum over j of sign[k, j] · a[index[k, j]] · b[j].
_INDEX: NDArray[np.intp] = np.array([[0, 1, 2, 3], [1, 0, 3, 2], [2, 3, 0, 1], [3, 2, 1, 0]])
_SIGN: Floats = np.array([[1.0, -1, -1, -1], [1, 1, -1, 1], [1, 1, 1, -1], [1, -1, 1, 1]])
_PLACES: NDArray[np.intp] = np.arange(4)[:, None]
_NEXT: NDArray[np.intp] = np.array([1, 2, 0])
_LAST: NDArray[np.intp] = np.array([2, 0, 1])
_CONJUGATE: Floats = np.array([1.0, -1, -1, -1])


def multiply(a: Floats, b: Floats) -> Floats:
    """Hamilton product a ⊗ b: first turn by b, then by a."""
    if b.ndim == 1 and a.ndim == 2:
        return _all_by(a, b)
    terms = a[..., _INDEX] * _SIGN * b[..., None, :]
    product: Floats = (terms[..., 0] + terms[..., 1]) + (terms[..., 2] + terms[..., 3])
    return product


def _all_by(a: Floats, b: Floats) -> Floats:
    """`multiply` for a (n, 4) and one b (4,), to the last bit: its pairs hold the same terms in another order."""
    terms = (_SIGN * b)[_PLACES, _INDEX][..., None] * a.T
    product: Floats = (terms[:, 0] + terms[:, 1]) + (terms[:, 2] + terms[:, 3])
    return product.T


def conjugate(q: Floats) -> Floats:
    return q * _CONJUGATE


def normalise(q: Floats) -> Floats:
    """q at length 1. Near-zero input stays near zero instead of becoming NaN."""
    return q / np.maximum(norm(q), _TINY)[..., None]


def norm(v: Floats) -> Floats:
    """Length along the last axis (3 or 4 long), summed in a fixed order."""
    square = v * v
    total = square[..., 0] + square[..., 1] + square[..., 2]
    length: Floats = np.sqrt(total + square[..., 3] if v.shape[-1] == 4 else total)
    return length


def cross(a: Floats, b: Floats) -> Floats:
    product: Floats = a[..., _NEXT] * b[..., _LAST] - a[..., _LAST] * b[..., _NEXT]
    return product


def rotate(q: Floats, v: Floats) -> Floats:
    """v (..., 3) turned by q (..., 4)."""
    axis = q[..., 1:]
    twice = cross(axis, v)
    twice = twice + twice
    turned: Floats = v + q[..., :1] * twice + cross(axis, twice)
    return turned


def from_small_rotation(vector: Floats) -> Floats:
    """Quaternion of a rotation vector (..., 3) in rad, by power series; exact to 1e-9 up to 4 rad.

    A series, because sin and cos may round differently in the vector and the scalar part of a NumPy loop.
    """
    square = vector * vector
    x = (square[..., 0] + square[..., 1] + square[..., 2]) * 0.25  # (half angle)²
    cosine = 1.0 - x / 2 * (1 - x / 12 * (1 - x / 30 * (1 - x / 56 * (1 - x / 90 * (1 - x / 132 * (1 - x / 182))))))
    sinc = 1.0 - x / 6 * (1 - x / 20 * (1 - x / 42 * (1 - x / 72 * (1 - x / 110 * (1 - x / 156 * (1 - x / 210))))))
    return normalise(np.concatenate([cosine[..., None], vector * (0.5 * sinc)[..., None]], axis=-1))


def between(u: Floats, v: Floats) -> Floats:
    """The shortest rotation that takes the direction of u onto that of v, both (..., 3) and of unit length.

    For opposite directions, where every half turn is as short, it turns about an axis square to u.
    """
    dot = u[..., 0] * v[..., 0] + u[..., 1] * v[..., 1] + u[..., 2] * v[..., 2]
    q = np.concatenate([(1.0 + dot)[..., None], cross(u, v)], axis=-1)
    opposite = dot < -1.0 + 1e-9
    if opposite.any():
        q = np.where(opposite[..., None], _half_turn(u), q)
    return normalise(q)


def upright(up: Floats) -> Floats:
    """`between(up, (0, 0, 1))` in fewer operations; meant for directions (..., 3) that are up nearly enough."""
    zero = np.zeros_like(up[..., 0])
    return normalise(np.stack([1.0 + up[..., 2], up[..., 1], -up[..., 0], zero], axis=-1))


def _half_turn(u: Floats) -> Floats:
    """A half turn about an axis square to u."""
    first = np.abs(u[..., :1]) < 0.9
    axis = cross(u, np.where(first, np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])))
    return np.concatenate([np.zeros_like(axis[..., :1]), axis], axis=-1)


def up_in_body(q: Floats) -> Floats:
    """World's up (0, 0, 1) as a body sees it, (..., 3), for q body → world."""
    return np.stack(up_parts(q), axis=-1)


def up_parts(q: Floats) -> tuple[Floats, Floats, Floats]:
    """The same in three parts."""
    w, x, y, z = q[..., 0], q[..., 1], q[..., 2], q[..., 3]
    return 2.0 * (x * z - w * y), 2.0 * (y * z + w * x), w * w - x * x - y * y + z * z


def from_axes(forward: Floats, left: Floats, up: Floats) -> Floats:
    """The rotation body → frame, for the body's three unit axes (3,) as that frame sees them."""
    m = np.stack([forward, left, up], axis=1)
    squares = np.array(
        [
            1 + m[0, 0] + m[1, 1] + m[2, 2],
            1 + m[0, 0] - m[1, 1] - m[2, 2],
            1 - m[0, 0] + m[1, 1] - m[2, 2],
            1 - m[0, 0] - m[1, 1] + m[2, 2],
        ]
    )
    largest = int(np.argmax(squares))  # dividing by the largest part keeps the digits
    rows = [
        [squares[0], m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]],
        [m[2, 1] - m[1, 2], squares[1], m[1, 0] + m[0, 1], m[0, 2] + m[2, 0]],
        [m[0, 2] - m[2, 0], m[1, 0] + m[0, 1], squares[2], m[2, 1] + m[1, 2]],
        [m[1, 0] - m[0, 1], m[0, 2] + m[2, 0], m[2, 1] + m[1, 2], squares[3]],
    ]
    return normalise(np.array(rows[largest]))
