"""Stamps: wrapping, losses, restarts, wrong rates and stamps that cannot be."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.driver import Ticks
from firmware_bridge.stamps import PacketClock

WRAP = 1 << 32


def clock(rate_hz: float = 50.0, *, stamps_last: bool = False) -> PacketClock:
    return PacketClock(ticks_hz=1e6, wrap=WRAP, rate_hz=rate_hz, stamps_last=stamps_last)


def placed(core: PacketClock, stamp_s: float, n: int, arrived_s: float) -> Ticks:
    ticks = core.place(round(stamp_s * 1e6) % WRAP, n, arrived_s)
    assert ticks is not None
    return ticks


def test_stamps_of_the_first_and_of_the_last_sample() -> None:
    first, last = clock(), clock(stamps_last=True)
    for k in range(20):
        a = placed(first, 5.0 + 0.08 * k, 4, 0.08 * k + 0.1)
        b = placed(last, 5.06 + 0.08 * k, 4, 0.08 * k + 0.1)
        assert a.start_s == pytest.approx(b.start_s) == pytest.approx(5.0 + 0.08 * k)
        assert a.spacing_s == pytest.approx(0.02) == pytest.approx(b.spacing_s)
        assert a.is_restart == b.is_restart == (k == 0)


def test_it_wraps_and_goes_on_even_after_hours_away() -> None:
    core = clock()
    start_s = WRAP / 1e6 - 1.0
    for k in range(100):
        ticks = placed(core, start_s + 0.02 * k, 1, 0.02 * k)
        assert ticks.start_s == pytest.approx(start_s + 0.02 * k, abs=2e-6)
    core.opened()
    away_s = 3 * 3600.0  # twice round and a half
    ticks = placed(core, start_s + away_s, 1, away_s + 0.5)
    assert ticks.start_s == pytest.approx(start_s + away_s, abs=2e-6)
    assert not ticks.is_restart


def test_a_restart_on_a_new_link_is_one() -> None:
    core = clock()
    for k in range(50):
        placed(core, 100 + 0.02 * k, 1, 0.02 * k)
    core.opened()
    assert placed(core, 0.5, 1, 20.0).is_restart
    assert not placed(core, 0.52, 1, 20.02).is_restart


def test_a_stamp_that_cannot_be_is_refused_until_it_goes_on() -> None:
    core = clock()
    for k in range(50):
        placed(core, 10 + 0.02 * k, 1, 0.02 * k)
    assert core.place(round(10.98e6), 1, 1.0) is None  # again
    assert core.place(round(10.5e6), 1, 1.0) is None  # earlier
    assert core.place(round(900e6), 1, 1.0) is None  # out of the future
    assert not placed(core, 11.0, 1, 1.0).is_restart
    odd = [core.place(round((500 + 0.02 * k) * 1e6), 1, 1.02 + 0.02 * k) for k in range(3)]
    assert odd[:2] == [None, None]
    assert odd[2] is not None
    assert odd[2].is_restart  # thrice in a row


def test_a_stall_of_seconds_is_no_restart() -> None:
    core = clock()
    for k in range(500):
        arrived_s = 0.02 * k if not 100 <= k < 300 else 6.0
        assert placed(core, 3 + 0.02 * k, 1, arrived_s).is_restart == (k == 0)


@pytest.mark.parametrize("actual_hz", [25.0, 49.0, 51.5])
def test_another_rate_than_asked_for_is_believed(actual_hz: float) -> None:
    core = clock(50.0)
    ticks = [placed(core, k / actual_hz, 1, k / actual_hz) for k in range(40)]
    assert ticks[-1].spacing_s == pytest.approx(1 / actual_hz, rel=1e-4)


@settings(max_examples=100)
@given(lost=st.sets(st.integers(1, 199), max_size=60), n=st.integers(1, 16), drift=st.floats(-0.007, 0.007))
def test_lost_packets_never_change_where_samples_stand(lost: set[int], n: int, drift: float) -> None:
    core = clock(50.0, stamps_last=True)
    for k in range(200):
        if k in lost:
            continue
        last_s = (k * n + n - 1) * 0.02
        ticks = placed(core, 7 + last_s, n, last_s * (1 + drift) + 0.01)
        assert ticks.start_s == pytest.approx(7 + k * n * 0.02, abs=1e-5 * n)
        assert ticks.spacing_s == pytest.approx(0.02, rel=1e-4)
