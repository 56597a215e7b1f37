"""Gait: one event a walk, or a minute of a long one, with its steps and what they measure.

When the wearer walks is the activity's to say, but for walks so slow that it says standing (`gait.slow`); where the
steps are is found on the 50 Hz grid once the walk is over.
The activity may have taken some seconds to be sure, so the steps up to LEAD_S before it count if they lead into it.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from analysis.detectors import Detector
from analysis.detectors.seconds import Ticks, Timed, first_where, second_by_second, ticks_of
from analysis.frames import SECOND
from analysis.gait.contacts import Contacts, contacts_of
from analysis.gait.measures import NAMES, Measures, measured
from analysis.gait.slow import SlowWalks, Span
from analysis.gait.track import Track, tracks_of
from analysis.model import FRAME_HZ, GRID_HZ, Activity, Codes, Event, Pose, PostureFrame, Value

KIND = "gait"
GAP_S = 0.5  # a walk that halts no longer goes on (scikit-digital-health)
LEAD_S = 3.0
MARGIN_S = 1.0  # looked at on either side of a cut, so that it costs no step
LONGEST_S = 60.0
_STEP_S, _PAUSE_STEPS = 1.2, 1.75  # steps of one walk lie no further apart, nor than so many usual ones
_NEAR_S = 0.15  # no other contact lies so near to one
_GAP, _LEAD, _MARGIN, _LONGEST = (round(span_s * FRAME_HZ) for span_s in (GAP_S, LEAD_S, MARGIN_S, LONGEST_S))
_EVERY = round(GRID_HZ / FRAME_HZ)
_WALKING, _STANDING = int(Activity.WALKING), int(Activity.STANDING)


class Gait:
    """Poses and ticks of activity in, events out. Unknown values are None, with the reason beside them."""

    def __init__(self) -> None:
        self._height_m = math.nan
        self._poses: deque[Pose] = deque()
        self._walk: Span | None = None  # its first tick of FRAME_HZ, and the one after its last
        self._slow = SlowWalks()
        self._is_slow = False  # the walk is one that the activity takes for standing
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
        for activity, first, end in _spans(ticks, frame.activity):
            if activity == _WALKING:
                events += self._walked_slowly(self._slow.ended(self._poses))
                events += self._walked(first, end, is_slow=False)
            else:
                events += self._walked_slowly(self._slow.stood(first, end, self._poses))
        newest = int(ticks[-1])
        if frame.activity[-1] != _STANDING:
            events += self._walked_slowly(self._slow.ended(self._poses))
        goes_on = self._is_slow and self._slow.needs is not None
        if self._walk is not None and newest - self._walk[1] >= _GAP and not goes_on:
            events += self._ended()
        self._forget(newest)
        return events

    def feed_seconds(self, frame: PostureFrame) -> list[Timed]:
        may_walk = self._may_walk(frame)

        def until(place: int) -> int:
            is_idle = self._walk is None and self._slow.needs is None
            return first_where(may_walk, place) if is_idle else place

        return second_by_second(self.feed, frame, until)

    def close(self, at_s: float) -> list[Event]:
        del at_s  # a walk ends with its last tick
        return self._walked_slowly(self._slow.ended(self._poses)) + self._ended()

    def _may_walk(self, frame: PostureFrame) -> NDArray[np.bool_]:
        """Ticks (n,) that are walked or can turn out to be."""
        may_walk: NDArray[np.bool_] = frame.activity == _WALKING
        ticks = ticks_of(frame)
        for activity, first, end in _spans(ticks, frame.activity):
            whole = -(-first // SECOND), end // SECOND
            if activity == _STANDING and whole[0] < whole[1]:
                place = int(np.searchsorted(ticks, whole[0] * SECOND))
                loud = np.repeat(self._slow.loud(*whole, self._poses), SECOND)
                may_walk[place : place + len(loud)] = loud
        return may_walk

    def _walked_slowly(self, spans: Sequence[Span]) -> list[Event]:
        return [event for first, end in spans for event in self._walked(first, end, is_slow=True)]

    def _walked(self, first: int, end: int, *, is_slow: bool) -> list[Event]:
        """Walking at every tick of [first, end)."""
        events: list[Event] = []
        if self._walk is not None and (first - self._walk[1] > _GAP or is_slow is not self._is_slow):
            events += self._ended()
        self._is_slow = is_slow
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
        held = (newest // SECOND * SECOND, self._walk and self._walk[0], self._slow.needs)
        needed = min(tick for tick in held if tick is not None) - _LEAD
        while self._poses and self._poses[0].t[-1] * FRAME_HZ < needed:
            self._poses.popleft()


def _spans(ticks: Ticks, activity: Codes) -> list[tuple[int, int, int]]:
    """Every span [first, end) of ticks in which the wearer walks or stands, and which of both."""
    edges = np.flatnonzero((ticks[1:] - ticks[:-1] != 1) | (activity[1:] != activity[:-1])) + 1
    spans = []
    for a, b in pairwise([0, *edges.tolist(), len(ticks)]):
        if activity[a] in (_WALKING, _STANDING):
            spans.append((int(activity[a]), int(ticks[a]), int(ticks[b - 1]) + 1))
    return spans


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
