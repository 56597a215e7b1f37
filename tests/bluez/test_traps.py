"""Where bleak on BlueZ goes wrong, shown beside what the bridge makes of it."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from bleak import BleakClient, BleakScanner
from bleak.exc import BleakError

from analysis.model import Segment
from benchmarks.impersonated import FAMILIES, reading, until
from firmware_bridge.ble import Ble, LinkError, Peer, Sighting
from hardware.firmware import wire
from hardware.twin.clock import PacedClock
from hardware.twin.radio.air import Air
from hardware.twin.stage import Stage
from tests.bluez.stack import Stack
from tests.hardware.twin.test_radio import DATA, SECRET, Beacon

pytestmark = pytest.mark.bluez

SENT = 20
ROUNDS = 3
NAME = "Beacon"
ADDRESS = "F6:00:00:00:00:01"


@asynccontextmanager
async def beacon_on(stack: Stack) -> AsyncIterator[tuple[Beacon, Air]]:
    air = Air()
    async with stack.central(air):
        beacon = Beacon(air, NAME, ADDRESS)
        await beacon.device.power_on()
        await beacon.advertise()
        try:
            yield beacon, air
        finally:
            air.lose(beacon.radio)
            await asyncio.sleep(0.1)
            await beacon.device.power_off()


async def sighted(ble: Ble) -> Sighting:
    seen = await ble.scan(8.0, lambda seen: any(one.name == NAME for one in seen))
    return next(one for one in seen if one.name == NAME)


@pytest.mark.parametrize("is_left", [True, False], ids=["left", "not left"])
async def test_a_link_that_is_not_left_after_its_loss_tells_everything_twice(stack: Stack, is_left: bool) -> None:
    counts, peers = [], []
    async with beacon_on(stack) as (beacon, air):
        ble = Ble()
        for _ in range(ROUNDS):
            peer = await ble.connect(await sighted(ble))
            peers.append(peer)
            got: list[bytes] = []
            await peer.listen(DATA, time.monotonic, lambda _s, value, got=got: got.append(value))
            await beacon.notify(1, SENT)
            await until(lambda got=got: len(got) >= SENT)
            await asyncio.sleep(0.3)
            counts.append(len(got))
            air.lose(beacon.radio)
            async with asyncio.timeout(10):
                await peer.lost.wait()
            if is_left:
                await peer.leave()
        for peer in peers:
            await peer.leave()
    assert (counts == [SENT] * ROUNDS) == is_left
    assert counts[0] == SENT


async def test_a_read_that_would_need_pairing_ends(stack: Stack) -> None:
    """BlueZ pairs only with an agent, and without one bleak's read waits for ever."""
    async with beacon_on(stack):
        ble = Ble()
        sighting = await sighted(ble)
        peer = await ble.connect(sighting)
        with pytest.raises(LinkError) as caught:
            await peer.read(SECRET)
        assert isinstance(caught.value.__cause__, TimeoutError)  # bleak itself would have waited on
        await peer.leave()
        client = BleakClient((await sighted(ble)).device, timeout=10.0)
        await client.connect()
        with pytest.raises(BleakError, match="Authentication"):
            await client.pair()
        await client.disconnect()


async def test_a_link_lost_while_services_are_discovered_is_made_again(stack: Stack) -> None:
    async with reading(FAMILIES["upstand"].pair(8.0, (0.0, 0.0)), 1.0, "upstand", central=stack.central) as (
        stage,
        readings,
    ):
        await lose_in_discovery(stack, stage, 3)
        await asyncio.wait_for(stage.run(), 60)
        await until(
            lambda: all(told.link.status().samples == stage.sent[segment] for segment, told in readings.items())
        )
    for told in readings.values():
        assert told.numbers.tolist() == list(range(len(told.numbers)))
        assert told.link.status().lost == 0


async def test_bleak_gives_up_where_a_link_is_lost_while_services_are_discovered(stack: Stack) -> None:
    async with beacon_on(stack) as (beacon, air):
        client = BleakClient((await sighted(Ble())).device, timeout=10.0)
        connecting = asyncio.create_task(client.connect())
        await stack.is_discovering(ADDRESS)
        air.lose(beacon.radio)
        with pytest.raises(BleakError):
            await connecting
        await client.disconnect()


async def test_an_attempt_that_is_given_up_leaves_nothing_behind(stack: Stack) -> None:
    async with beacon_on(stack):
        ble = Ble()
        # bleak 3.1 asks for BlueZ's version once, and waits for ever for an answer if that attempt was given up
        peer: Peer | None = await ble.connect(await sighted(ble))
        assert peer is not None
        await peer.leave()
        for patience_s in (0.02, 0.1, 0.2, 0.4):
            sighting = await sighted(ble)
            peer = None
            with suppress(TimeoutError):
                async with asyncio.timeout(patience_s):
                    peer = await ble.connect(sighting)
            if peer is not None:
                await peer.leave()
        peer = await ble.connect(await sighted(ble))
        await peer.leave()


async def test_what_a_killed_bridge_held_is_found_again(stack: Stack) -> None:
    """BlueZ keeps the link of a program that dies, so the sensor is silent on the air and no scan finds it."""
    async with beacon_on(stack) as (beacon, _air):
        held = (
            "import asyncio, os, bleak\n"
            "async def main():\n"
            f"    await bleak.BleakClient(await bleak.BleakScanner.find_device_by_name({NAME!r})).connect()\n"
            "    os._exit(0)\n"
            "asyncio.run(main())\n"
        )
        killed = await asyncio.create_subprocess_exec(sys.executable, "-c", held)
        assert await killed.wait() == 0
        await asyncio.sleep(3.0)
        assert beacon.radio.le_connections
        assert all(device.name != NAME for device in await BleakScanner.discover(3.0))
        ble = Ble()
        peer = await ble.connect(await sighted(ble))
        await peer.leave()


async def test_what_is_read_is_not_told_as_well(stack: Stack) -> None:
    async with Stage(PacedClock(), FAMILIES["upstand"].pair(5.0, (0.0, 0.0))[:1], central=stack.central):
        ble = Ble()
        [seen] = [one for one in await ble.scan(8.0, lambda seen: any(one.name for one in seen)) if one.name]
        told: list[bytes] = []
        peer = await ble.connect(seen)
        await peer.listen(wire.STATUS_UUID, time.monotonic, lambda _s, value: told.append(value))
        data = await peer.read(wire.STATUS_UUID)
        await asyncio.sleep(0.5)
        assert data
        assert told == []
        await peer.leave()
        [seen] = [one for one in await ble.scan(8.0, lambda seen: any(one.name for one in seen)) if one.name]
        client = BleakClient(seen.device, timeout=10.0)
        await client.connect()
        await client.start_notify(wire.STATUS_UUID, lambda _characteristic, value: told.append(bytes(value)))
        data = bytes(await client.read_gatt_char(wire.STATUS_UUID))
        await until(lambda: told == [data])
        await client.disconnect()


async def lose_in_discovery(stack: Stack, stage: Stage, times: int) -> None:
    """Each of the pelvis sensor's first links."""
    worn = stage.peripherals[Segment.PELVIS]
    for _ in range(times):
        await stack.is_discovering("F5:00:00:00:00:01")
        assert not worn.is_read.is_set()
        await stage.lose(Segment.PELVIS)
        await until(lambda: not worn.is_connected)
