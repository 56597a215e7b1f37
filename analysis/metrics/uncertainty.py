"""How good each value is, tick by tick: one standard deviation, from all that is known about that moment.

Independent causes add as squares. The parts are figures of others where there are any, else choices of ours that are
called so; together they say when to trust a number less, not more than that.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.mending import CARRIED_OVER_DEG
from analysis.metrics import Metric
from analysis.model import Calibration, Event, Floats, PostureFrame, Quality, Segment

MOVING_DEG = 3.6  # limits of agreement of some ±7° in lifting, for two-sensor lumbar angles
SETTLING_DEG = 4.8  # the accelerometer alone, before the gyroscope has helped: PMC11219489, n = 18
CREEP_DEG = 0.5  # after the first hour, growing with its root: a choice of ours for what clothes and skin do
HEADING_DEG = 5.0  # by which a case may face aside that was taken to lie flat on the back: a choice of ours
RANGE_DEG = 2.7  # how well the full bend is repeated: the worse end of the 1.3–2.7° by which postures repeat
BLIND_DEG = (
    2.0  # without a gyroscope: against the same sensor with one 0.6° in 22 people who sat (Cairo) and 1.4 to 3.6°
)
BLIND_MOVING_DEG = 7.0  # in two who did all sorts of things (mobgap's examples); 4.5°, and 6 to 9°, while moving
MOVING_DEG_S = 1.5  # of speeds: in the simulated wearer 0.9–1.6°/s, in fast movement while seated

_TILTS = {Segment.PELVIS: "pelvic_tilt", Segment.LUMBAR: "trunk_lean"}
_SPEEDS = {Segment.PELVIS: "pelvis_speed", Segment.LUMBAR: "trunk_speed"}  # not known without a gyroscope


def error_of(
    name: str,
    metric: Metric,
    frame: PostureFrame,
    calibrations: Sequence[Calibration],
    slips: Sequence[Event] = (),
) -> Floats:
    """The standard error (n,) of a metric's values in its unit; NaN where the value is.

    `calibrations` in the order in which they came into force, as the store gives them; `slips` are the events that
    say how far a sensor has slipped since.
    """
    value = frame.values.get(name, np.full(len(frame.t), np.nan))
    is_moving = (frame.quality & np.uint16(Quality.MOVING)) > 0
    if metric.unit != "°":
        fast = np.where(is_moving, MOVING_DEG_S, 0.0)
        return np.where(np.isnan(value), np.nan, np.sqrt(metric.error**2 + fast**2))
    is_settling = (frame.quality & np.uint16(Quality.SETTLING)) > 0
    variance = np.where(is_moving, max(MOVING_DEG, metric.error), metric.error) ** 2
    variance += np.where(is_settling, SETTLING_DEG, 0.0) ** 2
    for segment in sorted(metric.needs):
        worn = [one for one in calibrations if one.segment is segment]
        variance += _in_force(frame.t, worn, _reference_variance)
        variance += _slipped_variance(frame.t, worn, segment, slips)
        blind_deg = np.where(is_moving, BLIND_MOVING_DEG, BLIND_DEG)
        variance += np.where(_is_blind(frame, segment), blind_deg, 0.0) ** 2
        if metric.is_sideways:
            tilt_deg = frame.values.get(_TILTS[segment], np.full(len(frame.t), np.nan))
            leaked_deg = np.nan_to_num(np.degrees(np.sin(np.radians(tilt_deg))))
            variance += leaked_deg**2 * _in_force(frame.t, worn, _sideways_share)
    return np.where(np.isnan(value), np.nan, np.sqrt(variance))


def _is_blind(frame: PostureFrame, segment: Segment) -> NDArray[np.bool_]:
    """(n,) where the segment's sensor, or one of two that cannot be told apart, has no gyroscope."""
    lacks = (frame.quality & np.uint16(Quality.NO_GYROSCOPE)) > 0
    speed = frame.values.get(_SPEEDS[segment])
    return lacks if speed is None else lacks & np.isnan(speed)


def share_error_of(
    lordosis: Metric, frame: PostureFrame, calibrations: Sequence[Calibration], slips: Sequence[Event] = ()
) -> Floats:
    """The standard error (n,) of lumbar flexion in % of the own range; NaN where that or the range is unknown.

    Both what is not known of the lordosis and what is not known of the full bend count.
    """
    own = [one for one in calibrations if one.flexion is not None]
    full_deg = _in_force(frame.t, own, lambda one, _: one.flexion.full_deg if one.flexion else math.nan)
    full_deg = np.where(full_deg > 0.0, full_deg, np.nan)
    lordosis_deg = frame.values.get("lumbar_lordosis", np.full(len(frame.t), np.nan))
    of_lordosis = error_of("lumbar_lordosis", lordosis, frame, calibrations, slips) / full_deg
    of_range = lordosis_deg * RANGE_DEG / full_deg**2
    error: Floats = 100.0 * np.sqrt(of_lordosis**2 + of_range**2)
    return error


def _in_force(
    t: Floats, calibrations: Sequence[Calibration], of: Callable[[Calibration, Floats], Floats | float]
) -> Floats:
    """(n,) What `of` says of the calibration that holds at each tick; 0 before the first."""
    told = np.zeros(len(t))
    for one in calibrations:
        since_s = -math.inf if math.isnan(one.made_s) else one.made_s
        told = np.where(t > since_s, of(one, t), told)
    return told


def _reference_variance(one: Calibration, t: Floats) -> Floats:
    """(n,) What is not known of a segment's upright, in degrees squared."""
    is_carried_over = math.isnan(one.made_s)
    hours = np.maximum(t - (0.0 if is_carried_over else one.made_s), 0.0) / 3600.0
    own = one.tilt_error_deg**2 + (CARRIED_OVER_DEG**2 if is_carried_over else 0.0)
    return own + np.minimum(CREEP_DEG**2 * hours, CARRIED_OVER_DEG**2)


def _slipped_variance(
    t: Floats, calibrations: Sequence[Calibration], segment: Segment, slips: Sequence[Event]
) -> Floats:
    """(n,) How far the segment's sensor may have slipped: growing from when it last sat well until the walk that
    showed it, and from there on in full, until its mounting is found anew."""
    variance = np.zeros(len(t))
    for slip in slips:
        off_deg = slip.values.get(f"{segment}_off_deg")
        if isinstance(off_deg, int | float):
            good_s = slip.values.get("good_s", slip.start_s)
            good_s = float(good_s) if isinstance(good_s, int | float) else slip.start_s
            share = np.clip((t - good_s) / max(slip.start_s - good_s, 1e-3), 0.0, 1.0)
            mended_s = _mended_s(calibrations, slip.start_s)
            variance = np.where(t <= mended_s, np.maximum(variance, (share * off_deg) ** 2), variance)
    return variance


def _mended_s(calibrations: Sequence[Calibration], slipped_s: float) -> float:
    """When the first calibration after a slip came that says anew how the sensor sits; a range does not."""
    mounting = None
    for one in calibrations:
        if mounting is not None and one.made_s > slipped_s and not np.array_equal(one.mounting, mounting):
            return one.made_s
        mounting = one.mounting
    return math.inf


def _sideways_share(one: Calibration, t: Floats) -> float:
    """How much of a tilt, squared, a calibration's error of forward makes a bend to the side."""
    del t
    heading_deg = HEADING_DEG if math.isnan(one.heading_error_deg) else one.heading_error_deg
    return math.sin(math.radians(heading_deg)) ** 2
