"""A sensor that sits otherwise than when it was calibrated, found from walking.

People walk nearly as upright as they stand, whatever they do on a chair, so gravity while walking is the reference, and
sitting is never learned as standing. The first stretch of walking after a standing calibration says how this wearer
walks; one that is already far from upright, or two later ones that are far from the first, tell that the sensor moved.
Told once for each sensor, until the next calibration.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from analysis.model import FRAME_HZ, Activity, Event, Floats, PostureFrame, Segment, Stance

KIND = "slipped"
STRETCH_S = 15.0  # of walking, some 27 steps: their swing averages out
TOGETHER_S = 300.0  # walking before so long a pause is not part of the same stretch
SLIPPED_DEG = 8.0  # repeats of one posture vary by 1.3–2.7°; a sensor put on anew is off by several degrees
_NEEDS = ("pelvic_tilt", "pelvic_obliquity", "trunk_lean", "lateral_bend")
_STRETCH = round(STRETCH_S * FRAME_HZ)  # ticks


@dataclass(frozen=True, slots=True)
class _Stretch:
    """How both segments were inclined over STRETCH_S of walking."""

    start_s: float
    end_s: float
    inclined_deg: Floats  # (4,) pelvis forward and to the right, T12 likewise

    def off_deg(self, other_deg: Floats) -> dict[Segment, float]:
        off = (self.inclined_deg - other_deg).tolist()
        return {Segment.PELVIS: math.hypot(off[0], off[1]), Segment.LUMBAR: math.hypot(off[2], off[3])}


class SlipWatch:
    """Frames in; any cutting of them gives the same events."""

    def __init__(self) -> None:
        self._references: list[tuple[float, Stance]] = []
        self._stance: Stance | None = None
        self._restart()

    def calibrated(self, stance: Stance, from_s: float) -> None:
        """Ticks later than `from_s` are against that stance; told before any of them is fed."""
        self._references.append((from_s, stance))
        self._references.sort(key=lambda entry: entry[0])

    def feed(self, frame: PostureFrame) -> list[Event]:
        rows = np.column_stack([frame.t, *(frame.values[name] for name in _NEEDS)])
        rows = rows[(frame.activity == Activity.WALKING) & np.isfinite(rows).all(axis=1)]
        events: list[Event] = []
        for row in rows:
            self._take_references(float(row[0]))
            if self._stance is Stance.STANDING:
                events += self._take(row)
        return events

    def _restart(self) -> None:
        self._rows: list[Floats] = []
        self._usual_deg: Floats | None = None
        self._suspects: dict[Segment, float] = {}  # since when
        self._told: set[Segment] = set()

    def _take_references(self, at_s: float) -> None:
        while self._references and self._references[0][0] < at_s:
            self._stance = self._references.pop(0)[1]
            self._restart()

    def _take(self, row: Floats) -> list[Event]:
        if self._rows and row[0] - self._rows[-1][0] > TOGETHER_S:
            self._rows = []
        self._rows.append(row)
        if len(self._rows) < _STRETCH:
            return []
        rows, self._rows = np.stack(self._rows), []
        tilt, obliquity, lean, bend = rows[:, 1:].mean(axis=0).tolist()
        inclined = np.array([tilt, obliquity, lean, obliquity + bend])
        return self._judge(_Stretch(float(rows[0, 0]), float(rows[-1, 0]), inclined))

    def _judge(self, stretch: _Stretch) -> list[Event]:
        usual_deg = np.zeros(4) if self._usual_deg is None else self._usual_deg
        off_deg = stretch.off_deg(usual_deg)
        far = {segment: angle for segment, angle in off_deg.items() if angle > SLIPPED_DEG}
        if not far and self._usual_deg is None:
            self._usual_deg = stretch.inclined_deg
        twice = {segment: angle for segment, angle in far.items() if segment in self._suspects}
        new = {segment: angle for segment, angle in twice.items() if segment not in self._told}
        since_s = min((self._suspects[segment] for segment in new), default=math.nan)
        self._suspects = {segment: self._suspects.get(segment, stretch.start_s) for segment in far}
        self._told |= new.keys()
        return [_event(since_s, stretch.end_s, new)] if new else []


def _event(start_s: float, end_s: float, off_deg: dict[Segment, float]) -> Event:
    names = " and the ".join(off_deg)
    verb = "sits" if len(off_deg) == 1 else "sit"
    reason = (
        f"The {names} sensor {verb} {max(off_deg.values()):.0f}° otherwise than when you calibrated; "
        "stand tall for three seconds and calibrate again."
    )
    values = {f"{segment}_off_deg": angle for segment, angle in off_deg.items()}
    return Event(KIND, start_s, end_s, {"reason": reason, **values})
