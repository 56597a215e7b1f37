"""Physical values → the int16 counts that blocks are made of."""

from __future__ import annotations

from math import pi

import numpy as np
from numpy.typing import NDArray

from analysis.model import GRAVITY, Floats
from firmware_bridge.driver import Scale

_MOST = 32767
_BEYOND = 1.5  # ranges; a value farther out was never measured


def full_scale(acc_g: float, gyr_dps: float) -> Scale:
    """The scale at which int16 holds these ranges."""
    return Scale(acc=acc_g * GRAVITY / 32768, gyr=gyr_dps * pi / 180 / 32768)


def counts_of(values: Floats, scale: Scale) -> bytes | None:
    """(n, 6) acc in m/s² and gyr in rad/s → counts, saturated; None where a value cannot have been measured."""
    with np.errstate(over="ignore"):
        counts = values / np.repeat([scale.acc, scale.gyr], 3)
    if not (np.abs(counts) < _BEYOND * _MOST).all():  # NaN is not below anything
        return None
    rounded: NDArray[np.int16] = np.clip(np.rint(counts), -_MOST - 1, _MOST).astype("<i2")
    return rounded.tobytes()
