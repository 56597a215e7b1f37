"""The activity model's numbers, and what they say of a run of half seconds.

Five sums of features, each a log likelihood ratio in nats (logistic regressions, less the odds of the sample they were
fitted to): for walking against not, other movement against rest, lying against upright, sitting against standing, and
for a rise or a drop of the body against none. Parameters: activity_model.json, fitted and chosen by
`python -m benchmarks.train_activity`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

import msgspec
import numpy as np
from numpy.typing import NDArray

from analysis.detectors.activity_own import own_sitting_nats
from analysis.detectors.steps import FEATURES, Steps
from analysis.model import Activity, Floats, Segment
from analysis.own_postures import OwnPostures

PARAMETERS = "activity_model.json"
TIPPED = ("tipped", "tipped²")  # chord from upright, and its square
TIPPED_BOTH = ("pelvis", "pelvis²", "lumbar", "lumbar²", "pelvis·lumbar")
STATES = (Activity.SITTING, Activity.STANDING, Activity.WALKING, Activity.LYING, Activity.OTHER)
SIT, STAND, WALK, LIE, OTHER = range(5)
DOWN = (SIT, LIE)
_SHUT = 1e-3  # odds; a certain belief stays as it is while every way out of it is less likely
_LIKELIEST, _LEAST = 8.0, 20.0  # nats for (1 in 3000 is an oddity) and against a single rise or drop, and for the first
_COLUMN = {name: number for number, name in enumerate(FEATURES)}

Weights = Mapping[str, float]  # by term: a feature, or two joined by "·"; "1" is the constant


class Shares(msgspec.Struct, frozen=True):
    """How much of each half second's evidence counts, for successive ones tell nearly the same."""

    gait: float
    other: float
    lying: float
    posture: float
    telling: float  # nats; a held posture is one observation however long it is held, so only what is beyond counts
    furthest: float  # nats; no single half second is surer than this


class Odds(msgspec.Struct, frozen=True):
    """Odds per half second against staying."""

    change: float  # times the likelihood ratio of a rise or a drop
    unseen_change: float  # without one
    start_walking: float
    stop_walking: float
    start_other: float
    stop_other: float
    lie_down: float
    sit_from_walking: float  # times those of a drop while standing
    sit_from_other: float


class Unsure(msgspec.Struct, frozen=True):
    """What differs until it is known how the wearer came to be as they are: posture is all there is to go by."""

    posture: float  # share of each half second's posture that counts then
    change: float  # odds of a change that was not seen
    seen: float  # times the usual odds of one that was
    shown: float  # nats of a rise or drop that was seen, and ends this
    first: float  # nats that the first look at a posture may say


class Haste(msgspec.Struct, frozen=True):
    """A rise or drop is hardly followed by another."""

    steps: float  # half seconds for which that holds
    odds: float  # times the usual ones


class ActivityModel(msgspec.Struct, frozen=True):
    """Every number of the model."""

    source: str
    usual: tuple[float, ...]  # of STATES, before anything is known of the wearer
    shares: Shares
    odds: Odds
    unsure: Unsure
    haste: Haste
    gait: dict[str, float]
    other: dict[str, float]
    rise: dict[str, float]
    drop: dict[str, float]
    lying: dict[str, float]
    sitting_pelvis: dict[str, float]
    sitting_lumbar: dict[str, float]
    sitting_both: dict[str, float]


def shipped() -> ActivityModel:
    """The model with the parameters that are part of the package."""
    return from_json(files("analysis.detectors").joinpath(PARAMETERS).read_bytes())


def from_json(text: bytes) -> ActivityModel:
    """Raises msgspec.ValidationError where the text is not a parameter file."""
    return msgspec.json.decode(text, type=ActivityModel)


def to_json(model: ActivityModel) -> bytes:
    """The parameter file, one number a line."""
    return msgspec.json.format(msgspec.json.encode(model), indent=2) + b"\n"


def nats(weights: Weights, steps: Steps) -> Floats:
    """A sum of features for each step (n,), in a fixed order."""
    total = np.full(len(steps), weights["1"])
    for term, weight in weights.items():
        if term != "1":
            total = total + weight * term_of(term, steps.features)
    return total


def term_of(term: str, features: Floats) -> Floats:
    """A feature's column (n,), or the product of two."""
    first, *others = term.split("·")
    column: Floats = features[:, _COLUMN[first]]
    for other in others:
        column = column * features[:, _COLUMN[other]]
    return column


def lying_nats(model: ActivityModel, tipped: Mapping[Segment, Floats]) -> Floats:
    """Lying against upright (n,), by the segments that are known; 0 where none is."""
    parts = [_tipped_nats(model.lying, tipped[segment]) for segment in (Segment.PELVIS, Segment.LUMBAR)]
    pelvis, lumbar = parts
    both = np.where(np.isnan(pelvis), lumbar, np.where(np.isnan(lumbar), pelvis, (pelvis + lumbar) / 2))
    return np.where(np.isnan(both), 0.0, both)


def sitting_nats(model: ActivityModel, tipped: Mapping[Segment, Floats]) -> Floats:
    """Sitting against standing (n,), by the segments that are known; 0 where none is."""
    pelvis, lumbar = tipped[Segment.PELVIS], tipped[Segment.LUMBAR]
    w = model.sitting_both
    both = w["1"] + w["pelvis"] * pelvis + w["pelvis²"] * pelvis * pelvis + w["lumbar"] * lumbar
    both = both + w["lumbar²"] * lumbar * lumbar + w["pelvis·lumbar"] * pelvis * lumbar
    alone = _tipped_nats(model.sitting_pelvis, pelvis)
    alone = np.where(np.isnan(alone), _tipped_nats(model.sitting_lumbar, lumbar), alone)
    told = np.where(np.isnan(both), alone, both)
    return np.where(np.isnan(told), 0.0, told)


def _tipped_nats(weights: Weights, tipped: Floats) -> Floats:
    told: Floats = weights["1"] + weights["tipped"] * tipped + weights["tipped²"] * tipped * tipped
    return told


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a run of steps says, in nats."""

    model: ActivityModel
    scores: Floats  # (n, 5) of each state, less a constant
    rise: Floats  # (n,) of a rise against none
    drop: Floats  # (n,)
    first_look: list[float]  # (5,) how likely each state makes the first step's posture, counted in full
    exciting: tuple[NDArray[np.intp], ...]  # by state, the rows that may change a certain belief in it
    count: int
    sitting: Floats  # (n,) sitting against standing, by posture alone
    unseen: Odds  # what a change costs

    @classmethod
    def of(
        cls,
        model: ActivityModel,
        steps: Steps,
        span: slice,
        tipped: Mapping[Segment, Floats],
        *,
        is_seat: bool,
        has_seen: bool,
        own: OwnPostures | None = None,
    ) -> Evidence:
        """Of the steps in the span, whose chords from upright are `tipped`; `own` is how this person sits and stands.

        is_seat: upright is that of a seat. has_seen: it is known how the wearer came to be as they are; until then
        posture is all there is to go by.
        """
        shares, count = model.shares, span.stop - span.start
        part = steps.only(span)
        sitting = np.zeros(count) if is_seat else sitting_nats(model, tipped)
        if own is not None:
            told = own_sitting_nats(own, part.leaned)
            sitting = np.where(np.isnan(told), sitting, told)
        lying = lying_nats(model, tipped)
        unseen = model.odds if has_seen else _unsure(model)
        share = shares.posture if has_seen else model.unsure.posture
        posture = _beyond(sitting, shares.telling, is_own=own is not None) if has_seen else sitting
        gait, other = nats(model.gait, part), nats(model.other, part)
        sits, walks, lies, others = (
            np.minimum(np.maximum(weight * part, -shares.furthest), shares.furthest)
            for weight, part in (
                (share, posture),
                (shares.gait, gait),
                (shares.lying, lying),
                (shares.other, other),
            )
        )
        scores = np.stack([np.zeros(count), -sits, walks - sits, lies, others], axis=1)
        likeliest = _LIKELIEST if has_seen else _LEAST
        rise, drop = (
            np.where(part.is_whole, np.minimum(np.maximum(nats(weights, part), -_LEAST), likeliest), -_LEAST)
            for weights in (model.rise, model.drop)
        )
        most = model.unsure.first
        sits_first, lies_first = (max(-most, min(most, float(part[0]))) for part in (sitting, lying))
        first = [1.0, math.exp(-sits_first), 1.0, math.exp(lies_first), 1.0]
        first[WALK] = first[STAND]
        exciting = tuple(
            np.flatnonzero(_excites(unseen, state, scores, rise, drop) | ~part.is_known | part.is_fresh)
            for state in range(len(STATES))
        )
        return cls(model, scores, rise, drop, first, exciting, count, sitting, unseen)

    def dull(self, state: int, row: int) -> int:
        """How many rows from this one on leave a certain belief in that state as it is."""
        rows = self.exciting[state]
        place = int(np.searchsorted(rows, row))
        return (int(rows[place]) if place < len(rows) else self.count) - row

    def shows(self, row: int, *, is_down: bool) -> bool:
        """A drop was seen then, or a rise, to a posture that goes with it."""
        change, posture = (self.drop, self.sitting) if is_down else (self.rise, -self.sitting)
        return bool(change[row] > self.model.unsure.shown and posture[row] >= 0.0)

    def likely(self, row: int) -> list[float]:
        """How likely each state makes that step, against the likeliest one."""
        scores = self.scores[row].tolist()
        top, furthest = max(scores), self.model.shares.furthest
        return [math.exp(score - top if score - top > -furthest else -furthest) for score in scores]

    def odds(self, row: int, haste: Sequence[float]) -> list[list[float]]:
        """Odds against staying; row: from, column: to. `haste`: how much less likely a change from each state is."""
        odds = self.unseen
        rise, drop = odds.change * math.exp(self.rise.item(row)), odds.change * math.exp(self.drop.item(row))
        ways = {
            one: _ways(odds, odds.unseen_change + one * rise, odds.unseen_change + one * drop) for one in set(haste)
        }
        return [ways[one][state] for state, one in enumerate(haste)]


def _beyond(sitting: Floats, telling: float, *, is_own: bool) -> Floats:
    """What a posture says to whom it is known how the wearer came to it (n,).

    One that is held says it once. And for standing it says nothing, except of who has shown how they stand: many sit
    straight for hours, and nobody comes to stand without a rise.
    """
    beyond: Floats = np.maximum(np.abs(sitting) - telling, 0.0) * np.sign(sitting)
    return beyond if is_own else np.maximum(beyond, 0.0)


def _unsure(model: ActivityModel) -> Odds:
    seen = model.odds.change * model.unsure.seen
    return msgspec.structs.replace(model.odds, change=seen, unseen_change=model.unsure.change)


def _ways(odds: Odds, rise: float, drop: float) -> list[list[float]]:
    lie, walk, halt = odds.lie_down, odds.start_walking, odds.stop_walking
    begin, end, unseen = odds.start_other, odds.stop_other, odds.unseen_change
    return [
        [1.0, rise, rise * walk, lie, rise * begin],
        [drop, 1.0, walk, lie * 0.1, begin],
        [drop * odds.sit_from_walking, halt, 1.0, unseen, begin],
        [lie, rise * 0.1, unseen, 1.0, unseen],
        [drop * odds.sit_from_other, end, end * walk, unseen, 1.0],
    ]


def _excites(odds: Odds, state: int, scores: Floats, rise: Floats, drop: Floats) -> NDArray[np.bool_]:
    """Where a certain belief in `state` may change."""
    changes = (rise if state in DOWN else drop) > math.log(_SHUT / odds.change)
    ways = _ways(odds, odds.unseen_change, odds.unseen_change)[state]
    for other in range(len(STATES)):
        if other != state:
            gain = scores[:, other] - scores[:, state]
            changes = changes | (gain > min(math.log(_SHUT / ways[other]), 0.5))
    return changes
