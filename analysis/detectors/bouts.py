"""Bouts of sitting, standing, walking and lying, and the rises between them.

A bout ends when its activity has been away for SETTLED_S, so a flicker shorter than that belongs to the bout around
it; it ended when its activity was left, and the next bout, of whatever there was most of since, began right there.
Unknown time is bridged up to SILENCE_S; a longer one ends the bout at its last known tick.

That nobody wears the sensors is known late. Then what was told since they came off is told again: bouts end where they
came off, or where they began if that was later.

What counts is the activity as it was looked back upon some seconds later, so that a bout begins and ends where the
body rose or went down and not where that became known; the very last seconds count as they were told.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from analysis.detectors import Detector
from analysis.detectors.activity import DELAY, SETTLED
from analysis.model import FRAME_HZ, Activity, Codes, Event, PostureFrame
from analysis.worn import Off

SETTLED_S = 5.0
SILENCE_S = 60.0
CORRECTED_S = 180.0  # so far back a sensor's coming off may be dated
KINDS = {
    Activity.SITTING: "sitting",
    Activity.STANDING: "standing",
    Activity.WALKING: "walking",
    Activity.LYING: "lying",
    Activity.OTHER: "other",
    Activity.NOT_WORN: "not_worn",
}
_UP = (Activity.STANDING, Activity.WALKING, Activity.OTHER)
_SETTLED = round(SETTLED_S * FRAME_HZ)  # ticks
_SILENCE = round(SILENCE_S * FRAME_HZ)

Ticks = NDArray[np.int64]


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
        self._recent: tuple[Ticks, Codes] = np.empty(0, np.int64), np.empty(0, np.int8)  # not settled yet, as told
        self._offs: list[Off] = []  # not reached yet
        self._ended_bouts: list[Event] = []  # of the last CORRECTED_S

    def bared(self, off: Off) -> None:
        if off.until_s is None:
            self._offs.append(off)

    def feed(self, frame: PostureFrame) -> list[Event]:
        ticks: Ticks = np.rint(frame.t * FRAME_HZ).astype(np.int64)
        if SETTLED not in frame.values:
            return self._take(ticks, frame.activity)
        settled, kinds = ticks - DELAY, frame.values[SETTLED].astype(np.int8)
        held: Ticks = np.concatenate([self._recent[0], ticks])
        told: Codes = np.concatenate([self._recent[1], frame.activity])
        place = np.minimum(np.searchsorted(settled, held), len(settled) - 1)
        is_settled = settled[place] == held
        activity = np.where(is_settled & (told != Activity.NOT_WORN), kinds[place], told)
        # Before a silence nothing is looked back upon any more: what is older than a settled tick stays as it was told.
        due = held <= settled[-1]
        self._recent = held[~due], told[~due]
        return self._take(held[due], activity[due])

    def close(self, at_s: float) -> list[Event]:
        del at_s  # a bout ends with the last tick that was seen
        return self._take(*self._recent) + self._silenced()

    def _take(self, ticks: Ticks, activity: Codes) -> list[Event]:
        events: list[Event] = []
        changes = np.flatnonzero((np.diff(activity) != 0) | (np.diff(ticks) > 1)) + 1
        edges = [0, *changes.tolist(), len(ticks)]
        for first, end in pairwise(edges):
            if first < end:
                events += self._run(Activity(int(activity[first])), int(ticks[first]), int(ticks[end - 1]) + 1)
        return events

    def _run(self, activity: Activity, first: int, end: int) -> list[Event]:
        """The same activity at every tick of [first, end)."""
        events: list[Event] = []
        silent_until = end if activity is Activity.UNKNOWN else first
        if self._known is not None and silent_until - self._known > _SILENCE:
            events += self._silenced()
        if activity is Activity.NOT_WORN and (self._bout is None or self._bout[0] is not activity):
            events += self._came_off(first)
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

    def _came_off(self, first: int) -> list[Event]:
        """Not worn from tick `first` on, as it is known now; in truth since some time before."""
        offs = [off for off in self._offs if round(off.known_s * FRAME_HZ) <= first]
        self._offs = self._offs[len(offs) :]
        since_s = min(offs[-1].since_s if offs else math.inf, first / FRAME_HZ)
        wrong = [bout for bout in self._ended_bouts if bout.end_s is not None and bout.end_s > since_s]
        if self._bout is not None:
            activity, start = self._bout
            last = first if self._known is None else min(first, self._known + 1)
            wrong.append(Event(KINDS[activity], start / FRAME_HZ, last / FRAME_HZ))
        since = round(since_s * FRAME_HZ)
        self._bout, self._absence, self._known = (Activity.NOT_WORN, since), None, first
        self._streak = (Activity.NOT_WORN, since)
        ended = [replace(bout, end_s=max(bout.start_s, min(since_s, bout.end_s or since_s))) for bout in wrong]
        return [*ended, Event(KINDS[Activity.NOT_WORN], since / FRAME_HZ, None)]

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
        ended = Event(KINDS[activity], start / FRAME_HZ, end / FRAME_HZ)
        known = (bout for bout in self._ended_bouts if (bout.end_s or 0.0) > end / FRAME_HZ - CORRECTED_S)
        self._ended_bouts = [*known, ended]
        return [ended]


DETECTOR = Detector(label="Bouts and rises", kinds=frozenset({*KINDS.values(), "rise"}), make=Bouts)
