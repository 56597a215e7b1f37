"""Bout statistics worked out by hand, and what must hold for any day."""

from __future__ import annotations

import math
from itertools import accumulate, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.bout_statistics import FEWEST, SHORTEST_S, Span, alpha, statistics_of, usual
from analysis.model import Activity

SIT, STAND, WALK, LIE = Activity.SITTING, Activity.STANDING, Activity.WALKING, Activity.LYING


def day(*bouts: tuple[Activity, float]) -> list[Span]:
    """Bouts of so many minutes, one right after the other."""
    edges = list(accumulate((60.0 * minutes for _, minutes in bouts), initial=0.0))
    return [Span(activity, a, b) for (activity, _), (a, b) in zip(bouts, pairwise(edges), strict=True)]


WORK = day((SIT, 30), (STAND, 0.5), (SIT, 10), (WALK, 0.4), (STAND, 0.8), (SIT, 130), (LIE, 20), (SIT, 70), (WALK, 5))


def test_a_day_counted_by_hand() -> None:
    told = statistics_of([WORK])
    assert told.bouts == 4
    assert told.sitting_s == 240 * 60.0
    assert (told.mean_s, told.median_s) == (60 * 60.0, 50 * 60.0)
    assert told.usual_s == 130 * 60.0  # 10 + 30 + 70 is less than half of 240
    assert [(one.over_min, one.count) for one in told.long] == [(20, 3), (60, 2), (120, 1)]
    assert [one.share for one in told.long] == pytest.approx([230 / 240, 200 / 240, 130 / 240])
    assert told.rises == 3  # lying down is none
    assert told.partial_breaks == 1  # half a minute; the second was 1.2 min
    assert told.breaks == 2
    assert told.breaks_per_hour == pytest.approx(2 / 4)
    assert math.isnan(told.alpha)


def test_alpha_by_hand() -> None:
    lengths = [60.0] * 5 + [60.0 * math.e] * 5
    assert alpha(lengths) == pytest.approx(1 + 10 / 5)
    assert math.isnan(alpha(lengths[: FEWEST - 1]))
    assert math.isnan(alpha([60.0] * 20))


@pytest.mark.parametrize("true", [1.5, 2.0, 3.0])
def test_alpha_is_the_exponent_of_a_power_law(true: float) -> None:
    lengths = 60.0 * (1.0 - np.random.default_rng(3).random(20_000)) ** (-1.0 / (true - 1.0))
    assert alpha(lengths.tolist()) == pytest.approx(true, rel=0.03)


@given(st.lists(st.floats(10.0, 1e4), min_size=1))
def test_half_of_the_time_was_sat_in_bouts_as_long_as_the_usual_one(lengths: list[float]) -> None:
    told = usual(lengths)
    assert told in lengths
    assert sum(length for length in lengths if length >= told) >= sum(lengths) / 2 * (1 - 1e-9)
    assert sum(length for length in lengths if length > told) <= sum(lengths) / 2 * (1 + 1e-9)


BOUTS = st.lists(st.tuples(st.sampled_from(list(Activity)), st.floats(0.05, 200.0)), max_size=30)


@given(st.lists(BOUTS, max_size=4))
def test_what_must_hold_for_any_days(days: list[list[tuple[Activity, float]]]) -> None:
    spans = [day(*bouts) for bouts in days]
    told = statistics_of(spans)
    assert told.breaks + told.partial_breaks == told.rises <= told.bouts
    assert told.bouts == sum(s.activity is SIT and s.length_s >= SHORTEST_S for one in spans for s in one)
    counts = [one.count for one in told.long]
    assert counts == sorted(counts, reverse=True)
    if told.bouts:
        assert told.mean_s * told.bouts == pytest.approx(told.sitting_s)
        assert all(0.0 <= one.share <= 1.0 for one in told.long)
        assert told.rises == pytest.approx(told.rises_per_day * sum(bool(statistics_of([one]).bouts) for one in spans))
    else:
        assert math.isnan(told.mean_s + told.breaks_per_hour + told.rises_per_day)


def test_a_silence_is_no_rise() -> None:
    gone = [Span(SIT, 0.0, 600.0), Span(STAND, 700.0, 800.0), Span(SIT, 900.0, 1000.0)]
    assert statistics_of([gone]).rises == 0
