"""Taps, motor, light, battery, table and settings file: what the wearer meets."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.firmware import settings as settings_file
from hardware.firmware import wire
from hardware.firmware.buzz import PATTERNS, Light, Motor
from hardware.firmware.power import ASLEEP_AFTER_S, Stillness, battery_mv, battery_percent
from hardware.firmware.settings import SettingsError, parse
from hardware.firmware.taps import CALIBRATE, SNOOZE, Taps


@pytest.mark.parametrize(
    ("felt", "meant"),
    [
        ({}, []),
        ({10: 1}, []),
        ({10: 2}, [CALIBRATE]),
        ({10: 2, 14: 1}, [SNOOZE]),
        ({10: 2, 14: 2}, [SNOOZE]),
        ({10: 2, 60: 1}, [CALIBRATE]),
        ({10: 2, 60: 2}, [CALIBRATE, CALIBRATE]),
        ({10: 1, 12: 1}, []),
    ],
)
def test_two_taps_calibrate_and_three_snooze(felt: dict[int, int], meant: list[int]) -> None:
    taps = Taps()
    told = [taps.feed(look * 50, felt.get(look, 0)) for look in range(120)]
    assert [meaning for meaning in told if meaning] == meant


def beats(pattern: int) -> list[int]:
    """ms of each stretch of buzzing."""
    motor = Motor()
    motor.start(pattern, 1000)
    levels = [motor.is_on(1000 + ms) for ms in range(3000)]
    assert not levels[-1]
    return [sum(1 for _ in run) for is_on, run in groupby(levels) if is_on]


def test_every_pattern_is_felt_and_told_from_the_others() -> None:
    felt = {pattern: beats(pattern) for pattern in PATTERNS}
    assert set(felt) == {1, 2, 3, 4, 5, 6}
    assert all(min(run) >= 100 for run in felt.values())
    assert len({tuple(run) for run in felt.values()}) == 6
    assert felt[wire.BUZZ_TOO_FAR_FORWARD] == felt[wire.BUZZ_TOO_FAR_BACK][::-1]
    assert beats(99) == felt[wire.BUZZ_SHORT]


def test_a_new_pattern_replaces_the_old_and_without_one_all_is_quiet() -> None:
    motor = Motor()
    assert not motor.is_on(0)
    motor.start(wire.BUZZ_STAND_UP, 0)
    assert motor.is_on(300)
    motor.start(wire.BUZZ_SHORT, 300)
    assert motor.is_on(419)
    assert not motor.is_on(421)


def test_the_light_blinks_for_three_seconds() -> None:
    light = Light()
    assert not light.is_on(0)
    light.identify(500)
    levels = [light.is_on(500 + ms) for ms in range(4000)]
    assert not any(levels[3000:])
    assert sum(1 for is_on, _ in groupby(levels) if is_on) == 15


def test_battery() -> None:
    assert battery_mv(round(4.2 / 3.3 * 510 / 1510 * 65535)) == pytest.approx(4200, abs=2)
    assert [battery_percent(mv) for mv in (0, 3300, 3600, 3830, 4190, 5000)] == [0, 0, 6, 51, 100, 100]


@given(st.integers(2500, 4500))
def test_more_volts_are_never_less_charge(mv: int) -> None:
    assert 0 <= battery_percent(mv) <= battery_percent(mv + 1) <= 100


def quarter_seconds(acc_g: np.ndarray) -> list[bytes]:  # type: ignore[type-arg]
    """Encoded packets of (n, 3) accelerations at 52 Hz."""
    counts = np.zeros((len(acc_g), 6), "<i2")
    counts[:, :3] = np.rint(acc_g * 1000 / 0.122)
    full = [counts[at : at + 13] for at in range(0, len(counts) - 12, 13)]
    return [
        wire.encode_stream(wire.StreamPacket(k, 8190 * k, 7560, 52, 1, 2, run.tobytes())) for k, run in enumerate(full)
    ]


@pytest.mark.parametrize(("breath_deg", "sleeps"), [(0.0, True), (0.15, False)])
def test_a_table_puts_it_to_sleep_and_a_still_body_does_not(breath_deg: float, sleeps: bool) -> None:
    """Noise of the data sheet's 90 µg/√Hz; a breath every 4 s tips a sensor on the back by some tenths of a degree."""
    t = np.arange(int(52 * (ASLEEP_AFTER_S + 60))) / 52
    rng = np.random.default_rng(1)
    tilt = np.radians(10 + breath_deg * np.sin(2 * np.pi * t / 4))
    acc = np.stack([np.sin(tilt), 0 * t, np.cos(tilt)], axis=1) + 90e-6 * np.sqrt(26) * rng.standard_normal((len(t), 3))
    stillness = Stillness()
    for k, packet in enumerate(quarter_seconds(acc)):
        stillness.feed(packet, k * 0.25)
    assert stillness.is_on_table(t[-1]) == sleeps
    stillness.forget()
    assert not stillness.is_on_table(t[-1])


def test_the_settings_file_that_is_written_first_gives_the_defaults() -> None:
    assert vars(parse(settings_file.DEFAULT_TEXT)) == vars(settings_file.Settings()) == vars(parse(""))


def test_settings() -> None:
    told = parse('name="L-an#na" # lumbar\nrate_hz = 104\n\nacc_g=16\ngyro_dps = 125\nsecured = false\n')
    assert vars(told) == {"name": "L-an#na", "rate_hz": 104, "acc_code": 3, "gyro_code": 0, "secured": False}


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("rate_hz = 50", "line 2: 50 is none of 26, 52, 104 Hz"),
        ("acc_g = 5", "5 is none of 2, 4, 8, 16 g"),
        ("gyro_dps = x", "x is none of 125"),
        ("name = P", 'between "'),
        ('name = "much too long a name"', "at most 12"),
        ("secured = yes", "true or false"),
        ("colour = 3", "no setting colour"),
        ("rate_hz", "no ="),
    ],
)
def test_a_wrong_line_is_named(line: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        parse("\n" + line)
