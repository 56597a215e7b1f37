"""What the wearer has laid down, told for whoever shows it."""

from __future__ import annotations

from analysis.breaks.presence import TICKS_PER_S
from analysis.breaks.world import World
from analysis.model import Event, Value

PAUSED_KIND = "breaks_paused"  # until_s, None: until resumed
RESUMED_KIND = "breaks_resumed"
MODE_KIND = "break_mode"  # mode, empty: by the clock


def paused(world: World, now: int) -> Event:
    until = world.pause_ends_at(now)
    return _note(PAUSED_KIND, now, "until_s", None if until is None else until / TICKS_PER_S)


def resumed(now: int) -> Event:
    return _note(RESUMED_KIND, now, "until_s", None)


def mode_set(name: str, now: int) -> Event:
    return _note(MODE_KIND, now, "mode", name)


def _note(kind: str, now: int, name: str, value: Value) -> Event:
    return Event(kind, now / TICKS_PER_S, now / TICKS_PER_S, {name: value})
