"""The firmware's own code.py, run by CPython: read by the bridge over the virtual radio, buzzed, left, and reset."""

from __future__ import annotations

import asyncio
import runpy
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import numpy as np
import pytest

from analysis.model import GRAVITY, Floats, Segment
from analysis.schema import Samples
from benchmarks.impersonated import until
from firmware_bridge import keystore
from firmware_bridge.ble import Ble, LinkError
from firmware_bridge.choose import Chosen
from firmware_bridge.drivers import upstand
from firmware_bridge.link import Link
from firmware_bridge.numbering import Session
from firmware_bridge.trust import Keyring
from firmware_bridge.trusted import TrustedRadio
from hardware.firmware import talk, wire
from hardware.twin.circuitpython import NVM_BYTES, Board, Nvm, running
from hardware.twin.imu import ImuErrors
from hardware.twin.lsm6ds3 import Lsm6ds3
from hardware.twin.radio.air import CONNECTION_INTERVAL_S, Air, Radio, make_device
from hardware.twin.radio.backend import backends

FIRMWARE = Path(wire.__file__).parent
LEVEL = ImuErrors(mounting=np.array([1.0, 0.0, 0.0, 0.0]), clock_ppm=8000.0)


def swaying(t: Floats) -> tuple[Floats, Floats]:
    return np.stack([GRAVITY * np.sin(t), 0 * t, GRAVITY + 0 * t], axis=1), np.zeros((len(t), 3))


class Desk:
    """A board, a host with Bluetooth, and the air between them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.air = Air(CONNECTION_INTERVAL_S)
        self.nvm = Nvm(NVM_BYTES)
        self.number = 0
        self._patch = monkeypatch
        self.ble: Ble
        self.board: Board
        self.radio: Radio

    async def open(self) -> None:
        central, _, _ = make_device(self.air, "host", "F6:00:00:00:02:00")
        await central.power_on()
        client, scanner = backends(central)
        self.ble = Ble(scanner, client)

    @asynccontextmanager
    async def switched_on(self) -> AsyncIterator[Board]:
        """The board with its program running; at the end the power goes."""
        self.number += 1
        device, self.radio, _ = make_device(self.air, "XIAO", f"F6:00:00:00:02:{self.number:02X}")
        await device.power_on()
        self.model = Lsm6ds3(Segment.PELVIS, swaying, LEVEL)
        self.board = Board(device, self.model, nvm=self.nvm)
        for name, module in self.board.modules().items():
            self._patch.setitem(sys.modules, name, module)
        main: Callable[[], None] = runpy.run_path(str(FIRMWARE / "code.py"), run_name="code")["main"]
        with running(self.board, main) as program:
            await until(lambda: self.board.turns > 2 and device.is_advertising)
            yield self.board
            self.board.power_off()
            await until(lambda: not program.is_alive())
        self.air.lose(self.radio)
        await until(lambda: not device.connections)
        if device.is_advertising:
            await device.stop_advertising()
        await device.power_off()

    async def sighted(self) -> Chosen:
        [seen] = await self.ble.scan(30.0, lambda seen: bool(seen and seen[0].name))
        return Chosen(Segment.PELVIS, upstand.DRIVER, seen)


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    made = Desk(tmp_path, monkeypatch)
    await made.open()
    return made


@asynccontextmanager
async def reading(desk: Desk, ring: Keyring) -> AsyncIterator[tuple[Link, list[Samples]]]:
    loop = asyncio.get_running_loop()
    from_s, blocks = loop.time(), list[Samples]()
    link = Link(
        Segment.PELVIS,
        lambda seen, _anew: next((Chosen(Segment.PELVIS, upstand.DRIVER, one) for one in seen), None),
        chosen=await desk.sighted(),
        session=Session("s", 0.0, "radio"),
        rate_hz=52.0,
        radio=TrustedRadio(desk.ble, ring),
        now=lambda: loop.time() - from_s,
        out=blocks.append,
        changed=lambda: None,
        rng=Random(1),
    )
    task = asyncio.create_task(link.run())
    try:
        yield link, blocks
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def counts(blocks: list[Samples]) -> Floats:
    return np.concatenate([np.frombuffer(block.counts, "<i2").reshape(-1, 6) for block in blocks]).astype(float)


async def test_from_first_start_to_samples_a_buzz_and_a_lost_link(desk: Desk) -> None:
    async with desk.switched_on() as board:
        told = (desk.folder / "upstand-key.txt").read_text(encoding="utf-8")
        assert (desk.folder / "upstand.toml").exists()
        chosen = await desk.sighted()
        assert chosen.sighting.name == "Upstand P"
        with pytest.raises(LinkError, match=r"has not its key.*upstand pair"):
            await TrustedRadio(desk.ble, Keyring(b"stranger", {})).connect(chosen.sighting)
        ring = keystore.pair(desk.folder / "keys.json", desk.folder / "upstand-key.txt")
        assert next(iter(ring.keys.values())).hex() in told
        async with reading(desk, ring) as (link, blocks):
            await until(lambda: len(blocks) > 4)
            assert link.buzz() == ""
            assert link.identify() == ""
            await until(lambda: any(level for _, level in board.levels["D2"]))
            await until(lambda: len(board.levels["LED_RED"]) > 4)
            desk.air.lose(desk.radio)
            await until(lambda: link.status().losses == 1 and link.status().state == "streaming")
            before = len(blocks)
            await until(lambda: len(blocks) > before + 4)
            assert not (desk.folder / "upstand-key.txt").exists()
            board.inputs["D3"] = False
            await until(lambda: (desk.folder / "upstand-key.txt").exists())
            board.inputs["D3"] = True
            assert (desk.folder / "upstand-key.txt").read_text(encoding="utf-8") == told
            status = link.status()
            assert (status.lost, status.bad_packets) == (0, 0)
            assert status.battery_percent is not None
    got = counts(blocks)
    assert np.array_equal(got, np.array(desk.model.taken).reshape(-1, 6)[: len(got)])
    assert len(got) > 150


async def test_a_second_power_on_keeps_key_and_settings_and_goes_on_with_new_numbers(desk: Desk) -> None:
    (desk.folder / "upstand.toml").write_text('name = "L7"\nrate_hz = 26\n', encoding="utf-8")
    answers: list[bytes] = []
    for number in (1, 2):
        async with desk.switched_on():
            if number == 1:
                ring = keystore.pair(desk.folder / "keys.json", desk.folder / "upstand-key.txt")
            chosen = await desk.sighted()
            assert chosen.sighting.name == "Upstand L7"
            peer = await TrustedRadio(desk.ble, ring).connect(chosen.sighting)
            await peer.listen(upstand.CONTROL, lambda: 0.0, lambda _, data: answers.append(data))
            await peer.write(upstand.CONTROL, talk.encode_request(talk.Request(1, wire.START)))
            async with asyncio.timeout(30.0):
                while len(answers) < number:  # noqa: ASYNC110 - answers come through a plain callback
                    await asyncio.sleep(0.01)
            await peer.leave()
    assert [talk.decode_answer(data).value for data in answers] == [1 << 22, 2 << 22]


async def test_a_wrong_settings_file_does_not_keep_it_from_running(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    (desk.folder / "upstand.toml").write_text("rate_hz = 50\n", encoding="utf-8")
    async with desk.switched_on():
        assert (await desk.sighted()).sighting.name == "Upstand P"
    assert "upstand.toml, line 1: 50 is none of 26, 52, 104 Hz" in capsys.readouterr().out
