"""How sitting was spread: only sitting counts, and a twist is added up before it is spread."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.exposure import Band
from analysis.io.reader import Minutes, MinuteValues
from analysis.model import Activity, PostureFrame
from dashboard import data
from dashboard.live import NO_FRAMES
from dashboard.seat import Piece, rows_of

METRICS = data.metrics()
NO_MINUTES = Minutes(np.empty(0), {}, np.empty((0, len(Activity))))


def _frame(activity: Activity, count: int, **values: float) -> PostureFrame:
    columns = {name: np.full(count, value) for name, value in values.items()}
    return PostureFrame(np.arange(count) / 10, columns, np.full(count, activity, np.int8), np.zeros(count, np.uint16))


def test_only_sitting_counts() -> None:
    pieces = [
        Piece(_frame(Activity.SITTING, 600, trunk_lean=25.0), NO_MINUTES),
        Piece(_frame(Activity.STANDING, 600, trunk_lean=-5.0), NO_MINUTES),
    ]
    (row,) = rows_of(pieces, METRICS, {"trunk_lean": Band(-90.0, 20.0)})
    assert (row.name, row.label) == ("trunk_lean", METRICS["trunk_lean"].label)
    assert (row.exposure.low, row.exposure.high) == (25.0, 25.0)
    assert row.exposure.known_s == pytest.approx(60.0)
    assert row.exposure.above_s == pytest.approx(60.0)


def test_a_twist_is_told_in_degrees_of_its_window() -> None:
    (row,) = rows_of([Piece(_frame(Activity.SITTING, 200, twist_speed=2.0), NO_MINUTES)], METRICS, {})
    assert row.unit == "°"
    assert row.exposure.middle == pytest.approx(10.0)
    assert row.exposure.known_s == pytest.approx(15.0)  # the first five seconds are no window yet


def test_of_minutes_those_mostly_spent_sitting_count() -> None:
    seconds = np.zeros((3, len(Activity)))
    seconds[:, Activity.SITTING] = 60.0, 10.0, 45.0
    seconds[:, Activity.STANDING] = 0.0, 50.0, 15.0
    mean = np.array([-10.0, 3.0, -20.0])
    minutes = Minutes(
        np.array([0.0, 60.0, 120.0]), {"trunk_lean": MinuteValues(mean, mean, mean, np.full(3, 600.0))}, seconds
    )
    (row,) = rows_of([Piece(NO_FRAMES, minutes)], METRICS, {})
    assert row.exposure.known_s == 105.0
    assert (row.exposure.low, row.exposure.high) == (-20.0, -10.0)
