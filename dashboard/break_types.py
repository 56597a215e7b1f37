"""Types of breaks as they are set, and what a person fills in to set them otherwise. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from analysis.breaks import defaults
from analysis.breaks.types import Action, BreakRules, BreakType, Clock, Credit, Mode
from analysis.io.break_edits import Plain
from dashboard import words

CLOCK_WORDS = {
    Clock.SITTING: "of sitting",
    Clock.STATIC: "without a shift of posture",
    Clock.BENT: "bent",
    Clock.ARCHED: "arched",
    Clock.DAY: "seated in the day",
    Clock.WALL: "by the clock",
    Clock.KEYBOARD: "at the keyboard",
}
_OWN = "your own"
_MODE_WORDS = {
    Mode.DESK: "the usual one",
    Mode.MEETING: "when you say so",
    Mode.DRIVING: "when you say so",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """One type of break as a person fills it in."""

    name: str
    action: Action
    clock: Clock
    credit: Credit
    interval_min: float  # inf: it is not asked for
    length_s: float
    content: tuple[str, ...]
    modes: tuple[Mode, ...]  # none: it is not asked for
    is_strict: bool
    postpone_min: float = 5.0
    postpones: int = 3  # of one break; -1: without limit
    skips_in_row: int = -1

    @property
    def is_on(self) -> bool:
        return bool(self.modes) and math.isfinite(self.interval_min)


NEW = Wish(
    "eyes", Action.SHIFT, Clock.KEYBOARD, Credit.TIMER, 20.0, 20.0, ("Look far away.",), (Mode.DESK,), is_strict=False
)


def measured(clock: Clock) -> tuple[Action, Credit]:
    """What a break of one's own asks for and is measured by, as its clock is of the body or of the desk."""
    return (Action.SHIFT, Credit.TIMER) if clock in (Clock.WALL, Clock.KEYBOARD) else (Action.STAND, Credit.BODY)


def wish_of(rules: BreakRules, one: BreakType) -> Wish:
    """What the type is at present."""
    modes = tuple(mode for mode in Mode if one.name in rules.modes.get(mode, frozenset()))
    return Wish(
        one.name,
        one.action,
        one.clock,
        one.credit,
        one.interval_s / 60.0,
        one.length_s,
        one.content,
        modes,
        one.is_strict,
        one.postpone_s / 60.0,
        one.postpones,
        one.skips_in_row,
    )


def values_of(wish: Wish) -> dict[str, Plain]:
    """The keys of the type's section in upstand.toml that make the wish so; None: as shipped, and left out."""
    shipped = defaults.RULES.of(wish.name)
    usual = {**_USUAL, **({} if shipped is None else _given(wish_of(defaults.RULES, shipped)))}
    return {key: None if usual.get(key) == value else value for key, value in _given(wish).items()}


def _given(wish: Wish) -> dict[str, Plain]:
    return {
        "action": wish.action.name.lower(),
        "clock": wish.clock.value,
        "credit": wish.credit.value,
        "interval_s": wish.interval_min * 60.0,
        "length_s": wish.length_s,
        "content": list(wish.content),
        "modes": [mode.value for mode in wish.modes],
        "is_strict": wish.is_strict,
        "postpone_s": wish.postpone_min * 60.0,
        "postpones": wish.postpones,
        "skips_in_row": wish.skips_in_row,
    }


_BARE = BreakType("", Action.SHIFT, Clock.WALL, 1.0, 1.0, 1.0, ())
_USUAL: dict[str, Plain] = {  # of a type of one's own, where nothing else is said
    "is_strict": _BARE.is_strict,
    "postpone_s": _BARE.postpone_s,
    "postpones": _BARE.postpones,
    "skips_in_row": _BARE.skips_in_row,
}


def switched(wish: Wish, *, is_on: bool) -> Wish:
    """Asked for or not; what is switched on again is asked for where it is as shipped."""
    if is_on == wish.is_on:
        return wish
    shipped = defaults.RULES.of(wish.name)
    usual = NEW if shipped is None else wish_of(defaults.RULES, shipped)
    if is_on:
        return replace(
            wish,
            modes=wish.modes or usual.modes,
            interval_min=wish.interval_min if math.isfinite(wish.interval_min) else _USUAL_DAY_MIN,
        )
    return replace(wish, modes=()) if usual.is_on else replace(wish, modes=usual.modes, interval_min=math.inf)


_USUAL_DAY_MIN = 480.0


def modes_table(rules: BreakRules) -> dict[str, list[str]]:
    """When each mode holds and what is asked for in it, as columns of a table."""
    return {
        "Mode": [mode.value.capitalize() for mode in Mode],
        "When": [_when(rules, mode) for mode in Mode],
        "Asked for": [
            ", ".join(
                one.name for one in rules.types if one.name in rules.modes.get(mode, frozenset()) and _can_be_due(one)
            )
            or "nothing"
            for mode in Mode
        ],
    }


def _when(rules: BreakRules, mode: Mode) -> str:
    if mode is not Mode.EVENING:
        return _MODE_WORDS[mode]
    if rules.evening is None:
        return "when you say so"
    span = f"{words.time_of_day(rules.evening.start_s)} to {words.time_of_day(rules.evening.end_s)}"
    return f"by itself from {span}, when it is time to wind down"


def _can_be_due(one: BreakType) -> bool:
    return math.isfinite(one.interval_s)


def table(rules: BreakRules) -> dict[str, list[str]]:
    """All types as columns of a table."""
    return {
        "Break": [one.name for one in rules.types],
        "Asked for after": [_after(one) for one in rules.types],
        "Lasts": [_lasts(one) for one in rules.types],
        "Where": [_where(rules, one) for one in rules.types],
    }


def _after(one: BreakType) -> str:
    if not math.isfinite(one.interval_s):
        return "not asked for"
    return f"{words.duration(one.interval_s)} {CLOCK_WORDS[one.clock]}"


def _lasts(one: BreakType) -> str:
    enough = f"; {words.exactly(one.enough_s)} count" if one.enough_s < one.length_s else ""
    return f"{words.exactly(one.length_s)}{enough}"


def _where(rules: BreakRules, one: BreakType) -> str:
    modes = [mode.value for mode in Mode if one.name in rules.modes.get(mode, frozenset())]
    return ", ".join(modes) if modes and _can_be_due(one) else "off"


def sources(types: Sequence[BreakType]) -> Mapping[str, str]:
    """Where the numbers of each type come from."""
    return {one.name: one.source for one in types if one.source and one.source != _OWN}
