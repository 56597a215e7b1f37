"""Bouts of sitting, standing, walking and lying, and the rises between them.

A bout ends when its activity has been away for SETTLED_S, so a flicker shorter than that belongs to the bout around
it; it ended when its activity was left, and the next bout, of whatever there was most of since, began right there.
Unknown time is bridged up to SILENCE_S; a longer one ends the bout at its last known tick.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from analysis.detectors import Detector
from analysis.model import FRAME_HZ, Activity, Event, PostureFrame

SETTLED_S = 5.0
SILENCE_S = 60.0
KINDS = {
    Activity.SITTING: "sitting",
    Activity.STANDING: "standing",
    Activity.WALKING: "walking",
    Activity.LYING: "lying",
}
_UP = (Activity.STANDING, Activity.WALKING)
_SETTLED = round(SETTLED_S * FRAME_HZ)  # ticks
_SILENCE = round(SILENCE_S * FRAME_HZ)


@dataclass(slots=True)
class _Absence:
    """Ticks in a row without the bout's own activity."""

    since: int  # its first tick
    counts: dict[Activity, int]


class Bouts:
    """Ticks of activity in, events out. A rise is the end of a sitting bout that standing or walking follows."""

    def __init__(self) -> None:
        self._bout: tuple[Activity, int] | None = None  # what is going on, and its first tick
        self._absence: _Absence | None = None
        self._streak: tuple[Activity, int] = (Activity.UNKNOWN, 0)  # the present activity, and its first tick
        self._known: int | None = None  # the last tick with an activity

    def feed(self, frame: PostureFrame) -> list[Event]:
        events: list[Event] = []
        ticks = np.rint(frame.t * FRAME_HZ).astype(np.int64)
        changes = np.flatnonzero((np.diff(frame.activity) != 0) | (np.diff(ticks) > 1)) + 1
        edges = [0, *changes.tolist(), len(ticks)]
        for first, end in pairwise(edges):
            if first < end:
                events += self._run(Activity(int(frame.activity[first])), int(ticks[first]), int(ticks[end - 1]) + 1)
        return events

    def close(self, at_s: float) -> list[Event]:
        del at_s  # a bout ends with the last tick that was seen
        return self._silenced()

    def _run(self, activity: Activity, first: int, end: int) -> list[Event]:
        """The same activity at every tick of [first, end)."""
        events: list[Event] = []
        silent_until = end if activity is Activity.UNKNOWN else first
        if self._known is not None and silent_until - self._known > _SILENCE:
            events += self._silenced()
        if activity is Activity.UNKNOWN:
            return events
        if activity is not self._streak[0]:
            self._streak = (activity, first)
        self._known = end - 1
        while first < end:
            if self._bout is not None and activity is self._bout[0]:
                self._absence = None
                break
            absence = self._absence = self._absence or _Absence(first, {})
            taken = min(end - first, _SETTLED - sum(absence.counts.values()))
            absence.counts[activity] = absence.counts.get(activity, 0) + taken
            first += taken
            if sum(absence.counts.values()) == _SETTLED:
                events += self._settle(absence, activity, first)
        return events

    def _settle(self, absence: _Absence, activity: Activity, now: int) -> list[Event]:
        """Another bout has begun: of what there was most of since the last one was left."""
        most = max(absence.counts, key=lambda kind: (absence.counts[kind], kind is activity))
        events = self._ended(absence.since)
        if self._bout is not None and self._bout[0] is Activity.SITTING and most in _UP:
            rise_s = absence.since / FRAME_HZ
            events.append(Event("rise", rise_s, rise_s, {"after_s": rise_s - self._bout[1] / FRAME_HZ}))
        self._bout = (most, absence.since)
        self._absence = None
        if activity is not most:
            since = max(self._streak[1], absence.since)
            self._absence = _Absence(since, {activity: now - since})
        events.append(Event(KINDS[most], absence.since / FRAME_HZ, None))
        return events

    def _silenced(self) -> list[Event]:
        """Nothing more is known: the bout ends with its last known tick."""
        events = self._ended(self._known + 1) if self._known is not None else []
        self._bout = self._absence = self._known = None
        self._streak = (Activity.UNKNOWN, 0)
        return events

    def _ended(self, end: int) -> list[Event]:
        if self._bout is None:
            return []
        activity, start = self._bout
        return [Event(KINDS[activity], start / FRAME_HZ, end / FRAME_HZ)]


DETECTOR = Detector(label="Bouts and rises", kinds=frozenset({*KINDS.values(), "rise"}), make=Bouts)
