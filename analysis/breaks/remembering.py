"""What a session did not see itself: what another one of the same wearer left for it, and a sleep of the computer."""

from __future__ import annotations

import math

from analysis.break_flow import BreakAct, BreakMemory, BreakRequest
from analysis.breaks import orders
from analysis.breaks.breaks import Breaks
from analysis.breaks.clocks import Flow
from analysis.breaks.presence import TICKS_PER_S, VAGUE
from analysis.breaks.types import Clock, Why
from analysis.breaks.world import ticks

_LONGEST_S = 1800.0  # a clock that nobody watched for longer begins anew


def summed(breaks: Breaks, now: int) -> BreakMemory:
    """Bring the record up to `now`, and what the next session is to know."""
    breaks.write_overdue(breaks.day)
    breaks.book.settle(now, breaks.day)
    accounts, ladders, world = breaks.accounts, breaks.ladders, breaks.world
    return BreakMemory(
        at_s=now / TICKS_PER_S,
        utc_s=world.wall.utc_s(now),
        clocks_s={name: account.clock_s for name, account in accounts.items()},
        seated_s=max((a.clock_s for a in accounts.values() if a.type.clock is Clock.DAY), default=0.0),
        day=breaks.day,
        skips={name: ladder.skips for name, ladder in ladders.items()},
        habits=dict(breaks.habits.shares),
        waits={
            name: ((ladder.not_before - now) / TICKS_PER_S, ladder.because.value)
            for name, ladder in ladders.items()
            if ladder.not_before > now
        },
        paused_s=_paused_s(breaks, now),
        mode=world.asked_mode,
    )


def _paused_s(breaks: Breaks, now: int) -> float | None:
    if not breaks.world.is_paused(now):
        return None
    until = breaks.world.pause_ends_at(now)
    return math.inf if until is None else (until - now) / TICKS_PER_S


def remember(breaks: Breaks, memory: BreakMemory, gap_s: float, now: int) -> None:
    """Take up what another session left, `gap_s` ago (NaN: nobody knows when)."""
    is_later = memory.at_s > 0
    breaks.book.is_outdated = True
    breaks.habits.shares = {**memory.habits, **breaks.habits.shares}
    for name, carried_s in memory.clocks_s.items():
        account = breaks.accounts.get(name)
        if account is None:
            continue
        base_s = 0.0 if is_later else account.clock_s
        if account.type.clock is Clock.DAY:
            if memory.day == breaks.day:
                account.clear(base_s + carried_s)
        elif gap_s < min(account.type.interval_s, _LONGEST_S):
            account.clear(base_s + carried_s)
            if is_later:
                account.away_s = 0.0
    for name, skips in memory.skips.items():
        if name in breaks.ladders:
            breaks.ladders[name].skips = skips + (0 if is_later else breaks.ladders[name].skips)
    _wait_on(breaks, memory, max(gap_s, 0.0) if gap_s == gap_s else math.nan, now)


def slept(breaks: Breaks, slept_s: float, now: int) -> None:
    """The computer slept, and the session's clock with it: time passed in which nobody was seen."""
    if breaks.asking is not None and slept_s >= VAGUE / TICKS_PER_S:
        breaks.asking.close(now)
        breaks.show(now)
    for account in breaks.accounts.values():
        flow = account.flow
        is_away = breaks.world.is_by_desk(account.type) and flow is not Flow.HOLD
        account.switch(Flow.AWAY if is_away else Flow.HOLD)
        account.sleep(slept_s)
        account.switch(flow)


def _wait_on(breaks: Breaks, memory: BreakMemory, gap_s: float, now: int) -> None:
    """What the wearer was promised there holds here: to be left alone for so long, a pause, and today's mode."""
    for name, (left_s, because) in memory.waits.items():
        if name in breaks.ladders and left_s - gap_s > 0 and because in list(Why):
            breaks.ladders[name].leave(now + ticks(left_s - gap_s), Why(because))
    left_s = math.nan if memory.paused_s is None else memory.paused_s - gap_s
    if left_s > 0:
        at_s = now / TICKS_PER_S
        for_s = None if math.isinf(left_s) else left_s
        breaks.world.pause(BreakRequest(at_s, BreakAct.PAUSE, for_s=for_s), now)
        breaks.told.append(orders.paused(breaks.world, now))
    if memory.mode and memory.day == breaks.day and breaks.world.set_mode(memory.mode):
        breaks.told.append(orders.mode_set(memory.mode, now))
