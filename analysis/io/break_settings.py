"""`[breaks]` of the settings file, and the rules it makes.

[breaks]
evening = "21:00-04:00"
[breaks.hours]
mon = ["09:00-12:30", "13:15-17:30"]
[breaks.types.active]             # one of the shipped types, with other numbers
interval_s = 2700
[breaks.types.eyes]               # one of one's own
action = "shift"
clock = "keyboard"
credit = "timer"
interval_s = 1200
length_s = 20
content = ["Look at something far away."]
modes = ["desk", "meeting"]
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from analysis.breaks import defaults
from analysis.breaks.types import Action, BreakRules, BreakType, Clock, Credit, Fading, Hours, Mode
from analysis.desk import Desk

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SHIPPED: Mapping[str, BreakType] = {one.name: one for one in defaults.RULES.types}
_QUIET = {bit.name.lower(): bit for bit in Desk if bit.name and bit not in (Desk.IN_USE, Desk.TYPING, Desk.LOCKED)}
_SPAN = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)\Z")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}\Z")
_OWN = {one.name for one in fields(BreakType)} - {"name", "source"}


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TypeSettings(_Section):
    """One type of break; what is left out stays as shipped, or as `BreakType` says for one of one's own."""

    modes: tuple[Mode, ...] | None = None  # in which it is asked for; none: never
    action: str | None = None  # shift, stand, walk, stretch, rest or stop
    clock: Clock | None = None
    credit: Credit | None = None
    interval_s: float | None = Field(default=None, gt=0)
    length_s: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    enough_s: float | None = Field(default=None, gt=0)
    content: tuple[str, ...] | None = None
    heads_up_s: float | None = Field(default=None, ge=0)
    escalate_s: tuple[float, float] | None = None
    ignore_s: float | None = Field(default=None, gt=0)
    again_s: float | None = Field(default=None, ge=0)
    gap_s: float | None = Field(default=None, ge=0)
    postpone_s: float | None = Field(default=None, gt=0)
    postpones: int | None = Field(default=None, ge=-1)
    postpone_share: float | None = Field(default=None, ge=0, le=1)
    can_skip: bool | None = None
    skip_after_share: float | None = Field(default=None, ge=0, le=1)
    skips_in_row: int | None = Field(default=None, ge=-1)
    force_after: int | None = Field(default=None, ge=-1)
    skip_resets: bool | None = None
    is_strict: bool | None = None
    starts_itself: bool | None = None
    fades_s: float | None = Field(default=None, ge=0)
    idle_s: float | None = Field(default=None, gt=0)
    reset_s: float | None = Field(default=None, gt=0)
    pays: bool | None = None

    @field_validator("action")
    @classmethod
    def _known_action(cls, name: str | None) -> str | None:
        if name is not None and name.upper() not in Action.__members__:
            raise ValueError(f"it must be one of {', '.join(one.name.lower() for one in Action)}")
        return name

    def made(self, name: str) -> BreakType:
        """Raises ValueError for one that cannot be."""
        given: dict[str, Any] = {
            key: value for key in _OWN if (value := getattr(self, key)) is not None and key != "action"
        }
        if self.action is not None:
            given["action"] = Action[self.action.upper()]
        base = _SHIPPED.get(name) or _new(name, given)
        if "length_s" in given and "enough_s" not in given:
            given["enough_s"] = min(base.enough_s, given["length_s"])
        made = replace(base, **given)
        if made.enough_s > made.length_s:
            raise ValueError(f"in {name!r} enough_s is more than length_s")
        return made


def _new(name: str, given: Mapping[str, Any]) -> BreakType:
    if not _NAME.match(name):
        raise ValueError(f"the name {name!r} must be 1 to 32 small letters, digits, - or _, a letter first")
    missing = [key for key in ("action", "interval_s", "length_s") if key not in given]
    if missing:
        raise ValueError(f"the new type {name!r} needs {' and '.join(missing)}")
    length_s = given["length_s"]
    return BreakType(name, given["action"], Clock.SITTING, given["interval_s"], length_s, length_s, (), "your own")


class BreakSettings(_Section):
    """The evidence behind each shipped number stands beside it in `analysis.breaks.defaults`."""

    types: dict[str, TypeSettings] = {}
    hours: dict[str, tuple[str, ...]] = {}  # "mon" … "sun": ["09:00-17:30"]; without any, always
    evening: str = "21:00-04:00"  # when the mode is evening by itself; empty: never
    day_starts: str = "04:00"
    quiet: tuple[str, ...] = tuple(name for name, bit in _QUIET.items() if bit in defaults.RULES.quiet)
    defer_s: float = Field(default=defaults.RULES.defer_s, ge=0)
    spacing_s: float = Field(default=defaults.RULES.spacing_s, ge=0)
    return_s: float = Field(default=defaults.RULES.return_s, ge=0)
    rise_s: float = Field(default=defaults.RULES.rise_s, gt=0, le=60)
    settle_s: float = Field(default=defaults.RULES.settle_s, gt=0, le=60)
    smallest_first: bool = defaults.RULES.is_smallest_first
    bent_share: float = defaults.RULES.bent_share
    bent_deg: float = defaults.RULES.bent_deg
    arched_deg: float = defaults.RULES.arched_deg
    fading: bool = True
    silent_every_weeks: int = Field(default=defaults.RULES.fading.silent_every_weeks, ge=0)
    silent_weekday: str = DAYS[defaults.RULES.fading.silent_weekday]

    @model_validator(mode="after")
    def _can_be(self) -> BreakSettings:
        self.rules()
        return self

    def rules(self) -> BreakRules:
        """Raises ValueError with what is wrong."""
        unknown = [name for name in self.quiet if name not in _QUIET]
        if unknown:
            raise ValueError(f"quiet knows {', '.join(_QUIET)}, and not {unknown[0]!r}")
        wrong = [day for day in (*self.hours, self.silent_weekday) if day not in DAYS]
        if wrong:
            raise ValueError(f"a weekday is one of {', '.join(DAYS)}, and not {wrong[0]!r}")
        types = {**_SHIPPED, **{name: given.made(name) for name, given in self.types.items()}}
        return BreakRules(
            types=tuple(types.values()),
            modes={mode: frozenset(name for name in types if self._is_in(name, mode)) for mode in Mode},
            hours={DAYS.index(day): tuple(_span(text) for text in spans) for day, spans in self.hours.items()},
            evening=_span(self.evening) if self.evening else None,
            quiet=Desk(sum(_QUIET[name] for name in set(self.quiet))),
            defer_s=self.defer_s,
            spacing_s=self.spacing_s,
            return_s=self.return_s,
            rise_s=self.rise_s,
            settle_s=self.settle_s,
            is_smallest_first=self.smallest_first,
            bent_share=self.bent_share,
            bent_deg=self.bent_deg,
            arched_deg=self.arched_deg,
            fading=Fading(self.fading, self.silent_every_weeks, DAYS.index(self.silent_weekday)),
            day_starts_s=_span(f"{self.day_starts}-00:00").start_s,
        )

    def _is_in(self, name: str, mode: Mode) -> bool:
        given = self.types.get(name)
        if given is not None and given.modes is not None:
            return mode in given.modes
        return name in defaults.RULES.modes[mode] if name in _SHIPPED else mode is Mode.DESK


def _span(text: str) -> Hours:
    found = _SPAN.match(text)
    parts = [int(part) for part in found.groups()] if found else [99] * 4
    if max(parts[0], parts[2]) > 24 or max(parts[1], parts[3]) > 59:
        raise ValueError(f"{text!r} is not a span of the day such as 09:00-17:30")
    return Hours(3600.0 * parts[0] + 60.0 * parts[1], 3600.0 * parts[2] + 60.0 * parts[3])
