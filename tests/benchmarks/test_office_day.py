"""What an eventful day is measured by: pairs of rises, delays, and a whole short day through the pipeline."""

import numpy as np
import pytest

from analysis.model import Activity
from benchmarks.office_day import WORN, Day, days, matched, summary

TICKS = np.zeros((6, 7), np.int64)


def test_each_rise_is_used_once_and_the_nearest_first() -> None:
    assert matched(np.array([10.0, 20.0]), np.array([9.5, 11.0, 40.0])) == [(0, 0)]
    assert matched(np.array([10.0]), np.array([])) == []
    assert matched(np.array([]), np.array([5.0])) == []


def test_a_summary_adds_up() -> None:
    ticks = TICKS.copy()
    ticks[0, 0], ticks[1, 0] = 90, 10
    one = Day(600.0, 606.0, 60.0, 30.0, np.array([1.0, 50.0]), np.array([1.5]), np.array([1.0, 3.0]), ticks)
    other = Day(600.0, 582.0, 0.0, 0.0, np.array([9.0]), np.array([9.0, 70.0]), np.array([2.0]), ticks)
    told = summary([one, other])
    assert told["sitting_error_mean"] == pytest.approx(0.02)
    assert told["sitting_error_worst"] == pytest.approx(0.03)
    assert told["rise_recall"] == pytest.approx(2 / 3)
    assert told["rise_precision"] == pytest.approx(2 / 3)
    assert told["delay_median_s"] == pytest.approx(2.0)
    assert (told["off_min"], told["off_told_min"]) == pytest.approx((1.0, 0.5))
    assert told["right"] == pytest.approx(0.9)


def test_a_short_day_is_told_by_every_set_of_sensors() -> None:
    told = days(2, 0.6)
    assert told.keys() == WORN.keys()
    for day in told.values():
        assert day.sitting_s > 600.0
        assert len(day.rises) >= 1
        assert day.confusion.sum() == pytest.approx(0.6 * 36_000, rel=0.02)
    both = told["both"]
    sitting = both.confusion[0]
    assert sitting[0] / sitting.sum() > 0.8
    assert both.confusion.shape == (len(Activity) - 1, len(Activity))
    assert np.isfinite(both.delays_s).all()
