"""The measure of gait: on made-up recordings, whose steps are known, and on the recorded people."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.errors import PostureError
from analysis.gait.contacts import contacts_of
from analysis.gait.track import Track
from analysis.model import GRAVITY, GRID_HZ, Floats, Segment
from benchmarks import gait
from benchmarks.gait import Bout, bouts_of, cadence_if_all_found_spm, cadence_mae, figures, matched, score, timed
from benchmarks.gait_peers import PEERS
from tests.analysis.made_walks import MadeWalk

SHARED = Path(os.environ.get("UPSTAND_SHARED", Path(__file__).parents[3] / "shared")) / "data" / "mobgap_example"
QUIET_S = 20.0  # for the orientation to settle


def made_up(folder: Path, *walks: MadeWalk) -> Path:
    """A file in the mobgap format with a trial a walk: x up, y right, z forward."""
    folder.mkdir()
    arrays: dict[str, Any] = {"fs_hz": np.float32(GRID_HZ)}
    for number, walk in enumerate(walks):
        pose, contacts = walk.pose(), walk.contacts_s
        acc, gyr = (rows[Segment.PELVIS] for rows in (pose.acc, pose.gyr))
        name = f"Test5_Trial{number}"
        arrays[f"{name}_acc_g"] = (np.stack([acc[:, 2], -acc[:, 1], acc[:, 0]], axis=1) / GRAVITY).astype(np.float32)
        arrays[f"{name}_gyr_dps"] = np.degrees(np.stack([gyr[:, 2], -gyr[:, 1], gyr[:, 0]], axis=1)).astype(np.float32)
        arrays[f"{name}_bouts"] = np.array([[contacts[0], contacts[-1], walk.cadence_spm, 1.0, len(contacts)]])
        arrays[f"{name}_ic_s"] = np.append(contacts, np.nan)
    np.savez(folder / "person.npz", allow_pickle=False, **arrays)
    return folder


def bout(contacts_s: Floats, cadence_spm: float = 100.0) -> Bout:
    return Bout("made up", float(contacts_s[0]), float(contacts_s[-1]), cadence_spm, contacts_s, (_nothing(),))


def _nothing() -> Track:
    return Track(Segment.PELVIS, 0, *[np.zeros(10)] * 6)


def test_contacts_are_matched_one_to_one_and_nearest_first() -> None:
    off_s = matched(np.array([1.0, 1.2, 3.0]), np.array([1.15, 2.0, 3.2]), 0.25)
    assert sorted(off_s.tolist()) == pytest.approx([-0.2, 0.05])
    assert len(matched(np.array([1.0]), np.empty(0), 0.25)) == 0


def test_scores_are_what_they_are_by_hand() -> None:
    true = np.arange(5.0, 11.1, 0.6)  # 100 a minute
    perfect = score(bout(true), timed(lambda _: true))
    assert figures([perfect]) == {
        "cadence_mae": pytest.approx(0.0, abs=1e-6),
        "initial_contacts": {"recall": 1.0, "precision": 1.0},
    }
    half = score(bout(true), timed(lambda _: true[::2]))  # a stride for every two
    told = figures([half])
    assert told["cadence_mae"] == pytest.approx(50.0)
    assert told["initial_contacts"] == {"recall": pytest.approx(6 / 11), "precision": 1.0}
    deaf = score(bout(true), timed(lambda _: np.empty(0)))
    assert figures([deaf]) == {"cadence_mae": 100.0, "initial_contacts": {"recall": 0.0, "precision": None}}
    late = score(bout(true), timed(lambda _: true + 0.15))
    assert (len(late.off_s), late.tight) == (11, 0)


def test_what_a_perfect_finder_would_reach_is_told_at_our_times() -> None:
    true = np.arange(5.0, 11.1, 0.6)
    deaf, odd = score(bout(true), timed(lambda _: true[:0])), score(bout(true), timed(lambda _: true[::2] + 0.1))
    assert cadence_if_all_found_spm(deaf) == pytest.approx(100.0)
    assert cadence_if_all_found_spm(odd) == pytest.approx(100.0)  # whose strides begin and end as much too late
    squeezed = score(bout(true), timed(lambda _: np.append(true, 8.3) * 0.98 + 0.16))  # and one that is none
    assert cadence_if_all_found_spm(squeezed) == pytest.approx(100.0 / 0.98)


def test_what_lies_outside_the_bout_is_not_scored() -> None:
    true = np.arange(5.0, 11.1, 0.6)
    assert len(score(bout(true), timed(lambda _: np.array([4.0, *true, 12.0]))).contacts_s) == len(true)


def test_the_command_measures_a_folder_and_writes_the_agreed_keys(tmp_path: Path) -> None:
    walks = [MadeWalk(cadence, 30, QUIET_S, asymmetry) for cadence, asymmetry in ((95.0, 0.0), (112.0, 0.08))]
    folder = made_up(tmp_path / "one", *walks)
    gait.main(["--data", str(folder), "--json", str(tmp_path / "figures.json")])
    told = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert set(told) == {"cadence_mae", "initial_contacts"}
    assert set(told["initial_contacts"]) == {"recall", "precision"}
    assert told["cadence_mae"] < 0.4
    assert told["initial_contacts"]["recall"] > 0.96
    assert told["initial_contacts"]["precision"] > 0.96


def test_the_published_formulas_find_the_steps_of_a_clear_walk(tmp_path: Path) -> None:
    (one,) = bouts_of(made_up(tmp_path / "one", MadeWalk(100.0, 30, QUIET_S)))
    for find in PEERS.values():
        assert len(score(one, timed(find)).off_s) >= 28


def test_a_folder_without_bouts_and_a_broken_file_are_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(PostureError, match="no walking bouts"):
        bouts_of(tmp_path)
    (tmp_path / "broken.npz").write_bytes(b"broken")
    with pytest.raises(PostureError, match=r"broken\.npz cannot be read"):
        bouts_of(tmp_path)
    np.savez(tmp_path / "broken.npz", other=np.zeros(3))
    with pytest.raises(SystemExit):
        gait.main(["--data", str(tmp_path), "--json", str(tmp_path / "x.json")])


@pytest.mark.recordings
def test_recorded_people_are_told_better_than_by_the_published_formulas() -> None:
    if not SHARED.is_dir():
        pytest.skip(f"no recordings in {SHARED}; set UPSTAND_SHARED")
    bouts = bouts_of(SHARED)
    own = [score(one, contacts_of) for one in bouts]
    straight = [one for one in own if "Test5" in one.bout.name]
    assert all(len(one.off_s) == len(one.bout.contacts_s) == len(one.contacts_s) for one in straight)
    assert np.mean([abs(one.cadence_error_spm) for one in straight]) < 0.7
    healthy = [one for one in straight if "HA" in one.bout.name]
    assert np.mean([abs(one.cadence_error_spm) for one in healthy]) < 0.4  # the goal
    for find in PEERS.values():
        theirs = [score(one, timed(find)) for one in bouts]
        assert cadence_mae(own) < cadence_mae(theirs)
