"""Accelerations and turn rates that come apart: joined in time or by count, and never invented."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.model import Floats
from firmware_bridge.joining import CountJoin, StampJoin


def rows(values: Floats) -> Floats:
    return np.repeat(np.asarray(values, dtype=np.float64)[:, None], 3, axis=1)


@settings(max_examples=60)
@given(offset=st.floats(-0.019, 0.019), size=st.integers(1, 40), later=st.integers(0, 20))
def test_turn_rates_stand_at_the_times_of_the_accelerations(offset: float, size: int, later: int) -> None:
    """Both grow by 1 a second; the turn rates are measured `offset` apart and come in packets of another size."""
    join, told = StampJoin(), []
    t = np.arange(400) * 0.02
    events = [(t[k + size - 1], 0, k, size) for k in range(0, 400 - size, size)]
    events += [(t[k + 9 + later], 1, k, 10) for k in range(0, 380 - later, 10)]
    for _, kind, k, n in sorted(events):
        start_s = t[k] + (offset if kind else 0.0)
        (join.gyr if kind else join.acc)(start_s, 0.02, rows(start_s + 0.02 * np.arange(n)))
        told += join.take()
    joined = np.concatenate([piece.values for piece in told])
    starts = np.concatenate([piece.start_s + 0.02 * np.arange(len(piece.values)) for piece in told])
    assert np.abs(joined - starts[:, None]).max() < 1e-9
    assert np.allclose(np.diff(starts), 0.02)
    assert len(starts) >= 400 - size - later - 30


def test_a_hole_in_the_turn_rates_is_a_hole() -> None:
    join, told = StampJoin(), []
    for k in range(0, 200, 10):
        join.acc(0.02 * k, 0.02, rows(np.zeros(10)))
        if k not in (100, 110):
            join.gyr(0.02 * k, 0.02, rows(np.zeros(10)))
        told += join.take()
    t = np.concatenate([piece.start_s + 0.02 * np.arange(len(piece.values)) for piece in told])
    missing = sorted(set(range(200)) - set(np.rint(t / 0.02).astype(int).tolist()))
    assert missing == list(range(100, 120))


def test_without_turn_rates_nothing_is_told_and_little_is_kept() -> None:
    join = StampJoin()
    for k in range(0, 5000, 10):
        join.acc(0.02 * k, 0.02, rows(np.zeros(10)))
        assert join.take() == []
    join.gyr(100.0, 0.02, rows(np.zeros(10)))
    assert sum(len(piece.values) for piece in join.take()) <= 10


def test_counts_pair_from_the_later_start_on() -> None:
    join = CountJoin(50.0)
    assert len(join.acc(rows(np.arange(3)), 0.06)) == 0
    assert len(join.acc(rows(np.arange(3, 6)), 0.12)) == 0
    first = join.gyr(rows(np.arange(3, 6)), 0.12)
    assert first[:, 0].tolist() == first[:, 3].tolist() == [3, 4, 5]
    assert join.dropped == 0


@pytest.mark.parametrize("lost_kind", [0, 1])
def test_a_notification_that_one_kind_lost_is_made_up_for(lost_kind: int) -> None:
    join, told = CountJoin(50.0), []
    for k in range(0, 600, 3):
        for kind, add in enumerate((join.acc, join.gyr)):
            if not (kind == lost_kind and k == 300):
                told.append(add(rows(np.arange(k, k + 3)), 0.02 * (k + 2) + 0.004 * kind))
    pairs = np.concatenate(told)
    apart = pairs[:, 0] - pairs[:, 3]
    assert join.dropped == 3
    assert (apart[:300] == 0).all()
    assert set(apart[300:400].tolist()) <= {0, 3, -3}
    assert (apart[-150:] == 0).all()
