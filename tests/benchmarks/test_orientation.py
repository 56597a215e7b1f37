"""The orientation benchmark: what it scores, how it resamples, and the file it writes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from analysis import quaternion
from analysis.errors import PostureError
from analysis.model import GRAVITY, Floats
from benchmarks import orientation
from benchmarks.orientation_trials import resampled, trials_of

RATE_HZ = 285.0


def rocking(folder: Path, name: str, duration_s: float = 12.0, **more: object) -> None:
    """A recording of a sensor that rocks about y by 20°, with its reference, as a file."""
    t = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    pitch = np.radians(20.0) * np.sin(2 * np.pi * 0.3 * t)
    rate = np.radians(20.0) * 2 * np.pi * 0.3 * np.cos(2 * np.pi * 0.3 * t)
    arrays = {
        "acc": (GRAVITY * np.column_stack([-np.sin(pitch), 0 * t, np.cos(pitch)])).astype(np.float32),
        "gyr": np.column_stack([0 * t, rate, 0 * t]).astype(np.float32),
        "q_ref": np.column_stack([np.cos(pitch / 2), 0 * t, np.sin(pitch / 2), 0 * t]),
        "movement": t > 1.0,
        "fs": np.float64(RATE_HZ),
        "name": np.str_(name),
    }
    np.savez(folder / f"{name}.npz", **{**arrays, **more})  # type: ignore[arg-type]  # of any shape, by name


def tipped(pitch: Floats) -> Floats:
    zero = np.zeros_like(pitch)
    return np.column_stack([np.cos(pitch / 2), zero, np.sin(pitch / 2), zero])


def test_the_score_is_the_angle_of_up_where_it_is_scored(tmp_path: Path) -> None:
    rocking(tmp_path, "a")
    (trial,) = trials_of(tmp_path)
    pitch = np.arctan2(-trial.up[:, 0], trial.up[:, 2])
    heading = np.array([np.cos(0.4), 0.0, 0.0, np.sin(0.4)])
    assert trial.is_whole
    assert trial.rmse_deg(quaternion.multiply(heading, tipped(pitch))) == pytest.approx(0.0, abs=1e-5)
    elsewhere = np.where(trial.is_scored, np.radians(3.0), 1.0)
    assert trial.rmse_deg(tipped(pitch + elsewhere)) == pytest.approx(3.0, abs=1e-6)


@pytest.mark.parametrize("rate_hz", [100.0, 52.0])
def test_resampling_keeps_the_movement_and_its_moment(tmp_path: Path, rate_hz: float) -> None:
    rocking(tmp_path, "a")
    (trial,) = trials_of(tmp_path)
    slow = resampled(trial, rate_hz)
    inside = (slow.t > 0.5) & (slow.t < slow.t[-1] - 0.5)
    true = np.column_stack([np.interp(slow.t, trial.t, trial.gyr[:, axis]) for axis in range(3)])
    assert np.abs(slow.gyr - true)[inside].max() < np.radians(2000.0) / 32768
    steps = slow.acc / (16 * GRAVITY / 32768)
    assert np.allclose(steps, np.rint(steps), atol=1e-6)
    assert np.allclose(quaternion.norm(slow.up), 1.0)


def test_no_alias_comes_through(tmp_path: Path) -> None:
    t = np.arange(round(12.0 * RATE_HZ)) / RATE_HZ
    shake = GRAVITY * np.column_stack([0 * t, 0 * t, 1 + 0.5 * np.sin(2 * np.pi * 50.0 * t)])
    rocking(tmp_path, "a", acc=shake)
    slow = resampled(trials_of(tmp_path)[0], 52.0)
    assert np.abs(slow.acc[52:-52, 2] - GRAVITY).max() < 0.05


def test_what_cannot_be_measured_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(PostureError, match="give the folder"):
        trials_of(tmp_path)
    np.savez(tmp_path / "x.npz", acc=np.zeros((5, 3)))
    with pytest.raises(PostureError, match="has no fs, gyr"):
        trials_of(tmp_path)


def test_the_command_writes_what_it_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("vqf", "imufusion", "ahrs"):
        pytest.importorskip(module)
    monkeypatch.setattr(orientation, "_REPEATS", 1)
    rocking(tmp_path, "a", 8.0)
    rocking(tmp_path, "jumps", 4.0, valid=np.arange(round(4.0 * RATE_HZ)) > 100)
    target = tmp_path / "figures.json"
    orientation.main(["--data", str(tmp_path), "--json", str(target)])
    figures = json.loads(target.read_text())
    assert figures["trials"] == 1
    for name in ("ours", "vqf", "madgwick", "imufusion"):
        assert set(figures["causal"][name]) == {"native", "100hz_int16", "52hz_int16"}
        assert all(0.0 <= value < 20.0 for value in figures["causal"][name].values())
    assert set(figures["acausal"]) >= {"ours", "offline_vqf"}
    assert max(figures["acausal"]["ours"].values()) < 0.5
    assert set(figures["samples_per_s"]) == {"ours_batch", "ours_blocks", "vqf_batch"}
    assert set(figures["with_jumps_in_time"]["ours"]) == {"jumps"}
