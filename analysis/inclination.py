"""Which way is up and how wrong the gyroscope is: a Kalman filter that takes one step a chunk of samples, or some.

Tilt cannot be read from an accelerometer that moves. But what moves at a desk goes nowhere for long: its velocity
stays near zero, while a wrong tilt by 1° lets the integrated velocity run away by 0.17 m/s every second. So the
filter integrates velocity too, is told again and again that it is zero within VELOCITY, and finds tilt and bias from
that, in motion as in rest. How quickly it believes follows from what it can know: slowly while a strong movement
keeps the velocity away from zero, quickly when it has turned fast and the gyroscope's own scale is in doubt.

Errors are small angles about the world's x and y; heading is what the gyroscope says. The constants are round figures
between fits to either half of the trials of BROAD (Laidig et al. 2021, 10.3390/data6070072, CC BY 4.0), each of which
did as well on the other half.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from analysis import covariance
from analysis.covariance import Covariance, Errors, Seen, Vector
from analysis.model import GRAVITY

_DEG = math.pi / 180

_VELOCITY = 0.18  # m/s·√s: what a second of "it stands still" is worth
_ACC_NOISE = 0.01  # m/s²·√s
_GYR_NOISE = 0.12 * _DEG  # rad/s·√s, with whatever else turns slowly
_TURNING = 1.0  # rad/s·√s: a rise or a bend at some 60°/s for a second, to who does not see it turn
_GYR_SCALE = 0.001  # of the rate, rad/√s per rad/s: scale and axes of a consumer gyroscope
_BIAS_START = 2.0 * _DEG  # rad/s, standard deviation before anything is known
_BIAS_WALK = 0.004 * _DEG  # rad/s per √s: 0.04°/s in 100 s
_REST_NOISE = 0.06 * _DEG  # rad/s·√s: what a second of rest of a living body is worth
_TILT_START = 2.0 * _DEG  # rad, of the first chunk's mean, when that was quiet
_VELOCITY_START = 0.5  # m/s
_PATIENCE = 8  # chunks of rest that may be judged as one

Quaternion = tuple[float, float, float, float]


class Step(NamedTuple):
    """One step, of a chunk or of some that are judged as one."""

    before: Quaternion  # sensor → world before it
    bias: Vector  # rad/s taken off it
    prior: Covariance  # before it
    seen: Seen  # what makes of an error before it one after it
    expected: Covariance  # after it, before its measurement
    correction: Errors  # what the measurement changed


class Inclination:
    """Orientation, horizontal velocity and gyroscope bias of one sensor with their covariance.

    In the middle of a rest a chunk may wait to be judged as one with those after it (`groups`): `patience` is how many
    at most. Its orientation is told meanwhile as the gyroscope says.

    Without a gyroscope every chunk is said not to turn, with an error of as much as a body does; and there is no bias.
    """

    def __init__(self, *, patience: int = _PATIENCE, has_gyroscope: bool = True) -> None:
        self.patience = patience
        self._turn_noise = (_GYR_NOISE if has_gyroscope else _TURNING) ** 2
        self._bias_walk = _BIAS_WALK**2 if has_gyroscope else 0.0
        self._q: Quaternion = (1.0, 0.0, 0.0, 0.0)
        self._velocity = (0.0, 0.0)
        self._bias: Vector = (0.0, 0.0, 0.0)
        self._covariance = covariance.started(0.0, 0.0, _BIAS_START**2 if has_gyroscope else 0.0)

    def restart(self, q: Sequence[float], unrest: float) -> None:
        """A new run at sensor → world q, from accelerations `unrest` m/s² away from gravity; the bias stays known."""
        self._q = (q[0], q[1], q[2], q[3])
        self._velocity = (0.0, 0.0)
        tilt = _TILT_START + min(unrest / GRAVITY, 1.0)
        self._covariance = covariance.restarted(self._covariance, tilt**2, _VELOCITY_START**2)

    @property
    def noise(self) -> tuple[float, float, float]:
        """Variances a second: of a turn, and more by this share of its rate's square; of velocity."""
        return self._turn_noise, _GYR_SCALE**2, _ACC_NOISE**2

    @property
    def state(self) -> tuple[float, ...]:
        """Sensor → world (4) and the gyroscope's bias (3), rad/s."""
        return *self._q, *self._bias

    def judge(self, said: Sequence[float]) -> Errors:
        """One chunk, or some together: what they say (see `groups.SAID`). The correction it led to."""
        expected, _, tipped = self._predict(said)
        return self._judged(expected, said, tipped)

    def step(self, said: Sequence[float]) -> Step:
        """The same, with all that it knew."""
        before, bias, prior = self._q, self._bias, self._covariance
        expected, seen, tipped = self._predict(said)
        return Step(before, bias, prior, seen, expected, self._judged(expected, said, tipped))

    def _judged(self, expected: Covariance, said: Sequence[float], tipped: Vector) -> Errors:
        """Takes in that the sensor went nowhere, and what its gyroscope read (rad) in rest."""
        span_s, rest_s, i, j, k = said[18:]
        p, q, r = self._bias
        known, (x, y, u, v, a, b, c) = covariance.stopped(expected, self._velocity, _VELOCITY**2 / max(span_s, 1e-3))
        if rest_s > 0.0:
            off = (i / rest_s - p - a, j / rest_s - q - b, k / rest_s - r - c)
            known, (d, e, f) = covariance.rested(known, off, _REST_NOISE**2 / max(rest_s, 1e-3))
            a, b, c = a + d, b + e, c + f
        self._covariance = known
        x, y, u, v, a, b, c = correction = covariance.whole(known, (x, y, u, v, a, b, c))
        self._velocity = (self._velocity[0] + u, self._velocity[1] + v)
        self._bias = (p + a, q + b, r + c)
        dx, dy, dz = tipped
        self._q = _tipped(self._q, dx + x, dy + y, dz)
        return correction

    def _predict(self, said: Sequence[float]) -> tuple[Covariance, Seen, Vector]:
        """Takes orientation and velocity over it, but for the turn (rad, world's axes) that the bias only made up.

        Also told: what it makes of the errors, and how the world sees the bias and the force meanwhile.
        """
        w, x, y, z = self._q
        a, b, c = self._bias
        s, i, j, k, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, tilt, velocity, span_s = said[:19]
        x2, y2, z2 = x + x, y + y, z + z
        xx, yy, zz, xy, xz, yz, wx, wy, wz = x * x2, y * y2, z * z2, x * y2, x * z2, y * z2, w * x2, w * y2, w * z2
        r0, r1, r2 = 1.0 - (yy + zz), xy - wz, xz + wy
        p0, p1, p2 = r0 * m0 + r1 * m4 + r2 * m8, r0 * m1 + r1 * m5 + r2 * m9, r0 * m2 + r1 * m6 + r2 * m10
        fx = r0 * m3 + r1 * m7 + r2 * m11
        r0, r1, r2 = xy + wz, 1.0 - (xx + zz), yz - wx
        q0, q1, q2 = r0 * m0 + r1 * m4 + r2 * m8, r0 * m1 + r1 * m5 + r2 * m9, r0 * m2 + r1 * m6 + r2 * m10
        fy = r0 * m3 + r1 * m7 + r2 * m11
        r0, r1, r2 = xz - wy, yz + wx, 1.0 - (xx + yy)
        fz = r0 * m3 + r1 * m7 + r2 * m11
        dx, dy = -(p0 * a + p1 * b + p2 * c), -(q0 * a + q1 * b + q2 * c)
        dz = -(r0 * (m0 * a + m1 * b + m2 * c) + r1 * (m4 * a + m5 * b + m6 * c) + r2 * (m8 * a + m9 * b + m10 * c))
        # The bias turned the chunk's later half more than its earlier one: on average by half of its whole drift.
        u, v = self._velocity
        self._velocity = (u + fx + 0.5 * (dy * fz - dz * fy), v + fy + 0.5 * (dz * fx - dx * fz))
        self._q = (
            w * s - x * i - y * j - z * k,
            w * i + x * s + y * k - z * j,
            w * j - x * k + y * s + z * i,
            w * k + x * j - y * i + z * s,
        )
        seen = (p0, p1, p2, q0, q1, q2, fz)
        return covariance.moved(self._covariance, seen, tilt, velocity, self._bias_walk * span_s), seen, (dx, dy, dz)


def _tipped(q: Quaternion, x: float, y: float, z: float) -> Quaternion:
    """q turned by a small (x, y, z) rad about the world's axes."""
    a, b, c, d = q
    x, y, z = 0.5 * x, 0.5 * y, 0.5 * z
    e, f = a - x * b - y * c - z * d, b + x * a + y * d - z * c
    g, h = c + y * a + z * b - x * d, d + z * a + x * c - y * b
    scale = 1.0 / math.sqrt(e * e + f * f + g * g + h * h)
    return e * scale, f * scale, g * scale, h * scale
