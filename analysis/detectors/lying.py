"""On which side the wearer lies: an event for each position that is held while the activity is lying.

Every half second counts. A position is told once it has been held for HELD_S, so that what is passed through in
turning over is none, and dated back to when it was come to. A bout of lying lasts for SURE_S at least, so that a deep
bend is none; it begins and ends where the trunk tips. What turns out not to have been lying, or not worn, is taken back
as in `bouts`.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from analysis import quaternion
from analysis.detectors import Detector
from analysis.detectors.hindsight import BACKDATED_S, Retold
from analysis.detectors.seconds import Ticks, Timed, first_where, second_by_second, ticks_of
from analysis.lying_position import LEVEL, Headings, LyingPosition, away_deg, nearest, told_by, turned_deg
from analysis.model import FRAME_HZ, GRID_HZ, Activity, Calibration, Event, Floats, Pose, PostureFrame, Segment, Value
from analysis.worn import Off

KIND = "lying_position"
HELD_S = 5.0
SURE_S = 2.5
GAP_S = 5.0  # lying that was away for so long is over; a flicker is not
LEAD_S = 6.0  # the activity takes up to so long to be sure
KEPT_DEG = 50.0  # from the middle of a position, within which it stays what it was
_STEP = round(0.5 * FRAME_HZ)  # ticks
_HELD, _SURE, _GAP, _LEAD = (round(span_s * FRAME_HZ) for span_s in (HELD_S, SURE_S, GAP_S, LEAD_S))
_EVERY = round(GRID_HZ / FRAME_HZ)

_LYING = int(Activity.LYING)
_NEVER = 2**62


@dataclass(slots=True)
class _Position:
    """What was seen in a row of one position, in ticks of FRAME_HZ."""

    position: LyingPosition
    first: int
    last: int = 0  # the newest tick at which it was seen
    sums: dict[Segment, tuple[float, float]] = field(default_factory=dict)  # of up, forward and left

    def add(self, tick: int, up: Floats) -> None:
        """`up` (2, 3) by segment."""
        self.last = tick
        for segment, (x, y, _) in zip(Segment, up.tolist(), strict=True):
            if math.isfinite(x):
                before = self.sums.get(segment, (0.0, 0.0))
                self.sums[segment] = (before[0] + x, before[1] + y)


@dataclass(slots=True)
class _Bout:
    """Lying that goes on."""

    start: int
    sure: int  # the first tick told as lying
    last: int  # the tick after the last one told as lying
    level: int  # … after the last one at which the trunk was seen to be tipped
    held: _Position | None = None
    other: _Position | None = None  # what has not been held for long enough


class Lying:
    """Poses and ticks of activity in, events out. `unknown` has its reason beside it."""

    def __init__(self) -> None:
        self._poses: deque[Pose] = deque()
        self._headings = Headings()
        self._bout: _Bout | None = None
        self._told: list[Event] = []  # ended within BACKDATED_S
        self._wrong: list[tuple[int, float, float]] = []  # tick from which it is known, and the span that was no lying
        self._free = -_NEVER  # ticks before this belong to what is over

    def mounted(self, calibration: Calibration, from_s: float) -> None:
        self._headings.mounted(calibration, from_s)

    def moved(self, pose: Pose) -> None:
        self._poses.append(pose)

    def bared(self, off: Off) -> None:
        if off.until_s is None:
            self._deny(off.known_s, off.since_s, math.inf)

    def retold(self, span: Retold) -> None:
        if span.activity is not Activity.LYING:
            self._deny(span.known_s, span.start_s, span.end_s)

    def feed(self, frame: PostureFrame) -> list[Event]:
        if not len(frame.t):
            return []
        lying = frame.activity == _LYING
        if self._bout is None and not self._wrong and not lying.any():
            self._forget(round(float(frame.t[-1]) * FRAME_HZ))
            return []
        ticks = ticks_of(frame)
        events: list[Event] = []
        while self._wrong and self._wrong[0][0] <= ticks[-1]:
            known, since_s, until_s = self._wrong.pop(0)
            place = int(np.searchsorted(ticks, known))
            events += self._runs(ticks[:place], lying[:place])
            events += self._taken_back(since_s, until_s, known)
            ticks, lying = ticks[place:], lying[place:]
        events += self._runs(ticks, lying)
        self._forget(int(ticks[-1]) if len(ticks) else round(float(frame.t[-1]) * FRAME_HZ))
        return events

    def feed_seconds(self, frame: PostureFrame) -> list[Timed]:
        ticks, lying = ticks_of(frame), frame.activity == _LYING

        def dull(place: int) -> int:
            """While nobody lies, and nothing is to be taken back."""
            if self._bout is not None:
                return place
            known = self._wrong[0][0] if self._wrong else _NEVER
            return min(first_where(lying, place), int(np.searchsorted(ticks, known)))

        return second_by_second(self.feed, frame, dull)

    def close(self, at_s: float) -> list[Event]:
        del at_s  # lying ends with the last tick that was seen
        return self._ended()

    def _deny(self, known_s: float, since_s: float, until_s: float) -> None:
        self._wrong.append((round(known_s * FRAME_HZ), since_s, until_s))
        self._wrong.sort()

    def _runs(self, ticks: Ticks, lying: NDArray[np.bool_]) -> list[Event]:
        events: list[Event] = []
        own = ticks[lying]
        edges = [0, *(np.flatnonzero(np.diff(own) > 1) + 1).tolist(), len(own)]
        for a, b in pairwise(edges):
            if a < b:
                events += self._lain(int(own[a]), int(own[b - 1]) + 1)
        if self._bout is not None and len(ticks) and ticks[-1] - self._bout.last >= _GAP:
            events += self._ended()
        return events

    def _lain(self, first: int, end: int) -> list[Event]:
        """Lying at every tick of [first, end)."""
        events: list[Event] = []
        if self._bout is not None and first - self._bout.last > _GAP:
            events += self._ended()
        if self._bout is None:
            start = self._begun(first)
            self._bout = _Bout(start, first, start, start)
        bout = self._bout
        begin, bout.last = bout.last, end
        samples = _samples(begin, end)
        for tick, up in zip(samples, self._ups(samples), strict=True):
            events += self._seen(bout, tick, up)
        return events

    def _seen(self, bout: _Bout, tick: int, up: Floats) -> list[Event]:
        """One half second of lying."""
        x, y, is_tipped = _summed(up)
        if is_tipped is not False:
            bout.level = tick + _STEP
        held, other = bout.held, bout.other
        turned = turned_deg(x, y)
        position = nearest(turned)
        if (
            held is not None
            and held.position is not LyingPosition.UNKNOWN
            and away_deg(turned, held.position) < KEPT_DEG
        ):
            position = held.position
        if held is not None and position is held.position:
            bout.other = None
            held.add(tick, up)
            return []
        if other is None or other.position is not position:
            other = bout.other = _Position(position, bout.start if other is held is None else tick)
        other.add(tick, up)
        if tick - other.first < _HELD or tick - bout.sure < _SURE:
            return []
        ended = [] if held is None else [self._event(held, other.first)]
        if held is None:
            other.first = bout.start
        bout.held, bout.other = other, None
        return [*self._keep(ended), self._event(other, None)]

    def _ended(self) -> list[Event]:
        """The bout is over: where the trunk was last seen to be tipped."""
        bout, self._bout = self._bout, None
        if bout is None:
            return []
        self._free = bout.last
        if bout.held is None and bout.last - bout.sure < _SURE:
            return []
        end = min(bout.level, bout.last) if bout.level > bout.start else bout.last
        held = bout.held or replace(bout.other or _Position(LyingPosition.UNKNOWN, bout.start), first=bout.start)
        return self._keep([self._event(held, max(end, held.first))])

    def _keep(self, events: list[Event]) -> list[Event]:
        for event in events:
            oldest_s = (event.end_s or event.start_s) - BACKDATED_S
            self._told = [one for one in self._told if (one.end_s or 0.0) > oldest_s]
            self._told.append(event)
        return events

    def _event(self, seen: _Position, end: int | None) -> Event:
        return Event(KIND, seen.first / FRAME_HZ, None if end is None else end / FRAME_HZ, self._values(seen))

    def _values(self, seen: _Position) -> dict[str, Value]:
        told = told_by(seen.sums, self._headings.errors_deg(seen.last / FRAME_HZ))
        reason = None
        if math.isnan(told.turned_deg):
            reason = "forward is not known: not calibrated, or nothing heard from the sensor"
        elif told.position is LyingPosition.UNKNOWN:
            reason = "between two positions, for all that is known of which way the sensor faces"
        return {
            "position": str(told.position),
            "sure": round(told.sure, 3),
            "turned_deg": None if math.isnan(told.turned_deg) else round(told.turned_deg, 1),
            "sensor": " and ".join(seen.sums) or None,
            "reason": reason,
        }

    def _taken_back(self, since_s: float, until_s: float, known: int) -> list[Event]:
        """What was told of a span in which nobody lay."""
        events: list[Event] = []
        for event in [one for one in self._told if one.start_s < until_s and (one.end_s or 0.0) > since_s]:
            self._told.remove(event)
            events.append(replace(event, end_s=max(event.start_s, since_s)))
            if until_s < (event.end_s or 0.0):
                events.append(replace(event, start_s=until_s))
        kept = [one for one in events if one.end_s is not None and one.end_s > one.start_s]
        self._told += kept
        return [*events, *self._cut_short(round(since_s * FRAME_HZ), round(min(until_s * FRAME_HZ, known)))]

    def _cut_short(self, since: int, until: int) -> list[Event]:
        """The bout that goes on, without the ticks [since, until)."""
        bout, events = self._bout, []
        if bout is None or bout.start >= until or since >= bout.last:
            return []
        is_over = until >= bout.last
        if bout.held is not None and bout.held.first < until:
            events.append(self._event(bout.held, max(bout.held.first, since)))
            if not is_over:
                bout.held.first = until
                events.append(self._event(bout.held, None))
        if bout.other is not None:
            bout.other.first = max(bout.other.first, until)
        bout.start, self._free = until, until
        if is_over:
            self._bout = None
        return events

    def _begun(self, first: int) -> int:
        """Since when the trunk has been tipped, at most LEAD_S before the activity was sure."""
        start = first
        samples = _samples(max(first - _LEAD, self._free), first)
        for tick, up in zip(reversed(samples), self._ups(samples)[::-1], strict=True):
            if _summed(up)[2] is not True:
                break
            start = tick
        return start

    def _ups(self, samples: range) -> Floats:
        """World's up (n, 2, 3) as each segment sees it at these ticks; NaN where it is not known."""
        up = np.full((len(samples), len(Segment), 3), np.nan)
        wanted = np.asarray(samples, np.int64) * _EVERY
        for pose in self._poses:
            at = np.rint(pose.t * GRID_HZ).astype(np.int64)
            place = np.minimum(np.searchsorted(at, wanted), len(at) - 1)
            found = at[place] == wanted
            for column, segment in enumerate(Segment):
                up[found, column] = quaternion.up_in_body(pose.q[segment][place[found]])
        return up

    def _forget(self, newest: int) -> None:
        """Poses that no bout can reach back to."""
        needed = (newest - _LEAD - 2 * _STEP) / FRAME_HZ
        while self._poses and self._poses[0].t[-1] < needed:
            self._poses.popleft()


def _samples(first: int, end: int) -> range:
    """The ticks of [first, end) that count."""
    return range(-(-first // _STEP) * _STEP, end, _STEP)


def _summed(up: Floats) -> tuple[float, float, bool | None]:
    """Forward and left of up (2, 3) over the known segments, and whether the trunk is tipped; NaN and None of none."""
    known = [row for row in up.tolist() if math.isfinite(row[0])]
    if not known:
        return math.nan, math.nan, None
    x, y, z = (sum(parts) for parts in zip(*known, strict=True))
    return x, y, z < LEVEL * math.sqrt(x * x + y * y + z * z)


DETECTOR = Detector(label="Lying position", kinds=frozenset({KIND}), make=Lying)
