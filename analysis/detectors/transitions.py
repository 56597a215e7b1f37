"""Changes between lying, sitting and standing: when exactly, in which phases, and how they were done.

That there was a change is the activity model's word; here it is looked up in the movement itself, a few seconds
around, and cut out. A rise is told half a minute later, with how upright the wearer was by then.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from analysis import quaternion
from analysis.detectors import Detector
from analysis.detectors.seconds import Timed, first_where, second_by_second, ticks_of
from analysis.lying_position import Headings, lain, told_by
from analysis.model import (
    FRAME_HZ,
    GRAVITY,
    GRID_HZ,
    Activity,
    Calibration,
    Event,
    Floats,
    Pose,
    PostureFrame,
    Segment,
    Value,
)
from analysis.mounting import joined
from analysis.transition_phases import Cut, Window, cut_rise, cut_sitting_down, cut_tipping

SETTLED_S = 2.0  # what the wearer has come to must last this long
BRIDGE_S = 10.0  # so much of unknown or other movement may lie between the two
BEFORE_S = 4.0  # the fastest moment lies this long before the activity model's word (which may be 3 s late)
AFTER_S = 1.5  # to this long after it
MARGIN_S = 2.5  # of the window beyond that, on both sides
RESIDUAL_S = 30.0  # after a rise
LEAST_RESIDUAL_S = 5.0
LAIN_S = 1.5  # after lying down, or before getting up, that tells on which side
MEMORY_S = 60.0

_SETTLED, _BRIDGE = round(SETTLED_S * FRAME_HZ), round(BRIDGE_S * FRAME_HZ)  # ticks
_WAIT = round((AFTER_S + MARGIN_S + 1.0) * FRAME_HZ)
_WAIT_RISE = _WAIT + round(RESIDUAL_S * FRAME_HZ)
_BODY = {
    Activity.SITTING: Activity.SITTING,
    Activity.STANDING: Activity.STANDING,
    Activity.WALKING: Activity.STANDING,
    Activity.LYING: Activity.LYING,
}
_NO_BODY = -1
_BODIES = np.array([_BODY.get(activity, _NO_BODY) for activity in Activity])
KINDS = {
    (Activity.SITTING, Activity.STANDING): "sit_to_stand",
    (Activity.STANDING, Activity.SITTING): "stand_to_sit",
    (Activity.LYING, Activity.SITTING): "lie_to_sit",
    (Activity.SITTING, Activity.LYING): "sit_to_lie",
}
# Behind and above the hip joints: S2 by the regression of their centres (Harrington 2007, J Biomech 40:595, for a
# pelvis 0.16 m deep and 0.25 m wide), T12 a lumbar spine's length further up.
_PLACE_M = {Segment.PELVIS: (0.11, 0.08), Segment.LUMBAR: (0.10, 0.28)}
_CUTS = {
    "sit_to_stand": cut_rise,
    "stand_to_sit": cut_sitting_down,
    "lie_to_sit": cut_tipping,
    "sit_to_lie": cut_tipping,
}


@dataclass(frozen=True, slots=True)
class _Change:
    """A change the activity model told of, in frame ticks."""

    kind: str
    at: int  # the first tick of what the wearer came to
    due: int  # from here on all is known that belongs to it


class Transitions:
    """Poses and ticks of activity in; each change out once, when all that belongs to it is known.

    Where the movement around a change is not known its event has no length, no values but `sure`, and that is 0.
    """

    def __init__(self) -> None:
        self._poses: deque[Pose] = deque()
        self._tick = 0  # the newest of the frames
        self._body: Activity | None = None  # how the wearer is
        self._known = 0  # the newest tick at which anything of that was known
        self._streak: tuple[Activity, int, int] | None = None  # something else, its first tick, its ticks so far
        self._change: _Change | None = None
        self._end_s = -math.inf  # of the last transition
        self._headings = Headings()

    def mounted(self, calibration: Calibration, from_s: float) -> None:
        self._headings.mounted(calibration, from_s)

    def moved(self, pose: Pose) -> None:
        oldest_s = self._tick / FRAME_HZ - MEMORY_S
        while self._poses and self._poses[0].t[-1] < oldest_s:
            self._poses.popleft()
        self._poses.append(pose)

    def feed(self, frame: PostureFrame) -> list[Event]:
        events: list[Event] = []
        ticks = ticks_of(frame)
        changes = np.flatnonzero((np.diff(frame.activity) != 0) | (np.diff(ticks) > 1)) + 1
        for a, b in pairwise([0, *changes.tolist(), len(ticks)]):
            if a < b:
                first, end = int(ticks[a]), int(ticks[b - 1]) + 1
                events += self._run(_BODY.get(Activity(int(frame.activity[a]))), first, end)
                self._tick = end - 1
        return events

    def feed_seconds(self, frame: PostureFrame) -> list[Timed]:
        bodies = _BODIES[frame.activity]

        def dull(place: int) -> int:
            """While the wearer is as before, and no change is open."""
            if self._change is not None:
                return place
            return first_where(
                (bodies != _NO_BODY) & (bodies != (_NO_BODY if self._body is None else self._body)), place
            )

        return second_by_second(self.feed, frame, dull)

    def close(self, at_s: float) -> list[Event]:
        del at_s  # what was seen ends with the last tick
        return self._tell(self._tick + 1)

    def _run(self, body: Activity | None, first: int, end: int) -> list[Event]:
        """The same at every tick of [first, end)."""
        events = self._due(first)
        if body is None:
            return events + self._due(end)
        if first - self._known > _BRIDGE:
            self._body = self._streak = None
        self._known = end - 1
        if body is self._body:
            self._streak = None
            return events + self._due(end)
        streak = self._streak
        if streak is None or streak[0] is not body or first > streak[1] + streak[2]:
            streak = (body, first, 0)
        confirmed = first + _SETTLED - streak[2]
        self._streak = (body, streak[1], streak[2] + end - first)
        if self._streak[2] >= _SETTLED:
            events += self._due(confirmed)
            events += self._changed(body, streak[1])
            self._body, self._streak = body, None
        return events + self._due(end)

    def _changed(self, body: Activity, at: int) -> list[Event]:
        kind = KINDS.get((self._body, body)) if self._body is not None else None
        if kind is None:
            return self._tell(at)
        events = self._tell(at)
        self._change = _Change(kind, at, at + (_WAIT_RISE if kind == "sit_to_stand" else _WAIT))
        return events

    def _due(self, now: int) -> list[Event]:
        """What is due before the tick `now`."""
        return self._tell(now) if self._change is not None and self._change.due < now else []

    def _tell(self, until: int) -> list[Event]:
        """The open change; the wearer has stayed as it left them until the tick `until`."""
        change, self._change = self._change, None
        if change is None:
            return []
        at_s = change.at / FRAME_HZ
        window = self._window(max(at_s - BEFORE_S - MARGIN_S, self._end_s), at_s + AFTER_S + MARGIN_S)
        cut = None if window is None else _CUTS[change.kind](window, at_s - BEFORE_S, at_s + AFTER_S)
        if cut is None:
            return [Event(change.kind, at_s, at_s, {"sure": 0.0})]
        self._end_s = cut.end_s
        values = _values(change.kind, cut)
        if change.kind == "sit_to_stand":
            values |= self._residual(cut.end_s, min(cut.end_s + RESIDUAL_S, until / FRAME_HZ))
        elif change.kind == "sit_to_lie":
            values |= self._position(cut.end_s, cut.end_s + LAIN_S)
        elif change.kind == "lie_to_sit":
            values |= self._position(cut.start_s - LAIN_S, cut.start_s)
        return [Event(change.kind, cut.start_s, cut.end_s, values)]

    def _window(self, first_s: float, last_s: float) -> Window | None:
        """What moved in [first_s, last_s]; None where some of it is not known."""
        pose = self._seen(first_s, last_s)
        if pose is None or len(pose.t) < 3 * GRID_HZ or np.any(np.diff(np.rint(pose.t * GRID_HZ)) != 1):
            return None
        known = [segment for segment in Segment if not np.isnan(pose.q[segment]).any()]
        if not known:
            return None
        hips, trunk = known[0], known[-1]  # of both the pelvis and the lumbar spine
        up, low = quaternion.up_in_body(pose.q[trunk]), quaternion.up_in_body(pose.q[hips])
        force = pose.acc[hips] * low
        behind_m, over_m = _PLACE_M[hips]
        return Window(
            start_s=float(pose.t[0]),
            lean_deg=np.degrees(np.arctan2(-up[:, 0], up[:, 2])),
            force=force[:, 0] + force[:, 1] + force[:, 2] - GRAVITY,
            above_m=over_m * low[:, 2] - behind_m * low[:, 0],
            turning_deg_s=np.degrees(quaternion.norm(pose.gyr[trunk])),
            tipped_deg=np.degrees(np.arctan2(np.sqrt(up[:, 0] ** 2 + up[:, 1] ** 2), up[:, 2])),
        )

    def _residual(self, first_s: float, last_s: float) -> dict[str, Value]:
        """How upright the wearer was in [first_s, last_s], by the median; nothing where too little is known."""
        pose = self._seen(first_s, last_s)
        values: dict[str, Value] = {}
        for name, segment in (("residual_lean_deg", Segment.LUMBAR), ("residual_tilt_deg", Segment.PELVIS)):
            up = quaternion.up_in_body(pose.q[segment]) if pose is not None else np.empty((0, 3))
            pitch_deg: Floats = np.degrees(np.arctan2(-up[:, 0], up[:, 2]))
            pitch_deg = pitch_deg[np.isfinite(pitch_deg)]
            if len(pitch_deg) >= LEAST_RESIDUAL_S * GRID_HZ:
                values[name] = float(np.median(pitch_deg))
        return values

    def _position(self, first_s: float, last_s: float) -> dict[str, Value]:
        """On which side the wearer lay in [first_s, last_s]."""
        pose = self._seen(first_s, last_s)
        told = told_by({} if pose is None else lain(pose), self._headings.errors_deg(first_s))
        return {"position": str(told.position), "position_sure": round(told.sure, 3)}

    def _seen(self, first_s: float, last_s: float) -> Pose | None:
        """The ticks of [first_s, last_s] as one pose; None where there are none."""
        a, b = math.ceil(first_s * GRID_HZ - 0.5), math.floor(last_s * GRID_HZ + 0.5)
        parts = []
        for pose in self._poses:
            if pose.t[-1] >= (a - 0.5) / GRID_HZ and pose.t[0] <= (b + 0.5) / GRID_HZ:
                ticks = np.rint(pose.t * GRID_HZ)
                rows = slice(*np.searchsorted(ticks, (a, b + 1)).tolist())
                parts.append(_cut(pose, rows))
        parts = [part for part in parts if len(part.t)]
        return joined(parts) if parts else None


def _values(kind: str, cut: Cut) -> dict[str, Value]:
    values: dict[str, float] = {"duration_s": cut.end_s - cut.start_s}
    if kind == "sit_to_stand":
        values |= {
            "flexion_momentum_s": cut.seat_s - cut.start_s,
            "momentum_transfer_s": cut.turn_s - cut.seat_s,
            "extension_s": cut.end_s - cut.turn_s,
            "stabilisation_s": cut.stable_s - cut.end_s,
        }
    elif kind == "stand_to_sit":
        values |= {"lowering_s": cut.seat_s - cut.start_s, "settling_s": cut.end_s - cut.seat_s}
    values |= {"peak_lean_deg": cut.peak_lean_deg, "lift_m": cut.lift_m}
    values["peak_speed_deg_s" if math.isnan(cut.lift_m) else "peak_speed_m_s"] = cut.peak_speed
    values |= {"smoothness": cut.smoothness, "sure": cut.sure}
    return {name: value for name, value in values.items() if not math.isnan(value)}


def _cut(pose: Pose, rows: slice) -> Pose:
    q, acc, gyr = ({segment: a[rows] for segment, a in of.items()} for of in (pose.q, pose.acc, pose.gyr))
    return Pose(pose.t[rows], q, acc, gyr, pose.quality[rows])


DETECTOR = Detector(label="Transitions", kinds=frozenset(KINDS.values()), make=Transitions)
