"""Lateral bend: how far the low back is bent to one side between the pelvis and T12.

The sideways inclination of T12 less that of the pelvis, so that leaning on one hip with a straight back is none.
"""

from __future__ import annotations

from analysis.metrics import Metric, roll_deg
from analysis.model import Floats, Pose, Segment


def _lateral_bend_deg(pose: Pose) -> Floats:
    return roll_deg(pose.q[Segment.LUMBAR]) - roll_deg(pose.q[Segment.PELVIS])


METRIC = Metric(
    label="Lateral bend",
    unit="°",
    meaning="0 is straight, as in your own upright; positive is bent to the right, negative is bent to the left.",
    needs=frozenset({Segment.PELVIS, Segment.LUMBAR}),
    error=2.0,
    error_source="taken as for lumbar lordosis, 1–2° RMSE in slow movement: the same two sensors and the same gravity",
    compute=_lateral_bend_deg,
    is_sideways=True,
)
