"""The inclination filter: exact under cutting, robust against broken rows, and as accurate as its model."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import quaternion
from analysis.model import GRAVITY, Floats, Quality, Segment, SegmentOrientation
from analysis.orientation import GAP_S, OrientationFilter
from benchmarks.orientation_trials import DELAY_S
from tests.analysis.simulated import shared

Samples = tuple[Floats, Floats, Floats]


def rocking(duration_s: float, rate_hz: float, *, bias_dps: float = 0.0, swing_deg: float = 20.0) -> Samples:
    """A segment rocking forward and back about y after 5 s of rest."""
    t = np.arange(round(duration_s * rate_hz)) / rate_hz
    phase = np.maximum(t - 5.0, 0.0) * 2 * np.pi * 0.2
    pitch = np.radians(swing_deg) * (1 - np.cos(phase)) / 2
    rate = np.radians(swing_deg) * np.sin(phase) / 2 * 2 * np.pi * 0.2
    acc = GRAVITY * np.column_stack([-np.sin(pitch), 0 * t, np.cos(pitch)])
    gyr = np.column_stack([0 * t, rate, 0 * t]) + np.radians([bias_dps, -bias_dps, bias_dps / 2])
    return t, acc, gyr


def pitch_deg(parts: Iterable[SegmentOrientation]) -> Floats:
    up = quaternion.up_in_body(np.concatenate([part.q for part in parts]))
    return np.degrees(np.arctan2(-up[:, 0], up[:, 2]))


def turned(samples: Samples, places: Iterable[int] = (), *, delay_s: float = 0.0) -> list[SegmentOrientation]:
    worker = OrientationFilter(Segment.PELVIS, delay_s=delay_s)
    edges = sorted({0, len(samples[0]), *places})
    parts = []
    for a, b in pairwise(edges):
        parts += worker.feed(*(array[a:b] for array in samples))
    return parts + worker.flush()


def column(parts: list[SegmentOrientation], name: str) -> Floats:
    return np.concatenate([getattr(part, name) for part in parts])


def broken(samples: Samples, seed: int) -> Samples:
    """With NaN rows, zero rows, repeated rows, times that go back, spikes, saturation and gaps."""
    rng = np.random.default_rng(seed)
    t, acc, gyr = (array.copy() for array in samples)
    count = len(t)
    for first in rng.integers(0, count, 3):
        t[first:] += rng.choice([0.1, 0.7, 30.0])
    acc[rng.integers(0, count, 5)] = np.nan
    gyr[rng.integers(0, count, 5), 1] = np.inf
    acc[rng.integers(0, count, 5)] = 0.0
    acc[rng.integers(0, count, 3)] *= 9.0
    gyr[rng.integers(0, count, 3)] = 35.0
    start = rng.integers(0, count - 20)
    gyr[start : start + 15] = 1e300
    t[rng.integers(0, count, 2)] = np.nan
    for row in rng.integers(1, count, 3):
        t[row], acc[row], gyr[row] = t[row - 1], acc[row - 1], gyr[row - 1]
    return t, acc, gyr


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 1199), max_size=40), st.sampled_from([10.0, 52.0, 285.7]))
def test_cutting_changes_nothing(seed: int, places: list[int], rate_hz: float) -> None:
    samples = broken(rocking(1200 / rate_hz, rate_hz, bias_dps=3.0), seed)
    whole, parts = turned(samples), turned(samples, places)
    for name in ("t", "q", "acc", "gyr", "quality"):
        assert np.array_equal(column(whole, name), column(parts, name)), name
    q = column(whole, "q")
    assert np.isfinite(q).all()
    assert np.allclose(quaternion.norm(q), 1.0)
    assert (np.diff(column(whole, "t")) > 0).all()


@pytest.mark.parametrize("rate_hz", [10.0, 26.0, 52.0, 104.0, 400.0])
def test_it_follows_at_every_rate_and_with_a_wrong_clock(rate_hz: float) -> None:
    t, acc, gyr = rocking(60.0, rate_hz)
    parts = turned((t * 1.01, acc, gyr))
    truth = np.degrees(np.arctan2(-acc[:, 0], acc[:, 2]))
    assert np.sqrt(np.mean((pitch_deg(parts) - truth) ** 2)) < 0.9  # 1 % of time is 1 % of a 20° swing, and bias


def test_bias_is_learned_in_rest_and_forgiven_before() -> None:
    samples = rocking(40.0, 52.0, bias_dps=2.5)
    off = pitch_deg(turned(samples)) - np.degrees(np.arctan2(-samples[1][:, 0], samples[1][:, 2]))
    assert np.abs(off[samples[0] < 5.0]).max() < 4.0
    assert np.sqrt(np.mean(off[samples[0] > 8.0] ** 2)) < 0.6


def test_no_transient_at_the_start_and_after_a_gap() -> None:
    t, acc, gyr = rocking(4.9, 52.0)
    lean = np.radians(25.0)
    acc = GRAVITY * np.column_stack([-np.sin(lean) + 0 * t, 0 * t, np.cos(lean) + 0 * t])
    t = t + np.where(t > 2.0, 3.0, 0.0)
    parts = turned((t, acc, gyr))
    assert np.allclose(pitch_deg(parts), 25.0, atol=1e-6)
    settling = (column(parts, "quality").astype(int) & Quality.SETTLING) > 0
    assert settling[0]
    assert settling[np.flatnonzero(np.diff(t) > GAP_S)[0] + 1]


def test_one_broken_sample_tips_nothing() -> None:
    t, acc, gyr = rocking(4.0, 50.0)
    gyr[100] = np.radians([1300.0, 0.0, 0.0])
    acc[150] = [76.0, 0.0, 0.0]
    up = quaternion.up_in_body(column(turned((t, acc, gyr)), "q"))
    assert np.allclose(up, [0.0, 0.0, 1.0], atol=1e-6)


def test_long_drift_neither_flips_nor_jumps() -> None:
    """With a bias nobody can learn (there is no rest) the inertial frame turns over again and again."""
    t = np.arange(52 * 200) / 52.0
    shake = 3.0 * np.sin(2 * np.pi * 3.0 * t)
    acc = np.column_stack([shake, 0 * t, GRAVITY + 0 * t])
    gyr = np.column_stack([np.radians(5.0) + 0 * t, 0 * t, 0 * t])
    q = column(turned((t, acc, gyr)), "q")
    assert (np.abs((q[1:] * q[:-1]).sum(axis=1)) > 0.99).all()
    assert quaternion.up_in_body(q)[:, 2].min() > 0.8


def test_no_jump_within_a_run() -> None:
    """Even when rest suddenly shows a bias of 3°/s, up goes to where it belongs over several samples."""
    t, acc, gyr = rocking(60.0, 52.0, bias_dps=3.0)
    parts = turned((t, acc, gyr))
    q = column(parts, "q")
    step = quaternion.multiply(quaternion.conjugate(q[:-1]), q[1:])
    told = 2.0 * step[:, 1:]
    measured = 0.5 * (gyr[1:] + gyr[:-1]) / 52.0
    assert np.degrees(np.abs(told - measured)).max() < 0.15  # with the bias' own 3°/s, which is 0.06° a sample


def test_bias_is_learned_in_motion() -> None:
    """Someone who never rests: rocking from the first sample on, 2°/s off."""
    t = np.arange(52 * 120) / 52.0
    pitch = np.radians(20.0) * np.sin(2 * np.pi * 0.3 * t)
    rate = np.radians(20.0) * 2 * np.pi * 0.3 * np.cos(2 * np.pi * 0.3 * t)
    acc = GRAVITY * np.column_stack([-np.sin(pitch), 0 * t, np.cos(pitch)])
    gyr = np.column_stack([0 * t, rate, 0 * t]) + np.radians([2.0, -2.0, 0.0])
    left = column(turned((t, acc, gyr)), "gyr") - np.column_stack([0 * t, rate, 0 * t])
    assert np.degrees(np.abs(left[t > 60.0].mean(axis=0)))[:2].max() < 0.1


def test_a_clipped_gyroscope_is_forgiven_sooner_than_it_would_be_believed() -> None:
    """Turned by 90° while the gyroscope is at its end: up must come back within seconds."""
    t = np.arange(52 * 20) / 52.0
    pitch = np.radians(90.0) * np.clip((t - 10.0) / 0.2, 0.0, 1.0)  # 450°/s
    acc = GRAVITY * np.column_stack([-np.sin(pitch), 0 * t, np.cos(pitch)])
    rate = np.gradient(pitch, t)
    gyr = np.column_stack([0 * t, np.minimum(rate, np.radians(250.0)), 0 * t])
    up = quaternion.up_in_body(column(turned((t, acc, gyr)), "q"))
    off = np.degrees(np.arccos(np.clip((up * acc).sum(axis=1) / GRAVITY, -1.0, 1.0)))
    assert off[t < 10.0].max() < 0.01
    assert off[(t > 10.2) & (t < 10.4)].max() > 10.0  # so the clipping did harm
    assert off[t > 13.0].max() < 1.5


def test_the_delay_is_made_up_for() -> None:
    """What it says at t is what a filter without delay says at t + delay."""
    samples = rocking(20.0, 100.0)
    late, plain = turned(samples, delay_s=0.004), turned(samples)
    t = samples[0]
    expected = np.interp(t[:-1] + 0.004, t, pitch_deg(plain))
    assert np.abs(pitch_deg(late)[:-1] - expected).max() < 0.01


@pytest.mark.recordings
def test_accuracy_on_broad_is_that_of_the_best(capsys: pytest.CaptureFixture[str]) -> None:
    """BROAD (Laidig 2021): VQF has 0.68° on these 16 trials, 0.47° with our timing; Madgwick 1.78°."""
    errors = []
    for file in sorted(shared("broad").glob("*.npz")):
        with np.load(file) as arrays:
            trial = {name: arrays[name] for name in arrays.files}
        if "valid" in trial:
            continue
        t = np.arange(len(trial["acc"])) / float(trial["fs"])
        up = quaternion.up_in_body(column(turned((t, trial["acc"], trial["gyr"]), delay_s=DELAY_S), "q"))
        moving = trial["movement"].astype(bool) & np.isfinite(trial["q_ref"]).all(axis=1)
        truth = quaternion.up_in_body(trial["q_ref"])
        angle = np.degrees(np.arccos(np.clip((up * truth).sum(axis=1), -1, 1)))
        errors.append(math.sqrt(float(np.mean(angle[moving] ** 2))))
    with capsys.disabled():
        sys.stdout.write(f"\nBROAD, {len(errors)} trials: mean RMSE {np.mean(errors):.2f}°, worst {max(errors):.2f}°\n")
    assert len(errors) == 16
    assert np.mean(errors) < 0.5
