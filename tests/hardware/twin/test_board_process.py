"""The firmware in a process of its own, over HCI, as it also runs against a real Bluetooth stack."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.impersonated import until
from firmware_bridge import keystore
from firmware_bridge.ble import Ble
from firmware_bridge.drivers import upstand
from firmware_bridge.trusted import TrustedRadio
from hardware.firmware import talk, wire
from hardware.twin.radio.air import CONNECTION_INTERVAL_S, Air, Radio, make_device
from hardware.twin.radio.backend import backends
from tests.hardware.twin.wired_board import wired_board


async def test_a_board_in_another_process_is_paired_and_read(tmp_path: Path) -> None:
    air = Air(CONNECTION_INTERVAL_S)
    central, _, _ = make_device(air, "host", "F6:00:00:00:03:00")
    await central.power_on()
    client, scanner = backends(central)
    radio = Radio("XIAO", air)

    async with wired_board(radio, tmp_path):
        ring = keystore.pair(tmp_path / "keys.json", tmp_path / "upstand-key.txt")
        ble = Ble(scanner, client)
        [seen] = await ble.scan(10.0, lambda seen: bool(seen and seen[0].name))
        peer = await TrustedRadio(ble, ring).connect(seen)
        packets: list[wire.StreamPacket] = []
        await peer.listen(upstand.STREAM, lambda: 0.0, lambda _, data: packets.append(wire.decode_stream(data)))
        await peer.write(upstand.CONTROL, talk.encode_request(talk.Request(1, wire.START)))
        await until(lambda: len(packets) >= 8)
        await peer.leave()
    assert [packet.seq - packets[0].seq for packet in packets] == list(range(len(packets)))
    acc = np.concatenate([np.frombuffer(packet.samples, "<i2").reshape(-1, 6)[:, :3] for packet in packets])
    assert np.abs(np.linalg.norm(acc * 0.122e-3, axis=1) - 1.0).max() < 0.06  # one g, whichever way
