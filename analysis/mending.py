"""Calibrations that change which way is up for a sensor, and keep forward and the wearer's range.

A sensor that slipped is mended by three quiet seconds of standing tall; one that drifts is turned a little, as walking
says (analysis.slips). Both turn about a level axis of the segment, the shortest way, so the heading stays as it is.
Somebody who sits is refused: a sensor that is not said to have slipped must find the wearer nearly as upright as ever,
and one that has slipped must stand as walking said it does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from analysis import quaternion
from analysis.bending import Movement
from analysis.calibration import Stillness, stillness
from analysis.errors import PostureError
from analysis.model import CalibrateRequest, Calibration, CalibrationKind, Floats, Segment, Stance

TALL_S = 3.0  # of standing, quietly
UPRIGHT_DEG = 6.0  # so near to what was to be expected it must be; repeats of one posture vary by 1.3–2.7° (one SD)
REPEAT_DEG = 1.3  # how well an upright that is taken again is the one of before: the better end of that
WALKED_DEG = 1.0  # and how well walking says so: a choice of ours
CARRIED_OVER_DEG = 3.0  # "several degrees" for a sensor that may have been clipped on anew since
_STEP_S = 0.5
UP: Floats = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, slots=True)
class Correction:
    """A small turn of one sensor's mounting, about level axes only, for ticks later than `after_s`."""

    segment: Segment
    since_s: float  # the walking that showed it began then
    after_s: float
    turn: Floats  # (4,) quaternion in the segment frame: mounting ⊗ turn is the new mounting
    forward_deg: float  # so much further forward the segment seemed to lean than it does
    right_deg: float
    size_deg: float  # of the turn


def stood_tall(
    request: CalibrateRequest,
    movements: Mapping[Segment, Movement],
    held: Mapping[Segment, Calibration],
    slipped: Mapping[Segment, Floats],
) -> list[Calibration]:
    """New calibrations, from the last quiet TALL_S of the request's span, of the `slipped` sensors or else of all.

    `held` are the calibrations made standing that hold throughout it; `slipped` says how each sensor that slipped has
    turned, forward and to the right (2,) in degrees. Raises PostureError with what to do.
    """
    seen = {segment: movement for segment, movement in movements.items() if segment in held and len(movement.t)}
    if not seen or not slipped.keys() <= seen.keys():
        raise PostureError("A sensor that is to be mended sent nothing; wait until it streams and stand tall again.")
    stills = _last_quiet(request, seen)
    turns = {}
    for segment, still in stills.items():
        up = quaternion.rotate(quaternion.conjugate(held[segment].mounting), still.up)
        expected_deg = slipped[segment].tolist() if segment in slipped else (0.0, 0.0)
        _check_upright(segment, math.dist(lean_of(up), expected_deg), has_slipped=segment in slipped)
        turns[segment] = turn_of(*lean_of(up))
    return [
        replace(
            held[segment],
            made_s=request.start_s + request.duration_s,
            mounting=quaternion.multiply(held[segment].mounting, turn),
            tilt_error_deg=math.hypot(stills[segment].error_deg, REPEAT_DEG),
            kind=CalibrationKind.TALL,
            corrected_deg=0.0,
        )
        for segment, turn in turns.items()
        if segment in slipped or not slipped
    ]


def followed(calibration: Calibration, correction: Correction) -> Calibration:
    """The calibration with its mounting turned by a drift that walking has shown."""
    error_deg = calibration.tilt_error_deg
    if not calibration.corrected_deg:
        error_deg = math.hypot(error_deg, WALKED_DEG)
    if math.isnan(calibration.made_s):
        error_deg = math.hypot(error_deg, CARRIED_OVER_DEG)
    return replace(
        calibration,
        made_s=correction.after_s,
        mounting=quaternion.multiply(calibration.mounting, correction.turn),
        tilt_error_deg=error_deg,
        corrected_deg=calibration.corrected_deg + correction.size_deg,
    )


def turn_of(forward_deg: float, right_deg: float) -> Floats:
    """The shortest turn (4,) of a mounting that sets a segment upright which seemed to lean so."""
    forward, right = math.radians(forward_deg), math.radians(right_deg)
    level = math.cos(right)
    up = np.array([-math.sin(forward) * level, math.sin(right), math.cos(forward) * level])
    return quaternion.between(UP, up)


def lean_of(up: Floats) -> tuple[float, float]:
    """How far a segment leans, forward and to the right in degrees, that sees up (3,) so."""
    x, y, z = up.tolist()
    return math.degrees(math.atan2(-x, z)), math.degrees(math.atan2(y, math.hypot(x, z)))


def standing(held: Mapping[Segment, Calibration | None]) -> dict[Segment, Calibration]:
    """Those made standing. Raises PostureError where there is none."""
    found = {segment: one for segment, one in held.items() if one is not None and one.stance is Stance.STANDING}
    if not found:
        raise PostureError("Your upright standing is not known; calibrate standing first.")
    return found


def _last_quiet(request: CalibrateRequest, movements: Mapping[Segment, Movement]) -> dict[Segment, Stillness]:
    """The last TALL_S of the span in which every sensor is still."""
    if request.duration_s < TALL_S:
        raise PostureError(f"Standing tall takes at least {TALL_S:.0f} s; ask for a longer time and stand tall again.")
    refusal: PostureError | None = None
    for number in range(int((request.duration_s - TALL_S) / _STEP_S), -1, -1):
        part = replace(request, start_s=request.start_s + number * _STEP_S, duration_s=TALL_S)
        end_s = part.start_s + TALL_S
        try:
            return {
                segment: stillness(segment, part, TALL_S, movement.within(part.start_s, end_s))
                for segment, movement in movements.items()
            }
        except PostureError as error:
            refusal = refusal or error
    raise refusal or PostureError("Stand tall and still for three seconds, and try again.")


def _check_upright(segment: Segment, off_deg: float, *, has_slipped: bool) -> None:
    if off_deg <= UPRIGHT_DEG:
        return
    if has_slipped:
        raise PostureError(
            f"The {segment} sensor stood {off_deg:.0f}° otherwise than your walking lets expect; get up, stand as tall "
            "as you can and try again, or calibrate anew."
        )
    raise PostureError(
        f"Your {segment} was {off_deg:.0f}° away from your own upright; get up, stand tall and try again, "
        "or calibrate anew."
    )
