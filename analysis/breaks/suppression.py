"""What keeps a due prompt back, and until when."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.breaks.fading import Habits
from analysis.breaks.ladder import Ladder
from analysis.breaks.presence import OFF_SEAT, Presence
from analysis.breaks.types import BreakType, Clock, Why
from analysis.breaks.world import World, ticks
from analysis.desk import Desk

SUPPRESSING = frozenset(
    {
        Why.PAUSED,
        Why.HOURS,
        Why.MODE,
        Why.SILENT_DAY,
        Why.LYING,
        Why.DO_NOT_DISTURB,
        Why.CAMERA,
        Why.MICROPHONE,
        Why.FULL_SCREEN,
        Why.BUSY,
        Why.APP,
        Why.BATTERY,
    }
)
"""Kept back by circumstances: counted as such, with the reason."""

_DESK = (
    (Desk.CAMERA, Why.CAMERA),
    (Desk.MICROPHONE, Why.MICROPHONE),
    (Desk.BUSY, Why.BUSY),
    (Desk.FULL_SCREEN, Why.FULL_SCREEN),
    (Desk.DO_NOT_DISTURB, Why.DO_NOT_DISTURB),
    (Desk.APP, Why.APP),
    (Desk.BATTERY, Why.BATTERY),
)


@dataclass(frozen=True, slots=True)
class Block:
    """Not now, because …"""

    why: Why
    until: int | None = None  # tick; None where only another input can end it


def by_body(one: BreakType, world: World, now: int) -> Block | None:
    """Nobody is asked who is not seated, or may have just left the seat."""
    body = world.body
    if body.presence in OFF_SEAT or body.presence is Presence.MOVING or body.raw in OFF_SEAT:
        return Block(Why.LYING if body.presence is Presence.LYING else Why.OFF_SEAT)
    if body.held is not None:
        return Block(Why.UNKNOWN)
    if not world.is_by_desk(one):
        return None
    if world.is_idle(one, now):
        return Block(Why.AWAY)
    is_known = body.presence is Presence.SEATED or world.knows_use
    return None if is_known or one.clock is Clock.WALL else Block(Why.UNKNOWN)


def by_order(one: BreakType, world: World, habits: Habits, now: int) -> Block | None:
    """What the wearer has laid down."""
    if world.is_paused(now):
        return Block(Why.PAUSED, world.pause_ends_at(now))
    if one.name not in world.rules.modes.get(world.mode(now), frozenset()):
        return Block(Why.MODE, world.wall.next_edge(now))
    if not world.wall.is_working(now):
        return Block(Why.HOURS, world.wall.next_edge(now))
    if habits.is_silent(world.wall.day(now)):
        return Block(Why.SILENT_DAY, world.wall.next_edge(now))
    return None


def by_desk(ladder: Ladder, world: World, now: int) -> Block | None:
    """What the computer sees; all of it together for `defer_s` of one due break, and no longer."""
    shown = world.desk.desk & world.rules.quiet if world.desk is not None else Desk.NOTHING
    why = next((why for bit, why in _DESK if bit in shown), None)
    if why is None:
        return None
    if ladder.deferred_from is None:
        ladder.deferred_from = now
    until = ladder.deferred_from + ticks(world.rules.defer_s)
    return Block(why, until) if now < until else None


def by_pace(
    one: BreakType, ladder: Ladder, world: World, habits: Habits, last: tuple[str, int] | None, now: int
) -> Block | None:
    """What was answered a while ago, and what makes prompts rare. `last` is the (kind, end) of the last prompt."""
    if now < ladder.not_before:
        return Block(ladder.because, ladder.not_before)
    if world.body.presence is Presence.SEATED:
        settled = world.body.since + ticks(world.rules.return_s)
        if now < settled:
            return Block(Why.RETURNED, settled)
    if last is not None and last[0] != one.name and now < (spaced := last[1] + ticks(world.rules.spacing_s)):
        return Block(Why.SPACED, spaced)
    patient = (ladder.due or now) + ticks(habits.patience_s(one))
    return Block(Why.PATIENT, patient) if now < patient else None
