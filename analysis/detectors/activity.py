"""Sitting, standing, walking, lying or other movement: a hidden Markov model, filtered forward and looked back upon.

Posture alone cannot tell a forward lean on a chair from standing, and a pelvis sensor alone is wrong in one case
of ten (free living against a thigh sensor, n = 30, W2768551517). What cannot be mistaken is getting there: a rise
lifts the pelvis by a third of a metre. So changes between sitting and standing are unlikely except while the
force says so, and posture decides slowly, for the rises that were missed.

Every way to the present (`hindsight`) remembers its own last rise or drop, for hardly anybody goes down who just rose:
a swing before sitting down makes no sitter of who stood before it. A posture that is held is one observation: what was
counted of it is remembered too, until somebody rises or sits down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from analysis.detectors.activity_evidence import Evidence, Sums
from analysis.detectors.activity_model import DOWN, LIE, SIT, STAND, STATES, WALK, ActivityModel, shipped
from analysis.detectors.hindsight import BACK, SAME, SETTLED, Hindsight, Retold
from analysis.detectors.steps import LOOK, STEP_S, Stepper, Steps
from analysis.detectors.upright import Uprights
from analysis.model import Activity, Codes, Floats, Pose, PostureFrame, Segment, Stance
from analysis.own_postures import OwnPostures

CONFIDENCE = "activity_confidence"  # values beside the metrics': % that the activity is right, 0 where it is unknown
_EVERY = range(len(STATES))
_SURE = 0.7  # a state this probable is told …
_OUTRUN = 2.0  # … and one that is so much likelier than the one that was told so far
_CLEAR = 0.9  # a state must be so probable for what led to it to be told anew
_CERTAIN = 1.0 - 2e-3  # at this the belief is full, and stays so while nothing speaks against it
_FORGET_S = 600.0  # what is known fades so fast without data: people change every 10 to 20 min


@dataclass(frozen=True, slots=True)
class Told:
    """What is known at some ticks."""

    activity: Codes  # (n,) at the tick, by all that was known by then
    confidence: Floats  # (n,) %, the posterior probability of just that; 0 where it is unknown
    settled: Codes  # (n,) what was so DELAY_S before the tick, looked back upon


def beside(frame: PostureFrame, told: Told) -> PostureFrame:
    """The frame with what else is told of its ticks."""
    values = {**frame.values, CONFIDENCE: told.confidence, SETTLED: told.settled.astype(np.float64)}
    return replace(frame, values=values)


@dataclass(frozen=True, slots=True)
class _Change:
    """From here on this is told."""

    from_s: float
    activity: Activity
    confidence: float
    settled: Activity


class ActivityFilter:
    """Poses in, activity out. Before any upright is known it is UNKNOWN, except for walking."""

    def __init__(self, model: ActivityModel | None = None) -> None:
        self._model = model or shipped()
        self._sums = Sums(self._model)
        self._stepper = Stepper()
        self._uprights = Uprights()
        self._belief = [1.0 / len(STATES)] * len(STATES)
        self._hindsight = Hindsight()
        self._verdict = Activity.UNKNOWN
        self._told = [_Change(-math.inf, Activity.UNKNOWN, 0.0, Activity.UNKNOWN)]
        self._newest_s = 0.0
        self._rested = [math.inf] * len(STATES)  # steps since the last rise or drop on each of these ways
        self._is_bare = False  # no sensor was worn one step ago
        self._has_seen = False  # how the wearer came to be as they are
        self._counted = 0.0  # nats of the present posture that were counted already
        self._is_stale = False  # what was counted is no longer the present posture's

    def calibrated(self, stance: Stance, from_s: float, *, is_current: bool) -> None:
        """From `from_s` angles are against that stance; `is_current`: it is also what the wearer does just then."""
        self._uprights.calibrated(stance, from_s, is_current=is_current)

    def changed(self, segment: Segment, from_s: float) -> None:
        """From `from_s` another sensor is worn there."""
        self._uprights.changed(segment, from_s)

    def adapted(self, own: OwnPostures, from_s: float) -> None:
        """From `from_s` on the wearer is known to sit and stand so, against a reference of that stance."""
        self._uprights.adapted(own, from_s)

    def feed(self, sensors: Pose, segments: Pose, t: Floats) -> Told:
        """What is known at the times t (n,) s, which are among the poses'; both poses hold the same ticks."""
        steps = self._stepper.feed(sensors, segments)
        if steps is not None:
            self.learn(steps)
        told = self.at(t)
        is_blind = np.logical_and.reduce([np.isnan(q[:, 0]) for q in sensors.q.values()])
        if is_blind.any():
            blind = is_blind[np.searchsorted(sensors.t, t)]
            activity = np.where(blind, np.int8(Activity.UNKNOWN), told.activity)
            return replace(told, activity=activity, confidence=np.where(blind, 0.0, told.confidence))
        return told

    def learn(self, steps: Steps) -> None:
        """Steps that follow those before."""
        first = 0
        while first < len(steps):
            first = self._learn(steps, first)

    def at(self, t: Floats) -> Told:
        """What is known at the times t (n,) s, which rise from call to call."""
        changes = self._told
        place = np.searchsorted(np.array([change.from_s for change in changes]), t, side="right") - 1
        self._told = changes[-1:]
        activity = np.array([change.activity for change in changes], dtype=np.int8)[place]
        confidence = np.array([change.confidence for change in changes])[place]
        settled = np.array([change.settled for change in changes], dtype=np.int8)[place]
        return Told(activity, confidence, settled)

    def news(self) -> list[Retold]:
        """What is to be told anew, as became known since this was asked last."""
        return self._hindsight.news()

    def _learn(self, steps: Steps, first: int) -> int:
        """Steps from `first` on against the same upright; returns the first one against another."""
        current = self._uprights.turn_to(float(steps.end_s[first]) - STEP_S)
        if self._is_back(steps, first):
            self._uprights.is_new, self._is_bare = True, False
        span = slice(first, self._uprights.end(steps, first))
        if current is not None:
            certain = STAND if current is Stance.STANDING else SIT
            rest = (1.0 - _CERTAIN) / (len(STATES) - 1)
            self._belief = [_CERTAIN if state == certain else rest for state in _EVERY]
            self._has_seen = True
        has_seen = self._has_seen
        if self._uprights.is_new:
            self._counted = 0.0
        evidence = self._evidence(steps.only(span))
        if current is None and self._uprights.is_new and max(self._belief) < _SURE:
            self._belief = _shares([a * b for a, b in zip(self._belief, self._model.usual, strict=True)])
        self._uprights.is_new = self._is_stale = False
        row = first
        while row < span.stop and not self._uprights.is_new and has_seen is self._has_seen and not self._is_stale:
            if self._is_back(steps, row):
                break
            row += self._advance(evidence, steps, row, row - first)
        self._counted = 0.0 if self._is_stale else evidence.counted[row - first]
        return row

    def _evidence(self, steps: Steps) -> Evidence:
        return Evidence.of(self._model, self._sums, steps, self._uprights, self._counted, has_seen=self._has_seen)

    def _is_back(self, steps: Steps, row: int) -> bool:
        """Sensors are worn again: with that step the present posture is looked at anew."""
        return self._is_bare and bool(steps.is_known[row])

    def _take_off(self, end_s: float) -> None:
        """What was believed ends: who puts sensors on again may do so in any posture."""
        self._belief = [1.0 / len(STATES)] * len(STATES)
        self._hindsight.restart(end_s)
        self._rested = [math.inf] * len(STATES)
        self._is_bare = True

    def _advance(self, evidence: Evidence, steps: Steps, row: int, place: int) -> int:
        """One step, or as many as leave everything as it is; how many. `place`: where `row` lies in the evidence."""
        best = self._belief.index(max(self._belief))
        count = 0
        if self._belief[best] >= _CERTAIN:
            count = evidence.dull(best, place)
            if best == WALK:
                count = min(count, self._uprights.to_walk)
        if count:
            self._stay(steps, row, count, best)
        else:
            count = 1
            self._step(evidence, place, steps, row)
            best = self._belief.index(max(self._belief))
        if best == WALK and self._belief[best] >= _SURE and steps.is_known[row]:
            self._has_seen = self._has_seen or (self._uprights.is_known and self._belief[best] >= _CERTAIN)
            self._uprights.walked(steps, row, count)
        self._newest_s = float(steps.end_s[row + count - 1])
        return count

    def _stay(self, steps: Steps, row: int, count: int, state: int) -> None:
        """`count` steps in which nothing changes."""
        self._rested = [self._rested[state] + count] * len(STATES)
        self._hindsight.stay(state)
        for k in range(min(count, BACK + 1)):
            self._extend([state] * len(STATES), float(steps.end_s[row + k]), is_known=True)
        if count > BACK + 1:
            *skipped, end_s = steps.end_s[row + count - BACK - 2 : row + count].tolist()
            self._hindsight.skip(state, skipped)
            self._hindsight.stay(state)
            self._extend([state] * len(STATES), end_s, is_known=True)

    def _step(self, evidence: Evidence, place: int, steps: Steps, row: int) -> None:
        end_s, is_known = float(steps.end_s[row]), bool(steps.is_known[row])
        if steps.is_fresh[row] or not is_known:
            self._forget(end_s - self._newest_s)
        if steps.is_off[row]:
            self._take_off(end_s)
        if not is_known:
            self._extend(SAME, end_s, is_known=False)
            return
        haste = self._model.haste
        hasty = [haste.odds if rested < haste.steps else 1.0 for rested in self._rested]
        origins, belief = [], []
        for ways, share in zip(evidence.ways(place, self._belief, hasty), evidence.likely(place), strict=True):
            origins.append(ways.index(max(ways)))
            belief.append((ways[0] + ways[1] + ways[2] + ways[3] + ways[4]) * share)
        was_down = self._is_down
        self._belief = _shares(belief)
        has_changed = self._is_stale = self._is_down is not was_down
        self._rested = [
            0 if (old in DOWN) is not (new in DOWN) else self._rested[old] + 1 for new, old in enumerate(origins)
        ]
        self._has_seen = self._has_seen or (has_changed and evidence.shows(place, is_down=self._is_down))
        self._extend(origins, end_s, is_known=True)

    @property
    def _is_down(self) -> bool:
        return self._belief[SIT] + self._belief[LIE] > 0.5

    def _forget(self, span_s: float) -> None:
        kept = math.exp(-max(span_s, 0.0) / _FORGET_S)
        self._belief = [kept * part + (1 - kept) / len(STATES) for part in self._belief]

    def _extend(self, origins: list[int], end_s: float, *, is_known: bool) -> None:
        """One more step, to which each state came from `origins`; and what is told of it."""
        self._hindsight.come(origins, end_s - STEP_S)
        best = self._belief.index(max(self._belief))
        self._verdict = self._judged(best) if is_known else Activity.UNKNOWN
        settled = self._hindsight.settled(
            best,
            end_s,
            is_known=is_known and (self._uprights.is_known or best == WALK),
            is_clear=self._belief[best] >= _CLEAR,
            has_seen=self._has_seen,
        )
        confidence = 0.0
        if self._verdict is not Activity.UNKNOWN:
            confidence = round(100.0 * self._belief[STATES.index(self._verdict)], 1)
        last = self._told[-1]
        if (self._verdict, settled, confidence) != (last.activity, last.settled, last.confidence):
            self._told.append(_Change(end_s + LOOK * STEP_S, self._verdict, confidence, settled))

    def _judged(self, best: int) -> Activity:
        if not self._uprights.is_known:
            is_walking = best == WALK and self._belief[best] >= _SURE
            return Activity.WALKING if is_walking else Activity.UNKNOWN
        if self._belief[best] >= _SURE or self._verdict is Activity.UNKNOWN:
            return STATES[best]
        is_outrun = self._belief[best] > _OUTRUN * self._belief[STATES.index(self._verdict)]
        return STATES[best] if is_outrun else self._verdict


def _shares(parts: list[float]) -> list[float]:
    total = parts[0] + parts[1] + parts[2] + parts[3] + parts[4]
    return [part / total for part in parts]
