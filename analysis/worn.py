"""Is a sensor on the body? A table does not breathe.

A worn sensor turns a little with every breath and heartbeat, however still its wearer is; one that lies somewhere
shows its own noise and nothing else. What that noise is, each sensor tells itself: the spread within seconds, from
which follows how far means over a second may differ. And no body bends so far as two sensors in a hand or a bag do,
nor turns one end of the back against the other as two hands do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from analysis.model import GRID_HZ, Activity, Codes, Floats, Pose, Quality, Segment
from analysis.mounting import joined
from analysis.worn_seconds import (
    EVERY_S,
    HANDLED,
    MEMORY_S,
    STILL_LOOKS,
    TOGETHER_S,
    WINDOW_S,
    breathes,
    came_off,
    forget,
    is_odd,
    is_still,
    marked,
    put_on,
    rest_begin,
)
from analysis.worn_table import (
    AGAINST,
    SEGMENTS,
    SHAKE,
    SPREAD,
    TICK_WIDTH,
    TICKS,
    WIDTH,
    middle_rows,
    own_of,
    place_of,
    table_of,
    tick_lines,
)

_OTHER = dict(zip(SEGMENTS, reversed(SEGMENTS), strict=True))
_SPREADS, _SHAKES = ({segment: place_of(segment, column) for segment in SEGMENTS} for column in (SPREAD, SHAKE))


@dataclass(frozen=True, slots=True)
class Off:
    """No sensor is worn: since when, when that was known, and until when (None: still)."""

    since_s: float
    known_s: float
    until_s: float | None = None


@dataclass(slots=True)
class _Wearing:
    """What is held to be so of one sensor."""

    is_off: bool = False
    known_s: float = -math.inf  # when that was found
    since_s: float = -math.inf
    was_handled: bool = False  # before it came off
    still_looks: int = 0  # windows in a row that were still …
    looked_s: float = -math.inf  # … up to this one


class WornWatch:
    """Poses in; what is not worn is taken out of them. Any cutting of the poses gives the same.

    A sensor is taken to be worn until it is known not to be: after a minute at rest, or as soon as it is handled as no
    body moves. Each is looked at by itself, so that the other one goes on alone. One without a gyroscope is always
    taken to be worn: a breath tips it by less than its accelerometer can tell.
    """

    def __init__(self) -> None:
        self._poses: list[Pose] = []
        self._held: int | None = None  # the second that the newest tick lies in
        self._ticks: Floats = np.empty((1 + TICK_WIDTH * len(SEGMENTS), 0))
        self._middles: Floats = np.empty((0, 1 + 4 * len(SEGMENTS)))
        self._table: Floats = np.empty((0, 1 + WIDTH * len(SEGMENTS)))
        self._wearing = {segment: _Wearing() for segment in SEGMENTS}
        self._told: dict[Segment, list[tuple[float, bool]]] = {segment: [(-math.inf, False)] for segment in SEGMENTS}
        self._off: Off | None = None
        self._news: list[Off] = []

    def feed(self, pose: Pose) -> Pose:
        """The pose without the sensors that are not worn, as known at each tick; Quality.NOT_WORN says why."""
        self._poses.append(pose)
        second = (round(float(pose.t[-1]) * GRID_HZ) + 1) // TICKS
        if second != self._held:
            self._held = second
            self._learn()
        return self._without(pose)

    def news(self) -> list[Off]:
        """Spans without any worn sensor that became known, or ended, since this was asked last."""
        news, self._news = self._news, []
        return news

    def _without(self, pose: Pose) -> Pose:
        q, acc, gyr, quality = dict(pose.q), dict(pose.acc), dict(pose.gyr), pose.quality
        for segment, told in self._told.items():
            if len(told) == 1 and not told[0][1]:
                continue
            place = np.searchsorted([at_s for at_s, _ in told], pose.t, side="right") - 1
            off = np.array([is_off for _, is_off in told])[place] & ~np.isnan(pose.acc[segment][:, 0])
            self._told[segment] = told[-1:]
            if off.any():
                q[segment], acc[segment], gyr[segment] = (
                    np.where(off[:, None], np.nan, rows[segment]) for rows in (q, acc, gyr)
                )
                quality = np.where(off, quality | np.uint16(Quality.NOT_WORN), quality)
        return pose if quality is pose.quality else replace(pose, q=q, acc=acc, gyr=gyr, quality=quality)

    def _learn(self) -> None:
        pose = joined(self._poses)
        new = tick_lines(pose)
        lines = np.concatenate([self._ticks, new], axis=1)
        middles = np.concatenate([self._middles, middle_rows(new[0], pose)])
        self._poses = []
        holes = np.flatnonzero(np.diff(lines[0]) > 1) + 1
        pieces = np.split(lines, holes, axis=1) if len(holes) else [lines]
        tables = []
        for piece in pieces:
            first = -int(piece[0, 0]) % TICKS
            last = first + (piece.shape[1] - first) // TICKS * TICKS
            if last > first:
                tables.append(table_of(piece[:, first:last], middles))
                piece = piece[:, last:]
        self._ticks, self._middles = piece, middles[-1:]
        if tables:
            self._judge(np.concatenate(tables))

    def _judge(self, new: Floats) -> None:
        known = len(self._table)
        table = np.concatenate([self._table, new])
        suspicious = marked(table, known)
        i = known
        while i < len(table):
            if not any(wearing.is_off for wearing in self._wearing.values()):
                ahead = np.searchsorted(suspicious, i)
                if ahead == len(suspicious):
                    break
                i = int(suspicious[ahead])
            for segment, wearing in self._wearing.items():
                change = self._back_on(table, i, segment) if wearing.is_off else self._come_off(table, i, segment)
                if change:
                    self._told[segment].append((float(table[i, 0]), wearing.is_off))
            self._weigh(table[i])
            i += 1
        self._table = table[-MEMORY_S:]

    def _come_off(self, table: Floats, i: int, segment: Segment) -> bool:
        if math.isnan(table[i, _SPREADS[segment]]):
            return False
        self._look(table, i, segment)
        wearing = self._wearing[segment]
        other = self._wearing[_OTHER[segment]]
        if other.is_off and table[i, 0] - other.known_s > TOGETHER_S:
            own_of(table, segment)[i, AGAINST] = 0.0
        first = max(0, i + 1 - MEMORY_S)
        past = own_of(table, segment)[first : i + 1]
        if is_odd(past):
            begin = len(past) - 1
        elif wearing.still_looks >= STILL_LOOKS:
            begin = rest_begin(past)
        else:
            return False
        wearing.is_off = True
        wearing.known_s = float(table[i, 0])
        wearing.since_s = float(table[first + came_off(past[: begin + 1]), 0]) - 1.0
        wearing.was_handled = bool((past[:, SPREAD] > HANDLED).any())
        wearing.still_looks = 0
        return True

    def _look(self, table: Floats, i: int, segment: Segment) -> None:
        """Count the still windows in a row."""
        end_s, wearing = float(table[i, 0]), self._wearing[segment]
        first = i + 1 - WINDOW_S
        if end_s % EVERY_S or first < 0 or table[first, 0] != end_s - WINDOW_S + 1:
            return
        still = is_still(own_of(table, segment)[first : i + 1])
        follows = end_s - wearing.looked_s == EVERY_S
        wearing.still_looks = (wearing.still_looks + 1 if follows else 1) if still else 0
        wearing.looked_s = end_s

    def _back_on(self, table: Floats, i: int, segment: Segment) -> bool:
        wearing, own, other = self._wearing[segment], own_of(table, segment), _OTHER[segment]
        begin = put_on(own, own_of(table, other), i, other_is_off=self._wearing[other].is_off)
        if begin is None and not wearing.was_handled and breathes(own, i):
            begin = i
        if begin is None:
            return False
        wearing.is_off, wearing.since_s = False, max(float(table[begin, 0]) - 1.0, wearing.since_s)
        forget(own[: i + 1])
        return True

    def _weigh(self, row: Floats) -> None:
        """Whether any sensor that is heard is worn."""
        heard = {segment: not math.isnan(row[place]) for segment, place in _SHAKES.items()}
        off = [one for segment, one in self._wearing.items() if one.is_off and heard[segment]]
        is_bare = bool(off) and len(off) == sum(heard.values())
        now_s = float(row[0])
        if is_bare and self._off is None:
            self._off = Off(max(one.since_s for one in off), now_s)
            self._news.append(self._off)
        elif not is_bare and self._off is not None and any(heard.values()):
            ons = [one.since_s for segment, one in self._wearing.items() if heard[segment] and not one.is_off]
            on_s = min(ons)  # -inf: it was only not heard
            until_s = min(max(on_s, self._off.since_s), now_s) if math.isfinite(on_s) else now_s
            self._news.append(replace(self._off, until_s=until_s))
            self._off = None


def not_worn(pose: Pose, codes: Codes) -> Codes:
    """codes (n,) of a pose that was fed to a WornWatch, NOT_WORN where no sensor that is heard is worn."""
    bare = (pose.quality & np.uint16(Quality.NOT_WORN)) != 0
    for acc in pose.acc.values():
        bare &= np.isnan(acc[:, 0])
    return np.where(bare, np.int8(Activity.NOT_WORN), codes).astype(np.int8) if bare.any() else codes
