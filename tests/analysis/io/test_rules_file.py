"""A settings file that is changed while the service runs."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from analysis.io.rules_file import RulesFile
from analysis.io.settings import load


def test_a_change_is_told_once_and_a_broken_file_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "upstand.toml"
    file.write_text("")
    watched = RulesFile(file, partial(load, file))
    assert watched.changed() is None
    file.write_text("[breaks]\nspacing_s = 60\n")
    rules = watched.changed()
    assert rules is not None
    assert rules.spacing_s == 60.0
    assert watched.changed() is None
    file.write_text("[breaks]\nspacing_s = -1\n")
    assert watched.changed() is None
    assert "spacing_s" in watched.note
    assert "as they were" in watched.note
    file.write_text("[breaks]\nspacing_s = 120\n")
    rules = watched.changed()
    assert rules is not None
    assert rules.spacing_s == 120.0
    assert watched.note == ""
    file.unlink()
    assert watched.changed() is None  # a file that was named must be there
    assert watched.note
