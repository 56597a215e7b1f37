"""WitMotion: real frames in, exact samples out; then the same bytes cut, merged, damaged."""

from __future__ import annotations

import json
import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.driver import Battery, Item, Run
from firmware_bridge.drivers.witmotion import COMMAND, DRIVER, NOTIFY, WitMotionParser, battery_percent
from firmware_bridge.errors import PacketError
from firmware_bridge.packet import RawPacket

SHARED = Path(os.environ.get("UPSTAND_SHARED", Path(__file__).parents[2].parent / "shared"))
VECTORS = SHARED / "reference" / "sensor-vectors.json"


def feed(*pieces: bytes, at_s: float = 1.0) -> list[Item]:
    parser = WitMotionParser("w")
    items: list[Item] = []
    for piece in pieces:
        items += parser.feed(RawPacket("w", NOTIFY, at_s, piece))
    return items


def samples(items: list[Item]) -> bytes:
    return b"".join(item.counts for item in items if isinstance(item, Run))


def frame(number: int) -> bytes:
    """A sample frame, the first count of which is `number`."""
    return b"\x55\x61" + np.array([number, 2, 3, -4, -5, -6, 7, 8, 9], "<i2").tobytes()


def sly_frame(number: int) -> bytes:
    """The same, and its angles look like headers."""
    return frame(number)[:14] + b"\x55\x61\x55\x71\x00\x55"


@pytest.mark.recordings
@pytest.mark.skipif(not VECTORS.is_file(), reason=f"{VECTORS} is not there")
def test_real_notifications() -> None:
    checked = 0
    for vector in json.loads(VECTORS.read_text(encoding="utf-8")):
        expected = vector["expected"] or {}
        if vector["device"] != "witmotion" or "frames" not in expected:
            continue
        [run] = feed(bytes.fromhex(vector["hex"]))
        assert isinstance(run, Run)
        assert run.n == expected["frames"]
        counts = np.frombuffer(run.counts, "<i2").reshape(-1, 6)
        for row, key in ((0, "first"), (-1, "last")):
            if key in expected:
                acc_g = counts[row, :3] * run.scale.acc / 9.80665
                assert acc_g == pytest.approx(expected[key]["acc_g"], abs=6e-5)
            if "gyro_dps" in expected.get(key, {}):
                gyr_dps = np.degrees(counts[row, 3:] * run.scale.gyr)
                assert gyr_dps == pytest.approx(expected[key]["gyro_dps"], abs=6e-4)
        checked += 1
    assert checked >= 6


def test_a_full_scale_count_is_16_g_and_2000_dps() -> None:
    [run] = feed(b"\x55\x61" + np.array([-32768, 0, 2048, 0, -32768, 0, 0, 0, 0], "<i2").tobytes())
    assert isinstance(run, Run)
    assert -32768 * run.scale.acc == pytest.approx(-16 * 9.80665)
    assert np.degrees(-32768 * run.scale.gyr) == pytest.approx(-2000)


@settings(max_examples=200)
@given(n=st.integers(1, 12), cuts=st.lists(st.integers(0, 240), max_size=12))
def test_cutting_changes_no_sample(n: int, cuts: list[int]) -> None:
    """A frame that was cut waits for the next header, so a last one makes sure that all have come."""
    stream = b"".join(frame(number) for number in range(n))
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    pieces = [stream[a:b] for a, b in pairwise(edges)]
    items = feed(*pieces, frame(99))
    assert samples(items) == samples(feed(stream, frame(99)))
    assert not any(isinstance(item, PacketError) for item in items)


@settings(max_examples=200)
@given(before=st.integers(0, 4), junk=st.binary(min_size=1, max_size=50), after=st.integers(3, 6))
def test_it_finds_its_step_again_after_junk(before: int, junk: bytes, after: int) -> None:
    items = feed(*(sly_frame(n) for n in range(before)), junk, *(sly_frame(100 + n) for n in range(after)))
    rows = np.frombuffer(samples(items), "<i2").reshape(-1, 6)
    # Junk may hold what passes for a frame, but costs none after the next notification
    assert list(rows[:before, 0]) == list(range(before))
    assert list(rows[1 - after :, 0]) == list(range(101, 100 + after))


def test_the_halves_of_two_frames_are_never_glued() -> None:
    items = feed(frame(1), frame(2)[:9], frame(3), frame(4), frame(5))
    assert list(np.frombuffer(samples(items), "<i2").reshape(-1, 6)[:, 0]) == [1, 3, 4, 5]
    assert sum(isinstance(item, PacketError) for item in items) == 1


def test_a_cut_frame_keeps_the_time_of_its_last_byte() -> None:
    parser = WitMotionParser("w")
    items = parser.feed(RawPacket("w", NOTIFY, 1.0, frame(1)[:7]))
    items += parser.feed(RawPacket("w", NOTIFY, 2.0, frame(1)[7:]))
    items += parser.feed(RawPacket("w", NOTIFY, 3.0, frame(2)[:4]))
    assert [item.arrived_s for item in items if isinstance(item, Run)] == [2.0]


def test_a_new_link_begins_a_new_frame() -> None:
    parser = WitMotionParser("w")
    parser.feed(RawPacket("w", NOTIFY, 1.0, frame(1)[:7]))
    parser.opened()
    [run] = parser.feed(RawPacket("w", NOTIFY, 2.0, frame(2)))
    assert isinstance(run, Run)


def test_battery_comes_between_samples() -> None:
    reply = b"\x55\x71\x64\x00" + np.array([385, 0, 0, 0, 0, 0, 0, 0], "<i2").tobytes()
    items = feed(frame(1) + reply + frame(2))
    assert [type(item) for item in items] == [Run, Battery, Run]
    assert items[1] == Battery(60)


@pytest.mark.parametrize(("centivolts", "percent"), [(420, 100), (396, 100), (395, 90), (350, 10), (340, 5), (339, 0)])
def test_battery_steps(centivolts: int, percent: int) -> None:
    assert battery_percent(centivolts) == percent


def test_another_register_and_a_foreign_channel() -> None:
    assert feed(b"\x55\x71\x3a\x00" + bytes(16)) == []
    [error] = WitMotionParser("w").feed(RawPacket("w", COMMAND, 1.0, frame(1)))
    assert isinstance(error, PacketError)


def test_the_vibration_sensor_of_the_same_maker_is_left_alone() -> None:
    """Its frames begin alike and are 28 bytes long (easymanua.ls/wit/wtvb01-bt50, p. 14)."""
    assert DRIVER.matches("WT901BLE67", ())
    assert not DRIVER.matches("WTVB01-BT50", ())
    data = bytes.fromhex("55611100160002000200000001 00e60a430047000a00250025002500".replace(" ", ""))
    items = feed(*[data] * 20)
    assert sum(isinstance(item, Run) for item in items) <= 1
    assert any(isinstance(item, PacketError) for item in items)


def test_the_rate_is_set_and_never_saved() -> None:
    unlock, rate = DRIVER.start(DRIVER.nearest_rate(52))
    assert unlock.data.hex() == "ffaa6988b5"
    assert rate.data.hex() == "ffaa030800"
    assert [write.data.hex() for write in DRIVER.ask] == ["ffaa276400"]
    for rate_hz in DRIVER.rates_hz:
        assert all(write.data[2] != 0x00 for write in DRIVER.start(rate_hz))
