"""Recordings as sources: the real ones where they are, and files that are none."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.errors import PostureError
from analysis.model import GRAVITY, Segment, Stance
from hardware.twin.recording import GAP_S, START_S, Recording, load, load_cairo, load_cip

SHARED = Path(os.environ.get("UPSTAND_SHARED", Path(__file__).parents[4] / "shared")) / "data"
PEOPLE = sorted((SHARED / "cairo_sitting").glob("*.npz"))


def _made_up(path: Path, **changes: Any) -> Path:
    """A tiny file in the shape of a cairo one: upright in trials 2 to 4, slouching in 1."""
    rows = 40
    number = np.repeat(np.arange(1, 5, dtype=np.int8), rows // 4)
    arrays: dict[str, Any] = {
        "trial": number,
        "label": np.where(number == 1, 3, 2).astype(np.int8),
        "fs_hz": np.float32(50.0),
        "acc_scale_g": 0.001,
        "gyr_scale_dps": 0.061,
    }
    for place in ("L5", "T12"):
        for kind in ("acc", "gyr"):
            arrays[f"{place}_{kind}"] = np.arange(rows * 3, dtype=np.int16).reshape(rows, 3)
    kept: dict[str, Any] = {name: value for name, value in (arrays | changes).items() if value is not None}
    np.savez(path, allow_pickle=False, **kept)
    return path


def test_upright_trials_come_first_and_silence_parts_the_others(tmp_path: Path) -> None:
    recording = load(_made_up(tmp_path / "sub99.npz"))
    assert recording.name == "sub99"
    assert [trial.label for trial in recording.trials] == ["upright"] * 3 + ["slouch"]
    assert recording.calibration[1] == pytest.approx(0.6)
    assert recording.calibration[::2] == (START_S, Stance.SITTING)
    source = recording.sources[Segment.PELVIS]
    read = source.read(0.0, source.end_s)
    np.testing.assert_allclose(read.t, START_S + read.index / 50.0)
    np.testing.assert_array_equal(read.index[:30], np.arange(30))
    assert read.index[30] == 30 + round(GAP_S * 50)
    np.testing.assert_array_equal(read.counts[30:, 0], 3 * np.arange(10))  # trial 1 is played last
    assert source.acc_scale == pytest.approx(0.001 * GRAVITY)
    assert source.gyr_scale == pytest.approx(np.radians(0.061))
    assert source.end_s == pytest.approx(recording.trials[-1].end_s)


def test_missing_samples_are_holes_in_the_index(tmp_path: Path) -> None:
    acc = np.ones((40, 3), np.int16)
    acc[[12, 25]] = -32768
    recording = load_cairo(_made_up(tmp_path / "holes.npz", T12_acc=acc))
    pelvis, lumbar = (recording.sources[segment].read(0.0, 2.0) for segment in Segment)
    assert set(pelvis.index) - set(lumbar.index) == {2, 15}  # trials 2 to 4 begin at row 10
    np.testing.assert_allclose(lumbar.t, START_S + lumbar.index / 50.0)


@pytest.mark.parametrize(
    "changes",
    [
        {"T12_gyr": None},
        {"fs_hz": None},
        {"label": np.full(40, 9, np.int8)},
        {"label": np.full(40, 3, np.int8)},
        {"label": np.full(7, 2, np.int8)},
        {"L5_gyr": np.zeros((40, 2), np.int16)},
        {"L5_acc": np.full((40, 3), -32768, np.int16)},
        {"L5_acc": np.full((40, 3), np.nan)},
        {"trial": np.int8(1)},
        {"fs_hz": np.float32(0.0)},
        {"acc_scale_g": np.array([0.001, 0.002])},
    ],
)
def test_a_file_with_wrong_columns_is_refused_in_one_sentence(tmp_path: Path, changes: dict[str, Any]) -> None:
    path = _made_up(tmp_path / "wrong.npz", **changes)
    with pytest.raises(PostureError, match=r"wrong\.npz .*; .*\.\Z"):
        load_cairo(path)


def _garment(path: Path, **changes: Any) -> Path:
    """A tiny file in the shape of a cip one: at rest, standing, y down and z back."""
    still = np.tile(np.array([0.0, -GRAVITY, 0.0], np.float32), (3, 50, 1))
    turning = np.tile(np.array([0.5, -0.7, 0.3], np.float32), (3, 50, 1))  # left, up and back
    arrays: dict[str, Any] = {
        "t": 7.0 + np.arange(50) / 100.0,
        "acc": still,
        "gyr": turning,
        "segments": np.array(["neck", "t12", "pelvis"]),
    }
    np.savez(path, allow_pickle=False, **(arrays | changes))
    return path


def test_the_garments_axes_become_up_left_and_posterior(tmp_path: Path) -> None:
    recording = load(_garment(tmp_path / "trial.npz"))
    for source in recording.sources.values():
        read = source.read(0.0, 2.0)
        assert source.rate_hz == pytest.approx(100.0)
        np.testing.assert_allclose(read.t, START_S + np.arange(50) / 100.0)
        np.testing.assert_allclose(read.counts[0, :3] * source.acc_scale, [GRAVITY, 0.0, 0.0], atol=1e-3)
        np.testing.assert_allclose(read.counts[0, 3:] * source.gyr_scale, [0.7, 0.5, 0.3], atol=1e-3)


@pytest.mark.parametrize(
    "changes",
    [
        {"segments": np.array(["pelvis", "neck", "arm"])},
        {"t": np.zeros(50)},
        {"t": np.zeros((5, 10))},
        {"acc": np.full((3, 50, 3), np.nan)},
        {"gyr": np.zeros((3, 49, 3))},
    ],
)
def test_a_garment_trial_that_does_not_fit_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(PostureError, match=r"wrong\.npz .*; .*\.\Z"):
        load_cip(_garment(tmp_path / "wrong.npz", **changes))


def test_files_that_are_no_recordings_are_refused(tmp_path: Path) -> None:
    whole = _made_up(tmp_path / "whole.npz").read_bytes()
    np.save(tmp_path / "array.npy", np.zeros(3))
    np.savez(tmp_path / "other.npz", something=np.zeros(3))
    np.savez(tmp_path / "object.npz", L5_acc=np.array([{}], dtype=object))
    (tmp_path / "text.npz").write_text("hello")
    (tmp_path / "empty.npz").write_bytes(b"")
    (tmp_path / "half.npz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "bent.npz").write_bytes(whole[:400] + bytes(b ^ 0x55 for b in whole[400:600]) + whole[600:])
    names = ["array.npy", "other.npz", "object.npz", "text.npz", "empty.npz", "half.npz", "bent.npz", "absent.npz"]
    for name in [*names, "."]:
        with pytest.raises(PostureError, match=r"; .*\.\Z"):
            load(tmp_path / name)


def _forward_deg(recording: Recording, segment: Segment, label: str) -> float:
    """Mean forward tilt against the calibration span."""
    source = recording.sources[segment]
    spans = [(trial.start_s, trial.end_s) for trial in recording.trials if trial.label == label]
    start_s, duration_s, _ = recording.calibration
    leans = []
    for begin, end in [*spans, (start_s, start_s + duration_s)]:
        acc = source.read(begin, end).counts[:, :3].mean(axis=0)
        leans.append(np.degrees(np.arctan2(acc[2], acc[0])))
    return float(np.mean(leans[:-1]) - leans[-1])


@pytest.mark.recordings
@pytest.mark.skipif(not PEOPLE, reason="the cairo_sitting recordings are not in UPSTAND_SHARED")
def test_every_person_of_the_sitting_set_can_be_replayed() -> None:
    tilt: dict[str, list[tuple[float, float]]] = {}
    for path in PEOPLE:
        recording = load(path)
        assert len(recording.trials) == 18
        assert recording.calibration[1] == pytest.approx(90.0, abs=3.0)
        assert recording.calibration[::2] == (START_S, Stance.SITTING)
        for source in recording.sources.values():
            read = source.read(0.0, source.end_s)
            assert (np.diff(read.index) > 0).all()
            np.testing.assert_allclose(read.t, START_S + read.index / 50.0)
            assert (read.counts != -32768).all()
            norm = np.linalg.norm(read.counts[:, :3] * source.acc_scale, axis=1)
            assert np.median(norm) == pytest.approx(GRAVITY, rel=0.06)
        for label in ("slouch", "forward lean"):
            pelvis, lumbar = (_forward_deg(recording, segment, label) for segment in Segment)
            tilt.setdefault(label, []).append((pelvis, lumbar))
    # The data set's own averages: slouching is felt at T12, leaning forward in the hips at L5.
    np.testing.assert_allclose(np.mean(tilt["slouch"], axis=0), [4.4, 18.0], atol=1.0)
    np.testing.assert_allclose(np.mean(tilt["forward lean"], axis=0), [17.2, 17.6], atol=1.0)


@pytest.mark.recordings
@pytest.mark.skipif(not (SHARED / "cip_sample").is_dir(), reason="the cip_sample recordings are not in UPSTAND_SHARED")
def test_the_garment_trial_stands_and_then_walks() -> None:
    recording = load_cip(SHARED / "cip_sample" / "ergowear_pelvis_t12_neck.npz")
    assert [trial.label for trial in recording.trials] == ["quiet standing", "walking"]
    assert recording.calibration == (1.0, 4.5, Stance.STANDING)
    for segment in Segment:
        source = recording.sources[segment]
        assert source.rate_hz == pytest.approx(102.1, abs=0.1)
        still = source.read(1.0, 5.5).counts[:, :3].mean(axis=0) * source.acc_scale
        assert still[0] / np.linalg.norm(still) > 0.96  # x is up
        walk = source.read(7.0, 10.5).counts[:, :3] * source.acc_scale
        hz = np.fft.rfftfreq(len(walk), 1 / source.rate_hz)
        below = hz < 1.1  # the rhythm of strides; steps are twice as fast
        power = np.abs(np.fft.rfft((walk - walk.mean(axis=0)) * np.hanning(len(walk))[:, None], axis=0)) ** 2
        share = power[below].sum(axis=0) / power[hz < 3.0].sum(axis=0)
        assert share[1] > max(share[0], share[2])  # y lies across the body
    pelvis = recording.sources[Segment.PELVIS].read(1.0, 5.5).counts.mean(axis=0)
    assert pelvis[2] > 0  # the sacrum leans forward: z, which looks back, carries a part of gravity
    with pytest.raises(PostureError, match="not a recording Upstand knows"):
        load(SHARED / "cip_sample" / "mtw_pelvis_sternum.npz")
