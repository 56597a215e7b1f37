"""Where exactly a change between lying, sitting and standing lies, what its parts are, and how it was done. Pure.

The phases of a rise are Schenkman's (1990, Phys Ther 70:638): flexion-momentum until the seat is left, momentum
transfer until the ankles are bent most, extension until the hips are straight, and stabilisation. No sensor sits on a
shank, so momentum transfer is taken to end where the trunk leans most or the body is thrown up hardest, whichever is
later. Sitting down is the same film run backwards, and is cut so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

from analysis.model import GRID_HZ, Floats
from analysis.smoothness import sparc

LEAST_LIFT_M = 0.125  # of a rise and of sitting down, and
LEAST_SPEED_M_S = 0.2  # the least peak speed: both as scikit-digital-health has them (Adamowicz 2020, s20226618)
LEAST_TIPPED_DEG = 30.0  # between sitting and lying
LONGEST_S = 4.0  # from the fastest moment to either end; who takes longer is cut there
ONSET = 0.1  # of the peak: here a movement begins and ends
ONSET_DEG_S = 4.0  # slower turning than this is sway
STILL_DEG_S = 12.0  # who turns slower than this and
STILL_M_S2 = 0.4  # is shaken less, for
STILL_S = 0.5  # this long, has stabilised
STABILISED_S = 3.0  # after this nobody waits for it

Truths = NDArray[np.bool_]

_EDGE = round(GRID_HZ)  # ticks at either end of a window that show where no height was won
_STILL = round(STILL_S * GRID_HZ)
_SMOOTH = butter(2, 5.0, fs=GRID_HZ, output="sos")  # voluntary movement of the trunk lies below 5 Hz


@dataclass(frozen=True, slots=True)
class Window:
    """An unbroken run of ticks at GRID_HZ around a change; all of them known."""

    start_s: float  # of the first tick
    lean_deg: Floats  # (n,) pitch of the trunk, forward +
    force: Floats  # (n,) m/s², upward beyond gravity, where the sensor is
    above_m: Floats  # (n,) height of the sensor above the hips: leaning raises it without any rise
    turning_deg_s: Floats  # (n,) how fast the trunk turns in any direction
    tipped_deg: Floats  # (n,) inclination of the trunk in any direction


@dataclass(frozen=True, slots=True)
class Cut:
    """A change cut out of its window. Times in s since the session's start; NaN where there is no such phase."""

    start_s: float
    end_s: float
    seat_s: float  # the seat is left, or touched
    turn_s: float  # the end of momentum transfer; of sitting down the same moment, backwards
    stable_s: float  # the end of stabilisation, after a rise
    peak_lean_deg: float
    lift_m: float  # up +
    peak_speed: float  # m/s of a lift, °/s of lying down or getting up
    smoothness: float  # SPARC
    sure: float  # 0 … 1


def cut_rise(window: Window, first_s: float, last_s: float) -> Cut | None:
    """The rise whose fastest moment lies in [first_s, last_s]; None where nothing went up."""
    lift = _lift_in(window, first_s, last_s)
    return None if lift is None else _told(lift, window.start_s, _stable(window, lift.end))


def cut_sitting_down(window: Window, first_s: float, last_s: float) -> Cut | None:
    """The same of sitting down, whose end is when the trunk has settled on the seat."""
    end_s = window.start_s + (len(window.force) - 1) / GRID_HZ
    arrays = (window.lean_deg, window.force, window.above_m, window.turning_deg_s, window.tipped_deg)
    lift = _lift_in(Window(-end_s, *(array[::-1] for array in arrays)), -last_s, -first_s)
    if lift is None:
        return None
    told = _told(lift, -end_s, None)
    return replace(
        told,
        start_s=-told.end_s,
        end_s=-told.start_s,
        seat_s=-told.seat_s,
        turn_s=-told.turn_s,
        lift_m=-told.lift_m,
    )


def cut_tipping(window: Window, first_s: float, last_s: float) -> Cut | None:
    """Lying down, or getting up from there: the fastest change of the trunk's inclination and all around it."""
    tipped: Floats = sosfiltfilt(_SMOOTH, window.tipped_deg)
    rate = np.gradient(tipped) * GRID_HZ
    middle = _fastest(np.abs(rate), window.start_s, first_s, last_s)
    if middle is None or not abs(rate[middle]) > ONSET_DEG_S:
        return None
    speed = np.abs(rate)
    least = max(ONSET * speed[middle], ONSET_DEG_S)
    start, end = _left_of(speed >= least, middle), _right_of(speed >= least, middle)
    return Cut(
        start_s=_at(window.start_s, start),
        end_s=_at(window.start_s, end),
        seat_s=math.nan,
        turn_s=math.nan,
        stable_s=math.nan,
        peak_lean_deg=float(window.lean_deg[start : end + 1].max()),
        lift_m=math.nan,
        peak_speed=float(speed[middle]),
        smoothness=sparc(speed[start : end + 1], GRID_HZ),
        sure=_share(abs(float(tipped[end] - tipped[start])) / LEAST_TIPPED_DEG),
    )


@dataclass(frozen=True, slots=True)
class _Lift:
    """A way up; the moments are ticks of the window."""

    start: int
    seat: int
    turn: int
    end: int
    lift_m: float
    peak_m_s: float
    peak_lean_deg: float
    smoothness: float


def _told(lift: _Lift, start_s: float, stable: int | None) -> Cut:
    return Cut(
        start_s=_at(start_s, lift.start),
        end_s=_at(start_s, lift.end),
        seat_s=_at(start_s, lift.seat),
        turn_s=_at(start_s, lift.turn),
        stable_s=math.nan if stable is None else _at(start_s, stable),
        peak_lean_deg=lift.peak_lean_deg,
        lift_m=lift.lift_m,
        peak_speed=lift.peak_m_s,
        smoothness=lift.smoothness,
        sure=_share(lift.lift_m / LEAST_LIFT_M) * _share(lift.peak_m_s / LEAST_SPEED_M_S),
    )


def _at(start_s: float, tick: int) -> float:
    """Seconds of a window's tick: a multiple of the grid's step, whatever the window."""
    return (round(start_s * GRID_HZ) + tick) / GRID_HZ


def _lift_in(window: Window, first_s: float, last_s: float) -> _Lift | None:
    force: Floats = sosfiltfilt(_SMOOTH, window.force)
    speed = _speed(force) - np.gradient(sosfiltfilt(_SMOOTH, window.above_m)) * GRID_HZ
    middle = _fastest(speed, window.start_s, first_s, last_s)
    if middle is None:
        return None
    lean: Floats = sosfiltfilt(_SMOOTH, window.lean_deg)
    rate = np.gradient(lean) * GRID_HZ
    top = _right_of(speed > ONSET * speed[middle], middle)
    onset = _flexion_began(rate, middle)
    if onset is not None:  # the body was at rest on the seat then
        speed = speed - speed[onset]
    if not speed[middle] > 0:
        return None
    seat = _left_of(speed > ONSET * speed[middle], middle)
    start, end = seat if onset is None else min(onset, seat), _extension_ended(rate, middle, top)
    most = start + int(np.argmax(lean[start : end + 1]))
    hardest = seat + int(np.argmax(force[seat : middle + 1]))
    return _Lift(
        start=start,
        seat=seat,
        turn=min(max(most, hardest), top),
        end=end,
        lift_m=float(np.sum(speed[seat : top + 1])) / GRID_HZ,
        peak_m_s=float(speed[middle]),
        peak_lean_deg=float(lean[most]),
        smoothness=sparc(np.maximum(speed[start : end + 1], 0.0), GRID_HZ),
    )


def _speed(force: Floats) -> Floats:
    """The sensor's vertical speed (n,) in m/s: none, on average, in the first and the last second of the window."""
    raw = np.cumsum(force) / GRID_HZ
    n = len(raw)
    before, after = float(np.mean(raw[:_EDGE])), float(np.mean(raw[n - _EDGE :]))
    slope = (after - before) / (n - _EDGE)
    speed: Floats = raw - before - slope * (np.arange(n) - (_EDGE - 1) / 2)
    return speed


def _fastest(speed: Floats, start_s: float, first_s: float, last_s: float) -> int | None:
    first = max(0, round((first_s - start_s) * GRID_HZ))
    last = min(len(speed) - 1, round((last_s - start_s) * GRID_HZ))
    return first + int(np.argmax(speed[first : last + 1])) if first <= last else None


def _flexion_began(rate: Floats, middle: int) -> int | None:
    """Where the trunk began to lean; None where it did not."""
    reach = max(0, middle - round(LONGEST_S * GRID_HZ))
    peak = reach + int(np.argmax(rate[reach : middle + 1]))
    least = max(ONSET * float(rate[peak]), ONSET_DEG_S)
    return _left_of(rate >= least, peak) if rate[peak] >= 2 * ONSET_DEG_S else None


def _extension_ended(rate: Floats, middle: int, top: int) -> int:
    """Where trunk and legs are straight: the later of the two."""
    reach = min(len(rate) - 1, top + _EDGE)
    peak = middle + int(np.argmin(rate[middle : reach + 1]))
    least = max(-ONSET * float(rate[peak]), ONSET_DEG_S)
    return max(top, min(_right_of(rate <= -least, peak), reach)) if rate[peak] <= -2 * ONSET_DEG_S else top


def _stable(window: Window, end: int) -> int | None:
    """The first tick from `end` that begins STILL_S of stillness; None where there is none in STABILISED_S."""
    force = np.abs(sosfiltfilt(_SMOOTH, window.force))
    still = (window.turning_deg_s < STILL_DEG_S) & (force < STILL_M_S2)
    for tick in range(end, min(end + round(STABILISED_S * GRID_HZ), len(still) - _STILL) + 1):
        if still[tick : tick + _STILL].all():
            return tick
    return None


def _left_of(holds: Truths, tick: int) -> int:
    """The first tick of the unbroken run up to `tick` that holds, at most LONGEST_S before it."""
    reach = max(0, tick - round(LONGEST_S * GRID_HZ))
    broken = np.flatnonzero(~holds[reach:tick])
    return reach + int(broken[-1]) + 1 if len(broken) else reach


def _right_of(holds: Truths, tick: int) -> int:
    """The last tick of the unbroken run from `tick` that holds, at most LONGEST_S after it."""
    reach = min(len(holds) - 1, tick + round(LONGEST_S * GRID_HZ))
    broken = np.flatnonzero(~holds[tick + 1 : reach + 1])
    return tick + int(broken[0]) if len(broken) else reach


def _share(x: float) -> float:
    """How sure, by how often the least amount was seen: 0 for none, 0.7 for just that, 0.99 for twice as much."""
    return 1.0 - math.exp(-1.2 * x * x) if x > 0 else 0.0
