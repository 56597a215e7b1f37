"""What a body can do, one move after the other. A move writes itself with a Pen; nothing in it is random.

`office_day` and its like (script.py) choose the moves and their amounts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from analysis.model import Activity
from hardware.twin.pen import Axis, Pen, TransitionKind
from hardware.twin.posture import HIP_ABOVE_SEAT_M, LIE, SIT_USUAL, STAND_UPRIGHT, Posture


class Move(Protocol):
    """Anything that takes the body somewhere in a given time and leaves it at rest there."""

    @property
    def duration_s(self) -> float: ...

    def write(self, pen: Pen) -> None:
        """Add this move's steps at the pen's time, without passing that time."""
        ...


@dataclass(frozen=True, slots=True)
class Hold:
    """Stay as you are."""

    duration_s: float

    def write(self, pen: Pen) -> None:
        del pen


@dataclass(frozen=True, slots=True)
class Shift:
    """Change posture on the same support."""

    posture: Posture
    duration_s: float = 1.6

    def write(self, pen: Pen) -> None:
        pen.take(self.posture, 0.0, self.duration_s)


@dataclass(frozen=True, slots=True)
class Fidget:
    """Out of the posture a little and back again."""

    tilt_deg: float = 0.0
    lordosis_deg: float = 0.0
    roll_deg: float = 0.0
    twist_deg: float = 0.0
    slide_m: float = 0.0  # forward on the seat
    duration_s: float = 1.8

    def write(self, pen: Pen) -> None:
        half_s = self.duration_s / 2
        amounts = {
            Axis.PITCH: float(np.radians(self.tilt_deg)),
            Axis.FLEX: float(np.radians(-self.lordosis_deg)),
            Axis.ROLL: float(np.radians(self.roll_deg)),
            Axis.TWIST: float(np.radians(self.twist_deg)),
        }
        for axis, amount in amounts.items():
            pen.push(axis, amount, 0.0, half_s)
            pen.push(axis, -amount, half_s, half_s)
        pen.step_forward(self.slide_m, 0.0, half_s)
        pen.step_forward(-self.slide_m, half_s, half_s)


@dataclass(frozen=True, slots=True)
class Rise:
    """Sit-to-stand: lean until seat-off, then lift and straighten (phases: Schenkman 1990)."""

    posture: Posture = STAND_UPRIGHT
    duration_s: float = 2.0
    trunk_deg: float = 38.0  # inclination of T12 about seat-off; 30–45 is usual
    arms: float = 0.0  # share of the work done by a push-up on armrests: the lift begins while the trunk is still back
    aside_deg: float = 0.0  # bent and twisted to the right on the way: one leg, or one armrest, does more

    def write(self, pen: Pen) -> None:
        whole = self.duration_s
        seat_m = pen.value(Axis.Z) - pen.value(Axis.FLOOR) - HIP_ABOVE_SEAT_M
        early = 0.12 * self.arms
        _lean(pen, self.trunk_deg, 0.0, 0.42 * whole)
        _aside(pen, self.aside_deg, 0.05 * whole, 0.35 * whole)
        pen.take(self.posture, 0.40 * whole, 0.60 * whole)
        standing_m = pen.body.standing_hip_m + pen.value(Axis.FLOOR)
        pen.go(Axis.Z, standing_m, (0.36 - early) * whole, (0.58 + early) * whole)
        pen.step_forward(pen.body.rise_forward_m, 0.12 * whole, 0.62 * whole)
        pen.go(Axis.SWAY, 1.0, 0.4 * whole, 0.6 * whole)
        pen.turn_over(TransitionKind.SIT_TO_STAND, (0.42 - early) * whole, whole, seat_m)
        pen.mark(Activity.STANDING, (0.42 - early) * whole)


@dataclass(frozen=True, slots=True)
class SitDown:
    """Stand-to-sit: lean and lower, then settle on the seat."""

    posture: Posture = SIT_USUAL
    duration_s: float = 2.3
    trunk_deg: float = 34.0  # inclination of T12 at its deepest
    seat_m: float | None = None  # height of the seat; None: an ordinary chair
    impact_m_s2: float = 0.0  # of the seat's blow
    aside_deg: float = 0.0  # as of Rise

    def write(self, pen: Pen) -> None:
        whole = self.duration_s
        sitting_m = pen.body.sitting_hip_m if self.seat_m is None else self.seat_m + HIP_ABOVE_SEAT_M
        _lean(pen, self.trunk_deg, 0.0, 0.55 * whole)
        _aside(pen, self.aside_deg, 0.15 * whole, 0.35 * whole)
        pen.take(self.posture, 0.50 * whole, 0.50 * whole)
        pen.go(Axis.Z, sitting_m + pen.value(Axis.FLOOR), 0.10 * whole, 0.60 * whole)
        pen.step_forward(-pen.body.rise_forward_m, 0.10 * whole, 0.60 * whole)
        pen.go(Axis.SWAY, 0.4, 0.4 * whole, 0.6 * whole)
        pen.knock(0.62 * whole, self.impact_m_s2)
        pen.turn_over(TransitionKind.STAND_TO_SIT, 0.62 * whole, whole, sitting_m - HIP_ABOVE_SEAT_M)
        pen.mark(Activity.SITTING, 0.62 * whole)


@dataclass(frozen=True, slots=True)
class Walk:
    """Round a rectangle and back to the place and heading of the start."""

    duration_s: float
    cadence_spm: float = 108.0
    turn: int = 1  # +1 to the left, -1 to the right
    aspect: float = 0.6  # share of the first leg in two
    limp: float = 0.0  # rad of the stride by which one foot is early and the other late
    trunk: Posture = STAND_UPRIGHT  # how the trunk is carried on the way

    SHORTEST_S = 14.0

    def __post_init__(self) -> None:
        if self.duration_s < self.SHORTEST_S:
            raise ValueError(f"a walk round a rectangle takes at least {self.SHORTEST_S} s")

    def write(self, pen: Pen) -> None:
        ramp_s, corner_s, turn_s = 1.2, 1.6, 1.0
        path_s = self.duration_s - ramp_s - turn_s
        laps = max(1, round(path_s / 48.0))
        pair_s = path_s / (2 * laps)
        legs_s = [pair_s * self.aspect, pair_s * (1 - self.aspect)] * (2 * laps)
        speed = speed_m_s(self.cadence_spm)
        heading = pen.value(Axis.YAW)
        quarter = self.turn * np.pi / 2
        pen.cruise(speed, heading, 0.0, ramp_s)
        middle_s = ramp_s / 2
        for leg_s in legs_s[:-1]:
            middle_s += leg_s
            heading += quarter
            pen.cruise(speed, heading, middle_s - corner_s / 2, corner_s)
            pen.push(Axis.YAW, quarter, middle_s - corner_s / 2, corner_s)
        stop_s = middle_s + legs_s[-1] - ramp_s / 2
        pen.cruise(0.0, heading, stop_s, ramp_s)
        pen.push(Axis.YAW, quarter, stop_s + ramp_s, turn_s)
        pen.take(self.trunk, 0.0, ramp_s)
        if self.trunk is not STAND_UPRIGHT:
            pen.take(STAND_UPRIGHT, stop_s, ramp_s)
        for axis, high, low in ((Axis.GAIT, 1.0, 0.0), (Axis.SWAY, 0.5, 1.0), (Axis.BREATH, 1.5, 1.0)):
            pen.go(axis, high, 0.0, ramp_s)
            pen.go(axis, low, stop_s, ramp_s)
        pen.walk(0.0, stop_s + ramp_s, self.cadence_spm, limp=self.limp)
        pen.mark(Activity.WALKING, ramp_s / 2)
        pen.mark(Activity.STANDING, stop_s + ramp_s / 2)


@dataclass(frozen=True, slots=True)
class LieDown:
    """From sitting on a bed's edge onto the back, or on to a side or the front, turning a quarter."""

    posture: Posture = LIE
    duration_s: float = 4.0
    spin_deg: float = 0.0  # about the long axis: 0 on the back, 90 on the left side, -90 on the right, 180 on the front
    turn: int = 1  # +1 to the left, -1 to the right
    elbow_deg: float = 0.0  # how far to that side one leans on the way
    bed_m: float | None = None  # height of the bed; None: about that of an ordinary chair

    def write(self, pen: Pen) -> None:
        whole = self.duration_s
        seat_m = pen.value(Axis.Z) - pen.value(Axis.FLOOR) - HIP_ABOVE_SEAT_M
        lying_m = pen.body.lying_hip_m if self.bed_m is None else self.bed_m + HIP_ABOVE_SEAT_M
        pen.push(Axis.YAW, self.turn * np.pi / 2, 0.0, 0.7 * whole)
        pen.push(Axis.ROLL, float(np.radians(-self.turn * self.elbow_deg)), 0.0, 0.35 * whole)
        pen.take(self.posture, 0.1 * whole, 0.9 * whole)
        pen.push(Axis.SPIN, float(np.radians(self.spin_deg)), 0.45 * whole, 0.55 * whole)
        pen.go(Axis.Z, lying_m + pen.value(Axis.FLOOR), 0.1 * whole, 0.6 * whole)
        pen.go(Axis.SWAY, 0.05, 0.0, whole)
        pen.turn_over(TransitionKind.SIT_TO_LIE, 0.5 * whole, whole, seat_m)
        pen.mark(Activity.LYING, 0.5 * whole)


@dataclass(frozen=True, slots=True)
class RollOver:
    """Lying, on to another side: `spin_deg` as of LieDown."""

    spin_deg: float
    posture: Posture = LIE
    duration_s: float = 2.5

    def write(self, pen: Pen) -> None:
        pen.take(self.posture, 0.0, self.duration_s)
        pen.go(Axis.SPIN, float(np.radians(self.spin_deg)), 0.0, self.duration_s)


@dataclass(frozen=True, slots=True)
class GetUp:
    """From lying to sitting on the edge, turning a quarter."""

    posture: Posture = SIT_USUAL
    duration_s: float = 4.0
    turn: int = -1  # +1 to the left, -1 to the right
    elbow_deg: float = 0.0  # how far away from that side one leans on the way
    seat_m: float | None = None  # height of the edge; None: that of an ordinary chair

    def write(self, pen: Pen) -> None:
        whole = self.duration_s
        sitting_m = pen.body.sitting_hip_m if self.seat_m is None else self.seat_m + HIP_ABOVE_SEAT_M
        pen.go(Axis.SPIN, 0.0, 0.0, 0.55 * whole)
        pen.push(Axis.ROLL, float(np.radians(self.turn * self.elbow_deg)), 0.2 * whole, 0.3 * whole)
        pen.take(self.posture, 0.0, 0.9 * whole)
        pen.push(Axis.YAW, self.turn * np.pi / 2, 0.3 * whole, 0.7 * whole)
        pen.go(Axis.Z, sitting_m + pen.value(Axis.FLOOR), 0.3 * whole, 0.6 * whole)
        pen.go(Axis.SWAY, 0.4, 0.0, whole)
        pen.turn_over(TransitionKind.LIE_TO_SIT, 0.5 * whole, whole, sitting_m - HIP_ABOVE_SEAT_M)
        pen.mark(Activity.SITTING, 0.5 * whole)


def speed_m_s(cadence_spm: float) -> float:
    """Walking speed: step length grows with cadence, about 0.65 m at 108 steps a minute."""
    return step_length_m(cadence_spm) * cadence_spm / 60.0


def step_length_m(cadence_spm: float) -> float:
    return 0.65 * cadence_spm / 108.0


def _lean(pen: Pen, trunk_deg: float, after_s: float, duration_s: float) -> None:
    """Bring T12 to `trunk_deg`: two thirds of the way in the hips, the rest in the back."""
    missing = float(np.radians(trunk_deg)) - pen.value(Axis.PITCH) - pen.value(Axis.FLEX)
    pen.push(Axis.PITCH, missing * 2 / 3, after_s, duration_s)
    pen.push(Axis.FLEX, missing / 3, after_s, duration_s)


def _aside(pen: Pen, aside_deg: float, after_s: float, duration_s: float) -> None:
    """Bend to the right and twist with it; the posture taken next undoes both."""
    pen.push(Axis.BEND, float(np.radians(aside_deg)), after_s, duration_s)
    pen.push(Axis.ROLL, float(np.radians(0.4 * aside_deg)), after_s, duration_s)
    pen.push(Axis.TWIST, float(np.radians(-0.6 * aside_deg)), after_s, duration_s)
