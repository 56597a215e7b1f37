"""What a twin's sensor measures, wherever it comes from: a simulated body or a recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from analysis.model import Floats, Segment


@dataclass(frozen=True, slots=True)
class Counts:
    """Samples as an IMU's registers hold them."""

    index: NDArray[np.int64]  # (n,)   the device's own sample counter, from 0; a hole is a missing sample
    t: Floats  # (n,)   s, true time of each sample
    counts: NDArray[np.int16]  # (n, 6) acc xyz, gyr xyz, sensor frame


class SampleSource(Protocol):
    """One sensor's samples over true time."""

    segment: Segment
    rate_hz: float  # nominal
    acc_scale: float  # m/s² per count
    gyr_scale: float  # rad/s per count
    end_s: float  # true time after which there are no more samples; inf if it never ends

    def read(self, t0: float, t1: float) -> Counts:
        """The samples of [t0, t1). Calls come in order of time."""
        ...
