"""The whole stage under real bleak: nothing is lost, packets arrive when they are due, time waits."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
from bleak import BleakClient, BleakScanner

from analysis.model import Segment
from hardware.firmware import talk, wire
from hardware.twin.clock import PacedClock
from hardware.twin.peripherals import witmotion
from hardware.twin.peripherals.upstand import UpstandPeripheral
from hardware.twin.peripherals.witmotion import WitMotionPeripheral
from hardware.twin.source import Counts
from hardware.twin.stage import LONGEST_STEP_S, Stage


@dataclass
class Level:
    """A sensor at rest that lies flat and counts its samples on gyro x."""

    segment: Segment
    rate_hz: float
    end_s: float
    acc_scale: float = wire.acc_scale(1)
    gyr_scale: float = wire.gyro_scale(2)

    def read(self, t0: float, t1: float) -> Counts:
        first, last = (math.ceil(t * self.rate_hz - 1e-9) for t in (t0, min(t1, self.end_s)))
        index = np.arange(first, last)
        counts = np.zeros((len(index), 6), dtype=np.int16)
        counts[:, 2], counts[:, 3] = 8197, index % 30000
        return Counts(index, index / self.rate_hz, counts)


@dataclass
class Listener:
    """What a bridge would do with one of our sensors, as little as will do."""

    stage: Stage
    segment: Segment
    packets: dict[int, wire.StreamPacket] = field(default_factory=dict)
    arrived_s: list[tuple[float, float]] = field(default_factory=list)  # last sample's time, arrival
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    client: BleakClient | None = None

    async def connect(self) -> None:
        if self.client is None:
            name = self.stage.peripherals[self.segment].name
            found = await BleakScanner.find_device_by_name(name, timeout=30.0, backend=self.stage.scanner_backend)
            assert found is not None
            self.client = BleakClient(
                found, lambda _client: self.lost.set(), timeout=30.0, backend=self.stage.client_backend
            )
        self.lost.clear()
        await self.client.connect()
        await self.client.start_notify(wire.STREAM_UUID, self._on_packet)
        await self.ask(talk.Request(1, wire.START))

    async def ask(self, request: talk.Request) -> None:
        assert self.client is not None
        await self.client.write_gatt_char(wire.CONTROL_UUID, talk.encode_request(request), response=True)

    def _on_packet(self, _characteristic: object, value: bytearray) -> None:
        packet = wire.decode_stream(bytes(value))
        assert packet.seq not in self.packets
        self.packets[packet.seq] = packet
        if not packet.resent:
            last_s = (packet.ticks + packet.span_ticks) / wire.TICKS_HZ
            self.arrived_s.append((last_s, self.stage.clock.now()))

    def samples(self) -> list[int]:
        """The number that each sample carries, in order."""
        runs = [np.frombuffer(self.packets[seq].samples, "<i2").reshape(-1, 6)[:, 3] for seq in sorted(self.packets)]
        return [int(number) for run in runs for number in run]


def _ours(end_s: float) -> list[UpstandPeripheral]:
    return [
        UpstandPeripheral("Upstand P-1", Level(Segment.PELVIS, 52.0, end_s)),
        UpstandPeripheral("Upstand L-1", Level(Segment.LUMBAR, 52.0, end_s)),
    ]


async def _run(stage: Stage) -> list[Listener]:
    listeners = [Listener(stage, segment) for segment in stage.peripherals]
    running = asyncio.create_task(stage.run())
    for listener in listeners:
        await asyncio.sleep(0.05)
        assert stage.clock.now() == 0.0  # time stands until the last of them is read
        await listener.connect()
    await asyncio.wait_for(running, 60.0)
    return listeners


@pytest.mark.parametrize(("speed", "end_s", "step_s"), [(1.0, 0.7, 0.02), (60.0, 60.0, LONGEST_STEP_S)])
async def test_every_sample_arrives_when_it_is_due(speed: float, end_s: float, step_s: float) -> None:
    async with Stage(PacedClock(speed), _ours(end_s)) as stage:
        for listener in await _run(stage):
            assert listener.samples() == list(range(math.ceil(52 * end_s)))
            assert stage.sent[listener.segment] == math.ceil(52 * end_s)
            delays_s = [arrived - last for last, arrived in listener.arrived_s[:-1]]
            assert min(delays_s) > -1e-4  # a tick: never before it was measured
            assert max(delays_s) <= step_s + 1e-4
        assert stage.clock.now() == end_s


async def test_a_run_takes_its_time() -> None:
    loop = asyncio.get_running_loop()
    started_s = loop.time()
    async with Stage(PacedClock(10.0), _ours(6.0)) as stage:
        await _run(stage)
        assert loop.time() - started_s >= 0.6
        assert stage.clock.now() == 6.0


async def test_a_lost_link_is_filled_from_the_ring() -> None:
    throttled: list[float] = []
    stage: Stage

    async def lose_once() -> None:
        throttled.append(stage.clock.now())
        if len(throttled) == 50:
            await stage.lose(Segment.PELVIS, away_s=3.0)
        await asyncio.sleep(0.0005)  # leaves the reconnection some real time

    async with Stage(PacedClock(math.inf), _ours(30.0), throttle=lose_once) as stage:
        pelvis, lumbar = (Listener(stage, segment) for segment in (Segment.PELVIS, Segment.LUMBAR))
        running = asyncio.create_task(stage.run())
        await pelvis.connect()
        await lumbar.connect()
        await asyncio.wait_for(pelvis.lost.wait(), 30.0)
        lost_at_s = stage.clock.now()
        await pelvis.connect()  # waits until it is back
        assert stage.clock.now() >= lost_at_s + 3.0
        await asyncio.wait_for(running, 60.0)
        assert lumbar.samples() == list(range(52 * 30))
        missing = sorted(set(range(120)) - set(pelvis.packets))
        assert 12 <= len(missing) < 120  # three seconds at least
        assert missing == list(range(missing[0], missing[-1] + 1))
        await pelvis.ask(talk.Request(2, wire.RESEND, first=missing[0], count=len(missing)))
        async with asyncio.timeout(30.0):
            while len(pelvis.packets) < 120:  # noqa: ASYNC110 - packets come through a plain callback
                await asyncio.sleep(0.005)
        assert pelvis.samples() == list(range(52 * 30))
        assert stage.sent == {Segment.PELVIS: 52 * 30, Segment.LUMBAR: 52 * 30}
    assert throttled == sorted(throttled)
    assert len(throttled) == 300  # once a step


async def test_what_was_missed_at_the_very_end_can_still_be_fetched() -> None:
    async with Stage(PacedClock(20.0), _ours(4.0)) as stage:
        pelvis, lumbar = (Listener(stage, segment) for segment in (Segment.PELVIS, Segment.LUMBAR))
        running = asyncio.create_task(stage.run())
        await pelvis.connect()
        await lumbar.connect()
        await stage.clock.sleep_until(2.0)
        await stage.lose(Segment.PELVIS, away_s=100.0)
        await asyncio.wait_for(running, 60.0)
        await pelvis.connect()
        first = max(pelvis.packets) + 1
        await pelvis.ask(talk.Request(2, wire.RESEND, first=first, count=240))
        async with asyncio.timeout(30.0):
            while len(pelvis.packets) < 16:  # noqa: ASYNC110 - packets come through a plain callback
                await asyncio.sleep(0.005)
        assert pelvis.samples() == lumbar.samples() == list(range(208))


async def test_two_witmotions_stream_without_loss() -> None:
    worn = [
        WitMotionPeripheral("WT901BLECL-P", Level(Segment.PELVIS, 50.0, 40.0), keeps_rate=True),
        WitMotionPeripheral("WT901BLECL-L", Level(Segment.LUMBAR, 50.0, 40.0), keeps_rate=True),
    ]
    got: dict[Segment, list[bytes]] = {}

    def keep(segment: Segment) -> Callable[[object, bytearray], None]:
        return lambda _characteristic, value: got.setdefault(segment, []).append(bytes(value))

    async with Stage(PacedClock(math.inf), worn) as stage:
        running = asyncio.create_task(stage.run())
        for one in worn:
            found = await BleakScanner.find_device_by_name(one.name, timeout=30.0, backend=stage.scanner_backend)
            assert found is not None
            client = BleakClient(found, timeout=30.0, backend=stage.client_backend)
            await client.connect()
            await client.start_notify(witmotion.NOTIFY_UUID, keep(one.segment))
        await asyncio.wait_for(running, 60.0)
    assert {segment: len(frames) for segment, frames in got.items()} == stage.sent
    assert stage.sent == {Segment.PELVIS: 2000, Segment.LUMBAR: 2000}
    numbers = [int.from_bytes(frame[8:10], "little") for frame in got[Segment.PELVIS]]
    assert numbers == [round(index * 0.0175 * 16.384) for index in range(2000)]


async def test_endless_sources_run_until_cancelled() -> None:
    async with Stage(PacedClock(math.inf), _ours(math.inf)) as stage:
        running = asyncio.create_task(stage.run())
        for segment in stage.peripherals:
            await Listener(stage, segment).connect()
        await asyncio.sleep(0.05)
        running.cancel()
        await asyncio.wait({running})
        assert running.cancelled()
        assert stage.clock.now() > 1.0


async def test_a_stage_is_opened_before_use_and_has_one_sensor_a_segment() -> None:
    stage = Stage(PacedClock(), _ours(1.0))
    with pytest.raises(RuntimeError, match="not open"):
        _ = stage.client_backend
    with pytest.raises(RuntimeError, match="not open"):
        await stage.run()
    with pytest.raises(ValueError, match="one sensor"):
        Stage(PacedClock(), [_ours(1.0)[0], _ours(1.0)[0]])
    await stage.open()
    await stage.close()
    await stage.close()
