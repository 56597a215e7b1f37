"""When a sensor rests, and the gyroscope's bias learned then.

Fed once per chunk of samples. Plain floats in a loop: chunk k's bias depends on all chunks before it,
and there are only six a second.
"""

from __future__ import annotations

import math

import numpy as np

from analysis.model import Floats

_DEG = math.pi / 180

_MEAN_S = 0.5  # time constant of the short mean a resting sample stays close to
_SLOW_S = 2.0  # time constant of the long mean: gravity that wanders from it is a slow lean, no rest
_REST_S = 1.5  # as in VQF (10.1016/j.inffus.2022.10.014), like the next two
_GYR_SPREAD = 2.0 * _DEG  # rad/s
_ACC_SPREAD = 0.5  # m/s²
_ACC_DRIFT = 0.2  # m/s², short mean against long mean: about 0.8°/s of lean
_BIAS_LIMIT = 6.0 * _DEG  # rad/s; twice the typical zero-rate offset of consumer IMUs
_BIAS_START = 2.0 * _DEG  # rad/s, standard deviation before anything is known
_BIAS_WALK = 0.003 * _DEG  # rad/s per √s: 0.03°/s in 100 s
_REST_NOISE = 0.06 * _DEG  # rad/s·√s: what a second of rest of a living body is worth

Vector = tuple[float, float, float]


class BiasFilter:
    """A scalar-variance Kalman filter on the gyroscope's bias that only measures in rest."""

    def __init__(self) -> None:
        self._bias: Vector = (0.0, 0.0, 0.0)
        self._variance = _BIAS_START**2
        self.restart()

    def restart(self) -> None:
        """After a gap: the bias stays known, the means do not."""
        self._gyr: Vector | None = None
        self._acc: Vector = (0.0, 0.0, 0.0)
        self._slow: Vector = (0.0, 0.0, 0.0)
        self._still_s = 0.0

    def feed(self, dt: Floats, gyr: Floats, acc: Floats, gyr_spread: Floats, acc_spread: Floats) -> Floats:
        """The bias (m, 3) in rad/s to take off each of m chunks, each learned before its chunk.

        dt (m,) s is the chunk's length, gyr and acc (m, 3) its means, the spreads (m,) its greatest deviations.
        """
        bias: list[Vector] = []
        quiet = ((gyr_spread < 1.5 * _GYR_SPREAD) & (acc_spread < 1.5 * _ACC_SPREAD)).tolist()
        for span_s, rate, force, is_quiet in zip(dt.tolist(), gyr.tolist(), acc.tolist(), quiet, strict=True):
            bias.append(self._bias)
            self._learn(span_s, rate, force, is_quiet)
        return np.array(bias).reshape(-1, 3)

    def _learn(self, span_s: float, rate: list[float], force: list[float], is_quiet: bool) -> None:
        if self._gyr is None:
            self._gyr = (rate[0], rate[1], rate[2])
            self._acc = self._slow = (force[0], force[1], force[2])
        self._gyr = _toward(self._gyr, rate, 1 - math.exp(-span_s / _MEAN_S))
        self._acc = _toward(self._acc, force, 1 - math.exp(-span_s / _MEAN_S))
        self._slow = _toward(self._slow, force, 1 - math.exp(-span_s / _SLOW_S))
        self._variance += _BIAS_WALK**2 * span_s
        rests = (
            is_quiet
            and math.dist(self._gyr, rate) < _GYR_SPREAD
            and math.dist(self._acc, force) < _ACC_SPREAD
            and math.dist(self._acc, self._slow) < _ACC_DRIFT
            and max(abs(part) for part in self._gyr) < _BIAS_LIMIT
        )
        self._still_s = self._still_s + span_s if rests else 0.0
        if self._still_s > _REST_S:
            gain = self._variance / (self._variance + _REST_NOISE**2 / span_s)
            self._bias = _toward(self._bias, list(self._gyr), gain)
            self._variance *= 1 - gain


def _toward(old: Vector, new: list[float], share: float) -> Vector:
    return (
        old[0] + share * (new[0] - old[0]),
        old[1] + share * (new[1] - old[1]),
        old[2] + share * (new[2] - old[2]),
    )
