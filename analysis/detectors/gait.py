"""Gait: one event a walk, or a minute of a long one, with its steps and what they measure.

When the wearer walks is the activity's to say; where the steps are is found on the 50 Hz grid once the walk is over.
The activity may have taken some seconds to be sure, so the steps up to LEAD_S before it count if they lead into it.
"""

from __future__ import annotations

import math
from collections import deque
from itertools import pairwise

import numpy as np

from analysis.detectors import Detector
from analysis.detectors.seconds import Timed, first_where, second_by_second, ticks_of
from analysis.gait.contacts import Contacts, contacts_of
from analysis.gait.measures import NAMES, Measures, measured
from analysis.gait.track import Track, tracks_of
from analysis.model import FRAME_HZ, GRID_HZ, Activity, Event, Pose, PostureFrame, Value

KIND = "gait"
GAP_S = 0.5  # a walk that halts no longer goes on (scikit-digital-health)
LEAD_S = 3.0
MARGIN_S = 1.0  # looked at on either side of a cut, so that it costs no step
LONGEST_S = 60.0
_STEP_S, _PAUSE_STEPS = 1.2, 1.75  # steps of one walk lie no further apart, nor than so many usual ones
_NEAR_S = 0.15  # no other contact lies so near to one
_GAP, _LEAD, _MARGIN, _LONGEST = (round(span_s * FRAME_HZ) for span_s in (GAP_S, LEAD_S, MARGIN_S, LONGEST_S))
_EVERY = round(GRID_HZ / FRAME_HZ)


class Gait:
    """Poses and ticks of activity in, events out. Unknown values are None, with the reason beside them."""

    def __init__(self) -> None:
        self._height_m = math.nan
        self._poses: deque[Pose] = deque()
        self._walk: tuple[int, int] | None = None  # its first tick of FRAME_HZ, and the one after its last
        self._is_cut = False  # the walk goes on from an event before it
        self._free = -(2**62)  # ticks before this belong to an earlier walk

    def sized(self, height_m: float) -> None:
        self._height_m = height_m

    def moved(self, pose: Pose) -> None:
        self._poses.append(pose)

    def feed(self, frame: PostureFrame) -> list[Event]:
        if not len(frame.t):
            return []
        events: list[Event] = []
        ticks = ticks_of(frame)
        walking = frame.activity == Activity.WALKING
        if walking.any():
            own = ticks[walking]
            edges = [0, *(np.flatnonzero(np.diff(own) > 1) + 1).tolist(), len(own)]
            for a, b in pairwise(edges):
                events += self._walked(int(own[a]), int(own[b - 1]) + 1)
        newest = int(ticks[-1])
        if self._walk is not None and newest - self._walk[1] >= _GAP:
            events += self._ended()
        self._forget(newest)
        return events

    def feed_seconds(self, frame: PostureFrame) -> list[Timed]:
        is_walking = frame.activity == Activity.WALKING
        return second_by_second(
            self.feed, frame, lambda place: first_where(is_walking, place) if self._walk is None else place
        )

    def close(self, at_s: float) -> list[Event]:
        del at_s  # a walk ends with its last tick
        return self._ended()

    def _walked(self, first: int, end: int) -> list[Event]:
        """Walking at every tick of [first, end)."""
        events: list[Event] = []
        if self._walk is not None and first - self._walk[1] > _GAP:
            events += self._ended()
        start = first if self._walk is None else self._walk[0]
        self._walk = (start, end)
        while end - start > _LONGEST + _MARGIN:  # poses are there up to the last tick, and not beyond it
            cut = start + _LONGEST
            events.append(self._event(start, cut, cut + _MARGIN))
            self._is_cut, self._free = True, cut
            self._walk = (start, end) = (cut, end)
        return events

    def _ended(self) -> list[Event]:
        if self._walk is None:
            return []
        (start, end), self._walk = self._walk, None
        event = self._event(start, end, end)
        self._is_cut, self._free = False, end
        return [event]

    def _event(self, start: int, end: int, seen: int) -> Event:
        """The walk [start, end), of which the ticks up to `seen` are there."""
        before = start - _MARGIN if self._is_cut else max(start - _LEAD, self._free)
        found = [(track, contacts_of(track)) for track in tracks_of(self._poses, before * _EVERY, seen * _EVERY)]
        span_s = (start / FRAME_HZ, end / FRAME_HZ)
        leads, ends = not self._is_cut, seen == end
        kept = [(track, _of_walk(contacts, span_s, leads=leads, ends=ends)) for track, contacts in found]
        return Event(KIND, *span_s, _values(kept, self._height_m))

    def _forget(self, newest: int) -> None:
        """Poses that no walk can reach back to."""
        needed = newest - _LEAD if self._walk is None else self._walk[0] - _LEAD
        while self._poses and self._poses[0].t[-1] * FRAME_HZ < needed:
            self._poses.popleft()


def _of_walk(contacts: Contacts, span_s: tuple[float, float], *, leads: bool, ends: bool) -> Contacts:
    """Those within [start, end); where the walk `leads` in, also those before from step to step.

    Where it begins or ends, less than a stride beyond a pause was no walking: a shift of weight, a turn on the spot.
    """
    t = contacts.t
    a, b = np.searchsorted(t, span_s).tolist()
    if a == b:
        return contacts.between(*span_s)
    pause_s = max(_STEP_S, _PAUSE_STEPS * float(np.median(np.diff(t[a:b])))) if b - a > 1 else _STEP_S
    while leads and a > 0 and t[a] - t[a - 1] <= pause_s:
        a -= 1
    groups = [a, *(np.flatnonzero(np.diff(t[a:b]) > pause_s) + 1 + a).tolist(), b]
    while leads and len(groups) > 2 and groups[1] - groups[0] <= 2:
        del groups[0]
    while ends and len(groups) > 2 and groups[-1] - groups[-2] <= 2:
        del groups[-1]
    first_s, end_s = float(t[groups[0]]) - _NEAR_S, float(t[groups[-1] - 1]) + _NEAR_S
    return contacts.between(first_s if leads else span_s[0], end_s if ends else span_s[1])


def _values(found: list[tuple[Track, Contacts]], height_m: float) -> dict[str, Value]:
    """Steps are counted in all tracks; the measures are of the longest."""
    if not found:
        return {"steps": None, **dict.fromkeys(NAMES), "sensor": None, "reason": "no sensor told of the movement"}
    track, contacts = max(found, key=lambda one: (len(one[1].t), len(one[0].up), -one[0].first))
    told, reasons = measured(track, contacts, height_m)
    return {
        "steps": sum(len(one.t) for _, one in found),
        **{name: _known(told, name) for name in NAMES},
        "sensor": str(track.segment),
        "reason": "; ".join(reasons) or None,
    }


def _known(told: Measures, name: str) -> float | None:
    value = float(getattr(told, name))
    return value if math.isfinite(value) else None


DETECTOR = Detector(label="Gait", kinds=frozenset({KIND}), make=Gait)
