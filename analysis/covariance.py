"""What a Kalman filter of tilt, velocity and gyroscope bias knows about its own errors, in plain floats.

Errors are of tilt x, y (rad), velocity u, v (m/s) and bias a, b, c (rad/s). Most of how they move together is zero or
one, so that written out it costs a fraction of products of seven by seven matrices, and the order of every sum is
fixed by the source. Bierman, Factorization Methods for Discrete Sequential Estimation, 1977, for taking in one number
at a time.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.model import Floats

# The upper triangle: xx xy yy, xu xv yu yv, xa xb xc ya yb yc, uu uv vv, ua ub uc va vb vc, aa ab ac bb bc cc.
Covariance = tuple[float, ...]
# Rows x and y of ∫ R dt (s), sensor → world, as they see a bias, and the upward velocity gained (m/s).
Seen = Sequence[float]
Errors = tuple[float, float, float, float, float, float, float]  # of x, y, u, v, a, b, c

_PLACES: NDArray[np.intp] = np.array(
    [
        [0, 1, 3, 4, 7, 8, 9],
        [1, 2, 5, 6, 10, 11, 12],
        [3, 5, 13, 14, 16, 17, 18],
        [4, 6, 14, 15, 19, 20, 21],
        [7, 10, 16, 19, 22, 23, 24],
        [8, 11, 17, 20, 23, 25, 26],
        [9, 12, 18, 21, 24, 26, 27],
    ]
)
_BIAS = 22  # the place of aa


def started(tilt: float, velocity: float, bias: float) -> Covariance:
    """Independent errors of these variances."""
    whole = np.diag([tilt] * 2 + [velocity] * 2 + [bias] * 3)
    known = np.empty(_PLACES.max() + 1)
    known[_PLACES] = whole
    return tuple(known.tolist())


def restarted(old: Covariance, tilt: float, velocity: float) -> Covariance:
    """Tilt and velocity known anew with these variances, the bias as before."""
    return started(tilt, velocity, 0.0)[:_BIAS] + old[_BIAS:]


def matrices(known: Sequence[Covariance]) -> Floats:
    """m covariances as matrices (m, 7, 7)."""
    whole: Floats = np.array(known)[:, _PLACES]
    return whole


def transitions(seen: Sequence[Seen]) -> Floats:
    """How an error before each of m chunks is one after it, (m, 7, 7)."""
    told = np.array(seen)
    moves = np.tile(np.eye(7), (len(told), 1, 1))
    forward, left, force = told[:, 0:3], told[:, 3:6], told[:, 6]
    moves[:, 0, 4:], moves[:, 1, 4:] = -forward, -left
    moves[:, 2, 1], moves[:, 3, 0] = force, -force
    moves[:, 2, 4:] = (-0.5 * force)[:, None] * left
    moves[:, 3, 4:] = (0.5 * force)[:, None] * forward
    return moves


def moved(known: Covariance, seen: Seen, tilt: float, velocity: float, bias: float) -> Covariance:
    """After a chunk that added these variances.

    With s, r what the biases do to tilt x and y: x ← x − s, y ← y − r, u ← u + fz·(y − r/2), v ← v − fz·(x − s/2).
    """
    (xx, xy, yy, xu, xv, yu, yv, xa, xb, xc, ya, yb, yc, uu, uv, vv, ua, ub, uc, va, vb, vc, aa, ab, ac, bb, bc, cc) = (
        known
    )
    p, q, s, i, j, k, force = seen
    g = 0.5 * force
    sa, sb, sc = p * aa + q * ab + s * ac, p * ab + q * bb + s * bc, p * ac + q * bc + s * cc
    ra, rb, rc = i * aa + j * ab + k * ac, i * ab + j * bb + k * bc, i * ac + j * bc + k * cc
    sx, sy = p * xa + q * xb + s * xc, p * ya + q * yb + s * yc
    rx, ry = i * xa + j * xb + k * xc, i * ya + j * yb + k * yc
    xa2, xb2, xc2, ya2, yb2, yc2 = xa - sa, xb - sb, xc - sc, ya - ra, yb - rb, yc - rc
    xx2 = xx - 2.0 * sx + (p * sa + q * sb + s * sc)
    xy2 = xy - sy - rx + (i * sa + j * sb + k * sc)
    yy2 = yy - 2.0 * ry + (i * ra + j * rb + k * rc)
    xu1, xv1 = xu - (p * ua + q * ub + s * uc), xv - (p * va + q * vb + s * vc)  # new tilt, old velocity
    yu1, yv1 = yu - (i * ua + j * ub + k * uc), yv - (i * va + j * vb + k * vc)
    xu2, xv2 = xu1 + g * (xy - sy + xy2), xv1 - g * (xx - sx + xx2)
    yu2, yv2 = yu1 + g * (yy - ry + yy2), yv1 - g * (xy - rx + xy2)
    twice = xy + xy - rx
    uu2 = uu + g * (yu + yu1 + (yu + g * (yy + yy - ry)) + yu2)
    vv2 = vv - g * (xv + xv1 + (xv - g * (xx + xx - sx)) + xv2)
    uv2 = uv + g * (yv + yv1 - (xu + g * twice) - xu2)
    return (
        xx2 + tilt, xy2, yy2 + tilt, xu2, xv2, yu2, yv2, xa2, xb2, xc2, ya2, yb2, yc2,
        uu2 + velocity, uv2, vv2 + velocity,
        ua + g * (ya + ya2), ub + g * (yb + yb2), uc + g * (yc + yc2),
        va - g * (xa + xa2), vb - g * (xb + xb2), vc - g * (xc + xc2),
        aa + bias, ab, ac, bb + bias, bc, cc + bias,
    )  # fmt: skip


def stopped(known: Covariance, velocity: tuple[float, float], variance: float) -> tuple[Covariance, Errors]:
    """After "the velocity is zero" of that variance; and the correction of the state."""
    (xx, xy, yy, xu, xv, yu, yv, xa, xb, xc, ya, yb, yc, uu, uv, vv, ua, ub, uc, va, vb, vc, aa, ab, ac, bb, bc, cc) = (
        known
    )
    scale = 1.0 / ((uu + variance) * (vv + variance) - uv * uv)
    d, e, f = (vv + variance) * scale, -uv * scale, (uu + variance) * scale
    x1, x2, y1, y2 = xu * d + xv * e, xu * e + xv * f, yu * d + yv * e, yu * e + yv * f
    u1, u2, v1, v2 = uu * d + uv * e, uu * e + uv * f, uv * d + vv * e, uv * e + vv * f
    a1, a2, b1, b2, c1, c2 = (
        ua * d + va * e,
        ua * e + va * f,
        ub * d + vb * e,
        ub * e + vb * f,
        uc * d + vc * e,
        uc * e + vc * f,
    )
    u, v = velocity
    return (
        xx - x1 * xu - x2 * xv, xy - x1 * yu - x2 * yv, yy - y1 * yu - y2 * yv,
        xu - x1 * uu - x2 * uv, xv - x1 * uv - x2 * vv, yu - y1 * uu - y2 * uv, yv - y1 * uv - y2 * vv,
        xa - x1 * ua - x2 * va, xb - x1 * ub - x2 * vb, xc - x1 * uc - x2 * vc,
        ya - y1 * ua - y2 * va, yb - y1 * ub - y2 * vb, yc - y1 * uc - y2 * vc,
        uu - u1 * uu - u2 * uv, uv - u1 * uv - u2 * vv, vv - v1 * uv - v2 * vv,
        ua - u1 * ua - u2 * va, ub - u1 * ub - u2 * vb, uc - u1 * uc - u2 * vc,
        va - v1 * ua - v2 * va, vb - v1 * ub - v2 * vb, vc - v1 * uc - v2 * vc,
        aa - a1 * ua - a2 * va, ab - a1 * ub - a2 * vb, ac - a1 * uc - a2 * vc,
        bb - b1 * ub - b2 * vb, bc - b1 * uc - b2 * vc, cc - c1 * uc - c2 * vc,
    ), (
        -(x1 * u + x2 * v), -(y1 * u + y2 * v), -(u1 * u + u2 * v), -(v1 * u + v2 * v),
        -(a1 * u + a2 * v), -(b1 * u + b2 * v), -(c1 * u + c2 * v),
    )  # fmt: skip


def rested(known: Covariance, off: Sequence[float], variance: float) -> tuple[Covariance, Errors]:
    """After "the biases are wrong by `off`", each of that variance; and the correction of the state."""
    a, b, c = off
    known, (x1, y1, u1, v1, a1, b1, c1) = _first_bias_told(known, a, variance)
    known, (x2, y2, u2, v2, b2, c2, a2) = _first_bias_told(known, b - b1, variance)
    known, (x3, y3, u3, v3, c3, a3, b3) = _first_bias_told(known, c - c1 - c2, variance)
    return known, (
        x1 + x2 + x3,
        y1 + y2 + y3,
        u1 + u2 + u3,
        v1 + v2 + v3,
        a1 + a2 + a3,
        b1 + b2 + b3,
        c1 + c2 + c3,
    )


def _first_bias_told(known: Covariance, off: float, variance: float) -> tuple[Covariance, Errors]:
    """After "a is wrong by `off`", and its correction; then a, b, c go by the names of c, a, b."""
    (xx, xy, yy, xu, xv, yu, yv, xa, xb, xc, ya, yb, yc, uu, uv, vv, ua, ub, uc, va, vb, vc, aa, ab, ac, bb, bc, cc) = (
        known
    )
    scale = 1.0 / (aa + variance)
    x, y, u, v, a, b, c = xa * scale, ya * scale, ua * scale, va * scale, aa * scale, ab * scale, ac * scale
    return (
        xx - x * xa, xy - x * ya, yy - y * ya, xu - x * ua, xv - x * va, yu - y * ua, yv - y * va,
        xb - x * ab, xc - x * ac, xa - x * aa, yb - y * ab, yc - y * ac, ya - y * aa,
        uu - u * ua, uv - u * va, vv - v * va,
        ub - u * ab, uc - u * ac, ua - u * aa, vb - v * ab, vc - v * ac, va - v * aa,
        bb - b * ab, bc - b * ac, ab - b * aa, cc - c * ac, ac - c * aa, aa - a * aa,
    ), (x * off, y * off, u * off, v * off, a * off, b * off, c * off)  # fmt: skip
