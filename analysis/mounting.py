"""From a sensor's frame to its segment's: which calibration holds at which tick."""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from analysis import quaternion
from analysis.model import Floats, Pose, Quality, Segment


@dataclass(frozen=True, slots=True, order=True)
class _Period:
    after_s: float  # ticks later than this
    number: int  # of two with the same start the later made one holds
    mounting: Floats | None = field(compare=False)  # (4,) segment → sensor; None: not calibrated
    axes: Floats | None = field(compare=False)  # (3, 3) the sensor's axes as the segment sees them, one a row


class Mountings:
    """Which mounting holds when, for each segment; periods may be laid down in any order."""

    def __init__(self) -> None:
        self._periods = {segment: [_Period(-math.inf, 0, None, None)] for segment in Segment}
        self._count = 0

    def put(self, segment: Segment, after_s: float, mounting: Floats | None) -> None:
        """From the first tick after `after_s` until the next period begins."""
        self._count += 1
        if mounting is None:  # another sensor: what was laid down for the one before is void
            self._periods[segment] = [one for one in self._periods[segment] if one.after_s < after_s]
        axes = None if mounting is None else quaternion.rotate(quaternion.conjugate(mounting), np.eye(3))
        insort(self._periods[segment], _Period(after_s, self._count, mounting, axes))

    def applied(self, pose: Pose) -> Pose:
        """A pose of sensors as a pose of segments.

        Where a sensor is not calibrated its q is NaN, its acc and gyr stay in its own frame (good for their length
        alone), and the quality says NOT_CALIBRATED.
        """
        q, acc, gyr = dict(pose.q), dict(pose.acc), dict(pose.gyr)
        quality = pose.quality.copy()
        for segment in Segment:
            self._retire(segment, float(pose.t[0]))
            periods = self._periods[segment]
            edges = [0, *_places(pose.t, [period.after_s for period in periods[1:]]), len(pose.t)]
            parts = [
                _turned(pose, segment, slice(first, end), period)
                for first, end, period in zip(edges[:-1], edges[1:], periods, strict=True)
                if first < end
            ]
            q[segment], acc[segment], gyr[segment] = (
                np.concatenate(columns) if len(parts) > 1 else columns[0] for columns in zip(*parts, strict=True)
            )
            if any(period.mounting is None for period in periods):
                lost = np.isnan(q[segment][:, 0]) & ~np.isnan(pose.q[segment][:, 0])
                quality[lost] |= np.uint16(Quality.NOT_CALIBRATED)
        return Pose(pose.t, q, acc, gyr, quality)

    def _retire(self, segment: Segment, now_s: float) -> None:
        """Forget periods that ended before the present tick; ticks never come again."""
        periods = self._periods[segment]
        while len(periods) > 1 and periods[1].after_s < now_s:
            periods.pop(0)


def split(pose: Pose, after_s: Iterable[float]) -> Iterator[Pose]:
    """A pose in parts: ticks later than one of `after_s` are in another part than those before it."""
    edges = sorted({0, len(pose.t), *_places(pose.t, sorted(after_s))})
    if edges == [0, len(pose.t)]:
        yield pose
        return
    for first, end in pairwise(edges):
        span = slice(first, end)
        q, acc, gyr = (
            {segment: rows[span] for segment, rows in columns.items()} for columns in (pose.q, pose.acc, pose.gyr)
        )
        yield Pose(pose.t[span], q, acc, gyr, pose.quality[span])


def _places(t: Floats, after_s: Sequence[float]) -> list[int]:
    """The first of the times t (n,) later than each of these, which rise."""
    if not after_s or after_s[0] >= t[-1]:
        return [len(t)] * len(after_s)
    places: list[int] = np.searchsorted(t, np.array(after_s), side="right").tolist()
    return places


def joined(parts: Sequence[Pose]) -> Pose:
    """The reverse: poses that follow each other as one."""
    if len(parts) == 1:
        return parts[0]
    return Pose(
        t=np.concatenate([part.t for part in parts]),
        q={segment: np.concatenate([part.q[segment] for part in parts]) for segment in Segment},
        acc={segment: np.concatenate([part.acc[segment] for part in parts]) for segment in Segment},
        gyr={segment: np.concatenate([part.gyr[segment] for part in parts]) for segment in Segment},
        quality=np.concatenate([part.quality for part in parts]),
    )


def _turned(pose: Pose, segment: Segment, span: slice, period: _Period) -> tuple[Floats, Floats, Floats]:
    q, acc, gyr = pose.q[segment][span], pose.acc[segment][span], pose.gyr[segment][span]
    if period.mounting is None or period.axes is None:
        return np.full_like(q, np.nan), acc, gyr
    return quaternion.multiply(q, period.mounting), _along(period.axes, acc), _along(period.axes, gyr)


def _along(axes: Floats, v: Floats) -> Floats:
    """v (n, 3) in the frame that sees its axes so; summed in a fixed order, which a matrix product is not."""
    parts = axes[..., None] * v.T[:, None]
    seen: Floats = parts[0] + parts[1] + parts[2]
    return seen.T
