"""How sitting was spread over bouts, in the numbers that thigh-worn sensors have made usual. Pure.

Definitions as activPAL's users have them (R packages PAactivPAL and activpalProcessing; Chastin & Granat 2010, Gait &
Posture 31:82; bouts over 20, 60 and 120 min, breaks per sedentary hour, alpha, usual bout). Those sensors count lying
as sitting; ours tells the two apart and counts sitting alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import mean, median

from analysis.model import Activity

LONG_MIN = (20, 60, 120)
PARTIAL_S = 60.0  # who is up for less has half a break: of 1 min or more a break is counted (activPAL's usual epoch)
SHORTEST_S = 10.0  # of sitting, as activPAL's own default: what is shorter is no bout
FEWEST = 10  # bouts, for alpha: its standard error is (alpha − 1) / √n (Clauset 2009, SIAM Rev 51:661)

_UP = (Activity.STANDING, Activity.WALKING)
_NEXT_S = 1.0  # two bouts nearer than this follow each other


@dataclass(frozen=True, slots=True)
class Span:
    """A bout of anything; times in seconds from wherever."""

    activity: Activity
    start_s: float
    end_s: float

    @property
    def length_s(self) -> float:
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class LongBouts:
    """The sitting bouts longer than so many minutes."""

    over_min: int
    count: int
    share: float  # of all time sat, 0 … 1; NaN where nobody sat


@dataclass(frozen=True, slots=True)
class BoutStatistics:
    """One day, or many days together; NaN where there is nothing to tell it from."""

    bouts: int  # of sitting
    sitting_s: float
    mean_s: float
    median_s: float
    usual_s: float  # W50: half of all time sat was sat in bouts longer than this (Chastin & Granat 2010)
    alpha: float  # of the power law that bout lengths follow: the higher, the more of them are short
    long: tuple[LongBouts, ...]  # by LONG_MIN
    rises: int  # times from sitting straight to standing or walking
    rises_per_day: float  # over days with any sitting
    breaks: int  # of those, how often the wearer was then up for PARTIAL_S at least
    partial_breaks: int  # and how often for less, before sitting again
    breaks_per_hour: float  # breaks for each hour sat


def statistics_of(days: Sequence[Iterable[Span]]) -> BoutStatistics:
    """Of the bouts of each day, in order of time and none overlapping. A bout over midnight is one in each day."""
    told = [_Day.of(list(day)) for day in days]
    lengths = [length for day in told for length in day.sat_s]
    sat_s = math.fsum(lengths)
    rises, breaks = sum(day.rises for day in told), sum(day.breaks for day in told)
    worn = sum(bool(day.sat_s) for day in told)
    return BoutStatistics(
        bouts=len(lengths),
        sitting_s=sat_s,
        mean_s=mean(lengths) if lengths else math.nan,
        median_s=median(lengths) if lengths else math.nan,
        usual_s=usual(lengths),
        alpha=alpha(lengths),
        long=tuple(_long(lengths, sat_s, over_min) for over_min in LONG_MIN),
        rises=rises,
        rises_per_day=rises / worn if worn else math.nan,
        breaks=breaks,
        partial_breaks=sum(day.partial for day in told),
        breaks_per_hour=3600.0 * breaks / sat_s if sat_s else math.nan,
    )


def alpha(lengths_s: Sequence[float]) -> float:
    """1 + n / Σ ln(x / x_min), the exponent of a power law (Clauset 2009, eq. 3.1); x_min is the shortest bout.

    NaN for fewer than FEWEST bouts, or bouts that are all of one length.
    """
    if len(lengths_s) < FEWEST:
        return math.nan
    shortest = min(lengths_s)
    total = math.fsum(math.log(length / shortest) for length in lengths_s)
    return 1.0 + len(lengths_s) / total if total > 0 else math.nan


def usual(lengths_s: Iterable[float]) -> float:
    """W50: the length of the bout within which, from the shortest on, half of all the time is reached."""
    ordered = sorted(lengths_s)
    half, reached = math.fsum(ordered) / 2, 0.0
    for length in ordered:
        reached += length
        if reached >= half:
            return length
    return math.nan


def _long(lengths_s: Sequence[float], sat_s: float, over_min: int) -> LongBouts:
    long = [length for length in lengths_s if length > 60.0 * over_min]
    return LongBouts(over_min, len(long), math.fsum(long) / sat_s if sat_s else math.nan)


@dataclass(frozen=True, slots=True)
class _Day:
    """What is counted of one day."""

    sat_s: list[float]
    rises: int
    breaks: int
    partial: int

    @classmethod
    def of(cls, spans: Sequence[Span]) -> _Day:
        seated = [span.activity is Activity.SITTING and span.length_s >= SHORTEST_S for span in spans]
        rises = [
            number
            for number, (one, after) in enumerate(pairwise(spans))
            if seated[number] and after.activity in _UP and after.start_s - one.end_s < _NEXT_S
        ]
        partial = sum(_is_partial(spans[number + 1 :]) for number in rises)
        sat_s = [span.length_s for span, is_seated in zip(spans, seated, strict=True) if is_seated]
        return cls(sat_s, len(rises), len(rises) - partial, partial)


def _is_partial(after: Sequence[Span]) -> bool:
    """The wearer was up for less than PARTIAL_S and then sat again at once."""
    up_s, end_s = 0.0, after[0].start_s
    for span in after:
        if span.start_s - end_s >= _NEXT_S or (span.activity not in _UP and span.activity is not Activity.SITTING):
            return False
        if span.activity is Activity.SITTING:
            return up_s < PARTIAL_S
        up_s, end_s = up_s + span.length_s, span.end_s
    return False
