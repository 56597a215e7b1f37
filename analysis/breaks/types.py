"""What a person may set about breaks, as plain data. What flows in and out is in `analysis.break_flow`.

policy = BreakPolicy(rules)                  BreakRules, from settings or `defaults.RULES`
policy.take(item, newest_s)                  DeskState, ClockAnchor, Slept, BreakRequest, BreakMemory
policy.feed(frame) -> told                   PostureFrame
policy.know(events)                          what became known by the last tick
policy.close(at_s) -> told                   Prompt, LedgerSpan, BreakTally, BreakMemory, Event
why(spans, at_s) -> sentence                 `analysis.breaks.ledger`
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from analysis.desk import Desk

DAY_S = 86400.0


class Clock(StrEnum):
    """What fills a type's clock."""

    SITTING = "sitting"  # on the seat; paid back off it
    STATIC = "static"  # on the seat without a shift of posture
    BENT = "bent"  # the back bent far into its range
    ARCHED = "arched"  # or arched beyond the own standing
    DAY = "day"  # seated on this day; never paid back
    WALL = "wall"  # the clock on the wall, less what was spent idle
    KEYBOARD = "keyboard"  # keys and mouse in use


class Action(IntEnum):
    """What is asked for, the smallest first."""

    SHIFT = 1
    STAND = 2
    WALK = 3
    STRETCH = 4
    REST = 5
    STOP = 6  # for today


class Credit(StrEnum):
    """What a break is measured by."""

    BODY = "body"  # time on the feet (a shift for Clock.STATIC, a good posture for BENT and ARCHED)
    IDLE = "idle"  # time without keys and mouse
    TIMER = "timer"  # assumed, as soon as it was asked for


class Mode(StrEnum):
    """What the wearer is about."""

    DESK = "desk"
    MEETING = "meeting"
    DRIVING = "driving"
    EVENING = "evening"


class Why(StrEnum):
    """Why there is a prompt, or none."""

    PROMPTED = "prompted"
    IN_BREAK = "in_break"
    NOT_DUE = "not_due"
    OFF_SEAT = "off_seat"  # standing, walking or lying
    RETURNED = "returned"  # only just sat down
    SPACED = "spaced"  # the last prompt was a moment ago
    PATIENT = "patient"  # faded: the habit is given time to do it unasked
    TYPING = "typing"  # waits for a natural gap
    POSTPONED = "postponed"
    ANSWERED = "answered"  # ignored, skipped or short a while ago: not again yet
    PAUSED = "paused"
    HOURS = "hours"  # outside working hours
    MODE = "mode"  # not in this mode
    SILENT_DAY = "silent_day"
    LYING = "lying"
    DO_NOT_DISTURB = "do_not_disturb"
    CAMERA = "camera"
    MICROPHONE = "microphone"
    FULL_SCREEN = "full_screen"
    BUSY = "busy"
    APP = "app"
    BATTERY = "battery"
    AWAY = "away"  # no sensor worn, and nobody at the keyboard
    UNKNOWN = "unknown"  # nothing is known of the wearer


@dataclass(frozen=True, slots=True)
class BreakType:
    """One type of break. Intervals are of its clock; inf switches a limit off."""

    name: str  # "active"
    action: Action
    clock: Clock
    interval_s: float  # due when the clock shows this
    length_s: float  # of the whole break
    enough_s: float  # of it counts as done
    content: tuple[str, ...]  # what to do, one line each; they take turns
    source: str = ""  # where the numbers come from
    credit: Credit = Credit.BODY
    heads_up_s: float = 30.0
    escalate_s: tuple[float, float] = (10.0, 20.0)  # levels 2 and 3 come so long after the prompt; Workrave's
    ignore_s: float = 600.0  # asked for so long and seated on: ignored
    again_s: float = 900.0  # and asked again so much later; Garmin's move bar
    gap_s: float = 60.0  # a pause in typing is awaited for so long; Entracte's
    postpone_s: float = 300.0
    postpones: int = 3  # of one break; -1: without limit
    postpone_share: float = 1.0  # of the break in which it may still be postponed; Stretchly's is 0.3
    can_skip: bool = True
    skip_after_share: float = 0.0  # of the break, before which it cannot be skipped
    skips_in_row: int = -1  # after so many, neither skip nor postpone; -1: without limit
    force_after: int = -1  # after so many ignored it comes at level 3 and cannot be put off; -1: never
    skip_resets: bool = False  # a skip empties the clock
    is_strict: bool = False  # neither skip nor postpone, but for the emergency exit
    starts_itself: bool = True  # Credit.TIMER: the break begins by itself; else when the wearer starts it
    fades_s: float = 0.0  # the most by which a held habit puts the prompt off
    idle_s: float = 60.0  # without keys and mouse: away, where that has to tell
    reset_s: float = math.inf  # so long away empties the clock
    pays: bool = True  # away pays the clock back by interval_s / length_s, second by second


@dataclass(frozen=True, slots=True)
class Hours:
    """A span of a weekday, s since midnight; one that ends before it starts goes over midnight."""

    start_s: float
    end_s: float

    def holds(self, second_s: float) -> bool:
        """False for NaN."""
        if self.start_s <= self.end_s:
            return self.start_s <= second_s < self.end_s
        return second_s >= self.start_s or second_s < self.end_s


@dataclass(frozen=True, slots=True)
class Fading:
    """Prompts give way as the habit holds."""

    is_on: bool = True
    silent_every_weeks: int = 4  # in every so many weeks one day is measured and not prompted; 0: never
    silent_weekday: int = 2  # Monday is 0


@dataclass(frozen=True, slots=True)
class BreakRules:
    """All that the person may set."""

    types: tuple[BreakType, ...]
    modes: Mapping[Mode, frozenset[str]]  # names of the types asked for in each
    hours: Mapping[int, tuple[Hours, ...]] = field(default_factory=dict)  # by weekday; empty: always
    evening: Hours | None = None  # when the mode is EVENING by itself
    quiet: Desk = Desk.DO_NOT_DISTURB | Desk.CAMERA | Desk.MICROPHONE | Desk.FULL_SCREEN | Desk.BUSY | Desk.APP
    defer_s: float = 1800.0  # the desk (`quiet`) keeps a due prompt back for so long in all, and no longer
    spacing_s: float = 300.0  # between the end of one prompt and the next
    return_s: float = 120.0  # nobody is asked so soon after sitting down
    rise_s: float = 10.0  # so long off the seat is a rise; less is a flicker
    settle_s: float = 5.0  # so long on the seat is sitting down
    is_smallest_first: bool = True  # of several that are due; else the largest
    bent_share: float = 80.0  # % of the own range of flexion: above what is usual at desks, 43–79 %
    bent_deg: float = -22.0  # of lordosis, where the range is not known: exposure.BANDS
    arched_deg: float = 5.0  # of lordosis beyond the own standing: the width of the bands the product speaks in
    fading: Fading = field(default_factory=Fading)
    day_starts_s: float = 4 * 3600.0  # local; a late evening belongs to its day

    @property
    def sitting_s(self) -> float:
        """How long one may sit at the desk before anything is asked; inf where nothing ever is."""
        asked = self.modes.get(Mode.DESK, frozenset())
        limits_s = [one.interval_s for one in self.types if one.clock is Clock.SITTING and one.name in asked]
        return min(limits_s, default=math.inf)

    def of(self, name: str) -> BreakType | None:
        return next((one for one in self.types if one.name == name), None)
