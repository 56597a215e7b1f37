"""Virtual time under a real clock that the test turns by hand."""

from __future__ import annotations

import asyncio
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.twin.clock import MOST_LAG_S, PacedClock


class Hand:
    """A monotonic clock that moves when told."""

    def __init__(self) -> None:
        self.s = 1000.0

    def __call__(self) -> float:
        return self.s


def test_time_stands_at_zero_until_the_start() -> None:
    hand = Hand()
    clock = PacedClock(1.0, hand)
    clock.advance(5.0)
    hand.s += 3.0
    assert clock.now() == 0.0
    clock.start()
    assert clock.now() == 0.0
    hand.s += 3.0
    clock.start()
    assert clock.now() == pytest.approx(3.0)


def test_time_runs_at_its_speed_and_stops_at_the_limit() -> None:
    hand = Hand()
    clock = PacedClock(10.0, hand)
    clock.start()
    clock.advance(2.0)
    hand.s += 0.1
    assert clock.now() == pytest.approx(1.0)
    hand.s += 0.2
    assert clock.now() == 2.0


def test_a_short_delay_is_made_up_for() -> None:
    hand = Hand()
    clock = PacedClock(1.0, hand)
    clock.start()
    clock.advance(1.0)
    hand.s += 1.1
    clock.advance(2.0)
    assert clock.now() == pytest.approx(1.1)


def test_another_speed_holds_from_now_on() -> None:
    hand = Hand()
    clock = PacedClock(60.0, hand)
    clock.start()
    clock.advance(100.0)
    hand.s += 0.5
    clock.pace(1.0)
    assert clock.now() == pytest.approx(30.0)
    hand.s += 2.0
    assert clock.now() == pytest.approx(32.0)
    clock.pace(60.0)
    hand.s += 0.5
    assert clock.now() == pytest.approx(62.0)


@pytest.mark.parametrize("speed", [0.0, -1.0, math.inf, math.nan])
def test_no_other_speed_makes_time_stand_or_jump(speed: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        PacedClock(60.0).pace(speed)


def test_a_long_delay_slows_time_down() -> None:
    hand = Hand()
    clock = PacedClock(2.0, hand)
    clock.start()
    clock.advance(1.0)
    hand.s += 60.0
    assert clock.now() == 1.0
    clock.advance(100.0)
    assert clock.now() == pytest.approx(1.0 + 2.0 * MOST_LAG_S)
    hand.s += 1.0
    assert clock.now() == pytest.approx(3.0 + 2.0 * MOST_LAG_S)


def test_without_a_speed_limit_time_is_the_limit() -> None:
    clock = PacedClock(math.inf, Hand())
    clock.advance(3.0)
    assert clock.now() == 0.0
    clock.start()
    assert clock.now() == 3.0
    clock.advance(7.0)
    assert clock.now() == 7.0


@pytest.mark.parametrize("speed", [0.0, -1.0, math.nan])
def test_time_cannot_stand_or_run_backwards(speed: float) -> None:
    with pytest.raises(ValueError, match="runs forwards"):
        PacedClock(speed)


def test_the_limit_cannot_go_back() -> None:
    clock = PacedClock()
    clock.advance(2.0)
    with pytest.raises(ValueError, match="cannot go back"):
        clock.advance(1.0)


@given(
    st.sampled_from([0.5, 1.0, 60.0, math.inf]),
    st.lists(st.tuples(st.floats(0.0, 2.0), st.floats(0.0, 20.0)), max_size=30),
)
def test_time_never_runs_back_nor_past_the_limit(speed: float, turns: list[tuple[float, float]]) -> None:
    hand = Hand()
    clock = PacedClock(speed, hand)
    clock.start()
    before_s = limit_s = 0.0
    for real_s, allowed_s in turns:
        hand.s += real_s
        for _ in range(2):  # before and after the limit is raised
            now_s = clock.now()
            assert before_s <= now_s + 1e-9
            assert now_s <= limit_s
            before_s = now_s
            limit_s += allowed_s / 2.0
            clock.advance(limit_s)


async def test_sleepers_wake_in_order_and_only_when_time_has_come() -> None:
    clock = PacedClock(math.inf)
    woken: list[float] = []

    async def sleep(t: float) -> None:
        await clock.sleep_until(t)
        woken.append(t)

    tasks = [asyncio.create_task(sleep(t)) for t in (3.0, 1.0, 2.0)]
    await asyncio.sleep(0.01)
    clock.advance(2.5)
    await asyncio.sleep(0.01)
    assert woken == []
    clock.start()
    await asyncio.sleep(0.01)
    assert woken == [1.0, 2.0]
    clock.advance(3.0)
    await asyncio.gather(*tasks)
    assert woken == [1.0, 2.0, 3.0]


async def test_a_cancelled_sleeper_does_no_harm() -> None:
    clock = PacedClock(math.inf)
    clock.start()
    gone = asyncio.create_task(clock.sleep_until(1.0))
    left = asyncio.create_task(clock.sleep_until(1.0))
    await asyncio.sleep(0.01)
    gone.cancel()
    await asyncio.sleep(0)
    clock.advance(1.0)
    await asyncio.wait_for(left, 30.0)
    assert gone.cancelled()


async def test_sleeping_takes_real_time_divided_by_the_speed() -> None:
    loop = asyncio.get_running_loop()
    clock, started_s = PacedClock(50.0), loop.time()
    clock.start()
    clock.advance(10.0)
    await clock.sleep_until(5.0)
    assert clock.now() >= 5.0
    assert loop.time() - started_s >= 5.0 / 50.0
