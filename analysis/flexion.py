"""Lumbar flexion as a share of the wearer's own range: 0 % is the own upright standing, 100 % a full forward bend.

Figures of seated work are given so (43–79 % of maximum flexion at desks: Davidson & Callaghan 2025,
10.1016/j.apergo.2024.104374), because backs differ more in their range than in how much of it sitting takes.
"""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from analysis import quaternion
from analysis.bending import Movement
from analysis.errors import PostureError
from analysis.model import CalibrateRequest, Calibration, FlexionRange, Floats, Segment, Stance

SHORTEST_S = 9.0  # three postures, three seconds each
_BENT_DEG = 40.0  # of the trunk: a forward bend, no longer a way of sitting
_HELD_DEG = 3.0  # what the flexion may vary by within a second that counts as held
_LEAST_FULL_DEG = 15.0
_LEAST_SEATED_DEG = 4.0  # from tallest to most slumped; repeats of one posture vary by 1.3–2.7°
_AGAIN = "and measure your range again."


class Held:
    """Which calibration of each segment, and which range, holds when. Entries may come in any order."""

    def __init__(self) -> None:
        self._calibrations: dict[Segment, list[tuple[float, int, Calibration | None]]] = {s: [] for s in Segment}
        self._ranges: list[tuple[float, int, FlexionRange]] = []
        self._count = 0

    def put(self, segment: Segment, after_s: float, calibration: Calibration | None) -> None:
        """From the first moment after `after_s`; None: another sensor, of which nothing is known."""
        self._count += 1
        if calibration is None:
            self._calibrations[segment] = [one for one in self._calibrations[segment] if one[0] < after_s]
        insort(self._calibrations[segment], (after_s, self._count, calibration), key=_place)

    def put_range(self, after_s: float, flexion: FlexionRange) -> None:
        self._count += 1
        insort(self._ranges, (after_s, self._count, flexion), key=_place)

    def calibration(self, segment: Segment, at_s: float) -> Calibration | None:
        return next((item for after_s, _, item in reversed(self._calibrations[segment]) if after_s < at_s), None)

    def range(self, at_s: float) -> FlexionRange | None:
        return next((item for after_s, _, item in reversed(self._ranges) if after_s < at_s), None)

    def share(self, t: Floats, lordosis_deg: Floats) -> Floats:
        """Flexion in % of the own range (n,) at rising times t (n,); NaN without a range or an upright standing."""
        share = np.full(len(t), np.nan)
        if not self._ranges or not len(t):
            return share
        starts = {after_s for after_s, _, _ in self._ranges}
        for entries in self._calibrations.values():
            starts |= {after_s for after_s, _, _ in entries}
        edges = [0, *np.searchsorted(t, sorted(starts), side="right").tolist(), len(t)]
        for first, end in pairwise(edges):
            if first < end:
                share[first:end] = lordosis_deg[first:end] * self._factor(float(t[first]))
        return share

    def _factor(self, at_s: float) -> float:
        """% per degree of lordosis."""
        own = self.range(at_s)
        stances = [made.stance for made in (self.calibration(segment, at_s) for segment in Segment) if made]
        return math.nan if own is None or stances != [Stance.STANDING] * 2 else -100.0 / own.full_deg


def _place(entry: tuple[float, int, object]) -> tuple[float, int]:
    return entry[0], entry[1]


def measured(
    request: CalibrateRequest, movements: Mapping[Segment, Movement], held: Mapping[Segment, Calibration]
) -> FlexionRange:
    """The range shown in a span: sitting tall, sitting slumped and bent fully forward, in any order, each held.

    `held` are the calibrations, made standing, that hold throughout it. Raises PostureError with what to repeat.
    """
    if request.duration_s < SHORTEST_S:
        raise PostureError(f"Measuring the range takes at least {SHORTEST_S:.0f} s; ask for a longer time {_AGAIN}")
    pitches = {}
    for segment in Segment:
        if len(movements[segment].t) < 2:
            raise PostureError(f"The {segment} sensor sent nothing; wait until both sensors stream {_AGAIN}")
        pitches[segment] = _pitch_deg(movements[segment], held[segment].mounting)
    t, trunk_deg = movements[Segment.LUMBAR].t, pitches[Segment.LUMBAR]
    pelvis_deg = np.interp(t, movements[Segment.PELVIS].t, pitches[Segment.PELVIS])
    return _range_of(*_held_seconds(t - request.start_s, trunk_deg - pelvis_deg, trunk_deg))


def _pitch_deg(movement: Movement, mounting: Floats) -> Floats:
    """(n,) of the segment, −180 to 180, without a jump inside."""
    up = quaternion.rotate(quaternion.conjugate(mounting), movement.up)
    pitch: Floats = np.degrees(np.unwrap(np.arctan2(-up[:, 0], up[:, 2])))
    return pitch


def _held_seconds(since_s: Floats, flexion_deg: Floats, trunk_deg: Floats) -> tuple[Floats, Floats]:
    """Mean flexion and trunk pitch of every second in which the back was held still."""
    second = np.floor(since_s).astype(np.intp)
    rows = [
        (float(flexion_deg[own].mean()), float(trunk_deg[own].mean()))
        for own in (second == number for number in np.unique(second).tolist())
        if np.ptp(flexion_deg[own]) < _HELD_DEG
    ]
    table = np.array(rows).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _range_of(flexion_deg: Floats, trunk_deg: Floats) -> FlexionRange:
    is_bent = trunk_deg > _BENT_DEG
    if not is_bent.any():
        raise PostureError(f"I saw no full forward bend; bend fully forward and stay there for three seconds, {_AGAIN}")
    if is_bent.all():
        raise PostureError(f"I saw no sitting; sit tall and then slumped, three seconds each, {_AGAIN}")
    seated_deg = flexion_deg[~is_bent]
    tall_deg, slump_deg, full_deg = float(seated_deg.min()), float(seated_deg.max()), float(flexion_deg[is_bent].max())
    if slump_deg - tall_deg < _LEAST_SEATED_DEG:
        raise PostureError(
            f"Sitting tall and slumped differed by only {slump_deg - tall_deg:.0f}°; hold each for three seconds, "
            f"as tall and as slumped as you can, {_AGAIN}"
        )
    if full_deg < max(_LEAST_FULL_DEG, slump_deg):
        raise PostureError(
            f"The back rounded by only {full_deg:.0f}° in the forward bend (slumped: {slump_deg:.0f}°); "
            f"let it round as far as it goes {_AGAIN}"
        )
    return FlexionRange(tall_deg, slump_deg, full_deg)
