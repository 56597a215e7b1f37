"""SPARC on movements whose smoothness is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.model import Floats
from analysis.smoothness import sparc


def minimum_jerk(seconds: float, rate_hz: float) -> Floats:
    """Speed of one minimum-jerk movement of a metre."""
    share = np.arange(round(seconds * rate_hz) + 1) / round(seconds * rate_hz)
    speed: Floats = 30.0 / seconds * share**2 * (1.0 - share) ** 2
    return speed


def test_a_minimum_jerk_movement_has_the_published_value() -> None:
    assert sparc(minimum_jerk(1.0, 100.0), 100.0) == pytest.approx(-1.41, abs=0.02)


@given(st.floats(0.01, 100.0), st.floats(0.6, 4.0))
def test_amplitude_and_duration_do_not_matter(amplitude: float, seconds: float) -> None:
    assert sparc(amplitude * minimum_jerk(seconds, 50.0), 50.0) == pytest.approx(-1.41, abs=0.06)


@given(st.integers(2, 5))
def test_more_pieces_are_less_smooth(pieces: int) -> None:
    once, again = (np.tile(minimum_jerk(0.8, 50.0), count) for count in (pieces - 1, pieces))
    assert sparc(again, 50.0) < sparc(once, 50.0) - 0.1


@pytest.mark.parametrize("speed", [np.zeros(50), np.array([1.0]), np.array([]), np.array([0.0, math.nan, 1.0])])
def test_what_is_no_movement_has_none(speed: Floats) -> None:
    assert math.isnan(sparc(speed, 50.0))
