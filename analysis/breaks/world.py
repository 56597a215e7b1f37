"""All that is known at a moment about the wearer, the desk and the clock on the wall, and what it means to a clock."""

from __future__ import annotations

import math
from enum import Enum, auto

from analysis.break_flow import BreakRequest
from analysis.breaks.clocks import Flow
from analysis.breaks.presence import NOT_SEEN, OFF_SEAT, TICKS_PER_S, Body, Presence
from analysis.breaks.types import DAY_S, BreakRules, BreakType, Clock, Credit, Mode
from analysis.breaks.wall import WallClock
from analysis.desk import Desk, DeskState

_DESK_CLOCKS = (Clock.WALL, Clock.KEYBOARD)
_POSTURE_CLOCKS = (Clock.STATIC, Clock.BENT, Clock.ARCHED)


class Bend(Enum):
    """Of the back, on the seat."""

    UNKNOWN = auto()
    GOOD = auto()
    BENT = auto()
    ARCHED = auto()


class World:
    """Is told, and can be asked; decides nothing."""

    def __init__(self, rules: BreakRules) -> None:
        self.rules = rules
        self.body = Body(ticks(rules.rise_s), ticks(rules.settle_s))
        self.bend = Bend.UNKNOWN
        self.wall = WallClock(rules)
        self.desk: DeskState | None = None
        self.timer_runs = False  # a break that is measured by a timer goes on
        self._idle_from: int | None = None
        self._asked_mode: Mode | None = None
        self._pause_until: float | None = None  # tick, inf; None: no pause
        self._pause_local_s: float | None = None  # or what the clock on the wall will show

    def see_desk(self, state: DeskState, now: int) -> None:
        self.desk = state
        is_told = Desk.IN_USE not in state.desk and not math.isnan(state.idle_s)
        self._idle_from = max(0, min(now, ticks(state.at_s - state.idle_s))) if is_told else None

    @property
    def knows_use(self) -> bool:
        """Whether the computer tells if it is being used."""
        if self.desk is None:
            return False
        return bool(self.desk.desk & (Desk.IN_USE | Desk.LOCKED)) or self._idle_from is not None

    def idle(self, now: int) -> int:
        """Ticks without keys and mouse so far."""
        return 0 if self._idle_from is None else now - self._idle_from

    def is_idle(self, one: BreakType, now: int) -> bool:
        """Away from the keyboard for as long as this type takes for it."""
        if self.desk is None:
            return False
        return Desk.LOCKED in self.desk.desk or (self._idle_from is not None and self.idle(now) >= ticks(one.idle_s))

    def idle_at(self, one: BreakType, now: int) -> int | None:
        """When that will be so."""
        if self.desk is None or self._idle_from is None or self.is_idle(one, now):
            return None
        return self._idle_from + ticks(one.idle_s)

    def is_by_desk(self, one: BreakType) -> bool:
        """The clock on the wall and the keyboard tell this type's time: it is so made, or no sensor sees the wearer."""
        return one.clock in _DESK_CLOCKS or self.body.presence in NOT_SEEN

    def is_by_clock(self, one: BreakType) -> bool:
        """This type is made without regard to the body."""
        return one.clock in _DESK_CLOCKS

    def is_posture(self, one: BreakType) -> bool:
        """What answers this type is a better posture, and not a rise."""
        return one.clock in (Clock.BENT, Clock.ARCHED)

    def idle_already_s(self, one: BreakType, now: int) -> float:
        """How long ago the break began that is only now seen from the keyboard; 0 where the body tells it."""
        if self.timer_runs or not self.is_by_desk(one):
            return 0.0
        idle = self.idle(now) if self.is_by_clock(one) else min(self.idle(now), now - self.body.since)
        return idle / TICKS_PER_S

    def flow(self, one: BreakType, now: int) -> Flow:
        """What the present is to a type's clock."""
        if self.timer_runs and one.credit is Credit.TIMER:
            return Flow.AWAY
        if self.is_by_desk(one):
            return self._desk_flow(one, now)
        presence = self.body.presence
        if presence is Presence.MOVING:
            return Flow.HOLD
        if presence in OFF_SEAT:
            return Flow.HOLD if one.clock is Clock.DAY else Flow.AWAY
        if one.clock is Clock.BENT:
            return self._bend_flow(Bend.BENT)
        return self._bend_flow(Bend.ARCHED) if one.clock is Clock.ARCHED else Flow.RUN

    def _bend_flow(self, bad: Bend) -> Flow:
        if self.bend is Bend.UNKNOWN:
            return Flow.HOLD
        return Flow.RUN if self.bend is bad else Flow.AWAY

    def _desk_flow(self, one: BreakType, now: int) -> Flow:
        if one.clock in _POSTURE_CLOCKS:
            return Flow.HOLD
        if not self.knows_use:
            return Flow.RUN if one.clock is Clock.WALL else Flow.HOLD
        if self.is_idle(one, now):
            return Flow.HOLD if one.clock is Clock.DAY else Flow.AWAY
        return Flow.RUN

    @property
    def is_typing(self) -> bool:
        return self.desk is not None and Desk.TYPING in self.desk.desk

    def set_mode(self, name: str) -> bool:
        """False for a name that is none; an empty one leaves it to the clock."""
        if name and name not in list(Mode):
            return False
        self._asked_mode = Mode(name) if name else None
        return True

    @property
    def asked_mode(self) -> str:
        """As the wearer has set it; empty: by the clock."""
        return "" if self._asked_mode is None else self._asked_mode.value

    def mode(self, now: int) -> Mode:
        if self._asked_mode is not None:
            return self._asked_mode
        return Mode.EVENING if self.wall.is_evening(now) else Mode.DESK

    def pause(self, request: BreakRequest, now: int) -> None:
        """For so long, or until the clock on the wall shows it the next time, or until told otherwise."""
        self._pause_local_s, self._pause_until = None, math.inf
        if request.for_s is not None:
            self._pause_until = now + ticks(request.for_s)
        elif request.until_s is not None and not math.isnan(local_s := self.wall.local_s(now)):
            self._pause_local_s = local_s + ((request.until_s - local_s) % DAY_S or DAY_S)

    def resume(self) -> None:
        self._pause_local_s = self._pause_until = None

    def is_paused(self, now: int) -> bool:
        if self._pause_local_s is not None:
            return self.wall.local_s(now) < self._pause_local_s - 1e-6
        return self._pause_until is not None and now < self._pause_until

    def pause_ends_at(self, now: int) -> int | None:
        if not self.is_paused(now):
            return None
        if self._pause_local_s is not None:
            return self.wall.tick_of(self._pause_local_s, now)
        until = self._pause_until
        return None if until is None or math.isinf(until) else int(until)


def ticks(span_s: float) -> int:
    """Whole ticks; of what is infinite, more than any session has."""
    return round(min(span_s, 1e9) * TICKS_PER_S)
