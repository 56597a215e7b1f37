"""Twist speed: how fast the trunk turns about the upright against the pelvis.

Both headings are free and drift (1–3°/h at best), so an angle of twist cannot be known from one posture. Its rate of
change can: each sensor's turning about the vertical it sees, and the difference of the two. `twist_deg` adds that up
over a short window. About the vertical, and so about the spine as far as the trunk is upright.
"""

from __future__ import annotations

import numpy as np

from analysis.metrics import Metric, up_parts
from analysis.model import FRAME_HZ, Floats, Pose, Segment

TWIST_S = 5.0  # the window: long enough for reaching behind oneself and back
TWIST_ERROR_DEG = 1.0  # two biases of 0.1°/s over the window are 0.7°; in the simulated wearer 0.2–0.4° RMSE
_TICKS = round(TWIST_S * FRAME_HZ)


def _about_the_vertical_deg_s(pose: Pose, segment: Segment) -> Floats:
    forward, left, upward = up_parts(pose.q[segment])
    gyr = pose.gyr[segment]
    rate: Floats = np.degrees(gyr[..., 0] * forward + gyr[..., 1] * left + gyr[..., 2] * upward)
    return rate


def _twist_speed_deg_s(pose: Pose) -> Floats:
    return _about_the_vertical_deg_s(pose, Segment.LUMBAR) - _about_the_vertical_deg_s(pose, Segment.PELVIS)


def twist_deg(t: Floats, speed_deg_s: Floats) -> Floats:
    """How much the trunk has twisted against the pelvis within the TWIST_S before each tick (n,), to the left +.

    From twist speeds (n,) in °/s at times t (n,) s of the FRAME_HZ grid; NaN until the window is full of known ticks.
    Drifts by what is left of both gyroscopes' bias: 0.1°/s is 0.5° of a window.
    """
    ticks = np.rint(t * FRAME_HZ).astype(np.int64)
    change = np.full(len(t), np.nan)
    if len(t) <= _TICKS:
        return change
    known = np.isfinite(speed_deg_s)
    middle = (speed_deg_s[1:] + speed_deg_s[:-1]) / 2 / FRAME_HZ  # trapezium between two ticks
    total = np.concatenate([[0.0], np.cumsum(np.where(np.isfinite(middle), middle, 0.0))])
    count = np.concatenate([[0], np.cumsum(known)])
    is_full = (ticks[_TICKS:] - ticks[:-_TICKS] == _TICKS) & (count[_TICKS + 1 :] - count[: -_TICKS - 1] == _TICKS + 1)
    change[_TICKS:] = np.where(is_full, total[_TICKS:] - total[:-_TICKS], np.nan)
    return change


METRIC = Metric(
    label="Twist speed",
    unit="°/s",
    meaning="0 is no twisting of the trunk against the pelvis; positive is to the left, negative is to the right.",
    needs=frozenset({Segment.PELVIS, Segment.LUMBAR}),
    error=0.5,
    error_source="gyroscope noise and what is left of both biases; soft tissue adds several °/s after a heel strike",
    compute=_twist_speed_deg_s,
    is_sideways=True,
)
