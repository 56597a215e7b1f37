"""Types of breaks as a table, and the lines that set them otherwise."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest

from analysis.breaks import defaults
from analysis.breaks.types import Action, BreakRules, BreakType, Clock, Credit, Mode
from analysis.errors import PostureError
from analysis.io.break_settings import BreakSettings
from dashboard import break_types
from dashboard.break_types import Wish

ACTIVE = break_types.wish_of(defaults.RULES, next(one for one in defaults.RULES.types if one.name == "active"))
EYES = Wish("eyes", Action.SHIFT, Clock.KEYBOARD, Credit.TIMER, 20.0, 20.0, ('Say "ah".',), (Mode.MEETING,), False)


def _set(wish: Wish) -> BreakRules:
    return BreakSettings.model_validate(tomllib.loads(break_types.toml_of(wish))["breaks"]).rules()


@pytest.mark.parametrize("wish", [EYES, replace(ACTIVE, interval_min=45.0, is_strict=True), replace(ACTIVE, modes=())])
def test_the_lines_make_the_break_as_it_was_wished(wish: Wish) -> None:
    rules = _set(wish)
    made = rules.of(wish.name)
    assert made is not None
    assert break_types.wish_of(rules, made) == wish


def test_only_what_differs_is_written() -> None:
    assert break_types.toml_of(replace(ACTIVE, interval_min=45.0)) == "[breaks.types.active]\ninterval_s = 2700"
    assert break_types.toml_of(ACTIVE) == ""


@pytest.mark.parametrize("one", defaults.RULES.types, ids=lambda one: one.name)
def test_a_shipped_type_left_alone_needs_no_line(one: BreakType) -> None:
    assert break_types.toml_of(break_types.wish_of(defaults.RULES, one)) == ""


@pytest.mark.parametrize("name", ["", "Two words", "a.b", 'a"b'])
def test_what_cannot_be_is_said_in_one_sentence(name: str) -> None:
    with pytest.raises(PostureError, match="cannot be"):
        break_types.toml_of(replace(EYES, name=name))


def test_the_table_names_every_type_and_where_its_numbers_come_from() -> None:
    table = break_types.table(defaults.RULES)
    assert table["Break"] == [one.name for one in defaults.RULES.types]
    assert table["Asked for after"][0] == "15 min without a shift of posture"
    assert "2 min count" in table["Lasts"][4]
    assert set(break_types.sources(defaults.RULES.types)) == set(table["Break"])
