"""From two sensors on a virtual radio to a real broker, with everything that goes wrong on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random

import numpy as np
import pytest

from analysis import schema
from analysis.break_flow import BreakAct, Buzz
from analysis.io.mqtt import Connection, request
from analysis.io.settings import SensorSettings
from analysis.model import Floats, Segment, Stance
from analysis.schema import Command, Samples, block_of
from firmware_bridge import capture, records
from firmware_bridge.ble import Ble
from firmware_bridge.bridge import Bridge, will
from firmware_bridge.driver import Scale
from firmware_bridge.drivers import upstand, witmotion
from firmware_bridge.numbering import Session
from firmware_bridge.packet import RawPacket
from firmware_bridge.reader import Reader
from hardware.firmware import wire
from hardware.twin.clock import PacedClock
from hardware.twin.peripherals.base import Peripheral
from hardware.twin.peripherals.upstand import UpstandPeripheral
from hardware.twin.peripherals.witmotion import WitMotionPeripheral
from hardware.twin.source import Counts
from hardware.twin.stage import Stage
from tests.firmware_bridge.conftest import WEARER, Broker, Keeper

OUR_SCALE = Scale(acc=0.122e-3 * 9.80665, gyr=float(np.radians(17.5e-3)))


class Numbers:
    """A source whose first count is the sample's own number, at a family's own scale."""

    def __init__(self, segment: Segment, rate_hz: float, end_s: float, scale: Scale) -> None:
        self.acc_scale = scale.acc
        self.gyr_scale = scale.gyr
        self.segment = segment
        self.rate_hz = rate_hz
        self.end_s = end_s

    def read(self, t0: float, t1: float) -> Counts:
        first, last = (int(np.ceil(t * self.rate_hz - 1e-9)) for t in (t0, t1))
        index = np.arange(first, last)
        counts = np.zeros((len(index), 6), np.int16)
        counts[:, 0] = index
        return Counts(index, index / self.rate_hz, counts)


def upstands(end_s: float) -> list[Peripheral]:
    return [
        UpstandPeripheral(name, Numbers(segment, 52.0, end_s, OUR_SCALE))
        for segment, name in ((Segment.PELVIS, "Upstand P"), (Segment.LUMBAR, "Upstand L"))
    ]


def witmotions(end_s: float) -> list[Peripheral]:
    return [WitMotionPeripheral("WT901BLE67", Numbers(segment, 50.0, end_s, witmotion.SCALE)) for segment in Segment]


@asynccontextmanager
async def running(
    peripherals: Sequence[Peripheral], broker: Broker, folder: Path, speed: float, session_id: str = "s1"
) -> AsyncIterator[tuple[Stage, Bridge, asyncio.Task[None]]]:
    """A bridge that reads the stage; leaving it ends the session."""
    clock, stop = PacedClock(speed), asyncio.Event()
    async with Stage(clock, peripherals) as stage, Connection(broker.address, "bridge", will(WEARER)) as connection:
        await connection.wait_connected(30)
        bridge = Bridge(
            WEARER,
            SensorSettings(),
            connection,
            Ble(stage.scanner_backend, stage.client_backend),
            clock.now,
            1.7e9,
            session_id,
            "simulated",
            "",
            folder / "spool",
            folder / f"{session_id}.capture",
            rng=Random(1),
        )
        found = await bridge.find(30.0)
        assert [chosen.segment for chosen in found] == list(Segment)
        task = asyncio.create_task(bridge.run(stop))
        try:
            yield stage, bridge, task
        finally:
            stop.set()
            async with asyncio.timeout(20):
                await task


async def until(is_so: Callable[[], bool]) -> None:
    for _ in range(2000):
        if is_so():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


def times(blocks: Sequence[Samples]) -> Floats:
    return np.concatenate([block_of(block).t for block in blocks])


def numbers(blocks: Sequence[Samples]) -> list[int]:
    return [int(n) for block in blocks for n in np.frombuffer(block.counts, "<i2").reshape(-1, 6)[:, 0]]


def spooled(folder: Path) -> list[bytes]:
    return list(records.read(folder / "spool" / f"{WEARER}.spool"))


async def test_our_sensors_lose_nothing_with_link_and_broker_lost(
    broker: Broker, keeper: Keeper, tmp_path: Path
) -> None:
    end_s = 60.0
    async with running(upstands(end_s), broker, tmp_path, speed=12.0) as (stage, _bridge, _task):
        playing = asyncio.create_task(stage.run())
        await until(lambda: stage.clock.now() > 12)
        await stage.lose(Segment.PELVIS, away_s=4.0)
        await until(lambda: stage.clock.now() > 20)
        await broker.kill()
        await until(lambda: stage.clock.now() > 30)
        keeper.is_deaf = True
        await broker.start()
        await until(lambda: stage.clock.now() > 40)
        keeper.is_deaf = False
        await asyncio.wait_for(playing, 60)
        await until(lambda: all(keeper.samples("s1", segment) == stage.sent[segment] for segment in Segment))
        sent = dict(stage.sent)
    for segment in Segment:
        blocks = keeper.in_order("s1", segment)
        assert numbers(blocks) == list(range(round(end_s * 52)))
        assert len(numbers(blocks)) == sent[segment]
        assert sum(block.lost for block in blocks) == 0
        errors_s = times(blocks) - np.arange(round(end_s * 52)) / 52
        assert (np.diff(times(blocks)) > 0).all()
        assert np.abs(errors_s).max() < 0.25
        assert np.ptp(errors_s[520:]) < 0.1
    await until(lambda: keeper.status is not None and not keeper.status.online)
    assert keeper.status is not None
    assert keeper.status.waiting_blocks == 0
    assert spooled(tmp_path) == []


async def test_sensors_that_only_count_tell_each_sample_once(broker: Broker, keeper: Keeper, tmp_path: Path) -> None:
    end_s = 40.0
    async with running(witmotions(end_s), broker, tmp_path, speed=10.0) as (stage, _bridge, _task):
        playing = asyncio.create_task(stage.run())
        await until(lambda: stage.clock.now() > 15)
        await stage.lose(Segment.LUMBAR, away_s=3.0)
        await asyncio.wait_for(playing, 60)
        sent = dict(stage.sent)
        await until(lambda: keeper.status is not None and all(link.battery_percent for link in keeper.status.links))
    for segment in Segment:
        blocks = keeper.in_order("s1", segment)
        told = numbers(blocks)
        on_the_air_at_the_loss = 10 if segment is Segment.LUMBAR else 0
        assert sent[segment] - on_the_air_at_the_loss <= len(told) <= sent[segment]
        assert told == sorted(set(told))
        t = times(blocks)
        assert (np.diff(t) > 0).all()
        assert np.abs(t - np.array(told) / 50).max() < 0.2
    assert sum(block.lost for block in keeper.in_order("s1", Segment.PELVIS)) == 0
    lumbar = keeper.in_order("s1", Segment.LUMBAR)
    missing = round(end_s * 50) - len(numbers(lumbar))
    assert missing >= 3 * 50 - 5
    assert sum(block.lost for block in lumbar) == pytest.approx(missing, abs=8)


async def test_what_a_run_left_is_sent_by_the_next(broker: Broker, keeper: Keeper, tmp_path: Path) -> None:
    """Nobody stores while the first bridge runs; it is broken off, and its blocks come from the second."""
    keeper.confirms = False
    with suppress(asyncio.CancelledError):
        async with running(upstands(10.0), broker, tmp_path, speed=10.0) as (stage, _bridge, task):
            await asyncio.wait_for(stage.run(), 30)
            task.cancel()
            await until(task.done)
    assert len(spooled(tmp_path)) == 80
    keeper.blocks.clear()
    keeper.confirms = True
    async with running(upstands(3.0), broker, tmp_path, 5.0, "s2") as (stage, _bridge, _task):
        await asyncio.wait_for(stage.run(), 30)
    for segment in Segment:
        assert numbers(keeper.in_order("s1", segment)) == list(range(520))
        assert numbers(keeper.in_order("s2", segment)) == list(range(156))
    assert spooled(tmp_path) == []


async def test_commands_reach_the_sensor_and_are_answered(broker: Broker, keeper: Keeper, tmp_path: Path) -> None:
    peripherals = [upstands(60.0)[0], witmotions(60.0)[1]]
    async with running(peripherals, broker, tmp_path, speed=1.0) as (stage, _bridge, _task):
        playing = asyncio.create_task(stage.run())
        await until(lambda: stage.clock.now() > 0.2)

        async def ask(action: str, segment: Segment, pattern: Buzz | None = None) -> tuple[bool, str]:
            command = Command(id=f"{action}-{segment}-{pattern}", action=action, segment=segment, pattern=pattern)
            reply = await asyncio.to_thread(request, broker.address, WEARER, "bridge", command)
            return reply.ok, reply.message

        assert (await ask("buzz", Segment.PELVIS))[0]
        for pattern in Buzz:
            assert (await ask("buzz", Segment.PELVIS, pattern))[0]
        assert (await ask("identify", Segment.PELVIS))[0]
        is_ok, message = await ask("buzz", Segment.LUMBAR)
        assert not is_ok
        assert "cannot buzz" in message
        assert not (await ask("dance", Segment.PELVIS))[0]
        worn = peripherals[0]
        assert isinstance(worn, UpstandPeripheral)
        await until(lambda: len(worn.buzzes) == 1 + len(Buzz) and bool(worn.identified))
        assert [felt for _, felt in worn.buzzes] == [
            wire.BUZZ_LONG,
            wire.BUZZ_TOO_FAR_FORWARD,
            wire.BUZZ_TOO_FAR_BACK,
            wire.BUZZ_STAND_UP,
            wire.BUZZ_TWICE,
        ]
        keeper.connection.publish(schema.topic(WEARER, "stored", "pelvis"), b"{", qos=1)
        await until(lambda: keeper.status is not None and keeper.status.bad_messages == 1)
        assert keeper.status is not None
        assert "sensors.lumbar" in keeper.status.note
        assert [link.family for link in keeper.status.links] == ["upstand", "witmotion"]
        assert keeper.status.links[0].worn
        assert keeper.status.links[0].battery_percent == 86
        playing.cancel()


async def test_a_capture_gives_the_same_blocks_again(broker: Broker, keeper: Keeper, tmp_path: Path) -> None:
    async with running(upstands(8.0), broker, tmp_path, speed=10.0) as (stage, _bridge, _task):
        await asyncio.wait_for(stage.run(), 30)
    header, entries = capture.read(tmp_path / "s1.capture")
    readers: dict[str, Reader] = {}
    told: dict[Segment, list[Samples]] = {segment: [] for segment in Segment}
    for entry in entries:
        if isinstance(entry, capture.Opened):
            session = Session(header.session_id, header.started_at, "simulated")
            readers[entry.sensor_id] = Reader(upstand.DRIVER, session, entry.sensor_id, entry.segment, entry.rate_hz)
            readers[entry.sensor_id].opened()
        else:
            assert isinstance(entry, RawPacket)
            items = readers[entry.sensor_id].feed(entry)
            for item in items:
                if isinstance(item, Samples):
                    told[item.segment].append(item)
    for reader in readers.values():
        for item in reader.finish():
            assert isinstance(item, Samples)
            told[item.segment].append(item)
    for segment in Segment:
        assert told[segment] == keeper.in_order("s1", segment)


async def test_taps_on_a_sensor_ask_the_service_as_the_page_would(broker: Broker, tmp_path: Path) -> None:
    async with (
        Connection(broker.address, "service") as service,
        running(upstands(60.0), broker, tmp_path, speed=5.0) as (stage, _bridge, _task),
    ):
        await service.wait_connected(30)
        await service.subscribe(schema.topic(WEARER, "commands", "service"))
        playing = asyncio.create_task(stage.run())
        await until(lambda: stage.clock.now() > 1)
        for segment, kind in ((Segment.PELVIS, wire.EVENT_CALIBRATE), (Segment.LUMBAR, wire.EVENT_SNOOZE)):
            worn = stage.peripherals[segment]
            assert isinstance(worn, UpstandPeripheral)
            worn.tap(kind)
        heard: list[Command] = []
        async with asyncio.timeout(10):
            while len(heard) < 2:
                heard += [schema.decode(one.payload, Command) for one in await service.receive(1.0)]
        playing.cancel()
    asked = {command.action: command for command in heard}
    assert asked["calibrate"].stance is Stance.SITTING
    assert asked["break"].act is BreakAct.POSTPONE
    assert {command.session_id for command in heard} == {"s1"}
    assert len({command.id for command in heard}) == 2
