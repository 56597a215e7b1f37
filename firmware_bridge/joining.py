"""Accelerations and turn rates that come apart become samples of six axes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from analysis.model import Floats

WAIT_S = 2.0  # an acceleration without its turn rate is given up after this long
NEIGHBOURS = 1.6  # two turn rates more spacings apart have a hole between them


@dataclass(frozen=True, slots=True)
class Joined:
    """Evenly spaced samples without a hole."""

    start_s: float  # device time
    spacing_s: float
    values: Floats  # (n, 6)


class StampJoin:
    """For streams with a stamp each, on one clock: turn rates are taken between their neighbours in time.

    An acceleration that has no turn rate on either side is left out, and so a hole.
    """

    def __init__(self) -> None:
        self._acc: Floats = np.empty((0, 4))  # time, xyz
        self._gyr: Floats = np.empty((0, 4))
        self._acc_spacing_s = self._gyr_spacing_s = 0.0

    def acc(self, start_s: float, spacing_s: float, values: Floats) -> None:
        """(n, 3)"""
        self._acc, self._acc_spacing_s = _longer(self._acc, start_s, spacing_s, values), spacing_s

    def gyr(self, start_s: float, spacing_s: float, values: Floats) -> None:
        """(n, 3)"""
        self._gyr, self._gyr_spacing_s = _longer(self._gyr, start_s, spacing_s, values), spacing_s

    def restart(self, start_s: float) -> None:
        """The clock of one stream began anew there: only what is near on that clock may belong to it."""
        self._acc, self._gyr = (rows[np.abs(rows[:, 0] - start_s) < WAIT_S] for rows in (self._acc, self._gyr))

    def take(self) -> list[Joined]:
        """All that have become whole."""
        if not len(self._acc) or not len(self._gyr):
            self._acc = self._acc[self._acc[:, 0] > self._acc[-1:, 0] - WAIT_S]
            return []
        known_s = max(float(self._gyr[-1, 0]), float(self._acc[-1, 0]) - WAIT_S)
        n = int(np.searchsorted(self._acc[:, 0], known_s, side="right"))
        ready, self._acc = self._acc[:n], self._acc[n:]
        if not n:
            return []
        whole, rates = self._between(ready[:, 0])
        oldest = int(np.searchsorted(self._gyr[:, 0], ready[-1, 0], side="right")) - 1
        self._gyr = self._gyr[max(0, oldest) :]
        return self._pieces(ready, rates, whole)

    def _between(self, t: Floats) -> tuple[Floats, Floats]:
        """(n,) whether there are neighbours, and (n, 3) the turn rate between them."""
        after = np.searchsorted(self._gyr[:, 0], t)
        low = np.clip(after - 1, 0, len(self._gyr) - 1)
        high = np.clip(after, 0, len(self._gyr) - 1)
        early, late = self._gyr[low], self._gyr[high]
        span_s = late[:, 0] - early[:, 0]
        share = np.divide(t - early[:, 0], span_s, out=np.zeros_like(t), where=span_s > 0)
        is_met = late[:, 0] == t
        share = np.where(is_met, 1.0, share)
        is_inside = (early[:, 0] <= t) & (t <= late[:, 0]) & (span_s <= NEIGHBOURS * self._gyr_spacing_s)
        rates = early[:, 1:] + share[:, None] * (late[:, 1:] - early[:, 1:])
        return (is_inside | is_met).astype(np.float64), rates

    def _pieces(self, ready: Floats, rates: Floats, whole: Floats) -> list[Joined]:
        kept = np.flatnonzero(whole)
        if not len(kept):
            return []
        t, values = ready[kept, 0], np.concatenate([ready[kept, 1:], rates[kept]], axis=1)
        cuts = np.flatnonzero((np.diff(kept) > 1) | (np.diff(t) > 1.5 * self._acc_spacing_s)) + 1
        edges = [0, *cuts.tolist(), len(kept)]
        return [Joined(float(t[a]), self._acc_spacing_s, values[a:b]) for a, b in pairwise(edges)]


def _longer(rows: Floats, start_s: float, spacing_s: float, values: Floats) -> Floats:
    t = start_s + spacing_s * np.arange(len(values))
    return np.concatenate([rows[rows[:, 0] < start_s], np.column_stack([t, values])])


class CountJoin:
    """For streams without any time that measure in step: the n-th acceleration belongs to the n-th turn rate.

    Both start together where the later one starts. What belongs together comes at about the same moment; if for a
    while every sample has waited for its partner, the partner's stream has lost some, and as many are left out.
    """

    def __init__(self, rate_hz: float) -> None:
        self.dropped = 0  # samples of either kind that had no partner
        self._rate_hz = rate_hz
        self._watch = max(16, round(rate_hz))  # pairs over which a wait is believed
        self._rows: list[Floats] = [np.empty((0, 4)), np.empty((0, 4))]  # arrival, xyz
        self._has_begun = False
        self._skip = [0, 0]  # samples that will be left out
        self._least_s = np.inf  # the shortest wait since the watch began
        self._watched = 0

    def opened(self) -> None:
        """A new link: nothing is known of how the two streams stand to each other."""
        self._rows = [rows[:0] for rows in self._rows]
        self._has_begun = False
        self._skip = [0, 0]
        self._begin_watch()

    def acc(self, values: Floats, arrived_s: float) -> Floats:
        """(n, 3) → (m, 6) that have become whole."""
        return self._take(0, values, arrived_s)

    def gyr(self, values: Floats, arrived_s: float) -> Floats:
        """(n, 3) → (m, 6) that have become whole."""
        return self._take(1, values, arrived_s)

    def _take(self, kind: int, values: Floats, arrived_s: float) -> Floats:
        skipped = min(self._skip[kind], len(values))
        self._skip[kind] -= skipped
        self.dropped += skipped
        new = np.concatenate([np.full((len(values), 1), arrived_s), values], axis=1)[skipped:]
        rows = self._rows[kind] = np.concatenate([self._rows[kind], new])
        n = min(len(rows) for rows in self._rows)
        if n and not self._has_begun:
            self._has_begun = True
            self._rows = [rows[-n:] for rows in self._rows]
        elif len(rows) > self._watch:
            self.dropped += (len(rows) - self._watch) if self._has_begun else 0
            self._rows[kind] = rows[-self._watch :]
        if not n:
            return np.empty((0, 6))
        waited_s = float(arrived_s - self._rows[1 - kind][n - 1, 0])
        whole = np.concatenate([rows[:n, 1:] for rows in self._rows], axis=1)
        self._rows = [rows[n:] for rows in self._rows]
        self._watch_waits(1 - kind, waited_s, len(values), n)
        return whole

    def _watch_waits(self, waiting: int, waited_s: float, packet: int, pairs: int) -> None:
        self._least_s = min(self._least_s, waited_s)
        self._watched += pairs
        if self._watched > self._watch:
            self._skip[waiting] = round(self._least_s * self._rate_hz / packet) * packet
            self._begin_watch()

    def _begin_watch(self) -> None:
        self._least_s, self._watched = np.inf, 0
