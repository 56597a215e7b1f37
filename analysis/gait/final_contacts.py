"""When a foot leaves the ground, and from it stance, swing and double support, by one sensor on the lower back.

After each initial contact the other foot leaves the ground where the upward force, smoothed, falls fastest (McCamley
2012: 0.03 ± 0.03 s off in 18 young healthy people). The smoothing is that paper's at 0.55 s a step and goes with the
step time, since the best one does (Caramia 2019, Sensors 19:1869: 0.025 s off with it, 20 healthy people at any pace).

Good for a walk's mean and for comparing people with themselves, no more: about a quarter step lies between the force's
peak and its fastest fall whatever the feet do, so that half of a change in double support shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.gait.contacts import Contacts
from analysis.gait.smoothing import gaussian
from analysis.gait.track import Track
from analysis.model import GRID_HZ, Floats

WIDTH_STEPS = 0.29  # standard deviation of the smoothing, in steps: 0.16 s of 0.55 s
_LATEST = 0.6  # of a step after the contact; what falls fastest later belongs to the next one
LEAST_FOUND = 0.8  # of the strides
MOST_VARIED_PERCENT = (
    5.0  # standard deviation of double support over strides; 2 to 3 in straight walks of healthy people
)


@dataclass(frozen=True, slots=True)
class Support:
    """Shares of the stride in %, means over strides."""

    stance_percent: float
    swing_percent: float
    double_support_percent: float  # after either contact


def finals_s(track: Track, contacts: Contacts) -> Floats:
    """When, after each contact (n,), the other foot leaves the ground, s; NaN where that does not show."""
    finals = np.full(len(contacts.t), np.nan)
    if len(contacts.t) < 2:
        return finals
    step_s = float(np.median(np.diff(contacts.t)))
    slope = np.gradient(gaussian(track.up, WIDTH_STEPS * step_s))
    places = np.rint(contacts.t * GRID_HZ).astype(np.int64) - track.first
    for number, (first, following) in enumerate(zip(places[:-1].tolist(), places[1:].tolist(), strict=True)):
        reach = round(_LATEST * min(following - first, step_s * GRID_HZ))
        part = slope[max(first, 0) : first + reach + 1]
        at = int(np.argmin(part)) if len(part) else 0
        if 0 < at < len(part) - 1 and part[at] < 0.0:
            before, here, after = part[at - 1 : at + 2].tolist()
            between = 0.5 * (before - after) / max(before - 2 * here + after, 1e-12)  # bottom of a parabola
            finals[number] = (track.first + max(first, 0) + at + between) / GRID_HZ
    return finals


def support_of(track: Track, contacts: Contacts, rows: NDArray[np.intp]) -> Support | None:
    """By the strides that begin with these contacts; None where too few final contacts show, or they differ much."""
    finals, t = finals_s(track, contacts), contacts.t
    stride_s = t[rows + 2] - t[rows]
    stance = 100.0 * (finals[rows + 1] - t[rows]) / stride_s
    double = 100.0 * (finals[rows] - t[rows] + finals[rows + 1] - t[rows + 1]) / stride_s
    known = np.isfinite(stance) & np.isfinite(double)
    if not len(rows) or known.mean() < LEAST_FOUND or known.sum() < 2:
        return None
    if double[known].std(ddof=1) > MOST_VARIED_PERCENT:
        return None
    mean = float(stance[known].mean())
    return Support(mean, 100.0 - mean, float(double[known].mean()))
