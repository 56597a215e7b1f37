"""Pelvic obliquity: how far the pelvis is tipped to one side, against level.

The inclination of the pelvis' own left–right axis, so that tipping forward does not leak into it. In gait it swings
by some 8–12°; a sacral inertial sensor follows that well (n = 16, 10.1186/1475-925X-13-146).
"""

from __future__ import annotations

from analysis.metrics import Metric, roll_deg
from analysis.model import Floats, Pose, Segment


def _pelvic_obliquity_deg(pose: Pose) -> Floats:
    return roll_deg(pose.q[Segment.PELVIS])


METRIC = Metric(
    label="Pelvic obliquity",
    unit="°",
    meaning="0 is level, as in your own upright; positive is right side down, negative is left side down.",
    needs=frozenset({Segment.PELVIS}),
    error=2.0,
    error_source="taken as for pelvic tilt, 1–2° RMSE in slow movement: the same sensor and the same gravity",
    compute=_pelvic_obliquity_deg,
    is_sideways=True,
)
