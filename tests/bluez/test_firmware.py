"""The firmware's own code.py, a process of its own over HCI, paired with and read through the real stack."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import numpy as np
import pytest
from bumble.transport.common import StreamPacketSink, StreamPacketSource

from analysis.model import GRAVITY, Segment
from analysis.schema import Samples, block_of
from benchmarks.impersonated import until
from firmware_bridge import keystore
from firmware_bridge.ble import Ble
from firmware_bridge.capture import Capture, read
from firmware_bridge.choose import Chosen
from firmware_bridge.drivers import upstand
from firmware_bridge.link import Link
from firmware_bridge.numbering import Session
from firmware_bridge.packet import RawPacket
from firmware_bridge.trusted import TrustedRadio
from hardware.firmware import wire
from hardware.twin.radio.air import Air, Radio
from tests.bluez.stack import Stack

pytestmark = pytest.mark.bluez

ROOT = Path(wire.__file__).parents[2]
ADDRESS = "F6:00:00:00:03:01"
RATE_HZ = 52.0


@asynccontextmanager
async def board(radio: Radio, drive: Path) -> AsyncIterator[None]:
    """A board whose controller is `radio`; its key lies on `drive` inside."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        source = StreamPacketSource()
        source.set_packet_sink(radio)
        radio.set_packet_sink(StreamPacketSink(writer.transport))
        while data := await reader.read(4096):
            source.data_received(data)
        radio.host = None
        writer.close()

    key = drive / "upstand-key.txt"
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hardware.twin.board_process"),
            *(f"tcp-client:127.0.0.1:{port}", ADDRESS, str(drive), "100"),
            cwd=ROOT,
        )
        try:
            await until(lambda: key.exists() and key.stat().st_size > 0)
            yield
        finally:
            process.terminate()
            await process.wait()


async def test_the_firmware_loses_nothing_when_its_link_breaks(stack: Stack, tmp_path: Path) -> None:
    air = Air()
    radio = Radio("XIAO", air)
    blocks: list[Samples] = []
    loop = asyncio.get_running_loop()
    from_s = loop.time()
    kept = Capture(tmp_path / "capture", "s", 0.0)
    async with stack.central(air), board(radio, tmp_path):
        ring = keystore.pair(tmp_path / "keys.json", tmp_path / "upstand-key.txt")
        trusted = TrustedRadio(Ble(), ring)
        [seen] = [one for one in await trusted.scan(10.0, lambda seen: any(one.name for one in seen)) if one.name]
        link = Link(
            Segment.PELVIS,
            lambda _seen, _anew: None,
            chosen=Chosen(Segment.PELVIS, upstand.DRIVER, seen),
            session=Session("s", 0.0, "radio"),
            rate_hz=RATE_HZ,
            radio=trusted,
            now=lambda: loop.time() - from_s,
            out=blocks.append,
            changed=lambda: None,
            rng=Random(1),
            capture=kept,
        )
        task = asyncio.create_task(link.run())
        for losses in (0, 1, 2):
            await until(lambda losses=losses: link.status().losses == losses and link.status().state == "streaming")
            goal = link.status().samples + 4 * RATE_HZ
            await until(lambda goal=goal: link.status().samples >= goal)
            if losses < 2:
                air.lose(radio)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        status = link.status()
    kept.close()
    told = [record for record in read(tmp_path / "capture")[1] if isinstance(record, RawPacket)]
    packets = [wire.decode_stream(packet.data) for packet in told if packet.channel == upstand.STREAM]
    numbers = sorted(packet.seq for packet in packets)
    assert numbers == list(range(numbers[0], numbers[0] + len(packets)))
    assert sum(len(packet.samples) // wire.SAMPLE_BYTES for packet in packets) == status.samples
    assert status.bad_packets == 0
    assert status.lost == 0
    assert status.battery_percent is not None
    acc = np.concatenate([block_of(block).acc for block in blocks])
    assert np.abs(np.linalg.norm(acc, axis=1) - GRAVITY).max() < 0.06 * GRAVITY
