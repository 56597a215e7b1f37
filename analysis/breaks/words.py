"""Why a prompt comes, in one sentence with the numbers."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.breaks.clocks import Account
from analysis.breaks.presence import NOT_SEEN, TICKS_PER_S, Presence
from analysis.breaks.types import BreakRules, Clock
from analysis.breaks.world import World

_WORTH_SAYING_S = 60.0


def span(seconds: float) -> str:
    """`45 s`, `12 min` or `2 h 05 min`."""
    if seconds < 99.5:
        return f"{max(0, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"


def reason(account: Account, accounts: Mapping[str, Account], world: World, now: int) -> str:
    """One sentence."""
    one, owed = account.type, span(account.clock_s)
    match one.clock:
        case Clock.STATIC:
            return f"You have not shifted on your seat for {owed}."
        case Clock.BENT | Clock.ARCHED:
            return f"Your back has been {_posture(one.clock, world.rules)} for {owed}."
        case Clock.DAY:
            return f"You have been at the desk for {owed} today."
        case Clock.WALL:
            return f"By the clock it is {owed} since your last break."
        case Clock.KEYBOARD:
            return f"You have been at the keyboard for {owed}."
    if world.body.presence in NOT_SEEN:
        return f"No sensor is worn; by the clock and the keyboard you have been at the desk for {owed}."
    sat_s = (now - world.body.since) / TICKS_PER_S if world.body.presence is Presence.SEATED else 0.0
    told = f"You have been sitting for {span(sat_s)}"
    if account.clock_s - sat_s > _WORTH_SAYING_S:
        told += f", and for {owed} without enough of a break"
    for other in accounts.values():
        if other.type.clock in (Clock.BENT, Clock.ARCHED) and other.clock_s >= _WORTH_SAYING_S:
            told += f", back {_posture(other.type.clock, world.rules)} for {span(other.clock_s)}"
    return f"{told}."


def _posture(clock: Clock, rules: BreakRules) -> str:
    if clock is Clock.BENT:
        return f"bent past {rules.bent_share:.0f} % of your range"
    return "arched beyond your own standing"
