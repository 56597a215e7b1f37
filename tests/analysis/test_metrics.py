"""What metrics add up to over a short while, and the numbers behind them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.metrics.twist_speed import TWIST_S, twist_deg
from analysis.model import FRAME_HZ

WINDOW = round(TWIST_S * FRAME_HZ)


def test_a_twist_is_what_was_turned_within_the_window() -> None:
    t = np.arange(200) / FRAME_HZ
    speed = 20.0 * np.sin(2 * math.pi * t / 10.0)  # 10 s there and back: 63.7° from end to end
    turned = twist_deg(t, speed)
    assert np.isnan(turned[:WINDOW]).all()
    assert turned[WINDOW] == pytest.approx(2 * 20.0 * 5.0 / math.pi, rel=0.005)
    assert turned[2 * WINDOW] == pytest.approx(-2 * 20.0 * 5.0 / math.pi, rel=0.005)
    assert turned[WINDOW + WINDOW // 2] == pytest.approx(0.0, abs=0.1)


def test_a_held_twist_fades_from_the_window_and_a_bias_drifts_by_no_more_than_stated() -> None:
    t = np.arange(300) / FRAME_HZ
    speed = np.where((t > 1.0) & (t <= 2.0), 30.0, 0.0)
    turned = twist_deg(t, speed)
    assert turned[WINDOW] == pytest.approx(30.0)
    assert turned[80] == pytest.approx(0.0, abs=1e-9)
    assert np.nanmax(twist_deg(t, np.full(300, 0.1))) == pytest.approx(0.5)


@given(hole=st.integers(0, 199), is_unknown=st.booleans())
def test_no_twist_is_told_across_what_is_not_known(hole: int, is_unknown: bool) -> None:
    t, speed = np.arange(200) / FRAME_HZ, np.ones(200)
    if is_unknown:
        speed[hole] = np.nan
    else:
        t[hole:] += 0.5
    turned = twist_deg(t, speed)
    told = np.isfinite(turned)
    for tick in range(WINDOW, 200):
        assert told[tick] == (not (tick - WINDOW <= hole <= tick if is_unknown else tick - WINDOW < hole <= tick))
    assert turned[told] == pytest.approx(TWIST_S)


def test_too_short_a_run_has_no_twist() -> None:
    assert np.isnan(twist_deg(np.arange(WINDOW) / FRAME_HZ, np.zeros(WINDOW))).all()
    assert len(twist_deg(np.empty(0), np.empty(0))) == 0
