"""Pelvic angular speed: how fast the pelvis turns, whichever way.

What tells holding still from fidgeting: in 22 people holding seated postures it stayed below 1.3°/s for 95 % of the
time (IMU Sitting Postures Dataset, CC BY 4.0). The length of the angular rate, so it is never negative and knows no
direction; it includes turning on the spot, which no angle against gravity shows.
"""

from __future__ import annotations

from analysis.metrics import Metric, speed_deg_s
from analysis.model import Floats, Pose, Segment


def _pelvis_speed_deg_s(pose: Pose) -> Floats:
    return speed_deg_s(pose, Segment.PELVIS)


METRIC = Metric(
    label="Pelvic angular speed",
    unit="°/s",
    meaning="0 is holding still; held sitting postures stay below 2°/s.",
    needs=frozenset({Segment.PELVIS}),
    error=0.5,
    error_source="gyroscope noise and what is left of its bias; soft tissue adds several °/s after a heel strike",
    compute=_pelvis_speed_deg_s,
)
