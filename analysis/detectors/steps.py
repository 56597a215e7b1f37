"""What a half second of both segments' movement looks like: the input of the activity model.

Steps are counted on the pose's own grid, STEP_TICKS each, so they do not depend on how the pose was cut.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import bilinear, butter, lfilter, lfilter_zi

from analysis import quaternion
from analysis.model import GRAVITY, GRID_HZ, Floats, Pose, Segment

STEP_TICKS = 25
STEP_S = STEP_TICKS / GRID_HZ
_FEWEST = 10  # ticks with data, for a step to be known
_HEIGHT_RATE = 0.8  # 1/s, where the height filter forgets
_STEP_BAND_HZ = (0.8, 4.0)  # from one stride to two steps of brisk walking and the beat above
_COLUMNS = 15  # tick, then q and acc of the pelvis, q and acc of the lumbar spine
_PELVIS, _LUMBAR = slice(1, 8), slice(8, 15)


@dataclass(frozen=True, slots=True)
class Step:
    """Half a second; angles in degrees are NaN where the segment or its reference is not known."""

    end_s: float
    is_fresh: bool  # the first after a start or a silence: nothing is remembered from before
    is_known: bool  # any sensor moved with it
    pelvis_deg: float  # pitch, forward +
    lordosis_deg: float  # flexion −
    pelvis_tipped_deg: float  # inclination in any direction
    trunk_tipped_deg: float
    stepping: float  # m/s², rms of the vertical force in the step band
    rise_m: float  # highest height above the last seconds' level
    drop_m: float  # lowest one, negative


class Stepper:
    """Poses in, whole steps out."""

    def __init__(self) -> None:
        self._poses: list[Pose] = []  # not looked at until a step can be complete
        self._held: int | None = None  # the step that the newest tick lies in
        self._rows: Floats = np.empty((0, _COLUMNS))
        # Height is force integrated twice, with a third-order high-pass so that scale errors and drift die out.
        self._height = _Recursive(*bilinear([1.0, 0.0], np.poly([-_HEIGHT_RATE] * 3), GRID_HZ))
        self._band = _Recursive(*butter(1, _STEP_BAND_HZ, "bandpass", fs=GRID_HZ))
        self._is_fresh = True
        self._level = 0.0  # m/s², the last step's mean force: stands in for what is missing

    def feed(self, pose: Pose) -> list[Step]:
        self._poses.append(pose)
        if _step_of(pose.t[-1]) == self._held:
            return []
        self._held = _step_of(pose.t[-1])
        rows = np.concatenate([self._rows, *(_rows(held) for held in self._poses)])
        self._poses = []
        steps: list[Step] = []
        holes = np.flatnonzero(np.diff(rows[:, 0]) > 1) + 1
        pieces = np.split(rows, holes) if len(holes) else [rows]
        for piece in pieces[:-1]:
            steps += self._whole(piece)[0]
            self._is_fresh = True
        told, self._rows = self._whole(pieces[-1])
        return steps + told

    def _whole(self, rows: Floats) -> tuple[list[Step], Floats]:
        """The whole steps of an unbroken run of ticks, and its rest."""
        if not len(rows):
            return [], rows
        first = -int(rows[0, 0]) % STEP_TICKS
        count = (len(rows) - first) // STEP_TICKS
        if count <= 0:
            return [], rows
        end = first + count * STEP_TICKS
        return self._steps(rows[first:end]), rows[end:]

    def _steps(self, rows: Floats) -> list[Step]:
        pelvis, lumbar = rows[:, _PELVIS], rows[:, _LUMBAR]
        up_pelvis, up_lumbar = quaternion.up_in_body(pelvis[:, :4]), quaternion.up_in_body(lumbar[:, :4])
        force = _vertical(pelvis, up_pelvis)
        force = np.where(np.isnan(force), _vertical(lumbar, up_lumbar), force)
        level, is_known = _mean(force[:, None])
        height, band = self._filtered(force, level[:, 0])
        pelvis_up, lumbar_up = _mean(up_pelvis)[0], _mean(up_lumbar)[0]
        pelvis_deg = _pitch_deg(pelvis_up)
        lordosis_deg = (pelvis_deg - _pitch_deg(lumbar_up) + 180.0) % 360.0 - 180.0
        fresh = [self._is_fresh] + [False] * (len(level) - 1)
        self._is_fresh = False
        columns = (
            ((rows[STEP_TICKS - 1 :: STEP_TICKS, 0] + 1) / GRID_HZ).tolist(),
            fresh,
            is_known.tolist(),
            pelvis_deg.tolist(),
            lordosis_deg.tolist(),
            _tipped_deg(pelvis_up).tolist(),
            _tipped_deg(lumbar_up).tolist(),
            np.sqrt(_mean(band[:, None] ** 2)[0][:, 0]).tolist(),
            height.reshape(-1, STEP_TICKS).max(axis=1).tolist(),
            height.reshape(-1, STEP_TICKS).min(axis=1).tolist(),
        )
        return [Step(*step) for step in zip(*columns, strict=True)]

    def _filtered(self, force: Floats, levels: Floats) -> tuple[Floats, Floats]:
        """Height in m and the step band in m/s², (n,) each; missing ticks are taken to be as the last known step."""
        filled = force
        missing = np.isnan(force)
        before = [self._level if not self._is_fresh else (0.0 if math.isnan(levels[0]) else float(levels[0]))]
        for level in levels.tolist():
            before.append(before[-1] if math.isnan(level) else level)
        self._level = before[-1]
        if missing.any():
            filled = np.where(missing, np.repeat(np.array(before[:-1]), STEP_TICKS), force)
        if self._is_fresh:
            self._height.restart(before[0])
            self._band.restart(before[0])
        return self._height.feed(filled), self._band.feed(filled)


def _step_of(t: float) -> int:
    """The number of ended steps once the tick at `t` is in."""
    return (round(t * GRID_HZ) + 1) // STEP_TICKS


def _rows(pose: Pose) -> Floats:
    columns = [np.rint(pose.t * GRID_HZ)[:, None]]
    for segment in (Segment.PELVIS, Segment.LUMBAR):
        columns += [pose.q[segment], pose.acc[segment]]
    return np.concatenate(columns, axis=1)


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


def _vertical(rows: Floats, up: Floats) -> Floats:
    """Upward force beyond gravity (n,); where up is not known, what the force's length says of it."""
    acc = rows[:, 4:]
    upward = acc[:, 0] * up[:, 0] + acc[:, 1] * up[:, 1] + acc[:, 2] * up[:, 2]
    force: Floats = np.where(np.isnan(upward), quaternion.norm(acc), upward) - GRAVITY
    return force


def _mean(values: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Means (k, m) of the known ticks of each step, NaN where too few are known; and where enough are."""
    ticks = values.reshape(-1, 5, 5, values.shape[1])
    known = ~np.isnan(ticks)
    filled = np.where(known, ticks, 0.0)
    total = _five(_five(filled))
    count = _five(_five(known.astype(np.float64)))
    enough = count >= _FEWEST
    mean = np.where(enough, total / np.maximum(count, 1.0), np.nan)
    return mean, enough[:, 0]


def _five(x: Floats) -> Floats:
    """Sum over axis 1, five long, in a fixed order: NumPy's own depends on the shape."""
    total: Floats = x[:, 0] + x[:, 1] + x[:, 2] + x[:, 3] + x[:, 4]
    return total


def _pitch_deg(up: Floats) -> Floats:
    angle: Floats = np.degrees(np.arctan2(-up[:, 0], up[:, 2]))
    return angle


def _tipped_deg(up: Floats) -> Floats:
    angle: Floats = np.degrees(np.arctan2(np.sqrt(up[:, 0] * up[:, 0] + up[:, 1] * up[:, 1]), up[:, 2]))
    return angle
