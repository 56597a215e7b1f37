"""What flows through Upstand, from samples to prompts.

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

from analysis.desk import ClockAnchor, DeskState, Slept

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


class PromptState(StrEnum):
    """Where a prompt stands. Every prompt ends in exactly one of the states after IN_BREAK."""

    HEADS_UP = "heads_up"  # quiet: it is about to be asked
    OPEN = "open"  # asked
    IN_BREAK = "in_break"  # the rise was seen (or the break begun); time on the feet is being counted
    DONE = "done"  # enough of it was done
    SHORT = "short"  # it was begun, and not enough done
    IGNORED = "ignored"  # the wearer was seen to sit on
    POSTPONED = "postponed"  # by the wearer; it is asked again as a new prompt
    SKIPPED = "skipped"  # by the wearer
    WITHDRAWN = "withdrawn"  # taken back: something began that keeps prompts away
    UNSEEN = "unseen"  # the sensors fell silent, or the session ended: nobody knows

    @property
    def is_ended(self) -> bool:
        return self not in (PromptState.HEADS_UP, PromptState.OPEN, PromptState.IN_BREAK)


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the wearer is asked to do, and why now. Told again when its state or level changes."""

    prompt_id: str  # unique within a run
    kind: str  # name of the type of break, "active"
    level: int  # 1 = ask; higher = more insistent, 3 at most
    reason: str  # one sentence for the wearer, with the numbers
    due_s: float  # when the clock was full
    state: PromptState = PromptState.OPEN
    closed_s: float | None = None  # when it ended
    told_s: float | None = None  # when the wearer was first told, heads-up included
    begun_s: float | None = None  # the rise, back-dated, or the start of the break
    credited_s: float = 0.0  # of the break done, as measured
    length_s: float = 0.0  # of the whole break
    action: str = ""  # what to do, one line
    can_postpone: bool = True  # at present
    can_skip: bool = True

    @property
    def asked_s(self) -> float:
        """When the wearer first heard of it: a prompt that comes again was due long before."""
        return self.due_s if self.told_s is None else self.told_s


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


@dataclass(frozen=True, slots=True)
class NewRules:
    """From `at_s` on the wearer has other rules of breaks; the first ones of a session come before all else."""

    at_s: float
    rules: bytes  # analysis.breaks.rules_record


class BreakAct(StrEnum):
    """What a wearer can do about breaks."""

    START = "start"  # a break now; `kind`
    POSTPONE = "postpone"  # the open prompt; `for_s` or as the type of break says
    SKIP = "skip"  # it; `reason`
    DONE = "done"  # says that the break is over
    EXIT = "exit"  # the emergency exit of a strict break; `reason`
    PAUSE = "pause"  # no prompts; `for_s`, or `until_s`, or until RESUME
    RESUME = "resume"
    MODE = "mode"  # `kind`: "desk", "meeting", "driving" or "evening"; empty: as the clock says
    RESET = "reset"  # all clocks


@dataclass(frozen=True, slots=True)
class BreakRequest:
    """The wearer does something about breaks at `at_s`."""

    at_s: float
    act: BreakAct
    kind: str = ""
    reason: str = ""
    for_s: float | None = None
    until_s: float | None = None  # the next time the clock on the wall shows this, s since midnight


class Buzz(StrEnum):
    """What the motor of a sensor tells; the rhythms are in the firmware."""

    TOO_FAR_FORWARD = "too_far_forward"  # the back is bent
    TOO_FAR_BACK = "too_far_back"  # it is arched
    STAND_UP = "stand_up"
    SHIFT = "shift"  # change how you sit


@dataclass(frozen=True, slots=True)
class BreakMemory:
    """What the breaks of one session leave for the next one of the same wearer. Told every minute.

    Given to a session from its start on (`at_s` 0) it comes on top of what has run since; later it takes the place of
    what that session's clocks showed, for they did not see the time between.
    """

    at_s: float
    utc_s: float  # s since the Unix epoch; NaN where the clock on the wall was not known
    clocks_s: Mapping[str, float]  # how far each type's clock had run
    seated_s: float  # of `day`
    day: int  # local, days since the Unix epoch; -1 where not known
    skips: Mapping[str, int]  # in a row
    habits: Mapping[str, float]  # share of the breaks taken unasked, 0 … 1; those not known are left out
    waits: Mapping[str, tuple[float, str]] = field(default_factory=dict)  # s left until asked again, and why (Why)
    paused_s: float | None = None  # s left of a pause; inf: until resumed; None: there is none
    mode: str = ""  # as the wearer has set it; empty: by the clock


@dataclass(frozen=True, slots=True)
class LedgerSpan:
    """Why the wearer was, or was not, prompted in [start_s, end_s). (start_s) names it; told again when it ends."""

    start_s: float
    end_s: float | None  # None while it lasts
    why: str  # analysis.breaks.types.Why
    kind: str  # the type of break it is about: the one prompted, kept back or next due; may be empty
    clock_s: float  # of that type, at start_s
    rate: float  # at which that clock ran, s/s; negative while it is paid back
    interval_s: float  # when it is due
    detail: str = ""  # what else belongs into the sentence


@dataclass(frozen=True, slots=True)
class BreakTally:
    """One type of break on one day of a session; (day, kind) names it, and a later one replaces it."""

    day: int  # local, days since the Unix epoch; -1 where the clock on the wall is not known
    kind: str
    prompted: int = 0
    taken: int = 0  # after a prompt
    natural: int = 0  # unasked
    partial: int = 0  # unasked and shorter than a break
    short: int = 0  # after a prompt, and not enough
    skipped: Mapping[str, int] = field(default_factory=dict)  # by reason
    postponed: int = 0
    ignored: int = 0
    withdrawn: int = 0
    unseen: int = 0
    suppressed_s: Mapping[str, float] = field(default_factory=dict)  # kept back while due, by Why
    overdue_s: float = 0.0  # seated on with the clock full
    response_s: float = 0.0  # from being told to the rise, summed over taken and short
    credited_s: float = 0.0  # of breaks, asked for or not


Input = (
    SampleBlock
    | CalibrateRequest
    | Calibration
    | Label
    | CarriedPostures
    | SessionEnd
    | DeskState
    | ClockAnchor
    | Slept
    | BreakRequest
    | BreakMemory
    | NewRules
)
Output = PostureFrame | Event | Prompt | Calibration | LedgerSpan | BreakTally | BreakMemory
