"""One metric a module, with a METRIC: it looks at one posture and remembers nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analysis import quaternion
from analysis.model import Floats, Pose, Segment

Parts = tuple[Floats, Floats, Floats]


@dataclass(frozen=True, slots=True)
class Metric:
    """A number about posture. Its name is its module's name."""

    label: str  # as people read it
    unit: str  # "°" or "°/s"
    meaning: str  # one sentence: what zero and the sign mean
    needs: frozenset[Segment]  # NaN wherever one of these is not known
    error: float  # typical error in `unit`, one standard deviation
    error_source: str
    compute: Callable[[Pose], Floats]  # (n,) in `unit`, each row from that row of the pose alone
    is_sideways: bool = False  # the mirror image of a posture has the opposite sign


class _Latest:
    """The parts of the last two orientations asked for: most metrics ask for the same, and a live frame is so short
    that computing them is the greater part of its cost. Arrays are never changed in place, so the object is the key."""

    def __init__(self) -> None:
        self._known: tuple[tuple[Floats, Parts], ...] = ()

    def parts(self, q: Floats) -> Parts:
        for known, parts in self._known:
            if known is q:
                return parts
        parts = _up_parts(q)
        self._known = ((q, parts), *self._known[:1])
        return parts


_latest = _Latest()


def up_parts(q: Floats) -> Parts:
    """`quaternion.up_in_body` as its three parts (n,), for none but reading: forward, left, up."""
    return _latest.parts(q)


def _up_parts(q: Floats) -> Parts:
    w, x, y, z = q[..., 0], q[..., 1], q[..., 2], q[..., 3]
    return 2.0 * (x * z - w * y), 2.0 * (y * z + w * x), w * w - x * x - y * y + z * z


def pitch_deg(q: Floats) -> Floats:
    """How far a segment (n, 4) is tipped forward from upright, −180 to 180; 0 is the upright stance."""
    forward, _, upward = up_parts(q)
    angle: Floats = np.degrees(np.arctan2(-forward, upward))
    return angle


def roll_deg(q: Floats) -> Floats:
    """How far a segment's (n, 4) left–right axis is tipped from level, −90 to 90; positive is right side down.

    Unlike an Euler angle it stays what it is however far the segment is tipped forward or back.
    """
    forward, left, upward = up_parts(q)
    angle: Floats = np.degrees(np.arctan2(left, np.sqrt(forward * forward + upward * upward)))
    return angle


def speed_deg_s(pose: Pose, segment: Segment) -> Floats:
    """How fast a segment turns (n,), whichever way; NaN where its orientation is not known."""
    rate: Floats = np.degrees(quaternion.norm(pose.gyr[segment]))
    return np.where(np.isnan(pose.q[segment][..., 0]), np.nan, rate)


def wrapped_deg(angle_deg: Floats) -> Floats:
    """The same angle in [−180, 180)."""
    return (angle_deg + 180.0) % 360.0 - 180.0
