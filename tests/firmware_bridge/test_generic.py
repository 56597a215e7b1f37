"""Sensors that are described in TOML: floats, integers, text, and descriptions that are wrong."""

from __future__ import annotations

import struct
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import PostureError
from analysis.model import GRAVITY, Floats
from firmware_bridge.described import all_drivers
from firmware_bridge.driver import Battery, Driver, Item, Run
from firmware_bridge.drivers.generic import BATTERY, driver_of
from firmware_bridge.layout import Layout
from firmware_bridge.packet import RawPacket

A, B = "0000aaaa-0000-1000-8000-00805f9b34fb", "0000bbbb-0000-1000-8000-00805f9b34fb"
HEAD = f"""
family = "mine"
name = "Mine"
service = "{A}"
rates_hz = [50]
"""
SIX = '["acc_x", "acc_y", "acc_z", "gyr_x", "gyr_y", "gyr_z"]'


def fed(driver: Driver, *pieces: tuple[str, bytes], step_s: float = 0.02) -> list[Item]:
    parser = driver.parser("m", driver.rates_hz[0])
    items: list[Item] = []
    for k, (channel, data) in enumerate(pieces):
        items += parser.feed(RawPacket("m", channel, step_s * k, data))
    return items


def values(items: list[Item]) -> Floats:
    runs = [item for item in items if isinstance(item, Run)]
    return np.concatenate(
        [np.frombuffer(run.counts, "<i2").reshape(-1, 6) * np.repeat([run.scale.acc, run.scale.gyr], 3) for run in runs]
    )


def test_floats_in_units() -> None:
    text = f'{HEAD}acc_unit = "g"\ngyr_unit = "deg/s"\n[[stream]]\nchannel = "{A}"\nfields = {SIX}\n'
    driver = driver_of(text, "here")
    assert driver.lacks == ("clock", "counter", "battery level")
    [row] = values(fed(driver, (A, struct.pack("<6f", 0.5, 0, 1, 90, 0, -45))))
    assert row == pytest.approx([GRAVITY / 2, 0, GRAVITY, np.pi / 2, 0, -np.pi / 4], abs=3e-3)


def test_big_endian_integers_with_a_clock_and_what_is_skipped() -> None:
    fields = SIX.replace('["acc_x"', '["-:u8", "time:u16", "acc_x"')
    text = f"""{HEAD}acc_unit = {GRAVITY / 4096}
gyr_unit = "mdeg/s"
battery = true
[[stream]]
channel = "{A}"
format = "int16"
big_endian = true
fields = {fields}
"""
    driver = driver_of(text, "here")
    assert driver.has_clock
    packed = [struct.pack(">BH6h", 7, (65500 + 20 * k) % 65536, 4096, 0, 0, 1000, 0, 0) for k in range(10)]
    items = fed(driver, *((A, data) for data in packed), (BATTERY, b"\x32"))
    assert items[-1] == Battery(50)
    runs = [item for item in items if isinstance(item, Run)]
    starts = [run.ticks.start_s for run in runs if run.ticks]
    assert np.diff(starts) == pytest.approx(0.02)
    assert values(items)[0] == pytest.approx([GRAVITY, 0, 0, np.radians(1), 0, 0], abs=3e-3)


@settings(max_examples=80)
@given(cuts=st.lists(st.integers(0, 200), max_size=8))
def test_lines_may_be_cut_anywhere(cuts: list[int]) -> None:
    driver = driver_of(f'{HEAD}[[stream]]\nchannel = "{A}"\nformat = "csv"\nfields = {SIX}\n', "here")
    text = b"".join(b"%d.5,0,9.81,0.1,-2,0\r\n" % k for k in range(8))
    edges = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    items = fed(driver, *((A, text[a:b]) for a, b in pairwise(edges)))
    assert values(items)[:, 0] == pytest.approx([k + 0.5 for k in range(8)], abs=3e-3)
    assert all(isinstance(item, Run) for item in items)


def test_a_sensor_without_a_gyroscope_says_so() -> None:
    text = f'{HEAD}[[stream]]\nchannel = "{A}"\nfields = ["acc_x", "acc_y", "acc_z"]\n'
    driver = driver_of(text, "here")
    assert "gyroscope" in driver.lacks
    assert np.isnan(values(fed(driver, (A, struct.pack("<3f", 0, 0, 9.8))))[:, 3:]).all()


def test_commands_are_written_before_it_sends() -> None:
    drivers = all_drivers()
    first, second = drivers["adafruit"].start(50.0)
    assert (first.service[:8], second.service[:8]) == ("adaf0200", "adaf0400")
    assert first.data == second.data == struct.pack("<i", 20)
    told = b"".join(write.data for write in drivers["espruino"].start(52.0))
    assert b"Puck.accelOn(52);" in told
    assert all(len(write.data) <= 20 for write in drivers["espruino"].start(52.0))


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("family = ", "Invalid value"),
        (HEAD, "stream"),
        (f'{HEAD}[[stream]]\nchannel = "aaaa"\nfields = {SIX}\n', "UUID"),
        (f'{HEAD}[[stream]]\nchannel = "{A}"\nfields = ["acc_x"]\n', "acc_y"),
        (f'{HEAD}[[stream]]\nchannel = "{A}"\nfields = {SIX.replace("gyr_z", "gyr_q")}\n', "gyr_z"),
        (f'{HEAD}[[stream]]\nchannel = "{A}"\nformat = "xml"\nfields = {SIX}\n', "format"),
        (f'{HEAD}acc_unit = "stone"\n[[stream]]\nchannel = "{A}"\nfields = {SIX}\n', "unit"),
        (f'{HEAD}colour = "red"\n[[stream]]\nchannel = "{A}"\nfields = {SIX}\n', "colour"),
        (f'{HEAD}[[stream]]\nchannel = "{A}"\nfields = {SIX}\n[[start]]\nchannel = "{B}"\nhex = "xy"\n', "hex"),
    ],
)
def test_a_wrong_description_names_what_is_wrong(text: str, wrong: str) -> None:
    with pytest.raises(PostureError, match=wrong) as caught:
        driver_of(text, "my.toml")
    assert str(caught.value).startswith("my.toml ")
    assert "docs/sensors.md" in str(caught.value)


def test_a_persons_own_description_comes_first(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(f'{HEAD}[[stream]]\nchannel = "{A}"\nfields = {SIX}\n'.replace('"mine"', '"arduino"'))
    drivers = all_drivers([mine])
    assert next(iter(drivers)) == "arduino"
    assert drivers["arduino"].matches("Mine 1", ())
    with pytest.raises(PostureError, match="described"):
        all_drivers([tmp_path / "none.toml"])


def test_layouts_read_what_they_pack() -> None:
    layout = Layout(["a:u8", "b:i16", "c:f32", "d:u64"])
    told: dict[str, float] = {"a": 200, "b": -3, "c": 0.5, "d": 1 << 40}
    assert layout.read(b"xx" + layout.pack(told), 2) == told
    assert Layout(["a:i24"], big_endian=True).read(b"\xff\xff\xfe") == {"a": -2}
    with pytest.raises(ValueError, match="no field"):
        Layout(["a:b"])
