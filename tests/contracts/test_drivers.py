"""What every sensor family must keep to, whatever it is called: a new driver is tested by being there."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.model import Segment
from analysis.schema import Samples, block_of
from benchmarks.sound_packets import DRIVERS, SENSOR, heads, rate_of, sound
from firmware_bridge.driver import Battery, Gesture, Item, Run, Worn, Write
from firmware_bridge.errors import PacketError
from firmware_bridge.numbering import Session
from firmware_bridge.packet import RawPacket
from firmware_bridge.reader import Reader

every_driver = pytest.mark.parametrize("name", sorted(DRIVERS))
# The others' packets are alike, so that nothing on them tells a second coming from the next one.
every_numbered_driver = pytest.mark.parametrize(
    "name", sorted(name for name, driver in DRIVERS.items() if driver.has_clock or driver.has_counter)
)


def test_the_folder_is_the_list() -> None:
    own = {"upstand", "witmotion", "dot", "movesense", "polar", "polar_h10", "metamotion", "thingy52", "slimevr"}
    assert own | {"arduino", "adafruit", "espruino"} <= set(DRIVERS)


@every_driver
def test_it_says_how_to_be_found_and_started(name: str) -> None:
    driver = DRIVERS[name]
    assert driver.family == name
    assert len(driver.service) == 36
    assert driver.service == driver.service.lower()
    assert driver.channels
    assert list(driver.rates_hz) == sorted(set(driver.rates_hz))
    assert not driver.matches("", ())
    assert not driver.matches("Some headphones", ("0000180f-0000-1000-8000-00805f9b34fb",))
    for rate_hz in driver.rates_hz:
        assert driver.nearest_rate(rate_hz) == rate_hz
        assert all(write.data for write in driver.start(rate_hz))


def test_no_two_families_claim_one_device() -> None:
    names = ("Upstand P1", "Upstand L", "WT901BLE67", "WTSDCL", "Movella DOT", "Xsens DOT", "Movesense 1234")
    for name in (*names, "Polar Sense 12", "Polar H10 12", "MetaWear", "Thingy", "BLE Sense - 1", "Puck.js 1"):
        assert sum(driver.matches(name, ()) for driver in DRIVERS.values()) == 1


@every_driver
@settings(max_examples=50)
@given(data=st.data())
def test_random_bytes_never_break_it(name: str, data: st.DataObject) -> None:
    """Whatever comes, it returns sane items, and a sound packet after it is not refused for ever."""
    driver = DRIVERS[name]
    parser = driver.parser(SENSOR, driver.nearest_rate(52))
    channels = st.sampled_from([*driver.channels, "0000ffff-0000-1000-8000-00805f9b34fb"])
    starts = st.sampled_from([b"", b"\x13", b"\x14", b"\x55\x71\x64\x00", *heads()])
    arrived_s = 0.0
    for step, channel, start, rest in data.draw(
        st.lists(st.tuples(st.floats(0, 3), channels, starts, st.binary(max_size=200)), max_size=25)
    ):
        arrived_s += step
        assert_sane(parser.feed(RawPacket(SENSOR, channel, arrived_s, start + rest)))
        if data.draw(st.integers(0, 9)) == 0:
            assert_sane(parser.opened())
    assert_sane(parser.finish())


@every_driver
@settings(max_examples=15)
@given(data=st.data())
def test_whatever_comes_the_blocks_are_in_order(name: str, data: st.DataObject) -> None:
    driver = DRIVERS[name]
    rate_hz = driver.nearest_rate(52)
    reader = Reader(driver, Session("s", 0.0, "radio"), SENSOR, Segment.PELVIS, rate_hz)
    blocks: list[Samples] = []
    arrived_s = 0.0
    heads = st.sampled_from(
        [b"\x11\x00\x21\x34", b"\x11\x01\x21\x34", b"\x55\x61", b"\x55\x61" + bytes(18) + b"\x55\x61"]
    )
    for step, head, rest in data.draw(
        st.lists(st.tuples(st.floats(0, 2), heads, st.binary(min_size=10, max_size=26)), max_size=60)
    ):
        arrived_s += step
        packet = RawPacket(SENSOR, driver.channels[0], arrived_s, head + rest)
        blocks += [told for told in reader.feed(packet) if isinstance(told, Samples)]
    blocks += [told for told in reader.finish() if isinstance(told, Samples)]
    assert [block.seq for block in blocks] == list(range(len(blocks)))
    times = np.concatenate([block_of(block).t for block in blocks]) if blocks else np.zeros(0)
    assert (np.diff(times) > 0).all()
    assert sum(len(block.counts) // 12 for block in blocks) == reader.samples


def told_numbers(reader: Reader, packets: list[RawPacket]) -> list[int]:
    """The numbers of all samples, up to the end; every block in its place."""
    told = [item for packet in packets for item in reader.feed(packet)] + reader.finish()
    blocks = [item for item in told if isinstance(item, Samples)]
    assert [block.seq for block in blocks] == list(range(len(blocks)))
    if blocks:
        assert (np.diff(np.concatenate([block_of(block).t for block in blocks])) > 0).all()
    return [int(row[0]) for block in blocks for row in np.frombuffer(block.counts, "<i2").reshape(-1, 6)]


def reader_of(name: str) -> Reader:
    return Reader(DRIVERS[name], Session("s", 0.0, "radio"), SENSOR, Segment.PELVIS, rate_of(name))


@every_driver
def test_sound_packets_give_every_sample_once(name: str) -> None:
    reader = reader_of(name)
    packets = sound(name, 80)
    numbers = told_numbers(reader, packets)
    assert reader.lost == 0
    assert reader.bad_packets == 0
    assert reader.samples == len(numbers)
    if name == "slimevr":  # its samples are on a grid of our own
        assert len(numbers) == pytest.approx(80, abs=2)
    else:
        assert numbers == list(range(len(numbers)))
        assert len(numbers) >= 80


@every_driver
@settings(max_examples=20)
@given(data=st.data())
def test_after_any_abuse_sound_packets_are_read_again(name: str, data: st.DataObject) -> None:
    """Packets are cut, doubled, merged, dropped or replaced by junk; five seconds of sound ones follow."""
    before = sound(name, 12)
    abuses = st.sampled_from(["keep", "double", "cut", "merge", "drop", "junk"])
    abused: list[RawPacket] = []
    for packet in before:
        match data.draw(abuses):
            case "keep":
                abused.append(packet)
            case "double":
                abused += [packet, packet]
            case "cut":
                at = data.draw(st.integers(0, len(packet.data)))
                abused += [replace(packet, data=packet.data[:at]), replace(packet, data=packet.data[at:])]
            case "merge" if abused:
                abused[-1] = replace(abused[-1], data=abused[-1].data + packet.data)
            case "junk":
                abused.append(replace(packet, data=data.draw(st.binary(max_size=60))))
    since = (
        300
        if name in ("dot", "thingy52", "slimevr", "adafruit", "arduino", "espruino", "witmotion", "metamotion")
        else 60
    )
    after = sound(name, since, first=12)
    reader = reader_of(name)
    numbers = told_numbers(reader, [*abused, *after])
    if name != "slimevr":
        expected = told_numbers(reader_of(name), after)
        kept = expected[len(expected) // 2 :]
        assert numbers[-len(kept) :] == kept


@every_numbered_driver
@settings(max_examples=15)
@given(doubled=st.sets(st.integers(0, 39)))
def test_what_comes_twice_is_told_once(name: str, doubled: set[int]) -> None:
    packets = sound(name, 40)
    twice = [packet for k, packet in enumerate(packets) for _ in range(2 if k in doubled else 1)]
    assert told_numbers(reader_of(name), twice) == told_numbers(reader_of(name), packets)


@every_driver
def test_what_it_lacks_is_told(name: str) -> None:
    driver = DRIVERS[name]
    for packet in sound(name, 3):
        for item in driver.parser(SENSOR, rate_of(name)).feed(packet):
            if isinstance(item, Run):
                assert (item.ticks is not None) == driver.has_clock
                assert math.isnan(item.scale.gyr) == ("gyroscope" in driver.lacks and not driver.is_fused)
    assert set(driver.lacks) <= {"clock", "counter", "gyroscope", "raw accelerations", "battery level"}


def assert_sane(items: list[Item]) -> None:
    for item in items:
        if isinstance(item, Run):
            assert item.n > 0
            assert len(item.counts) == 12 * item.n
            assert item.scale.acc > 0
            assert item.scale.gyr > 0 or math.isnan(item.scale.gyr)
            assert item.ticks is None or item.ticks.spacing_s > 0
        elif isinstance(item, Battery):
            assert 0 <= item.percent <= 100
        elif isinstance(item, Write):
            assert item.data
        else:
            assert isinstance(item, Worn | Gesture | PacketError)
