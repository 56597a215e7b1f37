"""From poses on the 50 Hz grid to posture frames at 10 Hz, and frames in pieces of a second."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from analysis import quaternion
from analysis.metrics import Metric
from analysis.model import FRAME_HZ, GRAVITY, GRID_HZ, Codes, Flags, Pose, PostureFrame, Quality

_EVERY = round(GRID_HZ / FRAME_HZ)
_PIECE = round(FRAME_HZ)  # ticks: a second
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


class Pieces:
    """Frames cut anew at whole seconds, so that what is decided piece by piece does not depend on how they came."""

    def __init__(self) -> None:
        self._held: PostureFrame | None = None

    def feed(self, frame: PostureFrame) -> list[PostureFrame]:
        """Every second that is complete, or over because a later tick came."""
        frame = frame if self._held is None else _joined(self._held, frame)
        self._held = None
        ticks = np.rint(frame.t * FRAME_HZ).astype(np.int64)
        second = ticks // _PIECE
        edges = [0, *(np.flatnonzero(np.diff(second)) + 1).tolist(), len(ticks)]
        pieces = [_slice(frame, slice(a, b)) for a, b in pairwise(edges) if a < b]
        if pieces and ticks[-1] % _PIECE != _PIECE - 1:
            self._held = pieces.pop()
        return pieces

    def flush(self) -> list[PostureFrame]:
        held, self._held = self._held, None
        return [] if held is None else [held]


def _slice(frame: PostureFrame, span: slice) -> PostureFrame:
    values = {name: value[span] for name, value in frame.values.items()}
    return PostureFrame(frame.t[span], values, frame.activity[span], frame.quality[span])


def _joined(first: PostureFrame, second: PostureFrame) -> PostureFrame:
    return PostureFrame(
        t=np.concatenate([first.t, second.t]),
        values={name: np.concatenate([value, second.values[name]]) for name, value in first.values.items()},
        activity=np.concatenate([first.activity, second.activity]),
        quality=np.concatenate([first.quality, second.quality]),
    )
