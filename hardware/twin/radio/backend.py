"""bleak's scanner and client over one Bumble central, so that the bridge's own code runs on the virtual radio.

Like BlueZ it encrypts the link to a bonded peer on connecting; unlike BlueZ it pairs only when asked.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from bleak.args import SizedBuffer
from bleak.assigned_numbers import gatt_char_props_to_strs
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakDeviceNotFoundError, BleakError, BleakGATTProtocolError
from bumble import core, hci
from bumble.att import ATT_Error
from bumble.device import Connection, Device, Peer

from hardware.twin.radio.air import AirHost
from hardware.twin.radio.central import Central, uuid_text
from hardware.twin.radio.scanner import AirScanner

CENTRAL_MTU = 247  # one link-layer packet

T = TypeVar("T")


class AirClient(BaseBleakClient):
    """See bleak.BleakClient."""

    central: Central

    def __init__(
        self,
        address_or_ble_device: BLEDevice | str,
        *,
        disconnected_callback: Callable[[], None] | None,
        timeout: float = 30.0,
        services: set[str] | None = None,
        **_other_platforms: Any,
    ) -> None:
        super().__init__(address_or_ble_device, disconnected_callback=disconnected_callback, timeout=timeout)
        self._name: str | None = None
        if isinstance(address_or_ble_device, BLEDevice):
            self._name = address_or_ble_device.name
        self._peer_address = hci.Address(self.address)
        self._wanted = services
        self._connection: Connection | None = None
        self._peer: Peer | None = None
        self._gone = asyncio.Event()
        self._subscribers: dict[int, Callable[[bytes], None]] = {}  # by attribute handle

    @property
    def name(self) -> str:
        return self._name or self.address.replace(":", "-")

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    @property
    def mtu_size(self) -> int:
        return self._connected().att_mtu

    async def connect(self, pair: bool, **_kwargs: Any) -> None:
        if self.is_connected:
            raise BleakError("The client is already connected")
        self._gone.clear()
        try:
            async with asyncio.timeout(self._timeout):
                await self._establish(pair)
        except core.BaseBumbleError as error:
            await self.disconnect()
            raise BleakError(f"The connection to {self.address} failed: {error}") from error
        except BaseException:
            await self.disconnect()
            raise

    async def disconnect(self) -> None:
        connection = self._connection
        if connection is None:
            return
        with contextlib.suppress(core.BaseBumbleError):  # it may already be on its way down
            await connection.disconnect()
        await self._gone.wait()

    async def pair(self, *_args: Any, **_kwargs: Any) -> None:
        connection = self._connected()
        await self._during_connection(connection.encrypt() if await self._is_bonded() else connection.pair())

    async def unpair(self) -> None:
        keystore, name = self.central.device.keystore, str(self._peer_address)
        if keystore is None or await keystore.get(name) is None:
            raise BleakDeviceNotFoundError(self.address)
        await keystore.delete(name)
        await self.disconnect()

    async def read_gatt_char(self, characteristic: BleakGATTCharacteristic, **_kwargs: Any) -> bytearray:
        return bytearray(await self._during_connection(characteristic.obj.read_value()))

    async def read_gatt_descriptor(self, descriptor: BleakGATTDescriptor, **_kwargs: Any) -> bytearray:
        return bytearray(await self._during_connection(descriptor.obj.read_value()))

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: SizedBuffer, response: bool) -> None:
        value = bytes(data)
        if not response and len(value) > self.mtu_size - 3:
            raise BleakError(f"{len(value)} bytes are more than one write command can carry")
        await self._during_connection(characteristic.obj.write_value(value, with_response=response))

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: SizedBuffer) -> None:
        await self._during_connection(descriptor.obj.write_value(bytes(data), with_response=True))

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **_kwargs: Any
    ) -> None:
        connection, handle = self._connected(), characteristic.handle
        if handle in self._subscribers:
            raise BleakError(f"Notifications of {characteristic.uuid} are already on")

        def on_value(value: bytes) -> None:  # indications come this way, notifications by the short cut
            if self._connection is connection:
                callback(bytearray(value))

        self._subscribers[handle] = on_value
        self.central.notified[connection.handle, handle] = callback
        try:
            await self._during_connection(characteristic.obj.subscribe(on_value, prefer_notify=True))
        except BaseException:
            self._forget(connection, handle)
            raise

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        connection, handle = self._connected(), characteristic.handle
        subscriber = self._subscribers.get(handle)
        if subscriber is None:
            raise BleakError(f"Notifications of {characteristic.uuid} are not on")
        await self._during_connection(characteristic.obj.unsubscribe(subscriber))
        self._forget(connection, handle)

    def _connected(self) -> Connection:
        if self._connection is None:
            raise BleakError("Not connected")
        return self._connection

    async def _establish(self, pair: bool) -> None:
        async with self.central.connecting:
            connection = await self._initiate()
            if self.central.device.connections.get(connection.handle) is not connection:
                raise BleakError(f"The connection to {self.address} was lost at once")
            self._connection, self._peer = connection, Peer(connection)
            connection.once(connection.EVENT_DISCONNECTION, self._on_disconnection)
        if pair or await self._is_bonded():
            await self.pair()
        await self._during_connection(self._peer.request_mtu(CENTRAL_MTU))
        self.services = await self._during_connection(self._discover(self._peer))

    async def _initiate(self) -> Connection:
        attempt = asyncio.ensure_future(self.central.device.connect(self._peer_address, timeout=None))
        try:
            return await asyncio.shield(attempt)
        except asyncio.CancelledError:
            await self._abandon(attempt)
            raise

    async def _abandon(self, attempt: asyncio.Future[Connection]) -> None:
        """End an attempt in the controller too, or it would succeed later and belong to nobody."""
        with contextlib.suppress(core.BaseBumbleError):  # refused where it has just succeeded
            await self.central.device.send_sync_command(hci.HCI_LE_Create_Connection_Cancel_Command())
        with contextlib.suppress(core.BaseBumbleError):  # it ended, as it should
            await (await attempt).disconnect()

    async def _discover(self, peer: Peer) -> BleakGATTServiceCollection:
        found = BleakGATTServiceCollection()
        for service in await peer.discover_services():
            uuid = uuid_text(service.uuid)
            if self._wanted is not None and uuid not in self._wanted:
                continue
            told = BleakGATTService(service, service.handle, uuid)
            found.add_service(told)
            for characteristic in await service.discover_characteristics():
                properties = list(gatt_char_props_to_strs(int(characteristic.properties)))
                told_characteristic = BleakGATTCharacteristic(
                    characteristic,
                    characteristic.handle,
                    uuid_text(characteristic.uuid),
                    properties,
                    lambda: self.mtu_size - 3,
                    told,
                )
                found.add_characteristic(told_characteristic)
                for descriptor in await characteristic.discover_descriptors():
                    found.add_descriptor(
                        BleakGATTDescriptor(
                            descriptor, descriptor.handle, uuid_text(descriptor.type), told_characteristic
                        )
                    )
        return found

    async def _is_bonded(self) -> bool:
        keystore = self.central.device.keystore
        return keystore is not None and await keystore.get(str(self._connected().peer_address)) is not None

    async def _during_connection(self, operation: Awaitable[T]) -> T:
        """The operation's result; a lost connection ends it at once, and its errors become bleak's."""
        doing = asyncio.ensure_future(operation)
        going = asyncio.ensure_future(self._gone.wait())
        try:
            self._connected()
            await asyncio.wait({doing, going}, return_when=asyncio.FIRST_COMPLETED)
            if not doing.done() or doing.cancelled():  # Bumble cancels what waits for an answer
                raise BleakError("The connection was lost")
            return doing.result()
        except ATT_Error as error:
            raise BleakGATTProtocolError(error.error_code) from error
        except (core.BaseBumbleError, TimeoutError) as error:
            raise BleakError(str(error) or type(error).__name__) from error
        finally:
            doing.cancel()
            going.cancel()

    def _on_disconnection(self, _reason: int) -> None:
        connection = self._connected()
        for handle in list(self._subscribers):
            self._forget(connection, handle)
        self._connection = self._peer = self.services = None
        self._gone.set()
        if self._disconnected_callback is not None:
            self._disconnected_callback()

    def _forget(self, connection: Connection, handle: int) -> None:
        self._subscribers.pop(handle, None)
        self.central.notified.pop((connection.handle, handle), None)


def backends(central: Device) -> tuple[type[BaseBleakClient], type[BaseBleakScanner]]:
    """What bleak takes as `backend=` of its client and of its scanner, over a device of `air.make_device`.

    Raises TypeError for a device with another host.
    """
    if not isinstance(central.host, AirHost):
        raise TypeError("the central must have been made by make_device")
    shared = {"central": Central(central, central.host)}
    return type("AirClient", (AirClient,), shared), type("AirScanner", (AirScanner,), shared)
