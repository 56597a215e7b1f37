"""Which way is forward for a sensor, from slow forward bends after a quiet stance.

In a bend both segments turn about the body's left-right axis, so the principal direction of a sensor's own angular
rate is that axis, however the case is clipped on (functional calibration: Favre et al., J Biomech 2009, 42:2330).
Gravity gives its sign: the top of a body that leans forward sinks to the front. All of it is in the sensor frame.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis import quaternion
from analysis.errors import PostureError
from analysis.model import GRAVITY, Floats, Segment

BENDS = 2  # how many there must be
TRUNK_DEG = (20.0, 110.0)  # how far a bend takes the sensor that turns further
PELVIS_DEG = 8.0  # and at least the other one; a pelvis that does not follow shows no axis
PARTED_DEG = 5.0  # the trunk turns so much further than the pelvis, or which is which cannot be told
_DEEP, _APART, _OVER = 0.5, 0.3, 0.15  # share of the deepest: this is a bend, two are not one, the stance is back
_BACK_DEG = 10.0  # so near to the stance it must end
_AGREE_DEG = 10.0  # between the axes of two bends, and between rate and gravity
_LEVEL_DEG = 15.0  # how far the axis may be from horizontal
_PURE = 0.9  # share of the squared rate about the principal axis; 0.9 is a twist of a third of the bend
_SHALLOW_DEG = 40.0  # as far as people also get backward or sideways; a shallower bend does not show its direction …
_CASE_DEG = 60.0  # … unless the case agrees, whose flat side lies on the back
_BEHIND_M = 0.02  # so far behind the axis of a bend a sensor on the back is at least; in simulated bends 0.04–0.10
_FLAT = math.cos(math.radians(25.0))
_UNSEEN_DEG = 3.0  # more of it without a gyroscope, to which a twist in the bends does not show: a choice of ours
_FLOOR_DEG = 1.0  # standard error of a heading from axes that agree: 1 % of cross-axis sensitivity, and sway


@dataclass(frozen=True, slots=True)
class Movement:
    """One sensor's samples of a request's span, in the sensor frame."""

    t: Floats  # (n,)   s
    acc: Floats  # (n, 3) m/s²
    gyr: Floats  # (n, 3) rad/s
    up: Floats  # (n, 3) unit
    has_gyroscope: bool = True  # False: gyr is how up tips, with nothing about up

    def lean_deg(self, upright: Floats) -> Floats:
        """(n,) how far the sensor is tipped from where it feels `upright` (3,), in any direction."""
        angle: Floats = np.degrees(2 * np.arcsin(np.minimum(1.0, quaternion.norm(self.up - upright) / 2)))
        return angle

    def within(self, start_s: float, end_s: float) -> Movement:
        inside = (self.t >= start_s) & (self.t < end_s)
        return Movement(self.t[inside], self.acc[inside], self.gyr[inside], self.up[inside], self.has_gyroscope)


@dataclass(frozen=True, slots=True)
class Bend:
    """One bend, from leaving the stance until back in it, by the sensor that turned further."""

    start_s: float
    deepest_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Turning:
    """How one sensor turned in all bends."""

    left: Floats  # (3,) unit, the body's left in the sensor frame, square to up
    deepest_deg: tuple[float, ...]  # of each bend
    heading_error_deg: float  # standard error of `left` about up
    behind_m: float  # how far behind the axis of the bends the sensor sits, as its rising and sinking says …
    behind_weight: float  # … and how clearly


def bends_of(movement: Movement, upright: Floats) -> list[Bend]:
    """Every bend of at least half the deepest one, in order. Raises PostureError where none is deep enough."""
    lean_deg = movement.lean_deg(upright)
    most_deg = float(lean_deg.max())
    if most_deg < TRUNK_DEG[0]:
        raise PostureError(
            f"I saw no bend ({most_deg:.0f}° of leaning at most); bend forward twice, slowly, as far as you like to, "
            "and calibrate again."
        )
    deep = lean_deg >= _DEEP * most_deg
    tops: list[int] = []
    last = 0
    for index in np.flatnonzero(deep).tolist():
        if not tops or lean_deg[last:index].min(initial=most_deg) < _APART * most_deg:
            tops.append(index)
        elif lean_deg[index] > lean_deg[tops[-1]]:
            tops[-1] = index
        last = index
    return [_bend(movement.t, lean_deg, tops, number, _OVER * most_deg) for number in range(len(tops))]


def _bend(t: Floats, lean_deg: Floats, tops: Sequence[int], number: int, over_deg: float) -> Bend:
    """From the last time before the top that the body was upright, to the first time after it; or halfway there."""
    top = tops[number]
    before = tops[number - 1] if number else 0
    after = tops[number + 1] if number + 1 < len(tops) else len(t) - 1
    rest = np.flatnonzero(lean_deg[before:top] < over_deg)
    start = before + int(rest[-1] if len(rest) else np.argmin(lean_deg[before:top]))
    rest = np.flatnonzero(lean_deg[top:after] < over_deg)
    end = top + int(rest[0] if len(rest) else np.argmin(lean_deg[top : after + 1]))
    return Bend(float(t[start]), float(t[top]), float(t[end]))


def turning(segment: Segment, movement: Movement, bends: Sequence[Bend], upright: Floats, still: Floats) -> Turning:
    """The axis all bends share. `still` (3,) rad/s is what the gyroscope reads in the stance.

    Raises PostureError with what to repeat where the bends are no clean, equal bends forward.
    """
    spread = np.zeros((3, 3))
    headings: list[Floats] = []
    deepest_deg: list[float] = []
    for number, bend in enumerate(bends, start=1):
        part = movement.within(bend.start_s, bend.end_s)
        if len(part.t) < 2:
            raise PostureError(f"The {segment} sensor was silent in bend {number}; stay near and calibrate again.")
        here = _spread(part, still)
        sunk = part.up[int(np.argmin(np.abs(part.t - bend.deepest_s)))]
        headings.append(_heading(segment, number, here, sunk, upright))
        deepest_deg.append(float(part.lean_deg(upright).max()))
        spread += here
    left = quaternion.normalise(_level(_signed(_principal(spread)[0], headings[0]), upright))
    off_deg = [_between_deg(heading, left) for heading in headings]
    if max(_between_deg(one, other) for one in headings for other in headings) > _AGREE_DEG:
        raise PostureError(
            f"The bends went in different directions at the {segment} (up to {2 * max(off_deg):.0f}° apart); "
            "bend straight forward both times and calibrate again."
        )
    scatter_deg = math.sqrt(sum(angle**2 for angle in off_deg) / (len(off_deg) * (len(off_deg) - 1)))
    told = [_behind(movement.within(bend.start_s, bend.end_s), upright, left, still) for bend in bends]
    weight = sum(one for _, one in told)
    behind_m = sum(moment for moment, _ in told) / weight
    error_deg = math.hypot(scatter_deg, _FLOOR_DEG, 0.0 if movement.has_gyroscope else _UNSEEN_DEG)
    return Turning(left, tuple(deepest_deg), error_deg, behind_m, weight)


def _behind(part: Movement, upright: Floats, left: Floats, still: Floats) -> tuple[float, float]:
    """(b w, w): how far behind the axis of a bend the sensor is (b, m), if the bend is forward; negative if backward.

    A point r above and b behind the axis is at height r cos θ + b sin θ: what is behind rises at first when the body
    leans forward, and sinks when it leans back. The second derivative of that is fitted to the force along up, beside
    what a bias of the accelerometer, which turns with the sensor, adds; w is what the fit leaves of b's own share.
    """
    forward = quaternion.cross(left, upright)
    sine, cosine = -_along(part.up, forward), _along(part.up, upright)
    length: Floats = np.sqrt(sine * sine + cosine * cosine)
    sine, cosine = sine / length, cosine / length
    rate = _along(part.gyr - still, left)
    others = np.stack([np.gradient(-sine * rate, part.t), np.ones(len(part.t)), sine], axis=1)
    others = np.linalg.qr(others)[0]
    own = np.gradient(cosine * rate, part.t)
    own = own - others @ (others.T @ own)
    lift = (part.acc * part.up).sum(axis=1) - GRAVITY
    return float((own * lift).sum()), float((own * own).sum()) + 1e-12


def _along(vectors: Floats, axis: Floats) -> Floats:
    """(n,) what of vectors (n, 3) is along axis (3,)."""
    along: Floats = (vectors * axis).sum(axis=1)
    return along


def _spread(part: Movement, still: Floats) -> Floats:
    """(3, 3) Σ ω ωᵀ dt of a bend."""
    rate = part.gyr[1:] - still
    weighted = rate * np.diff(part.t)[:, None]
    total: Floats = np.stack([(weighted * rate[:, axis : axis + 1]).sum(axis=0) for axis in range(3)])
    return total


def _principal(spread: Floats) -> tuple[Floats, float]:
    """The direction (3,) with most of the squared rate, and its share of it."""
    values, vectors = np.linalg.eigh(spread)
    direction: Floats = vectors[:, -1]
    return direction, float(values[-1] / max(float(values.sum()), 1e-12))


def _heading(segment: Segment, number: int, spread: Floats, sunk: Floats, upright: Floats) -> Floats:
    """The left (3,) that one bend shows, unit and square to up. `sunk` is up at its deepest."""
    axis, pure = _principal(spread)
    by_gravity = quaternion.normalise(quaternion.cross(sunk, upright))  # what turns forward brings up from sunk to back
    axis = _signed(axis, by_gravity)
    tipped_deg = math.degrees(math.asin(min(1.0, abs(_dot(axis, upright)))))
    if pure < _PURE or tipped_deg > _LEVEL_DEG:
        raise PostureError(
            f"The {segment} twisted or swayed in bend {number}; bend straight forward, slowly, and calibrate again."
        )
    level = quaternion.normalise(_level(axis, upright))
    apart_deg = _between_deg(level, by_gravity)
    if apart_deg > _AGREE_DEG:
        raise PostureError(
            f"The {segment} sensor turned {apart_deg:.0f}° on the body in bend {number}; fasten it and calibrate again."
        )
    return level


def check_return(segment: Segment, movement: Movement, upright: Floats) -> None:
    """Raises PostureError unless the movement ends as upright as it began."""
    last = movement.within(float(movement.t[-1]) - 0.5, math.inf)
    off_deg = float(np.median(last.lean_deg(upright)))
    if off_deg > _BACK_DEG:
        raise PostureError(
            f"The {segment} sensor ended {off_deg:.0f}° away from where it began; come back upright after the bends, "
            "make sure that it sits firmly, and calibrate again."
        )


def check_depth(turnings: dict[Segment, Turning]) -> None:
    """Raises PostureError for bends that are too deep to be any, or where the sensors seem to be exchanged."""
    depths_deg = {segment: float(np.mean(turned.deepest_deg)) for segment, turned in turnings.items()}
    deepest_deg = max(max(turned.deepest_deg) for turned in turnings.values())
    if deepest_deg > TRUNK_DEG[1]:
        raise PostureError(
            f"The trunk seemed to turn by {deepest_deg:.0f}°, further than a back can bend; "
            "bend forward slowly, with firmly worn sensors, and calibrate again."
        )
    if len(depths_deg) < 2:
        return
    further_deg = depths_deg[Segment.LUMBAR] - depths_deg[Segment.PELVIS]
    if further_deg < -PARTED_DEG:
        raise PostureError(
            "The two sensors seem to be exchanged: the one named pelvis bent "
            f"{-further_deg:.0f}° further than the one named lumbar; swap them and calibrate again."
        )
    if further_deg < PARTED_DEG:
        raise PostureError(
            "The trunk and the pelvis bent equally far, so which sensor is which cannot be told; "
            "let your back round while you bend, and calibrate again."
        )


def check_follow(segment: Segment, turned: Turning) -> None:
    """Raises PostureError where a segment hardly took part in the bends."""
    if min(turned.deepest_deg) < PELVIS_DEG:
        raise PostureError(
            f"The {segment} turned by only {min(turned.deepest_deg):.0f}° in a bend; bend from the hips too, "
            "as far as is comfortable, and calibrate again."
        )


def check_case(turned: Turning, upright: Floats, deepest_deg: float) -> None:
    """Raises PostureError where a bend is so shallow that it may have been one backward or to the side.

    Only then does the case have a say: its flat side, z, lies on the back.
    """
    back = np.array([0.0, 0.0, 1.0])
    forward = quaternion.cross(turned.left, upright)
    away_deg = _between_deg(quaternion.normalise(_level(-back, upright)), forward)
    if deepest_deg < _SHALLOW_DEG and (away_deg > _CASE_DEG or abs(float(upright[2])) > _FLAT):
        raise PostureError(
            f"Bends of {deepest_deg:.0f}° are too shallow to tell forward from back and side for a sensor worn this "
            f"way; bend forward beyond {_SHALLOW_DEG:.0f}° and calibrate again."
        )


def check_direction(turnings: dict[Segment, Turning]) -> None:
    """Raises PostureError where bends are shallow and do not show that the sensors moved as in a bend forward."""
    weight = sum(turned.behind_weight for turned in turnings.values())
    behind_m = sum(turned.behind_m * turned.behind_weight for turned in turnings.values()) / weight
    deepest_deg = max(max(turned.deepest_deg) for turned in turnings.values())
    if deepest_deg < _SHALLOW_DEG and behind_m < _BEHIND_M:
        raise PostureError(
            f"Your bends of {deepest_deg:.0f}° looked like bends backward; bend forward, beyond {_SHALLOW_DEG:.0f}°, "
            "and calibrate again."
        )


def _signed(direction: Floats, like: Floats) -> Floats:
    return direction if _dot(direction, like) >= 0 else -direction


def _level(direction: Floats, upright: Floats) -> Floats:
    level: Floats = direction - _dot(direction, upright) * upright
    return level


def _dot(a: Floats, b: Floats) -> float:
    return float(a[0] * b[0] + a[1] * b[1] + a[2] * b[2])


def _between_deg(a: Floats, b: Floats) -> float:
    return math.degrees(2 * math.asin(min(1.0, float(quaternion.norm(a - b)) / 2)))
