"""Secured sensors on the virtual radio: read by who has the key, shut to all others; left behind, nothing is lost."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import numpy as np
import pytest
from bleak import BleakClient, BleakScanner

from analysis.model import Segment
from analysis.schema import Samples, block_of
from benchmarks.impersonated import until
from firmware_bridge.ble import Ble, LinkError
from firmware_bridge.choose import Chosen
from firmware_bridge.drivers import upstand
from firmware_bridge.link import Link
from firmware_bridge.numbering import Session
from firmware_bridge.trust import Keyring, key_id
from firmware_bridge.trusted import TrustedRadio
from hardware.firmware import talk, wire
from hardware.twin.clock import PacedClock
from hardware.twin.peripherals.upstand import UpstandPeripheral
from hardware.twin.source import Counts
from hardware.twin.stage import Stage

KEY = bytes(range(32))
OURS = Keyring(b"host-one", {key_id(KEY): KEY})
NAME = "Upstand P-1"


class Numbered:
    """A source whose gyro x and y count the samples."""

    segment = Segment.PELVIS
    rate_hz = 52.0
    acc_scale = wire.acc_scale(1)
    gyr_scale = wire.gyro_scale(2)

    def __init__(self, end_s: float) -> None:
        self.end_s = end_s

    def read(self, t0: float, t1: float) -> Counts:
        first, last = (math.ceil(t * self.rate_hz - 1e-9) for t in (t0, min(t1, self.end_s)))
        index = np.arange(first, last)
        counts = np.zeros((len(index), 6), dtype=np.int16)
        counts[:, 2], counts[:, 3], counts[:, 4] = 8197, index % 30000, index // 30000
        return Counts(index, index / self.rate_hz, counts)


@asynccontextmanager
async def staged(worn: UpstandPeripheral, speed: float) -> AsyncIterator[tuple[Stage, Ble]]:

    async def wait_for_the_host() -> None:
        if not worn.is_connected and worn.is_in_range:
            await asyncio.sleep(0.02)  # the host's search and back-off take real time

    async with Stage(PacedClock(speed), [worn], throttle=wait_for_the_host) as stage:
        yield stage, Ble(stage.scanner_backend, stage.client_backend)


async def sighted(radio: Ble) -> Chosen:
    [seen] = await radio.scan(30.0, lambda seen: bool(seen and seen[0].name))
    return Chosen(Segment.PELVIS, upstand.DRIVER, seen)


def linked(radio: TrustedRadio, chosen: Chosen, stage: Stage, out: list[Samples]) -> Link:
    return Link(
        Segment.PELVIS,
        lambda seen, _anew: next((Chosen(Segment.PELVIS, upstand.DRIVER, one) for one in seen), None),
        chosen=chosen,
        session=Session("s", 0.0, "simulated"),
        rate_hz=52.0,
        radio=radio,
        now=stage.clock.now,
        out=out.append,
        changed=lambda: None,
        rng=Random(1),
    )


def numbers(blocks: list[Samples]) -> list[int]:
    rows = np.concatenate([np.frombuffer(block.counts, "<i2").reshape(-1, 6) for block in blocks]).astype(int)
    return [int(number) for number in rows[:, 3] + 30000 * rows[:, 4]]


async def test_45_minutes_away_cost_not_one_sample() -> None:
    """The ring holds one minute of them, flash the rest; what was missed comes before what is new."""
    end_s = 45 * 60 + 400.0
    worn = UpstandPeripheral(NAME, Numbered(end_s), key=KEY)
    blocks: list[Samples] = []
    async with staged(worn, math.inf) as (stage, ble):
        link = linked(TrustedRadio(ble, OURS), await sighted(ble), stage, blocks)
        task = asyncio.create_task(link.run())
        await worn.is_read.wait()
        stage_run = asyncio.create_task(stage.run())
        await until(lambda: worn.t > 20)
        await stage.lose(Segment.PELVIS, away_s=45 * 60.0)
        await asyncio.wait_for(stage_run, 90)
        await until(lambda: len(blocks) > 0 and numbers(blocks[-1:])[-1] == 52 * int(end_s) - 1)
        status = link.status()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert numbers(blocks) == list(range(52 * int(end_s)))
    assert (status.lost, status.bad_packets, status.losses) == (0, 0, 1)
    assert worn.spill.lost == 0
    assert worn.spill.held > 10000
    assert (np.diff(np.concatenate([block_of(block).t for block in blocks])) > 0).all()


async def test_buzz_identify_status_and_gestures_go_under_seal() -> None:
    worn = UpstandPeripheral(NAME, Numbered(math.inf), key=KEY)
    async with staged(worn, 5.0) as (stage, ble):
        blocks: list[Samples] = []
        link = linked(TrustedRadio(ble, OURS), await sighted(ble), stage, blocks)
        task = asyncio.create_task(link.run())
        await worn.is_read.wait()
        running = asyncio.create_task(stage.run())
        assert link.buzz() == ""
        assert link.identify() == ""
        await until(lambda: bool(worn.buzzes and worn.identified))
        worn.set_battery(3700, 15)
        worn.set_worn(False)
        worn.tap(wire.EVENT_CALIBRATE)
        await until(lambda: link.status().battery_percent == 15 and link.status().worn is False)
        assert link.status().bad_packets == 0
        running.cancel()
        task.cancel()
        await asyncio.gather(task, running, return_exceptions=True)
    assert worn.hosts == [OURS.host_id]
    assert not worn.is_started  # stopped on the way out


@pytest.mark.parametrize(
    ("ring", "key", "hosts", "sentence"),
    [
        (Keyring(b"stranger", {}), KEY, (), r"has not its key; connect the sensor by USB and run `upstand pair"),
        (Keyring(b"host-two", OURS.keys), KEY, (b"host-one",), "press its button"),
        (Keyring(b"host-one", {key_id(KEY): bytes(32)}), KEY, (), "cannot prove"),
        (OURS, b"", (), "is not secured.*secured = true"),
    ],
)
async def test_a_sensor_that_is_not_ours_is_said_and_not_read(
    ring: Keyring, key: bytes, hosts: tuple[bytes, ...], sentence: str
) -> None:
    worn = UpstandPeripheral(NAME, Numbered(math.inf), key=key, hosts=hosts)
    async with staged(worn, 1.0) as (_, ble):
        chosen = await sighted(ble)
        with pytest.raises(LinkError, match=sentence):
            await TrustedRadio(ble, ring).connect(chosen.sighting)
        assert not worn.is_started
        assert worn.hosts == list(hosts)


async def test_the_button_lets_a_new_host_in() -> None:
    worn = UpstandPeripheral(NAME, Numbered(math.inf), key=KEY, hosts=(b"host-one",))
    async with staged(worn, 1.0) as (_, ble):
        chosen = await sighted(ble)
        worn.press()
        peer = await TrustedRadio(ble, Keyring(b"host-two", OURS.keys)).connect(chosen.sighting)
        await peer.write(upstand.CONTROL, talk.encode_request(talk.Request(1, wire.IDENTIFY)))
        await until(lambda: bool(worn.identified))
        await peer.leave()
    assert worn.hosts == [b"host-one", b"host-two"]


async def test_an_open_sensor_is_read_where_there_are_no_keys() -> None:
    worn = UpstandPeripheral(NAME, Numbered(math.inf))
    async with staged(worn, 1.0) as (_, ble):
        chosen = await sighted(ble)
        peer = await TrustedRadio(ble, Keyring(b"host-one", {})).connect(chosen.sighting)
        assert talk.decode_status(await peer.read(upstand.STATUS)).battery_mv == 3980
        await peer.leave()


async def test_a_stranger_on_the_air_reads_nothing_and_is_sent_away() -> None:
    """A plain client that listens to everything, asks for everything, and floods."""
    worn = UpstandPeripheral(NAME, Numbered(math.inf), key=KEY, hosts=(b"host-one",))
    async with staged(worn, math.inf) as (stage, _):
        found = await BleakScanner.find_device_by_name(NAME, timeout=30.0, backend=stage.scanner_backend)
        assert found is not None
        gone = asyncio.Event()
        heard: list[bytes] = []
        client = BleakClient(found, lambda _: gone.set(), timeout=30.0, backend=stage.client_backend)
        await client.connect()
        for channel in (wire.STREAM_UUID, wire.CONTROL_UUID, wire.STATUS_UUID):
            await client.start_notify(channel, lambda _, value: heard.append(bytes(value)))
        start = talk.encode_request(talk.Request(7, wire.START))
        await client.write_gatt_char(wire.CONTROL_UUID, start, response=True)
        assert heard == [talk.encode_answer(talk.Answer(7, 0, wire.LOCKED))]
        assert bytes(await client.read_gatt_char(wire.STATUS_UUID)) == b"\x28" + key_id(KEY)
        worn.set_battery(3500, 20)
        await worn.advance(5.0)
        assert heard[1:] == [b"\x28" + key_id(KEY)]
        for _ in range(7):
            await client.write_gatt_char(wire.CONTROL_UUID, bytes(16), response=True)
        await asyncio.wait_for(gone.wait(), 30.0)
        await client.disconnect()
    assert len(heard) == 2
    assert not worn.is_started
    assert worn.buzzes == []
