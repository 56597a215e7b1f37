"""What a Kalman filter of tilt, velocity and gyroscope bias knows about its own errors, in plain floats.

Errors are of tilt x, y (rad), velocity u, v (m/s) and bias a, b, c (rad/s), kept as Friedland does (Treatment of bias
in recursive filtering, IEEE TAC 14(4), 1969, 10.1109/TAC.1969.1099223): what those of x, y, u, v were if the biases
were known; what each bias does to them; and those of the biases. The first have no direction, as nothing that makes or
mends them has one, so that three numbers are all of them. The order of every sum is fixed by the source.

In this form a bias that wanders takes along what it has done already. So the filter thinks; it is a matter of seconds
and of thousandths of a degree per second.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.model import Floats

# If the biases were known: the variance of x and of y, the covariance of y and u and of −x and v, the variance of u and
# of v. What a, b, c do to x: xa xb xc, then to y, u and v. And the biases' own: aa ab ac bb bc cc.
Covariance = tuple[float, ...]
# Rows x and y of ∫ R dt (s), sensor → world, as they see a bias, and the upward velocity gained (m/s).
Seen = Sequence[float]
Vector = tuple[float, float, float]
Errors = tuple[float, float, float, float, float, float, float]  # of x, y, u, v, a, b, c

_BIAS = 15  # the place of aa


def started(tilt: float, velocity: float, bias: float) -> Covariance:
    """Independent errors of these variances."""
    return (tilt, 0.0, velocity, *[0.0] * 12, bias, 0.0, 0.0, bias, 0.0, bias)


def restarted(old: Covariance, tilt: float, velocity: float) -> Covariance:
    """Tilt and velocity known anew with these variances, the bias as before."""
    return started(tilt, velocity, 0.0)[:_BIAS] + old[_BIAS:]


def matrices(known: Sequence[Covariance]) -> Floats:
    """m covariances as matrices (m, 7, 7)."""
    told = np.array(known)
    done, bias = told[:, 3:_BIAS].reshape(-1, 4, 3), told[:, _BIAS:][:, [[0, 1, 2], [1, 3, 4], [2, 4, 5]]]
    both = done @ bias
    whole = np.empty((len(told), 7, 7))
    whole[:, :4, :4] = both @ done.transpose(0, 2, 1)
    whole[:, [0, 1], [0, 1]] += told[:, :1]
    whole[:, [1, 2], [2, 1]] += told[:, 1:2]
    whole[:, [0, 3], [3, 0]] -= told[:, 1:2]
    whole[:, [2, 3], [2, 3]] += told[:, 2:3]
    whole[:, :4, 4:], whole[:, 4:, :4], whole[:, 4:, 4:] = both, both.transpose(0, 2, 1), bias
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
    xx, yu, uu, xa, xb, xc, ya, yb, yc, ua, ub, uc, va, vb, vc, aa, ab, ac, bb, bc, cc = known
    p, q, s, i, j, k, force = seen
    g = 0.5 * force
    xa2, xb2, xc2, ya2, yb2, yc2 = xa - p, xb - q, xc - s, ya - i, yb - j, yc - k
    yu2 = yu + force * xx
    return (
        xx + tilt, yu2, uu + force * (yu + yu2) + velocity,
        xa2, xb2, xc2, ya2, yb2, yc2,
        ua + g * (ya + ya2), ub + g * (yb + yb2), uc + g * (yc + yc2),
        va - g * (xa + xa2), vb - g * (xb + xb2), vc - g * (xc + xc2),
        aa + bias, ab, ac, bb + bias, bc, cc + bias,
    )  # fmt: skip


def stopped(known: Covariance, velocity: tuple[float, float], variance: float) -> tuple[Covariance, Errors]:
    """After "the velocity is zero" of that variance; and the correction, of x, y, u, v as if the biases were known."""
    xx, yu, uu, xa, xb, xc, ya, yb, yc, ua, ub, uc, va, vb, vc, aa, ab, ac, bb, bc, cc = known
    u, v = velocity
    au, bu, cu = aa * ua + ab * ub + ac * uc, ab * ua + bb * ub + bc * uc, ac * ua + bc * ub + cc * uc
    av, bv, cv = aa * va + ab * vb + ac * vc, ab * va + bb * vb + bc * vc, ac * va + bc * vb + cc * vc
    own = uu + variance
    d, e, f = own + (va * av + vb * bv + vc * cv), -(ua * av + ub * bv + uc * cv), own + (ua * au + ub * bu + uc * cu)
    scale = 1.0 / (d * f - e * e)
    d, e, f = d * scale, e * scale, f * scale
    a1, b1, c1 = au * d + av * e, bu * d + bv * e, cu * d + cv * e
    a2, b2, c2 = au * e + av * f, bu * e + bv * f, cu * e + cv * f
    gain, left = yu / own, variance / own
    told = (
        xx - gain * yu, yu * left, uu * left,
        xa + gain * va, xb + gain * vb, xc + gain * vc, ya - gain * ua, yb - gain * ub, yc - gain * uc,
        ua * left, ub * left, uc * left, va * left, vb * left, vc * left,
        aa - a1 * au - a2 * av, ab - a1 * bu - a2 * bv, ac - a1 * cu - a2 * cv,
        bb - b1 * bu - b2 * bv, bc - b1 * cu - b2 * cv, cc - c1 * cu - c2 * cv,
    )  # fmt: skip
    share = uu / own
    biases = -(a1 * u + a2 * v), -(b1 * u + b2 * v), -(c1 * u + c2 * v)
    return told, (gain * v, -gain * u, -share * u, -share * v, *biases)


def rested(known: Covariance, off: Sequence[float], variance: float) -> tuple[Covariance, Vector]:
    """After "the biases are wrong by `off`", each of that variance; and their correction."""
    a, b, c = off
    bias, (a1, b1, c1) = _first_told(known[_BIAS:], a, variance)
    bias, (b2, c2, a2) = _first_told(bias, b - b1, variance)
    bias, (c3, a3, b3) = _first_told(bias, c - c1 - c2, variance)
    return known[:_BIAS] + bias, (a1 + a2 + a3, b1 + b2 + b3, c1 + c2 + c3)


def whole(known: Covariance, errors: Errors) -> Errors:
    """Errors of which x, y, u, v are as if the biases were known, with what a, b, c have done to them."""
    _, _, _, xa, xb, xc, ya, yb, yc, ua, ub, uc, va, vb, vc, *_ = known
    x, y, u, v, a, b, c = errors
    return (
        x + (xa * a + xb * b + xc * c), y + (ya * a + yb * b + yc * c),
        u + (ua * a + ub * b + uc * c), v + (va * a + vb * b + vc * c), a, b, c,
    )  # fmt: skip


def _first_told(bias: Covariance, off: float, variance: float) -> tuple[Covariance, Vector]:
    """Of the biases, after "a is wrong by `off`", and their correction; then a, b, c go by the names of c, a, b."""
    aa, ab, ac, bb, bc, cc = bias
    scale = 1.0 / (aa + variance)
    a, b, c, left = aa * scale, ab * scale, ac * scale, variance * scale
    return (bb - b * ab, bc - b * ac, ab * left, cc - c * ac, ac * left, aa * left), (a * off, b * off, c * off)
