"""Lumbar lordosis: how much the low back is arched, against the wearer's own upright.

The pitch of the pelvis less that of the spine at T12/L1. Both sensors see the same gravity, so heading and
most skin movement of the whole trunk cancel. From standing to sitting it falls by about 16.6° (radiographs
of 50 people, PMID 22915074).
"""

from __future__ import annotations

from analysis.metrics import Metric, pitch_deg, wrapped_deg
from analysis.model import Floats, Pose, Segment


def _lumbar_lordosis_deg(pose: Pose) -> Floats:
    return wrapped_deg(pitch_deg(pose.q[Segment.PELVIS]) - pitch_deg(pose.q[Segment.LUMBAR]))


METRIC = Metric(
    label="Lumbar lordosis",
    unit="°",
    meaning="0 is your own upright; negative is a flatter or rounded low back (slouching), positive is more arch.",
    needs=frozenset({Segment.PELVIS, Segment.LUMBAR}),
    error=2.0,
    error_source="1–2° RMSE in slow movement, limits ±7° in lifting; clipping on anew shifts it by several degrees",
    compute=_lumbar_lordosis_deg,
)
