"""Which way is up and how wrong the gyroscope is: a Kalman filter that takes one step a chunk of samples.

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
from dataclasses import dataclass

import numpy as np

from analysis.model import GRAVITY, Floats

_DEG = math.pi / 180

_VELOCITY = 0.18  # m/s·√s: what a second of "it stands still" is worth
_ACC_NOISE = 0.01  # m/s²·√s
_GYR_NOISE = 0.12 * _DEG  # rad/s·√s, with whatever else turns slowly
_GYR_SCALE = 0.001  # of the rate, rad/√s per rad/s: scale and axes of a consumer gyroscope
_BIAS_START = 2.0 * _DEG  # rad/s, standard deviation before anything is known
_BIAS_WALK = 0.004 * _DEG  # rad/s per √s: 0.04°/s in 100 s
_REST_NOISE = 0.06 * _DEG  # rad/s·√s: what a second of rest of a living body is worth
_TILT_START = 2.0 * _DEG  # rad, of the first chunk's mean, when that was quiet
_VELOCITY_START = 0.5  # m/s

_SAME: Floats = np.eye(7)
_TILT, _SPEED, _BIAS = slice(0, 2), slice(2, 4), slice(4, 7)  # places in the error state


@dataclass(frozen=True, slots=True)
class Step:
    """One step, as a smoother needs it; errors (7,) are of tilt (rad), velocity (m/s) and bias (rad/s)."""

    before: tuple[float, float, float, float]  # sensor → world before the chunk
    bias: Floats  # (3,)   rad/s taken off the chunk
    prior: Floats  # (7, 7) covariance before the chunk
    moved: Floats  # (7, 7) how an error before the chunk is one after it
    expected: Floats  # (7, 7) covariance after the chunk, before its measurement
    correction: Floats  # (7,)  what the measurement changed


class Inclination:
    """Orientation, horizontal velocity and gyroscope bias of one sensor with their covariance."""

    def __init__(self) -> None:
        self._q = (1.0, 0.0, 0.0, 0.0)
        self._velocity = np.zeros(2)
        self._bias: Floats = np.zeros(3)
        self.covariance: Floats = np.diag([0.0] * 4 + [_BIAS_START**2] * 3)

    def restart(self, q: Sequence[float], unrest: float) -> None:
        """A new run at sensor → world q, from accelerations `unrest` m/s² away from gravity; the bias stays known."""
        self._q = (q[0], q[1], q[2], q[3])
        self._velocity = np.zeros(2)
        covariance = np.zeros((7, 7))
        covariance[_BIAS, _BIAS] = self.covariance[_BIAS, _BIAS]
        tilt = _TILT_START + min(unrest / GRAVITY, 1.0)
        covariance[range(4), range(4)] = [tilt**2, tilt**2, _VELOCITY_START**2, _VELOCITY_START**2]
        self.covariance = covariance

    def step(
        self,
        turn: Sequence[float],
        moves: Floats,
        span_s: float,
        rate: float,
        doubts: tuple[float, float],
        rest: Sequence[float] | None,
    ) -> Step:
        """One chunk: its turn (4,), moves (3, 4) and two doubts as in `strapdown.Chunks`, its mean rate (rad/s).

        rest (3,) rad/s is what the gyroscope reads if the sensor rests.
        """
        before, bias, prior = self._q, self._bias, self.covariance
        seen = _matrix(before) @ moves
        moved = self._predict(seen, turn)
        noise = (_GYR_NOISE**2 + (_GYR_SCALE * rate) ** 2) * span_s + doubts[0]
        gain_noise = _ACC_NOISE**2 * span_s + doubts[1]
        walk = _BIAS_WALK**2 * span_s
        expected = moved @ self.covariance @ moved.T
        expected.reshape(-1)[::8] += (noise, noise, gain_noise, gain_noise, walk, walk, walk)
        correction, known = _stands_still(expected, self._velocity, _VELOCITY**2 / max(span_s, 1e-3))
        if rest is not None:
            off = np.array(rest) - self._bias - correction[_BIAS]
            more, known = _rests(known, off, _REST_NOISE**2 / max(span_s, 1e-3))
            correction = correction + more
        self.covariance = 0.5 * (known + known.T)
        self._velocity = self._velocity + correction[_SPEED]
        self._bias = self._bias + correction[_BIAS]
        x, y = correction[_TILT].tolist()
        self._q = _times(_unit(1.0, 0.5 * x, 0.5 * y, 0.0), self._q)
        return Step(before, bias, prior, moved, expected, correction)

    def _predict(self, seen: Floats, turn: Sequence[float]) -> Floats:
        """Takes orientation and velocity over the chunk; how errors go with them, (7, 7)."""
        drift = -(seen[:, :3] @ self._bias)
        x, y, z = drift.tolist()
        fx, fy, fz = seen[:, 3].tolist()
        # The bias turned the chunk's later half more than its earlier one: on average by half of its whole drift.
        self._velocity = self._velocity + np.array([fx + 0.5 * (y * fz - z * fy), fy + 0.5 * (z * fx - x * fz)])
        a, b, c, d = turn
        self._q = _times(_unit(1.0, 0.5 * x, 0.5 * y, 0.5 * z), _times(self._q, (a, b, c, d)))
        moved = _SAME.copy()
        moved[_TILT, _BIAS] = -seen[:2, :3]
        moved[2, 1], moved[3, 0] = fz, -fz
        moved[2, _BIAS] = (-0.5 * fz) * seen[1, :3]
        moved[3, _BIAS] = (0.5 * fz) * seen[0, :3]
        return moved


def _stands_still(covariance: Floats, velocity: Floats, variance: float) -> tuple[Floats, Floats]:
    """Correction (7,) and covariance after "the velocity is zero" of that variance."""
    a, b, c, d = covariance[_SPEED, _SPEED].ravel().tolist()
    a, d = a + variance, d + variance
    scale = 1.0 / (a * d - b * c)
    gain = covariance[:, _SPEED] @ np.array([[d * scale, -b * scale], [-c * scale, a * scale]])
    return -(gain @ velocity), covariance - gain @ covariance[_SPEED]


def _rests(covariance: Floats, off: Floats, variance: float) -> tuple[Floats, Floats]:
    """Correction (7,) and covariance after "the bias is wrong by `off`" of that variance."""
    gain = covariance[:, _BIAS] @ np.linalg.inv(covariance[_BIAS, _BIAS] + variance * _SAME[_BIAS, _BIAS])
    return gain @ off, covariance - gain @ covariance[_BIAS]


Quaternion = tuple[float, float, float, float]


def _times(a: Quaternion, b: Quaternion) -> Quaternion:
    aw, ax, ay, az = a
    bw, bx, by, bz = b
    return _unit(
        aw * bw - ax * bx - ay * by - az * bz,
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
    )


def _unit(w: float, x: float, y: float, z: float) -> Quaternion:
    scale = 1.0 / math.sqrt(w * w + x * x + y * y + z * z)
    return w * scale, x * scale, y * scale, z * scale


def _matrix(q: Quaternion) -> Floats:
    w, x, y, z = q
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )
