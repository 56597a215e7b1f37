"""Which way is forward for a sensor, from a few steps straight on.

Walking is the same on both sides: what a sensor feels comes again a step later, mirrored left and right (Gage 1964;
Menz et al., Gait Posture 2003, 18:35). Up and forward repeat every step, left changes its sign, and the plane of that
mirror is where the body faces: with the level force as a complex number z, forward + i·left, a walk that faces ψ has
z(t + step) = e^{2iψ} z*(t), and the best ψ is half the argument of Σ z(t) z(t + step). What repeats (forward alone) and
what changes its sign (left alone) tell it each by itself; no gait is quite symmetric, so they part, and the standard
error says by how much. Which of the two ends is forward, the vertical tells: the body is braked as it is caught from
falling (Zijlstra & Hof, Gait Posture 2003, 18:1), so the force forward goes as the slope of the one upward.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis import quaternion
from analysis.bending import Movement
from analysis.errors import PostureError
from analysis.model import GRAVITY, GRID_HZ, Floats, Segment

LEAST_STEPS = 5  # in a line; fewer say nothing about how much they differ
_HZ = (0.5, 4.5)  # from the stride to twice the step; the sensor's own shaking on the skin is faster
_UP_HZ = (1.0, 6.0)
_STEP_S = (0.36, 0.86)
_USUAL_S, _UNUSUAL = 0.58, 0.5  # likeness lost per natural logarithm away from that: a stride must not look like a step
_ALIKE = 0.3  # correlation of up with itself a step later, at least
_STILL_M_S2 = 0.4  # RMS of up within a step; slow walking has twice that
_WEAK = 0.35  # of the walk's strongest step: the first and the last are less
_TURNING = math.radians(20.0)  # rad/s over a stride; faster is a corner
_WHOLE = 1.0 - 1e-9
_AGREE = 3.0  # standard errors between bends and steps
_ONE_SIDED_DEG = 3.0  # standard error of what repeats, or of what changes sides, however alike all strides are


@dataclass(frozen=True, slots=True)
class Walked:
    """What a few steps say about one sensor."""

    steps: int  # that were taken straight on
    left_deg: float  # where they face, so far to the left of what was taken to be forward; within ±90
    error_deg: float  # its standard error
    is_onward: bool  # braked as it is caught from falling, with forward the end told


@dataclass(frozen=True, slots=True)
class _Level:
    """The movement on the grid, level, as the sensor faces from moment to moment."""

    z: NDArray[np.complex128]  # (n,) m/s², forward + i·left, in the band of a walk
    up: Floats  # (n,) m/s² beyond gravity, likewise
    turning: Floats  # (n,) rad/s about the vertical


def walked(segment: Segment, movement: Movement, forward: Floats, still: Floats) -> Walked:
    """Of a movement that holds one walk or more, and standing before it.

    `forward` (3,) is taken to be forward, in the sensor frame; `still` (3,) rad/s is what the gyroscope reads at rest.
    Raises PostureError with what to do where no walk of LEAST_STEPS straight on is seen.
    """
    few = PostureError(
        f"I did not see {LEAST_STEPS} steps straight on at the {segment}; after the bends walk six to ten steps ahead "
        "and stop, or leave the steps out, and calibrate again."
    )
    if len(movement.t) < 2 or movement.t[-1] - movement.t[0] < LEAST_STEPS * _STEP_S[0]:
        raise few
    level = _leveled(movement, forward, still)
    walks = _walking(level.up)
    lag = _step_ticks(level.up, walks)
    if lag == 0:
        raise few
    straight = walks & (np.abs(_running_mean(level.turning, 2 * lag)) < _TURNING)
    pairs = (straight[:-lag] & straight[lag:]).astype(np.float64)
    steps = 1 + int(pairs.sum()) // lag
    weight = _running_mean((_running_mean(pairs, 2 * lag) > _WHOLE).astype(np.float64), 2 * lag)
    if steps < LEAST_STEPS or not weight.any():
        raise few
    return _told(level, weight, lag, steps)


def joined(segment: Segment, left: Floats, error_deg: float, upright: Floats, seen: Walked) -> tuple[Floats, float]:
    """The left (3,) that bends told with `error_deg`, square to `upright`, and what steps told of it: by their errors.

    And the standard error of both together. Raises PostureError where they part by more than both errors allow.
    """
    if not seen.is_onward:
        raise PostureError(
            f"Your steps looked like steps backward at the {segment}; walk straight ahead after the bends, or leave "
            "the steps out, and calibrate again."
        )
    both_deg = math.hypot(error_deg, seen.error_deg)
    if abs(seen.left_deg) > _AGREE * both_deg:
        raise PostureError(
            f"Your bends and your steps went {abs(seen.left_deg):.0f}° apart at the {segment}; bend straight forward "
            "and walk straight ahead, or leave the steps out, and calibrate again."
        )
    turn = math.radians(seen.left_deg) * (error_deg / both_deg) ** 2
    together = math.cos(turn) * left - math.sin(turn) * quaternion.cross(left, upright)
    return quaternion.normalise(together), error_deg * seen.error_deg / both_deg


def _told(level: _Level, weight: Floats, lag: int, steps: int) -> Walked:
    """`weight` (n − lag,) comes and goes over a stride at the ends of a walk, so that no half stride is left over."""
    repeated, changed = (level.z[:-lag] + level.z[lag:]) / 2, (level.z[:-lag] - level.z[lag:]) / 2
    forward, error_deg = _direction(repeated**2, weight, lag)
    side, side_error_deg = _direction(-(changed**2), weight, lag)
    share = error_deg**2 / (error_deg**2 + side_error_deg**2)
    apart_deg = math.degrees(float(np.angle((side / forward) ** 2))) / 2
    onward = forward * np.exp(1j * math.radians(share * apart_deg))
    both_deg = math.hypot(error_deg, side_error_deg)
    up = (level.up[:-lag] + level.up[lag:]) / 2
    braked = float((weight * (repeated / onward).real * np.gradient(up)).sum())
    return Walked(
        steps,
        math.degrees(float(np.angle(onward**2))) / 2,
        error_deg * side_error_deg / both_deg * max(1.0, abs(apart_deg) / both_deg),  # Birge, Phys Rev 1932, 40:207
        braked * onward.real > 0.0,
    )


def _direction(squares: NDArray[np.complex128], weight: Floats, lag: int) -> tuple[complex, float]:
    """The line of most force, given each force squared, as a complex number of length 1; its standard error in degrees.

    From how strides differ, each begun a step after the other, so that half of them are independent.
    """
    line = np.exp(0.5j * np.angle((weight * squares).sum()))
    starts = [at for at in range(0, len(squares) - 2 * lag + 1, lag) if weight[at : at + 2 * lag].all()]
    strides = np.array([squares[at : at + 2 * lag].sum() for at in starts]) / line**2
    off_deg = np.degrees(np.angle(strides)) / 2
    scatter_deg2 = float((off_deg**2).mean()) / max(1.0, len(starts) / 2)
    return complex(line), math.sqrt(scatter_deg2 + _ONE_SIDED_DEG**2)


def _leveled(movement: Movement, forward: Floats, still: Floats) -> _Level:
    """By straight lines from the sensor's own times to GRID_HZ."""
    up = movement.up
    ahead = quaternion.normalise(forward - (up * forward).sum(axis=1)[:, None] * up)
    left = quaternion.cross(up, ahead)
    columns = (
        (movement.acc * ahead).sum(axis=1),
        (movement.acc * left).sum(axis=1),
        (movement.acc * up).sum(axis=1) - GRAVITY,
        ((movement.gyr - still) * up).sum(axis=1),
    )
    t = np.arange(movement.t[0], movement.t[-1], 1 / GRID_HZ)
    x, y, z, turning = (np.interp(t, movement.t, column) for column in columns)
    return _Level(_within(x, _HZ) + 1j * _within(y, _HZ), _within(z, _UP_HZ), turning)


def _within(x: Floats, band_hz: tuple[float, float]) -> Floats:
    """x (n,) without what is slower or faster; it begins and ends at rest, so nothing rings at its ends."""
    spectrum = np.fft.rfft(x - x.mean())
    hz = np.fft.rfftfreq(len(x), 1 / GRID_HZ)
    kept: Floats = np.fft.irfft(np.where((hz >= band_hz[0]) & (hz <= band_hz[1]), spectrum, 0.0), len(x))
    return kept


def _walking(up: Floats) -> NDArray[np.bool_]:
    """(n,) where up is as lively as in a walk."""
    lively: Floats = np.sqrt(np.maximum(_running_mean(up * up, round(_USUAL_S * GRID_HZ)), 0.0))
    walks: NDArray[np.bool_] = lively > max(_STILL_M_S2, _WEAK * float(lively.max()))
    return walks


def _step_ticks(up: Floats, walks: NDArray[np.bool_]) -> int:
    """After how many ticks up is most like itself; 0 where it never is."""
    inside = np.where(walks, up, 0.0)
    power = float((inside * inside).sum())
    lags = range(round(_STEP_S[0] * GRID_HZ), min(round(_STEP_S[1] * GRID_HZ), len(up) // 2))
    alike = {lag: float((inside[:-lag] * inside[lag:]).sum()) / max(power, 1e-12) for lag in lags}
    best = max(lags, key=lambda lag: alike[lag] - _UNUSUAL * abs(math.log(lag / GRID_HZ / _USUAL_S)), default=0)
    return best if best and alike[best] > _ALIKE else 0


def _running_mean(x: Floats, width: int) -> Floats:
    """(n,) over `width` ticks about each one, fewer at the ends."""
    sums = np.concatenate([[0.0], np.cumsum(x)])
    at = np.arange(len(x))
    low, high = np.maximum(at - width // 2, 0), np.minimum(at + (width + 1) // 2, len(x))
    mean: Floats = (sums[high] - sums[low]) / (high - low)
    return mean
