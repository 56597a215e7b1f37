"""Both sensors on one 50 Hz grid.

A tick is told once both streams have passed it, or once one stream is LAG_S ahead of it and the other is
not there: that second decision is made at the end of a feed, so that a bundle may hold a stretch of
each sensor in turn. A tick between two samples more than BRIDGE_S apart is not known.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis import quaternion
from analysis.model import GRID_HZ, Floats, Pose, Quality, Segment, SegmentOrientation

LAG_S = 1.0
BRIDGE_S = 0.25
SILENCE_S = 5.0  # so much of a silence of all sensors is told as unknown ticks; the rest is left out
_MISSING = {Segment.PELVIS: Quality.PELVIS_MISSING, Segment.LUMBAR: Quality.LUMBAR_MISSING}
_LINES = 12  # t, q, acc, gyr, quality
_BETWEEN = slice(1, 11)  # q, acc, gyr
_Q, _ACC, _GYR, _QUALITY = slice(0, 4), slice(4, 7), slice(7, 10), 10  # of what lies between
_CACHED = 4096  # ticks worked on at once: few enough for a processor's cache
_AT_ONCE = 100_000  # ticks; bounds the memory a long silence takes


class Aligner:
    """SegmentOrientations of both segments in, Poses out; works with one segment alone."""

    def __init__(self) -> None:
        self._lines: dict[Segment, Floats] = {segment: np.empty((_LINES, 0)) for segment in Segment}
        self._head_s = dict.fromkeys(Segment, -math.inf)
        self._next: int | None = None  # the first tick not told yet
        self._known = 0  # the last tick that had a sensor

    @property
    def watermark_s(self) -> float:
        """Ticks before this will be told by the next feed, whatever comes."""
        heads = self._head_s.values()
        return max(min(heads), max(heads) - LAG_S)

    @property
    def laggards(self) -> list[Segment]:
        """The segments that the next feed will not wait for."""
        return [segment for segment, head_s in self._head_s.items() if head_s < self.watermark_s]

    def feed(self, parts: Iterable[SegmentOrientation]) -> list[Pose]:
        self.take(parts)
        return self._told(self.watermark_s)

    def take(self, parts: Iterable[SegmentOrientation]) -> None:
        """Take in without telling yet, so that the caller can look at the watermark first."""
        for part in parts:
            new = np.concatenate([part.t[None], part.q.T, part.acc.T, part.gyr.T, part.quality[None]])
            self._lines[part.segment] = np.concatenate([self._lines[part.segment], new], axis=1)
            self._head_s[part.segment] = float(part.t[-1])

    def flush(self) -> list[Pose]:
        """Everything that is held back: no more samples will come."""
        return self._told(max(self._head_s.values()))

    def _told(self, until_s: float) -> list[Pose]:
        if until_s == -math.inf:
            return []
        if self._next is None:
            first_s = min(float(lines[0, 0]) for lines in self._lines.values() if lines.shape[1])
            self._next = math.ceil(first_s * GRID_HZ)
            self._known = self._next - 1
        poses = []
        last = math.ceil(until_s * GRID_HZ) - 1  # a tick needs a sample after it
        last -= last / GRID_HZ >= until_s  # the product is rounded: 1.1 * 50 is more than 55
        while self._next <= last:
            end = min(self._next + _AT_ONCE, last + 1)
            pose = self._pose(np.arange(self._next, end))
            if len(pose.t):
                poses.append(pose)
            self._next = end
            self._forget(end / GRID_HZ)
        return poses

    def _pose(self, ticks: NDArray[np.int64]) -> Pose:
        t = ticks / GRID_HZ
        places = {segment: _Place.of(lines[0], t) for segment, lines in self._lines.items()}
        known = places[Segment.PELVIS].is_known | places[Segment.LUMBAR].is_known
        if known.all():
            self._known = int(ticks[-1])
        else:
            newest = np.maximum.accumulate(np.where(known, ticks, self._known))
            self._known = int(newest[-1])
            told = ticks - newest <= SILENCE_S * GRID_HZ
            if not told.all():
                t, places = t[told], {segment: place.only(told) for segment, place in places.items()}
        values = {segment: place.between(self._lines[segment]) for segment, place in places.items()}
        quality = np.zeros(len(t), dtype=np.uint16)
        for segment, place in places.items():
            flags = values[segment][_QUALITY]
            if not place.is_known.all():
                flags = np.where(place.is_known, flags, float(_MISSING[segment]))
            quality |= flags.astype(np.uint16)
        return Pose(
            t=t,
            q={segment: quaternion.normalise(lines[_Q].T) for segment, lines in values.items()},
            acc={segment: lines[_ACC].T for segment, lines in values.items()},
            gyr={segment: lines[_GYR].T for segment, lines in values.items()},
            quality=quality,
        )

    def _forget(self, before_s: float) -> None:
        """Only the last sample before the next tick is still needed, as its left neighbour."""
        for segment, lines in self._lines.items():
            first = int(np.searchsorted(lines[0], before_s, side="right")) - 1
            if first > 0:
                self._lines[segment] = lines[:, first:]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where ticks lie among the samples of one segment."""

    left: NDArray[np.intp]  # (n,) the sample at or before the tick
    share: Floats  # (n,) of the way to the next one
    is_known: NDArray[np.bool_]  # (n,)

    @classmethod
    def of(cls, times: Floats, t: Floats) -> _Place:
        if len(times) < 2:
            return cls(np.zeros(len(t), dtype=np.intp), np.zeros(len(t)), np.zeros(len(t), dtype=np.bool_))
        place = np.searchsorted(times, t, side="right") - 1
        left = np.minimum(np.maximum(place, 0), len(times) - 2)
        width = times[left + 1] - times[left]
        share = (t - times[left]) / width
        return cls(left, share, (width <= BRIDGE_S) & (share >= 0) & (share < 1))

    def only(self, chosen: NDArray[np.bool_]) -> _Place:
        return _Place(self.left[chosen], self.share[chosen], self.is_known[chosen])

    def between(self, lines: Floats) -> Floats:
        """The samples' lines at the ticks, (_QUALITY + 1, n): linear, and for near quaternions that is nlerp."""
        mixed: Floats = np.empty((_QUALITY + 1, len(self.left)))
        if not self.is_known.any():
            mixed.fill(np.nan)
            return mixed
        for first in range(0, len(self.left), _CACHED):
            some = slice(first, first + _CACHED)
            left = self.left[some]
            before, after = lines[_BETWEEN].take(left, axis=1), lines[_BETWEEN].take(left + 1, axis=1)
            turn = before[_Q] * after[_Q]
            opposite = (turn[0] + turn[1]) + (turn[2] + turn[3]) < 0
            if opposite.any():
                after[_Q, opposite] *= -1
            after -= before
            after *= self.share[some]
            np.add(before, after, out=mixed[:_QUALITY, some])
            mixed[_QUALITY, some] = lines[-1].take(left)
        if not self.is_known.all():
            mixed[:, ~self.is_known] = np.nan
        return mixed
