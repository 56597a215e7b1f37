"""Whom the activity model's numbers are chosen by, and how well a model tells them.

Simulated people (activity_people) with a calibration, without, and from any moment on; simulated office workers (the
twin's eventful days) and people at a desk who rise unasked (hardware.twin.person), of other seeds than those that are
measured; real people who only sit (IMU Sitting Postures Dataset) and real people who walk (mobgap).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analysis import quaternion
from analysis.detectors.activity import ActivityFilter
from analysis.detectors.activity_model import ActivityModel
from analysis.detectors.hindsight import DELAY
from analysis.detectors.steps import FEATURES, Stepper, Steps
from analysis.model import FRAME_HZ, Activity, Codes, Floats, Pose, Segment, Stance
from benchmarks.activity_people import Person, recorded
from hardware.twin.imu import ImuErrors
from hardware.twin.script import QUIET_S, Script
from hardware.twin.wearer import Wearer

REFERENCE_DEG = 2.5  # by which an upright is off from one time to the next; standing varies so much
_WORTH = {
    Activity.SITTING: 2.0,
    Activity.STANDING: 2.0,
    Activity.WALKING: 1.0,
    Activity.LYING: 1.0,
    Activity.OTHER: 0.5,
}
_SETTLED, _LIVE, _CHANGES = 0.4, 0.25, 0.35  # what is told looking back, at once, and of rises and drops
_LATE_S, _LATE_COST = 2.5, 0.5  # a state is to be known in 3 s; what the share of them costs that is not
_NEAR = 2 * FRAME_HZ  # ticks; so near its true moment a rise or drop counts
_BREAK = 10 * FRAME_HZ  # ticks; a rise is acted upon after so long
_WALKS_WORTH = 0.1  # of the real walking
SEATED_COST = 0.02  # of each real sitter who is ever told otherwise: none may be
_BREAK_COST = 0.1  # of a break an hour that never was, or was missed
_DOWN = (Activity.SITTING, Activity.LYING)
# The twin's rises all reach the sensor whole; a belt, clothes and a soft seat take some of one away. How much is not
# known, so every simulated person keeps another share: what is chosen must not depend on rises being clean.
_LEAST_LIFT = 0.5
_LIFTS = [FEATURES.index(name) for name in ("lift_short", "lift", "lift_long", "lift_before", "sink_before")]

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Trial:
    """Somebody to be told, in half seconds, and what they really did."""

    steps: Steps
    t: Floats  # (n,) s, ticks of frames
    true: Codes  # (n,)
    judged: Flags  # (n,) which of them count
    stance: Stance | None  # calibrated in it …
    from_s: float  # … until then


@dataclass(frozen=True, slots=True)
class Judges:
    """By whom the numbers are chosen."""

    groups: Sequence[Sequence[Trial]]  # of simulated people, each group of the same worth
    lively: Sequence[Trial]  # those of them who live a day at a desk
    sitters: Sequence[Trial]
    walkers: Sequence[Trial]


def simulated(people: Sequence[Person]) -> list[list[Trial]]:
    """Four groups: calibrated; not calibrated; from any moment on with an upright of standing; with one of walking."""
    seen = [(number, one) for number, one in enumerate(people)]
    groups = (
        [trial(one, is_calibrated=True, seed=number) for number, one in seen[::4]],
        [trial(one, is_calibrated=False, seed=number) for number, one in seen[1::4]],
        [carried(one, number) for number, one in seen[2::4]],
        [
            carried(one, number, walks_only=True)
            for number, one in seen[3::4]
            if (one.activity == Activity.WALKING).any()
        ],
    )
    return [[softened(one, share) for one, share in zip(group, _lifts(len(group)), strict=True)] for group in groups]


def _lifts(count: int) -> list[float]:
    """Shares from _LEAST_LIFT to 1, evenly spread."""
    lifts: list[float] = np.linspace(_LEAST_LIFT, 1.0, count).tolist()
    return lifts


def softened(one: Trial, share: float) -> Trial:
    """The same with so much of every lift."""
    features = one.steps.features.copy()
    features[:, _LIFTS] *= share
    return replace(one, steps=replace(one.steps, features=features))


def trial(one: Person, *, is_calibrated: bool, seed: int) -> Trial:
    """A simulated person, after standing upright in the beginning or without."""
    sensors, stands = one.sensors, one.sensors.t < one.quiet_s
    segments = stood(sensors, stands, np.random.default_rng((seed, 5))) if is_calibrated else sensors
    return of_pose(sensors, segments, one.activity, Stance.STANDING if is_calibrated else None, one.quiet_s)


def carried(one: Person, seed: int, *, walks_only: bool = False) -> Trial:
    """The same from some moment in the first half on, whatever was done then, with the upright of an earlier time.

    walks_only: that upright is how they walk, as a first pass over a recording finds it.
    """
    rng = np.random.default_rng((seed, 6))
    sensors, from_s = one.sensors, rng.uniform(one.quiet_s, one.sensors.t[-1] / 2)
    upright = one.activity == Activity.WALKING if walks_only else sensors.t < one.quiet_s
    segments = stood(sensors, upright, rng, 0.0 if walks_only else REFERENCE_DEG)
    rows = slice(int(np.searchsorted(sensors.t, from_s)), None)
    return of_pose(_only(sensors, rows), _only(segments, rows), one.activity[rows], Stance.STANDING, -np.inf)


def _only(pose: Pose, rows: slice) -> Pose:
    q, acc, gyr = ({segment: a[rows] for segment, a in of.items()} for of in (pose.q, pose.acc, pose.gyr))
    return Pose(pose.t[rows], q, acc, gyr, pose.quality[rows])


def of_pose(sensors: Pose, segments: Pose, true: Codes, stance: Stance | None, from_s: float) -> Trial:
    """Raises ValueError where it is too short for a single step."""
    steps = Stepper().feed(sensors, segments)
    if steps is None:
        raise ValueError("a recording must last a few seconds")
    chosen = np.flatnonzero(np.rint(sensors.t * 50).astype(np.int64) % 5 == 0)
    t = sensors.t[chosen]
    return Trial(steps, t, true[chosen], (t > from_s) & (true[chosen] != Activity.UNKNOWN), stance, from_s)


def day(script: Script, seed: int) -> Trial:
    """Somebody's whole day of the twin, calibrated, with both sensors or, every other one, with one."""
    segments = tuple(Segment) if seed % 2 else (tuple(Segment)[seed // 2 % 2],)
    errors = [ImuErrors.default(seed + number) for number in range(2)]
    return trial(recorded(Wearer(script, seed), segments, errors, QUIET_S), is_calibrated=True, seed=seed)


def stood(sensors: Pose, upright: Flags, rng: np.random.Generator, off_deg: float = REFERENCE_DEG) -> Pose:
    """In the segments' frames, as calibrated in these ticks; a little off, as people never stand the same."""
    q = {}
    for segment in Segment:
        up = quaternion.up_in_body(sensors.q[segment][upright]).mean(axis=0)
        off = np.tan(np.radians(rng.normal(0.0, off_deg))) * np.cross(up, rng.normal(size=3))
        mounting = quaternion.between(np.array([0.0, 0.0, 1.0]), quaternion.normalise(up + off))
        q[segment] = quaternion.multiply(sensors.q[segment], mounting)
    return replace(sensors, q=q)


def told(model: ActivityModel, one: Trial) -> tuple[Codes, Codes]:
    """(live, looked back upon), both (n − DELAY,)."""
    activity = ActivityFilter(model)
    if one.stance is not None:
        activity.calibrated(one.stance, one.from_s, is_current=np.isfinite(one.from_s))
    activity.learn(one.steps)
    seen = activity.at(one.t)
    ticks = np.rint(one.t * FRAME_HZ).astype(np.int64)
    late = np.searchsorted(ticks, ticks[:-DELAY] + DELAY)
    settled = seen.settled[np.minimum(late, len(ticks) - 1)]
    for span in activity.news():
        settled[(one.t[:-DELAY] >= span.start_s) & (one.t[:-DELAY] < span.end_s)] = span.activity
    return seen.activity[:-DELAY], settled


@dataclass(frozen=True, slots=True)
class Tally:
    """What was told of some people: ticks (true, told), and counts."""

    settled: NDArray[np.int64]
    live: NDArray[np.int64]
    late: int  # states that were not known in time
    edges: int
    hits: int  # rises and drops, true ones that were told and told ones that were true
    changes: int  # true and told
    breaks: int  # off the seat: told of nobody, or missed

    @property
    def worth(self) -> float:
        """0 to 1."""
        right = _SETTLED * _mean_f1(self.settled) + _LIVE * _mean_f1(self.live)
        return right + _CHANGES * self.hits / max(self.changes, 1) - _LATE_COST * self.late / max(self.edges, 1)


def tally(model: ActivityModel, group: Sequence[Trial]) -> Tally:
    parts = [_told_of(model, one) for one in group]
    return Tally(
        sum((part.settled for part in parts), np.zeros((len(Activity), len(Activity)), np.int64)),
        sum((part.live for part in parts), np.zeros((len(Activity), len(Activity)), np.int64)),
        *(sum(getattr(part, name) for part in parts) for name in ("late", "edges", "hits", "changes", "breaks")),
    )


def _told_of(model: ActivityModel, one: Trial) -> Tally:
    live, settled = told(model, one)
    rows = one.judged[:-DELAY]
    if one.stance is None:  # only once anything is known
        rows = rows & np.logical_or.accumulate(settled != Activity.UNKNOWN)
    true, settled, live = one.true[:-DELAY][rows], settled[rows], live[rows]
    edges = np.flatnonzero(np.diff(true)) + 1
    moves, found = _changes(true), _changes(settled)
    is_near = np.abs(moves[:, None, 0] - found[None, :, 0]) <= _NEAR
    is_near &= moves[:, None, 1] == found[None, :, 1]
    return Tally(
        _confused(true, settled),
        _confused(true, live),
        sum(_is_late(true, live, at) for at in edges.tolist()),
        len(edges),
        int(is_near.any(axis=1).sum() + is_near.any(axis=0).sum()),
        len(moves) + len(found),
        _apart(~np.isin(live, _DOWN), np.isin(true, _DOWN)) + _apart(~np.isin(true, _DOWN), np.isin(live, _DOWN)),
    )


def _changes(told: Codes) -> NDArray[np.int64]:
    """(n, 2): tick, and whether the body rises."""
    is_down = np.isin(told, _DOWN).astype(np.int64)
    at = np.flatnonzero(np.diff(is_down)) + 1
    return np.stack([at, is_down[at - 1]], axis=1)


def _apart(one: Flags, other: Flags) -> int:
    """Runs of the one of _BREAK ticks that lie wholly in the other."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], one, [False]]).astype(np.int8)))
    spans = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return sum(b - a >= _BREAK and bool(other[a:b].all()) for a, b in spans)


def _confused(true: Codes, told: Codes) -> NDArray[np.int64]:
    table = np.zeros((len(Activity), len(Activity)), np.int64)
    np.add.at(table, (true, told), 1)
    return table


def _is_late(true: Codes, live: Codes, at: int) -> bool:
    """What the tick `at` begins lasts longer than _LATE_S and is not told by then."""
    end = at + round(_LATE_S * FRAME_HZ)
    return end < len(true) and bool((true[at : end + 1] == true[at]).all() and (live[at : end + 1] != true[at]).all())


def _mean_f1(table: NDArray[np.int64]) -> float:
    """Weighted, over what anybody did."""
    total = mass = 0.0
    for kind, weight in _WORTH.items():
        if table[kind].sum():
            total += weight * 2 * float(table[kind, kind]) / float(table[kind].sum() + table[:, kind].sum())
            mass += weight
    return total / mass


def worth(model: ActivityModel, judges: Judges, least: float = -np.inf) -> float:
    """How well they all are told, 1 is best; something below `least` where it would be."""
    lively = tally(model, judges.lively)
    hours = sum(len(one.t) for one in judges.lively) / FRAME_HZ / 3600.0
    each = [lively.worth, *(tally(model, group).worth for group in judges.groups)]
    walks = np.mean([_share(model, one, _walks) for one in judges.walkers])
    right = (1 - _WALKS_WORTH) * sum(each) / len(each) + _WALKS_WORTH * float(walks)
    right -= _BREAK_COST * lively.breaks / hours
    if right < least:
        return right
    return right - SEATED_COST * sum(_share(model, one, _is_else) > 0.0 for one in judges.sitters)


def _walks(told: Codes) -> Flags:
    walks: Flags = told == np.int8(Activity.WALKING)
    return walks


def _is_else(told: Codes) -> Flags:
    return ~np.isin(told, (Activity.SITTING, Activity.UNKNOWN))


def _share(model: ActivityModel, one: Trial, is_so: Callable[[Codes], Flags]) -> float:
    """Of the judged time, the larger of live and settled."""
    rows = one.judged[:-DELAY]
    return max(float(is_so(what[rows]).mean()) for what in told(model, one))
