"""CircuitPython's `_bleio` under CPython, as far as a peripheral uses it, on a Bumble device.

It keeps a write buffer that drops what does not fit, values longer than their characteristic refused, notifications
that hold the program up until they are under way, and one advertisement of at most 31 bytes.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from types import SimpleNamespace
from typing import Any, TypeVar

from bumble import core
from bumble.device import Connection, Device
from bumble.gatt import Characteristic, CharacteristicValue, Service

TIMEOUT_S = 10.0

_Result = TypeVar("_Result")


class Bleio:
    """`_bleio`, the peripheral's side, on a Bumble device that belongs to another thread's loop."""

    def __init__(self, device: Device, loop: asyncio.AbstractEventLoop) -> None:
        self._device, self._loop = device, loop
        self._services: list[tuple[str, list[_Channel]]] = []
        self.enabled = False
        self.name = "CIRCUITPY"
        self._is_built = False
        self._links: tuple[_Link, ...] = ()

    def members(self) -> Mapping[str, object]:
        """What `import _bleio` gives."""
        return {
            "adapter": self,
            "Service": self._service,
            "UUID": str,
            "Attribute": SimpleNamespace(NO_ACCESS=0x00, OPEN=0x11),
            "Characteristic": _CharacteristicClass(self),
            "PacketBuffer": _PacketBuffer,
            "BluetoothError": RuntimeError,
        }

    @property
    def advertising(self) -> bool:
        return bool(self._device.is_advertising)

    @property
    def connected(self) -> bool:
        return bool(self._device.connections)

    @property
    def connections(self) -> tuple[_Link, ...]:
        known = {link.connection: link for link in self._links}
        self._links = tuple(
            known.get(connection) or _Link(self, connection) for connection in list(self._device.connections.values())
        )
        return self._links

    def start_advertising(self, data: bytes, *, scan_response: bytes, interval: float) -> None:
        if max(len(data), len(scan_response)) > 31:
            raise ValueError("an extended advertisement is not modelled")
        self.wait_for(self._advertise(data, scan_response, interval))

    def wait_for(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(TIMEOUT_S)

    def notify(self, channel: _Channel, value: bytes) -> None:
        if self._is_built and self.connected:
            self.wait_for(self._device.notify_subscribers(channel.served, value))

    def _service(self, uuid: str) -> list[_Channel]:
        channels: list[_Channel] = []
        self._services.append((uuid, channels))
        return channels

    async def _advertise(self, data: bytes, response: bytes, interval: float) -> None:
        if not self._is_built:
            for uuid, channels in self._services:
                self._device.add_service(Service(core.UUID(uuid), [channel.served for channel in channels]))
            self._is_built = True
        if not self._device.is_advertising:
            await self._device.start_advertising(
                advertising_data=data,
                scan_response_data=response,
                advertising_interval_min=interval * 1e3,
                advertising_interval_max=interval * 1e3,
            )


class _Link:
    def __init__(self, radio: Bleio, link: Connection) -> None:
        self._radio, self.connection = radio, link

    @property
    def max_packet_length(self) -> int:
        return self.connection.att_mtu - 3

    def disconnect(self) -> None:
        self._radio.wait_for(self.connection.disconnect())


class _Channel:
    """One characteristic."""

    def __init__(self, radio: Bleio, uuid: str, properties: int, max_length: int) -> None:
        self._radio = radio
        self._most = max_length
        self._value = b""
        self.sinks: list[Callable[[bytes], None]] = []
        self._is_notified = bool(properties & Characteristic.Properties.NOTIFY)
        permissions = Characteristic.Permissions(0)
        if properties & Characteristic.Properties.READ:
            permissions |= Characteristic.Permissions.READABLE
        if properties & Characteristic.Properties.WRITE:
            permissions |= Characteristic.Permissions.WRITEABLE
        self.served: Characteristic[bytes] = Characteristic(
            uuid,
            Characteristic.Properties(properties),
            permissions,
            CharacteristicValue(read=lambda _link: self._value, write=self._written),
        )

    @property
    def value(self) -> bytes:
        return self._value

    @value.setter
    def value(self, value: bytes) -> None:
        if len(value) > self._most:
            raise ValueError("Value length > max_length")
        self._value = bytes(value)
        if self._is_notified:
            self._radio.notify(self, self._value)

    def _written(self, _link: Connection, value: bytes) -> None:
        for sink in self.sinks:
            sink(bytes(value[: self._most]))


class _CharacteristicClass:
    """`_bleio.Characteristic`, of which only this much is used."""

    READ, WRITE, NOTIFY = 0x02, 0x08, 0x10

    def __init__(self, radio: Bleio) -> None:
        self._radio = radio

    def add_to_service(
        self,
        service: list[_Channel],
        uuid: str,
        *,
        properties: int,
        read_perm: int,
        write_perm: int,
        max_length: int,
        fixed_length: bool,
    ) -> _Channel:
        if fixed_length or max_length > 512 or not read_perm:
            raise ValueError("this is not modelled")
        if bool(write_perm) != bool(properties & self.WRITE):
            raise ValueError("what may be written must be permitted, and nothing else")
        channel = _Channel(self._radio, uuid, properties, max_length)
        service.append(channel)
        return channel


class _PacketBuffer:
    """Whole writes, as many as fit."""

    def __init__(self, channel: _Channel, *, buffer_size: int, max_packet_size: int) -> None:
        self._waiting: deque[bytes] = deque()
        self._most, self._size = buffer_size, max_packet_size
        channel.sinks.append(self._take)

    def readinto(self, into: bytearray) -> int:
        if not self._waiting:
            return 0
        packet = self._waiting.popleft()
        into[: len(packet)] = packet
        return len(packet)

    def _take(self, value: bytes) -> None:
        if len(self._waiting) < self._most:
            self._waiting.append(value[: self._size])
