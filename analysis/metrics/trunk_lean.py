"""Trunk lean: how far the trunk is tipped forward at T12, against the wearer's own upright.

What RULA and EN 1005-4 grade at 20° and 60°. It is pelvic tilt less lumbar lordosis: leaning from the hips moves it
with the pelvis, slouching moves it without.
"""

from __future__ import annotations

from analysis.metrics import Metric, pitch_deg
from analysis.model import Floats, Pose, Segment


def _trunk_lean_deg(pose: Pose) -> Floats:
    return pitch_deg(pose.q[Segment.LUMBAR])


METRIC = Metric(
    label="Trunk lean",
    unit="°",
    meaning="0 is your own upright; positive is leaning forward, negative is leaning back.",
    needs=frozenset({Segment.LUMBAR}),
    error=2.0,
    error_source="1–2° RMSE in slow movement; clipping the sensor on anew shifts it by several degrees",
    compute=_trunk_lean_deg,
)
