"""Types of breaks as they are set, and how to set them otherwise: lines for upstand.toml, checked before shown."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from analysis.breaks import defaults
from analysis.breaks.types import Action, BreakRules, BreakType, Clock, Credit, Mode
from analysis.errors import PostureError
from analysis.io.break_settings import BreakSettings
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


@dataclass(frozen=True, slots=True)
class Wish:
    """One type of break as a person fills it in."""

    name: str
    action: Action
    clock: Clock
    credit: Credit
    interval_min: float
    length_s: float
    content: tuple[str, ...]
    modes: tuple[Mode, ...]
    is_strict: bool


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
    )


def toml_of(wish: Wish) -> str:
    """The section of upstand.toml that makes the wish so; what is as shipped is left out, and all of it may be.

    Raises PostureError for one that cannot be.
    """
    shipped = defaults.RULES.of(wish.name)
    usual = {} if shipped is None else _given(wish_of(defaults.RULES, shipped))
    given = {key: value for key, value in _given(wish).items() if usual.get(key) != value}
    try:
        BreakSettings.model_validate({"types": {wish.name: given}})
    except ValidationError as error:
        raise PostureError(f"This break cannot be: {error.errors()[0]['msg']}.") from error
    if not given:
        return ""
    lines = [f"{key} = {_value(value)}" for key, value in given.items()]
    return "\n".join([f"[breaks.types.{wish.name}]", *lines])


def _given(wish: Wish) -> dict[str, object]:
    return {
        "action": wish.action.name.lower(),
        "clock": wish.clock.value,
        "credit": wish.credit.value,
        "interval_s": wish.interval_min * 60.0,
        "length_s": wish.length_s,
        "content": list(wish.content),
        "modes": [mode.value for mode in wish.modes],
        "is_strict": wish.is_strict,
    }


def _value(value: object) -> str:
    if isinstance(value, float):
        return "inf" if math.isinf(value) else f"{value:g}"
    return json.dumps(value, ensure_ascii=False)


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
    return ", ".join(modes) or "off"


def sources(types: Sequence[BreakType]) -> Mapping[str, str]:
    """Where the numbers of each type come from."""
    return {one.name: one.source for one in types if one.source and one.source != _OWN}
