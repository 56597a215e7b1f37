"""One segment's samples on their way in: which sensor they are of, and which way is up for it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import replace

import numpy as np

from analysis.model import Floats, SampleBlock, Segment, SegmentOrientation
from analysis.orientation import JUMP_S, OrientationFilter

_SWAP_S = 0.3  # longer than the aligner bridges, so that nothing is mixed of two sensors


class Stream:
    """The blocks of one segment. Another sensor id starts it anew, as nothing is known of how that sensor sits."""

    def __init__(self, segment: Segment) -> None:
        self.segment = segment
        self.newest_s = -math.inf  # the last sample taken
        self.worn: list[tuple[float, str]] = []  # since when which sensor
        self._filter = OrientationFilter(segment)
        self._from_s = -math.inf
        self._blocks: list[SampleBlock] = []
        self._parts: list[SegmentOrientation] = []
        self._told_s = -math.inf
        self._has_peeked = False

    def take(self, block: SampleBlock) -> bool:
        """True when this block is the first of a sensor that was not worn here before it."""
        finite = block.t[np.isfinite(block.t)]
        if not len(finite):
            return False
        is_new = not self.worn or self.worn[-1][1] != block.sensor_id
        if is_new:
            self._swap(block.sensor_id, float(finite[0]))
        self._blocks.append(block)
        self._has_peeked = False
        possible = finite[finite < max(self.newest_s, float(finite[0])) + JUMP_S]
        self.newest_s = max(self.newest_s, float(possible.max()))
        return is_new

    def _swap(self, sensor_id: str, first_s: float) -> None:
        if self.worn:
            self._parts = self.turned(is_over=True)
            self._told_s = -math.inf
            self._filter = OrientationFilter(self.segment)
            self._from_s = self.newest_s + _SWAP_S
        self.worn.append((max(first_s, self.newest_s), sensor_id))

    def turned(self, *, is_over: bool = False) -> list[SegmentOrientation]:
        """What the samples taken since say, sensor → world. `is_over`: no more will come of this sensor."""
        parts, self._parts = self._parts, []
        if self._blocks:
            t, acc, gyr = (_joined(arrays) for arrays in zip(*((b.t, b.acc, b.gyr) for b in self._blocks), strict=True))
            self._blocks = []
            if self._from_s > -math.inf:
                late = t > self._from_s
                t, acc, gyr = t[late], acc[late], gyr[late]
            parts += self._filter.feed(t, acc, gyr)
        if is_over:
            parts += self._filter.flush()
        return self._untold(parts)

    def peeked(self) -> list[SegmentOrientation]:
        """What the filter still holds back, while the sensor is silent: told now as if it were the end.

        If it is, the end would say the same; if not, the same samples are not told again.
        """
        if self._has_peeked:
            return []
        self._has_peeked = True
        return self._untold(deepcopy(self._filter).flush())

    def _untold(self, parts: Iterable[SegmentOrientation]) -> list[SegmentOrientation]:
        kept = []
        for part in parts:
            if part.t[0] <= self._told_s:
                new = part.t > self._told_s
                columns = {name: getattr(part, name)[new] for name in ("t", "q", "acc", "gyr", "quality")}
                part = replace(part, **columns)
            if len(part.t):
                self._told_s = float(part.t[-1])
                kept.append(part)
        return kept


def _joined(arrays: tuple[Floats, ...]) -> Floats:
    return np.concatenate(arrays) if len(arrays) > 1 else arrays[0]
