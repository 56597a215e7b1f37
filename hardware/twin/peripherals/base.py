"""What every worn sensor on the air does: advertise, be connected to, send, wait until it has arrived."""

from __future__ import annotations

import abc
import asyncio
import struct
from collections.abc import Coroutine

from bumble.att import ATT_CID
from bumble.core import AdvertisingData
from bumble.device import Connection, Device
from bumble.gatt import Characteristic, Service

from hardware.twin.radio.air import AirHost
from hardware.twin.source import Counts, SampleSource

ADVERTISING_INTERVAL_MS = 20.0
SMALLEST_MTU = 23

_NOTIFICATION = struct.Struct("<BH")
_NOTIFICATION_OPCODE = 0x1B


class Peripheral(abc.ABC):
    """One worn sensor. A stage powers it on and then hands it one span of true time after another.

    `sent` counts the samples handed to the radio, each once. `is_read` is set while somebody reads
    what it measures.
    """

    def __init__(self, name: str, source: SampleSource) -> None:
        self.name = name
        self.source = source
        self.segment = source.segment
        self.sent = 0
        self.is_read = asyncio.Event()
        self.t = 0.0  # true time up to which it has measured, s
        self._device: Device | None = None
        self._host: AirHost | None = None
        self._connection: Connection | None = None
        self._subscribed: set[int] = set()  # attribute handles
        self._back_at_s: float | None = None  # out of range until then
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    @property
    def is_in_range(self) -> bool:
        return self._back_at_s is None

    @property
    def mtu(self) -> int:
        """ATT MTU of the connection; the smallest there is while there is none."""
        return self._connection.att_mtu if self._connection is not None else SMALLEST_MTU

    async def power_on(self, device: Device, host: AirHost) -> None:
        """Take a device of `make_device`, offer the services on it and advertise."""
        self._device, self._host = device, host
        device.add_services(self._services())
        device.on(device.EVENT_CONNECTION, self._on_connection)
        await device.power_on()
        await self._advertise()

    async def power_off(self) -> None:
        """Fall silent for good; nothing keeps running."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._device is not None:
            self._device.remove_listener(self._device.EVENT_CONNECTION, self._on_connection)
            await self._device.power_off()
            self._device = None

    async def go_away(self, back_at_s: float) -> None:
        """Be out of range, not to be found, until true time `back_at_s`. The stage ends the connection."""
        self._back_at_s = back_at_s
        if self._device is not None and self._device.is_advertising:
            await self._device.stop_advertising()

    async def advance(self, t: float) -> None:
        """Measure what happened before `t` and send what is due; returns when it has arrived."""
        counts = self.source.read(self.t, t)
        self.t = t
        if self._back_at_s is not None and t >= self._back_at_s:
            self._back_at_s = None
            await self._advertise()
        self._measure(counts)
        await self._arrived()

    async def finish(self) -> None:
        """The source has ended: send what is left and return when it has arrived. Time will bring nobody back."""
        if self._back_at_s is not None:
            self._back_at_s = None
            await self._advertise()
        await self._arrived()

    @abc.abstractmethod
    def _services(self) -> list[Service]: ...

    @abc.abstractmethod
    def _advertisement(self) -> tuple[AdvertisingData, AdvertisingData]:
        """Advertising data and scan response, at most 31 bytes each."""

    @abc.abstractmethod
    def _measure(self, counts: Counts) -> None:
        """Take new samples, in order; send what they make due."""

    @abc.abstractmethod
    def _on_subscriptions(self) -> None:
        """What the host reads has changed, or the connection has: bring `is_read` up to date."""

    def _is_subscribed(self, characteristic: Characteristic[bytes]) -> bool:
        return characteristic.handle in self._subscribed

    def _notify(self, characteristic: Characteristic[bytes], value: bytes) -> None:
        """Send one notification if somebody asked for them. Follow with `_arrived`, or the queue grows."""
        if self._connection is None or self._host is None or not self._is_subscribed(characteristic):
            return
        header = _NOTIFICATION.pack(_NOTIFICATION_OPCODE, characteristic.handle)
        self._host.send_l2cap_pdu(self._connection.handle, ATT_CID, header + value)

    def _indicate(self, characteristic: Characteristic[bytes], value: bytes) -> None:
        """Send one indication if somebody asked for them."""
        if self._device is not None and self._connection is not None and self._is_subscribed(characteristic):
            self._spawn(self._device.indicate_subscriber(self._connection, characteristic, value))

    async def _arrived(self) -> None:
        if self._connection is not None and self._host is not None:
            await self._host.drained(self._connection.handle)

    def _notifying(self, uuid: str, properties: Characteristic.Properties) -> Characteristic[bytes]:
        """A characteristic without a stored value, whose subscriptions are followed."""
        characteristic: Characteristic[bytes] = Characteristic(uuid, properties, Characteristic.Permissions.READABLE)
        self._follow(characteristic)
        return characteristic

    def _follow(self, characteristic: Characteristic[bytes]) -> None:
        def on_subscription(_bearer: Connection, notify: bool, indicate: bool) -> None:
            if notify or indicate:
                self._subscribed.add(characteristic.handle)
            else:
                self._subscribed.discard(characteristic.handle)
            self._on_subscriptions()

        characteristic.on(characteristic.EVENT_SUBSCRIPTION, on_subscription)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _advertise(self) -> None:
        if self._device is None or self._connection is not None or self._back_at_s is not None:
            return
        data, response = self._advertisement()
        await self._device.start_advertising(
            advertising_data=bytes(data),
            scan_response_data=bytes(response),
            advertising_interval_min=ADVERTISING_INTERVAL_MS,
            advertising_interval_max=ADVERTISING_INTERVAL_MS,
        )

    def _on_connection(self, connection: Connection) -> None:
        self._connection = connection
        connection.once(connection.EVENT_DISCONNECTION, self._on_disconnection)

    def _on_disconnection(self, _reason: int) -> None:
        self._connection = None
        self._subscribed.clear()
        self._on_subscriptions()
        self._spawn(self._advertise())
