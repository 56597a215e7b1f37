"""Bouts of sitting, standing, walking and lying, and the rises between them.

A bout ends when its activity has been away for SETTLED_S, so a flicker shorter than that belongs to the bout around
it; it ended when its activity was left, and the next bout, of whatever there was most of since, began right there.
Unknown time is bridged up to SILENCE_S; a longer one ends the bout at its last known tick.

That nobody wears the sensors is known late. Then what was told since they came off is told again: bouts end where they
came off, or where they began if that was later.

What counts is the activity as it was looked back upon some seconds later, so that a bout begins and ends where the
body rose or went down and not where that became known; the very last seconds count as they were told. Where later
movement shows that something else was so for up to BACKDATED_S, the bouts since are told again: those that were not end
where they began, and an event `retold` says which time that was. What came before a rise that was told stays as it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from analysis.detectors import Detector
from analysis.detectors.hindsight import BACKDATED_S, DELAY, SETTLED, Retold
from analysis.detectors.seconds import Ticks, Timed, first_where, second_by_second, ticks_of
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
_BACKDATED = _CHAPTER = round(BACKDATED_S * FRAME_HZ)


@dataclass(slots=True)
class _Absence:
    """Ticks in a row without the bout's own activity."""

    since: int  # its first tick
    counts: dict[Activity, int]


@dataclass(frozen=True, slots=True)
class _State:
    """How far the bouts have come."""

    bout: tuple[Activity, int] | None
    absence: _Absence | None
    streak: tuple[Activity, int]
    known: int | None
    ended: tuple[Event, ...]


@dataclass(slots=True)
class _Chapter:
    """Runs that may still be told anew, from an absolute place of the grid or from a rise on."""

    before: _State
    first: int
    runs: list[tuple[Activity, int, int]]
    told: list[Event]


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
        self._chapters: list[_Chapter] = []
        self._floor = 0  # what was before is not told anew
        self._retold: list[tuple[int, Retold]] = []  # by the tick before which it is to be applied

    def bared(self, off: Off) -> None:
        if off.until_s is None:
            self._offs.append(off)

    def retold(self, span: Retold) -> None:
        self._retold.append((round(span.known_s * FRAME_HZ) - DELAY, span))

    def feed(self, frame: PostureFrame) -> list[Event]:
        ticks = ticks_of(frame)
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

    def feed_seconds(self, frame: PostureFrame) -> list[Timed]:
        if SETTLED not in frame.values:
            return second_by_second(self.feed, frame)
        ticks, kinds = ticks_of(frame), frame.values[SETTLED]
        is_odd = (frame.activity == Activity.NOT_WORN) | (np.diff(ticks, prepend=ticks[0] - 1) > 1)

        def dull(place: int) -> int:
            """While the bout goes on, without a hole."""
            held, told = self._recent
            is_new = not len(held) or held[0] + len(held) != ticks[place] or bool((told == Activity.NOT_WORN).any())
            if self._bout is None or self._absence is not None or is_new:
                return place
            if self._known is None or held[0] - self._known > _SILENCE:
                return place
            until = first_where(is_odd | (kinds != self._bout[0]), place)
            return min(until, int(np.searchsorted(ticks, self._retold[0][0] + DELAY))) if self._retold else until

        return second_by_second(self.feed, frame, dull)

    def close(self, at_s: float) -> list[Event]:
        del at_s  # a bout ends with the last tick that was seen
        return self._take(*self._recent) + self._silenced()

    def _take(self, ticks: Ticks, activity: Codes) -> list[Event]:
        events: list[Event] = []
        while self._retold and len(ticks) and self._retold[0][0] <= ticks[-1]:
            place = int(np.searchsorted(ticks, self._retold[0][0]))
            events += self._runs(ticks[:place], activity[:place])
            ticks, activity = ticks[place:], activity[place:]
            events += self._tell_anew(self._retold.pop(0)[1])
        return events + self._runs(ticks, activity)

    def _runs(self, ticks: Ticks, activity: Codes) -> list[Event]:
        events: list[Event] = []
        is_new = (np.diff(activity) != 0) | (np.diff(ticks) > 1) | (np.diff(ticks // _CHAPTER) > 0)
        edges = [0, *(np.flatnonzero(is_new) + 1).tolist(), len(ticks)]
        for a, b in pairwise(edges):
            if a < b:
                first, end = int(ticks[a]), int(ticks[b - 1]) + 1
                self._turn_page(first)
                chapter = self._chapters[-1]
                chapter.runs.append((Activity(int(activity[a])), first, end))
                told = self._run(Activity(int(activity[a])), first, end)
                chapter.told += told
                events += told
        return events

    def _turn_page(self, now: int) -> None:
        """Another chapter where one is full."""
        if not self._chapters or now // _CHAPTER > self._chapters[-1].first // _CHAPTER:
            self._chapters.append(_Chapter(self._state(), now, [], []))
            oldest = now - _BACKDATED - _CHAPTER
            while self._chapters[0].first // _CHAPTER * _CHAPTER < oldest:
                del self._chapters[0]

    def _state(self) -> _State:
        absence = None if self._absence is None else _Absence(self._absence.since, dict(self._absence.counts))
        return _State(self._bout, absence, self._streak, self._known, tuple(self._ended_bouts))

    def _restore(self, state: _State) -> None:
        absence = state.absence
        self._bout, self._streak, self._known = state.bout, state.streak, state.known
        self._absence = None if absence is None else _Absence(absence.since, dict(absence.counts))
        self._ended_bouts = list(state.ended)

    def _tell_anew(self, span: Retold) -> list[Event]:
        """The same runs again, but for this span, and how what follows differs from what was told."""
        first = max(round(span.start_s * FRAME_HZ), self._floor)
        end = round(span.end_s * FRAME_HZ)
        chapters = [one for one in self._chapters if one.runs and one.runs[-1][2] > first]
        if first >= end or not chapters:
            return []
        before = [event for one in chapters for event in one.told]
        parts = [part for one in chapters for run in one.runs for part in _parted(run, first, end, span.activity)]
        if parts == [run for one in chapters for run in one.runs]:
            return []
        self._restore(chapters[0].before)
        for one in chapters:
            runs, one.before, one.runs, one.told = one.runs, self._state(), [], []
            for run in runs:
                for activity, a, b in _parted(run, first, end, span.activity):
                    one.runs.append((activity, a, b))
                    one.told += self._run(activity, a, b)
        after = [event for one in chapters for event in one.told]
        news = _differing(before, after, self._bout)
        name = KINDS[span.activity]
        return [*news, Event("retold", first / FRAME_HZ, end / FRAME_HZ, {"activity": name})]

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
            self._floor = max(self._floor, now)
            events.append(Event("rise", rise_s, rise_s, {"after_s": rise_s - self._bout[1] / FRAME_HZ}))
        self._bout = (most, absence.since)
        self._absence = None
        if activity is not most:
            since = max(self._streak[1], absence.since)
            known = min(now - since, absence.counts[activity])  # of unknown ticks in between none counts
            self._absence = _Absence(since, {activity: known})
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
        self._chapters, self._floor = [], max(self._floor, first)
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


def _parted(run: tuple[Activity, int, int], first: int, end: int, new: Activity) -> list[tuple[Activity, int, int]]:
    """The run with [first, end) of it told anew, but for what is unknown or not worn."""
    activity, begin, until = run
    a, b = max(first, begin), min(end, until)
    if a >= b or activity in (Activity.UNKNOWN, Activity.NOT_WORN):
        return [run]
    return [part for part in ((activity, begin, a), (new, a, b), (activity, b, until)) if part[1] < part[2]]


def _differing(before: Sequence[Event], after: Sequence[Event], going: tuple[Activity, int] | None) -> list[Event]:
    """What to tell so that who was told `before` knows what `after` says; `going` is the bout that goes on."""
    was, now = ({(event.kind, event.start_s): event for event in events} for events in (before, after))
    key = None if going is None else (KINDS[going[0]], going[1] / FRAME_HZ)
    gone = [replace(one, end_s=None if place == key else one.start_s) for place, one in was.items() if place not in now]
    return gone + [event for place, event in now.items() if was.get(place) != event]


DETECTOR = Detector(label="Bouts and rises", kinds=frozenset({*KINDS.values(), "rise", "retold"}), make=Bouts)
