"""Bluetooth: the only file of the bridge that knows bleak.

What is done here because of bleak 3.1 and the stacks below it: one lock around scanning and connecting (BlueZ
refuses both at once); a BLEDevice from a fresh scan and never an address (BlueZ forgets paths, macOS has no
addresses); always a disconnect after a loss, or BlueZ goes on delivering to the old subscription as well; and a look
at what is connected already, because BlueZ keeps the links of a bridge that was killed, and such a sensor is on no air.
What is read comes from BlueZ as a notification, too, which is not told.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from bleak import BleakAdapter, BleakClient, BleakScanner
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason, BleakDBusError, BleakError

from analysis.errors import PostureError

CONNECT_S = 20.0
DISCONNECT_S = 10.0
OPERATION_S = 5.0
_ON_EVERY_DEVICE = ["1800", "1801"]  # the services of generic access and generic attributes

_Reason = BleakBluetoothNotAvailableReason
_ADVICE = {
    _Reason.NO_BLUETOOTH: "This computer has no Bluetooth radio that works; plug in a Bluetooth 5 adapter.",
    _Reason.NO_BLE_CENTRAL_ROLE: "This computer's Bluetooth radio has no Low Energy; plug in a Bluetooth 5 adapter.",
    _Reason.POWERED_OFF: "Bluetooth is turned off; turn it on in the system's settings.",
    _Reason.DENIED_BY_USER: "Upstand may not use Bluetooth; allow it in the system's privacy settings.",
    _Reason.DENIED_BY_SYSTEM: "The system does not let Upstand use Bluetooth; ask who administers this computer.",
    _Reason.DENIED_BY_UNKNOWN: "Upstand may not use Bluetooth; allow it in the system's privacy settings.",
    _Reason.UNKNOWN: "Bluetooth cannot be used now; turn it off and on again, or restart the computer.",
}


class BluetoothError(PostureError):
    """Bluetooth itself cannot be used on this computer now."""


class LinkError(PostureError):
    """One sensor cannot be reached, or a link was lost; trying again is the cure."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One device on the air."""

    address: str  # on macOS a UUID that is valid on this computer alone
    name: str  # "" where none was advertised
    services: tuple[str, ...]  # advertised service UUIDs
    device: BLEDevice | None = field(repr=False, compare=False)  # None: it is not on Bluetooth


Notified = Callable[[float, bytes], None]  # (arrival in s, value)


class Peer:
    """A connected sensor."""

    def __init__(self, client: BleakClient, lost: asyncio.Event) -> None:
        self.lost = lost  # set once the link is down, whoever ended it
        self._client = client
        self._told: dict[str, Callable[[bytes], None]] = {}  # by channel
        self._held: dict[str, list[bytes]] = {}  # what came on a channel while it is read
        self._read: dict[str, bytes] = {}  # values whose echo may still come

    async def listen(self, channel: str, now: Callable[[], float], told: Notified) -> None:
        """Call `told` with every notification of `channel`, stamped with `now`. Raises LinkError."""

        def on_value(_characteristic: BleakGATTCharacteristic, value: bytearray) -> None:
            data = bytes(value)
            if channel in self._held:
                self._held[channel].append(data)
            elif self._read.pop(channel, None) != data:
                told(now(), data)

        self._told[channel] = lambda data: told(now(), data)
        with _as_link_error("listened to"):
            async with asyncio.timeout(OPERATION_S):
                await self._client.start_notify(channel, on_value)

    async def write(self, channel: str, data: bytes, service: str = "") -> None:
        """Raises LinkError where it did not arrive, as far as the characteristic allows to know."""
        with _as_link_error("written to"):
            offered = self._client.services.get_service(service) if service else self._client.services
            characteristic = offered.get_characteristic(channel) if offered else None
            if characteristic is None:
                raise LinkError("The sensor has not the characteristic that its family has; check its firmware.")
            async with asyncio.timeout(OPERATION_S):
                await self._client.write_gatt_char(characteristic, data, response="write" in characteristic.properties)

    async def read(self, channel: str) -> bytes:
        """Raises LinkError."""
        held = self._held.setdefault(channel, [])
        data: bytes | None = None
        try:
            with _as_link_error("read"):
                async with asyncio.timeout(OPERATION_S):
                    data = bytes(await self._client.read_gatt_char(channel))
        finally:
            self._held.pop(channel, None)
            for other in held:
                if other != data:
                    self._told[channel](other)
        if channel in self._told and data not in held:
            self._read[channel] = data
        return data

    async def leave(self) -> None:
        """Disconnect; also after a loss. Never raises for a link that is already gone."""
        with suppress(BleakError, OSError, EOFError, TimeoutError):
            async with asyncio.timeout(DISCONNECT_S):
                await self._client.disconnect()
        self.lost.set()


class Ble:
    """The radio. The two backends replace the system's, for the virtual radio."""

    def __init__(
        self,
        scanner_backend: type[BaseBleakScanner] | None = None,
        client_backend: type[BaseBleakClient] | None = None,
    ) -> None:
        self._scanner_backend = scanner_backend
        self._client_backend = client_backend
        self._radio = asyncio.Lock()
        self._taken: set[str] = set()  # addresses connected to, and not seen on the air since

    def reaches(self, sighting: Sighting) -> bool:
        return sighting.device is not None

    async def scan(self, timeout_s: float, is_enough: Callable[[list[Sighting]], bool]) -> list[Sighting]:
        """The devices on the air, until `is_enough` of them or the time is over. Raises BluetoothError."""
        seen: dict[str, Sighting] = {}
        news = asyncio.Event()

        def on_advertisement(device: BLEDevice, told: AdvertisementData) -> None:
            before = seen.get(device.address)
            # Name and services may come in different packets: advertisement and scan response.
            name = told.local_name or _given_name(device) or (before.name if before else "")
            services = {*told.service_uuids, *(before.services if before else ())}
            sighting = Sighting(device.address, name, tuple(sorted(services)), device)
            seen[device.address] = sighting
            self._taken.discard(device.address)
            if before is None or (before.name, before.services) != (sighting.name, sighting.services):
                news.set()

        with _as_bluetooth_error():
            seen.update({sighting.address: sighting for sighting in await self._left_over()})
            async with self._radio, BleakScanner(on_advertisement, backend=self._scanner_backend):
                with suppress(TimeoutError):
                    async with asyncio.timeout(timeout_s):
                        while not is_enough(list(seen.values())):
                            await news.wait()
                            news.clear()
        return list(seen.values())

    async def connect(self, sighting: Sighting) -> Peer:
        """A connection to a device just sighted. Raises LinkError, or BluetoothError."""
        if sighting.device is None:
            raise LinkError(f"{sighting.name} is not on Bluetooth; check the settings under [sensors].")
        lost = asyncio.Event()
        client = BleakClient(
            sighting.device, lambda _client: lost.set(), timeout=CONNECT_S, backend=self._client_backend
        )
        self._taken.add(sighting.address)
        peer = Peer(client, lost)
        try:
            with _as_link_error("connected to"):
                async with self._radio, asyncio.timeout(CONNECT_S):
                    await client.connect()
        except BaseException:
            await peer.leave()  # a half-made connection would keep the sensor from advertising
            raise
        return peer

    async def _left_over(self) -> list[Sighting]:
        """What BlueZ is connected to without this radio: the links of another program, mostly one that died."""
        if sys.platform != "linux" or self._scanner_backend is not None:
            return []
        adapter = await BleakAdapter.get()
        return [
            Sighting(
                device.address,
                _given_name(device),
                tuple(sorted(device.details["props"].get("UUIDs", ()))),
                device,
            )
            for device in await adapter.get_connected_devices(_ON_EVERY_DEVICE)
            if device.address not in self._taken  # bleak believes in links of a bluetoothd that has died
        ]


def _given_name(device: BLEDevice) -> str:
    """The name the system remembers; BlueZ makes one of the address where it knows none."""
    name = device.name or ""
    return "" if name.replace("-", ":").lower() == device.address.lower() else name


@contextmanager
def _as_bluetooth_error() -> Iterator[None]:
    """What bleak raises while scanning, as one sentence that says what to do."""
    try:
        yield
    except BleakBluetoothNotAvailableError as error:
        raise BluetoothError(_ADVICE.get(error.reason, _ADVICE[_Reason.UNKNOWN])) from error
    except BleakDBusError as error:
        raise BluetoothError(_dbus_advice(error)) from error
    except (BleakError, OSError, EOFError) as error:  # without D-Bus or bluetoothd there is no socket, or it closes
        raise BluetoothError(
            f"The system's Bluetooth service does not answer ({error}); install or start it (on Linux: bluez)."
        ) from error


def _dbus_advice(error: BleakDBusError) -> str:
    name = error.dbus_error
    if name.endswith((".AccessDenied", ".NotPermitted", ".NotAuthorized")):
        return _ADVICE[_Reason.DENIED_BY_SYSTEM]
    if name.endswith(".NotReady"):
        return _ADVICE[_Reason.POWERED_OFF]
    if name.endswith(".InProgress"):
        return "Another program is searching for Bluetooth devices; close it."
    return f"The system's Bluetooth service refused ({error}); turn Bluetooth off and on again."


@contextmanager
def _as_link_error(what: str) -> Iterator[None]:
    """What bleak raises on a link: mostly races with its loss, for which trying again is the cure."""
    try:
        yield
    except BleakBluetoothNotAvailableError as error:
        raise BluetoothError(_ADVICE.get(error.reason, _ADVICE[_Reason.UNKNOWN])) from error
    except (BleakError, OSError, EOFError, TimeoutError) as error:
        reason = str(error) or type(error).__name__
        raise LinkError(f"The sensor could not be {what} ({reason}); bring it nearer or charge it.") from error
