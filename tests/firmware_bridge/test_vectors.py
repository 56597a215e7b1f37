"""Every vector of real devices and of their makers' own tests, decoded exactly.

What no driver streams (a magnetic field, a device's information) goes through the layouts of the generic driver.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.model import GRAVITY, Floats, Segment
from firmware_bridge import pmd
from firmware_bridge.clock import ClockFit
from firmware_bridge.driver import Battery, Item, Run
from firmware_bridge.drivers import dot, metamotion, movesense, polar, thingy52, witmotion
from firmware_bridge.layout import Layout
from firmware_bridge.numbering import Session
from firmware_bridge.packet import RawPacket
from firmware_bridge.reader import Reader
from hardware.twin.peripherals.dot import is_whole_message

SHARED = Path(os.environ.get("UPSTAND_SHARED", Path(__file__).parents[2].parent / "shared"))
FILE = SHARED / "reference" / "sensor-vectors.json"
VECTORS: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else []

pytestmark = [
    pytest.mark.recordings,
    pytest.mark.skipif(not VECTORS, reason=f"{FILE} is not there"),
]


def of(*devices: str) -> Any:
    """One test a vector."""
    found = [vector for vector in VECTORS if vector["device"] in devices]
    return pytest.mark.parametrize("vector", found, ids=lambda vector: f"{vector['device']}: {vector['name']}")


def bytes_of(vector: dict[str, Any]) -> bytes:
    return bytes.fromhex(vector["hex"])


def values(items: list[Item]) -> Floats:
    """(n, 6) in m/s² and rad/s of all runs."""
    runs = [item for item in items if isinstance(item, Run)]
    scales = [np.repeat([run.scale.acc, run.scale.gyr], 3) for run in runs]
    rows = [np.frombuffer(run.counts, "<i2").reshape(-1, 6) for run in runs]
    return np.concatenate([row * scale for row, scale in zip(rows, scales, strict=True)])


def test_there_are_46() -> None:
    known = "dot dot-message metawear metawear-float movesense movesense-info movesense-temp movesense-time polar-delta"
    known += " polar-raw16 polar-settings shimmer thingy52-acc thingy52-rotmat witmotion"
    devices = Counter(vector["device"] for vector in VECTORS)
    assert sum(devices.values()) == 46
    assert set(devices) == set(known.split())


@of("witmotion")
def test_witmotion(vector: dict[str, Any]) -> None:
    expected = vector["expected"] or {}
    if "host_t_s" in expected:
        assert_stall_weighs_nothing(expected["host_t_s"])
        return
    if "register" in expected:
        register, told = witmotion.decode_registers(bytes_of(vector))
        assert (register, list(told[: len(expected["values"])])) == (expected["register"], expected["values"])
        return
    parser = witmotion.WitMotionParser("w")
    rows = values(parser.feed(RawPacket("w", witmotion.NOTIFY, 0.0, bytes_of(vector))))
    assert len(rows) == expected.get("frames", 4)
    for row, key in ((0, "first"), (-1, "last")):
        if key in expected:
            assert rows[row, :3] / GRAVITY == pytest.approx(expected[key]["acc_g"], abs=6e-5)
        if "gyro_dps" in expected.get(key, {}):
            assert np.degrees(rows[row, 3:]) == pytest.approx(expected[key]["gyro_dps"], abs=6e-4)
        if "angle_deg" in expected.get(key, {}):
            frame = bytes_of(vector)[20 * row if row >= 0 else -20 :][:20]
            angles = np.frombuffer(frame[14:], "<i2") * (180.0 / 32768)
            assert angles == pytest.approx(expected[key]["angle_deg"], abs=6e-5)


def assert_stall_weighs_nothing(host_s: list[float]) -> None:
    """Four frames a notification at 100 Hz; the second of these came 239 ms after the first, and three in 2 ms.

    The real capture made up for all but three notifications of the stall. Before and after it the stream is on time.
    """
    fit = ClockFit(witmotion.DRIVER.max_drift)
    reader = Reader(witmotion.DRIVER, Session("s", 0.0, "radio"), "w", Segment.PELVIS, 100.0)
    frame = b"\x55\x61" + bytes(4) + b"\x00\x08" + bytes(12)
    before = [host_s[0] - 0.04 * k for k in range(60, 0, -1)]
    after = [host_s[-1] + 0.04 * k for k in range(1, 60)]
    for k, arrived_s in enumerate([*before, *host_s, *after]):
        fit.observe(0.04 * k, arrived_s)
        reader.feed(RawPacket("w", witmotion.NOTIFY, arrived_s, 4 * frame))
    missing_s = host_s[-1] - host_s[0] - 0.04 * (len(host_s) - 1)
    assert reader.samples == 4 * (len(before) + len(host_s) + len(after))
    assert reader.lost == pytest.approx(missing_s * 100.0, abs=1.0)
    assert abs(fit.slope - 1.0) <= witmotion.DRIVER.max_drift


@of("dot")
def test_dot(vector: dict[str, Any]) -> None:
    expected = vector["expected"]
    stamp, xyz = dot.decode_floats(bytes_of(vector), 3)
    assert stamp == expected["ts_us"]
    assert xyz == pytest.approx(expected["xyz"], rel=1e-6)


@of("dot-message")
def test_dot_messages(vector: dict[str, Any]) -> None:
    assert vector["expected"]["sum_mod_256"] == 0
    message = bytes_of(vector)
    assert is_whole_message(message)
    assert not is_whole_message(message[:-1])
    assert not is_whole_message(bytes([message[0] ^ 1]) + message[1:])


@of("metawear")
def test_metamotion(vector: dict[str, Any]) -> None:
    data, expected = bytes_of(vector), vector["expected"]
    parser = metamotion.MetaMotionParser("m", 100.0)
    implementation = 4 if "BMI270" in vector["name"] else 1
    parser.feed(RawPacket("m", metamotion.NOTIFY, 0.0, bytes((metamotion.ACC, 0x80, implementation, 0))))
    if "percent" in expected:
        assert parser.feed(RawPacket("m", metamotion.NOTIFY, 0.0, data)) == [Battery(expected["percent"])]
        assert int.from_bytes(data[3:5], "little") == expected["mV"]
        return
    other = bytearray(data)  # the other kind, so that there are samples of six axes
    chip = metamotion.BMI270 if implementation == 4 else metamotion.BMI160
    is_packed, is_acc = len(data) == 20, data[0] == metamotion.ACC
    other[0] = metamotion.GYRO if is_acc else metamotion.ACC
    packed, single = (chip.gyr_packed, chip.gyr_single) if is_acc else (chip.acc_packed, chip.acc_single)
    other[1] = packed if is_packed else single
    items = parser.feed(RawPacket("m", metamotion.NOTIFY, 0.0, data + bytes(other)))
    [run] = items
    assert isinstance(run, Run)
    rows = (
        np.frombuffer(run.counts, "<i2").reshape(-1, 6)[:, :3]
        if is_acc
        else np.frombuffer(run.counts, "<i2").reshape(-1, 6)[:, 3:]
    )
    assert rows / expected["scale"] == pytest.approx(np.array(expected["samples"]), abs=6e-4)


@of("metawear-float")
def test_metamotion_fusion(vector: dict[str, Any]) -> None:
    expected = vector["expected"]["values"]
    names = [f"v{k}:f32" for k in range(len(expected))]
    told = Layout(["-:u8", "-:u8", *names]).read(bytes_of(vector))
    assert np.array(list(told.values())) / vector["expected"]["div"] == pytest.approx(expected, abs=6e-4)


@of("movesense")
def test_movesense(vector: dict[str, Any]) -> None:
    expected = vector["expected"]
    decoded = movesense.decode_arrays(bytes_of(vector), 3)
    assert decoded is not None
    stamp, arrays = decoded
    assert (stamp, arrays.shape) == (expected["t_ms"], (3, expected["n"], 3))
    for array, key in zip(arrays, ("acc0", "gyro0", "mag0"), strict=True):
        assert array[0] == pytest.approx(expected[key], abs=6e-5)


@of("movesense-info")
def test_movesense_information(vector: dict[str, Any]) -> None:
    data, expected = bytes_of(vector), vector["expected"]
    ranges, kind = ("ranges_u8", "u8") if "ranges_u8" in expected else ("ranges_u16", "u16")
    rates = [f"r{k}:u16" for k in range(data[0])]
    spans = [f"s{k}:{kind}" for k in range(data[1 + 2 * data[0]])]
    told = list(Layout(["-:u8", *rates, "-:u8", *spans]).read(data).values())
    assert told == [*expected["rates"], *expected[ranges]]
    assert set(movesense.DRIVER.rates_hz) <= set(told)


@of("movesense-temp", "movesense-time")
def test_movesense_scalars(vector: dict[str, Any]) -> None:
    is_time = vector["device"] == "movesense-time"
    fields = ["utc_us:u64", "relative:u32", "tick:u32", "accuracy:u32"] if is_time else ["t_ms:u32", "kelvin:f32"]
    told = Layout(fields).read(bytes_of(vector))
    assert told == pytest.approx(vector["expected"], rel=1e-6)


@of("thingy52-acc")
def test_thingy52(vector: dict[str, Any]) -> None:
    parser = thingy52.Thingy52Parser("t")
    rows = values(parser.feed(RawPacket("t", thingy52.RAW, 0.0, bytes_of(vector) + bytes(12))))
    assert rows[0, :3] / GRAVITY == pytest.approx(vector["expected"]["g"], abs=6e-6)


@of("thingy52-rotmat")
def test_thingy52_rotation(vector: dict[str, Any]) -> None:
    told = Layout([f"m{k}:i16" for k in range(9)]).read(bytes_of(vector))
    matrix = np.array(list(told.values())).reshape(3, 3) / 16384
    assert matrix @ matrix.T == pytest.approx(np.eye(3), abs=vector["expected"]["orthonormal_tol"])


@of("polar-delta")
def test_polar_compression(vector: dict[str, Any]) -> None:
    expected = vector["expected"]
    samples = pmd.decode_delta(bytes_of(vector), expected["bits"])
    assert len(samples) == expected.get("count", len(expected["samples"]))
    assert samples[: len(expected["samples"])].tolist() == expected["samples"]


@of("polar-raw16")
def test_polar_frame(vector: dict[str, Any]) -> None:
    expected = vector["expected"]
    frame = pmd.decode_frame(bytes_of(vector))
    assert (frame.stamp_ns, frame.values.tolist()) == (expected["ts_ns"], expected["samples"])
    parser = polar.PolarParser("p", 52.0, has_gyroscope=False)
    rows = values(parser.feed(RawPacket("p", pmd.DATA, 0.0, bytes_of(vector))))
    assert rows[:, :3] / GRAVITY * 1000 == pytest.approx(np.array(expected["samples"]), abs=0.13)  # half a count


@of("polar-settings")
def test_polar_settings(vector: dict[str, Any]) -> None:
    expected = vector["expected"]
    told = pmd.settings_of(bytes_of(vector))
    assert told == {
        pmd.Setting.RATE: expected["rate"],
        pmd.Setting.RESOLUTION: expected["res"],
        pmd.Setting.RANGE: expected["range"],
        pmd.Setting.CHANNELS: expected["channels"],
    }


@of("shimmer")
def test_shimmer(vector: dict[str, Any]) -> None:
    told = Layout(["-:u8", "ts:u24", "adc:u16"]).read(bytes_of(vector))
    assert told == vector["expected"]
