"""A sensor that sits otherwise than when it was calibrated, found from walking.

People walk nearly as upright as they stand, whatever they do on a chair, so gravity while walking is the reference, and
sitting is never learned as standing. The first walk after a standing calibration says how this wearer walks. What later
walks say of a slow drift (analysis.drift) is followed by turning the mounting: in small steps, by so much an hour and
so much in all. A stretch that is far off, twice in a row or confirmed by standing quietly right after it, tells that
the sensor moved: told once for each sensor, until it is calibrated or mended. A turn about the vertical does not show
in gravity; it is neither noticed nor changed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analysis.drift import Drift
from analysis.mending import Correction, lean_of, turn_of
from analysis.metrics import up_parts
from analysis.model import FRAME_HZ, Activity, Codes, Event, Floats, Pose, Segment, Stance, Value

KIND = "slipped"
STRETCH_S = 15.0  # of walking, some 27 steps: their swing averages out
TOGETHER_S = 300.0  # walking before so long a pause is not part of the same stretch
PAUSE_S = 60.0  # ends a walk
STAND_S = 3.0  # of standing quietly …
BESIDE_S = 20.0  # … so soon after walking is a second witness of a slip
FIRST_DEG = 8.0  # walking itself leans by some degrees against standing
SLIPPED_DEG = 4.5  # against the wearer's own walking; repeats of one posture vary by 1.3–2.7° (one SD)
ALIKE_DEG = 4.0  # witnesses of one slip
FOLLOW_DEG = 0.85  # a smaller drift is left as it is
STEP_DEG = 1.5  # no correction is larger
HOUR_DEG = 3.0  # nor all of an hour together
FURTHEST_DEG = 6.0  # nor what is left of all since the wearer last showed upright
GRID_S = 60.0  # corrections hold from a whole multiple of it on, however the samples came
_STRETCH = round(STRETCH_S * FRAME_HZ)  # ticks
_STAND = round(STAND_S * FRAME_HZ)
_KNOWN = 0.8  # share of a stretch's ticks that must be known
_QUIET_DEG = 4.0  # between any two ticks of quiet standing


@dataclass(frozen=True, slots=True)
class _Seen:
    """How one segment was inclined over a stretch."""

    start_s: float
    end_s: float
    lean_deg: Floats  # (2,) forward and to the right


@dataclass(slots=True)
class _Wear:
    """What is known of one sensor since its calibration."""

    stance: Stance | None = None
    drift: Drift = field(default_factory=Drift)
    walk: list[_Seen] = field(default_factory=list)  # the stretches of the present walk
    good_s: float = -math.inf  # the last stretch that was as usual ended then
    suspect: _Seen | None = None
    turned: list[tuple[float, Floats]] = field(default_factory=list)  # corrections: when, and (forward, right) in °
    slip_deg: Floats | None = None  # (2,) how it sits now against before

    @property
    def usual_deg(self) -> Floats:
        """(2,) how the segment leans while walking, once there was a walk; before that, as in standing."""
        if self.drift.is_new and self.walk:
            return self.walk[0].lean_deg
        return self.drift.gait_deg

    def may_turn(self, more_deg: Floats, at_s: float) -> bool:
        lately_deg = sum(_size_deg(turned_deg) for when, turned_deg in self.turned if when > at_s - 3600.0)
        in_all_deg = _size_deg(np.sum([more_deg, *(turned_deg for _, turned_deg in self.turned)], axis=0))
        return lately_deg + _size_deg(more_deg) <= HOUR_DEG and in_all_deg <= FURTHEST_DEG

    def shown_upright(self) -> None:
        self.suspect = self.slip_deg = None
        self.turned, self.walk = [], []
        self.drift.shown_upright()


@dataclass(frozen=True, slots=True)
class _Reference:
    from_s: float
    segment: Segment
    stance: Stance
    keeps_walk: bool


class SlipWatch:
    """Poses of segments at frame rate in; any cutting of them gives the same events and corrections."""

    def __init__(self) -> None:
        self._references: list[_Reference] = []
        self._wears = {segment: _Wear() for segment in Segment}
        self._walked: list[Floats] = []  # rows: t, up of the pelvis, up of T12
        self._stood: list[Floats] = []
        self._walked_s = -math.inf
        self._has_stood = False  # quietly, since the last walking
        self._due: list[Correction] = []

    def calibrated(self, segment: Segment, stance: Stance, from_s: float, *, keeps_walk: bool = False) -> None:
        """Ticks later than `from_s` are against that stance; told before any of them is fed.

        `keeps_walk`: upright is the same as before, so what is known of the wearer's walking still holds.
        """
        self._references.append(_Reference(from_s, segment, stance, keeps_walk))
        self._references.sort(key=lambda one: one.from_s)

    def slipped(self, at_s: float) -> dict[Segment, Floats]:
        """How each sensor has turned, forward and to the right (2,) in °, that was told to have slipped by `at_s`.

        Those mended or calibrated since are left out. Every earlier tick must have been fed.
        """
        self._take_references(at_s)
        return {segment: wear.slip_deg for segment, wear in self._wears.items() if wear.slip_deg is not None}

    def feed(self, pose: Pose, activity: Codes) -> list[Event]:
        is_used = (activity == Activity.WALKING) | bool(self._stood)
        is_used |= (pose.t <= self._walked_s + BESIDE_S) | _beside(pose.t, activity == Activity.WALKING)
        if not is_used.any():
            return []
        events: list[Event] = []
        ups = (part[is_used] for segment in Segment for part in up_parts(pose.q[segment]))
        rows = np.column_stack([pose.t[is_used], *ups])
        for row, doing in zip(rows, activity[is_used].tolist(), strict=True):
            self._take_references(float(row[0]))
            events += self._take(row, doing)
        return events

    def next_s(self, now_s: float) -> float:
        """No correction holds from between `now_s` and this, whatever is fed from `now_s` on.

        Every tick before `now_s` must have been fed. A walk that has not begun yet ends no earlier than now.
        """
        walks_s = (self._walked_s, now_s)
        ends_s = [*(one.after_s for one in self._due), *(_next_on_grid(walk_s + PAUSE_S) for walk_s in walks_s)]
        return min(end_s for end_s in ends_s if end_s >= now_s)

    def corrections(self, before_s: float) -> list[Correction]:
        """Those that hold from before `before_s` on, each told once; every earlier tick must have been fed."""
        if before_s > _next_on_grid(self._walked_s + PAUSE_S):
            self._end_walk()
        ready = [one for one in self._due if one.after_s < before_s]
        self._due = [one for one in self._due if one not in ready]
        ready = [one for one in ready if not self._is_void(one)]
        if ready:
            self._walked, self._stood = [], []
        for one in ready:
            wear, turned_deg = self._wears[one.segment], np.array([one.forward_deg, one.right_deg])
            wear.turned.append((one.after_s, turned_deg))
            wear.drift.corrected(turned_deg)
            wear.walk = []
        return ready

    def _is_void(self, correction: Correction) -> bool:
        """Another calibration came between the walk and the moment from which the correction would hold."""
        return any(one.segment is correction.segment and one.from_s <= correction.after_s for one in self._references)

    def _take_references(self, at_s: float) -> None:
        while self._references and self._references[0].from_s < at_s:
            one = self._references.pop(0)
            wear = self._wears[one.segment]
            if one.keeps_walk:
                wear.shown_upright()
            else:
                self._wears[one.segment] = _Wear(stance=one.stance)
            self._due = [due for due in self._due if due.segment is not one.segment]
            self._walked, self._stood = [], []

    def _take(self, row: Floats, doing: int) -> list[Event]:
        at_s = float(row[0])
        if doing == Activity.WALKING:
            if at_s > self._walked_s + PAUSE_S:
                self._end_walk()
            if self._walked and at_s - float(self._walked[-1][0]) > TOGETHER_S:
                self._walked = []
            self._walked_s, self._stood, self._has_stood = at_s, [], False
            self._walked.append(row)
            return self._stretch() if len(self._walked) == _STRETCH else []
        if doing != Activity.STANDING or self._has_stood or at_s > self._walked_s + BESIDE_S:
            self._stood = []
            return []
        self._stood.append(row)
        return self._stand() if len(self._stood) == _STAND else []

    def _stretch(self) -> list[Event]:
        rows, self._walked = np.stack(self._walked), []
        new = {
            segment: slip
            for segment, seen in _means(rows).items()
            if self._wears[segment].stance is Stance.STANDING
            and (slip := self._judge(self._wears[segment], seen)) is not None
        }
        return self._tell(new, float(rows[-1, 0]))

    def _judge(self, wear: _Wear, seen: _Seen) -> _Seen | None:
        """Where this stretch makes it a slip: how the segment looks since when."""
        if wear.slip_deg is not None:
            return None
        limit_deg = FIRST_DEG if wear.drift.is_new and not wear.walk else SLIPPED_DEG
        if _size_deg(seen.lean_deg - wear.usual_deg) > limit_deg:
            before, wear.suspect = wear.suspect, seen
            if before is None or _size_deg(before.lean_deg - seen.lean_deg) > ALIKE_DEG:
                return None
            return _Seen(before.start_s, seen.end_s, (before.lean_deg + seen.lean_deg) / 2)
        wear.suspect, wear.good_s = None, seen.end_s
        wear.walk.append(seen)
        return None

    def _end_walk(self) -> None:
        """What the walk that is over says of a drift; a correction, where that is enough."""
        after_s = _next_on_grid(self._walked_s + PAUSE_S)
        for segment, wear in self._wears.items():
            walk, wear.walk = wear.walk, []
            if not walk or wear.suspect is not None or wear.slip_deg is not None:
                continue
            wear.drift.walked(np.mean([seen.lean_deg for seen in walk], axis=0), walk[-1].end_s)
            off_deg = _size_deg(wear.drift.crept_deg)
            if off_deg <= FOLLOW_DEG or any(due.segment is segment for due in self._due):
                continue
            size_deg = min(off_deg, STEP_DEG)
            forward_deg, right_deg = (wear.drift.crept_deg * (size_deg / off_deg)).tolist()
            if wear.may_turn(np.array([forward_deg, right_deg]), after_s):
                turn = turn_of(forward_deg, right_deg)
                one = Correction(segment, walk[0].start_s, after_s, turn, forward_deg, right_deg, size_deg)
                self._due.append(one)

    def _stand(self) -> list[Event]:
        """Quiet standing beside a walk that was far off: a slip where it is off alike."""
        rows, self._stood, self._has_stood = np.stack(self._stood), [], True
        new: dict[Segment, _Seen] = {}
        for segment, seen in _means(rows).items():
            wear = self._wears[segment]
            if wear.suspect is None or wear.slip_deg is not None or not _is_quiet(rows, segment):
                continue
            away_deg = seen.lean_deg - (wear.suspect.lean_deg - wear.usual_deg)
            if _size_deg(seen.lean_deg) > SLIPPED_DEG and _size_deg(away_deg) <= ALIKE_DEG:
                new[segment] = _Seen(wear.suspect.start_s, seen.end_s, wear.suspect.lean_deg)
        return self._tell(new, float(rows[-1, 0]))

    def _tell(self, new: dict[Segment, _Seen], at_s: float) -> list[Event]:
        if not new:
            return []
        values: dict[str, Value] = {}
        sizes_deg: dict[Segment, float] = {}
        for segment, seen in new.items():
            wear = self._wears[segment]
            wear.slip_deg = seen.lean_deg - wear.usual_deg
            sizes_deg[segment] = _size_deg(wear.slip_deg)
            forward_deg, right_deg = wear.slip_deg.tolist()
            values[f"{segment}_off_deg"] = sizes_deg[segment]
            values |= {f"{segment}_forward_deg": forward_deg, f"{segment}_right_deg": right_deg}
        good_s = min(self._wears[segment].good_s for segment in new)
        if good_s > -math.inf:
            values["good_s"] = good_s  # until then it sat as calibrated
        since_s = min(seen.start_s for seen in new.values())
        return [Event(KIND, since_s, at_s, {"reason": _reason(sizes_deg), **values})]


def _next_on_grid(at_s: float) -> float:
    return math.floor(at_s / GRID_S + 1.0) * GRID_S if math.isfinite(at_s) else math.inf


def _reason(sizes_deg: dict[Segment, float]) -> str:
    names = " and the ".join(sizes_deg)
    noun, verb = ("sensor", "sits") if len(sizes_deg) == 1 else ("sensors", "sit")
    return (
        f"The {names} {noun} {verb} {max(sizes_deg.values()):.0f}° otherwise than when you calibrated; "
        "press Stand tall and stand tall for three seconds."
    )


def _beside(t: Floats, is_walking: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(n,) within BESIDE_S after walking."""
    beside: NDArray[np.bool_] = t <= np.maximum.accumulate(np.where(is_walking, t, -np.inf)) + BESIDE_S
    return beside


def _means(rows: Floats) -> dict[Segment, _Seen]:
    """The mean inclination of every segment that is known in most rows."""
    found = {}
    for segment in Segment:
        up = rows[:, _columns(segment)]
        known = up[np.isfinite(up).all(axis=1)]
        if len(known) >= _KNOWN * len(rows):
            lean_deg = np.array(lean_of(known.sum(axis=0)))
            found[segment] = _Seen(float(rows[0, 0]), float(rows[-1, 0]), lean_deg)
    return found


def _is_quiet(rows: Floats, segment: Segment) -> bool:
    up = rows[:, _columns(segment)]
    spread: Floats = np.nanmax(up, axis=0) - np.nanmin(up, axis=0)
    return bool(spread.max() < math.radians(_QUIET_DEG))


def _columns(segment: Segment) -> slice:
    first = 1 + 3 * list(Segment).index(segment)
    return slice(first, first + 3)


def _size_deg(lean_deg: Floats) -> float:
    forward_deg, right_deg = lean_deg.tolist()
    return math.hypot(forward_deg, right_deg)
