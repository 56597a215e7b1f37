"""What the activity model's numbers say of a run of half seconds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np
from numpy.typing import NDArray

from analysis.detectors.activity_model import (
    COLUMN,
    DOWN,
    SIT,
    STAND,
    STATES,
    ActivityModel,
    Odds,
    lying_nats,
    postured_nats,
    sitting_nats,
)
from analysis.detectors.activity_own import own_sitting_nats
from analysis.detectors.steps import FEATURES, Postures, Steps
from analysis.detectors.upright import Uprights
from analysis.model import Floats

_SHUT = 1e-3  # odds; a certain belief stays as it is while every way out of it is less likely
_LOUD, _NEWS = 0.5, 1e-3  # nats in a half second that speak against it; a posture is told little by little
_LIKELIEST, _LEAST = 8.0, 20.0  # nats for (1 in 3000 is an oddity) and against a single rise or drop, and for the first
_DOUBT = 3.0  # nats: what is told 20 to 1 against is none, or an hour of sitting still would add up to a rise
# Times the furthest that is told for a state. Odds are against staying, which always counts 1: a walk that nobody takes
# adds to standing, gone and come back from, as much as it is likely; at e^-6 it added 2.3 nats an hour.
_AGAINST = 2.0
_EVEN = (1.0,) * len(STATES)

Ways = tuple[tuple[float, float, float, float, float], ...]


class Sums:
    """The sums of features for walking, other movement, stretching, a rise and a drop, as `summed` to the last bit."""

    def __init__(self, model: ActivityModel) -> None:
        parts = (model.gait, model.other, model.stretch, model.rise, model.drop)
        count, ones = max(len(part) for part in parts), len(FEATURES)
        self._first = np.full((count, len(parts)), ones)
        self._second = self._first.copy()
        self._weights = np.zeros((count, len(parts), 1))
        for place, part in enumerate(parts):
            for row, term in enumerate(sorted(part, key="1".__ne__)):  # the constant first, the others as they stand
                names = [] if term == "1" else term.split("·")
                for factors, name in zip((self._first, self._second), names, strict=False):
                    factors[row, place] = COLUMN[name]
                self._weights[row, place] = part[term]

    def of(self, features: Floats) -> Floats:
        """(5, n) for features (n, len(FEATURES)); one term after the other, unlike a sum."""
        wide = np.concatenate([features.T, np.ones((1, len(features)))])
        told: Floats = np.add.accumulate(wide[self._first] * wide[self._second] * self._weights, axis=0)[-1]
        return told


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a run of steps says, in nats."""

    model: ActivityModel
    scores: Floats  # (n, 5) of each state, less a constant
    rise: Floats  # (n,) of a rise against none
    drop: Floats  # (n,)
    stretch: Floats  # (n,) of stretching against standing, where there is some
    is_odd: NDArray[np.bool_]  # (n,) not known, or the first after a silence
    sitting: Floats  # (n,) sitting against standing, by posture alone
    counted: list[float]  # (n + 1,) how much of that was counted before each step
    unseen: Odds  # what a change costs
    exciting: dict[int, NDArray[np.intp]] = field(default_factory=dict)  # by state, see `_exciting`; as asked for

    @classmethod
    def of(
        cls, model: ActivityModel, sums: Sums, steps: Steps, uprights: Uprights, counted: float, *, has_seen: bool
    ) -> Evidence:
        """Of steps against the present uprights; the sums are the model's.

        counted: nats of the posture before these steps that were counted already.
        has_seen: it is known how the wearer came to be as they are; until then posture is all there is to go by.
        """
        shares, count = model.shares, len(steps)
        was, held, comes = (_seated(model, uprights, part) for part in (steps.before, steps.now, steps.after))
        sitting = np.where(np.isnan(held), 0.0, held)
        lying = lying_nats(model, uprights.tipped(steps.now))
        unseen = model.odds if has_seen else _unsure(model)
        again = shares.again if has_seen else model.unsure.again
        # Of who has not shown how they stand, a posture says nothing for standing once it is known how they came to it:
        # many sit straight for hours, and nobody comes to stand without a rise.
        is_one_sided = has_seen and uprights.own is None
        posture = np.minimum(np.maximum(sitting, 0.0 if is_one_sided else -shares.plain), shares.plain)
        sits, known = _fresh(posture, counted, shares.posture, again)
        gait, other, stretch, rising, dropping = sums.of(steps.features)
        walks, lies, others = (
            np.minimum(np.maximum(weight * part, -_AGAINST * shares.furthest), shares.furthest)
            for weight, part in (
                (shares.gait, gait),
                (shares.lying, lying),
                (shares.other, other),
            )
        )
        stretch = np.minimum(np.maximum(stretch, 0.0), shares.furthest)
        others = np.where(stretch > 0.0, np.maximum(others, 0.0), others)  # a still pelvis tells nothing then
        scores = np.stack([np.zeros(count), -sits, walks - sits, lies, others], axis=1)
        likeliest = _LIKELIEST if has_seen else _LEAST
        rise, drop = (
            np.where(steps.is_whole & (told > -_DOUBT), np.minimum(told, likeliest), -_LEAST)
            for told in (
                rising + postured_nats(model.rise_posture, was, comes),
                dropping + postured_nats(model.drop_posture, was, comes),
            )
        )
        return cls(model, scores, rise, drop, stretch, ~steps.is_known | steps.is_fresh, sitting, known, unseen)

    def dull(self, state: int, row: int) -> int:
        """How many rows from this one on leave a certain belief in that state as it is."""
        rows = self._exciting(state)
        place = int(np.searchsorted(rows, row))
        return (int(rows[place]) if place < len(rows) else len(self.scores)) - row

    def _exciting(self, state: int) -> NDArray[np.intp]:
        """The rows that may change a certain belief in that state."""
        if state not in self.exciting:
            excites = _excites(self.unseen, state, self.scores, self.rise, self.drop)
            if state == STAND:
                excites |= self.stretch > 0.0
            self.exciting[state] = np.flatnonzero(excites | self.is_odd)
        return self.exciting[state]

    def shows(self, row: int, *, is_down: bool) -> bool:
        """A drop was seen then, or a rise, to a posture that goes with it."""
        change, posture = (self.drop, self.sitting) if is_down else (self.rise, -self.sitting)
        return bool(change[row] > self.model.unsure.shown and posture[row] >= 0.0)

    def likely(self, row: int) -> list[float]:
        """How likely each state makes that step, against the likeliest one."""
        scores = self.scores[row].tolist()
        top, furthest = max(scores), -_AGAINST * self.model.shares.furthest
        return [math.exp(score - top if score - top > furthest else furthest) for score in scores]

    def ways(self, row: int, belief: Sequence[float], haste: Sequence[float]) -> Ways:
        """How likely each state is come to from each: to, from. `haste`: how much less likely a change from each is."""
        change, rise, drop = self.unseen.change, self.rise.item(row), self.drop.item(row)
        likelier = math.exp(self.stretch.item(row))
        return _ways(self.unseen, change * math.exp(rise), change * math.exp(drop), likelier, belief, haste)


def _seated(model: ActivityModel, uprights: Uprights, postures: Postures) -> Floats:
    """Sitting against standing (n,), by this person's own ways where they are known; NaN where nothing tells."""
    if uprights.is_seat:
        told: Floats = np.full(len(postures), np.nan)
    else:
        told = sitting_nats(model, uprights.tipped(postures))
    if uprights.own is None:
        return told
    own = own_sitting_nats(uprights.own, postures.leaned)
    return np.where(np.isnan(own), told, own)


def _fresh(posture: Floats, counted: float, share: float, again: float) -> tuple[Floats, list[float]]:
    """What each step's posture adds to what was counted of those before (n,), and how much that was (n + 1,)."""
    known, told = [counted], []
    for nats in posture.tolist():
        new = nats if nats * counted <= 0.0 else nats - counted
        new = share * new if new * nats > 0.0 else 0.0
        told.append(new)
        counted += new - again * counted
        known.append(counted)
    return np.array(told), known


def _unsure(model: ActivityModel) -> Odds:
    odds, unsure = model.odds, model.unsure
    change = odds.change * unsure.seen
    return msgspec.structs.replace(odds, change=change, unseen_change=unsure.change, put_on=odds.lie_down)


def _ways(
    odds: Odds, rise: float, drop: float, likelier: float, belief: Sequence[float], haste: Sequence[float]
) -> Ways:
    """A rise and a drop are odds for who is in no haste; `likelier`: other movement is so much, after standing."""
    (a, b, c, d, e), (p, q, r, s, t) = belief, haste
    unseen, walk, lie = odds.unseen_change, odds.start_walking, odds.lie_down
    halt, begin, end = odds.stop_walking, odds.start_other, odds.stop_other
    up = unseen + p * rise
    sits = unseen + q * drop, (unseen + r * drop) * odds.sit_from_walking, (unseen + t * drop) * odds.sit_from_other
    return (
        (a, b * sits[0], c * sits[1], d * lie, e * sits[2]),
        (a * up, b, c * halt, d * ((unseen + s * rise) * 0.1 + odds.put_on), e * end / likelier),
        (a * (up * walk), b * walk, c, d * unseen, e * (end * walk)),
        (a * lie, b * (lie * 0.1), c * unseen, d, e * unseen),
        (a * (up * begin), b * begin * likelier, c * begin, d * unseen, e),
    )


def _excites(odds: Odds, state: int, scores: Floats, rise: Floats, drop: Floats) -> NDArray[np.bool_]:
    """Where a certain belief in `state` may change."""
    changes = (rise if state in DOWN else drop) > math.log(_SHUT / odds.change)
    ways = _ways(odds, 0.0, 0.0, 1.0, _EVEN, _EVEN)
    for other in range(len(STATES)):
        if other != state:
            gain = scores[:, other] - scores[:, state]
            least = _NEWS if {state, other} == {SIT, STAND} else _LOUD
            changes = changes | (gain > min(math.log(_SHUT / ways[other][state]), least))
    return changes
