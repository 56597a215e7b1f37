"""When to ask the wearer to move, and what became of it: frames and what became known in, prompts and the record out.

Time is in the data. It goes on with the ticks of the frames; where those fall silent for SILENT_S, with the inputs'
own times. Everything is decided at a tick with what is known at that tick, and nothing depends on where the input was
cut. Between two changes all clocks are linear: so a tick at which nothing changes and nothing is due costs next to
nothing, and a clock is worked out only where it matters.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np

from analysis.break_flow import BreakInput, BreakMemory, BreakRequest, BreakTally, LedgerSpan, NewRules, Prompt
from analysis.breaks.acts import act
from analysis.breaks.adopting import adopt
from analysis.breaks.bending import Bending
from analysis.breaks.breaks import Breaks
from analysis.breaks.presence import PRESENCE, TICKS_PER_S
from analysis.breaks.recounting import recount
from analysis.breaks.remembering import remember, slept, summed
from analysis.breaks.rules_record import unpacked
from analysis.breaks.types import BreakRules
from analysis.corrections import Corrections
from analysis.desk import ClockAnchor, DeskState, Slept
from analysis.model import Activity, Event, Label, PostureFrame

SILENT_S = 30.0  # without samples for so long, time goes on with the clock alone
SHIFT_LAG = 4 * TICKS_PER_S  # a shift is told 2 to 3 s after its end, and counts from this on however it came
SUM_UP = 60 * TICKS_PER_S  # between two memories

Told = Event | Prompt | LedgerSpan | BreakTally | BreakMemory
_RAW = {int(activity): presence for activity, presence in PRESENCE.items()}


@dataclass(frozen=True, slots=True)
class _Sat:
    """A bout of sitting was told that began at this tick."""

    since: int
    is_over: bool


_Queued = BreakInput | Label | int | _Sat  # an int: the end of a shift, as a tick


class BreakPolicy:
    """One wearer's session."""

    def __init__(self, rules: BreakRules) -> None:
        self._breaks = Breaks(rules)
        self._bending = Bending(rules)
        self._now = -1  # the last tick that is over and done
        self._deadline = 0  # until then nothing happens by itself
        self._horizon = 0  # up to this tick time went on without samples
        self._frame_end = 0  # the tick after the last one of a frame
        self._code = int(Activity.UNKNOWN)
        self._queue: list[tuple[int, int, _Queued]] = []  # (tick, order, what)
        self._order = 0
        self._corrections = Corrections()
        self._memory: BreakMemory | None = None  # waits for the clock on the wall
        self._sum_up_at = SUM_UP
        self._told: list[Told] = []

    def is_silent(self, item: BreakInput, newest_s: float) -> bool:
        """Whether no samples are to be waited for; before such an item is taken, all frames before it must be fed."""
        return item.at_s - max(newest_s, 0.0) > SILENT_S

    def take(self, item: BreakInput, newest_s: float = -math.inf) -> list[Told]:
        """An input, in the order of arrival, with the time of the newest sample that had come before it."""
        if isinstance(item, NewRules) and not self._order and not self._frame_end:
            self._begin(unpacked(item.rules))
            return []
        at = self._tick_of(item.at_s, newest_s)
        self._put(at, item)
        if self.is_silent(item, newest_s):
            self._horizon = at
            self._fall_silent(at)
        return self._take_told()

    def correct(self, label: Label, newest_s: float = -math.inf) -> None:
        """The wearer says what they really did: the clocks follow, from now on."""
        self._put(self._tick_of(0.0, newest_s), label)

    def _begin(self, rules: BreakRules | None) -> None:
        """The session's own rules, before all else."""
        if rules is not None:
            self._breaks, self._bending = Breaks(rules), Bending(rules)

    def feed(self, frame: PostureFrame) -> list[Told]:
        """Ticks that follow those before; none is as good as some."""
        if len(frame.t):
            self._feed(frame)
        return self._take_told() if self._told else []

    def know(self, events: Iterable[Event]) -> None:
        """Events that became known by the last tick; they count from the next one on."""
        for event in events:
            if event.kind == "shift" and event.end_s is not None:
                ended = math.ceil(event.end_s * TICKS_PER_S - 1e-6)
                self._put(max(ended + SHIFT_LAG, self._now + 1), ended)
            elif event.kind == "sitting":
                is_over = event.end_s is not None
                self._put(self._now + 1, _Sat(round(event.start_s * TICKS_PER_S), is_over))

    def close(self, at_s: float) -> list[Told]:
        """The session ended."""
        if not self._frame_end and not self._order:
            return []  # nothing was ever known
        end = max(_at_or_after(at_s), self._now)
        if self._frame_end:
            self._until(self._frame_end - 1)
        self._fall_silent(max(end, self._now, *(tick for tick, _, _ in self._queue)))
        self._breaks.close(self._now)
        self._collect()
        return [*self._take_told(), *self._summed(self._now)]

    def _tick_of(self, at_s: float, newest_s: float) -> int:
        """When an input counts: not before its time, and after all that was known before it came."""
        seen = math.floor(newest_s * TICKS_PER_S + 1e-6) + 1 if math.isfinite(newest_s) else 0
        return max(_at_or_after(at_s), seen, self._horizon)

    def _put(self, at: int, what: _Queued) -> None:
        self._order += 1
        self._queue.append((at, self._order, what))
        self._queue.sort(key=lambda one: one[:2])
        self._deadline = min(self._deadline, at)

    def _feed(self, frame: PostureFrame) -> None:
        first, count = round(float(frame.t[0]) * TICKS_PER_S), len(frame.t)
        end = round(float(frame.t[-1]) * TICKS_PER_S) + 1
        if end - first != count:
            for part in _whole(frame):
                self._feed(part)
            return
        codes = frame.activity.tobytes()
        skipped = max(0, self._now + 1 - first)  # what comes after its time was decided without it
        if skipped >= count:
            return
        bends = self._bending.changes(frame, first, skipped, codes)
        codes = codes[skipped:]
        first += skipped
        if first > self._frame_end > self._now:
            self._change(self._frame_end, int(Activity.UNKNOWN))
        if not bends and end <= self._deadline and codes.count(self._code) == len(codes):
            self._frame_end, self._now = end, end - 1
            return
        at = first
        for code, run in groupby(codes):
            until = at + len(list(run))
            while bends and bends[0][0] < until:
                tick, bend = bends.pop(0)
                self._change(at, code)
                self._until(tick - 1)
                self._breaks.world.bend = bend
                self._settle(tick)
            self._change(at, code)
            self._until(until - 1)
            at = until
        self._frame_end = end

    def _change(self, at: int, code: int) -> None:
        """From tick `at` on the activity is `code`."""
        if code == self._code:
            return
        self._until(at - 1)
        self._code = code
        self._breaks.world.body.see(_RAW[code], at)
        self._settle(at)

    def _fall_silent(self, until: int) -> None:
        """Nothing is known of the body from the last frame to `until`."""
        self._change(max(self._frame_end, self._now + 1), int(Activity.UNKNOWN))
        self._until(until)

    def _until(self, last: int) -> None:
        """Everything that happens by itself, or was put in the queue, up to and with tick `last`."""
        while self._deadline <= last:
            self._settle(max(self._deadline, self._now))
        self._now = max(self._now, last)

    def _settle(self, now: int) -> None:
        self._now = max(self._now, now)
        self._breaks.settle(now)
        while self._queue and self._queue[0][0] <= now:
            self._apply(self._queue.pop(0)[2], now)
            self._breaks.settle(now)
        self._collect()
        if now >= self._sum_up_at:
            self._told += self._summed(now)
            self._sum_up_at = (now // SUM_UP + 1) * SUM_UP
        ahead = min(self._breaks.next(now), self._sum_up_at)
        self._deadline = min(ahead, self._queue[0][0]) if self._queue else ahead

    def _collect(self) -> None:
        """What happened, and then what was written down about it."""
        self._told += [*self._breaks.told, *self._breaks.book.take(with_tallies=False)]
        self._breaks.told = []

    def _summed(self, now: int) -> list[Told]:
        memory = summed(self._breaks, now)
        return [*self._breaks.book.take(with_tallies=True), memory]

    def _apply(self, item: _Queued, now: int) -> None:
        breaks = self._breaks
        match item:
            case int():
                breaks.shifted(item, now)
            case _Sat():
                breaks.sat(item.since, is_over=item.is_over)
            case DeskState():
                breaks.world.see_desk(item, now)
            case Label():
                self._corrections.add(item)
                recount(breaks, self._corrections.spans, now)
            case ClockAnchor():
                breaks.world.wall.set(item)
            case Slept():
                slept(breaks, item.slept_s, now)
            case BreakRequest():
                act(breaks, item, now)
            case BreakMemory():
                self._memory = item
            case NewRules():
                rules = unpacked(item.rules)
                if rules is not None:
                    adopt(breaks, rules, now)
        if self._memory is not None and not math.isnan(breaks.world.wall.utc_s(now)):
            gap_s = breaks.world.wall.utc_s(now) - now / TICKS_PER_S - self._memory.utc_s
            remember(breaks, self._memory, gap_s, now)
            self._memory = None

    def _take_told(self) -> list[Told]:
        told, self._told = self._told, []
        return told


def _at_or_after(at_s: float) -> int:
    return 0 if at_s <= 0 else math.ceil(at_s * TICKS_PER_S - 1e-6)


def _whole(frame: PostureFrame) -> list[PostureFrame]:
    """The frame in parts without a hole."""
    steps = np.flatnonzero(np.diff(np.rint(frame.t * TICKS_PER_S)) > 1) + 1
    edges = [0, *steps.tolist(), len(frame.t)]
    return [
        PostureFrame(
            frame.t[a:b], {n: v[a:b] for n, v in frame.values.items()}, frame.activity[a:b], frame.quality[a:b]
        )
        for a, b in pairwise(edges)
    ]
