"""Types of breaks as tables, and what sets them otherwise."""

from __future__ import annotations

import math
import tomllib
from dataclasses import replace

import pytest

from analysis.breaks import defaults
from analysis.breaks.types import BreakRules, BreakType, Mode
from analysis.io.break_edits import set_type
from analysis.io.break_settings import BreakSettings
from dashboard import break_types
from dashboard.break_types import NEW, Wish

BY_NAME = {one.name: break_types.wish_of(defaults.RULES, one) for one in defaults.RULES.types}
ACTIVE = BY_NAME["active"]
EYES = replace(NEW, content=('Say "ah".',), modes=(Mode.MEETING,))


def _set(wish: Wish) -> BreakRules:
    text = set_type("", wish.name, break_types.values_of(wish))
    return BreakSettings.model_validate(tomllib.loads(text)["breaks"]).rules()


@pytest.mark.parametrize(
    "wish",
    [
        EYES,
        replace(EYES, postpones=0, skips_in_row=2, postpone_min=1.5),
        replace(ACTIVE, interval_min=45.0, is_strict=True),
        replace(ACTIVE, modes=()),
    ],
)
def test_the_lines_make_the_break_as_it_was_wished(wish: Wish) -> None:
    rules = _set(wish)
    made = rules.of(wish.name)
    assert made is not None
    assert break_types.wish_of(rules, made) == wish


def test_only_what_differs_is_written() -> None:
    text = set_type("", "active", break_types.values_of(replace(ACTIVE, interval_min=45.0)))
    assert text.strip() == "[breaks.types.active]\ninterval_s = 2700"


@pytest.mark.parametrize("one", defaults.RULES.types, ids=lambda one: one.name)
def test_a_shipped_type_left_alone_needs_no_line(one: BreakType) -> None:
    assert not any(break_types.values_of(break_types.wish_of(defaults.RULES, one)).values())
    assert set_type("", one.name, break_types.values_of(BY_NAME[one.name])) == ""


@pytest.mark.parametrize("wish", [*BY_NAME.values(), EYES], ids=lambda wish: wish.name)
def test_off_is_off_and_on_again_is_on(wish: Wish) -> None:
    off = break_types.switched(wish, is_on=False)
    assert not off.is_on
    on = break_types.switched(off, is_on=True)
    assert on.is_on
    assert math.isfinite(on.interval_min)
    if wish.name in BY_NAME and wish.is_on:
        assert on == wish


def test_the_modes_say_when_they_hold_and_what_they_ask_for() -> None:
    table = break_types.modes_table(defaults.RULES)
    assert table["Mode"] == ["Desk", "Meeting", "Driving", "Evening"]
    assert table["When"][3].startswith("by itself from 21:00 to 04:00")
    assert table["Asked for"][2:] == ["nothing", "slouch, arch, active, wind-down"]
    never = break_types.modes_table(replace(defaults.RULES, evening=None))
    assert never["When"][3] == "when you say so"


def test_the_table_names_every_type_and_where_its_numbers_come_from() -> None:
    table = break_types.table(defaults.RULES)
    assert table["Break"] == [one.name for one in defaults.RULES.types]
    assert table["Asked for after"][0] == "15 min without a shift of posture"
    assert "2 min count" in table["Lasts"][4]
    assert set(break_types.sources(defaults.RULES.types)) == set(table["Break"])
