"""Changes to the settings file: what was asked for is so afterwards, and nothing else is otherwise."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import PostureError
from analysis.io import break_edits
from analysis.io.break_edits import Plain
from analysis.io.break_settings import BreakSettings

EYES: dict[str, Plain] = {
    "action": "shift", "clock": "keyboard", "credit": "timer", "interval_s": 1200.0, "length_s": 20.0,
    "content": ['Look "far" away – ä.'], "modes": ["desk", "meeting"],
}  # fmt: skip
MINE = """# my own file
wearer = "me"   # that is me

[breaks]
evening = "20:00-03:00"  # early
# the long one
[breaks.types.active]
interval_s = 2700  # 45 min
again_s = 100.5

[notify]
desktop = true  # yes
phone = ["ntfy://secret"]
"""
FILES = [
    "",
    MINE,
    MINE.replace("\n", "\r\n"),
    "[breaks]\n",
    "[breaks.types]\n",
    "breaks = {types = {active = {interval_s = 2700}}, spacing_s = 10}\n",
    "breaks.types.active.interval_s = 2700\n[notify]\ndesktop = true\n",
    "[breaks.hours]\nmon = ['09:00-17:00'] # always\n[dashboard]\nport = 9000",
    "[breaks.types.eyes]\naction = 'shift'\ninterval_s = 60\nlength_s = 5\n# after\n",
]
TYPES: st.SearchStrategy[tuple[str, dict[str, Plain]]] = st.tuples(
    st.sampled_from(["active", "shift", "eyes", "my-own_1"]),
    st.fixed_dictionaries(
        {
            "action": st.sampled_from(["shift", "stand", "walk"]),
            "interval_s": st.floats(1.0, 1e5),
            "length_s": st.floats(300.0, 1e4),
        },
        optional={
            "content": st.lists(st.text(max_size=12), max_size=3),
            "is_strict": st.sampled_from([True, False, None]),
            "postpones": st.integers(-1, 9),
            "modes": st.lists(st.sampled_from(["desk", "evening"]), unique=True),
        },
    ),
)
HOURS = st.dictionaries(st.sampled_from(["mon", "sun"]), st.just(["09:00-12:30", "13:00-17:00"]))


def comments(text: str) -> list[str]:
    return [line[line.index("#") :].strip() for line in text.splitlines() if "#" in line]


@pytest.mark.parametrize("text", FILES)
@settings(max_examples=15)
@given(edits=st.lists(st.one_of(TYPES, st.sampled_from(["active", "eyes"]), HOURS), max_size=6))
def test_any_edits_make_what_was_asked_for_and_touch_nothing_else(text: str, edits: list[Any]) -> None:
    before = tomllib.loads(text)
    types: dict[str, dict[str, Any]] = {
        name: dict(of) for name, of in before.get("breaks", {}).get("types", {}).items()
    }
    hours, edited = before.get("breaks", {}).get("hours", {}), text
    for edit in edits:
        match edit:
            case str():
                edited = break_edits.remove_type(edited, edit)
                types.pop(edit, None)
            case dict():
                edited = break_edits.set_rules(edited, {"hours": edit})
                hours = edit
            case (name, values):
                edited = break_edits.set_type(edited, name, values)
                types.setdefault(name, {}).update(values)
                types[name] = {key: value for key, value in types[name].items() if value is not None}
    after = tomllib.loads(edited)
    assert {name: of for name, of in after.get("breaks", {}).get("types", {}).items() if of} == types
    assert after.get("breaks", {}).get("hours", {}) == hours
    assert {key: value for key, value in after.items() if key != "breaks"} == {
        key: value for key, value in before.items() if key != "breaks"
    }
    if not any(isinstance(edit, str) for edit in edits) and "hours" not in before.get("breaks", {}):
        assert set(comments(text)) <= set(comments(edited))
    BreakSettings.model_validate(after.get("breaks", {}))


def test_an_edit_back_leaves_the_file_as_it_was_written() -> None:
    once = break_edits.set_type(MINE, "active", {"interval_s": 1800.0})
    assert once == MINE.replace("2700", "1800")
    assert break_edits.set_type(once, "active", {"interval_s": 2700.0}) == MINE
    assert break_edits.set_type(MINE, "active", {"interval_s": 2700.0, "is_strict": None}) == MINE


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"interval_s": -1.0}, r"active\.interval_s: input should be greater than 0"),
        ({"interval_s": float("nan")}, "greater than 0"),
        ({"modes": ["moon"]}, "'desk', 'meeting', 'driving' or 'evening'"),
        ({"enough_s": 400.0}, "enough_s is more than length_s"),
        ({"colour": "red"}, "active.colour"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_changes_nothing(values: dict[str, Plain], said: str) -> None:
    with pytest.raises(PostureError, match=said) as raised:
        break_edits.set_type(MINE, "active", values)
    assert str(raised.value).startswith("This cannot be: ")
    assert str(raised.value).endswith(".")


@pytest.mark.parametrize("name", ["", "Two words", "a.b", 'a"b', "ä"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(PostureError, match="must be 1 to 32 small letters"):
        break_edits.set_type("", name, EYES)


def test_hours_that_are_none_are_refused() -> None:
    with pytest.raises(PostureError, match="is not a span of the day such as"):
        break_edits.set_rules("", {"hours": {"mon": ["9-5"]}})
    with pytest.raises(PostureError, match="is not a span of the day such as"):
        break_edits.set_rules("", {"evening": "late"})


def test_a_file_that_is_broken_is_left_alone() -> None:
    with pytest.raises(PostureError, match="not valid TOML"):
        break_edits.set_type("[breaks\n", "eyes", EYES)


def test_it_is_written_whole_with_the_rights_it_had(tmp_path: Path) -> None:
    file, link = tmp_path / "real.toml", tmp_path / "upstand.toml"
    assert break_edits.read(file) == ""
    file.write_bytes(MINE.replace("\n", "\r\n").encode())
    link.symlink_to(file)
    file.chmod(0o600)
    break_edits.write(link, break_edits.set_type(break_edits.read(link), "eyes", EYES))
    assert link.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert b'phone = ["ntfy://secret"]\r\n' in file.read_bytes()
    assert [one.name for one in tmp_path.iterdir() if one not in (file, link)] == []


def test_a_folder_in_the_files_place_is_said_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    (tmp_path / "upstand.toml").mkdir()
    with pytest.raises(PostureError, match="cannot be written"):
        break_edits.write(tmp_path / "upstand.toml", "")
    assert [one.name for one in tmp_path.iterdir()] == ["upstand.toml"]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(PostureError, match="cannot be written"):
        break_edits.write(tmp_path / "gone" / "upstand.toml", "")
