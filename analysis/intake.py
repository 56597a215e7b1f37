"""One sensor's rows on their way into a filter: broken ones left out, spikes mended, cut where there is a gap.

A sensor without a gyroscope has NaN for all its turn rates. Once a sensor has told one, a row without is a broken one.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from analysis.model import Floats

GAP_S = 0.5  # a longer hole starts a new run
JUMP_S = 86400.0  # no session has a hole of a day: such a time stamp is broken
_LATEST_S = 30 * JUMP_S
_LIMITS: Floats = np.repeat([400.0, 80.0], 3)  # m/s² and rad/s; beyond any sensor's range a row is broken
_FORCE, _RATE = slice(0, 3), slice(3, 6)  # of a row without its time
_SPIKE: Floats = np.repeat([40.0, 5.0], 3)  # m/s² and rad/s, there and back from one sample to the next

Rows = Floats  # (n, 7): t, acc, gyr; each column in one piece, which is how they are worked on


class Intake:
    """Rows that are not finite or beyond any range, do not advance in time or feel no force are left out, as if lost.

    The newest row is held back, for only the next one tells whether it is a spike.
    """

    def __init__(self) -> None:
        self._spikes = _Spikes()
        self._newest_s = -math.inf  # the last row taken
        self._last_s = -math.inf  # the last row told
        self._turns = False  # the sensor has told a turn rate, and
        self._told_turns = False  # so did the last row told

    def feed(self, t: Floats, acc: Floats, gyr: Floats) -> list[Rows]:
        """t (n,) s, acc (n, 3) m/s², gyr (n, 3) rad/s. Between two of the pieces returned there is a gap, or a change
        from rows without turn rates to rows with them.

        The first piece continues what was told before, and is empty where it does not.
        """
        if not len(t):
            return []
        columns = np.empty((7, len(t)))
        columns[0], columns[1:4], columns[4:] = t, acc.T, gyr.T
        rows = self._sane(columns.T)
        if not len(rows):
            return []
        self._newest_s = float(rows[-1, 0])
        return self._pieces(self._spikes.feed(rows))

    def flush(self) -> list[Rows]:
        """The row held back."""
        return self._pieces(self._spikes.flush())

    def _pieces(self, rows: Rows) -> list[Rows]:
        if not len(rows):
            return []
        before_s, self._last_s = self._last_s, float(rows[-1, 0])
        did_turn, self._told_turns = self._told_turns, not math.isnan(rows[-1, 4])
        if self._last_s - before_s <= GAP_S and did_turn is self._told_turns:
            return [rows]
        turns = ~np.isnan(rows[:, 4])
        is_new = turns != np.append(did_turn, turns[:-1])
        starts = np.flatnonzero((np.diff(rows[:, 0], prepend=before_s) > GAP_S) | is_new)
        return np.split(rows, starts) if len(starts) else [rows]

    def _sane(self, rows: Rows) -> Rows:
        t = rows[:, 0]
        before_s = self._newest_s if self._newest_s > -math.inf else t[:1] - 1.0
        step_s = t - np.append(before_s, t[:-1])
        felt = (rows[:, 1] != 0) | (rows[:, 2] != 0) | (rows[:, 3] != 0)
        reach = np.maximum(rows[:, 1:].max(axis=0), -rows[:, 1:].min(axis=0))  # NaN where anything is
        goes_on = step_s.min() > 0 and step_s.max() <= JUMP_S and max(abs(t[0]), abs(t[-1])) < _LATEST_S
        is_sane = reach < _LIMITS
        if goes_on and felt.all() and is_sane.all():
            self._turns = True
            return rows
        if not self._turns and goes_on and felt.all() and is_sane[_FORCE].all() and np.isnan(rows[:, 4:]).all():
            return rows
        usable = np.isfinite(t) & self._within(rows[:, 1:]) & felt
        return rows[self._advancing(t.tolist(), usable)]

    def _within(self, values: Floats) -> NDArray[np.bool_]:
        """(n,) which of the values (n, 6) a sensor can tell."""
        sane = np.abs(values) < _LIMITS
        turns = ~np.isnan(values[:, _RATE]).all(axis=1)
        has_turned = np.logical_or.accumulate(turns | self._turns)
        self._turns = bool(has_turned[-1])
        told: NDArray[np.bool_] = sane[:, _FORCE].all(axis=1) & (sane[:, _RATE].all(axis=1) | ~has_turned)
        return told

    def _advancing(self, times_s: list[float], usable: NDArray[np.bool_]) -> NDArray[np.bool_]:
        newest_s = self._newest_s
        kept = usable.copy()
        for row in np.flatnonzero(usable).tolist():
            t = times_s[row]
            first = newest_s == -math.inf and abs(t) < _LATEST_S
            kept[row] = first or 0 < t - newest_s <= JUMP_S
            newest_s = t if kept[row] else newest_s
        return kept


class _Spikes:
    """Single broken samples become the mean of their neighbours; so the newest row is held back.

    Real sensors lose a bit now and then: 1300°/s for one sample of a quietly sitting person, which would tip up by 27°.
    """

    def __init__(self) -> None:
        self._tail: Rows = np.empty((0, 7))  # the last row told and the one held back, as they came

    def feed(self, rows: Rows) -> Rows:
        rows = np.concatenate([self._tail if len(self._tail) else rows[:1], rows])
        self._tail = rows[-2:]
        before, here, after = rows[:-2, 1:], rows[1:-1, 1:], rows[2:, 1:]
        told = rows[1:-1]
        step = np.abs(rows[1:, 1:] - rows[:-1, 1:])
        if not (np.fmax.reduce(step) > _SPIKE).any():
            return told
        up, down = here - before, here - after
        near = (rows[2:, :1] - rows[1:-1, :1] <= GAP_S) & (np.isnan(after[:, 3:4]) == np.isnan(before[:, 3:4]))
        spiky: NDArray[np.bool_] = (step[:-1] > _SPIKE) & (step[1:] > _SPIKE) & (up * down > 0) & near
        if spiky.any():
            told = told.copy()
            told[:, 1:] = np.where(spiky.any(axis=1, keepdims=True), 0.5 * (before + after), here)
        return told

    def flush(self) -> Rows:
        held, self._tail = self._tail[1:], self._tail[:0]
        return held
