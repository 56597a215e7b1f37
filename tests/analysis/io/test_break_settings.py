"""`[breaks]` of the settings file: what can be set, and one sentence for what cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.breaks.defaults import ACTIVE, RULES
from analysis.breaks.types import Action, Clock, Hours, Mode
from analysis.desk import Desk
from analysis.errors import PostureError
from analysis.io.settings import load

TOML = """
[breaks]
evening = ""
quiet = ["camera", "battery"]
silent_every_weeks = 0
[breaks.hours]
mon = ["09:00-12:30", "13:15-17:30"]
[breaks.types.active]
interval_s = 2700
length_s = 90
[breaks.types.eyes]
action = "shift"
clock = "keyboard"
interval_s = 1200
length_s = 20
content = ["Look at something far away."]
modes = ["desk", "meeting"]
[breaks.types.micro]
modes = []
"""


def settings(path: Path, text: str) -> Path:
    file = path / "upstand.toml"
    file.write_text(text)
    return file


def test_nothing_set_is_as_shipped(tmp_path: Path) -> None:
    assert load(settings(tmp_path, "")).breaks.rules() == RULES


def test_types_modes_hours_and_what_keeps_prompts_back(tmp_path: Path) -> None:
    rules = load(settings(tmp_path, TOML)).breaks.rules()
    active, eyes = rules.of("active"), rules.of("eyes")
    assert active is not None
    assert eyes is not None
    assert (active.interval_s, active.length_s, active.enough_s) == (2700.0, 90.0, 90.0)
    assert active.content == ACTIVE.content
    assert (eyes.action, eyes.clock, eyes.enough_s) == (Action.SHIFT, Clock.KEYBOARD, 20.0)
    assert "eyes" in rules.modes[Mode.DESK] & rules.modes[Mode.MEETING]
    assert not any("micro" in names for names in rules.modes.values())
    assert rules.hours == {0: (Hours(32400.0, 45000.0), Hours(47700.0, 63000.0))}
    assert rules.evening is None
    assert rules.quiet == Desk.CAMERA | Desk.BATTERY
    assert rules.sitting_s == 2700.0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[breaks]\nquiet = ['music']", "music"),
        ("[breaks]\nevening = '9pm'", "9pm"),
        ("[breaks.hours]\nmonday = ['09:00-10:00']", "monday"),
        ("[breaks.types.nap]\naction = 'rest'", "interval_s and length_s"),
        ("[breaks.types.'My nap']\naction = 'rest'\ninterval_s = 1\nlength_s = 1", "My nap"),
        ("[breaks.types.active]\naction = 'dance'", "breaks.types.active.action"),
        ("[breaks.types.active]\nenough_s = 4000", "enough_s is more than length_s"),
        ("[breaks.types.active]\nminutes = 4", "breaks.types.active.minutes"),
        ("[breaks]\nsit_s = 1800", "breaks.sit_s"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(PostureError, match="correct it in") as told:
        load(settings(tmp_path, text))
    assert words in str(told.value)
