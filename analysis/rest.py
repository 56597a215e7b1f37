"""When a sensor rests, and what its gyroscope reads then: its bias.

Fed once per chunk of samples. Plain floats in a loop: whether chunk k rests depends on the chunks before it,
and there are only seven a second.
"""

from __future__ import annotations

import math

from analysis.model import Floats

_DEG = math.pi / 180

_MEAN_S = 0.5  # time constant of the short mean a resting sample stays close to
_SLOW_S = 2.0  # time constant of the long mean: gravity that wanders from it is a slow lean, no rest
_REST_S = 1.5  # as in VQF (10.1016/j.inffus.2022.10.014), like the next two
_GYR_SPREAD = 2.0 * _DEG  # rad/s
_ACC_SPREAD = 0.5  # m/s²
_ACC_DRIFT = 0.2  # m/s², short mean against long mean: about 0.8°/s of lean
_BIAS_LIMIT = 6.0 * _DEG  # rad/s; twice the typical zero-rate offset of consumer IMUs

Vector = tuple[float, float, float]


class RestDetector:
    """Rest: acceleration and rate stay close to their short means for a while, and the means stay where they are."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """After a gap."""
        self._gyr: Vector | None = None
        self._acc: Vector = (0.0, 0.0, 0.0)
        self._slow: Vector = (0.0, 0.0, 0.0)
        self._still_s = 0.0

    def feed(
        self, span_s: Floats, gyr: Floats, acc: Floats, gyr_spread: Floats, acc_spread: Floats
    ) -> list[Vector | None]:
        """The gyroscope's short mean (rad/s) for each of m chunks that rests, None for one that does not.

        span_s (m,) is the chunk's length, gyr and acc (m, 3) its means, the spreads (m,) its greatest deviations.
        """
        quiet = ((gyr_spread < 1.5 * _GYR_SPREAD) & (acc_spread < 1.5 * _ACC_SPREAD)).tolist()
        return [self._rests(*chunk) for chunk in zip(span_s.tolist(), gyr.tolist(), acc.tolist(), quiet, strict=True)]

    def _rests(self, span_s: float, rate: list[float], force: list[float], is_quiet: bool) -> Vector | None:
        x, y, z = rate
        u, v, w = force
        if self._gyr is None:
            self._gyr = (x, y, z)
            self._acc = self._slow = (u, v, w)
        share, slow = 1 - math.exp(-span_s / _MEAN_S), 1 - math.exp(-span_s / _SLOW_S)
        gx, gy, gz = self._gyr
        ax, ay, az = self._acc
        sx, sy, sz = self._slow
        self._gyr = gyr = gx, gy, gz = (gx + share * (x - gx), gy + share * (y - gy), gz + share * (z - gz))
        self._acc = acc = (ax + share * (u - ax), ay + share * (v - ay), az + share * (w - az))
        self._slow = (sx + slow * (u - sx), sy + slow * (v - sy), sz + slow * (w - sz))
        rests = (
            is_quiet
            and math.dist(gyr, rate) < _GYR_SPREAD
            and math.dist(acc, force) < _ACC_SPREAD
            and math.dist(acc, self._slow) < _ACC_DRIFT
            and -_BIAS_LIMIT < min(gyr) <= max(gyr) < _BIAS_LIMIT
        )
        self._still_s = self._still_s + span_s if rests else 0.0
        return gyr if self._still_s > _REST_S else None
