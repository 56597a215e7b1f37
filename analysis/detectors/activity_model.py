"""The activity model's numbers.

Five sums of features, each a log likelihood ratio in nats (logistic regressions, less the odds of the sample they were
fitted to): for walking against not, other movement against rest, lying against upright, sitting against standing, and
for a rise or a drop of the body against none. Parameters: activity_model.json, fitted and chosen by
`python -m benchmarks.train_activity`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

import msgspec
import numpy as np

from analysis.detectors.steps import FEATURES
from analysis.model import Activity, Floats, Segment

PARAMETERS = "activity_model.json"
STATES = (Activity.SITTING, Activity.STANDING, Activity.WALKING, Activity.LYING, Activity.OTHER)
SIT, STAND, WALK, LIE, OTHER = range(5)
DOWN = (SIT, LIE)
_PLAIN = 3.0  # nats of sitting or standing before or after a change that count at most
COLUMN = {name: number for number, name in enumerate(FEATURES)}

Weights = Mapping[str, float]  # by term: a feature, or two joined by "·"; "1" is the constant


class Shares(msgspec.Struct, frozen=True):
    """How much of each half second's evidence counts, for successive ones tell nearly the same."""

    gait: float
    other: float
    lying: float
    posture: float  # of what a posture says and was not counted yet
    again: float  # of what was counted; a posture that is held is hardly more than one observation
    plain: float  # nats; no posture is surer than this
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
    put_on: float = 0.0  # of standing after lying, for until anything is known, what lay may have been a sensor alone


class Unsure(msgspec.Struct, frozen=True):
    """What differs until it is known how the wearer came to be as they are: posture is all there is to go by."""

    again: float  # of what was counted of a posture, how much counts anew in each half second
    change: float  # odds of a change that was not seen
    seen: float  # times the usual odds of one that was
    shown: float  # nats of a rise or drop that was seen, and ends this


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
    stretch: dict[str, float]  # other movement against standing, by how the back sways
    rise: dict[str, float]
    drop: dict[str, float]
    rise_posture: dict[str, float]  # more of a rise, by nats of sitting before and after it, where they are known
    drop_posture: dict[str, float]
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


def summed(weights: Weights, features: Floats) -> Floats:
    """A sum of features (n, len(FEATURES)) for each step (n,), in nats, in a fixed order."""
    total = np.full(len(features), weights["1"])
    for term, weight in weights.items():
        if term != "1":
            total = total + weight * term_of(term, features)
    return total


def term_of(term: str, features: Floats) -> Floats:
    """A feature's column (n,), or the product of two."""
    first, *others = term.split("·")
    column: Floats = features[:, COLUMN[first]]
    for other in others:
        column = column * features[:, COLUMN[other]]
    return column


def lying_nats(model: ActivityModel, tipped: Mapping[Segment, Floats]) -> Floats:
    """Lying against upright (n,), by the segments that are known; 0 where none is."""
    parts = [_tipped_nats(model.lying, tipped[segment]) for segment in (Segment.PELVIS, Segment.LUMBAR)]
    pelvis, lumbar = parts
    both = np.where(np.isnan(pelvis), lumbar, np.where(np.isnan(lumbar), pelvis, (pelvis + lumbar) / 2))
    return np.where(np.isnan(both), 0.0, both)


def sitting_nats(model: ActivityModel, tipped: Mapping[Segment, Floats]) -> Floats:
    """Sitting against standing (n,), by the segments that are known; NaN where none is."""
    pelvis, lumbar = tipped[Segment.PELVIS], tipped[Segment.LUMBAR]
    w = model.sitting_both
    both = w["1"] + w["pelvis"] * pelvis + w["pelvis²"] * pelvis * pelvis + w["lumbar"] * lumbar
    both = both + w["lumbar²"] * lumbar * lumbar + w["pelvis·lumbar"] * pelvis * lumbar
    alone = _tipped_nats(model.sitting_pelvis, pelvis)
    alone = np.where(np.isnan(alone), _tipped_nats(model.sitting_lumbar, lumbar), alone)
    told: Floats = np.where(np.isnan(both), alone, both)
    return told


def postured_nats(weights: Weights, before: Floats, after: Floats) -> Floats:
    """What nats of sitting (n,) before and after it add to those of a rise or a drop; 0 where they are not known."""
    told = weights["1"] + weights["before"] * at_most_plain(before) + weights["after"] * at_most_plain(after)
    return np.where(np.isnan(told), 0.0, told)


def at_most_plain(sitting: Floats) -> Floats:
    """Nats of sitting before or after a change as far as they count; NaN stays."""
    counted: Floats = np.minimum(np.maximum(sitting, -_PLAIN), _PLAIN)
    return counted


def _tipped_nats(weights: Weights, tipped: Floats) -> Floats:
    told: Floats = weights["1"] + weights["tipped"] * tipped + weights["tipped²"] * tipped * tipped
    return told
