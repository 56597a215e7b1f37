"""The radio: what bleak says when something is missing becomes one sentence, and races become links to retry."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from bleak.backends.scanner import BaseBleakScanner
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason, BleakDBusError, BleakError

from firmware_bridge.ble import Ble, BluetoothError, LinkError
from hardware.twin.clock import PacedClock
from hardware.twin.stage import Stage
from tests.firmware_bridge.test_bridge import upstands


def failing(error: Exception) -> type[BaseBleakScanner]:
    """A system whose Bluetooth fails in this way when a search begins."""

    class Failing(BaseBleakScanner):
        def __init__(self, callback: Any, services: Any, _mode: Any, **_others: Any) -> None:
            super().__init__(callback, services)

        async def start(self) -> None:
            raise error

        async def stop(self) -> None:
            pass

    return Failing


Reason = BleakBluetoothNotAvailableReason


@pytest.mark.parametrize(
    ("error", "words"),
    [
        *((BleakBluetoothNotAvailableError("x", reason), "") for reason in Reason),
        (BleakBluetoothNotAvailableError("x", Reason.POWERED_OFF), "turn it on"),
        (BleakBluetoothNotAvailableError("x", Reason.NO_BLUETOOTH), "plug in"),
        (BleakBluetoothNotAvailableError("x", Reason.DENIED_BY_USER), "privacy settings"),
        (BleakDBusError("org.bluez.Error.NotReady", ["Resource Not Ready"]), "turn it on"),
        (BleakDBusError("org.freedesktop.DBus.Error.AccessDenied", ["no"]), "does not let"),
        (BleakDBusError("org.bluez.Error.InProgress", ["busy"]), "Another program"),
        (BleakDBusError("org.bluez.Error.Failed", ["why"]), "off and on again"),
        (BleakError("something"), "Bluetooth service"),
        (FileNotFoundError(2, "No such file or directory"), "Bluetooth service"),
    ],
    ids=repr,
)
async def test_what_is_wrong_with_bluetooth_is_one_sentence(error: Exception, words: str) -> None:
    with pytest.raises(BluetoothError) as caught:
        await Ble(scanner_backend=failing(error)).scan(0.1, lambda _seen: False)
    message = str(caught.value)
    assert words in message
    assert message.endswith(".")
    assert "; " in message


async def test_a_search_ends_with_what_was_seen() -> None:
    async with Stage(PacedClock(1.0), upstands(1.0)) as stage:
        ble = Ble(stage.scanner_backend, stage.client_backend)
        seen = await ble.scan(0.4, lambda _seen: False)
        assert sorted(one.name for one in seen) == ["Upstand L", "Upstand P"]
        assert all(one.services for one in seen)


async def test_a_link_tells_its_loss_and_is_left_cleanly() -> None:
    async with Stage(PacedClock(1.0), upstands(1.0)) as stage:
        ble = Ble(stage.scanner_backend, stage.client_backend)
        seen = await ble.scan(30.0, lambda seen: len(seen) == 2 and all(one.name for one in seen))
        peer = await ble.connect(seen[0])
        with pytest.raises(LinkError):
            await peer.read("0000ffff-0000-1000-8000-00805f9b34fb")
        with pytest.raises(LinkError):
            await peer.write("0000ffff-0000-1000-8000-00805f9b34fb", b"x")
        for segment in stage.peripherals:
            await stage.lose(segment)
        async with asyncio.timeout(30):
            await peer.lost.wait()
        with pytest.raises(LinkError):
            await peer.write("18fc0003-4b9a-4015-aa90-1a43ff5ce2de", b"x")
        await peer.leave()
        await peer.leave()
        seen = await ble.scan(30.0, lambda seen: any(one.name == "Upstand P" for one in seen))
        again = await ble.connect(seen[0])
        await again.leave()
