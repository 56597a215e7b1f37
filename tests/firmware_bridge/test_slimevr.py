"""SlimeVR: what trackers tell becomes what an ideal sensor would have felt, and the UDP port behaves like a server."""

from __future__ import annotations

import asyncio
import socket
from random import Random

import numpy as np
import pytest

from analysis import quaternion
from analysis.model import GRAVITY, Floats, Segment
from analysis.schema import Samples, block_of
from benchmarks.impersonated import DRIVERS, until
from benchmarks.trackers import Trackers
from benchmarks.troubles import Trouble
from firmware_bridge.ble import BluetoothError, LinkError, Sighting
from firmware_bridge.choose import choose
from firmware_bridge.driver import Battery, Item, Run
from firmware_bridge.drivers import slimevr
from firmware_bridge.drivers.slimevr import SlimeVrParser
from firmware_bridge.link import Link
from firmware_bridge.numbering import Session
from firmware_bridge.packet import RawPacket
from firmware_bridge.radio import Radios
from firmware_bridge.udp import SlimeVr, mac_of
from hardware.twin.peripherals import slimevr as twin

MAC = bytes.fromhex("a1b2c3d4e5f6")
STILL = np.zeros(3)


def lean(angle: float) -> Floats:
    """Tipped about y."""
    return np.array([np.cos(angle / 2), 0.0, np.sin(angle / 2), 0.0])


def told(angles: Floats, arrived_s: Floats) -> list[Item]:
    parser = SlimeVrParser("slimevr-x/0")
    items: list[Item] = []
    for k, (angle, t) in enumerate(zip(angles, arrived_s, strict=True)):
        body = twin.rotation_and_acceleration(0, lean(float(angle)), STILL)
        data = twin.datagram(k + 1, twin.ROTATION_AND_ACCELERATION, body)
        items += parser.feed(RawPacket("s", slimevr.CHANNEL, float(t), data))
    return items


def rows(items: list[Item]) -> tuple[Floats, Floats]:
    """Times and (n, 6) values in SI."""
    runs = [item for item in items if isinstance(item, Run)]
    times = [run.ticks.start_s + run.ticks.spacing_s * np.arange(run.n) for run in runs if run.ticks]
    counts = [np.frombuffer(run.counts, "<i2").reshape(-1, 6) for run in runs]
    return np.concatenate(times), np.concatenate(counts) * np.repeat([slimevr.SCALE.acc, slimevr.SCALE.gyr], 3)


def test_gravity_and_turn_rate_follow_from_the_orientation() -> None:
    rng = np.random.default_rng(4)
    t = np.cumsum(rng.uniform(0.005, 0.03, 400))
    times, values = rows(told(0.5 * np.sin(2 * t), t))
    angle = 0.5 * np.sin(2 * times)
    assert values[:, 0] == pytest.approx(-GRAVITY * np.sin(angle), abs=0.02)
    assert values[:, 2] == pytest.approx(GRAVITY * np.cos(angle), abs=0.02)
    assert values[5:, 4] == pytest.approx(np.cos(2 * times[5:] - 0.02), abs=0.05)
    turned = np.cumsum(values[1:, 4]) * 0.02
    assert turned == pytest.approx(angle[1:] - angle[0], abs=0.01)
    assert np.diff(times) == pytest.approx(0.02)


def test_a_silence_is_a_gap() -> None:
    t = np.arange(100) * 0.02
    t[50:] += 3.0
    times, _ = rows(told(np.zeros(100), t))
    assert np.sum(np.diff(times) > 0.1) == 1
    assert np.diff(times).max() == pytest.approx(3.02, abs=0.03)


def test_the_newest_of_a_burst_is_how_it_lies() -> None:
    t = np.arange(100) * 0.02
    late = (t > 0.5) & (t < 1.1)
    times, values = rows(told(0.5 * t, np.where(late, 1.1, t)))
    after = times > 1.101
    assert np.arctan2(-values[after, 0], values[after, 2]) == pytest.approx(0.5 * times[after], abs=1e-3)


def test_a_bundle_holds_the_battery_too() -> None:
    parser = SlimeVrParser("slimevr-x/0")
    body = twin.rotation_and_acceleration(0, lean(0.1), STILL)
    parts = [(twin.BATTERY, bytes.fromhex("40800000 3f000000")), (twin.ROTATION_AND_ACCELERATION, body)]
    items = parser.feed(RawPacket("s", slimevr.CHANNEL, 1.0, twin.bundle(1, parts)))
    assert items == [Battery(50)]
    twice = parser.feed(RawPacket("s", slimevr.CHANNEL, 1.1, twin.bundle(1, parts)))
    assert [type(item).__name__ for item in twice] == ["PacketError"]
    other = twin.rotation_and_acceleration(1, lean(0.1), STILL)
    assert parser.feed(RawPacket("s", slimevr.CHANNEL, 1.2, twin.datagram(2, 23, other))) == []


def test_the_acceleration_comes_on_top_of_gravity() -> None:
    parser = SlimeVrParser("slimevr-x/0")
    items: list[Item] = []
    for k in range(10):
        body = twin.rotation_and_acceleration(0, lean(0.0), np.array([1.0, 0.0, 2.0]))
        items += parser.feed(RawPacket("s", slimevr.CHANNEL, 0.02 * k, twin.datagram(k + 1, 23, body)))
    assert rows(items)[1][-1, :3] == pytest.approx([1.0, 0.0, GRAVITY + 2.0], abs=0.01)


def test_the_frame_is_the_one_the_analysis_knows() -> None:
    assert quaternion.up_in_body(lean(np.pi / 2)) == pytest.approx([-1.0, 0.0, 0.0], abs=1e-12)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_tracker_calls_is_answered_read_and_noticed_when_it_is_gone() -> None:
    port = free_port()
    radio, tracker = SlimeVr(port, "127.0.0.1"), twin.SlimeVrTracker(MAC, port)
    await tracker.switch_on()
    try:
        [seen] = await Radios((radio,)).scan(30.0, lambda seen: bool(seen))
        assert seen.address == "slimevr-a1:b2:c3:d4:e5:f6/0"
        assert slimevr.DRIVER.matches(seen.name, seen.services)
        peer = await radio.connect(seen)
        heard: list[bytes] = []
        await peer.listen(slimevr.CHANNEL, lambda: 1.0, lambda _t, data: heard.append(data))
        await until(lambda: tracker.is_answered)
        assert tracker.tell(lean(0.2), STILL, battery=0.5)
        await until(lambda: any(data[3] == twin.BUNDLE for data in heard))
        await until(lambda: tracker.pings > 0)
        with pytest.raises(LinkError):
            await peer.write(slimevr.CHANNEL, b"x")
        await tracker.switch_off()
        async with asyncio.timeout(10):
            await peer.lost.wait()
        with pytest.raises(LinkError):
            await radio.connect(seen)
        await peer.leave()
    finally:
        await tracker.switch_off()
        await radio.close()


async def test_a_link_reads_a_tracker_that_is_wished_for() -> None:
    port = free_port()
    radio, tracker = SlimeVr(port, "127.0.0.1"), twin.SlimeVrTracker(MAC, port)
    await tracker.switch_on()
    loop, blocks = asyncio.get_running_loop(), list[Samples]()
    wishes = {Segment.PELVIS: "slimevr-a1:b2:c3:d4:e5:f6"}
    link = Link(
        Segment.PELVIS,
        lambda seen, _anew: choose(seen, DRIVERS, wishes).get(Segment.PELVIS),
        chosen=None,
        session=Session("s", 0.0, "radio"),
        rate_hz=52.0,
        radio=Radios((radio,)),
        now=loop.time,
        out=blocks.append,
        changed=lambda: None,
        rng=Random(1),
    )
    task = asyncio.create_task(link.run())
    try:
        for k in range(2000):
            tracker.tell(lean(0.3), STILL, battery=0.8 if k % 50 == 0 else None)
            await asyncio.sleep(0.02)
            status = link.status()
            if len(blocks) > 3 and status.battery_percent is not None:
                break
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await tracker.switch_off()
        await radio.close()
    assert (status.state, status.family, status.battery_percent) == ("streaming", "slimevr", 80)
    assert status.lacks == ["clock", "gyroscope", "raw accelerations"]
    acc = np.concatenate([block_of(block).acc for block in blocks])
    assert acc[:, 0] == pytest.approx(-GRAVITY * np.sin(0.3), abs=0.01)


async def test_exactly_what_trackers_did_not_tell_is_missing() -> None:
    """Losses and stalls longer than a turn is believed, on clocks that are 1 % off."""
    troubles = {
        Segment.PELVIS: [Trouble(3.0, "lose", 0.6), Trouble(5.0, "stall", 0.0)],
        Segment.LUMBAR: [Trouble(4.0, "lose", 1.1)],
    }
    lived = await Trackers().live(8.0, (0.01, -0.01), troubles)
    for (reading, dropped), gaps in zip(lived, (2, 1), strict=True):
        assert len(reading.gaps) == gaps
        assert all(missing == lost for missing, lost in reading.gaps)
        assert sum(lost for _, lost in reading.gaps) == pytest.approx(dropped, abs=3)  # it takes two to tell a turn
        assert reading.times == pytest.approx(reading.numbers / 50.0, abs=1e-6)


async def test_a_server_on_the_port_is_named() -> None:
    port = free_port()
    first, second = SlimeVr(port, "127.0.0.1"), SlimeVr(port, "127.0.0.1")
    await first.scan(0.01, lambda _seen: False)
    with pytest.raises(BluetoothError, match="SlimeVR server"):
        await second.scan(0.01, lambda _seen: False)
    assert await Radios((first, second)).scan(0.05, lambda _seen: False) == []  # one of them works
    with pytest.raises(LinkError):
        await Radios((first,)).connect(Sighting("x", "x", (), None))
    await first.close()


def test_whose_call_it_is() -> None:
    assert mac_of(twin.handshake(MAC)) == "a1:b2:c3:d4:e5:f6"
    assert mac_of(twin.handshake(MAC)[:40]) == ""
