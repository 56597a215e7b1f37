"""From poses on the 50 Hz grid to posture frames at 10 Hz, and frames in stretches of whole seconds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from analysis import quaternion
from analysis.metrics import Metric
from analysis.model import FRAME_HZ, GRAVITY, GRID_HZ, Codes, Flags, Pose, PostureFrame, Quality

_EVERY = round(GRID_HZ / FRAME_HZ)
SECOND = round(FRAME_HZ)  # ticks
_FAST_RAD_S = math.radians(60.0)
_FAST_M_S2 = 2.0  # beyond gravity


def at_frame_rate(pose: Pose) -> Pose:
    """Every fifth tick of the grid."""
    ticks = np.rint(pose.t * GRID_HZ).astype(np.int64)
    chosen = ticks % _EVERY == 0
    return Pose(
        t=pose.t[chosen],
        q={segment: rows[chosen] for segment, rows in pose.q.items()},
        acc={segment: rows[chosen] for segment, rows in pose.acc.items()},
        gyr={segment: rows[chosen] for segment, rows in pose.gyr.items()},
        quality=pose.quality[chosen],
    )


def frame_of(pose: Pose, metrics: Mapping[str, Metric], activity: Codes) -> PostureFrame:
    """The frame of a pose at frame rate."""
    values = {name: metric.compute(pose) for name, metric in metrics.items()}
    return PostureFrame(pose.t, values, activity, pose.quality | _moving(pose))


def _moving(pose: Pose) -> Flags:
    fast = np.zeros(len(pose.t), dtype=np.bool_)
    for segment, acc in pose.acc.items():
        fast |= quaternion.norm(pose.gyr[segment]) > _FAST_RAD_S
        fast |= np.abs(quaternion.norm(acc) - GRAVITY) > _FAST_M_S2
    return np.where(fast, np.uint16(Quality.MOVING), np.uint16(0))


class Stretches:
    """Frames cut anew at whole seconds, so that what is found second by second does not depend on how they came."""

    def __init__(self) -> None:
        self._held: PostureFrame | None = None

    def feed(self, frames: Sequence[PostureFrame]) -> PostureFrame | None:
        """Every second that is complete, or over because a later tick came; None where none is."""
        held = [*([] if self._held is None else [self._held]), *frames]
        if not held:
            return None
        frame = joined(held)
        last = round(float(frame.t[-1]) * FRAME_HZ)
        if last % SECOND == SECOND - 1:
            self._held = None
            return frame
        open_s = (last // SECOND * SECOND - 0.5) / FRAME_HZ
        whole = int(np.searchsorted(frame.t, open_s))
        self._held = part(frame, whole, len(frame.t))
        return part(frame, 0, whole) if whole else None

    def flush(self) -> PostureFrame | None:
        held, self._held = self._held, None
        return held


def part(frame: PostureFrame, first: int, end: int) -> PostureFrame:
    """The ticks [first, end) of a frame, by their place in it."""
    if first == 0 and end == len(frame.t):
        return frame
    span = slice(first, end)
    values = {name: value[span] for name, value in frame.values.items()}
    return PostureFrame(frame.t[span], values, frame.activity[span], frame.quality[span])


def joined(frames: Sequence[PostureFrame]) -> PostureFrame:
    """Frames that follow each other, one at least, as one."""
    if len(frames) == 1:
        return frames[0]
    return PostureFrame(
        t=np.concatenate([frame.t for frame in frames]),
        values={name: np.concatenate([frame.values[name] for frame in frames]) for name in frames[0].values},
        activity=np.concatenate([frame.activity for frame in frames]),
        quality=np.concatenate([frame.quality for frame in frames]),
    )
