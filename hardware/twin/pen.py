"""Movement as overlapping minimum-jerk steps of a few coordinates.

A body's coordinates are sums of steps: each takes one coordinate from one rest to another along Flash and
Hogan's minimum-jerk curve (J Neurosci 1985, 5:1688), and steps may overlap, so that a rise leans and lifts
in one flow. Every sum is twice continuously differentiable, and its derivatives are written down, not estimated.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np

from analysis.model import Activity, Floats, Segment
from hardware.twin.posture import Body, Posture


class Axis(IntEnum):
    """The coordinates of a body."""

    X = 0  # m, hip axis in the world
    Y = 1
    Z = 2
    YAW = 3  # rad, pelvis: world → heading → tilt → roll
    PITCH = 4
    ROLL = 5
    FLEX = 6  # rad, T12 against the pelvis: flexion, side bend, twist
    BEND = 7
    TWIST = 8
    SWAY = 9  # how strongly sway, breath and gait are felt: 0 to about 1
    BREATH = 10
    GAIT = 11
    SPIN = 12  # rad, pelvis about its own long axis, after roll: lying on the left side is a quarter turn
    FLOOR = 13  # m, height of the floor one stands on; moves nothing by itself


@dataclass(frozen=True, slots=True)
class Step:
    """One coordinate changes by `delta` in [start_s, start_s + duration_s); its speed does, if it is a cruise."""

    axis: Axis
    start_s: float  # since the episode's start
    duration_s: float
    delta: float  # m, rad or 1; per second for a cruise
    is_cruise: bool = False


@dataclass(frozen=True, slots=True)
class Walking:
    """When the gait's rhythm runs, and how fast."""

    start_s: float  # since the episode's start
    end_s: float
    cadence_spm: float  # steps per minute
    size: float = 1.0  # of the sway and bounce, against level walking at this cadence
    impact: float = 1.0  # of the heel strikes
    limp: float = 0.0  # rad of the stride by which one foot is early and the other late


class TransitionKind(StrEnum):
    """A change between supports."""

    SIT_TO_STAND = "sit_to_stand"
    STAND_TO_SIT = "stand_to_sit"
    SIT_TO_LIE = "sit_to_lie"
    LIE_TO_SIT = "lie_to_sit"


@dataclass(frozen=True, slots=True)
class Transition:
    """A change between supports: from the trunk's first move to rest on the new one."""

    kind: TransitionKind
    start_s: float
    contact_s: float  # seat-off, or the seat touched; half-way between sitting and lying
    end_s: float
    seat_m: float  # height of the seat (or bed) left or reached

    def since(self, origin_s: float) -> Transition:
        """The same, its times moved on by `origin_s`."""
        moments = (origin_s + self.start_s, origin_s + self.contact_s, origin_s + self.end_s)
        return Transition(self.kind, *moments, self.seat_m)


@dataclass(frozen=True, slots=True)
class Knock:
    """A blow that shakes what is worn: the seat on sitting down, the table under a sensor laid there."""

    at_s: float
    size_m_s2: float


class Place(StrEnum):
    """Where a sensor is that is not worn."""

    TABLE = "table"  # flat, on either face
    CRADLE = "cradle"  # on a charger, nearly upright: the way a sitting person's sensor stands
    DRAWER = "drawer"  # upside down
    BAG = "bag"  # lying anyhow, and carried when its owner walks
    HANDS = "hands"  # handled all the time


@dataclass(frozen=True, slots=True)
class Away:
    """Sensors taken off at start_s and on again, about as before, at end_s."""

    start_s: float
    end_s: float
    place: Place
    segments: tuple[Segment, ...]
    remount_deg: float  # how far (standard deviation) they sit otherwise when they are put on again
    number: int  # draws the details


@dataclass(frozen=True, slots=True)
class Rising:
    """A sit-to-stand."""

    start_s: float  # the trunk begins to lean
    seat_off_s: float
    end_s: float  # upright


@dataclass(frozen=True, slots=True)
class Mark:
    """From here on the body does this."""

    at_s: float
    activity: Activity


def minimum_jerk(u: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Integral, value, first and second derivative of the unit step at u in [0, 1]."""
    u2 = u * u
    u3 = u2 * u
    integral = u2 * u2 * (2.5 - 3.0 * u + u2)
    value = u3 * (10.0 - 15.0 * u + 6.0 * u2)
    slope = 30.0 * u2 * (1.0 - 2.0 * u + u2)
    bend = 60.0 * u - 180.0 * u2 + 120.0 * u3
    return integral, value, slope, bend


class Pen:
    """Writes moves one after the other, and remembers where that leaves the body."""

    def __init__(self, body: Body, values: Floats, activity: Activity) -> None:
        self.body = body
        self.activity = activity
        self.now_s = 0.0  # since the episode's start
        self.steps: list[Step] = []
        self.walks: list[Walking] = []
        self.transitions: list[Transition] = []
        self.knocks: list[Knock] = []
        self.aways: list[Away] = []
        self.marks: list[Mark] = [Mark(0.0, activity)]
        self._values = values.copy()
        self._speed = {Axis.X: 0.0, Axis.Y: 0.0, Axis.Z: 0.0, Axis.FLOOR: 0.0}

    @property
    def values(self) -> Floats:
        """(len(Axis),) where the body will be once everything written so far is done."""
        return self._values.copy()

    def value(self, axis: Axis) -> float:
        return float(self._values[axis])

    def push(self, axis: Axis, delta: float, after_s: float, duration_s: float) -> None:
        """Change a coordinate by `delta`, starting `after_s` from now."""
        if delta:
            self.steps.append(Step(axis, self.now_s + after_s, duration_s, delta))
            self._values[axis] += delta

    def go(self, axis: Axis, target: float, after_s: float, duration_s: float) -> None:
        """Bring a coordinate to `target`."""
        self.push(axis, target - self.value(axis), after_s, duration_s)

    def take(self, posture: Posture, after_s: float, duration_s: float) -> None:
        """Bring the trunk into `posture`; height and place are left to the caller."""
        angles = {
            Axis.PITCH: posture.tilt_deg,
            Axis.ROLL: posture.roll_deg,
            Axis.FLEX: -posture.lordosis_deg,
            Axis.BEND: posture.bend_deg,
            Axis.TWIST: posture.twist_deg,
        }
        for axis, angle in angles.items():
            self.go(axis, float(np.radians(angle)), after_s, duration_s)

    def step_forward(self, distance_m: float, after_s: float, duration_s: float) -> None:
        """Move along the present heading."""
        yaw = self.value(Axis.YAW)
        self.push(Axis.X, distance_m * float(np.cos(yaw)), after_s, duration_s)
        self.push(Axis.Y, distance_m * float(np.sin(yaw)), after_s, duration_s)

    def cruise(self, speed_m_s: float, heading: float, after_s: float, duration_s: float) -> None:
        """Reach a velocity (m/s along `heading` in rad) and keep it; the move must end with a cruise at 0 m/s."""
        for axis, part in ((Axis.X, np.cos(heading)), (Axis.Y, np.sin(heading))):
            self._accelerate(axis, speed_m_s * float(part), after_s, duration_s)

    def climb(self, speed_m_s: float, after_s: float, duration_s: float) -> None:
        """Reach a vertical velocity and keep it, the floor with it; the move must end with a climb at 0 m/s."""
        for axis in (Axis.Z, Axis.FLOOR):
            self._accelerate(axis, speed_m_s, after_s, duration_s)

    def _accelerate(self, axis: Axis, speed_m_s: float, after_s: float, duration_s: float) -> None:
        delta = speed_m_s - self._speed[axis]
        self.steps.append(Step(axis, self.now_s + after_s, duration_s, delta, is_cruise=True))
        self._speed[axis] += delta
        # Once all speed is gone again, each change has moved the body by -delta times its middle.
        self._values[axis] -= delta * (self.now_s + after_s + duration_s / 2)

    def mark(self, activity: Activity, after_s: float) -> None:
        self.activity = activity
        self.marks.append(Mark(self.now_s + after_s, activity))

    def walk(
        self,
        start_s: float,
        end_s: float,
        cadence_spm: float,
        *,
        size: float = 1.0,
        impact: float = 1.0,
        limp: float = 0.0,
    ) -> None:
        walking = Walking(self.now_s + start_s, self.now_s + end_s, cadence_spm, size, impact, limp)
        self.walks.append(walking)

    def turn_over(self, kind: TransitionKind, contact_s: float, end_s: float, seat_m: float) -> None:
        """The move just written is this change of support, from now on."""
        self.transitions.append(Transition(kind, self.now_s, self.now_s + contact_s, self.now_s + end_s, seat_m))

    def knock(self, after_s: float, size_m_s2: float) -> None:
        if size_m_s2:
            self.knocks.append(Knock(self.now_s + after_s, size_m_s2))

    def take_off(
        self, duration_s: float, place: Place, segments: Iterable[Segment], remount_deg: float, number: int
    ) -> None:
        """These sensors are off the body for so long from now."""
        self.aways.append(Away(self.now_s, self.now_s + duration_s, place, tuple(segments), remount_deg, number))

    def pass_time(self, duration_s: float) -> None:
        """The move just written is over."""
        self.now_s += duration_s
