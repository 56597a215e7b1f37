"""Pelvic tilt: how far the pelvis is tipped forward from the wearer's own upright.

A change and not an anatomical angle: the same pelvis pose gives ASIS–PSIS angles of 0–23° in 30 people
(Preece 2008, PMC2565125), so only the change from one's own baseline means anything.
"""

from __future__ import annotations

from analysis.metrics import Metric, pitch_deg
from analysis.model import Floats, Pose, Segment


def _pelvic_tilt_deg(pose: Pose) -> Floats:
    return pitch_deg(pose.q[Segment.PELVIS])


METRIC = Metric(
    label="Pelvic tilt",
    unit="°",
    meaning="0 is your own upright; positive is tipped forward, negative is rolled back.",
    needs=frozenset({Segment.PELVIS}),
    error=2.0,
    error_source="1–2° RMSE in slow movement; clipping the sensor on anew shifts it by several degrees",
    compute=_pelvic_tilt_deg,
)
