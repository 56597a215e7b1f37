"""When a sensor rests, and what its gyroscope reads then: its bias.

Fed chunks of samples. Means follow in equal steps, as chunks of one run are of nearly the same length.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from analysis.model import Floats

_DEG = math.pi / 180

_MEAN_S = 0.5  # time constant of the short mean a resting sample stays close to
_SLOW_S = 2.0  # time constant of the long mean: gravity that wanders from it is a slow lean, no rest
_REST_S = 1.5  # as in VQF (10.1016/j.inffus.2022.10.014), like the next two
_GYR_SPREAD = 2.0 * _DEG  # rad/s
_ACC_SPREAD = 0.5  # m/s²
_ACC_DRIFT = 0.2  # m/s², short mean against long mean: about 0.8°/s of lean
_FEW = 10  # chunks; below, plain floats are faster
_BIAS_LIMIT = 6.0 * _DEG  # rad/s; twice the typical zero-rate offset of consumer IMUs


class RestDetector:
    """Rest: acceleration and rate stay close to their short means for a while, and the means stay where they are."""

    def __init__(self, chunk_s: float) -> None:
        """`chunk_s`: a chunk's length."""
        self._soon, self._slowly = (_Mean(1.0 - math.exp(-chunk_s / span_s)) for span_s in (_MEAN_S, _SLOW_S))
        self._fewest = math.floor(_REST_S / chunk_s) + 1  # still chunks in a row
        self._still = 0

    def feed(
        self, gyr: Floats, acc: Floats, gyr_spread: Floats, acc_spread: Floats
    ) -> tuple[NDArray[np.bool_], Floats]:
        """Which of m chunks rest, and the gyroscope's short mean (m, 3) rad/s.

        gyr and acc (m, 3) are a chunk's means, the spreads (m,) its greatest deviations.
        """
        both = np.concatenate([gyr.T, acc.T])
        mean, slow = self._soon.feed(both), self._slowly.feed(both[3:])
        if len(gyr) < _FEW:
            columns = (both.T.tolist(), mean.T.tolist(), slow.T.tolist(), gyr_spread.tolist(), acc_spread.tolist())
            return np.array([self._rests(*chunk) for chunk in zip(*columns, strict=True)]), mean[:3].T
        off, drift = both - mean, mean[3:] - slow
        still = (gyr_spread < 1.5 * _GYR_SPREAD) & (acc_spread < 1.5 * _ACC_SPREAD)
        still &= (_square(off[:3]) < _GYR_SPREAD**2) & (_square(off[3:]) < _ACC_SPREAD**2)
        still &= (_square(drift) < _ACC_DRIFT**2) & (np.abs(mean[:3]).max(axis=0) < _BIAS_LIMIT)
        place = np.arange(len(still))
        streak = place - np.maximum.accumulate(np.where(still, -1 - self._still, place))
        self._still = int(streak[-1])
        return streak >= self._fewest, mean[:3].T

    def _rests(
        self, both: Sequence[float], mean: Sequence[float], slow: Sequence[float], gyr_spread: float, acc_spread: float
    ) -> bool:
        """The same for one chunk."""
        p, q, r, u, v, w = both
        a, b, c, x, y, z = mean
        i, j, k = slow
        still = (
            gyr_spread < 1.5 * _GYR_SPREAD
            and acc_spread < 1.5 * _ACC_SPREAD
            and (p - a) * (p - a) + (q - b) * (q - b) + (r - c) * (r - c) < _GYR_SPREAD**2
            and (u - x) * (u - x) + (v - y) * (v - y) + (w - z) * (w - z) < _ACC_SPREAD**2
            and (x - i) * (x - i) + (y - j) * (y - j) + (z - k) * (z - k) < _ACC_DRIFT**2
            and max(abs(a), abs(b), abs(c)) < _BIAS_LIMIT
        )
        self._still = self._still + 1 if still else 0
        return self._still >= self._fewest


class _Mean:
    """An exponential mean of lines (k, m) that remembers where it was."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._state: Floats | None = None

    def feed(self, x: Floats) -> Floats:
        if self._state is None:
            self._state = (1.0 - self._share) * x[:, :1]
        y: Floats
        y, self._state = lfilter([self._share], [1.0, self._share - 1.0], x, zi=self._state)
        return y


def _square(v: Floats) -> Floats:
    square = v * v
    total: Floats = (square[0] + square[1]) + square[2]
    return total
