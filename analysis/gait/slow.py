"""Walking too slow for the activity to tell: it says standing, yet no second is still, and step follows step.

Below some 70 steps a minute the lower back moves little more than in shifting weight. What tells such a walk is that
it repeats: from step to step, from stride to stride, and to the other side in between.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from analysis import quaternion
from analysis.gait.contacts import SIDE_HZ, bounce, evidence
from analysis.gait.smoothing import autocovariance, within
from analysis.gait.track import Track, tracks_of
from analysis.model import FRAME_HZ, GRID_HZ, Pose, Segment

WINDOW_S, EVERY_S = 8, 4  # looked at together; a window that holds no walk is followed by another one so much later
LOUD_M_S2 = 0.25  # from the lowest to the highest force within a second; 0.02 in the simulated wearer who stands still
# From step to step, from stride to stride, on the mean of both, and to the other side. Of the mobgap example, which is
# Apache-2.0, steady walking at 0.55 and 0.65 of its pace reaches 0.54, 0.45, 0.5 and −0.20; what its people do between
# bouts, at its pace and at 0.7 of it, is alike by 0.32 from stride to stride at most. Who limps takes unlike steps.
LEAST_STEP, LEAST_STRIDE, LEAST_MEAN, OPPOSITE = 0.15, 0.4, 0.4, -0.15
_STEP_S = (0.8, 1.5)
_TICKS, _GRID = round(FRAME_HZ), round(GRID_HZ)  # in a second
# Poses of a second that may come after its last tick of FRAME_HZ: it is taken to begin and to end before them.
_LATE = round(GRID_HZ / FRAME_HZ) - 1

Span = tuple[int, int]  # ticks of FRAME_HZ


class SlowWalks:
    """Standing in, the spans of it that were slow walking out. Any cutting of the ticks gives the same spans."""

    def __init__(self) -> None:
        self._end = 0  # of the standing told so far
        self._next = 0  # the second to be listened to next
        self._run: Span | None = None  # of loud seconds: not looked at yet, or known to be walked
        self._walked = False  # the window just before was walked
        self._heard = 0, np.zeros(0, np.bool_)  # from which second on, and whether they were loud

    @property
    def needs(self) -> int | None:
        """The first tick that may turn out to be walked; None while all is quiet."""
        return None if self._run is None else self._run[0] * _TICKS

    def stood(self, first: int, end: int, poses: Iterable[Pose]) -> list[Span]:
        """Standing at every tick of [first, end), whose poses are there."""
        spans = [] if first == self._end else self.ended(poses)
        if first != self._end:
            self._next = -(-first // _TICKS)
        self._end = end
        until = end // _TICKS
        if until <= self._next:
            return spans
        loud = self.loud(self._next, until, poses)
        edges = np.flatnonzero(np.diff(loud, prepend=False, append=False)) + self._next
        for a, b in edges.reshape(-1, 2).tolist():
            if self._run is not None and self._run[1] != a:
                spans += self.ended(poses)
            self._run = (a if self._run is None else self._run[0], b)
            spans += self._looked(poses)
        if not loud[-1] or self._run is None or self._run[1] != until:
            spans += self.ended(poses)
        self._next = until
        return spans

    def loud(self, first: int, end: int, poses: Iterable[Pose]) -> NDArray[np.bool_]:
        """`is_loud`, looked up where it was asked before."""
        begin, known = self._heard
        if not begin <= first <= end <= begin + len(known):
            begin, known = self._heard = first, is_loud(poses, first, end)
        return known[first - begin : end - begin]

    def ended(self, poses: Iterable[Pose]) -> list[Span]:
        """No standing, or not loud, any more: a last part of a walk is looked at with what came before it."""
        run, walked = self._run, self._walked
        self._run, self._walked = None, False
        if run is None or not walked or run[0] == run[1] or not _is_walked(poses, run[1] - WINDOW_S):
            return []
        return [(run[0] * _TICKS, run[1] * _TICKS)]

    def _looked(self, poses: Iterable[Pose]) -> list[Span]:
        spans: list[Span] = []
        while self._run is not None and self._run[1] - self._run[0] >= WINDOW_S:
            first, end = self._run
            self._walked = _is_walked(poses, first)
            if self._walked:
                spans.append((first * _TICKS, (first + WINDOW_S) * _TICKS))
            self._run = (first + (WINDOW_S if self._walked else EVERY_S), end)
        return spans


def is_loud(poses: Iterable[Pose], first: int, end: int) -> NDArray[np.bool_]:
    """In which of the seconds [first, end) a sensor felt more than sway; not where ticks are missing."""
    begin = first * _GRID - _LATE
    from_s, until_s = (begin - 0.5) / GRID_HZ, (end * _GRID - _LATE - 0.5) / GRID_HZ
    force = {segment: np.full((end - first) * _GRID, np.nan) for segment in Segment}
    for pose in poses:
        if pose.t[0] >= until_s:
            break
        if pose.t[-1] > from_s:
            span = slice(*np.searchsorted(pose.t, [from_s, until_s]).tolist())
            at = np.rint(pose.t[span] * GRID_HZ).astype(np.int64) - begin
            for segment, filled in force.items():
                filled[at] = quaternion.norm(pose.acc[segment][span])
    heard = np.zeros(end - first, np.bool_)
    for filled in force.values():
        seconds = filled.reshape(-1, _GRID)
        heard |= seconds.max(axis=1) - seconds.min(axis=1) > LOUD_M_S2
    return heard


def is_stepping(track: Track) -> bool:
    """Step after step at 40 to 75 a minute, to one side and then to the other."""
    if not track.is_calibrated:
        return False
    force, _ = evidence(track, bounce(track))
    alike, aside = autocovariance(force), autocovariance(within(track.left, *SIDE_HZ))
    lags = np.arange(round(_STEP_S[0] * GRID_HZ), round(_STEP_S[1] * GRID_HZ) + 1)
    alike, aside = alike / max(alike[0], 1e-12), aside / max(aside[0], 1e-12)
    best = int(lags[np.argmax(alike[lags] + alike[2 * lags] - aside[lags])])
    step, stride = alike[best - 2 : best + 3].max(), alike[2 * best - 4 : 2 * best + 5].max()
    is_alike = step >= LEAST_STEP and stride >= LEAST_STRIDE and step + stride >= 2 * LEAST_MEAN
    return bool(is_alike and aside[best] <= OPPOSITE)


def _is_walked(poses: Iterable[Pose], first: int) -> bool:
    """Whether the WINDOW_S seconds from `first` on are steps throughout."""
    begin = first * _GRID - _LATE
    tracks = tracks_of(poses, begin, begin + WINDOW_S * _GRID)
    return len(tracks) == 1 and len(tracks[0].up) >= (WINDOW_S - 1) * _GRID and is_stepping(tracks[0])
