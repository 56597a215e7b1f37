"""Which way is up for one sensor: a causal inclination filter, exact under any cutting.

The gyroscope is integrated into an almost inertial frame, the accelerometer is turned into that frame and
low-passed there, where gravity stands still while movement comes and goes; its direction, turned back, is up.
Filtering in the almost inertial frame is the idea of Laidig & Seel, VQF (Information Fusion 91, 2023,
10.1016/j.inffus.2022.10.014). Heading is what the gyroscope says: free, and continuous within a run.

Samples are worked on in chunks of CHUNK counted from the start of a run; a gap starts a new run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, lfilter, lfilter_zi

from analysis import quaternion
from analysis.model import Floats, Quality, Segment, SegmentOrientation
from analysis.rest import BiasFilter

CHUNK = 8  # samples; 0.15 s at 52 Hz
GAP_S = 0.5  # a longer hole starts a new run
SETTLING_S = 2.0
TAU_S = 3.0  # of the low-pass: sway and steps are faster, the gyroscope's drift is slower
JUMP_S = 86400.0  # no session has a hole of a day: such a time stamp is broken
_LATEST_S = 30 * JUMP_S
_LIMITS: Floats = np.repeat([400.0, 80.0], 3)  # m/s² and rad/s; beyond any sensor's range a row is broken
_SPIKE: Floats = np.repeat([40.0, 5.0], 3)  # m/s² and rad/s, there and back from one sample to the next
_UP: Floats = np.array([0.0, 0.0, 1.0])
_TIPPED = 0.5  # once up has drifted 60° from the inertial frame's z, that frame is laid down anew

Rows = Floats  # (n, 7): t, acc, gyr


class OrientationFilter:
    """One sensor's orientation, sensor → world, at its own rate (10 to 400 Hz, taken from the times).

    Rows that are not finite or beyond any range, do not advance in time or feel no force are left out, as if lost.
    """

    def __init__(self, segment: Segment) -> None:
        self._segment = segment
        self._bias = BiasFilter()
        self._pending: Rows = np.empty((0, 7))
        self._spikes = _Spikes()
        self._newest_s = -math.inf  # the last row taken
        self._last_s = -math.inf  # the last row turned or pending
        self._run: _Run | None = None

    def feed(self, t: Floats, acc: Floats, gyr: Floats) -> list[SegmentOrientation]:
        """What whole chunks allow; t (n,) s, acc (n, 3) m/s², gyr (n, 3) rad/s."""
        rows = self._sane(np.concatenate([t[:, None], acc, gyr], axis=1))
        if not len(rows):
            return []
        self._newest_s = float(rows[-1, 0])
        return self._turn(self._spikes.feed(rows))

    def _turn(self, rows: Rows) -> list[SegmentOrientation]:
        if not len(rows):
            return []
        before_s = self._last_s if self._run else -math.inf
        starts = np.flatnonzero(np.diff(rows[:, 0], prepend=before_s) > GAP_S)
        self._last_s = float(rows[-1, 0])
        pieces = np.split(rows, starts) if len(starts) else [rows]
        told = self._continue(pieces[0])
        for piece in pieces[1:]:
            told += self._end_run()
            told += self._continue(piece)
        return told

    def flush(self) -> list[SegmentOrientation]:
        """What is held back, and the end of this run."""
        return [*self._turn(self._spikes.flush()), *self._end_run()]

    def _end_run(self) -> list[SegmentOrientation]:
        """The rest of a run; one that ends before its first chunk is not worth starting the filter for."""
        told = []
        if self._run is not None and self._run.has_begun and len(self._pending):
            told.append(self._turned(self._run, self._pending))
        self._pending, self._run = self._pending[:0], None
        return told

    def _continue(self, rows: Rows) -> list[SegmentOrientation]:
        if len(self._pending):
            rows = np.concatenate([self._pending, rows])
        whole = len(rows) // CHUNK * CHUNK
        self._pending = rows[whole:]
        if self._run is None and len(rows):
            self._run = _Run(self._bias)
        return [self._turned(self._run, rows[:whole])] if self._run is not None and whole else []

    def _turned(self, run: _Run, rows: Rows) -> SegmentOrientation:
        q, gyr = run.feed(rows)
        quality = np.where(rows[:, 0] - run.start_s < SETTLING_S, np.uint16(Quality.SETTLING), np.uint16(0))
        return SegmentOrientation(self._segment, rows[:, 0], q, rows[:, 1:4], gyr, quality)

    def _sane(self, rows: Rows) -> Rows:
        t = rows[:, 0]
        step_s = np.diff(t, prepend=self._newest_s if self._newest_s > -math.inf else t[:1] - 1.0)
        usable = np.isfinite(t) & (np.abs(rows[:, 1:]) < _LIMITS).all(axis=1) & (rows[:, 1:4] != 0).any(axis=1)
        if not (usable & (step_s > 0) & (step_s <= JUMP_S) & (np.abs(t) < _LATEST_S)).all():
            rows = rows[self._advancing(t.tolist(), usable)]
        return rows

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
        up, down = here - before, here - after
        smaller: Floats = np.minimum(np.abs(up), np.abs(down))
        near = rows[2:, :1] - rows[1:-1, :1] <= GAP_S
        spiky: NDArray[np.bool_] = np.logical_and(smaller > _SPIKE, (up * down > 0) & near)
        told = rows[1:-1]
        if spiky.any():
            told = told.copy()
            told[:, 1:] = np.where(spiky.any(axis=1, keepdims=True), 0.5 * (before + after), here)
        return told

    def flush(self) -> Rows:
        held, self._tail = self._tail[1:], self._tail[:0]
        return held


class _Run:
    """Samples without a gap: the strapdown integration and the low-pass over it."""

    def __init__(self, bias: BiasFilter) -> None:
        self._bias = bias
        bias.restart()
        self.start_s = math.nan
        self._last_s = math.nan
        self._carry: Floats = quaternion.IDENTITY
        self._gravity = _GravityFilter(0.02)

    @property
    def has_begun(self) -> bool:
        return not math.isnan(self.start_s)

    def feed(self, rows: Rows) -> tuple[Floats, Floats]:
        """q (n, 4) sensor → world and the gyroscope (n, 3) without bias. n is whole chunks, except at the very end."""
        if not self.has_begun:
            self._begin(rows[:CHUNK])
        missing = -len(rows) % CHUNK
        dt = np.diff(rows[:, 0], prepend=self._last_s)
        self._last_s = float(rows[-1, 0])
        padded = np.concatenate([rows, np.repeat(rows[-1:], missing, axis=0)]) if missing else rows
        steps = np.concatenate([dt, np.zeros(missing)]) if missing else dt
        gyr = padded[:, 4:] - self._biases(padded, steps)
        # A sample's rate is taken for the time before it: an IMU's own low-pass makes it a mean of that time.
        turns = quaternion.from_small_rotation(gyr * steps[:, None]).reshape(-1, CHUNK, 4)
        for reach in (1, 2, 4):
            turns = np.concatenate([turns[:, :reach], quaternion.multiply(turns[:, :-reach], turns[:, reach:])], axis=1)
        return self._upright(turns, rows[:, 1:4]), gyr[: len(rows)]

    def _begin(self, rows: Rows) -> None:
        self.start_s = self._last_s = float(rows[0, 0])
        gaps = np.diff(rows[:, 0])
        self._gravity = _GravityFilter(float(np.clip(np.median(gaps), 1e-3, GAP_S)) if len(gaps) else 0.02)
        total = rows[0, 1:4]
        for row in rows[1:, 1:4]:
            total = total + row
        self._carry = quaternion.between(quaternion.normalise(total), _UP)

    def _biases(self, rows: Rows, steps: Floats) -> Floats:
        chunks = rows[:, 1:].reshape(-1, CHUNK, 6)
        half = chunks[:, :4] + chunks[:, 4:]
        quarter = half[:, :2] + half[:, 2:]
        mean = (quarter[:, 0] + quarter[:, 1]) * (1.0 / CHUNK)
        spread = np.abs(chunks - mean[:, None]).max(axis=1)
        times = np.maximum(steps.reshape(-1, CHUNK), 0.0)
        halves = times[:, :4] + times[:, 4:]
        span = np.maximum((halves[:, 0] + halves[:, 1]) + (halves[:, 2] + halves[:, 3]), 1e-3)
        bias = self._bias.feed(span, mean[:, 3:], mean[:, :3], spread[:, 3:].max(axis=1), spread[:, :3].max(axis=1))
        return np.repeat(bias, CHUNK, axis=0)

    def _upright(self, turns: Floats, acc: Floats) -> Floats:
        """q (n, 4) sensor → world of chunks of turns (m, CHUNK, 4) since their chunk's start."""
        done: list[Floats] = []
        while len(turns):
            carries = self._carries(turns[:, -1])
            q = quaternion.multiply(carries[:-1, None], turns).reshape(-1, 4)[: len(acc)]
            force = quaternion.rotate(q, acc)
            gravity, state = self._gravity.filtered(force)
            up = quaternion.normalise(gravity)
            tipped = np.flatnonzero(up[CHUNK - 1 :: CHUNK, 2] < _TIPPED)
            chunks = int(tipped[0]) + 1 if len(tipped) else len(turns)
            end = chunks * CHUNK
            done.append(quaternion.multiply(_upright(up[:end]), q[:end]))
            self._carry = carries[chunks]
            if len(tipped):  # only up to there does this inertial frame hold
                turn = _upright(up[end - 1])
                state = self._gravity.filtered(force[:end])[1].turned(turn)
                self._carry = quaternion.multiply(turn, self._carry)
            self._gravity.state = state
            turns, acc = turns[chunks:], acc[end:]
        return np.concatenate(done) if len(done) > 1 else done[0]

    def _carries(self, totals: Floats) -> Floats:
        """The orientation (m + 1, 4) before each chunk and after the last, for the turn (m, 4) over each.

        Plain floats: each needs the one before it.
        """
        w, x, y, z = self._carry.tolist()
        carries = [(w, x, y, z)]
        for a, b, c, d in totals.tolist():
            w, x, y, z = (
                w * a - x * b - y * c - z * d,
                w * b + x * a + y * d - z * c,
                w * c - x * d + y * a + z * b,
                w * d + x * c - y * b + z * a,
            )
            scale = 1.0 / math.sqrt(w * w + x * x + y * y + z * z)
            w, x, y, z = w * scale, x * scale, y * scale, z * scale
            carries.append((w, x, y, z))
        return np.array(carries)


def _upright(up: Floats) -> Floats:
    """The shortest turn of each direction onto the world's up; the same bits by either way."""
    return quaternion.upright(up) if up[..., 2].min() > -_TIPPED else quaternion.between(up, _UP)


@dataclass(frozen=True, slots=True)
class _GravityState:
    count: int  # samples seen
    total: Floats  # (3,)   their sum, while they are averaged
    delay: Floats | None  # (2, 3) the low-pass's own state, after that

    def turned(self, turn: Floats) -> _GravityState:
        """The state in a frame turned by `turn`: the filter is linear and the same along every axis."""
        delay = None if self.delay is None else quaternion.rotate(turn, self.delay)
        return _GravityState(self.count, quaternion.rotate(turn, self.total), delay)


class _GravityFilter:
    """A Butterworth low-pass of 2nd order that starts as a running mean, so that it has no start-up transient."""

    def __init__(self, dt: float) -> None:
        self._warm_up = max(2, round(TAU_S / dt))
        numerator, denominator = butter(2, min(0.9, 2 * dt * math.sqrt(2) / (2 * math.pi * TAU_S)))
        self._numerator: Floats = numerator
        self._denominator: Floats = denominator
        self._steady: Floats = lfilter_zi(numerator, denominator)
        self.state = _GravityState(0, np.zeros(3), None)

    def filtered(self, force: Floats) -> tuple[Floats, _GravityState]:
        """(n, 3) low-passed, and the state after it; the filter's own state stays as it is."""
        count, total, delay = self.state.count, self.state.total, self.state.delay
        young = min(len(force), max(0, self._warm_up - count))
        parts: list[Floats] = []
        if young:
            sums = np.cumsum(np.concatenate([total[None], force[:young]]), axis=0)[1:]
            means: Floats = sums / np.arange(count + 1, count + young + 1)[:, None]
            parts.append(means)
            total = sums[-1]
            if count + young == self._warm_up:
                delay = self._steady[:, None] * means[-1]
        if delay is not None and young < len(force):
            smooth, delay = lfilter(self._numerator, self._denominator, force[young:], axis=0, zi=delay)
            parts.append(smooth)
        gravity = np.concatenate(parts) if len(parts) > 1 else parts[0]
        return gravity, _GravityState(count + len(force), total, delay)
