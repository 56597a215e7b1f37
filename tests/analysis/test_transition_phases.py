"""Rises made by hand: a half-sine lean and a minimum-jerk lift, so every moment of them is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.model import GRID_HZ, Floats
from analysis.transition_phases import Window, cut_rise, cut_sitting_down, cut_tipping

LENGTH_S = 10.0
FROM_S = 100.0


def made(
    *,
    leans_s: tuple[float, float] = (4.0, 6.0),
    lifts_s: tuple[float, float] = (4.8, 6.2),
    lean_deg: float = 35.0,
    lift_m: float = 0.4,
    bias_m_s2: float = 0.0,
) -> Window:
    """A lean and a lift at given times after FROM_S."""
    t = np.arange(round(LENGTH_S * GRID_HZ)) / GRID_HZ
    share = np.clip((t - leans_s[0]) / (leans_s[1] - leans_s[0]), 0.0, 1.0)
    lean = lean_deg * np.sin(np.pi * share)
    x = np.clip((t - lifts_s[0]) / (lifts_s[1] - lifts_s[0]), 0.0, 1.0)
    force = lift_m / (lifts_s[1] - lifts_s[0]) ** 2 * (60 * x - 180 * x**2 + 120 * x**3) + bias_m_s2
    turning = np.abs(np.gradient(lean) * GRID_HZ)
    return Window(FROM_S, lean, force, np.zeros_like(t), turning, np.abs(lean))


def backwards(window: Window) -> Window:
    arrays = (window.lean_deg, window.force, window.above_m, window.turning_deg_s, window.tipped_deg)
    return Window(window.start_s, *(np.ascontiguousarray(array[::-1]) for array in arrays))


def test_the_phases_of_a_rise_lie_where_they_were_put() -> None:
    cut = cut_rise(made(), FROM_S + 3.0, FROM_S + 8.0)
    assert cut is not None
    assert cut.start_s == pytest.approx(104.0, abs=0.1)
    assert cut.seat_s == pytest.approx(104.8 + 0.09 * 1.4, abs=0.06)  # a tenth of the peak speed comes at 0.09
    assert cut.turn_s == pytest.approx(104.8 + 0.21 * 1.4, abs=0.08)  # hardest at 0.21, after the deepest at 105
    assert cut.end_s == pytest.approx(106.2 - 0.09 * 1.4, abs=0.1)
    assert cut.end_s <= cut.stable_s <= 106.4
    assert cut.peak_lean_deg == pytest.approx(35.0, abs=0.5)
    assert cut.lift_m == pytest.approx(0.4, abs=0.02)
    assert cut.peak_speed == pytest.approx(1.875 * 0.4 / 1.4, rel=0.03)
    assert cut.smoothness == pytest.approx(-1.41, abs=0.06)
    assert cut.sure > 0.9


def test_sitting_down_is_the_same_film_backwards() -> None:
    rise = cut_rise(made(), FROM_S + 3.0, FROM_S + 8.0)
    mirror = 2 * FROM_S + LENGTH_S - 1 / GRID_HZ
    down = cut_sitting_down(backwards(made()), mirror - FROM_S - 8.0, mirror - FROM_S - 3.0)
    assert rise is not None
    assert down is not None
    assert (down.start_s, down.end_s) == pytest.approx((mirror - rise.end_s, mirror - rise.start_s))
    assert (down.seat_s, down.turn_s) == pytest.approx((mirror - rise.seat_s, mirror - rise.turn_s))
    assert down.lift_m == pytest.approx(-rise.lift_m)


@given(
    leans_s=st.floats(1.2, 3.0),
    lag=st.floats(0.3, 0.5),
    lifts_s=st.floats(0.9, 2.2),
    lift_m=st.floats(0.25, 0.5),
    bias_m_s2=st.floats(-0.2, 0.2),
)
def test_any_rise_is_cut_to_its_length_in_order_and_whatever_the_scale_error(
    leans_s: float, lag: float, lifts_s: float, lift_m: float, bias_m_s2: float
) -> None:
    lifts_at = 3.5 + lag * leans_s
    window = made(
        leans_s=(3.5, 3.5 + leans_s), lifts_s=(lifts_at, lifts_at + lifts_s), lift_m=lift_m, bias_m_s2=bias_m_s2
    )
    cut = cut_rise(window, FROM_S + 2.0, FROM_S + 8.0)
    assert cut is not None
    assert cut.start_s <= cut.seat_s <= cut.turn_s <= cut.end_s
    assert cut.start_s == pytest.approx(FROM_S + 3.5, abs=0.15)
    assert cut.end_s == pytest.approx(FROM_S + max(3.5 + leans_s, lifts_at + lifts_s), abs=0.4)
    assert cut.lift_m == pytest.approx(lift_m, rel=0.1)


def test_a_lean_without_a_lift_is_not_sure() -> None:
    cut = cut_rise(made(lift_m=0.03), FROM_S + 3.0, FROM_S + 8.0)
    assert cut is not None
    assert cut.sure < 0.1


def test_a_sensor_that_the_lean_alone_raises_has_not_risen() -> None:
    window = made(lift_m=0.0)
    above: Floats = 0.11 * np.sin(np.radians(window.lean_deg))
    force = np.gradient(np.gradient(above)) * GRID_HZ**2
    plain = cut_rise(replace(window, force=force), FROM_S + 3.0, FROM_S + 8.0)
    seen = cut_rise(replace(window, force=force, above_m=above), FROM_S + 3.0, FROM_S + 8.0)
    assert plain is not None
    assert seen is None or abs(seen.lift_m) < 0.2 * plain.lift_m


def test_lying_down_is_cut_where_the_trunk_tips() -> None:
    t = np.arange(round(LENGTH_S * GRID_HZ)) / GRID_HZ
    x = np.clip((t - 3.0) / 3.0, 0.0, 1.0)
    tipped = 88.0 * (10 * x**3 - 15 * x**4 + 6 * x**5)
    window = Window(FROM_S, -tipped, np.zeros_like(t), np.zeros_like(t), np.gradient(tipped) * GRID_HZ, tipped)
    cut = cut_tipping(window, FROM_S + 2.0, FROM_S + 8.0)
    assert cut is not None
    assert cut.start_s == pytest.approx(103.0 + 0.09 * 3.0, abs=0.06)
    assert cut.end_s == pytest.approx(106.0 - 0.09 * 3.0, abs=0.06)
    assert cut.peak_speed == pytest.approx(1.875 * 88.0 / 3.0, rel=0.02)
    assert cut.sure > 0.9
    still = replace(window, tipped_deg=np.full_like(t, 5.0))
    assert cut_tipping(still, FROM_S + 2.0, FROM_S + 8.0) is None
