"""The cost benchmark: it runs a day through, and its shares are of everything."""

from __future__ import annotations

import pytest

from analysis import align, orientation, quaternion
from analysis.detectors import shifts
from benchmarks import cost


def test_a_short_day_has_a_cost_and_all_of_it_belongs_somewhere() -> None:
    told = cost.cost_of(1, 0.05)
    shares = dict(told.shares)
    assert told.day_s > 60.0
    assert told.times_real_time > 1.0
    assert told.live_ms_per_block > 0.0
    assert sum(shares.values()) == pytest.approx(1.0)
    assert {"orientation", "align", "metrics", "activity", "other detectors", "breaks"} <= shares.keys()
    assert shares.get("other", 0.0) < 0.1


def test_modules_are_counted_where_they_belong() -> None:
    told = [cost._part(str(module.__file__)) for module in (orientation, align, shifts, quaternion, pytest)]
    assert told == ["orientation", "align", "other detectors", "", ""]
