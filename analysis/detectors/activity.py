"""Sitting, standing, walking or lying: a small hidden Markov model, filtered forward in time.

Posture alone cannot tell a forward lean on a chair from standing, and a pelvis sensor alone is wrong in one case
of ten (free living against a thigh sensor, n = 30, W2768551517). What cannot be mistaken is getting there: a rise
lifts the pelvis by a third of a metre. So changes between sitting and standing are unlikely except while the
height says so, and posture decides slowly, for the rises that were missed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from analysis.detectors.steps import STEP_S, Step, Stepper
from analysis.model import Activity, Codes, Floats, Pose, Stance

_STATES = (Activity.SITTING, Activity.STANDING, Activity.WALKING, Activity.LYING)
_SIT, _STAND, _WALK, _LIE = range(4)
_EVEN = [0.25] * 4


@dataclass(frozen=True, slots=True)
class Spread:
    """A normal distribution."""

    mean: float
    deviation: float


@dataclass(frozen=True, slots=True)
class Expected:
    """Angles in degrees against the calibrated reference, by what carries the body."""

    sitting_pelvis: Spread
    sitting_lordosis: Spread
    standing_pelvis: Spread
    standing_lordosis: Spread
    telling: float  # nats; see below


@dataclass(frozen=True, slots=True)
class ActivityModel:
    """Every number of the model, set by hand from the sources named."""

    # Standing → sitting: pelvis −18.3°, lordosis −16.6° (radiographs, n = 50, PMID 22915074). Their middle lies near
    # the cut of 11.6° between sitting and standing (W2768551517). Sitting is wide: slump to forward lean.
    from_standing: Expected = Expected(Spread(-16, 11), Spread(-16, 8), Spread(0, 6), Spread(0, 6), 2.5)
    # A seated reference is upright, so usual sitting lies behind it and standing 15/13° before it; but how upright it
    # was is not known, and a forward lean can be as far before it (IMU Sitting Postures Dataset, 22 people).
    from_sitting: Expected = Expected(Spread(-4, 12), Spread(-5, 9), Spread(14, 7), Spread(12.5, 7), 6.0)
    lying: Spread = Spread(88, 13)  # ° of inclination; crosses upright postures near 64.9° (W2768551517)
    upright: Spread = Spread(20, 22)
    walking: Spread = Spread(math.log(1.3), 0.5)  # ln of m/s² in the step band; some 1–3 m/s² at the pelvis
    resting: Spread = Spread(math.log(0.05), 1.3)
    least_stepping: float = 0.02  # m/s²; stiller than this says nothing more
    # A held posture is one observation, however long it is held. So only what is more `telling` than a limit counts at
    # all between sitting and standing, which leaves forward leans and slack standing to what they came from.
    # Successive half seconds tell nearly the same: this share of their log-likelihood is counted.
    posture_share: float = 0.15
    incline_share: float = 0.3
    stepping_share: float = 0.7
    furthest: float = 6.0  # nats; no single half second is surer than this
    # These five, and _HEIGHT_RATE in steps.py, were chosen by hand with the rises of HAPT in view (waist, 15 people),
    # whose licence forbids commercial use: they are to be set anew from the twin and free data before a release. What
    # supports them, found afterwards: a minimum-jerk lift of 0.35 m shows 0.088 m in 2.0 s and 0.069 m in 2.5 s, and
    # swings back by 0.5 to 0.6 of that.
    rise_m: float = 0.088
    drop_m: float = 0.07
    height_width_m: float = 0.007
    rebound: float = 0.55
    rebound_s: float = 2.5
    # Odds per step against staying. Staying counts 1 whatever else is possible: if it counted 1 less the rest,
    # hours without evidence would slowly speak against standing, because who stands may walk off at any time.
    change: float = 4.0  # standing up or sitting down while the height says so
    unseen_change: float = 1e-6  # and while it does not
    start_walking: float = 0.02
    stop_walking: float = 0.05
    lie_down: float = 0.01
    forget_s: float = 600.0  # what is known fades so fast without data: people change every 10 to 20 min
    sure: float = 0.7  # a state this probable is told


class ActivityFilter:
    """Poses in, activity out: what was so at each tick by all that was known by then, at most 3 s late.

    Without a reference posture the activity is UNKNOWN, except for walking.
    """

    def __init__(self, model: ActivityModel | None = None) -> None:
        self._model = model or ActivityModel()
        self._stepper = Stepper()
        self._references: list[tuple[float, Stance, bool]] = []
        self._stance: Stance | None = None
        self._belief = list(_EVEN)
        self._told: list[tuple[float, Activity]] = [(-math.inf, Activity.UNKNOWN)]
        self._newest_s = 0.0
        self._rose_m = self._fell_m = 0.0  # recent extremes of height, fading

    def calibrated(self, stance: Stance, from_s: float, *, is_current: bool) -> None:
        """From `from_s` angles are against that stance; `is_current`: it is also what the wearer does just then."""
        self._references.append((from_s, stance, is_current))

    def feed(self, pose: Pose, t: Floats) -> Codes:
        """The activity (n,) at the times t (n,) s, which are among the pose's."""
        for step in self._stepper.feed(pose):
            self._learn(step)
        changes = np.array([at_s for at_s, _ in self._told])
        codes = np.array([activity for _, activity in self._told], dtype=np.int8)
        activity: Codes = codes[np.searchsorted(changes, t, side="right") - 1]
        self._told = self._told[-1:]
        return activity

    def _learn(self, step: Step) -> None:
        self._take_reference(step.end_s - STEP_S)
        if step.is_fresh or not step.is_known:
            self._forget(step.end_s - self._newest_s)
        self._newest_s = step.end_s
        if not step.is_known:
            self._tell(step.end_s, Activity.UNKNOWN)
            return
        scores = self._scores(step)
        top = max(scores)
        odds = self._odds(step)
        belief = [
            sum(self._belief[old] * odds[old][new] for old in range(4))
            * math.exp(max(scores[new] - top, -self._model.furthest))
            for new in range(4)
        ]
        total = sum(belief)
        self._belief = [part / total for part in belief]
        self._tell(step.end_s, self._verdict())

    def _take_reference(self, start_s: float) -> None:
        while self._references and self._references[0][0] <= start_s:
            _, stance, is_current = self._references.pop(0)
            if stance is not self._stance:
                self._stance, self._belief = stance, list(_EVEN)
            if is_current:
                certain = _STAND if self._stance is Stance.STANDING else _SIT
                self._belief = [0.97 if state == certain else 0.01 for state in range(4)]

    def _forget(self, span_s: float) -> None:
        kept = math.exp(-max(span_s, 0.0) / self._model.forget_s)
        self._belief = [kept * part + (1 - kept) * 0.25 for part in self._belief]

    def _verdict(self) -> Activity:
        best = max(range(4), key=self._belief.__getitem__)
        if self._stance is None:
            return Activity.WALKING if best == _WALK and self._belief[best] >= self._model.sure else Activity.UNKNOWN
        return _STATES[best] if self._belief[best] >= self._model.sure else self._told[-1][1]

    def _tell(self, from_s: float, activity: Activity) -> None:
        if activity != self._told[-1][1]:
            self._told.append((from_s, activity))

    def _odds(self, step: Step) -> list[list[float]]:
        """Odds against staying; row: from, column: to."""
        m = self._model
        rise_m, drop_m = step.rise_m - m.rebound * self._fell_m, -step.drop_m - m.rebound * self._rose_m
        fading = math.exp(-STEP_S / m.rebound_s)
        self._rose_m, self._fell_m = max(self._rose_m * fading, step.rise_m), max(self._fell_m * fading, -step.drop_m)
        rise = m.unseen_change + m.change * _share((rise_m - m.rise_m) / m.height_width_m)
        drop = m.unseen_change + m.change * _share((drop_m - m.drop_m) / m.height_width_m)
        return [
            [1.0, rise, rise * m.start_walking, m.lie_down],
            [drop, 1.0, m.start_walking, m.lie_down * m.stop_walking],
            [drop * m.stop_walking, m.stop_walking, 1.0, m.unseen_change],
            [m.lie_down, rise * m.stop_walking, m.unseen_change, 1.0],
        ]

    def _scores(self, step: Step) -> list[float]:
        """Log-likelihood of each state."""
        m = self._model
        expected = m.from_sitting if self._stance is Stance.SITTING else m.from_standing
        sit = _nats(step.pelvis_deg, expected.sitting_pelvis) + _nats(step.lordosis_deg, expected.sitting_lordosis)
        stand = _nats(step.pelvis_deg, expected.standing_pelvis) + _nats(step.lordosis_deg, expected.standing_lordosis)
        likelier, gap = max(sit, stand), max(abs(sit - stand) - expected.telling, 0.0)
        sit, stand = (likelier, likelier - gap) if sit > stand else (likelier - gap, likelier)
        tipped_deg = step.trunk_tipped_deg if math.isnan(step.pelvis_tipped_deg) else step.pelvis_tipped_deg
        upright, flat = (m.incline_share * _nats(tipped_deg, spread) for spread in (m.upright, m.lying))
        stepping = math.log(max(step.stepping, m.least_stepping))
        walks, rests = m.stepping_share * _nats(stepping, m.walking), m.stepping_share * _nats(stepping, m.resting)
        return [
            m.posture_share * sit + upright + rests,
            m.posture_share * stand + upright + rests,
            m.posture_share * stand + upright + walks,
            m.posture_share * likelier + flat + rests,  # people lie in every posture: only the incline tells
        ]


def _nats(x: float, spread: Spread) -> float:
    """Log density, less a constant; an unknown value says nothing."""
    if math.isnan(x):
        return 0.0
    off = (x - spread.mean) / spread.deviation
    return -0.5 * off * off - math.log(spread.deviation)


def _share(x: float) -> float:
    """0 to 1, half at x = 0."""
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, x))))
