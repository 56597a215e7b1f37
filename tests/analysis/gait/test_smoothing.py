"""Filters of a whole walk: what they let through, what they hold back, and that they are on time."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.gait.smoothing import autocovariance, below, integrated_twice, within
from analysis.model import GRID_HZ, Floats

T = np.arange(0.0, 20.0, 1 / GRID_HZ)
INNER = slice(150, -150)


def wave(hz: float) -> Floats:
    x: Floats = np.sin(2 * np.pi * hz * T + 0.7)
    return x


@pytest.mark.parametrize("hz", [0.5, 1.0, 3.0, 6.0, 12.0])
def test_a_wave_keeps_its_phase_and_has_a_known_size(hz: float) -> None:
    np.testing.assert_allclose(below(wave(hz), 6.0)[INNER], wave(hz)[INNER] / (1 + (hz / 6.0) ** 4), atol=2e-3)
    share = 1 / (1 + ((hz**2 - 3.0) / (hz * 5.5)) ** 2)
    np.testing.assert_allclose(within(wave(hz), 0.5, 6.0)[INNER], share * wave(hz)[INNER], atol=0.02)


def test_a_level_passes_below_and_not_within() -> None:
    level = np.full(len(T), 3.0)
    np.testing.assert_allclose(below(level, 5.0)[:-1], 3.0, atol=1e-2)
    assert np.abs(within(level, 0.5, 6.0)[INNER]).max() < 0.05


def test_rows_are_filtered_each_for_itself() -> None:
    both = np.stack([wave(1.0), wave(2.0)])
    for filtered, alone in zip(within(both, 0.4, 1.8), both, strict=True):
        np.testing.assert_allclose(filtered, within(alone, 0.4, 1.8), atol=1e-12)


@pytest.mark.parametrize("hz", [1.4, 1.8, 2.2])
def test_force_integrated_twice_is_place(hz: float) -> None:
    place_m = 0.02 * wave(hz)
    force = -((2 * np.pi * hz) ** 2) * place_m + 0.3  # and what a tilted axis adds
    np.testing.assert_allclose(integrated_twice(force, 0.45)[INNER], place_m[INNER], atol=0.0008)


def test_a_wave_is_like_itself_after_whole_periods_and_its_opposite_after_half() -> None:
    alike = autocovariance(wave(2.0)[:1000])
    assert alike[25] == pytest.approx(alike[0], rel=0.01)
    assert alike[12] == pytest.approx(-alike[0], rel=0.05)
    assert alike[0] == pytest.approx(0.5, rel=0.01)


def test_a_handful_of_ticks_is_no_trouble() -> None:
    for filtered in (below(T[:3], 5.0), within(T[:3], 0.5, 6.0), integrated_twice(T[:3], 0.4)):
        assert filtered.shape == (3,)
        assert np.isfinite(filtered).all()
