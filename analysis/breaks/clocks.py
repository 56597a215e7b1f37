"""One type's clock: it runs while what fills it goes on, and is paid back second by second.

A clock is only ever moved at a change of what goes on or at a moment that follows from it, never where the input
happened to be cut: so its value is the same to the last bit for any cutting.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum, auto

from analysis.breaks.presence import TICKS_PER_S
from analysis.breaks.types import BreakType, Clock

_NEARLY = 1e-6  # s
_STEPS = 2000  # more than a day has
_BODY = (Clock.SITTING, Clock.STATIC, Clock.BENT, Clock.ARCHED)


class Flow(Enum):
    """Which way a clock goes."""

    RUN = auto()
    HOLD = auto()
    AWAY = auto()  # off the seat, idle, or in a good posture: the break's own time


@dataclass(frozen=True, slots=True)
class Step:
    """What was done to a clock at a tick, so that it can be counted anew (`analysis.breaks.recounting`)."""

    at: int
    before_s: float  # what it showed then
    flow: Flow | None = None  # from then on …
    already_s: float = 0.0  # … and, of a break, for so long already
    clear_s: float | None = None
    back_s: float = 0.0
    slept_s: float = 0.0


class Account:
    """`clock_s` is what is owed; it never falls below 0."""

    def __init__(self, one: BreakType) -> None:
        self.type = one
        self.clock_s = 0.0
        self.away_s = 0.0  # of the break that goes on
        self.before_s = 0.0  # what the clock showed when it began
        self.ended_s: float | None = None  # length of a break that has just ended, until it is looked at
        self.is_counted = False  # the break that goes on is in the record already
        self.overdue_s = 0.0  # run beyond the interval since last looked at
        self.flow = Flow.HOLD
        self.at = 0
        self.steps: list[Step] = []
        self._held_s = 0.0

    @property
    def is_due(self) -> bool:
        return self.clock_s >= self.type.interval_s - _NEARLY

    @property
    def can_be_due(self) -> bool:
        return math.isfinite(self.type.interval_s)

    @property
    def rate(self) -> float:
        """Of the clock, s/s."""
        if self.flow is Flow.AWAY:
            return -self._pay if self.clock_s > 0 else 0.0
        return 1.0 if self.flow is Flow.RUN else 0.0

    @property
    def _pay(self) -> float:
        one = self.type
        if not one.pays:
            return 0.0
        return one.interval_s / one.length_s if math.isfinite(one.interval_s) else 1.0

    def run_to(self, tick: int) -> None:
        """Up to `tick` as it goes now."""
        if tick > self.at:
            span_s = (tick - self.at) / TICKS_PER_S
            self.at = tick
            self.pass_by(span_s)

    def pass_by(self, span_s: float) -> None:
        """So much time as it goes now."""
        if self.flow is Flow.RUN:
            before_s = max(self.clock_s, self.type.interval_s)
            self.clock_s += span_s
            self.overdue_s += max(0.0, self.clock_s - before_s)
            self._held_s = 0.0
        elif self.flow is Flow.AWAY:
            self._held_s = 0.0
            self._rest(span_s)
        else:
            self._held_s += span_s
            if self.type.clock in _BODY and self._held_s >= self.type.interval_s:
                self.clock_s = 0.0  # what was not seen for so long is not held against anybody

    def switch(self, flow: Flow, already_s: float = 0.0) -> None:
        """From now on; a break that is only noticed now began `already_s` ago, while the clock still ran."""
        if flow is self.flow:
            return
        self._keep(Step(self.at, self.clock_s, flow, already_s))
        if flow is Flow.RUN and self.away_s > 0:
            self.ended_s, self.away_s = self.away_s, 0.0
            if self.type.pays and self.ended_s >= self.type.enough_s - _NEARLY:
                self.clock_s = 0.0
        was, self.flow = self.flow, flow
        if flow is not Flow.AWAY or self.away_s > 0:
            return
        self.is_counted = False
        if was is Flow.RUN and already_s > 0:
            self.clock_s = max(0.0, self.clock_s - already_s)
        self.before_s = self.clock_s
        if already_s > 0:
            self._rest(already_s)

    def date_back(self, span_s: float) -> None:
        """The seat was taken so much earlier than was known: what runs has run for longer, a break was over by then."""
        if self.flow is Flow.HOLD:
            return
        self._keep(Step(self.at, self.clock_s, back_s=span_s))
        if self.flow is Flow.RUN:
            self.clock_s += span_s
            return
        self.away_s = max(0.0, self.away_s - span_s)
        if self.clock_s > 0:
            self.clock_s = min(self.before_s, self.clock_s + span_s * self._pay)

    def sleep(self, span_s: float) -> None:
        """So much time that the session's clock does not have, as it goes now."""
        self._keep(Step(self.at, self.clock_s, slept_s=span_s))
        self.pass_by(span_s)

    def clear(self, clock_s: float = 0.0) -> None:
        self._keep(Step(self.at, self.clock_s, clear_s=clock_s))
        self.clock_s = clock_s

    def _keep(self, step: Step) -> None:
        if len(self.steps) >= _STEPS:
            del self.steps[: _STEPS // 2]
        self.steps.append(step)

    def due_at(self) -> int | None:
        """The tick when it will be full; None where it is, or does not run."""
        if self.flow is not Flow.RUN or self.is_due or not math.isfinite(self.type.interval_s):
            return None
        return self.at + max(1, math.ceil((self.type.interval_s - self.clock_s) * TICKS_PER_S - _NEARLY))

    def away_at(self, span_s: float) -> int | None:
        """The tick when the break will have lasted so long; None where it has, or does not go on."""
        if self.flow is not Flow.AWAY or self.away_s >= span_s - _NEARLY:
            return None
        return self.at + max(1, math.ceil((span_s - self.away_s) * TICKS_PER_S - _NEARLY))

    def _rest(self, span_s: float) -> None:
        one = self.type
        self.away_s += span_s
        self.clock_s = max(0.0, self.clock_s - span_s * self._pay)
        if self.away_s >= min(one.reset_s, one.length_s if one.pays else math.inf) - _NEARLY:
            self.clock_s = 0.0
