"""How much of the evidence counts in the activity model and what a change costs: what tells these people best.

Judged by: simulated people (activity_people) with a calibration and without, simulated office workers (the twin's
eventful days, of other seeds than those that are measured), real people who only sit (IMU Sitting Postures Dataset) and
real people who walk (mobgap). The search starts from round numbers that favour nothing and moves one at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from analysis import quaternion
from analysis.detectors.activity import DELAY, ActivityFilter
from analysis.detectors.activity_model import ActivityModel, Haste, Odds, Shares, Unsure
from analysis.detectors.steps import Stepper, Steps
from analysis.model import FRAME_HZ, Activity, Codes, Floats, Pose, Segment, Stance
from benchmarks.activity_people import Person, recorded
from hardware.twin.eventful import eventful_day
from hardware.twin.imu import ImuErrors
from hardware.twin.script import QUIET_S
from hardware.twin.wearer import Wearer

REFERENCE_DEG = 2.5  # by which an upright is off from one time to the next; standing varies so much
SHARES = Shares(gait=0.5, other=0.5, lying=0.5, posture=0.05, telling=1.0, furthest=6.0)  # where the search starts
ODDS = Odds(0.01, 1e-6, 0.03, 0.1, 0.003, 0.01, 0.03, 1.0, 1.0)
UNSURE = Unsure(posture=0.1, change=1e-4, seen=1.0, shown=3.0)
HASTE = Haste(steps=4.0, odds=0.3)
_FACTORS = {
    "odds": {
        **dict.fromkeys(("change", "start_walking", "stop_walking", "start_other", "stop_other", "lie_down"), 3.0),
        "unseen_change": 10.0, "sit_from_walking": 3.0, "sit_from_other": 3.0,
    },
    "shares": {"gait": 1.4, "other": 1.6, "lying": 1.6, "posture": 1.6, "telling": 1.4, "furthest": 1.3},
    "unsure": {"posture": 2.0, "change": 10.0, "seen": 3.0, "shown": 1.5},
    "haste": {"steps": 1.5, "odds": 3.0},
}  # fmt: skip
_WORTH = {
    Activity.SITTING: 2.0,
    Activity.STANDING: 2.0,
    Activity.WALKING: 1.0,
    Activity.LYING: 1.0,
    Activity.OTHER: 0.5,
}
_LATE_S, _LATE_COST = 2.5, 0.25  # a state is to be known in 3 s; what the share of them costs that is not
_LIVE_WORTH = 0.5  # of what is told at once against what is told looking back
_REAL_WORTH = 0.3  # of the real people, of whom only one activity is known
_LEAST = 2e-4  # of the measure, for a number to be changed
_ROUNDS = 1

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

    calibrated: Sequence[Trial]
    unknown: Sequence[Trial]  # without a calibration: only what is told once anything is known counts
    carried: Sequence[Trial]  # from any moment on, with a calibration of another time
    workers: Sequence[Trial]
    sitters: Sequence[Trial]
    walkers: Sequence[Trial]


def trial(one: Person, *, is_calibrated: bool, seed: int) -> Trial:
    """A simulated person, after standing upright in the beginning or without."""
    sensors = one.sensors
    segments = stood(sensors, one.quiet_s, np.random.default_rng((seed, 5))) if is_calibrated else sensors
    return of_pose(sensors, segments, one.activity, Stance.STANDING if is_calibrated else None, one.quiet_s)


def carried(one: Person, seed: int) -> Trial:
    """The same from some moment in the first half on, whatever was done then, with the upright of an earlier time."""
    rng = np.random.default_rng((seed, 6))
    sensors, from_s = one.sensors, rng.uniform(one.quiet_s, one.sensors.t[-1] / 2)
    segments = stood(sensors, one.quiet_s, rng)
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


def worker(seed: int, hours: float) -> Person:
    """An office worker on a day of the twin, with both sensors or, every other one, with one."""
    wearer = Wearer(eventful_day(seed, hours, comes_off=False), seed)
    segments = tuple(Segment) if seed % 2 else (tuple(Segment)[seed // 2 % 2],)
    return recorded(wearer, segments, [ImuErrors.default(seed + number) for number in range(2)], QUIET_S)


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


def stood(sensors: Pose, until_s: float, rng: np.random.Generator) -> Pose:
    """In the segments' frames, as calibrated by standing until then; a little off, as people never stand the same."""
    q = {}
    for segment in Segment:
        up = quaternion.up_in_body(sensors.q[segment][sensors.t < until_s]).mean(axis=0)
        off = np.tan(np.radians(rng.normal(0.0, REFERENCE_DEG))) * np.cross(up, rng.normal(size=3))
        upright = quaternion.between(np.array([0.0, 0.0, 1.0]), quaternion.normalise(up + off))
        q[segment] = quaternion.multiply(sensors.q[segment], upright)
    return replace(sensors, q=q)


def worth(model: ActivityModel, judges: Judges) -> float:
    """How well they all are told, 0 to 1."""
    groups = (judges.calibrated, judges.unknown, judges.carried, judges.workers)
    simulated = sum(_mean_f1(model, group, from_known=group is judges.unknown) for group in groups) / len(groups)
    real = (_right(model, judges.sitters) + _right(model, judges.walkers)) / 2
    return (1 - _REAL_WORTH) * simulated + _REAL_WORTH * real


def _mean_f1(model: ActivityModel, group: Sequence[Trial], *, from_known: bool) -> float:
    parts = []
    late = changes = 0
    for one in group:
        live, settled = told(model, one)
        known = np.logical_or.accumulate(settled != Activity.UNKNOWN) if from_known else np.ones(len(settled), bool)
        rows = one.judged[:-DELAY] & known
        parts.append((one.true[:-DELAY][rows], settled[rows], live[rows]))
        edges = np.flatnonzero(np.diff(parts[-1][0])) + 1
        late += sum(_is_late(parts[-1][0], parts[-1][2], at) for at in edges.tolist())
        changes += len(edges)
    true, settled, live = (np.concatenate(column) for column in zip(*parts, strict=True))
    right = (1 - _LIVE_WORTH) * _measure(true, settled) + _LIVE_WORTH * _measure(true, live)
    return right - _LATE_COST * late / max(changes, 1)


def _is_late(true: Codes, live: Codes, at: int) -> bool:
    """What the tick `at` begins lasts longer than _LATE_S and is not told by then."""
    end = at + round(_LATE_S * FRAME_HZ)
    return end < len(true) and bool((true[at : end + 1] == true[at]).all() and (live[at : end + 1] != true[at]).all())


def _measure(true: Codes, told: Codes) -> float:
    """F1 scores, weighted."""
    total = 0.0
    for kind, weight in _WORTH.items():
        both = int(((true == kind) & (told == kind)).sum())
        total += weight * 2 * both / max(int((true == kind).sum() + (told == kind).sum()), 1)
    return total / sum(_WORTH.values())


def _right(model: ActivityModel, group: Sequence[Trial]) -> float:
    """Share of the time."""
    hits = total = 0
    for one in group:
        rows = one.judged[:-DELAY]
        hits += int((told(model, one)[1] == one.true[:-DELAY])[rows].sum())
        total += int(rows.sum())
    return hits / max(total, 1)


def chosen(model: ActivityModel, judges: Judges) -> ActivityModel:
    """The model with its shares and odds moved, one at a time, as long as the judges are told better."""
    best = worth(model, judges)
    for _ in range(_ROUNDS):
        before = best
        for part, factors in _FACTORS.items():
            for name, factor in factors.items():
                model, best = _along(model, best, judges, part, name, factor)
        print(f"The judges are told {best:.4f} right.", flush=True)
        if best == before:
            break
    return model


def _along(
    model: ActivityModel, best: float, judges: Judges, part: str, name: str, factor: float
) -> tuple[ActivityModel, float]:
    """One number up or else down as long as that helps."""
    for step in (factor, 1 / factor):
        has_moved = False
        while True:
            numbers = getattr(model, part)
            moved = msgspec.structs.replace(numbers, **{name: float(f"{getattr(numbers, name) * step:.2g}")})
            other = msgspec.structs.replace(model, **{part: moved})
            value = worth(other, judges)
            if value < best + _LEAST:
                break
            model, best, has_moved = other, value, True
            print(f"{part} {name}: {getattr(moved, name):g} ({best:.4f})", flush=True)
        if has_moved:
            break
    return model, best
