"""The budget on the page is the one that is computed, and its sums hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardware import board_folder, power_budget
from hardware.power_budget import CELLS_MAH, STATES

PAGE = Path(power_budget.__file__).parent / "firmware" / "README.md"


def test_the_page_shows_what_is_computed() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert power_budget.table() in page
    assert power_budget.arithmetic() in page


def test_hours_are_charge_over_current() -> None:
    for state in STATES:
        assert state.ma == pytest.approx(sum(load.ma for load in state.loads))
        for cell in CELLS_MAH:
            assert state.hours(cell) * state.ma == pytest.approx(0.85 * cell)


def test_more_to_do_costs_more() -> None:
    slow, fast, behind, table = (state.ma for state in STATES)
    assert table < behind < slow < fast
    assert STATES[0].hours(100) > 2 * 16  # two long days between charges, on the smallest cell


def test_the_boards_folder(tmp_path: Path) -> None:
    made = board_folder.assemble(tmp_path / "board")
    names = {path.relative_to(tmp_path / "board").as_posix() for path in made}
    assert {"code.py", "boot.py", "hardware/__init__.py", "hardware/firmware/wire.py"} <= names
    assert "hardware/firmware/code.py" not in names
    assert sum(path.stat().st_size for path in made) < 120_000  # beside the spill on 2 MB
    assert board_folder.assemble(tmp_path / "board") == made
    (tmp_path / "board" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsError, match=r"notes\.txt"):
        board_folder.assemble(tmp_path / "board")
