"""When a foot touches the ground, and which one, from the movement of the lower back.

At an initial contact the back is caught from falling (the upward force rises: McCamley 2012) and braked (the forward
force falls: Zijlstra & Hof 2003), the heel's blow shakes it, and its sideways push changes from one foot to the other.
Peaks of the first two are candidates. The contacts are the sequence of candidates with the most of all four, feet
taking turns, at intervals near the walk's own step time; found by dynamic programming over the whole walk
(`sequences`), so that a weak step between two clear ones is kept and a shock of the same foot is not.
How likely each stride is goes by the step time that these contacts tell as much as by the walk's likeness to itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from analysis.gait.sequences import LONGEST_S, Candidates, best_sequence, likely_strides
from analysis.gait.smoothing import autocovariance, gaussian, within
from analysis.gait.track import Track
from analysis.model import GRID_HZ, Floats

# Chosen on the mobgap example (Mobilise-D, Apache-2.0), its two people as they are, at 0.85 to 1.16 of their pace,
# tilted by 8° and with noise, where F1 of the contacts hardly moves with any one of them, for neither at the
# other's cost. The pelvis turning with the leg that comes forward told neither person's contacts any better.
_UP_HZ = (0.5, 6.0)
_FORWARD_HZ = (0.5, 3.5)
SIDE_HZ = (0.2, 1.8)  # of the stride, 24 a minute and more, less turning
_BLOW_HZ, _BLOW_S = (6.0, 20.0), 0.02  # what soft tissue does, and the width of its envelope
_UP_LEAD_S = 0.02  # the upward force is highest so long after the contact
_BRAKE_LEAD_S = 0.035
_BRAKE_SHARE = 0.5  # against the upward force's 1
_BLOW_SHARE = 0.3  # in units of a contact's worth, as the next one
_LEFT_SHARE = 0.45  # of the feet taking turns
_CALM = 1.5  # of the blows' mean: where none stands out, as in noise, they count for little
_LEAST = 0.38  # a candidate worth less is rather no contact
_PEAK = 1.4  # RMS; what a contact is worth at its peak is about 1, and no shock is worth more
_USUAL_STEP_S = 0.58
_UNUSUAL = 0.5  # likeness lost per natural logarithm away from that, so that no limp makes a stride look like a step
_STRIDE_ALIKE, _MIRRORED = 0.5, 0.5  # against likeness from step to step
_STEP_RANGE_S = (0.3, 1.3)
_FEWEST_STEPS = 3  # whose median tells a step time
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
    up = bounce(track)
    if _rms(up) < _STILL_M_S2:
        return Contacts(np.empty(0), np.empty(0, np.bool_))
    worth, side = evidence(track, up)
    blow = _BLOW_SHARE * _blow(track)
    step_s = step_time_s(worth, track)
    peaks = np.flatnonzero((worth[1:-1] > worth[:-2]) & (worth[1:-1] >= worth[2:]) & (worth[1:-1] > 0.0)) + 1
    worths = np.minimum(worth[peaks] / _PEAK, 1.0) + blow[peaks] - _LEAST
    candidates = Candidates(peaks, worths, side[peaks], step_s)
    before, here, after = worth[peaks - 1], worth[peaks], worth[peaks + 1]
    between = 0.5 * (before - after) / np.minimum(before - 2 * here + after, -1e-12)  # top of a parabola
    t = (track.first + peaks + between) / GRID_HZ
    chosen, is_left = best_sequence(candidates)
    settled = replace(candidates, step_s=settled_step_s(step_s, t[chosen]))
    first, last, likely = likely_strides(settled)
    return Contacts(t[chosen], is_left, np.stack([t[first], t[last], likely], axis=1))


def step_time_s(worth: Floats, track: Track) -> float:
    """The interval at which a walk resembles itself most, and once more a step on, near what is usual for a step.

    And its own mirror image: who limps hardly resembles themselves from foot to foot, but sways to the other side.
    """
    alike = _alike(worth)
    lags = np.arange(round(_STEP_RANGE_S[0] * GRID_HZ), min(round(_STEP_RANGE_S[1] * GRID_HZ), len(alike) // 2 - 5))
    unusual = np.abs(np.log(lags / GRID_HZ / _USUAL_STEP_S))
    likely = alike[lags] + _STRIDE_ALIKE * alike[2 * lags] - _UNUSUAL * unusual
    if track.is_calibrated:
        likely = likely - _MIRRORED * _alike(within(track.left, *SIDE_HZ))[lags]
    return float(lags[np.argmax(likely)] / GRID_HZ)


def settled_step_s(step_s: float, t: Floats) -> float:
    """Half way (geometrically) from a walk's step time to the median step of the contacts found with it."""
    steps_s = np.diff(t)
    steps_s = steps_s[steps_s <= LONGEST_S]
    return math.sqrt(step_s * float(np.median(steps_s))) if len(steps_s) >= _FEWEST_STEPS else step_s


def _alike(x: Floats) -> Floats:
    alike = autocovariance(x)
    return alike / max(float(alike[0]), 1e-12)


def bounce(track: Track) -> Floats:
    """(n,) m/s², the upward force of steps."""
    return within(track.up, *_UP_HZ)


def evidence(track: Track, up: Floats) -> tuple[Floats, Floats]:
    """What each tick is worth as a contact, with RMS 1, and as a left one (a right one: negative); `up`: its bounce."""
    caught = _in_rms(_ahead(up, _UP_LEAD_S))
    if not track.is_calibrated:
        return caught, np.zeros_like(caught)
    braked = _in_rms(_ahead(-np.gradient(within(track.forward, *_FORWARD_HZ)), _BRAKE_LEAD_S))
    side = _in_rms(-np.gradient(within(track.left, *SIDE_HZ)))
    told = side * np.abs(side) / (1.0 + side * side)  # next to nothing by a faint sway, which noise is as well
    return _in_rms(caught + _BRAKE_SHARE * braked), _LEFT_SHARE * told


def _blow(track: Track) -> Floats:
    """How much the body shakes at each tick: a natural logarithm, in RMS, less _CALM of its mean."""
    axes = [track.up, track.forward, track.left] if track.is_calibrated else [track.up]
    shaken = within(np.stack(axes), *_BLOW_HZ)
    size = np.log(0.1 + np.maximum(_in_rms(gaussian(np.sqrt((shaken * shaken).sum(axis=0)), _BLOW_S)), 0.0))
    return size - _CALM * float(size.mean())


def _ahead(x: Floats, by_s: float) -> Floats:
    """x as it is `by_s` later."""
    ticks = np.arange(len(x))
    moved: Floats = np.interp(ticks + by_s * GRID_HZ, ticks, x)
    return moved


def _rms(x: Floats) -> float:
    return float(np.sqrt(np.mean(x * x)))


def _in_rms(x: Floats) -> Floats:
    return x / max(_rms(x), 1e-9)
