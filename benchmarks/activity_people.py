"""Simulated people with known activity, as different as people and sensors are: what the activity model is fitted to.

Chairs of 35–60 cm, rises of 0.8–4 s with 20–70° of lean, with and without armrests, perching, slumping and reclining,
bed edges, desks to lean on, walks of 75–130 steps a minute with and without stairs, lying on every side, exercise and
cleaning. In the middle somebody who sits fidgets, shifts or reaches 22 times in 15 min (two sensors, work days, n = 20:
Davidson & Callaghan 2025, doi 10.1016/j.apergo.2024.104374), and is taken to do so twice as often standing. The sensor
sits at the sacrum, at T12 or anywhere round the waist, turned in any way, with up to 3 % of scale error and 40 mg of
offset. Nothing here was chosen by looking at recordings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.align import Aligner
from analysis.model import Activity, Codes, Floats, Pose, Segment
from analysis.orientation import OrientationFilter
from hardware.twin.errands import Effort, Reach, Shuffle, Stairs
from hardware.twin.imu import ImuErrors
from hardware.twin.moves import Fidget, GetUp, Hold, LieDown, Move, Rise, RollOver, Shift, SitDown
from hardware.twin.pen import Axis, Pen
from hardware.twin.posture import (
    BEND_LEFT,
    BEND_RIGHT,
    LEAN_BACK,
    LEAN_FORWARD,
    LIE,
    PERCH,
    RECLINE,
    SIT_EDGE,
    SIT_UPRIGHT,
    SIT_USUAL,
    SLUMP,
    STAND_EASY,
    STAND_ON_DESK,
    STAND_UPRIGHT,
    Posture,
)
from hardware.twin.script import Script, of_moves
from hardware.twin.wearer import Wearer

RATE_HZ = 50.0
QUIET_S = 8.0
_G = 9.80665
_STILL_S = 15 * 60.0 / (9 + 13)  # from one shift or fidget to the next
_SEATED = (SIT_USUAL, SIT_UPRIGHT, SLUMP, LEAN_FORWARD, LEAN_BACK, RECLINE, PERCH, SIT_EDGE, BEND_RIGHT, BEND_LEFT)
_STANDING = (STAND_UPRIGHT, STAND_UPRIGHT, STAND_EASY, STAND_ON_DESK)
_SIDES = (0.0, 90.0, -90.0, 180.0)


@dataclass(frozen=True, slots=True)
class Person:
    """One simulated person's recording of one or two sensors."""

    sensors: Pose  # 50 Hz, in the sensors' frames
    activity: Codes  # (n,) truth at the pose's ticks
    height: Floats  # (n,) m, of the hips
    quiet_s: float  # stood upright until then


@dataclass(frozen=True, slots=True)
class Stroll:
    """Straight ahead and to a stop, with a bounce of any size; into the next move without a pause."""

    duration_s: float
    cadence_spm: float
    size: float
    trunk: Posture
    limp: float
    turn_deg: float

    def write(self, pen: Pen) -> None:
        ramp_s = 0.9
        stop_s = self.duration_s - ramp_s
        speed = 0.65 * self.size * (self.cadence_spm / 108.0) * self.cadence_spm / 60.0
        pen.cruise(speed, pen.value(Axis.YAW), 0.0, ramp_s)
        pen.cruise(0.0, pen.value(Axis.YAW), stop_s, ramp_s)
        pen.push(Axis.YAW, float(np.radians(self.turn_deg)), 0.3 * self.duration_s, 0.4 * self.duration_s)
        pen.take(self.trunk, 0.0, ramp_s)
        pen.take(STAND_UPRIGHT, stop_s, ramp_s)
        for axis, high, low in ((Axis.GAIT, 1.0, 0.0), (Axis.SWAY, 0.5, 1.0)):
            pen.go(axis, high, 0.0, ramp_s)
            pen.go(axis, low, stop_s, ramp_s)
        pen.walk(0.0, self.duration_s, self.cadence_spm, size=self.size, impact=self.size, limp=self.limp)
        pen.mark(Activity.WALKING, 0.3)
        pen.mark(Activity.STANDING, stop_s + 0.6)


@dataclass(frozen=True, slots=True)
class Uneven:
    """A move that is not done in one flow: with jolts (coordinate, start, half the time, amount) there and back."""

    move: Move
    jolts: tuple[tuple[Axis, float, float, float], ...]

    @property
    def duration_s(self) -> float:
        return max([self.move.duration_s, *(after_s + 2 * half_s for _, after_s, half_s, _ in self.jolts)])

    def write(self, pen: Pen) -> None:
        self.move.write(pen)
        for axis, after_s, half_s, amount in self.jolts:
            pen.push(axis, amount, after_s, half_s)
            pen.push(axis, -amount, after_s + half_s, half_s)


def _uneven(rng: np.random.Generator, move: Move) -> Move:
    jolts = []
    for _ in range(rng.integers(0, 4)):
        axis = (Axis.Z, Axis.Z, Axis.PITCH)[rng.integers(3)]
        half_s = rng.uniform(0.2, 0.8)
        size = rng.normal(0.0, 0.04) * min(1.0, half_s / 0.4) if axis is Axis.Z else np.radians(rng.normal(0.0, 5.0))
        jolts.append((axis, rng.uniform(0.0, move.duration_s + 1.0), half_s, float(size)))
    return Uneven(move, tuple(jolts)) if jolts else move


def people(count: int, first: int = 0) -> Iterator[Person]:
    for seed in range(first, first + count):
        yield person(seed)


def person(seed: int, segments: tuple[Segment, ...] | None = None) -> Person:
    """The person of that number; by default with one sensor or with both."""
    rng = np.random.default_rng((seed, 77))
    wearer = Wearer(_script(rng), seed)
    where = rng.random()
    chosen = segments or ((Segment.PELVIS,) if where < 0.7 else (Segment.LUMBAR,) if where < 0.8 else tuple(Segment))
    if where < 0.45:
        wearer.body = replace(
            wearer.body, sensor_behind_m=rng.uniform(-0.14, 0.14), sensor_above_m=rng.uniform(0.0, 0.18)
        )
    return recorded(wearer, chosen, [_errors(rng, seed) for _ in chosen], QUIET_S)


def recorded(wearer: Wearer, segments: Sequence[Segment], errors: Sequence[ImuErrors], quiet_s: float) -> Person:
    """What these sensors, with these errors, record of the wearer's whole script."""
    parts = []
    for segment, error in zip(segments, errors, strict=False):
        source = wearer.source(segment, RATE_HZ, error)
        counts = source.read(0.0, wearer.script.end_s)
        raw = counts.counts.astype(np.float64)
        acc, gyr = raw[:, :3] * source.acc_scale, raw[:, 3:] * source.gyr_scale
        turned = OrientationFilter(segment)
        parts += [*turned.feed(counts.t, acc, gyr), *turned.flush()]
    aligner = Aligner()
    sensors = joined([*aligner.feed(parts), *aligner.flush()])
    height: Floats = wearer._timeline.at(sensors.t).value[Axis.Z]
    return Person(sensors, wearer.truth(sensors.t).activity, height, quiet_s)


def joined(poses: Sequence[Pose]) -> Pose:
    """All poses as one."""

    def put(name: str) -> dict[Segment, Floats]:
        return {segment: np.concatenate([getattr(pose, name)[segment] for pose in poses]) for segment in Segment}

    return Pose(
        np.concatenate([pose.t for pose in poses]),
        put("q"),
        put("acc"),
        put("gyr"),
        np.concatenate([pose.quality for pose in poses]),
    )


def _errors(rng: np.random.Generator, seed: int) -> ImuErrors:
    mounting = rng.normal(size=4)
    return replace(
        ImuErrors.default(seed),
        mounting=mounting / np.linalg.norm(mounting),
        acc_bias=_G * 1e-3 * rng.normal(0.0, 15.0, 3).clip(-40.0, 40.0),
        gyr_bias=np.radians(rng.normal(0.0, 0.8, 3).clip(-3.0, 3.0)),
        acc_gain=np.eye(3) * rng.uniform(0.97, 1.03) + rng.normal(0.0, 0.004, (3, 3)),
        skin=rng.uniform(-0.5, 0.3),  # soft tissue under a belt turns either way
        impact_m_s2=rng.uniform(0.5, 4.0),
        acc_noise=rng.uniform(0.05, 0.3) * 1e-3 * _G,
    )


def _script(rng: np.random.Generator) -> Script:
    usual = {
        "trunk": rng.uniform(25.0, 60.0),
        "rise_s": rng.uniform(1.1, 2.8),
        "size": rng.uniform(0.7, 1.2),
        "spm": rng.uniform(88.0, 122.0),
        "spread": rng.uniform(0.6, 1.3),
        "still_s": float(np.clip(_STILL_S * rng.lognormal(0.0, 0.7), 8.0, 160.0)),
    }
    moves: list[Move] = [Hold(QUIET_S)]
    for _ in range(7):
        moves += _on_feet(rng, usual)
        moves += _off_feet(rng, usual)
    return of_moves("population", *moves, *_on_feet(rng, usual), Hold(4.0))


def _on_feet(rng: np.random.Generator, usual: dict[str, float]) -> list[Move]:
    moves: list[Move] = []
    for _ in range(rng.integers(0, 4)):
        kind = rng.random()
        if kind < 0.30:
            moves += _standing(rng, usual)
        elif kind < 0.70:
            moves += _walking(rng, usual)
        elif kind < 0.82:
            stairs = Stairs(int(rng.integers(6, 20)), bool(rng.random() < 0.5), rng.uniform(75.0, 118.0))
            moves += [stairs]
        else:
            moves += _working(rng)
        if rng.random() < 0.5:
            moves.append(Hold(rng.uniform(0.5, 5.0)))
    return moves or [Hold(rng.uniform(2.0, 12.0))]


def _still(rng: np.random.Generator, usual_s: float) -> Hold:
    """From one movement to the next, which come at random."""
    return Hold(float(np.clip(rng.exponential(usual_s), 1.0, 120.0)))


def _standing(rng: np.random.Generator, usual: dict[str, float]) -> list[Move]:
    moves: list[Move] = []
    for _ in range(rng.integers(1, 4)):
        posture = _STANDING[rng.integers(len(_STANDING))].vary(rng, 3.0)
        moves += [Shift(posture, rng.uniform(0.8, 2.4)), _uneven(rng, _still(rng, usual["still_s"] / 2))]
        if rng.random() < 0.25:
            moves.append(Shuffle(rng.uniform(-90.0, 90.0), rng.uniform(-0.4, 0.4), rng.uniform(1.5, 4.0)))
        if rng.random() < 0.25:
            tilt, lordosis = rng.uniform(0.0, 35.0), -rng.uniform(0.0, 30.0)
            moves.append(Reach(tilt, lordosis, rng.normal(0.0, 8.0), rng.normal(0.0, 15.0), rng.uniform(1.2, 5.0)))
    return [*moves, Shift(STAND_UPRIGHT, 1.2)]


def _walking(rng: np.random.Generator, usual: dict[str, float]) -> list[Move]:
    cadence = float(np.clip(usual["spm"] + rng.normal(0.0, 6.0), 75.0, 130.0))
    trunk = Posture(Activity.STANDING, rng.normal(1.5, 3.0), rng.normal(0.0, 3.0))
    size = usual["size"] * rng.uniform(0.85, 1.15)
    return [Stroll(rng.uniform(5.0, 30.0), cadence, size, trunk, rng.uniform(0.0, 0.15), rng.normal(0.0, 60.0))]


def _working(rng: np.random.Generator) -> list[Move]:
    """Other movement: exercise, cleaning, picking things up."""
    there = Posture(
        Activity.STANDING, rng.uniform(5.0, 60.0), -rng.uniform(0.0, 40.0), rng.normal(0, 8), rng.normal(0, 10)
    )
    drop_m = rng.uniform(0.0, 0.35) if rng.random() < 0.5 else 0.0
    return [Effort(there, int(rng.integers(3, 9)), rng.uniform(1.4, 4.0), drop_m)]


def _seat(rng: np.random.Generator, usual: dict[str, float]) -> tuple[SitDown, Rise]:
    seat_m = rng.uniform(0.35, 0.60)
    first = _posture(rng, usual)
    low = (0.60 - seat_m) / 0.25  # a low seat takes more time and lean
    lean = float(np.clip(usual["trunk"] + 10.0 * (low - 0.5) + rng.normal(0.0, 6.0), 20.0, 70.0))
    down_s = float(np.clip(usual["rise_s"] * rng.uniform(0.85, 1.4), 0.9, 4.0))
    up_s = float(np.clip(usual["rise_s"] * rng.uniform(0.8, 1.35), 0.8, 4.0))
    arms = float(rng.choice([0.0, 0.0, 0.5, 1.0]))
    impact = rng.uniform(0.0, 3.0)
    down = SitDown(first, down_s, max(lean - rng.uniform(0.0, 15.0), 15.0), seat_m, impact, rng.normal(0.0, 4.0))
    return down, Rise(STAND_UPRIGHT.vary(rng, 1.5), up_s, lean, arms, rng.normal(0.0, 4.0))


def _posture(rng: np.random.Generator, usual: dict[str, float]) -> Posture:
    one = _SEATED[rng.integers(len(_SEATED))].vary(rng, 3.0)
    spread = usual["spread"]
    return replace(one, tilt_deg=spread * one.tilt_deg, lordosis_deg=spread * one.lordosis_deg)


def _off_feet(rng: np.random.Generator, usual: dict[str, float]) -> list[Move]:
    down, rise = _seat(rng, usual)
    moves: list[Move] = [_uneven(rng, down)]
    if rng.random() < 0.25:
        moves += _lying(rng, usual)
    else:
        moves += _sitting(rng, usual, int(rng.integers(1, 6)))
    moves.append(_uneven(rng, rise))
    if rng.random() < 0.6:
        moves.append(Hold(rng.uniform(0.3, 8.0)))
    return moves


def _sitting(rng: np.random.Generator, usual: dict[str, float], count: int) -> list[Move]:
    moves: list[Move] = [Hold(rng.uniform(2.0, 10.0))]
    for _ in range(count):
        kind = rng.random()
        if kind < 0.55:
            tilt, lordosis, roll, twist = rng.normal(0.0, (4.0, 4.0, 3.0, 5.0))
            moves.append(Fidget(tilt, lordosis, roll, twist, rng.normal(0.0, 0.02), rng.uniform(0.8, 2.6)))
        elif kind < 0.85:
            moves.append(Shift(_posture(rng, usual), rng.uniform(0.8, 2.6)))
        else:
            bend, twist = rng.normal(0.0, 12.0), rng.normal(0.0, 15.0)
            tilt, lordosis, whole_s = rng.uniform(5.0, 45.0), -rng.uniform(0.0, 40.0), rng.uniform(1.5, 6.0)
            moves.append(Reach(tilt, lordosis, bend, twist, whole_s, rng.uniform(0.0, 0.4) * whole_s))
        moves.append(_uneven(rng, _still(rng, usual["still_s"])))
    return moves


def _lying(rng: np.random.Generator, usual: dict[str, float]) -> list[Move]:
    """Down from the edge and up to it again, at once or after sitting there."""
    moves: list[Move] = _sitting(rng, usual, 0) if rng.random() < 0.6 else []
    side = _SIDES[rng.integers(4)] + rng.normal(0.0, 15.0)
    moves.append(LieDown(LIE.vary(rng, 6.0), rng.uniform(2.0, 5.0), side, int(rng.choice((-1, 1))), rng.uniform(0, 25)))
    moves.append(Hold(rng.uniform(4.0, 20.0)))
    if rng.random() < 0.5:
        other = _SIDES[rng.integers(4)] + rng.normal(0.0, 15.0)
        moves += [RollOver(other, LIE.vary(rng, 6.0), rng.uniform(1.2, 4.0)), Hold(rng.uniform(4.0, 15.0))]
    moves.append(GetUp(SIT_EDGE.vary(rng, 3.0), rng.uniform(1.8, 4.5), int(rng.choice((-1, 1))), rng.uniform(0, 25)))
    return moves + (_sitting(rng, usual, 1) if rng.random() < 0.6 else [])
