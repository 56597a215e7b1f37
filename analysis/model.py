"""What flows through Upstand, from samples to events; `break_flow` and `desk` have what breaks take and tell beside.

Frames. World: z up, heading free. Body segment: x forward, y left, z up, right-handed, so that
leaning forward is a positive rotation about y. Sensor: whatever the maker printed on the case.
An accelerometer at rest reads +9.81 m/s² along up. Quaternions are unit, scalar first.
Times are seconds since the session's start; spans are [start, end). Time runs along axis 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag, StrEnum

import numpy as np
from numpy.typing import NDArray

from analysis.break_flow import BreakInput, BreakMemory, BreakTally, LedgerSpan, Prompt

Floats = NDArray[np.float64]
Codes = NDArray[np.int8]
Flags = NDArray[np.uint16]

GRAVITY = 9.80665  # m/s²
GRID_HZ = 50.0  # rate of Pose
FRAME_HZ = 10.0  # rate of PostureFrame: every fifth tick of the grid


class Segment(StrEnum):
    """A part of the body that carries a sensor."""

    PELVIS = "pelvis"  # sacrum, at S2
    LUMBAR = "lumbar"  # spine, at T12/L1


class Stance(StrEnum):
    """How the wearer holds still for a calibration."""

    STANDING = "standing"
    SITTING = "sitting"


class CalibrationKind(StrEnum):
    """What a calibration is made from."""

    STANCE = "stance"  # a quiet upright stance: the quick form, which takes the case to lie flat on the back
    BENDS = "bends"  # the same and then two slow forward bends: any way of clipping on
    STEPS = "steps"  # the same and then a few steps straight on, which tell forward once more
    RANGE = "range"  # sitting tall, slumped and bent fully forward, of a wearer calibrated standing
    TALL = "tall"  # three quiet seconds of standing tall: up for a sensor that slipped; the rest is kept


class Activity(IntEnum):
    """What the body is doing."""

    UNKNOWN = 0
    SITTING = 1
    STANDING = 2
    WALKING = 3
    LYING = 4
    OTHER = 5  # movement that is none of these
    NOT_WORN = 6  # the sensors lie somewhere: on a table, in a bag, on a charger


class Quality(IntFlag):
    """Why a value is NaN or less certain than usual."""

    GOOD = 0
    NOT_CALIBRATED = 1
    PELVIS_MISSING = 2
    LUMBAR_MISSING = 4
    SETTLING = 8  # the orientation filter has just (re)started
    MOVING = 16  # fast movement: the error band is wider
    NO_RANGE = 32  # the wearer's own range of flexion is not known: concerns lumbar_flexion_share alone
    NOT_WORN = 64  # a sensor lies somewhere, or is being handled
    NO_GYROSCOPE = 128  # a sensor has none: turn rates are unknown, angles rough while it moves


@dataclass(frozen=True, slots=True)
class SampleBlock:
    """A run of samples of one sensor, in the sensor frame; about 0.2 s of movement."""

    session_id: str
    sensor_id: str
    segment: Segment  # where it is worn
    seq: int  # counts the blocks of one segment in one session from 0, without holes
    t: Floats  # (n,)   s since the session's start, strictly increasing
    acc: Floats  # (n, 3) m/s², specific force
    gyr: Floats  # (n, 3) rad/s; NaN throughout where the sensor has no gyroscope
    lost: int = 0  # samples known to be lost just before this block


@dataclass(frozen=True, slots=True)
class SegmentOrientation:
    """The movement of one body segment at its sensor's own rate."""

    segment: Segment
    t: Floats  # (n,)   s
    q: Floats  # (n, 4) segment → world
    acc: Floats  # (n, 3) m/s², specific force in the segment frame
    gyr: Floats  # (n, 3) rad/s in the segment frame, bias removed; NaN without a gyroscope
    quality: Flags  # (n,)   Quality bits


@dataclass(frozen=True, slots=True)
class Pose:
    """Both segments on one grid of GRID_HZ; NaN rows where a segment is not known."""

    t: Floats  # (n,)   s, integer multiples of 1 / GRID_HZ
    q: Mapping[Segment, Floats]  # (n, 4) segment → world
    acc: Mapping[Segment, Floats]  # (n, 3) m/s², specific force in the segment frame
    gyr: Mapping[Segment, Floats]  # (n, 3) rad/s in the segment frame
    quality: Flags  # (n,)   Quality bits


@dataclass(frozen=True, slots=True)
class PostureFrame:
    """A run of posture at FRAME_HZ."""

    t: Floats  # (n,) s, integer multiples of 1 / FRAME_HZ
    values: Mapping[str, Floats]  # (n,) by metric name, in the metric's unit; NaN = unknown
    activity: Codes  # (n,) Activity
    quality: Flags  # (n,) Quality bits: the reason wherever a value is NaN


Value = float | int | str | bool | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. While it lasts `end_s` is None; it is told again when it ends.

    (kind, start_s) names an event within a run: telling it again replaces it.
    """

    kind: str  # "sitting", "standing", "walking", "lying", "rise", "label", "calibrated", …
    start_s: float
    end_s: float | None
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FlexionRange:
    """How far one wearer's back bends: lumbar flexion in degrees from the own upright standing."""

    tall_deg: float  # sitting as tall as possible
    slump_deg: float  # sitting as slumped as possible
    full_deg: float  # bent fully forward


@dataclass(frozen=True, slots=True)
class Calibration:
    """How one sensor sits on one segment, from a quiet upright stance of the wearer, and bends after it."""

    segment: Segment
    sensor_id: str
    stance: Stance
    made_s: float  # end of the quiet span, s; NaN when carried over from an earlier session
    mounting: Floats  # (4,) segment → sensor
    tilt_error_deg: float  # standard error of the upright reference
    kind: CalibrationKind = CalibrationKind.STANCE
    heading_error_deg: float = math.nan  # standard error of forward; NaN where it was taken from the case
    flexion: FlexionRange | None = None  # of the wearer, kept with the lumbar sensor's calibration
    corrected_deg: float = 0.0  # turned by so much in all, as walking said, since the wearer last showed upright


@dataclass(frozen=True, slots=True)
class CalibrateRequest:
    """The wearer holds still and upright in [start_s, start_s + duration_s).

    For BENDS only at first, for five seconds or so, and then bends forward twice; for STEPS they also walk some
    steps straight on after that. For RANGE the wearer sits tall, slumps and bends fully forward instead, and holds each
    for three seconds. For TALL the last three quiet seconds count.
    """

    start_s: float
    duration_s: float
    stance: Stance
    kind: CalibrationKind = CalibrationKind.STANCE


@dataclass(frozen=True, slots=True)
class Label:
    """A note on a span of a session, kept as an event of kind "label"; or what the wearer says they really did then."""

    start_s: float
    end_s: float
    text: str
    activity: Activity | None = None  # what it really was; UNKNOWN: what the sensors told, after all; None: a note


@dataclass(frozen=True, slots=True)
class ShownPosture:
    """How the wearer sat or stood in a span they named themselves: medians of angles and their spread, in degrees.

    Against the reference of then, forward and arched +; NaN where an angle was not known.
    """

    activity: Activity  # SITTING or STANDING
    stance: Stance  # of that reference
    known_s: float
    pelvis_deg: float
    pelvis_spread_deg: float  # standard deviation
    lordosis_deg: float
    lordosis_spread_deg: float


@dataclass(frozen=True, slots=True)
class CarriedPostures:
    """All that the wearer has shown in other sessions, oldest first; it takes the place of what was carried before."""

    shown: tuple[ShownPosture, ...]


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """No more samples will come: everything held back is told, open bouts and prompts are closed."""

    at_s: float


Input = SampleBlock | CalibrateRequest | Calibration | Label | CarriedPostures | SessionEnd | BreakInput
Output = PostureFrame | Event | Prompt | Calibration | LedgerSpan | BreakTally | BreakMemory
