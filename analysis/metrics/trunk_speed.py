"""Trunk angular speed: how fast the trunk turns at T12, whichever way.

The length of the angular rate, so it is never negative and knows no direction. Fast trunk movement is a load of its
own, apart from posture (EVA grades velocity beside level, 10.1186/1471-2288-13-54). In 22 people holding seated
postures it stayed below 1.6°/s for 95 % of the time (IMU Sitting Postures Dataset, CC BY 4.0).
"""

from __future__ import annotations

from analysis.metrics import Metric, speed_deg_s
from analysis.model import Floats, Pose, Segment


def _trunk_speed_deg_s(pose: Pose) -> Floats:
    return speed_deg_s(pose, Segment.LUMBAR)


METRIC = Metric(
    label="Trunk angular speed",
    unit="°/s",
    meaning="0 is holding still; held sitting postures stay below 2°/s.",
    needs=frozenset({Segment.LUMBAR}),
    error=0.5,
    error_source="gyroscope noise and what is left of its bias; soft tissue adds several °/s after a heel strike",
    compute=_trunk_speed_deg_s,
)
