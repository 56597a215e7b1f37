"""The readers of recordings of one sensor, and what is made of plain CSV files."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from analysis.errors import PostureError
from analysis.model import GRAVITY, Activity, Segment
from benchmarks.activity import f1, main, write_plain
from benchmarks.activity_recordings import hapt, plain
from hardware.twin.imu import ImuErrors
from hardware.twin.moves import GetUp, Hold, LieDown, Rise, RollOver, SitDown, Walk
from hardware.twin.script import of_moves
from hardware.twin.wearer import Wearer

SCRIPT = of_moves("desk", Hold(12.0), SitDown(), Hold(25.0), Rise(), Hold(6.0), Walk(20.0), Hold(8.0))
NAMES = "t_s,ax,ay,az,gx,gy,gz"


def recorded() -> tuple[np.ndarray[tuple[int, int], np.dtype[np.float64]], float]:
    """(n, 7) in the columns of a plain file, and when the wearer sat down."""
    wearer = Wearer(SCRIPT, 2)
    source = wearer.source(Segment.PELVIS, 50.0, ImuErrors.default(2))
    counts = source.read(0.0, SCRIPT.end_s)
    raw = counts.counts.astype(np.float64)
    acc, gyr = raw[:, :3] * source.acc_scale / GRAVITY, np.degrees(raw[:, 3:] * source.gyr_scale)
    return np.column_stack([counts.t, acc, gyr]), wearer.sitting_bouts(SCRIPT.end_s)[0].start_s


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_plain_file_is_told_as_states_with_confidence_and_transitions(tmp_path: Path) -> None:
    rows, sat_s = recorded()
    np.savetxt(tmp_path / "one.csv", rows, delimiter=",", header=NAMES, comments="")
    assert write_plain(tmp_path, tmp_path / "out", 2.0) == 1
    states = rows_of(tmp_path / "out" / "one_states.csv")
    assert [row["state"] for row in states if row["state"] != "unknown"] == [
        "standing", "sitting", "standing", "walking", "standing",
    ]  # fmt: skip
    (sitting,) = (row for row in states if row["state"] == "sitting")
    assert float(sitting["start_s"]) == pytest.approx(sat_s, abs=1.5)
    assert 90.0 < float(sitting["confidence_percent"]) <= 100.0
    kinds = [row["kind"] for row in rows_of(tmp_path / "out" / "one_transitions.csv")]
    assert kinds == ["stand_to_sit", "sit_to_stand"]


@pytest.mark.parametrize("standing_s", [2.0, None])
def test_positions_of_lying_are_told_where_forward_is_known(tmp_path: Path, standing_s: float | None) -> None:
    moves = (SitDown(), Hold(10.0), LieDown(spin_deg=90.0), Hold(20.0), RollOver(180.0), Hold(20.0), GetUp(), Hold(8.0))
    script = of_moves("in bed", Hold(12.0), Walk(25.0), Hold(5.0), *moves, Rise(), Hold(6.0))
    wearer = Wearer(script, 3)
    source = wearer.source(Segment.PELVIS, 50.0, ImuErrors.default(2))
    counts = source.read(0.0, script.end_s)
    raw = counts.counts.astype(np.float64)
    acc, gyr = raw[:, :3] * source.acc_scale / GRAVITY, np.degrees(raw[:, 3:] * source.gyr_scale)
    turned = np.column_stack([counts.t, acc[:, [1, 2, 0]], gyr[:, [1, 2, 0]]])  # the case's z is this file's y
    np.savetxt(tmp_path / "one.csv", turned, delimiter=",", header=NAMES, comments="")
    write_plain(tmp_path, tmp_path / "out", standing_s, "-y")
    told = rows_of(tmp_path / "out" / "one_positions.csv")
    assert [row["position"] for row in told] == ["left", "prone"]
    assert all(float(row["sure_percent"]) > 90.0 for row in told)
    write_plain(tmp_path, tmp_path / "blind", standing_s)
    assert {row["position"] for row in rows_of(tmp_path / "blind" / "one_positions.csv")} == {"unknown"}
    for axis in ("w", "z" if standing_s else "--x"):
        with pytest.raises(PostureError):
            write_plain(tmp_path, tmp_path / "no", standing_s, axis)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("t_s,ax,ay\n0,1,2\n", "lacks a column"),
        (f"{NAMES}\n0,a,0,1,0,0,0\n", "other than numbers"),
        (f"{NAMES}\n0,0,0,1,0,0,0\n", "is empty"),
    ],
)
def test_a_file_that_is_none_is_told_with_what_to_do(tmp_path: Path, text: str, asked: str) -> None:
    (tmp_path / "bad.csv").write_text(text, encoding="utf-8")
    with pytest.raises(PostureError, match=asked):
        plain(tmp_path)


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    for read in (plain, hapt):
        with pytest.raises(PostureError, match="holds no"):
            read(tmp_path)


def test_recordings_of_one_file_are_told_apart(tmp_path: Path) -> None:
    acc = np.tile([0.0, 0.0, 1.0], (6, 1))
    label, number, hz = np.arange(6, dtype=np.int8), np.array([1, 1, 1, 1, 2, 2]), np.array(50.0)
    np.savez(tmp_path / "p1.npz", recording=number, acc_g=acc, gyr_rad_s=0 * acc, label=label, fs_hz=hz)
    first, second = hapt(tmp_path)
    assert (first.name, second.name, first.person) == ("p1-1", "p1-2", "p1")
    assert first.t.tolist() == [0.0, 0.02, 0.04, 0.06]
    assert second.label.tolist() == [4, 5]
    assert first.acc[0, 2] == GRAVITY
    np.savez(tmp_path / "p2.npz", acc_g=acc, gyr_rad_s=0 * acc, label=label, fs_hz=hz)
    with pytest.raises(PostureError, match="'recording'"):
        hapt(tmp_path)


def test_f1_by_hand() -> None:
    sits, stands = Activity.SITTING, Activity.STANDING
    true, told = np.array([sits, sits, stands], np.int8), np.array([sits, stands, stands], np.int8)
    assert f1(true, told, sits) == pytest.approx(2 / 3)
    assert f1(true, told, Activity.LYING) == 1.0


def test_a_command_without_its_folders_says_what_to_give(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([])
    assert "--data and --json" in capsys.readouterr().err
