"""On which side somebody lies, from how gravity turns about the body's long axis. Pure.

Degrees of that turn are 0 on the back, 90 on the right side, ±180 on the front and −90 on the left side. The four
positions are the quarters around these. How sure one is of its quarter is what the error of the sensor's own forward
leaves: where that is not known, the position is not known either.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from analysis import quaternion
from analysis.metrics.uncertainty import HEADING_DEG
from analysis.model import Calibration, Pose, Segment

SURE = 0.7  # a position less probable than this is not told
BODY_DEG = 8.0  # by which skin and a twisted trunk turn a sensor against the body as a whole: a choice of ours
LEVEL = math.cos(math.radians(45.0))  # who lies is tipped at least so far: up along the body's long axis is less


class LyingPosition(StrEnum):
    """Which side of somebody who lies is down."""

    SUPINE = "supine"  # on the back
    PRONE = "prone"  # on the front
    LEFT = "left"  # on the left side
    RIGHT = "right"
    UNKNOWN = "unknown"


CENTRES_DEG = {
    LyingPosition.SUPINE: 0.0,
    LyingPosition.RIGHT: 90.0,
    LyingPosition.PRONE: 180.0,
    LyingPosition.LEFT: -90.0,
}
_QUARTER_DEG = 45.0  # from the middle of a position to its edge


@dataclass(frozen=True, slots=True)
class Told:
    """What can be said of a position that was held."""

    position: LyingPosition  # UNKNOWN where no position is probable enough
    turned_deg: float  # about the long axis; NaN where it is not known
    sure: float  # 0 … 1, the probability of the likeliest position


class Headings:
    """How well each segment's forward is known, over time."""

    def __init__(self) -> None:
        self._errors: dict[Segment, list[tuple[float, float]]] = {segment: [] for segment in Segment}

    def mounted(self, calibration: Calibration, from_s: float) -> None:
        """That calibration is in force later than `from_s`."""
        errors = self._errors[calibration.segment]
        errors.append((from_s, calibration.heading_error_deg))
        errors.sort(key=lambda entry: entry[0])

    def errors_deg(self, at_s: float) -> dict[Segment, float]:
        """Standard errors: NaN where forward was taken from the case, infinite where it is not known."""
        told = {}
        for segment, errors in self._errors.items():
            known = [error for from_s, error in errors if from_s < at_s]
            told[segment] = known[-1] if known else math.inf
        return told


def lain(pose: Pose) -> dict[Segment, tuple[float, float]]:
    """The forward and left parts of up summed over a pose, by the segments that are known throughout."""
    sums = {}
    for segment, q in pose.q.items():
        if len(q) and not np.isnan(q).any():
            x, y, _ = quaternion.up_in_body(q).sum(axis=0).tolist()
            sums[segment] = (x, y)
    return sums


def turned_deg(x: float, y: float) -> float:
    """The turn about the long axis, from the forward and left parts of up."""
    return math.degrees(math.atan2(y, x))


def away_deg(turned: float, position: LyingPosition) -> float:
    """From the middle of a position, to the nearer side: 0 … 180."""
    return _apart_deg(turned, CENTRES_DEG[position])


def nearest(turned: float) -> LyingPosition:
    """The position whose quarter this is; UNKNOWN for NaN."""
    if math.isnan(turned):
        return LyingPosition.UNKNOWN
    return min(CENTRES_DEG, key=lambda position: away_deg(turned, position))


def told_by(sums: Mapping[Segment, tuple[float, float]], heading_errors_deg: Mapping[Segment, float]) -> Told:
    """What the forward and left parts of up say, summed over the time of one position, by the segments known then.

    The errors are those of `Headings`. The two sensors' are as independent as their calibrations; what they differ by
    counts as error, too.
    """
    if not sums:
        return Told(LyingPosition.UNKNOWN, math.nan, 0.0)
    turned = turned_deg(sum(x for x, _ in sums.values()), sum(y for _, y in sums.values()))
    squares = [HEADING_DEG**2 if math.isnan(one) else one * one for one in (heading_errors_deg[key] for key in sums)]
    apart = max(_apart_deg(turned_deg(x, y), turned) for x, y in sums.values())
    error_deg = math.sqrt(sum(squares) / len(squares) ** 2 + BODY_DEG**2 + apart**2)
    position, away = nearest(turned), away_deg(turned, nearest(turned))
    if math.isinf(error_deg):
        return Told(LyingPosition.UNKNOWN, math.nan, 0.0)
    sure = _below((_QUARTER_DEG - away) / error_deg) - _below((-_QUARTER_DEG - away) / error_deg)
    return Told(position if sure >= SURE else LyingPosition.UNKNOWN, turned, sure)


def _apart_deg(a: float, b: float) -> float:
    return abs((a - b + 180.0) % 360.0 - 180.0)


def _below(deviations: float) -> float:
    return 0.5 * (1.0 + math.erf(deviations / math.sqrt(2.0)))
