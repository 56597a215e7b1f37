"""What inclination is measured against: the calibrated stance or, without one, how gravity lies while walking.

People walk nearly as upright as they stand, whatever they do on a chair, and walking needs no reference to be seen.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from analysis import quaternion
from analysis.detectors.steps import STEP_S, Postures, Steps, chord
from analysis.model import Floats, Segment, Stance
from analysis.own_postures import OwnPostures

WALKED = 20  # steps of walking that tell how it is done: 10 s
_NEW_SHARE = 0.25  # of what was known before that every further WALKED steps replace


class Uprights:
    """Both segments' uprights over time. Steps must come in order."""

    def __init__(self) -> None:
        self.stance: Stance | None = None  # of the calibration
        self.is_new = False  # since the last look
        self._stances: list[tuple[float, Stance, bool]] = []
        self._adapted: list[tuple[float, OwnPostures]] = []
        self._own: dict[Stance, OwnPostures] = {}
        self._swaps: list[tuple[float, Segment]] = []
        self._walked: dict[Segment, Floats] = {}  # (3,) up in the sensor's frame while walking
        self._sum: dict[Segment, Floats] = {segment: np.zeros(3) for segment in Segment}
        self._count = 0

    @property
    def is_known(self) -> bool:
        return self.stance is not None or bool(self._walked)

    @property
    def is_seat(self) -> bool:
        """The only upright known is that of sitting: it tells lying, and nothing of sitting against standing."""
        return self.stance is Stance.SITTING and not self._walked

    def calibrated(self, stance: Stance, from_s: float, *, is_current: bool) -> None:
        self._stances.append((from_s, stance, is_current))
        self._stances.sort(key=lambda entry: entry[0])

    @property
    def own(self) -> OwnPostures | None:
        """How this person sits and stands against the calibrated upright, where they have shown any of it."""
        own = None if self.stance is None else self._own.get(self.stance)
        return own if own is not None and (own.sitting or own.standing) else None

    def adapted(self, own: OwnPostures, from_s: float) -> None:
        """The wearer sits and stands so against a reference of that stance."""
        self._adapted.append((from_s, own))
        self._adapted.sort(key=lambda entry: entry[0])

    def changed(self, segment: Segment, from_s: float) -> None:
        """Another sensor is worn there from then on."""
        self._swaps.append((from_s, segment))

    def turn_to(self, start_s: float) -> Stance | None:
        """What holds for a step that begins then; the stance the wearer is in, if one was just calibrated."""
        while self._swaps and self._swaps[0][0] <= start_s:
            segment = self._swaps.pop(0)[1]
            self._walked.pop(segment, None)
            self._restart()
        while self._adapted and self._adapted[0][0] <= start_s:
            own = self._adapted.pop(0)[1]
            self._own[own.stance] = own
            self.is_new = True
        current = None
        while self._stances and self._stances[0][0] <= start_s:
            _, self.stance, is_current = self._stances.pop(0)
            self.is_new = True
            current = self.stance if is_current else None
        return current

    def end(self, steps: Steps, first: int) -> int:
        """The first step after `first` that another stance or sensor, or the wearer's own postures, may hold for."""
        turns = [queue[0][0] for queue in (self._stances, self._swaps, self._adapted) if queue]
        if not turns:
            return len(steps)
        return max(first + 1, int(np.searchsorted(steps.end_s - STEP_S, min(turns))))

    def tipped(self, postures: Postures) -> Mapping[Segment, Floats]:
        """Chords (n,) from upright, NaN where it is not known."""
        if self.stance is Stance.STANDING or (self.stance is Stance.SITTING and not self._walked):
            return postures.tipped
        unknown = np.full(len(postures), np.nan)
        return {
            segment: chord(postures.up[segment], self._walked[segment]) if segment in self._walked else unknown
            for segment in Segment
        }

    @property
    def to_walk(self) -> int:
        """Steps of walking until more is known; so many may be told of at once."""
        return WALKED - self._count

    def walked(self, steps: Steps, first: int, count: int) -> None:
        """These steps were of walking."""
        if self.stance is Stance.STANDING:
            return
        for row in range(first, first + count):
            for segment in Segment:
                self._sum[segment] = self._sum[segment] + steps.now.up[segment][row]
        self._count += count
        if self._count >= WALKED:
            self._take()

    def _take(self) -> None:
        for segment, total in self._sum.items():
            if np.isnan(total).any():
                continue
            new, old = quaternion.normalise(total), self._walked.get(segment)
            self._walked[segment] = new if old is None else quaternion.normalise(old + _NEW_SHARE * (new - old))
            self.is_new = True
        self._restart()

    def _restart(self) -> None:
        self._sum = {segment: np.zeros(3) for segment in Segment}
        self._count = 0
