"""All detectors at work on one session: each is told what it asks for, and each looks at whole seconds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

from analysis import detectors
from analysis.detectors import Baring, Detector, Following, Mounted, Referenced, Retelling, Sized, Swift
from analysis.detectors.hindsight import Retold
from analysis.detectors.seconds import second_by_second
from analysis.frames import Stretches
from analysis.model import Calibration, Event, Pose, PostureFrame
from analysis.own_postures import Adapting, OwnPostures
from analysis.registry import discover
from analysis.worn import Off


class Watchers:
    """The watchers of one wearer's session, in the order of the detectors' names."""

    def __init__(self, height_m: float) -> None:
        self._watchers = [detector.make() for detector in discover(detectors, "DETECTOR", Detector).values()]
        self._followers = [watcher for watcher in self._watchers if isinstance(watcher, Following)]
        self._by_second = [
            watcher.feed_seconds if isinstance(watcher, Swift) else partial(second_by_second, watcher.feed)
            for watcher in self._watchers
        ]
        for watcher in self._watchers:
            if isinstance(watcher, Sized) and math.isfinite(height_m):
                watcher.sized(height_m)
        self._stretches = Stretches()

    def calibrated(self, calibration: Calibration, from_s: float) -> None:
        for watcher in self._watchers:
            if isinstance(watcher, Referenced):
                watcher.calibrated(calibration.stance, from_s)
            if isinstance(watcher, Mounted):
                watcher.mounted(calibration, from_s)

    def moved(self, pose: Pose) -> None:
        for watcher in self._followers:
            watcher.moved(pose)

    def bared(self, off: Off) -> None:
        for watcher in self._watchers:
            if isinstance(watcher, Baring):
                watcher.bared(off)

    def retold(self, span: Retold) -> None:
        for watcher in self._watchers:
            if isinstance(watcher, Retelling):
                watcher.retold(span)

    def adapted(self, own: OwnPostures, from_s: float) -> None:
        for watcher in self._watchers:
            if isinstance(watcher, Adapting):
                watcher.adapted(own, from_s)

    def feed(self, frames: Sequence[PostureFrame], *, is_over: bool) -> dict[int, list[Event]]:
        """What whole seconds tell, by the second, as if one came after the other."""
        found: dict[int, list[Event]] = {}
        for stretch in (self._stretches.feed(frames), self._stretches.flush() if is_over else None):
            if stretch is not None:
                self._watch(stretch, found)
        return found

    def _watch(self, stretch: PostureFrame, found: dict[int, list[Event]]) -> None:
        for watch in self._by_second:
            for second, event in watch(stretch):
                found.setdefault(second, []).append(event)

    def close(self, at_s: float) -> list[Event]:
        return [event for watcher in self._watchers for event in watcher.close(at_s)]
