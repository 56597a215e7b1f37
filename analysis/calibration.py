"""How each sensor sits on the body, found from one quiet upright stance, and better from bends and steps after it.

Up is the mean force of the stance, so upright is 0° of pitch and roll by definition, and everything measured is a
change from it. Forward is square to up (TRIAD, Black 1964). With bends it follows from their axis (analysis.bending),
and with steps also from how these repeat (analysis.walking_heading), however the sensor is worn. In the quick form it
is −z: the flat of the case is taken to lie on the body, so that z points backward; then the clip may still be turned
any way in that plane, even upside down.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis import bending, quaternion, walking_heading
from analysis.bending import Movement, Turning
from analysis.errors import PostureError
from analysis.model import (
    GRAVITY,
    CalibrateRequest,
    Calibration,
    CalibrationKind,
    Floats,
    Segment,
    SegmentOrientation,
    Stance,
)

HISTORY_S = 180.0  # how far back a request may reach, and how long it may be
SHORTEST_S = 2.0  # of a stance
SHORTEST_BENDS_S = 8.0  # a stance and two bends
_MOVED = (CalibrationKind.BENDS, CalibrationKind.STEPS)  # a stance, and bends after it
BEFORE_BEND_S = 0.3  # the stance ends a little before the body visibly leaves it
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
    rate: Floats  # (3,) rad/s, what the gyroscope reads at rest


class History:
    """The last HISTORY_S of one sensor, for a stance that may lie in the past.

    Of a sensor without a gyroscope the turn rate is how fast up tips; turning about up stays unseen.
    """

    def __init__(self) -> None:
        self._parts: deque[SegmentOrientation] = deque()

    def feed(self, part: SegmentOrientation) -> None:
        self._parts.append(part)

    def forget(self, before_s: float) -> None:
        while self._parts and self._parts[0].t[-1] < before_s:
            self._parts.popleft()

    def span(self, start_s: float, end_s: float) -> Movement:
        """The samples of [start_s, end_s)."""
        parts = [part for part in self._parts if part.t[-1] >= start_s and part.t[0] < end_s]
        if not parts:
            return Movement(np.empty(0), np.empty((0, 3)), np.empty((0, 3)), np.empty((0, 3)))
        t = np.concatenate([part.t for part in parts])
        inside = (t >= start_s) & (t < end_s)
        acc = np.concatenate([part.acc for part in parts])[inside]
        gyr = np.concatenate([part.gyr for part in parts])[inside]
        up = quaternion.up_in_body(np.concatenate([part.q for part in parts])[inside])
        t, is_blind = t[inside], np.isnan(gyr[:, 0])
        if is_blind.any() and len(t) > 1:
            gyr = np.where(is_blind[:, None], quaternion.cross(np.gradient(up, t, axis=0), up), gyr)
        return Movement(t, acc, gyr, up, has_gyroscope=not is_blind.any())


def calibrate(request: CalibrateRequest, sensors: Mapping[Segment, tuple[str, History]]) -> list[Calibration]:
    """One calibration for every sensor that has samples in the span, or for none of them.

    Raises PostureError with a sentence that says what to do before trying again.
    """
    shortest_s = SHORTEST_BENDS_S if request.kind in _MOVED else SHORTEST_S
    if not (math.isfinite(request.start_s) and shortest_s <= request.duration_s <= HISTORY_S):
        raise PostureError(f"The calibration must last {shortest_s:.0f} to {HISTORY_S:.0f} s; ask for another length.")
    if request.kind is CalibrationKind.STEPS and request.stance is not Stance.STANDING:
        raise PostureError("Steps are taken standing; stand upright and calibrate again, or leave the steps out.")
    end_s = request.start_s + request.duration_s
    seen = {segment: history.span(request.start_s, end_s) for segment, (_, history) in sensors.items()}
    movements = {segment: movement for segment, movement in seen.items() if len(movement.t)}
    if not movements:
        raise PostureError("No sensor sent anything then; wait until a sensor is streaming and calibrate again.")
    if request.kind is CalibrationKind.STEPS:
        _check_steps_seen(movements)
    found = _by_bends(request, movements) if request.kind in _MOVED else _by_case(request, movements)
    return [
        Calibration(
            segment=segment,
            sensor_id=sensors[segment][0],
            stance=request.stance,
            made_s=end_s,
            mounting=one.mounting,
            tilt_error_deg=one.tilt_error_deg,
            kind=request.kind,
            heading_error_deg=one.heading_error_deg,
        )
        for segment, one in found.items()
    ]


def _check_steps_seen(movements: Mapping[Segment, Movement]) -> None:
    for segment, movement in movements.items():
        if not movement.has_gyroscope:
            raise PostureError(
                f"The {segment} sensor has no gyroscope, so steps do not tell where it faces; leave the steps out, and "
                "calibrate again."
            )


@dataclass(frozen=True, slots=True)
class _Found:
    """How one sensor sits, and how well that is known."""

    mounting: Floats  # (4,) segment → sensor
    tilt_error_deg: float
    heading_error_deg: float


def _by_case(request: CalibrateRequest, movements: Mapping[Segment, Movement]) -> dict[Segment, _Found]:
    found = {}
    for segment, movement in movements.items():
        still = stillness(segment, request, request.duration_s, movement)
        found[segment] = _Found(_mounting(segment, still.up), still.error_deg, math.nan)
    return found


def _by_bends(request: CalibrateRequest, movements: Mapping[Segment, Movement]) -> dict[Segment, _Found]:
    """The bends are where the sensor that turned further has them; what comes before them is the stance."""
    for segment, movement in movements.items():
        _check_coverage(segment, request.duration_s, movement)
    first_s = request.start_s + SHORTEST_S
    rough = {segment: _mean_up(segment, movement.within(-math.inf, first_s)) for segment, movement in movements.items()}
    leader = max(movements, key=lambda segment: float(movements[segment].lean_deg(rough[segment]).max()))
    bends = bending.bends_of(movements[leader], rough[leader])
    if len(bends) < bending.BENDS:
        raise PostureError("I saw only one bend; bend forward twice, come up in between, and calibrate again.")
    quiet_s = bends[0].start_s - BEFORE_BEND_S - request.start_s
    if quiet_s < SHORTEST_S:
        raise PostureError(f"You bent too soon; first hold still, {request.stance} upright, and calibrate again.")
    stances = {
        segment: stillness(segment, request, quiet_s, movement.within(-math.inf, request.start_s + quiet_s))
        for segment, movement in movements.items()
    }
    turnings = {}
    for segment, movement in movements.items():
        still = stances[segment]
        bending.check_return(segment, movement, still.up)
        turnings[segment] = bending.turning(segment, movement, bends, still.up, still.rate)
        bending.check_follow(segment, turnings[segment])
    bending.check_depth(turnings)
    deepest_deg = max(max(turned.deepest_deg) for turned in turnings.values())
    found = {}
    for segment, turned in turnings.items():
        bending.check_case(turned, stances[segment].up, deepest_deg)
        found[segment] = _axes(turned.left, turned.heading_error_deg, stances[segment])
    bending.check_direction(turnings)
    if request.kind is CalibrationKind.STEPS:
        for segment, movement in movements.items():
            walk = movement.within(bends[-1].end_s, math.inf)
            found[segment] = _with_steps(segment, turnings[segment], stances[segment], walk)
    return found


def _with_steps(segment: Segment, turned: Turning, still: Stillness, walk: Movement) -> _Found:
    """What the bends and the `walk` after them tell together."""
    seen = walking_heading.walked(segment, walk, quaternion.cross(turned.left, still.up), still.rate)
    return _axes(*walking_heading.joined(segment, turned.left, turned.heading_error_deg, still.up, seen), still)


def _axes(left: Floats, heading_error_deg: float, still: Stillness) -> _Found:
    mounting = quaternion.from_axes(quaternion.cross(left, still.up), left, still.up)
    return _Found(mounting, still.error_deg, heading_error_deg)


def _mean_up(segment: Segment, movement: Movement) -> Floats:
    if not len(movement.t):
        raise PostureError(f"The {segment} sensor was silent at first; wait until it streams and calibrate again.")
    return quaternion.normalise(movement.acc.mean(axis=0))


def _check_coverage(segment: Segment, duration_s: float, movement: Movement) -> None:
    seen_s = float(np.minimum(np.diff(movement.t), _HOLE_S).sum())
    if seen_s < _COVERAGE * duration_s - _HOLE_S:
        raise PostureError(
            f"The {segment} sensor sent only {seen_s:.1f} of {duration_s:.1f} s; "
            "stay near the receiver and calibrate again."
        )


def stillness(segment: Segment, request: CalibrateRequest, duration_s: float, movement: Movement) -> Stillness:
    """Of the `duration_s` from the request's start. Raises PostureError where they are not a quiet stance."""
    _check_coverage(segment, duration_s, movement)
    still = _measured(movement.t - request.start_s, duration_s, movement.acc, movement.gyr)
    if still.turning > _STEADY_RAD_S or still.sway_deg > _SWAY_DEG + duration_s / _DRIFT_S:
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
    bias = np.median(gyr, axis=0)
    rate = gyr - bias
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
        rate=bias,
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
