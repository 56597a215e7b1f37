"""The firmware's own code.py, a process of its own over HCI, paired with and read through the real stack."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import numpy as np
import pytest

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
from tests.hardware.twin.wired_board import wired_board

pytestmark = pytest.mark.bluez

RATE_HZ = 52.0


async def test_the_firmware_loses_nothing_when_its_link_breaks(stack: Stack, tmp_path: Path) -> None:
    air = Air()
    radio = Radio("XIAO", air)
    blocks: list[Samples] = []
    loop = asyncio.get_running_loop()
    from_s = loop.time()
    kept = Capture(tmp_path / "capture", "s", 0.0)
    async with stack.central(air), wired_board(radio, tmp_path):
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
