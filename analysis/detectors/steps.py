"""Movement cut into half seconds, each with what it looks like (`step_features`).

Everything comes from how gravity lies in the sensors' own frames and from the force along it, so no heading is
needed, and an accelerometer that reads 3 % too much does no harm. Steps are counted on the pose's own grid, and only
+, −, ×, ÷ and √ in a fixed order are used, so they do not depend on how the pose was cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, lfilter, lfilter_zi

from analysis.detectors.step_features import (
    BAND,
    BEFORE,
    END,
    FEATURES,
    FRESH,
    KNOWN,
    LOOK,
    MEANS,
    STEP_S,
    STEP_TICKS,
    chord,
    features_of,
)
from analysis.detectors.step_lines import (
    LINES,
    MOVED,
    OFF,
    POSTURE,
    SEGMENTS,
    TICK,
    UP,
    binned,
    lines_of,
    means_of,
    with_guesses,
)
from analysis.model import GRID_HZ, Floats, Pose, Segment
from analysis.mounting import joined

__all__ = ["FEATURES", "LOOK", "STEP_S", "Postures", "Stepper", "Steps", "chord"]

_BAND_HZ = (0.8, 4.0)  # from one stride to two steps of brisk walking and the beat above
_IN_PART = 0.5  # known, but for broken samples
_BARE = -1.0  # known to be of no body


@dataclass(frozen=True, slots=True)
class Postures:
    """How gravity lay in some steps; all NaN where that is not known."""

    up: Mapping[Segment, Floats]  # (n, 3) in the sensor's frame
    tipped: Mapping[Segment, Floats]  # (n,) chord from the calibrated upright, 2·sin(angle / 2)
    leaned: Mapping[Segment, Floats]  # (n,) sine of the forward lean from the calibrated upright

    def __len__(self) -> int:
        return len(self.up[Segment.PELVIS])

    def only(self, span: slice) -> Postures:
        up, tipped, leaned = ({k: v[span] for k, v in of.items()} for of in (self.up, self.tipped, self.leaned))
        return Postures(up, tipped, leaned)


@dataclass(frozen=True, slots=True)
class Steps:
    """A run of half seconds in time order; holes lie only before fresh ones."""

    end_s: Floats  # (n,)
    is_fresh: NDArray[np.bool_]  # (n,) the first after a start or a silence
    is_known: NDArray[np.bool_]  # (n,) any sensor moved with it
    is_whole: NDArray[np.bool_]  # (n,) and with the LOOK steps on either side
    is_off: NDArray[np.bool_]  # (n,) nothing is known of it, for no sensor was worn
    now: Postures
    before: Postures  # LOOK steps earlier
    after: Postures  # LOOK steps later
    features: Floats  # (n, len(FEATURES)), see `features_of`

    def __len__(self) -> int:
        return len(self.end_s)

    def only(self, span: slice) -> Steps:
        fresh, known, whole, off = (flag[span] for flag in (self.is_fresh, self.is_known, self.is_whole, self.is_off))
        now, before, after = (of.only(span) for of in (self.now, self.before, self.after))
        return Steps(self.end_s[span], fresh, known, whole, off, now, before, after, self.features[span])


class Stepper:
    """Poses in, whole steps out, LOOK steps after they ended."""

    def __init__(self) -> None:
        self._poses: list[tuple[Pose, Pose]] = []  # not looked at until a step can be complete
        self._held: int | None = None  # the step that the newest tick lies in
        self._lines: Floats = np.empty((LINES, 0))
        self._raw: Floats = np.empty((0, BAND.stop))  # steps that later ones still need
        self._told = 0  # of these
        self._band = _Recursive(*butter(1, _BAND_HZ, "bandpass", fs=GRID_HZ))
        self._is_fresh = True
        self._last = 0.0  # m/s², the last step's mean force: stands in for what is missing

    def feed(self, sensors: Pose, segments: Pose) -> Steps | None:
        """The same ticks in the sensors' frames and in the segments'; None while no step is complete."""
        self._poses.append((sensors, segments))
        if _step_of(sensors.t[-1]) == self._held:
            return None
        self._held = _step_of(sensors.t[-1])
        sensors, segments = (joined(poses) for poses in zip(*self._poses, strict=True))
        lines = np.concatenate([self._lines, lines_of(sensors, segments)], axis=1)
        self._poses = []
        holes = np.flatnonzero(np.diff(lines[TICK]) > 1) + 1
        pieces = np.split(lines, holes, axis=1) if len(holes) else [lines]
        told: list[Steps] = []
        for number, piece in enumerate(pieces):
            whole, self._lines = _whole(piece)
            if whole.shape[1]:
                told += self._next(self._stepped(whole))
            if number < len(pieces) - 1:  # what is left of a silence is known to be unknown
                self._is_fresh, self._raw, self._told = True, self._raw[:0], 0
        return _joined(told) if told else None

    def _next(self, raw: Floats) -> list[Steps]:
        if raw[0, FRESH]:
            self._raw = np.repeat(raw[:1], BEFORE, axis=0)  # as if it had always been so, but nobody knows
            self._raw[:, KNOWN] = 0.0
            self._told = BEFORE
        raw = np.concatenate([self._raw, raw])
        count = len(raw) - LOOK - self._told
        if count <= 0:
            self._raw = raw
            return []
        steps = _told(raw[self._told - BEFORE :], count)
        first = self._told + count - BEFORE
        self._raw, self._told = raw[first:], BEFORE
        return [steps]

    def _stepped(self, lines: Floats) -> Floats:
        """Whole steps' columns of whole steps' ticks."""
        pelvis, lumbar = (with_guesses(lines[way], lines[up]) for way, up in zip(MOVED, UP, strict=True))
        moved = np.where(np.isnan(pelvis), lumbar, pelvis)
        levels, are_known = means_of(moved[:1])
        level, is_known = levels[0], are_known[0]
        band, filled = self._filtered(moved[0], level)
        swaying = np.fmax(pelvis[2], lumbar[2])
        energy = means_of(np.concatenate([band[None] ** 2, moved[1:], swaying[None]]))[0]
        fresh = np.zeros(len(level))
        fresh[0] = self._is_fresh
        self._is_fresh = False
        ends = (lines[TICK, STEP_TICKS - 1 :: STEP_TICKS] + 1) / GRID_HZ
        sides = ((pelvis[0], lines[UP[0].start]), (lumbar[0], lines[UP[1].start]))
        is_broken = np.logical_or.reduce([np.isnan(force) & ~np.isnan(up) for force, up in sides])
        known = np.where(is_broken.reshape(-1, STEP_TICKS).any(axis=1), _IN_PART, 1.0) * is_known
        is_bare = ~is_known & (lines[OFF].reshape(-1, STEP_TICKS) > 0).any(axis=1)
        columns = [ends, fresh, np.where(is_bare, _BARE, known), *means_of(lines[POSTURE])[0]]
        columns += [np.where(is_known, level, 0.0), *np.where(np.isnan(energy), 0.0, energy)]
        return np.stack([*columns, *binned(filled), *binned(band)], axis=1)

    def _filtered(self, force: Floats, levels: Floats) -> tuple[Floats, Floats]:
        """The step band and the force itself (n,) in m/s²; missing ticks are taken to be as the last known step."""
        before = [self._last if not self._is_fresh else (0.0 if np.isnan(levels[0]) else float(levels[0]))]
        for level in levels.tolist():
            before.append(before[-1] if level != level else level)
        self._last = before[-1]
        missing = np.isnan(force)
        if missing.any():
            force = np.where(missing, np.repeat(np.array(before[:-1]), STEP_TICKS), force)
        if self._is_fresh:
            self._band.restart(before[0])
        return self._band.feed(force), force


def _step_of(t: float) -> int:
    """The number of ended steps once the tick at `t` is in."""
    return (round(t * GRID_HZ) + 1) // STEP_TICKS


def _whole(lines: Floats) -> tuple[Floats, Floats]:
    """The whole steps of an unbroken run of ticks, and its rest."""
    ticks = lines.shape[1]
    first = -int(lines[TICK, 0]) % STEP_TICKS if ticks else 0
    end = first + max((ticks - first) // STEP_TICKS, 0) * STEP_TICKS
    return (lines[:, first:end], lines[:, end:]) if end > first else (lines[:, :0], lines)


def _told(raw: Floats, count: int) -> Steps:
    """`count` steps from the BEFORE-th on; raw holds LOOK more."""
    now = raw[BEFORE : BEFORE + count]
    postures = _postures(raw[BEFORE - LOOK : BEFORE + count + LOOK, MEANS])
    held, was, comes = (postures.only(slice(k, k + count)) for k in (LOOK, 0, 2 * LOOK))
    around = np.minimum.reduce([raw[BEFORE + k : BEFORE + k + count, KNOWN] for k in range(-LOOK, LOOK + 1)])
    flags = now[:, FRESH] > 0, now[:, KNOWN] > 0, around == 1.0, now[:, KNOWN] < 0
    return Steps(now[:, END], *flags, held, was, comes, features_of(raw, count))


def _postures(means: Floats) -> Postures:
    up = {segment: means[:, 6 * k : 6 * k + 3] for k, segment in enumerate(SEGMENTS)}
    own = {segment: means[:, 6 * k + 3 : 6 * k + 6] for k, segment in enumerate(SEGMENTS)}
    tipped = {segment: chord(rows, np.array([0.0, 0.0, 1.0])) for segment, rows in own.items()}
    return Postures(up, tipped, {segment: _leaned(rows) for segment, rows in own.items()})


def _leaned(up: Floats) -> Floats:
    """Sine of the forward lean (n,) of a segment with that up in its own frame (n, 3)."""
    sine: Floats = -up[:, 0] / np.sqrt(np.maximum(up[:, 0] ** 2 + up[:, 2] ** 2, 1e-12))
    return sine


def _joined(parts: list[Steps]) -> Steps:
    if len(parts) == 1:
        return parts[0]
    return Steps(
        np.concatenate([part.end_s for part in parts]),
        np.concatenate([part.is_fresh for part in parts]),
        np.concatenate([part.is_known for part in parts]),
        np.concatenate([part.is_whole for part in parts]),
        np.concatenate([part.is_off for part in parts]),
        _all_of([part.now for part in parts]),
        _all_of([part.before for part in parts]),
        _all_of([part.after for part in parts]),
        np.concatenate([part.features for part in parts]),
    )


def _all_of(parts: list[Postures]) -> Postures:
    def put(of: list[Mapping[Segment, Floats]]) -> Mapping[Segment, Floats]:
        return {segment: np.concatenate([one[segment] for one in of]) for segment in SEGMENTS}

    return Postures(
        put([part.up for part in parts]), put([part.tipped for part in parts]), put([part.leaned for part in parts])
    )


class _Recursive:
    """A linear recursive filter that remembers where it was."""

    def __init__(self, numerator: Floats, denominator: Floats) -> None:
        self._numerator, self._denominator = numerator, denominator
        self._steady: Floats = lfilter_zi(numerator, denominator)
        self._state = self._steady * 0.0

    def restart(self, level: float) -> None:
        """As if the input had always been `level`."""
        self._state = self._steady * level

    def feed(self, x: Floats) -> Floats:
        y: Floats
        y, self._state = lfilter(self._numerator, self._denominator, x, zi=self._state)
        return y
