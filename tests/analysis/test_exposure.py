"""Percentiles over time and time beyond a band, against what can be counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import PostureError
from analysis.exposure import BANDS, Band, bands_of, exposure_of

SPELLS = st.lists(st.tuples(st.floats(-90, 90), st.integers(1, 50)), min_size=1, max_size=60)


def test_ten_spells_counted_by_hand() -> None:
    exposure = exposure_of(np.arange(1.0, 11.0), np.full(10, 60.0), Band(2.0, 7.0))
    assert (exposure.low, exposure.middle, exposure.high) == (1.0, 5.0, 9.0)
    assert exposure.known_s == 600.0
    assert (exposure.below_s, exposure.above_s) == (60.0, 180.0)  # an edge itself is within


def test_a_long_spell_weighs_as_much_as_it_lasted() -> None:
    exposure = exposure_of(np.array([-20.0, 0.0]), np.array([95.0, 5.0]))
    assert (exposure.low, exposure.middle, exposure.high) == (-20.0, -20.0, -20.0)


def test_what_is_not_known_is_left_out_and_nothing_known_is_nan() -> None:
    values, seconds = np.array([np.nan, 4.0, 9.0]), np.array([50.0, 1.0, 0.0])
    exposure = exposure_of(values, seconds, Band(-5.0, 5.0))
    assert (exposure.low, exposure.high, exposure.known_s, exposure.above_s) == (4.0, 4.0, 1.0, 0.0)
    nothing = exposure_of(values[:1], seconds[:1], Band(-5.0, 5.0))
    assert math.isnan(nothing.middle)
    assert nothing.known_s == 0.0


@given(spells=SPELLS, low=st.floats(-60, 0), high=st.floats(1, 60))
def test_percentiles_are_as_numpy_finds_them_in_the_ticks_one_by_one(
    spells: list[tuple[float, int]], low: float, high: float
) -> None:
    values, lengths = (np.array(column, dtype=np.float64) for column in zip(*spells, strict=True))
    ticks = np.repeat(values, lengths.astype(int))
    exposure = exposure_of(values, lengths, Band(low, high))
    expected = np.percentile(ticks, [10, 50, 90], method="inverted_cdf")
    assert [exposure.low, exposure.middle, exposure.high] == expected.tolist()
    assert exposure.below_s == (ticks < low).sum()
    assert exposure.above_s == (ticks > high).sum()
    assert exposure.known_s == len(ticks)


@given(spells=SPELLS, seed=st.integers(0, 2**32 - 1))
def test_the_order_of_spells_does_not_matter(spells: list[tuple[float, int]], seed: int) -> None:
    shuffled = [spells[place] for place in np.random.default_rng(seed).permutation(len(spells))]
    one, other = (np.array(some, dtype=np.float64) for some in (spells, shuffled))
    assert exposure_of(one[:, 0], one[:, 1]) == exposure_of(other[:, 0], other[:, 1])


def test_a_wearers_own_band_stands_over_the_usual_one() -> None:
    bands = bands_of({"trunk_lean": (-10.0, 12.0)}, ["trunk_lean", "lateral_bend"])
    assert bands["trunk_lean"] == Band(-10.0, 12.0)
    assert bands["lateral_bend"] == BANDS["lateral_bend"]


def test_a_band_that_cannot_be_one_is_refused_by_its_name() -> None:
    with pytest.raises(PostureError, match="lower number first"):
        bands_of({"trunk_lean": (10.0, -10.0)}, ["trunk_lean"])
    with pytest.raises(PostureError, match="no metric 'slouch'"):
        bands_of({"slouch": (0.0, 1.0)}, ["trunk_lean"])


def test_every_band_is_one() -> None:
    assert all(band.low < band.high for band in BANDS.values())
