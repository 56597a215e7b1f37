"""A few steps straight ahead, to another place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.model import Activity
from hardware.twin.moves import speed_m_s
from hardware.twin.pen import Axis, Pen

_RAMP_S = 1.0


@dataclass(frozen=True, slots=True)
class StepsAhead:
    """From standing to standing."""

    steps: int
    cadence_spm: float = 100.0
    pelvis_askew_deg: float = 0.0  # the pelvis is carried so far to the left of where the walk goes …
    back_askew_deg: float = 0.0  # … and T12 beyond that
    limp: float = 0.0  # as of moves.Walk

    @property
    def duration_s(self) -> float:
        return _RAMP_S + 60.0 * self.steps / self.cadence_spm

    def write(self, pen: Pen) -> None:
        stop_s = self.duration_s - _RAMP_S
        heading = pen.value(Axis.YAW)
        pen.cruise(speed_m_s(self.cadence_spm), heading, 0.0, _RAMP_S)
        pen.cruise(0.0, heading, stop_s, _RAMP_S)
        for axis, askew_deg in ((Axis.SPIN, self.pelvis_askew_deg), (Axis.TWIST, self.back_askew_deg)):
            pen.push(axis, float(np.radians(askew_deg)), 0.0, _RAMP_S)
            pen.push(axis, float(np.radians(-askew_deg)), stop_s, _RAMP_S)
        for axis, high, low in ((Axis.GAIT, 1.0, 0.0), (Axis.SWAY, 0.5, 1.0)):
            pen.go(axis, high, 0.0, _RAMP_S)
            pen.go(axis, low, stop_s, _RAMP_S)
        pen.walk(0.0, self.duration_s, self.cadence_spm, limp=self.limp)
        pen.mark(Activity.WALKING, _RAMP_S / 2)
        pen.mark(Activity.STANDING, stop_s + _RAMP_S / 2)
