"""What people do on their feet beside standing and walking, and what they do with their sensors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.model import Activity, Segment
from hardware.twin.moves import Move
from hardware.twin.pen import Axis, Pen, Place
from hardware.twin.posture import STAND_UPRIGHT, Posture

RISER_M, TREAD_M = 0.17, 0.28  # of an ordinary staircase
BOTH = tuple(Segment)


@dataclass(frozen=True, slots=True)
class Stairs:
    """A straight flight; counts as walking. Whatever stands on the floor above is as much higher."""

    steps: int = 18
    is_up: bool = True
    cadence_spm: float = 96.0

    RAMP_S = 1.2

    @property
    def duration_s(self) -> float:
        return self.steps * 60.0 / self.cadence_spm + self.RAMP_S

    def write(self, pen: Pen) -> None:
        ramp_s, stop_s = self.RAMP_S, self.duration_s - self.RAMP_S
        hz = self.cadence_spm / 60.0
        heading = pen.value(Axis.YAW)
        pen.cruise(TREAD_M * hz, heading, 0.0, ramp_s)
        pen.cruise(0.0, heading, stop_s, ramp_s)
        pen.climb(RISER_M * hz if self.is_up else -RISER_M * hz, 0.0, ramp_s)
        pen.climb(0.0, stop_s, ramp_s)
        # Up the stairs people lean into them, down they stay upright and land harder.
        lean = Posture(Activity.STANDING, 9.0, -3.0) if self.is_up else Posture(Activity.STANDING, 2.0, 1.0)
        pen.take(lean, 0.0, ramp_s)
        pen.take(STAND_UPRIGHT, stop_s, ramp_s)
        _paced(pen, 1.0, ramp_s, stop_s)
        size, impact = (1.1, 0.7) if self.is_up else (1.0, 1.8)
        pen.walk(0.0, self.duration_s, self.cadence_spm, size=size, impact=impact)
        pen.mark(Activity.WALKING, ramp_s / 2)
        pen.mark(Activity.STANDING, stop_s + ramp_s / 2)


@dataclass(frozen=True, slots=True)
class Shuffle:
    """A few small steps on the spot: turning round, or along the desk. Counts as standing."""

    turn_deg: float = 0.0  # to the left +
    aside_m: float = 0.0  # to the left +
    duration_s: float = 3.0

    def write(self, pen: Pen) -> None:
        whole = self.duration_s
        yaw = pen.value(Axis.YAW)
        pen.push(Axis.X, -self.aside_m * float(np.sin(yaw)), 0.0, whole)
        pen.push(Axis.Y, self.aside_m * float(np.cos(yaw)), 0.0, whole)
        pen.push(Axis.YAW, float(np.radians(self.turn_deg)), 0.0, whole)
        _paced(pen, 0.3, 0.3 * whole, 0.7 * whole)
        pen.walk(0.0, whole, 80.0, impact=0.5)


@dataclass(frozen=True, slots=True)
class Effort:
    """To a posture and back, again and again, on the feet: exercise, cleaning, picking things up. Other movement."""

    there: Posture
    count: int = 4
    period_s: float = 3.0
    drop_m: float = 0.0  # how far the hips go down with it
    stay_s: float = 0.0  # down there each time

    @property
    def duration_s(self) -> float:
        return self.count * (self.period_s + self.stay_s)

    def write(self, pen: Pen) -> None:
        half_s = self.period_s / 2
        for number in range(self.count):
            begin_s = number * (self.period_s + self.stay_s)
            back_s = begin_s + half_s + self.stay_s
            pen.take(self.there, begin_s, half_s)
            pen.push(Axis.Z, -self.drop_m, begin_s, half_s)
            pen.take(STAND_UPRIGHT, back_s, half_s)
            pen.push(Axis.Z, self.drop_m, back_s, half_s)
        pen.mark(Activity.OTHER, 0.0)
        pen.mark(Activity.STANDING, self.duration_s)


@dataclass(frozen=True, slots=True)
class Reach:
    """From the seat for something and back to how one sat: a drawer, the floor, a shelf. Still sitting."""

    tilt_deg: float = 25.0
    lordosis_deg: float = -20.0
    bend_deg: float = 0.0
    twist_deg: float = 0.0
    duration_s: float = 4.0
    stay_s: float = 0.0

    def write(self, pen: Pen) -> None:
        half_s = (self.duration_s - self.stay_s) / 2
        amounts = (
            (Axis.PITCH, self.tilt_deg),
            (Axis.FLEX, -self.lordosis_deg),
            (Axis.BEND, self.bend_deg),
            (Axis.TWIST, self.twist_deg),
        )
        for axis, amount_deg in amounts:
            pen.push(axis, float(np.radians(amount_deg)), 0.0, half_s)
            pen.push(axis, -float(np.radians(amount_deg)), half_s + self.stay_s, half_s)


@dataclass(frozen=True, slots=True)
class TakeOff:
    """Whatever the body does meanwhile, these sensors are not on it: off at the start, on again at the end.

    The body should be at rest at both ends. While both are off, the activity is NOT_WORN.
    """

    meanwhile: tuple[Move, ...]
    place: Place = Place.TABLE
    segments: tuple[Segment, ...] = BOTH
    remount_deg: float = 2.0  # how far (standard deviation) they sit otherwise afterwards
    number: int = 0  # draws the details

    @property
    def duration_s(self) -> float:
        return sum((move.duration_s for move in self.meanwhile), 0.0)

    def write(self, pen: Pen) -> None:
        began_s = pen.now_s
        pen.take_off(self.duration_s, self.place, self.segments, self.remount_deg, self.number)
        for move in self.meanwhile:
            move.write(pen)
            pen.pass_time(move.duration_s)
        pen.now_s = began_s


def _paced(pen: Pen, gain: float, ramp_s: float, stop_s: float) -> None:
    for axis, high, low in ((Axis.GAIT, gain, 0.0), (Axis.SWAY, 0.5, 1.0), (Axis.BREATH, 1.5, 1.0)):
        pen.go(axis, high, 0.0, ramp_s)
        pen.go(axis, low, stop_s, ramp_s)
