"""When a foot touches the ground, and which one, from the movement of the lower back.

At an initial contact the back is caught from falling (the upward force rises: McCamley 2012) and braked (the forward
force falls: Zijlstra & Hof 2003), and its sideways push changes from one foot to the other while the pelvis turns with
the leg that comes forward. Peaks of the first two are candidates. The contacts are the sequence of candidates with the
most of all four, feet taking turns, at intervals near the walk's own step time; found by dynamic programming over
the whole walk (`sequences`), so that a weak step between two clear ones is kept and a shock of the same foot is not.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analysis.gait.sequences import Candidates, best_sequence, likely_strides
from analysis.gait.smoothing import autocovariance, within
from analysis.gait.track import Track
from analysis.model import GRID_HZ, Floats

# Chosen on the mobgap example (Mobilise-D, Apache-2.0): found for each of its two people alone, then set between the
# two, where F1 of the contacts hardly moves with any one of them. The share of the feet was lowered until the simulated
# wearer loses hardly a step in sharp turns.
_UP_HZ = (0.5, 6.0)
_FORWARD_HZ = (0.5, 3.5)
_SIDE_HZ = (0.4, 1.8)  # of the stride, less turning
_UP_LEAD_S = 0.02  # the upward force is highest so long after the contact
_BRAKE_LEAD_S = 0.035
_TURN_LAG_S = 0.08  # the pelvis turns fastest so long before it
_BRAKE_SHARE = 0.5  # against the upward force's 1
_LEFT_SHARE, _TURN_SHARE = 0.35, 0.1  # of the feet taking turns, in units of a contact's worth
_LEAST = 0.38  # a candidate worth less is rather no contact
_PEAK = 1.4  # RMS; what a contact is worth at its peak is about 1
_USUAL_STEP_S = 0.58
_UNUSUAL = 0.5  # likeness lost per natural logarithm away from that, so that no limp makes a stride look like a step
_STEP_RANGE_S = (0.3, 1.3)
_SHORTEST_TRACK_S = 2.0
_STILL_M_S2 = 0.08  # RMS of the upward force in its band; a body that stands sways by some 0.04 (MDER.S91719)


@dataclass(frozen=True, slots=True)
class Contacts:
    """Initial contacts in order of time."""

    t: Floats  # (n,) s
    is_left: NDArray[np.bool_]  # (n,)
    strides: Floats = field(default_factory=lambda: np.empty((0, 3)))  # from s, to s, and how likely: any there may be

    def between(self, first_s: float, end_s: float) -> Contacts:
        """Those in [first_s, end_s), and the strides that lie there whole."""
        kept = slice(*np.searchsorted(self.t, (first_s, end_s)).tolist())
        inside = (self.strides[:, 0] >= first_s) & (self.strides[:, 1] < end_s)
        return Contacts(self.t[kept], self.is_left[kept], self.strides[inside])


def contacts_of(track: Track) -> Contacts:
    """All of a track; none in one that is shorter than 2 s, or still.

    Without a calibration only the length of the force is looked at, and which foot it was is a guess.
    """
    if len(track.up) < _SHORTEST_TRACK_S * GRID_HZ:
        return Contacts(np.empty(0), np.empty(0, np.bool_))
    up = within(track.up, *_UP_HZ)
    if _rms(up) < _STILL_M_S2:
        return Contacts(np.empty(0), np.empty(0, np.bool_))
    worth, side = _evidence(track, up)
    step_s = step_time_s(worth)
    peaks = np.flatnonzero((worth[1:-1] > worth[:-2]) & (worth[1:-1] >= worth[2:]) & (worth[1:-1] > 0.0)) + 1
    candidates = Candidates(peaks, worth[peaks] / _PEAK - _LEAST, side[peaks], step_s)
    before, here, after = worth[peaks - 1], worth[peaks], worth[peaks + 1]
    between = 0.5 * (before - after) / np.minimum(before - 2 * here + after, -1e-12)  # top of a parabola
    t = (track.first + peaks + between) / GRID_HZ
    chosen, is_left = best_sequence(candidates)
    first, last, likely = likely_strides(candidates)
    return Contacts(t[chosen], is_left, np.stack([t[first], t[last], likely], axis=1))


def step_time_s(worth: Floats) -> float:
    """The interval at which a walk resembles itself most, near what is usual for a step."""
    alike = autocovariance(worth)
    lags = np.arange(round(_STEP_RANGE_S[0] * GRID_HZ), round(_STEP_RANGE_S[1] * GRID_HZ))
    unusual = np.abs(np.log(lags / GRID_HZ / _USUAL_STEP_S))
    return float(lags[np.argmax(alike[lags] - _UNUSUAL * alike[0] * unusual)] / GRID_HZ)


def _evidence(track: Track, up: Floats) -> tuple[Floats, Floats]:
    """What each tick is worth as a contact, with RMS 1, and as a left one (a right one: negative)."""
    caught = _in_rms(_ahead(up, _UP_LEAD_S))
    if not track.is_calibrated:
        return caught, np.zeros_like(caught)
    braked = _in_rms(_ahead(-np.gradient(within(track.forward, *_FORWARD_HZ)), _BRAKE_LEAD_S))
    side = _LEFT_SHARE * _bounded(_in_rms(-np.gradient(within(track.left, *_SIDE_HZ))))
    if track.has_gyroscope:
        turning = within(track.turning, *_SIDE_HZ)
        side = side + _TURN_SHARE * _bounded(_in_rms(_ahead(-turning, -_TURN_LAG_S)))
    return _in_rms(caught + _BRAKE_SHARE * braked), side


def _ahead(x: Floats, by_s: float) -> Floats:
    """x as it is `by_s` later."""
    ticks = np.arange(len(x))
    moved: Floats = np.interp(ticks + by_s * GRID_HZ, ticks, x)
    return moved


def _rms(x: Floats) -> float:
    return float(np.sqrt(np.mean(x * x)))


def _in_rms(x: Floats) -> Floats:
    return x / max(_rms(x), 1e-9)


def _bounded(x: Floats) -> Floats:
    return x / (1.0 + np.abs(x))
