"""A sensor that is not on the body: handled, laid somewhere, carried in a bag, and put on again.

It is a body of its own: one point with the same coordinates, which starts and ends where the segment is, so that
neither place nor orientation jumps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.model import Activity, Floats, Segment
from hardware.twin.kinematics import orientation, rotate, sensor_motion, sensor_place
from hardware.twin.pen import Away, Axis, Pen, Place
from hardware.twin.posture import Body
from hardware.twin.rhythm import Rhythm, knocked
from hardware.twin.timeline import Coordinates, Episode, Timeline, episode_of

_POINT = Body(sensor_behind_m=0.0, sensor_above_m=0.0)
_UNTURNED: Floats = np.array([1.0, 0.0, 0.0, 0.0])
_ANGLES = (Axis.YAW, Axis.PITCH, Axis.ROLL)
_SHAKEN: Floats = np.array([0.2, 0.1, 1.0])  # a table shakes up and down


@dataclass(frozen=True, slots=True)
class _Loose:
    """One sensor during one span off the body, in session time."""

    start_s: float
    end_s: float
    path: Episode
    turned: Floats  # (4,) how the sensor sits afterwards, as against the calibrated way: segment → as if it were


class Aways:
    """All spans in which a wearer's sensors are off, worked out as far as somebody looks."""

    def __init__(self, timeline: Timeline, rhythm: Rhythm, body: Body, seed: int) -> None:
        self._timeline = timeline
        self._rhythm = rhythm
        self._body = body
        self._seed = seed
        self._known = 0  # episodes worked out
        self._loose: dict[Segment, list[_Loose]] = {segment: [] for segment in Segment}

    def off(self, segment: Segment, t: Floats) -> NDArray[np.bool_]:
        """(n,) where at rising times t that sensor is off the body."""
        is_off = np.zeros(len(t), np.bool_)
        for loose in self._until(segment, float(t[-1])):
            is_off |= (t >= loose.start_s) & (t < loose.end_s)
        return is_off

    def all_off(self, until_s: float) -> list[tuple[float, float]]:
        """Spans (start, end) in s that begin before `until_s` and in which no sensor is worn."""
        pelvis, lumbar = (self._until(segment, until_s) for segment in (Segment.PELVIS, Segment.LUMBAR))
        spans = [(max(a.start_s, b.start_s), min(a.end_s, b.end_s)) for a in pelvis for b in lumbar]
        return [(start_s, end_s) for start_s, end_s in spans if start_s < end_s and start_s < until_s]

    def felt(self, segment: Segment, t: Floats, acc: Floats, gyr: Floats) -> tuple[Floats, Floats]:
        """acc and gyr (n, 3) of the body at rising times t, with what the sensor feels while off and sitting anew."""
        for loose in self._until(segment, float(t[-1])):
            if t[-1] < loose.start_s:
                break
            after, until = np.searchsorted(t, (loose.start_s, loose.end_s))
            if after < until:
                acc[after:until], gyr[after:until] = self._motion(loose, t[after:until])
            if until < len(t):
                later = self._next_start_s(segment, loose)
                last = int(np.searchsorted(t, later))
                acc[until:last] = _turned_back(loose.turned, acc[until:last])
                gyr[until:last] = _turned_back(loose.turned, gyr[until:last])
        return acc, gyr

    def _next_start_s(self, segment: Segment, loose: _Loose) -> float:
        return min((one.start_s for one in self._loose[segment] if one.start_s > loose.start_s), default=math.inf)

    def _until(self, segment: Segment, until_s: float) -> list[_Loose]:
        for episode in self._timeline.with_aways(until_s, self._known):
            self._known += 1
            for away in episode.aways:
                for worn in away.segments:
                    self._loose[worn].append(self._laid_off(worn, episode, away))
        return self._loose[segment]

    def _laid_off(self, segment: Segment, episode: Episode, away: Away) -> _Loose:
        rng = np.random.default_rng((self._seed, away.number, list(Segment).index(segment), 8))
        start_s = episode.start_s + away.start_s + rng.uniform(0.0, 3.0)
        end_s = episode.start_s + away.end_s - rng.uniform(0.0, 3.0)
        before = self._loose[segment][-1].turned if self._loose[segment] else _UNTURNED
        half = np.radians(rng.normal(0.0, away.remount_deg, 3) * (1.0, 1.0, 0.7)) / 2
        turned = np.array([1.0, *half]) / math.sqrt(1.0 + half @ half)
        begin, end = (self._pose(segment, at_s, how) for at_s, how in ((start_s, before), (end_s, turned)))
        base = np.zeros(len(Axis))
        base[[Axis.X, Axis.Y, Axis.Z, *_ANGLES]] = begin
        pen = Pen(_POINT, base, Activity.NOT_WORN)
        _live_through(pen, rng, away.place, end_s - start_s, end)
        since_s = episode.start_s - start_s
        for walk in episode.walks if away.place is Place.BAG else ():
            _carry(pen, since_s + walk.start_s, since_s + walk.end_s, walk.cadence_spm)
        return _Loose(start_s, end_s, episode_of(pen, base, start_s, end_s), turned)

    def _pose(self, segment: Segment, at_s: float, turned: Floats) -> Floats:
        """(6,) place in m and yaw, pitch, roll in rad of the sensor on the body."""
        t = np.array([at_s])
        spans = self._timeline.spans(t)
        coordinates = self._rhythm.add(self._timeline.at(t), spans)
        place = sensor_place(self._body, coordinates, segment)[0]
        q = orientation(coordinates, segment)
        x, y, z = (rotate(q, rotate(turned[None], axis))[0] for axis in np.eye(3))
        pitch = -math.asin(float(np.clip(x[2], -1.0, 1.0)))
        return np.array([*place, math.atan2(x[1], x[0]), pitch, math.atan2(y[2], z[2])])

    def _motion(self, loose: _Loose, t: Floats) -> tuple[Floats, Floats]:
        spans = [(loose.path, slice(0, len(t)))]
        coordinates = self._rhythm.add(Coordinates(t, *loose.path.at(t)), spans)
        acc, gyr = sensor_motion(_POINT, coordinates, Segment.PELVIS)
        shake = knocked(t, spans)
        if shake.any():
            acc += rotate(_conjugate(orientation(coordinates, Segment.PELVIS)), np.outer(shake, _SHAKEN))
        return acc, gyr


def _live_through(pen: Pen, rng: np.random.Generator, place: Place, duration_s: float, end: Floats) -> None:
    """Off, laid down, there for a while, taken up and put on: exactly `duration_s`."""
    put_on_s = 2.0
    off_s = min(rng.uniform(5.0, 18.0), 0.3 * duration_s)
    on_s = min(rng.uniform(8.0, 25.0), 0.3 * duration_s)
    if place is Place.HANDS:
        off_s, on_s = (duration_s - put_on_s) / 2, (duration_s - put_on_s) / 2
    _handle(pen, rng, 0.0, off_s)
    if place is not Place.HANDS:
        lay_s = 1.2
        _turn_to(pen, _rest(rng, place), off_s, lay_s)
        pen.go(Axis.Z, 0.15 if place in (Place.BAG, Place.DRAWER) else 0.74, off_s, lay_s)
        pen.knock(off_s + lay_s, rng.uniform(1.0, 8.0))
        _disturb(pen, rng, place, off_s + lay_s + 1.0, duration_s - on_s - put_on_s)
    _handle(pen, rng, duration_s - on_s - put_on_s, on_s)
    for axis, target in zip((Axis.X, Axis.Y, Axis.Z), end[:3].tolist(), strict=True):
        pen.go(axis, target, duration_s - put_on_s, put_on_s)
    _turn_to(pen, end[3:].tolist(), duration_s - put_on_s, put_on_s)


def _turn_to(pen: Pen, angles: Sequence[float], after_s: float, duration_s: float) -> None:
    """The short way to yaw, pitch and roll in rad."""
    for axis, angle in zip(_ANGLES, angles, strict=True):
        pen.push(axis, math.remainder(angle - pen.value(axis), 2 * math.pi), after_s, duration_s)


def _handle(pen: Pen, rng: np.random.Generator, after_s: float, duration_s: float) -> None:
    """Turned this way and that."""
    count = max(1, round(duration_s / 1.2))
    step_s = duration_s / count
    for number in range(count):
        for axis in _ANGLES:
            pen.push(axis, rng.normal(0.0, 0.8), after_s + number * step_s, step_s)
        for axis in (Axis.X, Axis.Y, Axis.Z):
            pen.push(axis, rng.normal(0.0, 0.12), after_s + number * step_s, step_s)


def _rest(rng: np.random.Generator, place: Place) -> tuple[float, float, float]:
    """Yaw, pitch and roll in rad of the segment's frame, as the case lies."""
    yaw, lean, list_ = rng.uniform(-np.pi, np.pi), rng.normal(0.0, 0.03), rng.normal(0.0, 0.03)
    if place is Place.CRADLE:
        return yaw, math.radians(rng.uniform(-35.0, 5.0)), 3 * list_
    if place is Place.DRAWER:
        return yaw, lean, np.pi + list_
    if place is Place.BAG:
        return yaw, rng.uniform(-1.5, 1.5), rng.uniform(-np.pi, np.pi)
    flat = (np.pi / 2, 0.0), (-np.pi / 2, 0.0), (0.0, np.pi / 2), (0.0, -np.pi / 2)  # both faces, both long edges
    pitch, roll = flat[rng.choice(4, p=(0.4, 0.4, 0.1, 0.1))]
    return yaw, pitch + lean, roll + list_


def _disturb(pen: Pen, rng: np.random.Generator, place: Place, from_s: float, until_s: float) -> None:
    """Somebody types at the table, puts a cup down, or pulls the drawer."""
    usual_s, size_m_s2 = {Place.TABLE: (25.0, 0.08), Place.CRADLE: (40.0, 0.05)}.get(place, (240.0, 0.3))
    at_s = from_s + rng.exponential(usual_s)
    while at_s < until_s:
        pen.knock(at_s, float(size_m_s2 * rng.lognormal(0.0, 0.8)))
        at_s += rng.exponential(usual_s)


def _carry(pen: Pen, start_s: float, end_s: float, cadence_spm: float) -> None:
    """In a bag that its owner carries: it swings and bounces with the steps."""
    ramp_s = 1.2
    if start_s < 0.0 or end_s - start_s < 2 * ramp_s:
        return
    pen.go(Axis.GAIT, 0.8, start_s, ramp_s)
    pen.go(Axis.GAIT, 0.0, end_s - ramp_s, ramp_s)
    pen.walk(start_s, end_s, cadence_spm)


def _turned_back(q: Floats, v: Floats) -> Floats:
    """v (n, 3) of the segment's frame in that of the sensor which sits otherwise by q."""
    return rotate(np.repeat(_conjugate(q[None]), len(v), axis=0), v)


def _conjugate(q: Floats) -> Floats:
    inverse: Floats = q * np.array([1.0, -1.0, -1.0, -1.0])
    return inverse
