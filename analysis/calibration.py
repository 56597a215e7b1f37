"""How each sensor sits on the body, found from one quiet upright stance.

The flat of the case lies on the body, so the sensor's z points backward; the clip may be turned any way in
that plane, even upside down. Up is the mean force of the stance, forward is −z made square to it (TRIAD, Black
1964). So upright is 0° of pitch and roll by definition, and everything measured is a change from it.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis import quaternion
from analysis.errors import PostureError
from analysis.model import (
    GRAVITY,
    CalibrateRequest,
    Calibration,
    Floats,
    Segment,
    SegmentOrientation,
)

HISTORY_S = 180.0  # how far back a request may reach, and how long it may be
SHORTEST_S = 2.0
_COVERAGE = 0.7  # share of the span that must have samples
_HOLE_S = 0.25
_MOST = 80.0  # percentile: a cough may disturb a fifth of the span
_STEADY_RAD_S = math.radians(8.0)  # turning rate of most half seconds; quiet sitting and standing stay below 2°/s
_SWAY_DEG = 4.0  # of most half seconds, and one more for every …
_DRIFT_S = 25.0  # … of a long stance, in which people settle (up to 7° in 90 s)
_FLAT_DEG = 25.0  # with z this near to vertical, forward cannot be told
_GRAVITY_BAND = (0.85, 1.15)  # mean force in g; consumer accelerometers are within 5 %
_MEAN_S = 0.5
_BATCHES = 5  # standard error by batch means: sway is slow, so single samples are not independent


@dataclass(frozen=True, slots=True)
class Stillness:
    """What a span of samples says about holding still."""

    up: Floats  # (3,) unit, mean gravity in the sensor frame
    force: float  # m/s², its length
    turning: float  # rad/s, rms over most half seconds
    sway_deg: float  # angle of most half-second means to `up`
    error_deg: float  # standard error of `up`


class History:
    """The last HISTORY_S of one sensor, for a stance that may lie in the past."""

    def __init__(self) -> None:
        self._parts: deque[SegmentOrientation] = deque()

    def feed(self, part: SegmentOrientation) -> None:
        self._parts.append(part)

    def forget(self, before_s: float) -> None:
        while self._parts and self._parts[0].t[-1] < before_s:
            self._parts.popleft()

    def span(self, start_s: float, end_s: float) -> tuple[Floats, Floats, Floats]:
        """t (n,), acc and gyr (n, 3) of [start_s, end_s), in the sensor frame."""
        parts = [part for part in self._parts if part.t[-1] >= start_s and part.t[0] < end_s]
        if not parts:
            return np.empty(0), np.empty((0, 3)), np.empty((0, 3))
        t = np.concatenate([part.t for part in parts])
        inside = (t >= start_s) & (t < end_s)
        acc = np.concatenate([part.acc for part in parts])[inside]
        gyr = np.concatenate([part.gyr for part in parts])[inside]
        return t[inside], acc, gyr


def calibrate(request: CalibrateRequest, sensors: Mapping[Segment, tuple[str, History]]) -> list[Calibration]:
    """One calibration for every sensor that has samples in the span, or for none of them.

    Raises PostureError with a sentence that says what to do before trying again.
    """
    if not (math.isfinite(request.start_s) and SHORTEST_S <= request.duration_s <= HISTORY_S):
        raise PostureError(f"The calibration must last {SHORTEST_S:.0f} to {HISTORY_S:.0f} s; ask for another length.")
    end_s = request.start_s + request.duration_s
    made: list[Calibration] = []
    for segment, (sensor_id, history) in sensors.items():
        t, acc, gyr = history.span(request.start_s, end_s)
        if len(t):
            still = _stillness(segment, request, t, acc, gyr)
            mounting = _mounting(segment, still.up)
            made.append(Calibration(segment, sensor_id, request.stance, end_s, mounting, still.error_deg))
    if not made:
        raise PostureError("No sensor sent anything then; wait until a sensor is streaming and calibrate again.")
    return made


def _stillness(segment: Segment, request: CalibrateRequest, t: Floats, acc: Floats, gyr: Floats) -> Stillness:
    """Raises PostureError where the span is not a quiet stance."""
    seen_s = float(np.minimum(np.diff(t), _HOLE_S).sum())
    if seen_s < _COVERAGE * request.duration_s - _HOLE_S:
        raise PostureError(
            f"The {segment} sensor sent only {seen_s:.1f} of {request.duration_s:.1f} s; "
            "stay near the receiver and calibrate again."
        )
    still = _measured(t - request.start_s, request.duration_s, acc, gyr)
    if still.turning > _STEADY_RAD_S or still.sway_deg > _SWAY_DEG + request.duration_s / _DRIFT_S:
        raise PostureError(
            f"The {segment} moved ({math.degrees(still.turning):.0f}°/s, {still.sway_deg:.0f}° of sway); "
            f"hold still, {request.stance} upright, and calibrate again."
        )
    if not _GRAVITY_BAND[0] < still.force / GRAVITY < _GRAVITY_BAND[1]:
        raise PostureError(
            f"The {segment} sensor feels {still.force / GRAVITY:.2f} g instead of 1 g; restart it and calibrate again."
        )
    return still


def _measured(since_s: Floats, duration_s: float, acc: Floats, gyr: Floats) -> Stillness:
    mean = acc.mean(axis=0)
    up = quaternion.normalise(mean)
    rate = gyr - np.median(gyr, axis=0)
    squares = _means(since_s, _MEAN_S, rate * rate)
    sways_deg = _angle_deg(quaternion.normalise(_means(since_s, _MEAN_S, acc)), up)
    batches = _means(since_s, max(1.0, duration_s / _BATCHES), acc)
    batches_deg = _angle_deg(quaternion.normalise(batches), up)
    return Stillness(
        up=up,
        force=float(quaternion.norm(mean)),
        turning=math.sqrt(float(np.percentile(squares.sum(axis=1), _MOST))),
        sway_deg=float(np.percentile(sways_deg, _MOST)),
        error_deg=math.sqrt(float((batches_deg**2).sum())) / max(1, len(batches_deg) - 1),
    )


def _means(since_s: Floats, width_s: float, rows: Floats) -> Floats:
    """Means (k, 3) over every part of `width_s` that has samples."""
    part = (since_s / width_s).astype(np.intp)
    count = np.bincount(part)
    sums: Floats = np.stack([np.bincount(part, weights=rows[:, axis]) for axis in range(3)], axis=1)
    return sums[count > 0] / count[count > 0, None]


def _angle_deg(directions: Floats, up: Floats) -> Floats:
    angle: Floats = np.degrees(2 * np.arcsin(np.minimum(1.0, quaternion.norm(directions - up) / 2)))
    return angle


def _mounting(segment: Segment, up: Floats) -> Floats:
    """Segment → sensor (4,). Raises PostureError where the case does not stand upright on the back."""
    if abs(float(up[2])) > math.cos(math.radians(_FLAT_DEG)):
        raise PostureError(
            f"The {segment} sensor lies flat; put its flat side against your back, stay upright and calibrate again."
        )
    back = np.array([0.0, 0.0, 1.0])
    forward = quaternion.normalise(up * up[2] - back)
    return quaternion.from_axes(forward, quaternion.cross(up, forward), up)
