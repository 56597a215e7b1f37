"""Telling how a sensor has crept from how its wearer walks."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.drift import Drift

HOUR_S = 3600.0


def seen(*leans_deg: float, hours: float = 0.4) -> Drift:
    drift = Drift()
    for number, lean_deg in enumerate(leans_deg):
        drift.walked(np.array([lean_deg, 0.0]), number * hours * HOUR_S)
    return drift


def test_how_the_wearer_walks_is_no_drift() -> None:
    for lean_deg in (-5.0, 5.0):
        drift = seen(*[lean_deg] * 8)
        assert drift.gait_deg[0] == pytest.approx(lean_deg, abs=0.5)
        assert abs(drift.crept_deg[0]) < 0.4
        assert drift.gait_deg[1] == drift.crept_deg[1] == 0.0


def test_what_goes_on_is_drift_and_what_happens_once_is_not() -> None:
    steady, ramp = [3.0] * 4, [3.0 + 0.6 * number for number in range(6)]
    assert seen(*steady, *ramp).crept_deg[0] > 2.0
    assert abs(seen(*steady, 5.0, *steady).crept_deg[0]) < 0.4


def test_a_correction_and_a_new_upright_take_the_drift_away_and_leave_the_gait() -> None:
    drift = seen(3.0, 3.0, 3.0, 6.0, 6.0)
    gait_deg, crept_deg = drift.gait_deg.copy(), drift.crept_deg.copy()
    drift.corrected(crept_deg / 2)
    assert np.allclose(drift.crept_deg, crept_deg / 2)
    drift.shown_upright()
    assert not drift.crept_deg.any()
    assert np.array_equal(drift.gait_deg, gait_deg)
