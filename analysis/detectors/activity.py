"""Sitting, standing, walking, lying or other movement: a hidden Markov model, filtered forward and looked back upon.

Posture alone cannot tell a forward lean on a chair from standing, and a pelvis sensor alone is wrong in one case
of ten (free living against a thigh sensor, n = 30, W2768551517). What cannot be mistaken is getting there: a rise
lifts the pelvis by a third of a metre. So changes between sitting and standing are unlikely except while the
force says so, and posture decides slowly, for the rises that were missed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from analysis.detectors.activity_model import LIE, SIT, STAND, STATES, WALK, ActivityModel, Evidence, shipped
from analysis.detectors.steps import LOOK, STEP_S, Stepper, Steps
from analysis.detectors.upright import Uprights
from analysis.model import FRAME_HZ, Activity, Codes, Floats, Pose, PostureFrame, Segment, Stance

CONFIDENCE = "activity_confidence"  # values beside the metrics': % that the activity is right, 0 where it is unknown
SETTLED = "activity_settled"  # and the Activity of DELAY_S earlier, looked back upon
BACK = 5  # steps by which what was so is looked back upon
DELAY_S = (LOOK + BACK) * STEP_S  # after which a tick's activity is settled; a step's change is dated to its end
DELAY = round(DELAY_S * FRAME_HZ)  # ticks
_EVERY = range(len(STATES))
_SURE = 0.7  # a state this probable is told
_CERTAIN = 1.0 - 1e-4  # at this the belief is full, and stays so while nothing speaks against it
_FORGET_S = 600.0  # what is known fades so fast without data: people change every 10 to 20 min
_DWELL = 6  # steps within which a rise or drop is hardly followed by another
_HASTE = 0.05  # how much less likely it is then
_USUAL = (0.4, 0.4, 0.1, 0.05, 0.05)  # before anything is known of the wearer


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
        self._stepper = Stepper()
        self._uprights = Uprights()
        self._belief = [1.0 / len(STATES)] * len(STATES)
        self._paths = [(state,) * (BACK + 1) for state in _EVERY]  # how each state was come to
        self._was_known = [False] * (BACK + 1)  # in these steps, whichever state it was
        self._verdict = Activity.UNKNOWN
        self._told = [_Change(-math.inf, Activity.UNKNOWN, 0.0, Activity.UNKNOWN)]
        self._newest_s = 0.0
        self._rested = 0  # steps since the last rise or drop
        self._has_seen = False  # how the wearer came to be as they are

    def calibrated(self, stance: Stance, from_s: float, *, is_current: bool) -> None:
        """From `from_s` angles are against that stance; `is_current`: it is also what the wearer does just then."""
        self._uprights.calibrated(stance, from_s, is_current=is_current)

    def changed(self, segment: Segment, from_s: float) -> None:
        """From `from_s` another sensor is worn there."""
        self._uprights.changed(segment, from_s)

    def feed(self, sensors: Pose, segments: Pose, t: Floats) -> Told:
        """What is known at the times t (n,) s, which are among the poses'; both poses hold the same ticks."""
        steps = self._stepper.feed(sensors, segments)
        if steps is not None:
            first = 0
            while first < len(steps):
                first = self._learn(steps, first)
        changes = self._told
        place = np.searchsorted(np.array([change.from_s for change in changes]), t, side="right") - 1
        self._told = changes[-1:]
        activity = np.array([change.activity for change in changes], dtype=np.int8)[place]
        confidence = np.array([change.confidence for change in changes])[place]
        settled = np.array([change.settled for change in changes], dtype=np.int8)[place]
        is_blind = np.logical_and.reduce([np.isnan(q[:, 0]) for q in sensors.q.values()])
        if is_blind.any():
            blind = is_blind[np.searchsorted(sensors.t, t)]
            activity, confidence = (
                np.where(blind, np.int8(Activity.UNKNOWN), activity),
                np.where(blind, 0.0, confidence),
            )
        return Told(activity, confidence, settled)

    def _learn(self, steps: Steps, first: int) -> int:
        """Steps from `first` on against the same upright; returns the first one against another."""
        current = self._uprights.turn_to(float(steps.end_s[first]) - STEP_S)
        span = slice(first, self._uprights.end(steps, first))
        if current is not None:
            certain = STAND if current is Stance.STANDING else SIT
            self._belief = [0.97 if state == certain else 0.03 / (len(STATES) - 1) for state in _EVERY]
            self._has_seen = True
        tipped, is_seat = self._uprights.tipped(steps, span), self._uprights.is_seat
        evidence = Evidence.of(self._model, steps, span, tipped, is_seat=is_seat, has_seen=self._has_seen)
        if current is None and self._uprights.is_new and max(self._belief) < _SURE:
            self._look(evidence)
        self._uprights.is_new = False
        row, has_seen = first, self._has_seen
        while row < span.stop and not self._uprights.is_new and has_seen is self._has_seen:
            row += self._advance(evidence, steps, row, row - first)
        return row

    def _look(self, evidence: Evidence) -> None:
        """Against a new upright the present posture counts once in full."""
        likely = evidence.first_look
        self._belief = _shares([a * b * c for a, b, c in zip(self._belief, _USUAL, likely, strict=True)])

    def _advance(self, evidence: Evidence, steps: Steps, row: int, place: int) -> int:
        """One step, or as many as leave everything as it is; how many. `place`: where `row` lies in the evidence."""
        best = max(_EVERY, key=self._belief.__getitem__)
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
            best = max(_EVERY, key=self._belief.__getitem__)
        if best == WALK and self._belief[best] >= _SURE and steps.is_known[row]:
            self._has_seen = self._has_seen or (self._uprights.is_known and self._belief[best] >= _CERTAIN)
            self._uprights.walked(steps, row, count)
        self._newest_s = float(steps.end_s[row + count - 1])
        return count

    def _stay(self, steps: Steps, row: int, count: int, state: int) -> None:
        """`count` steps in which nothing changes."""
        self._rested += count
        for k in range(min(count, BACK + 1)):
            self._extend([state] * len(STATES), float(steps.end_s[row + k]), is_known=True)

    def _step(self, evidence: Evidence, place: int, steps: Steps, row: int) -> None:
        end_s, is_known = float(steps.end_s[row]), bool(steps.is_known[row])
        if steps.is_fresh[row] or not is_known:
            self._forget(end_s - self._newest_s)
        if not is_known:
            self._extend(list(_EVERY), end_s, is_known=False)
            return
        odds = evidence.odds(place, _HASTE if self._rested < _DWELL else 1.0)
        likely = evidence.likely(place)
        origins, belief = [], []
        for new in _EVERY:
            ways = [self._belief[old] * odds[old][new] for old in _EVERY]
            origins.append(max(_EVERY, key=ways.__getitem__))
            belief.append((ways[0] + ways[1] + ways[2] + ways[3] + ways[4]) * likely[new])
        was_down = self._is_down
        self._belief = _shares(belief)
        has_changed = self._is_down is not was_down
        self._rested = 0 if has_changed else self._rested + 1
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
        self._paths = [(*self._paths[old][1:], new) for new, old in enumerate(origins)]
        best = max(_EVERY, key=self._belief.__getitem__)
        self._verdict = self._judged(best) if is_known else Activity.UNKNOWN
        is_told = is_known and (self._uprights.is_known or best == WALK)
        self._was_known = [*self._was_known[1:], is_told]
        settled = STATES[self._paths[best][0]] if self._was_known[0] else Activity.UNKNOWN
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
        return self._verdict


def _shares(parts: list[float]) -> list[float]:
    total = parts[0] + parts[1] + parts[2] + parts[3] + parts[4]
    return [part / total for part in parts]
