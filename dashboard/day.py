"""One day of a wearer, joined from all sessions that touch it. Pure.

Times are seconds since the Unix epoch (UTC): a day is [its midnight, the next midnight) of a time zone, so that it
has 23, 24 or 25 hours as the zone says. Where sessions overlap (a simulated one may have run ahead of the clock) the
one started later is believed, so that no moment is counted twice.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo

import numpy as np

from analysis.bout_statistics import Span, statistics_of
from analysis.break_flow import Prompt, PromptState
from analysis.corrections import Corrected, overlaid, spans_of
from analysis.detectors.lying import KIND as LYING_KIND
from analysis.io.reader import Minutes, Session
from analysis.lying_position import LyingPosition
from analysis.model import Activity, Event, Floats
from dashboard.live import BOUT_KINDS

MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Recorded:
    """All that one session holds."""

    session: Session
    events: Sequence[Event]
    prompts: Sequence[Prompt]
    minutes: Minutes


@dataclass(frozen=True, slots=True)
class Bout:
    activity: Activity
    start: float
    end: float
    is_open: bool  # still going on at `end`


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the day that one session is believed about."""

    session_id: str
    started_at: float  # of the session
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Correction:
    """What the wearer says they really did; it holds over whatever was told."""

    session_id: str
    start: float
    end: float
    activity: Activity


@dataclass(frozen=True, slots=True)
class Asked:
    """One prompt of the day."""

    at: float  # when the wearer was told
    kind: str  # the type of break
    reason: str
    outcome: PromptState
    response_s: float  # from then to the rise, or to the start of the break; NaN where there was none
    credited_s: float  # of the break


@dataclass(frozen=True, slots=True)
class Curve:
    """A metric by the minute; a NaN row stands in every hole so that no line is drawn across it."""

    at: Floats  # (n,) middle of each minute
    mean: Floats  # (n,)
    low: Floats  # (n,)
    high: Floats  # (n,)


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    start: float
    end: float
    recorded_s: float
    stretches: tuple[Stretch, ...]
    bouts: tuple[Bout, ...]  # in order of time, none overlapping, as corrected
    corrections: tuple[Correction, ...]
    totals_s: Mapping[Activity, float]  # all activities; with UNKNOWN they add up to recorded_s
    rises: int
    shifts: int  # of posture, while sitting
    fidgets: int
    longest_sitting_s: float
    prompts: tuple[Asked, ...]
    curves: Mapping[str, Curve]
    lying_s: Mapping[LyingPosition, float] = field(default_factory=dict)  # add up to the total of lying

    def count(self, outcome: PromptState) -> int:
        return sum(asked.outcome is outcome for asked in self.prompts)


def bounds(day: date, zone: tzinfo | None) -> tuple[float, float]:
    """[midnight, next midnight) of a day in `zone`; None is this machine's zone."""
    start, end = (datetime.combine(which, time.min, zone).timestamp() for which in (day, day + timedelta(days=1)))
    return start, end


def day_at(at: float, zone: tzinfo | None) -> date:
    return datetime.fromtimestamp(at, zone).date()


def day_of(day: date, recorded: Sequence[Recorded], zone: tzinfo | None) -> Day:
    """The day, from everything of the sessions that touch it, in any order."""
    start, end = bounds(day, zone)
    pieces = visible(recorded, start, end)
    told = sorted((b for r, a, z in pieces for b in _bouts(r, a, z)), key=lambda bout: bout.start)
    corrections = tuple(one for r, a, z in pieces for one in _corrections(r, a, z))
    bouts = tuple(_corrected(told, corrections))
    totals = dict.fromkeys(Activity, 0.0)
    for bout in bouts:
        totals[bout.activity] += bout.end - bout.start
    recorded_s = sum(z - a for _, a, z in pieces)
    totals[Activity.UNKNOWN] = max(0.0, recorded_s - sum(totals.values()))
    prompts = [p for r, a, z in pieces for p in _asked(r, a, z)]
    return Day(
        day=day,
        start=start,
        end=end,
        recorded_s=recorded_s,
        stretches=tuple(Stretch(r.session.session_id, r.session.started_at, a, z) for r, a, z in pieces),
        bouts=bouts,
        corrections=corrections,
        totals_s=totals,
        rises=_rises(bouts) if corrections else _count("rise", pieces),
        shifts=_count("shift", pieces, _not_seated(corrections)),
        fidgets=_count("fidget", pieces, _not_seated(corrections)),
        longest_sitting_s=max((b.end - b.start for b in bouts if b.activity is Activity.SITTING), default=0.0),
        prompts=tuple(sorted(prompts, key=lambda asked: asked.at)),
        curves=_curves(pieces, [one for one in corrections if one.activity is Activity.NOT_WORN]),
        lying_s=_lying_s(bouts, pieces),
    )


def visible(recorded: Sequence[Recorded], start: float, end: float) -> list[tuple[Recorded, float, float]]:
    """Which session is believed when: pieces within [start, end) that do not overlap, in order of time."""
    pieces: list[tuple[Recorded, float, float]] = []
    for one in sorted(recorded, key=lambda r: r.session.started_at, reverse=True):
        if one.session.last_s is None:
            continue
        begin = max(start, one.session.started_at)
        finish = min(end, one.session.started_at + one.session.last_s)
        taken = sorted((a, z) for _, a, z in pieces)
        for a, z in [*taken, (end, end)]:  # what the later ones have left free
            if begin < min(a, finish):
                pieces.append((one, begin, min(a, finish)))
            begin = max(begin, z)
    return sorted(pieces, key=lambda piece: piece[1])


def _count(kind: str, pieces: Sequence[tuple[Recorded, float, float]], denied: Sequence[Correction] = ()) -> int:
    """Events of a kind, but for those in spans that the wearer denied."""
    starts = [
        one.session.started_at + event.start_s
        for one, a, z in pieces
        for event in one.events
        if event.kind == kind and a <= one.session.started_at + event.start_s < z
    ]
    return sum(not any(span.start <= start < span.end for span in denied) for start in starts)


def _lying_s(bouts: Sequence[Bout], pieces: Sequence[tuple[Recorded, float, float]]) -> dict[LyingPosition, float]:
    """How long on which side, of the bouts of lying; UNKNOWN where nothing was told of it."""
    lain = [bout for bout in bouts if bout.activity is Activity.LYING]
    told: dict[LyingPosition, float] = {}
    for one, start, end in pieces:
        begun = one.session.started_at
        for event in one.events if lain else ():
            if event.kind == LYING_KIND:
                a = max(start, begun + event.start_s)
                z = end if event.end_s is None else min(end, begun + event.end_s)
                position = LyingPosition(str(event.values["position"]))
                shared = sum(max(0.0, min(z, bout.end) - max(a, bout.start)) for bout in lain)
                told[position] = told.get(position, 0.0) + shared
    known = sum(seconds for position, seconds in told.items() if position is not LyingPosition.UNKNOWN)
    told[LyingPosition.UNKNOWN] = max(0.0, sum(bout.end - bout.start for bout in lain) - known)
    return {position: seconds for position, seconds in told.items() if seconds > 0.0}


def _corrections(one: Recorded, start: float, end: float) -> list[Correction]:
    """The session's corrections cut to [start, end)."""
    begun, session_id = one.session.started_at, one.session.session_id
    cut = [(max(start, begun + s.start_s), min(end, begun + s.end_s), s.activity) for s in spans_of(one.events)]
    return [Correction(session_id, a, z, activity) for a, z, activity in cut if a < z]


def _corrected(told: Sequence[Bout], corrections: Sequence[Correction]) -> Sequence[Bout]:
    if not corrections:
        return told
    spans = overlaid(
        (Corrected(bout.start, bout.end, bout.activity) for bout in told),
        (Corrected(one.start, one.end, one.activity) for one in corrections),
    )
    still_on = {(bout.activity, bout.end) for bout in told if bout.is_open}
    return [Bout(s.activity, s.start_s, s.end_s, (s.activity, s.end_s) in still_on) for s in spans]


def _not_seated(corrections: Sequence[Correction]) -> list[Correction]:
    return [one for one in corrections if one.activity is not Activity.SITTING]


def _rises(bouts: Sequence[Bout]) -> int:
    """Counted anew from the bouts, since what was told of rises is not what was so."""
    return statistics_of([[Span(bout.activity, bout.start, bout.end) for bout in bouts]]).rises


def _bouts(one: Recorded, start: float, end: float) -> list[Bout]:
    """The session's bouts cut to [start, end); one that is told to overlap the next ends where that begins."""
    told = sorted((event for event in one.events if event.kind in BOUT_KINDS), key=lambda event: event.start_s)
    begun = one.session.started_at
    bouts = []
    for index, event in enumerate(told):
        following = begun + told[index + 1].start_s if index + 1 < len(told) else float("inf")
        finish = min(end, following, float("inf") if event.end_s is None else begun + event.end_s)
        begin = max(start, begun + event.start_s)
        if begin < finish:
            is_open = event.end_s is None and finish == end
            bouts.append(Bout(BOUT_KINDS[event.kind], begin, finish, is_open))
    return bouts


def _asked(one: Recorded, start: float, end: float) -> list[Asked]:
    begun = one.session.started_at
    return [
        Asked(
            at=begun + prompt.asked_s,
            kind=prompt.kind,
            reason=prompt.reason,
            outcome=prompt.state,
            response_s=_answered_s(prompt) - prompt.asked_s,
            credited_s=prompt.credited_s,
        )
        for prompt in one.prompts
        if start <= begun + prompt.asked_s < end
    ]


def _answered_s(prompt: Prompt) -> float:
    """When the break began; where only the wearer's word is known, when they gave it; NaN where there was none."""
    if prompt.begun_s is not None:
        return prompt.begun_s
    if prompt.state is PromptState.DONE and prompt.closed_s is not None:
        return prompt.closed_s
    return math.nan


def _curves(pieces: Sequence[tuple[Recorded, float, float]], left_out: Sequence[Correction]) -> dict[str, Curve]:
    names = sorted({name for one, _, _ in pieces for name in one.minutes.values})
    return {name: _curve(name, pieces, left_out) for name in names}


def _curve(name: str, pieces: Sequence[tuple[Recorded, float, float]], left_out: Sequence[Correction]) -> Curve:
    parts = []
    for one, start, end in pieces:
        stretch = one.minutes.values.get(name)
        if stretch is None:
            continue
        at = one.session.started_at + one.minutes.t0 + MINUTE_S / 2
        seen = (at >= start) & (at < end)
        for span in left_out:
            seen &= (at < span.start) | (at >= span.end)
        parts.append(np.column_stack((at, stretch.mean, stretch.low, stretch.high))[seen])
    rows = np.concatenate(parts) if parts else np.empty((0, 4))
    holes = np.flatnonzero(np.diff(rows[:, 0]) > 1.5 * MINUTE_S)
    gaps = np.full((len(holes), 4), np.nan)
    gaps[:, 0] = rows[holes, 0] + MINUTE_S
    rows = np.insert(rows, holes + 1, gaps, axis=0)
    return Curve(rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3])
