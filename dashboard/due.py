"""When the next break is due and why, in sentences. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from analysis.break_flow import LedgerSpan
from analysis.breaks.ledger import why
from analysis.breaks.orders import MODE_KIND, PAUSED_KIND, RESUMED_KIND
from analysis.breaks.types import BreakRules, Mode, Why
from analysis.corrections import CORRECTED, since, spans_of
from analysis.detectors.seated import KIND as SEATED_KIND
from analysis.model import Activity, Event
from dashboard import words

KINDS = ("sitting", "shift", SEATED_KIND, PAUSED_KIND, RESUMED_KIND, MODE_KIND, CORRECTED)  # the events that this takes
_WORTH_SAYING_S = 60.0


@dataclass(frozen=True, slots=True)
class Orders:
    """What the wearer has laid down in this session."""

    is_paused: bool
    paused_until_s: float | None  # s since the session's start; None while it is not, or until resumed
    mode: str  # empty: by the clock


def orders_of(events: Sequence[Event], at_s: float) -> Orders:
    newest = max((e for e in events if e.kind in (PAUSED_KIND, RESUMED_KIND)), key=_start_s, default=None)
    mode = max((e for e in events if e.kind == MODE_KIND), key=_start_s, default=None)
    until = newest.values.get("until_s") if newest is not None else None
    until_s = until if isinstance(until, float) else None
    is_paused = newest is not None and newest.kind == PAUSED_KIND and (until_s is None or at_s < until_s)
    return Orders(is_paused, until_s if is_paused else None, str(mode.values["mode"]) if mode is not None else "")


def by_clock(rules: BreakRules, at: float, zone: tzinfo | None) -> Mode:
    """The mode that holds at `at` (s since the Unix epoch) where the wearer has set none."""
    evening, local = rules.evening, datetime.fromtimestamp(at, zone)
    second_s = 3600.0 * local.hour + 60.0 * local.minute + local.second
    return Mode.EVENING if evening is not None and evening.holds(second_s) else Mode.DESK


def mode_told(rules: BreakRules, orders: Orders, at: float, zone: tzinfo | None) -> str:
    """The mode, and until when; empty for the usual one."""
    if orders.mode:
        return f"Mode: {orders.mode}, until you change it."
    if by_clock(rules, at, zone) is not Mode.EVENING or rules.evening is None:
        return ""
    return f"Mode: evening, by the clock until {words.time_of_day(rules.evening.end_s)}."


def _start_s(event: Event) -> float:
    return event.start_s


def next_due(spans: Sequence[LedgerSpan], at_s: float) -> str:
    """When the next break is due, or why it is not asked for; empty while it is. `spans` in order of their start."""
    found = spans[-1] if spans else None
    if found is None:
        return "No break is counted yet."
    if found.why in (Why.PROMPTED, Why.IN_BREAK):
        return ""
    if found.why not in (Why.NOT_DUE, Why.OFF_SEAT) or not found.kind:
        return why(spans, at_s)
    clock_s = max(0.0, found.clock_s + found.rate * (at_s - found.start_s))
    if found.why == Why.NOT_DUE and found.rate > 0 and math.isfinite(found.interval_s):
        left = words.duration(max(0.0, found.interval_s - clock_s) / found.rate)
        return f"Next: your {found.kind} break in {left}, if you go on like this."
    clock = f"its clock stands at {words.duration(clock_s)} of {words.duration(found.interval_s)}"
    return f"Next: your {found.kind} break; {clock}" + (" and runs back." if found.rate < 0 else ".")


def clocks(events: Sequence[Event], at_s: float) -> str:
    """How long the wearer has sat, sat still, and sat in the present posture; empty off the seat."""
    told = max((e.start_s for e in events if e.kind == "sitting" and e.end_s is None), default=None)
    if told is None:
        return ""
    sitting = since(told, Activity.SITTING, spans_of(events))
    shifted = max((e.end_s for e in events if e.kind == "shift" and e.end_s is not None), default=sitting)
    said = [f"Seated for {words.duration(at_s - sitting)}"]
    if at_s - max(shifted, sitting) >= _WORTH_SAYING_S:
        said.append(f"no shift of posture for {words.duration(at_s - max(shifted, sitting))}")
    held = max((e for e in events if e.kind == SEATED_KIND and e.end_s is None), key=_start_s, default=None)
    if held is not None and at_s - max(held.start_s, sitting) >= _WORTH_SAYING_S:
        said.append(f"{held.values['posture']} for {words.duration(at_s - max(held.start_s, sitting))}")
    return ", ".join(said) + "."
