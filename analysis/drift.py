"""How far a worn sensor has crept since its wearer last showed upright, as far as walks can tell.

What a walk shows is how this wearer walks plus how far the sensor has crept plus what differs from walk to walk. The
first does not change and is hardly known at first; the second is nothing at first and wanders. A Kalman filter with
these two states for each level axis tells them apart.
"""

from __future__ import annotations

import math

import numpy as np

from analysis.model import Floats

GAIT_DEG = 3.0  # by which walking leans against standing, before any walk was seen (one SD): a choice of ours
WALK_DEG = 0.8  # from walk to walk; in the simulated wearer 0.3–1.0°
WANDER_DEG = 1.3  # in an hour, growing with its root: follows 3° in two hours, and leaves 0.5° where nothing creeps
AGAIN_DEG = 1.3  # how well an upright that is shown again is the one of before


class Drift:
    """Walks in; all angles are (2,) in degrees, forward and to the right."""

    def __init__(self) -> None:
        self.gait_deg: Floats = np.zeros(2)  # how the wearer walks, the sensor sitting as it did
        self.crept_deg: Floats = np.zeros(2)
        self._gait, self._both, self._crept = GAIT_DEG**2, 0.0, 0.0  # variances and covariance of either axis
        self._at_s = math.nan

    @property
    def is_new(self) -> bool:
        """No walk has been seen yet."""
        return math.isnan(self._at_s)

    def walked(self, lean_deg: Floats, at_s: float) -> None:
        """A walk that ended at `at_s`, and how the segment leaned in it."""
        if not self.is_new:
            self._crept += WANDER_DEG**2 * (at_s - self._at_s) / 3600.0
        self._at_s = at_s
        to_gait, to_crept = self._gait + self._both, self._both + self._crept
        spread = to_gait + to_crept + WALK_DEG**2
        off_deg = lean_deg - self.gait_deg - self.crept_deg
        self.gait_deg = self.gait_deg + off_deg * (to_gait / spread)
        self.crept_deg = self.crept_deg + off_deg * (to_crept / spread)
        self._gait -= to_gait * to_gait / spread
        self._both -= to_gait * to_crept / spread
        self._crept -= to_crept * to_crept / spread

    def corrected(self, turned_deg: Floats) -> None:
        """The mounting has been turned by so much."""
        self.crept_deg = self.crept_deg - turned_deg

    def shown_upright(self) -> None:
        """The wearer has shown upright again; how they walk is as it was."""
        self.crept_deg = np.zeros(2)
        self._both, self._crept = 0.0, AGAIN_DEG**2
