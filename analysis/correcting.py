"""The wearer's corrections of one session: told at once, and learnt from once the frames have come up to them.

A correction arrives between two blocks, while frames lag behind samples by an amount that depends on how feeds are
grouped. So what it teaches is worked out, and holds, from the newest sample's time on: the same however inputs came.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace

from analysis.corrections import Corrections, spans_of
from analysis.model import CarriedPostures, Event, Label, PostureFrame, ShownPosture, Stance
from analysis.own_postures import AngleHistory, OwnPostures, own_postures, values_of


@dataclass(frozen=True, slots=True)
class Learnt:
    """What became known from one correction: what of it was shown, and the wearer's own postures from then on."""

    from_s: float
    events: list[Event]
    own: tuple[OwnPostures, ...]  # one for each stance


class Correcting:
    """Labels, carried postures and frames in."""

    def __init__(self) -> None:
        self._told = Corrections()
        self._learnt = Corrections()
        self._history = AngleHistory()
        self._waiting: deque[tuple[float, Label | CarriedPostures]] = deque()
        self._carried: tuple[ShownPosture, ...] = ()
        self._shown: dict[float, ShownPosture] = {}  # by the start of its span

    @property
    def due_s(self) -> list[float]:
        """After each of these, and before any later tick, `learn` must be asked."""
        return [from_s for from_s, _ in self._waiting]

    def correct(self, label: Label, now_s: float) -> list[Event]:
        """How the corrected spans stand at once; `now_s`: end of the newest samples."""
        self._waiting.append((max(now_s, self._last_s()), label))
        return self._told.add(label)

    def carry(self, carried: CarriedPostures, now_s: float) -> None:
        """What the wearer has shown in other sessions, instead of what was known of that before."""
        self._waiting.append((max(now_s, self._last_s()), carried))

    def calibrated(self, stance: Stance, after_s: float) -> None:
        self._history.calibrated(stance, after_s)

    def feed(self, frame: PostureFrame) -> None:
        self._history.feed(frame.t, frame.values["pelvic_tilt"], frame.values["lumbar_lordosis"])

    def learn(self, until_s: float) -> list[Learnt]:
        """What is due, now that all ticks before `until_s` have been fed and that one has not."""
        learnt = []
        while self._waiting and self._waiting[0][0] < until_s:
            from_s, item = self._waiting.popleft()
            events = [self._seen(event) for event in self._learnt.add(item)] if isinstance(item, Label) else []
            if isinstance(item, CarriedPostures):
                self._carried = item.shown
            shown = [*self._carried, *(self._shown[start_s] for start_s in sorted(self._shown))]
            learnt.append(Learnt(from_s, events, tuple(own_postures(shown, stance) for stance in Stance)))
        return learnt

    def _last_s(self) -> float:
        return self._waiting[-1][0] if self._waiting else -math.inf

    def _seen(self, event: Event) -> Event:
        """A correction's event with the posture that was shown in it."""
        self._shown.pop(event.start_s, None)
        for span in spans_of([event]):
            shown = self._history.shown(span.start_s, span.end_s, span.activity)
            if shown is not None:
                self._shown[span.start_s] = shown
                return replace(event, values={**event.values, **values_of(shown)})
        return event
