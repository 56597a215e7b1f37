"""Sitting against standing by how this very person does both, once they have shown it.

Two normal distributions of pelvic tilt and of lordosis; for what the person has not shown, those of other people. As
everywhere in the activity model only +, −, ×, ÷ and √ are used on what flows, so nothing depends on how it was cut.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from analysis.model import Activity, Floats, Segment, Stance
from analysis.own_postures import LIMITS_DEG, Habit, OwnPosture, OwnPostures

_SPREADS = 5.0  # the limits of what can be a person's mean are so many standard deviations apart


def own_sitting_nats(own: OwnPostures, leaned: Mapping[Segment, Floats]) -> Floats:
    """Sitting against standing (n,), from the sines of how far each segment leans forward; NaN without the pelvis."""
    pelvis, lumbar = leaned[Segment.PELVIS], leaned[Segment.LUMBAR]
    # Lordosis is the pelvis' tilt less the lumbar spine's.
    lordosis = pelvis * _cosine(lumbar) - _cosine(pelvis) * lumbar
    sits, stands = (
        _habits(own.stance, activity, posture)
        for activity, posture in ((Activity.SITTING, own.sitting), (Activity.STANDING, own.standing))
    )
    tilt = _nats(pelvis, sits[0]) - _nats(pelvis, stands[0])
    curve = _nats(lordosis, sits[1]) - _nats(lordosis, stands[1])
    return tilt + np.where(np.isnan(curve), 0.0, curve)


def _habits(stance: Stance, activity: Activity, own: OwnPosture | None) -> tuple[Habit, Habit]:
    """Of pelvic tilt and of lordosis."""
    low, high = LIMITS_DEG[stance, activity]
    usual = Habit((low + high) / 2, (high - low) / _SPREADS)
    return (own.pelvis or usual, own.lordosis or usual) if own is not None else (usual, usual)


def _nats(sine: Floats, habit: Habit) -> Floats:
    spread = math.sin(math.radians(habit.deviation))
    off = (sine - math.sin(math.radians(habit.mean))) / spread
    told: Floats = -0.5 * off * off - math.log(spread)
    return told


def _cosine(sine: Floats) -> Floats:
    return np.sqrt(np.maximum(1.0 - sine * sine, 0.0))
