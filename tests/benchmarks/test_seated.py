"""The measure of seated posture: on made-up people, whose postures are known, and on the recorded ones."""

from __future__ import annotations

import json
import os
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.detectors.seated_model import PARAMETERS, from_json, to_json
from analysis.errors import PostureError
from analysis.model import Floats
from benchmarks import seated
from benchmarks.seated import Score, left_out_score, score, shipped_score, standing_score
from benchmarks.seated_people import LABELS, Person, Series, people_of
from benchmarks.train_seated import POSTURES, fit

SHARED = Path(os.environ.get("UPSTAND_SHARED", Path(__file__).parents[3] / "shared")) / "data" / "cairo_sitting"
CODES = {"upright": 2, "slouch": 3, "forward lean": 4, "backward lean": 1, "right bend": 5, "left bend": 6}
TYPICAL = {
    "upright": (0.0, 0.0, 0.0, 0.0),
    "slouch": (3.0, 18.0, 0.0, 0.0),
    "forward lean": (19.0, 17.0, 0.0, 0.0),
    "backward lean": (-38.0, -32.0, 0.0, 0.0),
    "right bend": (8.0, 19.0, 6.0, 14.0),
    "left bend": (8.0, 19.0, -6.0, -14.0),
}
_TRIAL = 450  # rows: 9 s, two windows
_REST_DEG = {"L5": 20.0, "T12": -8.0}  # how the back is inclined where a sensor sits


def made_up(folder: Path, people: int, trials: int = 2) -> Path:
    """Files in the cairo format: sensors x up, y left, z back, on people who hold each posture still."""
    folder.mkdir()
    for number in range(people):
        rng = np.random.default_rng(number)
        labels = rng.permutation(np.repeat(list(CODES), trials))
        columns: dict[str, list[Floats]] = {"L5": [], "T12": []}
        for label in labels:
            angles = np.array(TYPICAL[label]) + rng.normal(0.0, 1.5, 4)
            for place, pitch, roll in (("L5", angles[0], angles[2]), ("T12", angles[1], angles[3])):
                columns[place].append(gravity(pitch + _REST_DEG[place], roll) + rng.normal(0.0, 5.0, (_TRIAL, 3)))
        arrays: dict[str, Any] = {
            "trial": np.repeat(np.arange(1, len(labels) + 1), _TRIAL).astype(np.int8),
            "label": np.repeat([CODES[label] for label in labels], _TRIAL).astype(np.int8),
            "fs_hz": np.float32(50.0),
            "acc_scale_g": 0.001,
            "gyr_scale_dps": 0.061,
        }
        for place, parts in columns.items():
            arrays[f"{place}_acc"] = np.rint(np.concatenate(parts)).astype(np.int16)
            arrays[f"{place}_gyr"] = rng.integers(-2, 3, (_TRIAL * len(labels), 3)).astype(np.int16)
        np.savez(folder / f"sub{number:02d}.npz", allow_pickle=False, **arrays)
    return folder


def gravity(pitch_deg: float, roll_deg: float) -> Floats:
    """(1, 3) thousandths of g on x up, y left, z back, of a segment tipped forward and to the right."""
    pitch, roll = np.radians([pitch_deg, roll_deg])
    up: Floats = 1000 * np.array([[np.cos(roll) * np.cos(pitch), np.sin(roll), np.cos(roll) * np.sin(pitch)]])
    return up


@cache
def recorded() -> tuple[Person, ...]:
    if not SHARED.is_dir():
        pytest.skip(f"no recordings in {SHARED}; set UPSTAND_SHARED")
    return tuple(people_of(SHARED))


def test_made_up_people_come_out_with_the_angles_they_were_made_with(tmp_path: Path) -> None:
    (person,) = people_of(made_up(tmp_path / "one", 1))
    assert not person.refused
    whole = person.series[0]
    assert len(whole.label) == 24
    for number, label in enumerate(LABELS):
        seen = whole.angles_deg[whole.label == number].mean(axis=0)
        np.testing.assert_allclose(seen, TYPICAL[label], atol=4.0)


def test_an_upright_trial_is_scored_once_and_not_by_a_calibration_on_itself(tmp_path: Path) -> None:
    (person,) = people_of(made_up(tmp_path / "one", 1, trials=3))
    scored = np.sum([one.is_scored for one in person.series], axis=0)
    assert (scored == 1).all()
    whole, *held_out = person.series
    assert not whole.is_scored[whole.label == 0].any()
    assert len(held_out) == 3
    for one in held_out:
        assert len(np.unique(one.trial[one.is_scored])) == 1
    means = [one.angles_deg[one.is_scored].mean(axis=0) for one in held_out]
    assert all(np.linalg.norm(mean) > 0.2 for mean in means)  # against themselves they would be 0 by definition


def test_the_command_measures_a_folder_and_writes_the_agreed_keys(tmp_path: Path) -> None:
    folder, told = made_up(tmp_path / "four", 4), tmp_path / "figures.json"
    for more in ([], ["--leave-one-out"]):
        seated.main(["--data", str(folder), "--json", str(told), *more])
        figures = json.loads(told.read_text(encoding="utf-8"))
        assert set(figures) == {"accuracy", "f1", "windows", "people"}
        assert set(figures["f1"]) == set(LABELS)
        assert figures["windows"] == 4 * 12 * 2
        assert figures["people"] == 4
        assert figures["accuracy"] > 0.9


def test_an_empty_folder_and_too_few_people_are_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(PostureError, match="no recordings to use"):
        people_of(tmp_path)
    (tmp_path / "sub00.npz").write_bytes(b"broken")
    with pytest.raises(SystemExit):
        seated.main(["--data", str(tmp_path), "--json", str(tmp_path / "x.json")])
    with pytest.raises(PostureError, match="show every posture"):
        fit([Person("nobody", (Series(np.empty((0, 4)), *(np.empty(0, np.intp),) * 2, np.empty(0, np.bool_)),), ())])


def test_a_file_that_cannot_be_used_is_named_and_the_others_are_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made_up(tmp_path / "one", 1)
    (folder / "sub77.npz").write_bytes(b"broken")
    assert [person.name for person in people_of(folder)] == ["sub00"]
    assert "sub77.npz is damaged" in capsys.readouterr().err


def test_scores_are_what_they_are_by_hand() -> None:
    one = Score(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 2]), np.array([0, 0, 0, 1]))
    assert one.accuracy == 0.75
    assert one.f1["upright"] == pytest.approx(2 / 3)
    assert one.f1["slouch"] == pytest.approx(2 / 3)
    assert one.f1["forward lean"] == 1.0
    assert np.isnan(one.f1["left bend"])
    assert one.by_person.tolist() == pytest.approx([2 / 3, 1.0])
    low, high = one.interval
    assert 2 / 3 <= low <= high <= 1.0


def test_a_judge_is_told_apart_by_who_it_is_for(tmp_path: Path) -> None:
    people = people_of(made_up(tmp_path / "two", 2))
    blind = score(people, lambda k: lambda person: np.full(sum(len(one.label) for one in person.series), k, np.intp))
    assert blind.told[blind.person == 1].tolist() == [1] * 24


def test_a_model_that_is_written_and_read_again_says_the_same(tmp_path: Path) -> None:
    model = fit(people_of(made_up(tmp_path / "four", 4)))
    again = from_json(to_json(model, "made up"))
    assert again.postures == POSTURES
    np.testing.assert_allclose(again.people, model.people, atol=1e-3)
    np.testing.assert_allclose(again.mean[1, :2], TYPICAL["slouch"][:2], atol=3.0)
    assert np.linalg.eigvalsh(again.people).min() > 0


@pytest.mark.recordings
@pytest.mark.long
@pytest.mark.timeout(600)
def test_recorded_people_left_out_are_told_better_than_published() -> None:
    one = left_out_score(recorded())
    assert one.accuracy > 0.88  # goal; four sensors and a CNN: 0.865
    assert min(one.f1.values()) > 0.75
    assert shipped_score(recorded()).accuracy > one.accuracy > standing_score(recorded()).accuracy > 0.8


@pytest.mark.recordings
@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_parameters_that_ship_are_those_of_the_recorded_people() -> None:
    shipped = from_json(files("analysis.detectors").joinpath(PARAMETERS).read_bytes())
    refitted = fit(recorded())
    np.testing.assert_allclose(shipped.mean, refitted.mean, atol=0.3)
    np.testing.assert_allclose(shipped.people, refitted.people, atol=2.0)
