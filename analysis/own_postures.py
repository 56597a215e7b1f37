"""How one person really sits and stands, from the spans of time they have named themselves.

The activity model's own numbers are of other people. A wearer who says "here I sat" shows what sitting is in their
own angles; the model then looks for that. One wrong word must not break it: medians throughout, limits on what can be
a person's sitting or standing, and the newest spans only. Everything here is pure.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol, runtime_checkable

import numpy as np

from analysis.model import FRAME_HZ, Activity, Event, Floats, ShownPosture, Stance, Value

SAMPLE_S = 2.0  # a posture held is one observation, however often it is read
MEMORY_S = 48 * 3600.0
FEWEST = 10  # samples of an angle in a span, for it to say something
LEAST_S = 60.0  # of a posture, for it to be one's own
SPAN_COUNTS_S = 1800.0  # a longer span counts no more than one of this
SPREADS_DEG = (3.0, 15.0)  # nobody sits more still, or is less certain, than this
NEWEST = 40  # spans

# Where a person's own mean may lie, in degrees: population means (see detectors/activity.py) and some two and a half
# of their standard deviations. Beyond is a slipped sensor or a wrong word.
LIMITS_DEG: Mapping[tuple[Stance, Activity], tuple[float, float]] = {
    (Stance.STANDING, Activity.SITTING): (-45.0, 12.0),
    (Stance.STANDING, Activity.STANDING): (-15.0, 15.0),
    (Stance.SITTING, Activity.SITTING): (-30.0, 25.0),
    (Stance.SITTING, Activity.STANDING): (-5.0, 35.0),
}


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


@runtime_checkable
class Adapting(Protocol):
    """Whatever looks for this person's own sitting and standing once they have shown it."""

    def adapted(self, own: OwnPostures, from_s: float) -> None:
        """From `from_s` on, against a reference of that stance, the wearer sits and stands so; told before that tick.

        It takes the place of what was told of that stance before: None is again as other people are.
        """
        ...


def own_postures(shown: Sequence[ShownPosture], stance: Stance) -> OwnPostures:
    """What the newest of these spans (oldest first) say, of those against such a reference."""
    fitting = [one for one in shown if one.stance is stance][-NEWEST:]
    sitting, standing = (
        _posture([one for one in fitting if one.activity is activity], LIMITS_DEG[stance, activity])
        for activity in (Activity.SITTING, Activity.STANDING)
    )
    return OwnPostures(stance, sitting, standing)


class AngleHistory:
    """The wearer's angles of the last MEMORY_S, every SAMPLE_S."""

    def __init__(self) -> None:
        self._stances: list[tuple[float, Stance]] = []
        self._stance: Stance | None = None
        self._rows: deque[tuple[float, Stance, float, float]] = deque(maxlen=round(MEMORY_S / SAMPLE_S))

    def calibrated(self, stance: Stance, after_s: float) -> None:
        """Ticks later than `after_s` are against that stance; told before any of them is fed."""
        insort(self._stances, (after_s, stance), key=lambda one: one[0])

    def feed(self, t: Floats, pelvis_deg: Floats, lordosis_deg: Floats) -> None:
        """Angles (n,) at frame ticks t (n,) s."""
        chosen = np.rint(t * FRAME_HZ).astype(np.int64) % _EVERY == 0
        for row in zip(t[chosen].tolist(), pelvis_deg[chosen].tolist(), lordosis_deg[chosen].tolist(), strict=True):
            while self._stances and self._stances[0][0] < row[0]:
                self._stance = self._stances.pop(0)[1]
            if self._stance is not None and not (math.isnan(row[1]) and math.isnan(row[2])):
                self._rows.append((row[0], self._stance, row[1], row[2]))

    def shown(self, start_s: float, end_s: float, activity: Activity) -> ShownPosture | None:
        """How the wearer sat or stood in [start_s, end_s); None where that says nothing.

        Where the reference changed in between, the part counts that has more of it.
        """
        if activity not in (Activity.SITTING, Activity.STANDING):
            return None
        rows = [row for row in self._rows if start_s <= row[0] < end_s]
        parts = [[row for row in rows if row[1] is stance] for stance in Stance]
        part = max(parts, key=len)
        pelvis, lordosis = _spread([row[2] for row in part]), _spread([row[3] for row in part])
        if pelvis is None and lordosis is None:
            return None
        return ShownPosture(
            activity=activity,
            stance=part[0][1],
            known_s=SAMPLE_S * len(part),
            pelvis_deg=pelvis.mean if pelvis else math.nan,
            pelvis_spread_deg=pelvis.deviation if pelvis else math.nan,
            lordosis_deg=lordosis.mean if lordosis else math.nan,
            lordosis_spread_deg=lordosis.deviation if lordosis else math.nan,
        )


def values_of(shown: ShownPosture) -> dict[str, Value]:
    """A shown posture as an event's values, without its activity; None is unknown."""
    angles = {name: getattr(shown, name) for name in _ANGLES}
    return {
        "stance": shown.stance.value,
        "known_s": shown.known_s,
        **{name: None if math.isnan(angle) else angle for name, angle in angles.items()},
    }


def shown_of(event: Event) -> ShownPosture | None:
    """The reverse, of a correction's event; None where it shows no posture."""
    activity, known_s = _POSTURES.get(event.values.get("activity")), event.values.get("known_s")
    stances = [stance for stance in Stance if stance == event.values.get("stance")]
    if activity is None or not stances or not isinstance(known_s, float):
        return None
    angles = [event.values.get(name) for name in _ANGLES]
    return ShownPosture(
        activity, stances[0], known_s, *(angle if isinstance(angle, float) else math.nan for angle in angles)
    )


_EVERY = round(SAMPLE_S * FRAME_HZ)
_ANGLES = ("pelvis_deg", "pelvis_spread_deg", "lordosis_deg", "lordosis_spread_deg")
_POSTURES: Mapping[object, Activity] = {"sitting": Activity.SITTING, "standing": Activity.STANDING}


def _spread(values: Sequence[float]) -> Habit | None:
    """Median, and the standard deviation that the median deviation from it stands for in a normal distribution."""
    known = np.array([value for value in values if not math.isnan(value)])
    if len(known) < FEWEST:
        return None
    middle = float(np.median(known))
    return Habit(middle, 1.4826 * float(np.median(np.abs(known - middle))))


def _posture(spans: Sequence[ShownPosture], limits_deg: tuple[float, float]) -> OwnPosture | None:
    known_s = sum(span.known_s for span in spans)
    if known_s < LEAST_S:
        return None
    pelvis = _habit([(span.pelvis_deg, span.pelvis_spread_deg, span.known_s) for span in spans], limits_deg)
    lordosis = _habit([(span.lordosis_deg, span.lordosis_spread_deg, span.known_s) for span in spans], limits_deg)
    return None if pelvis is None and lordosis is None else OwnPosture(pelvis, lordosis, known_s)


def _habit(spans: Iterable[tuple[float, float, float]], limits_deg: tuple[float, float]) -> Habit | None:
    """(median, spread, seconds) of each span as one: their weighted median, and both their spread and its scatter."""
    known = [(middle, spread, min(span_s, SPAN_COUNTS_S)) for middle, spread, span_s in spans if middle == middle]
    if not known:
        return None
    middle = _weighted_median([(span[0], span[2]) for span in known])
    within = _weighted_median([(span[1], span[2]) for span in known])
    between = 1.4826 * _weighted_median([(abs(span[0] - middle), span[2]) for span in known])
    low, high = limits_deg
    least, most = SPREADS_DEG
    return Habit(min(max(middle, low), high), min(max(math.hypot(within, between), least), most))


def _weighted_median(values: Iterable[tuple[float, float]]) -> float:
    """The first value, in order, up to which half of the weight lies."""
    ordered = sorted(values)
    reached = list(accumulate(weight for _, weight in ordered))
    return ordered[bisect_left(reached, reached[-1] / 2)][0]
