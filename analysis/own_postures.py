"""How one person really sits and stands, from the spans of time they have named themselves.

The activity model's own numbers are of other people. A wearer who says "here I sat" shows what sitting is in their
own angles; the model then looks for that. Everything here is pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from analysis.model import Stance


@dataclass(frozen=True, slots=True)
class Habit:
    """One angle of one person in one posture, in degrees against the calibrated reference."""

    mean: float
    deviation: float  # standard deviation of the angle itself, over the time in that posture


@dataclass(frozen=True, slots=True)
class OwnPosture:
    """How one person sits, or stands. None where nothing is known, as of a sensor that was not worn."""

    pelvis: Habit | None  # pelvic tilt, forward +
    lordosis: Habit | None  # lumbar lordosis, flexion −
    known_s: float  # the time it was learnt from


@dataclass(frozen=True, slots=True)
class OwnPostures:
    """One person's sitting and standing, against a reference of `stance`; None where they have named no such time."""

    stance: Stance
    sitting: OwnPosture | None = None
    standing: OwnPosture | None = None
