"""The clock on the wall, from anchors: time of day, weekday, working hours and days that begin before dawn."""

from __future__ import annotations

import math

from analysis.breaks.presence import TICKS_PER_S
from analysis.breaks.types import DAY_S, BreakRules
from analysis.desk import ClockAnchor

_THURSDAY = 3  # weekday of the epoch


class WallClock:
    """Knows nothing until the first anchor; a newer one replaces it, whichever way it jumps."""

    def __init__(self, rules: BreakRules) -> None:
        self._anchor: ClockAnchor | None = None
        self.adopt(rules)

    def adopt(self, rules: BreakRules) -> None:
        """Other hours from now on."""
        self._rules = rules
        spans = [span for day in rules.hours.values() for span in day]
        spans += [rules.evening] if rules.evening else []
        edges = {0.0, rules.day_starts_s, *(edge % DAY_S for span in spans for edge in (span.start_s, span.end_s))}
        self._edges = sorted(edges)

    def set(self, anchor: ClockAnchor) -> None:
        self._anchor = anchor

    def utc_s(self, tick: int) -> float:
        """s since the Unix epoch; NaN where it is not known."""
        if self._anchor is None:
            return math.nan
        return self._anchor.utc_s + tick / TICKS_PER_S - self._anchor.at_s

    def local_s(self, tick: int) -> float:
        """Local time, s; NaN where it is not known."""
        return self.utc_s(tick) + self._anchor.offset_s if self._anchor else math.nan

    def day(self, tick: int) -> int:
        """Days since the Unix epoch, of the day that is being lived; -1 where it is not known."""
        local_s = self.local_s(tick)
        return -1 if math.isnan(local_s) else math.floor((local_s - self._rules.day_starts_s) / DAY_S)

    def is_working(self, tick: int) -> bool:
        """Within the hours; always where there are none, or the time is not known."""
        local_s = self.local_s(tick)
        if not self._rules.hours or math.isnan(local_s):
            return True
        weekday = weekday_of(math.floor(local_s / DAY_S))
        return any(span.holds(local_s % DAY_S) for span in self._rules.hours.get(weekday, ()))

    def is_evening(self, tick: int) -> bool:
        local_s = self.local_s(tick)
        return self._rules.evening is not None and self._rules.evening.holds(local_s % DAY_S)

    def next_edge(self, tick: int) -> int | None:
        """The next tick at which any of these may change."""
        local_s = self.local_s(tick)
        if math.isnan(local_s):
            return None
        second_s = local_s % DAY_S
        later_s = next((edge for edge in self._edges if edge > second_s + 1e-6), DAY_S + self._edges[0])
        return tick + max(1, math.ceil((later_s - second_s) * TICKS_PER_S))

    def tick_of(self, local_s: float, now: int) -> int | None:
        """When the clock on the wall will show `local_s`, as far as is known now."""
        here_s = self.local_s(now)
        return None if math.isnan(here_s) else now + max(1, math.ceil((local_s - here_s) * TICKS_PER_S - 1e-6))


def weekday_of(day: int) -> int:
    """Monday is 0."""
    return (day + _THURSDAY) % 7
