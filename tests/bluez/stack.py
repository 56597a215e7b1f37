"""This computer's own Bluetooth, kernel, bluetoothd and D-Bus, as the host of a virtual air."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from bumble import hci
from bumble.controller import Connection
from bumble.transport import open_transport
from bumble.transport.common import Transport
from dbus_fast import BusType, DBusError, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from hardware.twin.radio.air import Air, Radio
from hardware.twin.stage import Backends

VHCI = Path("/dev/vhci")
PATIENCE_S = 20.0
_ADAPTER = "org.bluez.Adapter1"
_DEVICE = "org.bluez.Device1"
_DBUS = "org.freedesktop.DBus"


class Adapter(Radio):
    """The kernel's virtual controller. `asked` counts the packets to each address on its present link."""

    def __init__(self, air: Air) -> None:
        super().__init__("BlueZ", air)
        # with it the kernel expects an event that Bumble's controller does not send
        self.le_features &= ~hci.LeFeatureMask.LL_PRIVACY
        self.asked: Counter[str] = Counter()

    def on_packet(self, packet: bytes) -> None:
        if packet[0] == hci.HCI_ACL_DATA_PACKET:
            connection = self.find_le_connection_by_handle(int.from_bytes(packet[1:3], "little") & 0x0FFF)
            if connection is not None:
                self.asked[str(connection.peer_address)] += 1
        super().on_packet(packet)

    def on_le_disconnected(self, connection: Connection, reason: int) -> None:
        super().on_le_disconnected(connection, reason)
        del self.asked[str(connection.peer_address)]


class Stack:
    """One virtual controller of the kernel's, which can be unplugged, switched off, and whose bluetoothd can die."""

    def __init__(self, bus: MessageBus) -> None:
        self.air: Air | None = None
        self._bus = bus
        self._transport: Transport | None = None
        self._radio: Adapter | None = None
        self._daemon: asyncio.subprocess.Process | None = None

    @asynccontextmanager
    async def central(self, air: Air) -> AsyncIterator[Backends]:
        """What a Stage takes as its `central`: bleak's own backends reach the sensors on `air`."""
        self.air = air
        await self.plug_in()
        try:
            yield None, None
        finally:
            await self._forget_devices()
            await self.pull_out()

    async def plug_in(self) -> None:
        """The adapter is there and powered when this returns."""
        assert self.air is not None
        self._transport = await open_transport("vhci")
        self._radio = Adapter(self.air)
        self._radio.set_packet_sink(self._transport.sink)
        self._transport.source.set_packet_sink(self._radio)
        await self.power(True)

    async def pull_out(self) -> None:
        """As if the adapter were drawn from its socket: neither the sensors nor the kernel hear from it any more."""
        radio, transport = self._radio, self._transport
        if radio is None or transport is None or self.air is None:
            return
        self._radio = self._transport = None
        radio.host = None
        self.air.lose(radio)
        self.air.remove_controller(radio)
        await transport.close()
        await _until(self._has_no_adapter)

    async def is_discovering(self, address: str) -> None:
        """Return once bluetoothd asks the device at `address` for its services.

        It has answered a request by then: a link lost before the first answer crashes kernels older than 6.14
        ("Bluetooth: L2CAP: Fix corrupted list in hci_chan_del").
        """
        async with asyncio.timeout(PATIENCE_S):
            while True:
                if self._radio is not None and self._radio.asked[address] >= 2:
                    return
                await asyncio.sleep(0.001)

    async def adapters(self) -> list[str]:
        """D-Bus paths of all adapters that bluetoothd knows."""
        return [path for path, interfaces in (await self._objects()).items() if _ADAPTER in interfaces]

    async def devices(self) -> dict[str, dict[str, Any]]:
        """What bluetoothd knows of each device, by D-Bus path."""
        return {
            path: {name: variant.value for name, variant in interfaces[_DEVICE].items()}
            for path, interfaces in (await self._objects()).items()
            if _DEVICE in interfaces
        }

    async def power(self, is_on: bool) -> None:
        """Switch the adapter on or off; returns when it is."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for path in await self.adapters():
                    with suppress(DBusError):  # busy for a moment after it has come
                        if (await self._get(path, _ADAPTER, "Powered")) == is_on:
                            return
                        powered = Variant("b", is_on)
                        await self._call(
                            "org.bluez", path, f"{_DBUS}.Properties", "Set", "ssv", _ADAPTER, "Powered", powered
                        )
                await asyncio.sleep(0.02)

    async def stall(self, duration_s: float) -> None:
        """bluetoothd does nothing for so long; what comes meanwhile waits in the kernel."""
        pid = await self._daemon_pid()
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(duration_s)
        finally:
            os.kill(pid, signal.SIGCONT)

    async def kill_daemon(self) -> list[str]:
        """End bluetoothd without a warning; returns the command that it ran as."""
        pid = await self._daemon_pid()
        command = _command(pid)
        os.kill(pid, signal.SIGKILL)
        await _until(self._is_gone)
        return command

    async def start_daemon(self, command: list[str]) -> None:
        """Returns when bluetoothd answers and the adapter is powered again."""
        quiet = asyncio.subprocess.DEVNULL
        self._daemon = await asyncio.create_subprocess_exec(*command, stdout=quiet, stderr=quiet)
        await _until(self._answers)
        await self.power(True)

    async def _forget_devices(self) -> None:
        """What bluetoothd has written down of a device would be believed of the next one at its address."""
        for path, known in (await self.devices()).items():
            with suppress(DBusError):  # it forgets some on its own meanwhile
                await self._call("org.bluez", known["Adapter"], _ADAPTER, "RemoveDevice", "o", path)

    async def _objects(self) -> dict[str, dict[str, dict[str, Variant]]]:
        [objects] = await self._call("org.bluez", "/", f"{_DBUS}.ObjectManager", "GetManagedObjects")
        return dict(objects)

    async def _get(self, path: str, interface: str, name: str) -> Any:
        [variant] = await self._call("org.bluez", path, f"{_DBUS}.Properties", "Get", "ss", interface, name)
        return variant.value

    async def _has_no_adapter(self) -> bool:
        return not await self.adapters()

    async def _is_gone(self) -> bool:
        return not await self._answers()

    async def _answers(self) -> bool:
        [is_owned] = await self._call(_DBUS, "/org/freedesktop/DBus", _DBUS, "NameHasOwner", "s", "org.bluez")
        return bool(is_owned)

    async def _daemon_pid(self) -> int:
        path = "/org/freedesktop/DBus"
        [pid] = await self._call(_DBUS, path, _DBUS, "GetConnectionUnixProcessID", "s", "org.bluez")
        return int(pid)

    async def _call(
        self, name: str, path: str, interface: str, member: str, signature: str = "", *body: object
    ) -> list[Any]:
        message = Message(
            destination=name, path=path, interface=interface, member=member, signature=signature, body=list(body)
        )
        reply = await self._bus.call(message)
        assert reply is not None
        if reply.message_type is MessageType.ERROR:
            raise DBusError(str(reply.error_name), f"{member}: {reply.body}")
        return list(reply.body)


async def _until(is_so: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if await is_so():
                return
            await asyncio.sleep(0.02)


def _command(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").decode().split("\0")


@asynccontextmanager
async def system() -> AsyncIterator[Stack]:
    """The stack of this computer, with no adapter of its own. Raises OSError or DBusError where there is none."""
    bus = MessageBus(bus_type=BusType.SYSTEM)
    try:
        await bus.connect()
        yield Stack(bus)
    finally:
        bus.disconnect()
