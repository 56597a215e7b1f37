"""How much of the evidence counts in the activity model and what a change costs: what tells simulated people best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from analysis import quaternion
from analysis.detectors.activity import DELAY, ActivityFilter
from analysis.detectors.activity_model import ActivityModel
from analysis.model import Activity, Codes, Floats, Pose, Segment, Stance
from benchmarks.activity_people import Person

REFERENCE_DEG = 2.5  # by which an upright is off from one time to the next; standing varies so much
_FACTORS = {
    "odds": dict.fromkeys(
        ("change", "start_walking", "stop_walking", "start_other", "stop_other", "lie_down", "sit_from_walking",
         "sit_from_other"), 3.0,
    ),
    "shares": {"gait": 1.4, "other": 1.6, "lying": 1.5, "posture": 1.6, "telling": 1.3, "furthest": 1.3},
}  # fmt: skip
_WORTH = {
    Activity.SITTING: 2.0,
    Activity.STANDING: 2.0,
    Activity.WALKING: 1.0,
    Activity.LYING: 1.0,
    Activity.OTHER: 0.5,
}
_LIVE_WORTH = 0.3  # of what is told at once against what is told looking back
_LEAST = 4e-4  # of the measure, for a number to be changed
_ROUNDS = 2


@dataclass(frozen=True, slots=True)
class Judged:
    """What was told of one person, at 10 Hz."""

    t: Floats  # (n,) s
    live: Codes  # (n,)
    settled: Codes  # (n,)
    true: Codes  # (n,)


def judged(model: ActivityModel, one: Person, *, is_calibrated: bool = True, seed: int = 0) -> Judged:
    """As the filter tells it, after standing upright in the beginning, or without."""
    sensors = one.sensors
    segments = stood(sensors, one.quiet_s, np.random.default_rng((seed, 5))) if is_calibrated else sensors
    told = ActivityFilter(model)
    if is_calibrated:
        told.calibrated(Stance.STANDING, one.quiet_s, is_current=True)
    chosen = np.flatnonzero(np.rint(sensors.t * 50).astype(np.int64) % 5 == 0)
    seen = told.feed(sensors, segments, sensors.t[chosen])
    rows = np.flatnonzero(sensors.t[chosen] > one.quiet_s)[:-DELAY]
    return Judged(sensors.t[chosen][rows], seen.activity[rows], seen.settled[rows + DELAY], one.activity[chosen][rows])


def stood(sensors: Pose, until_s: float, rng: np.random.Generator) -> Pose:
    """In the segments' frames, as calibrated by standing until then; a little off, as people never stand the same."""
    q = {}
    for segment in Segment:
        up = quaternion.up_in_body(sensors.q[segment][sensors.t < until_s]).mean(axis=0)
        off = np.tan(np.radians(rng.normal(0.0, REFERENCE_DEG))) * np.cross(up, rng.normal(size=3))
        upright = quaternion.between(np.array([0.0, 0.0, 1.0]), quaternion.normalise(up + off))
        q[segment] = quaternion.multiply(sensors.q[segment], upright)
    return replace(sensors, q=q)


def worth(model: ActivityModel, people: Sequence[Person]) -> float:
    """How well these people are told, 0 to 1: with a calibration and, once something is known, without."""
    total = 0.0
    for is_calibrated in (True, False):
        told = [judged(model, one, is_calibrated=is_calibrated, seed=number) for number, one in enumerate(people)]
        known = [np.logical_or.accumulate(one.settled != Activity.UNKNOWN) for one in told]
        true, settled, live = (
            np.concatenate([getattr(one, name)[rows] for one, rows in zip(told, known, strict=True)])
            for name in ("true", "settled", "live")
        )
        total += (1 - _LIVE_WORTH) * _measure(true, settled) + _LIVE_WORTH * _measure(true, live)
    return total / 2


def _measure(true: Codes, told: Codes) -> float:
    """F1 scores, weighted."""
    total = 0.0
    for kind, weight in _WORTH.items():
        both = int(((true == kind) & (told == kind)).sum())
        total += weight * 2 * both / max(int((true == kind).sum() + (told == kind).sum()), 1)
    return total / sum(_WORTH.values())


def chosen(model: ActivityModel, people: Sequence[Person]) -> ActivityModel:
    """The model with its shares and odds moved, one at a time, as long as these people are told better."""
    best = worth(model, people)
    for _ in range(_ROUNDS):
        before = best
        for part, factors in _FACTORS.items():
            for name, factor in factors.items():
                model, best = _along(model, best, people, part, name, factor)
        if best == before:
            break
    return model


def _along(
    model: ActivityModel, best: float, people: Sequence[Person], part: str, name: str, factor: float
) -> tuple[ActivityModel, float]:
    """One number up or down as long as that helps."""
    for step in (factor, 1 / factor):
        while True:
            numbers = getattr(model, part)
            moved = msgspec.structs.replace(numbers, **{name: float(f"{getattr(numbers, name) * step:.3g}")})
            other = msgspec.structs.replace(model, **{part: moved})
            value = worth(other, people)
            if value < best + _LEAST:
                break
            model, best = other, value
    return model, best
