"""Which way is up for one sensor: a causal filter, exact under any cutting.

Samples are worked on in chunks counted from the start of a run; a gap starts a new run. Chunks are summed up for
themselves (`strapdown`), a Kalman filter takes one step a chunk (`inclination`), and what it corrects at a chunk's
end comes in evenly over the next ones, so that the orientation never jumps within a run. A sample's orientation
depends on no later sample: if a run ends within a chunk, the samples up to there say what they would have said.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis import groups, quaternion, strapdown
from analysis.groups import Groups
from analysis.inclination import Inclination, Step
from analysis.intake import GAP_S, JUMP_S, Intake, Rows
from analysis.model import GRAVITY, Flags, Floats, Quality, Segment, SegmentOrientation
from analysis.rest import RestDetector
from analysis.strapdown import Chunks

__all__ = ["FIRST", "GAP_S", "JUMP_S", "OrientationFilter", "Run", "Turned", "turned"]

SETTLING_S = 2.0
_CHUNK_S = 0.2
_BLIND_S = 0.1  # without a gyroscope a turn is seen only once its chunk is over …
_BLIND_FAST = math.radians(10.0)  # rad/s: … and from this speed on it is far behind
_AT_ONCE = math.radians(2.0)  # rad/s: corrections come in no faster, unless they are so large that
_LEFT = 0.8  # no more than this share of one may be left after a chunk
FIRST = 8  # samples that tell the rate of a run; a shorter one is not worth starting the filter for
_LEAF = 16384  # samples worked on at once: whole chunks of any size, and few enough for a processor's cache
_UP: Floats = np.array([0.0, 0.0, 1.0])


class OrientationFilter:
    """One sensor's orientation, sensor → world, at its own rate (10 to 400 Hz, taken from the times).

    Rows that are not finite or beyond any range, do not advance in time or feel no force are left out, as if lost.
    The orientation is that of `delay_s` after what the samples show: for a recording whose time stamps are known to lag
    (BROAD's by 4 ms at every speed of turning). Of worn sensors no lag is known, so it is 0; in the simulated wearer,
    which has none, 4 ms make the tilt in fast movement worse, from 0.25° to 0.34°.
    """

    def __init__(self, segment: Segment, *, delay_s: float = 0.0) -> None:
        self._segment = segment
        self._delay_s = delay_s
        self._intake = Intake()
        self._inclinations = {
            has_gyroscope: Inclination(has_gyroscope=has_gyroscope) for has_gyroscope in (True, False)
        }
        self._pending: Rows = np.empty((0, 7))
        self._run: Run | None = None

    def feed(self, t: Floats, acc: Floats, gyr: Floats) -> list[SegmentOrientation]:
        """What whole chunks allow; t (n,) s, acc (n, 3) m/s², gyr (n, 3) rad/s."""
        return self._take(self._intake.feed(t, acc, gyr))

    def flush(self) -> list[SegmentOrientation]:
        """What is held back, and the end of this run."""
        return [*self._take(self._intake.flush()), *self._end_run()]

    def _take(self, pieces: list[Rows]) -> list[SegmentOrientation]:
        told: list[SegmentOrientation] = []
        for number, piece in enumerate(pieces):
            if number:
                told += self._end_run()
            told += self._continue(piece)
        return told

    def _end_run(self) -> list[SegmentOrientation]:
        """The rest of a run; one that ends before its rate is known is not worth starting the filter for."""
        told = [self._turned(self._run, self._pending)] if self._run is not None and len(self._pending) else []
        self._pending, self._run = self._pending[:0], None
        return told

    def _continue(self, rows: Rows) -> list[SegmentOrientation]:
        if len(self._pending):
            rows = np.concatenate([self._pending, rows])
        if self._run is None and len(rows) >= FIRST:
            self._run = Run(rows[:FIRST], self._inclinations[not math.isnan(rows[0, 4])])
        whole = len(rows) // self._run.size * self._run.size if self._run is not None else 0
        self._pending = rows[whole:]
        if self._run is None:
            return []
        return [self._turned(self._run, rows[first : min(first + _LEAF, whole)]) for first in range(0, whole, _LEAF)]

    def _turned(self, run: Run, rows: Rows) -> SegmentOrientation:
        judged = run.feed(rows)
        begins, ends = run.owed(judged.corrections)
        result = turned(judged, -begins, -ends, self._delay_s)
        q, gyr = result.q[: len(rows)], result.gyr[: len(rows)] if run.has_gyroscope else rows[:, 4:]
        quality = run.quality(begins)[: len(rows)]
        if rows[0, 0] - run.start_s < SETTLING_S:
            quality[rows[:, 0] - run.start_s < SETTLING_S] |= np.uint16(Quality.SETTLING)
        return SegmentOrientation(self._segment, rows[:, 0], q, rows[:, 1:4], gyr, quality)


class Run:
    """Samples without a gap."""

    def __init__(self, first: Rows, inclination: Inclination, *, keeps_steps: bool = False) -> None:
        """`first` are its first rows: they tell its rate, how it lies, and whether it has a gyroscope.

        `keeps_steps`: each one is told with all that it knew, for who looks back on them.
        """
        self._keeps_steps = keeps_steps
        self.start_s = float(first[0, 0])
        self.has_gyroscope = not math.isnan(first[0, 4])
        self._gap_s = float(np.clip(np.median(np.diff(first[:, 0])), 1e-3, GAP_S))
        self.size = strapdown.chunk_size(self._gap_s, _CHUNK_S if self.has_gyroscope else _BLIND_S)
        at_once = _AT_ONCE if self.has_gyroscope else math.inf
        self._at_once = at_once * self.size * self._gap_s  # rad in one chunk
        self._owed: Floats = np.zeros(2)  # rad about the world's x and y, what was found and is not told yet
        self._before: Floats = self._seen(first[:1])[0]
        self._rest = RestDetector(self.size * self._gap_s)
        self._groups = Groups(inclination.patience)
        self._inclination = inclination
        total = first[0, 1:4]
        for row in first[1:, 1:4]:
            total = total + row
        mean = total / len(first)
        unrest = float(np.abs(first[:, 1:4] - mean).max()) + abs(float(quaternion.norm(mean)) - GRAVITY)
        inclination.restart(quaternion.between(quaternion.normalise(total), _UP).tolist(), unrest)

    def feed(self, rows: Rows) -> Judged:
        """rows (n, 7) are whole chunks, except at the run's very end."""
        rows = self._seen(rows)
        missing = -len(rows) % self.size
        padded = np.concatenate([rows, np.repeat(rows[-1:], missing, axis=0)]) if missing else rows
        chunks = strapdown.summed(padded, self._before, self.size, self._gap_s)
        self._before = rows[-1]
        rests, read = self._rests(chunks)
        said, turned_rad = groups.said_of(chunks, self._inclination.noise, rests, read)
        grouped = self._groups.feed(said, rests.tolist(), turned_rad.tolist())
        steps: list[Step] = []
        states: list[float] = []
        tipped: list[float] = []
        for one in grouped.said:
            states += self._inclination.state
            if self._keeps_steps:
                steps.append(self._inclination.step(one))
                tipped += steps[-1].correction[:2]
            else:
                tipped += self._inclination.judge(one)[:2]
        states += self._inclination.state
        before, bias = groups.started(states, grouped.ends, grouped.until)
        corrections = np.zeros((len(rests), 2))
        corrections[grouped.ends] = np.array(tipped).reshape(-1, 2)
        return Judged(chunks, steps, before, bias, corrections)

    def _seen(self, rows: Rows) -> Rows:
        """What a filter takes them for: without a gyroscope not to turn."""
        if self.has_gyroscope:
            return rows
        columns = np.zeros((7, len(rows)))
        columns[:4] = rows.T[:4]
        return columns.T

    def _rests(self, chunks: Chunks) -> tuple[NDArray[np.bool_], Floats]:
        if not self.has_gyroscope:
            return np.zeros(len(chunks.span), dtype=np.bool_), chunks.gyr_mean
        return self._rest.feed(chunks.gyr_mean, chunks.acc_mean, chunks.gyr_spread, chunks.acc_spread)

    def quality(self, begins: Floats) -> Flags:
        """Of each sample, where so much is not told yet at each chunk's start, (m, 2) rad."""
        if self.has_gyroscope:
            return np.zeros(len(begins) * self.size, dtype=np.uint16)
        square = begins[:, 0] * begins[:, 0] + begins[:, 1] * begins[:, 1]
        fast = square > (_BLIND_FAST * self.size * self._gap_s) ** 2
        flags = np.where(fast, Quality.NO_GYROSCOPE | Quality.MOVING, Quality.NO_GYROSCOPE).astype(np.uint16)
        return np.repeat(flags, self.size)

    def owed(self, corrections: Floats) -> tuple[Floats, Floats]:
        """What of the corrections (m, 2) of tilt is not told yet at each chunk's start and end, (m, 2) rad."""
        begins = np.concatenate([self._owed[None], corrections])
        ends = np.zeros_like(corrections)
        square = begins[:, 0] * begins[:, 0] + begins[:, 1] * begins[:, 1]
        limit, done = self._at_once * self._at_once, 0
        for first in np.flatnonzero(square[:-1] > limit).tolist() if square.max() > limit else ():
            done = max(done, first)
            while done < len(ends) and (left := self._left(*begins[done].tolist())):
                ends[done] = left * begins[done]
                begins[done + 1] += ends[done]
                done += 1
        self._owed = begins[-1]
        return begins[:-1], ends

    def _left(self, x: float, y: float) -> float:
        """The share of a correction that is left after a chunk."""
        size = math.sqrt(x * x + y * y)
        return 0.0 if size <= self._at_once else min(1.0 - self._at_once / size, _LEFT)


@dataclass(frozen=True, slots=True)
class Judged:
    """What m chunks say, and what the filter makes of them."""

    chunks: Chunks
    steps: list[Step]  # of each chunk or group of them that is over, where they are kept
    before: Floats  # (4, m) sensor → world before the chunk
    bias: Floats  # (3, m) rad/s
    corrections: Floats  # (m, 2) rad of tilt, at the chunk's end


@dataclass(frozen=True, slots=True)
class Turned:
    """What chunks of samples say, each at its own time."""

    q: Floats  # (n, 4) sensor → world
    gyr: Floats  # (n, 3) rad/s without bias


def turned(judged: Judged, begins: Floats, ends: Floats, delay_s: float) -> Turned:
    """Every sample's orientation, of m chunks.

    begins and ends (m, 2) rad: what is to be turned about the world's x and y at each chunk's start and end.
    """
    chunks = judged.chunks
    row, count = chunks.since.shape
    many = chunks.size // row  # rows a chunk
    before, bias = judged.before, _by_row(judged.bias, many)
    # All corrections are small: half their angle is their quaternion's vector.
    first = before + _tipped(begins.T, before)
    change = (before + _tipped(ends.T, before) if ends.any() else before) - first
    share = strapdown.shares(chunks.size)
    start = _by_row(change, many) * (share if many == 1 else np.tile(share, count // many)) + _by_row(first, many)
    gyr = chunks.gyr - bias
    right = np.ones((4, row, count))
    np.multiply(-0.5 * bias, chunks.since, out=right[1:])
    if delay_s:
        right[1:] += 0.5 * delay_s * gyr
    q = strapdown.product(strapdown.product(start, chunks.turns), right)
    square = q * q
    q *= 1.0 / np.sqrt((square[0] + square[1]) + (square[2] + square[3]))
    return Turned(strapdown.in_order(q).T, strapdown.in_order(gyr).T)


def _by_row(values: Floats, many: int) -> Floats:
    """Values (k, m) of chunks for each of their rows, (k, 1, m · many)."""
    return (np.repeat(values, many, axis=1) if many > 1 else values)[:, None]


def _tipped(tip: Floats, q: Floats) -> Floats:
    """What small turns (2, m) rad about the world's x and y add to q (4, m)."""
    x, y = 0.5 * tip
    a, b, c, d = q
    return np.array([-x * b - y * c, x * a + y * d, y * a - x * d, x * c - y * b])
