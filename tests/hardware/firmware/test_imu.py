"""The firmware's own driver reads the register-level model of the chip."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.model import GRAVITY, Floats, Segment
from hardware.firmware import wire
from hardware.firmware.imu import TIMESTAMP_HZ, Imu, ImuError
from hardware.twin.imu import ImuErrors
from hardware.twin.lsm6ds3 import FIFO_WORDS, Knock, Lsm6ds3

IDEAL = ImuErrors(mounting=np.array([1.0, 0.0, 0.0, 0.0]))


def turning(t: Floats) -> tuple[Floats, Floats]:
    """One g along z that swings towards x, and a steady turn about y that tells the time."""
    acc = np.stack([0.2 * GRAVITY * np.sin(t), 0 * t, GRAVITY + 0 * t], axis=1)
    return acc, np.radians(np.stack([0 * t, 10.0 + t, 0 * t], axis=1))


def still(t: Floats) -> tuple[Floats, Floats]:
    return np.tile([0.0, 0.0, GRAVITY], (len(t), 1)), np.zeros((len(t), 3))


def jolted(t: Floats) -> tuple[Floats, Floats]:
    acc, gyr = still(t)
    acc[(t > 5.0) & (t < 5.1), 0] = 0.5 * GRAVITY
    return acc, gyr


def chip(**changes: object) -> Lsm6ds3:
    return Lsm6ds3(Segment.PELVIS, changes.pop("motion", turning), IDEAL, **changes)  # type: ignore[arg-type]


def rows(data: bytes) -> Floats:
    return np.frombuffer(data, "<i2").reshape(-1, 6).astype(np.float64)


def taken(model: Lsm6ds3) -> Floats:
    return np.array(model.taken).reshape(-1, 6)


def test_another_chip_and_an_empty_bus_are_told_apart() -> None:
    with pytest.raises(ImuError, match=r"says 0x69.*LSM6DS3TR-C would say 0x6A"):
        Imu(chip(chip_id=0x69))
    with pytest.raises(ImuError, match=r"no IMU answers at 0x6A.*supply"):
        Imu(chip(address=0x6B))


@pytest.mark.parametrize("rate_hz", wire.RATES_HZ)
@pytest.mark.parametrize(("acc_code", "gyro_code"), [(0, 0), (1, 2), (2, 3), (3, 4), (1, 1)])
def test_counts_are_the_motion_in_the_ranges_that_were_set(rate_hz: int, acc_code: int, gyro_code: int) -> None:
    model = chip()
    driver = Imu(model)
    driver.start(rate_hz, acc_code, gyro_code)
    model.advance(2.0)
    got = rows(driver.read())
    assert len(got) == 2 * rate_hz - 1
    t = (np.arange(len(got)) + 1) / rate_hz
    acc, gyr = turning(t)
    # half a count, and the 0.08 % by which ±2 g × 30.5 µg differs from the 0.061 mg of the table
    assert np.abs(got[:, :3] * wire.acc_scale(acc_code) - acc).max() <= 1.001 * wire.acc_scale(acc_code) / 2 + 1e-3
    assert np.abs(got[:, 3:] * wire.gyro_scale(gyro_code) - gyr).max() <= 1.001 * wire.gyro_scale(gyro_code) / 2


@settings(max_examples=25)
@given(late_s=st.lists(st.floats(0.0, 6.0), min_size=1, max_size=12))
def test_however_late_python_comes_nothing_is_lost_until_the_fifo_is_full(late_s: list[float]) -> None:
    """341 whole samples fit: 6.5 s at 52 Hz."""
    model = chip()
    driver = Imu(model)
    driver.start(52, 1, 2)
    got, t = b"", 0.0
    for pause_s in late_s:
        t += pause_s
        model.advance(t)
        got += driver.read()
        assert not driver.has_overrun
        assert driver.read() == b""
    assert np.array_equal(rows(got), taken(model))
    assert model.lost_samples == 0


@settings(max_examples=25)
@given(away_s=st.floats(6.7, 40.0), then_s=st.floats(0.0, 3.0))
def test_an_overrun_is_told_and_what_is_left_is_whole(away_s: float, then_s: float) -> None:
    model = chip()
    driver = Imu(model)
    driver.start(52, 1, 2)
    model.advance(1.0)
    before = driver.read()
    assert not driver.has_overrun
    model.advance(1.0 + away_s)
    after = driver.read()
    assert driver.has_overrun
    assert len(rows(after)) == FIFO_WORDS // 6
    assert np.array_equal(rows(after), taken(model)[-len(rows(after)) :])
    assert len(rows(before)) + len(rows(after)) + model.lost_samples == len(taken(model))
    model.advance(1.0 + away_s + then_s)
    more = rows(driver.read())
    assert not driver.has_overrun
    assert np.array_equal(more, taken(model)[len(taken(model)) - len(more) :])


@pytest.mark.parametrize("words", range(6))
def test_a_sample_that_was_cut_is_left_out(words: int) -> None:
    """Somebody, or a reset in the middle of a transfer, has read a part of a sample."""
    model = chip()
    driver = Imu(model)
    driver.start(104, 1, 2)
    model.advance(1.0)
    model.try_lock()
    model.writeto_then_readfrom(0x6A, b"\x3e", bytearray(2 * words))
    model.unlock()
    got = rows(driver.read())
    assert np.array_equal(got, taken(model)[1 if words else 0 :])


def test_the_chips_own_clock_runs_with_its_samples() -> None:
    fast = ImuErrors(mounting=IDEAL.mounting, clock_ppm=15000.0)  # its oscillator may be off by that much
    model = Lsm6ds3(Segment.PELVIS, turning, fast)
    driver = Imu(model)
    model.advance(3.0)
    driver.start(104, 1, 2)
    stamps, samples = [driver.timestamp()], 0
    for t in (4.0, 5.5, 8.5):
        model.advance(t)
        stamps.append(driver.timestamp())
        samples += len(rows(driver.read()))
    assert stamps[0] == 0
    assert [(b - a) / TIMESTAMP_HZ for a, b in pairwise(stamps)] == pytest.approx([1.015, 1.5225, 3.045], abs=1e-4)
    assert samples == pytest.approx(5.5 * 104 * 1.015, abs=1.1)


def test_a_change_of_settings_starts_with_an_empty_fifo() -> None:
    model = chip()
    driver = Imu(model)
    driver.start(52, 1, 2)
    model.advance(1.0)
    driver.start(104, 2, 3)
    assert driver.read() == b""
    model.advance(2.0)
    assert len(rows(driver.read())) == pytest.approx(104, abs=1)


@pytest.mark.parametrize(
    ("knocks_s", "told"),
    [
        ((1.0,), [1]),
        ((1.0, 1.3), [2]),
        ((1.0, 1.3, 1.6), [2]),  # the third is a single one on its own: latched beneath the double
        ((1.0, 1.01), [1]),  # within shock and quiet time: it still rings
        ((1.0, 3.0), [1]),
    ],
)
def test_taps(knocks_s: tuple[float, ...], told: list[int]) -> None:
    model = chip(motion=still, knocks=tuple(Knock(t, 2.0) for t in knocks_s))
    driver = Imu(model)
    driver.start(52, 1, 2)
    model.advance(0.5)
    assert driver.taps() == 0
    model.advance(5.0)
    assert [driver.taps()] == told
    assert driver.taps() == 0  # told once


def test_a_touch_is_no_tap() -> None:
    model = chip(motion=still, knocks=(Knock(1.0, 0.5),))
    driver = Imu(model)
    driver.start(52, 1, 2)
    model.advance(2.0)
    assert driver.taps() == 0


def test_it_sleeps_until_it_is_moved() -> None:
    model = chip(motion=jolted)
    driver = Imu(model)
    driver.start(52, 1, 2)
    model.advance(1.0)
    driver.read()
    driver.sleep()
    model.advance(4.9)
    assert not model.int1
    assert not driver.has_moved()
    assert driver.read() == b""
    model.advance(5.5)
    assert model.int1
    assert driver.has_moved()
    assert not model.int1  # looking at it lets the pin go
    driver.start(52, 1, 2)
    model.advance(6.5)
    assert len(rows(driver.read())) == pytest.approx(52, abs=1)
