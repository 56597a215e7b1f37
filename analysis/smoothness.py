"""How smooth a movement is, from its speed alone."""

from __future__ import annotations

import math

import numpy as np

from analysis.model import Floats

CUT_HZ = 10.0  # no voluntary movement of the trunk is faster
LEAST = 0.05  # parts of the spectrum below this share of the highest are noise
_PAD = 4  # the spectrum is sampled 2⁴ times finer than the movement's length gives


def sparc(speed: Floats, rate_hz: float) -> float:
    """Spectral arc length of a speed profile (n,), dimensionless and negative: nearer to zero is smoother.

    The length of the curve that the normalised magnitude spectrum draws between 0 Hz and the last frequency below
    CUT_HZ that still holds LEAST of the highest (Balasubramanian 2015, J NeuroEng Rehabil 12:112, with its own
    parameters). It does not depend on amplitude or duration; a minimum-jerk movement has about −1.4. NaN for a
    profile that is too short, unknown anywhere or zero.
    """
    if len(speed) < 2 or not np.isfinite(speed).all() or not np.any(speed):
        return math.nan
    length = 2 ** (math.ceil(math.log2(len(speed))) + _PAD)
    magnitude = np.abs(np.fft.rfft(speed, length))
    magnitude = magnitude / magnitude.max()
    magnitude = magnitude[: math.floor(CUT_HZ * length / rate_hz) + 1]
    magnitude = magnitude[: np.flatnonzero(magnitude >= LEAST)[-1] + 1]
    if len(magnitude) < 2:
        return math.nan
    step = 1.0 / (len(magnitude) - 1)
    return -float(np.sum(np.sqrt(step * step + np.diff(magnitude) ** 2)))
