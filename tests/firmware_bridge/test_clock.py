"""The clock: drift, bursts, stalls; and sample times that only ever go forwards."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.model import Floats
from firmware_bridge.clock import ClockFit, SessionClock, Timeline


def fitted(device_s: Floats, arrived_s: Floats, max_drift: float = 0.02) -> ClockFit:
    fit = ClockFit(max_drift)
    for x, y in zip(device_s, arrived_s, strict=True):
        fit.observe(float(x), float(y))
    return fit


def test_session_clock_counts_from_its_making() -> None:
    ticking = iter([100.0, 100.5, 103.25])
    clock = SessionClock(lambda: next(ticking), 1.7e9)
    assert clock.now() == 0.5
    assert clock.now() == 3.25
    assert clock.started_at == 1.7e9


@pytest.mark.parametrize("drift", [-0.007, -0.0002, 0.0, 0.007])
def test_drift_is_learnt_through_jitter(drift: float) -> None:
    rng = np.random.default_rng(1)
    true_s = np.arange(0, 60, 0.2)
    late_s = 0.004 + rng.exponential(0.03, len(true_s))
    fit = fitted(true_s / (1 + drift), true_s + late_s)
    errors_ms = 1e3 * np.array([fit.at(t / (1 + drift)) - t for t in true_s[-25:]])
    assert abs(fit.slope - (1 + drift)) < 5e-4
    assert errors_ms.min() > 0
    assert errors_ms.max() < 4 + 6  # the least latency, and a little
    assert fit.residual_ms is not None
    assert fit.residual_ms < 15


def test_a_stall_and_its_burst_weigh_nothing() -> None:
    true_s = np.arange(0, 40, 0.2)
    arrived_s = true_s + 0.01
    stalled = (true_s > 20) & (true_s < 23)
    arrived_s[stalled] = 23.01
    fit = fitted(true_s, arrived_s)
    assert fit.slope == pytest.approx(1.0, abs=1e-6)
    assert fit.at(39.0) == pytest.approx(39.01, abs=1e-6)


def test_latency_that_becomes_less_is_believed_at_once() -> None:
    """Windows starts with an interval of 60 ms and goes down to 15 ms."""
    true_s = np.arange(0, 12, 0.2)
    fit = fitted(true_s, true_s + np.where(true_s < 6, 0.06, 0.015), 0.001)
    assert fit.at(12.0) == pytest.approx(12.015, abs=0.01)


def test_an_anchor_forgets_all_but_the_slope() -> None:
    true_s = np.arange(0, 40, 0.2)
    fit = fitted(true_s / 1.005, true_s)
    fit.anchor(0.0, 100.0)
    assert fit.at(10.0) == pytest.approx(100 + 10 * 1.005, abs=1e-3)
    assert fit.residual_ms is None


def test_a_wild_slope_is_never_believed() -> None:
    fit = fitted(np.arange(0, 40, 0.2), 1.3 * np.arange(0, 40, 0.2))
    assert fit.slope <= 1.02


@settings(max_examples=200)
@given(
    steps=st.lists(st.floats(0.05, 3.0), min_size=2, max_size=80),
    lates=st.lists(st.floats(0, 0.4), min_size=80, max_size=80),
    drift=st.floats(-0.01, 0.01),
    gaps=st.lists(st.booleans(), min_size=80, max_size=80),
)
def test_times_go_forwards_whatever_the_fit_does(
    steps: list[float], lates: list[float], drift: float, gaps: list[bool]
) -> None:
    fit = ClockFit(0.02)
    timeline = Timeline(fit)
    device_s, times = 0.0, []
    for step, late, gap in zip(steps, lates, gaps, strict=False):
        fit.observe(device_s, device_s * (1 + drift) + late)
        natural_s = fit.slope * step / 10
        t0, dt = timeline.place(device_s, step / 10, 10, gap=gap)
        assert natural_s * 0.969 < dt < natural_s * 1.031
        times += [t0 + k * dt for k in range(10)]
        device_s += step
    assert (np.diff(times) > 0).all()
