"""What the contacts and the movement between them say of one walk.

Quality gates as in scikit-digital-health: a walk of 8 s or more, no stride longer than two mean steps and a second.
Stance, swing and double support have gates of their own (`final_contacts`).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields

import numpy as np
from numpy.typing import NDArray

from analysis.gait.contacts import Contacts
from analysis.gait.final_contacts import support_of
from analysis.gait.sequences import LONGEST_STRIDE_S
from analysis.gait.smoothing import autocovariance, below, integrated_twice
from analysis.gait.track import Track
from analysis.model import GRID_HZ, Floats, Segment

SHORTEST_S = 8.0
FEWEST_STRIDES = 4
LEG_SHARE = 0.53  # of the wearer's height: leg length, and where a sensor on the pelvis is (Zijlstra & Hof 2003)
PENDULUM = 1.25  # the usual correction of the inverted pendulum, which leaves out the foot's roll
_TURN_RAD = math.radians(20.0)  # a stride that ends so far turned says nothing of the pelvis' own rotation
_ANGLE_HZ = 5.0
_FORCE_HZ = 6.0
_PUSH_S = 0.3  # before a contact
_HARMONICS, _POINTS = 20, 64


@dataclass(frozen=True, slots=True)
class Measures:
    """Of one walk; NaN = not known."""

    cadence_spm: float = math.nan  # mean over strides of two steps by the stride's time (Mobilise-D)
    step_s: float = math.nan
    stride_s: float = math.nan
    stride_cv_percent: float = math.nan
    step_regularity: float = math.nan  # autocovariance of the upward force at one step, 1 = all alike …
    stride_regularity: float = math.nan  # … and at one stride (Moe-Nilssen & Helbostad 2004)
    asymmetry_percent: float = math.nan  # difference of left and right step time over their mean; up to a quarter low
    stance_percent: float = math.nan  # of the stride that a foot is on the ground …
    swing_percent: float = math.nan  # … and in the air
    double_support_percent: float = math.nan  # of the stride that both are on the ground, twice
    step_length_m: float = math.nan  # inverted pendulum (Zijlstra & Hof 2003)
    speed_m_s: float = math.nan
    rotation_deg: float = math.nan  # of the pelvis about the vertical, from end to end within a stride
    obliquity_deg: float = math.nan  # likewise, to the sides
    tilt_deg: float = math.nan  # likewise, forward and back
    harmonic_ratio: float = math.nan  # upward force, even over odd harmonics of the stride, first 20
    push_off_m_s2: float = math.nan  # highest forward acceleration before a contact: the spring in the step


NAMES = tuple(field.name for field in fields(Measures))


@dataclass(frozen=True, slots=True)
class _Walk:
    track: Track
    t: Floats  # (n,) s, contacts
    is_left: NDArray[np.bool_]  # (n,)
    stride: NDArray[np.intp]  # (m,) contacts that begin a whole stride


def measured(track: Track, contacts: Contacts, height_m: float) -> tuple[Measures, tuple[str, ...]]:
    """The measures of one track, and why some are not known. `height_m` is the wearer's; NaN = not known."""
    walk = _Walk(track, contacts.t, contacts.is_left, strides_of(contacts))
    if len(walk.t) < 2 or walk.t[-1] - walk.t[0] < SHORTEST_S:
        return Measures(), (f"walked for less than {SHORTEST_S:g} s",)
    if len(walk.stride) < FEWEST_STRIDES:
        return Measures(), ("hardly two strides alike",)
    step_s, stride_s = _steps_s(walk), _strides_s(walk)
    reasons: list[str] = []
    told = {
        "cadence_spm": cadence_spm(contacts),
        "step_s": float(step_s.mean()),
        "stride_s": float(stride_s.mean()),
        "stride_cv_percent": 100.0 * float(stride_s.std(ddof=1) / stride_s.mean()),
        **_regularities(walk, float(step_s.mean()), float(stride_s.mean())),
        "harmonic_ratio": _harmonic_ratio(walk),
    }
    if not track.is_calibrated:
        return Measures(**told), ("not calibrated: no step length, no sides, no angles, no push-off",)
    told["asymmetry_percent"] = _asymmetry_percent(walk)
    support = support_of(track, contacts, walk.stride)
    if support is None:
        reasons.append("unclear when feet leave the ground: no stance, swing or double support")
    else:
        told |= asdict(support)
    if track.has_gyroscope:
        told["push_off_m_s2"] = _push_off(walk)
    else:
        reasons.append("no gyroscope: no angles, no push-off")  # it takes each push for a tilt
    if track.segment is not Segment.PELVIS:
        reasons.append("no pelvis sensor: no step length, no angles")
    else:
        if track.has_gyroscope:
            told |= _angles_deg(walk)
            if math.isnan(told["rotation_deg"]):
                reasons.append("turned all the time: no rotation")
        if math.isnan(height_m):
            reasons.append("height of the wearer not set: no step length")
        else:
            told["step_length_m"] = _step_length_m(walk, LEG_SHARE * height_m)
            told["speed_m_s"] = told["step_length_m"] * told["cadence_spm"] / 60.0
    return Measures(**told), tuple(reasons)


def cadence_spm(contacts: Contacts) -> float:
    """Steps a minute: mean over strides of up to LONGEST_STRIDE_S, slow ones and all; NaN without any.

    Over all strides that there may be, by how likely they are, where that is known: in a short walk one contact more or
    less would move it by several steps a minute.
    """
    stride_s, likely = contacts.t[2:] - contacts.t[:-2], np.ones(max(len(contacts.t) - 2, 0))
    if len(contacts.strides):
        stride_s, likely = contacts.strides[:, 1] - contacts.strides[:, 0], contacts.strides[:, 2]
    counts = stride_s <= LONGEST_STRIDE_S
    if not counts.any():
        return math.nan
    return float((120.0 / stride_s[counts] * likely[counts]).sum() / likely[counts].sum())


def strides_of(contacts: Contacts) -> NDArray[np.intp]:
    """Contacts that begin a stride: the other foot's and the same foot's follow, in good time."""
    t, is_left = contacts.t, contacts.is_left
    if len(t) < 3:
        return np.empty(0, np.intp)
    longest_s = 2 * float(np.median(np.diff(t))) + 1.0
    takes_turns = is_left[:-1] != is_left[1:]
    return np.flatnonzero(takes_turns[:-1] & takes_turns[1:] & (t[2:] - t[:-2] <= longest_s))


def _strides_s(walk: _Walk) -> Floats:
    return walk.t[walk.stride + 2] - walk.t[walk.stride]


def _step_starts(walk: _Walk) -> NDArray[np.intp]:
    """Contacts that begin a step of a whole stride."""
    return np.unique(np.concatenate([walk.stride, walk.stride + 1]))


def _steps_s(walk: _Walk) -> Floats:
    starts = _step_starts(walk)
    return walk.t[starts + 1] - walk.t[starts]


def _asymmetry_percent(walk: _Walk) -> float:
    starts = _step_starts(walk)
    step_s, is_left = _steps_s(walk), walk.is_left[starts + 1]
    if is_left.all() or not is_left.any():
        return math.nan
    left, right = float(np.median(step_s[is_left])), float(np.median(step_s[~is_left]))
    return 100.0 * abs(left - right) / ((left + right) / 2)


def _regularities(walk: _Walk, step_s: float, stride_s: float) -> dict[str, float]:
    """Autocovariance of the upward force at its peak within a quarter of each lag, over that at none."""
    first, last = (_tick(walk, at_s) for at_s in (float(walk.t[0]), float(walk.t[-1])))
    alike = autocovariance(walk.track.up[first:last])
    told = {}
    for name, lag_s in (("step_regularity", step_s), ("stride_regularity", stride_s)):
        part = alike[round(0.75 * lag_s * GRID_HZ) : round(1.25 * lag_s * GRID_HZ) + 1]
        told[name] = float(part.max()) / max(float(alike[0]), 1e-12)
    return told


def _harmonic_ratio(walk: _Walk) -> float:
    """Each stride at _POINTS points, so that its harmonics are those of a Fourier series."""
    size = np.abs(np.fft.rfft(_by_stride(walk, walk.track.up)[:, :-1], axis=1))[:, 1 : _HARMONICS + 1]
    return float(size[:, 1::2].mean()) / max(float(size[:, ::2].mean()), 1e-12)


def _push_off(walk: _Walk) -> float:
    forward = below(walk.track.forward - walk.track.forward.mean(), _FORCE_HZ)
    before = np.arange(-round(_PUSH_S * GRID_HZ), 1)
    rows = np.rint(walk.t * GRID_HZ).astype(np.int64)[:, None] - walk.track.first + before
    return float(forward[np.clip(rows, 0, len(forward) - 1)].max(axis=1).mean())


def _angles_deg(walk: _Walk) -> dict[str, float]:
    """Ranges of the pelvis' three angles within a stride, mean over strides; of rotation over those walked straight."""
    heading = _by_stride(walk, np.cumsum(walk.track.turning) / GRID_HZ)
    turned = heading[:, -1] - heading[:, 0]
    straight = heading - turned[:, None] * (np.arange(_POINTS + 1) / _POINTS)  # against a line from start to end
    rotation = _ranges(straight[np.abs(turned) < _TURN_RAD])
    roll_deg, pitch_deg = below(np.stack([walk.track.roll_deg, walk.track.pitch_deg]), _ANGLE_HZ)
    return {
        "rotation_deg": math.degrees(float(rotation.mean())) if len(rotation) else math.nan,
        "obliquity_deg": float(_ranges(_by_stride(walk, roll_deg)).mean()),
        "tilt_deg": float(_ranges(_by_stride(walk, pitch_deg)).mean()),
    }


def _by_stride(walk: _Walk, x: Floats) -> Floats:
    """x (n,) within each stride (m, _POINTS + 1), both ends included."""
    return _between(walk, x, walk.t[walk.stride], walk.t[walk.stride + 2])


def _between(walk: _Walk, x: Floats, starts: Floats, ends: Floats) -> Floats:
    """x (n,) at _POINTS + 1 even places of each span (k, _POINTS + 1)."""
    places = starts[:, None] + (np.arange(_POINTS + 1) / _POINTS) * (ends - starts)[:, None]
    return np.interp(places.ravel(), walk.track.t, x).reshape(places.shape)


def _ranges(rows: Floats) -> Floats:
    """Highest less lowest of each row."""
    ranges: Floats = rows.max(axis=1) - rows.min(axis=1)
    return ranges


def _step_length_m(walk: _Walk, leg_m: float) -> float:
    """From how far the pelvis rises and falls within a step, as on top of a stiff leg."""
    height_m = integrated_twice(walk.track.up, 0.5 / float(_strides_s(walk).mean()))
    starts = _step_starts(walk)
    rise_m = np.minimum(_ranges(_between(walk, height_m, walk.t[starts], walk.t[starts + 1])), leg_m)
    return PENDULUM * float((2.0 * np.sqrt(2.0 * leg_m * rise_m - rise_m * rise_m)).mean())


def _tick(walk: _Walk, at_s: float) -> int:
    """The row of the track nearest to a time."""
    return min(max(round(at_s * GRID_HZ) - walk.track.first, 0), len(walk.track.up) - 1)
