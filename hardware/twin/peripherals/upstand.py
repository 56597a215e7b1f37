"""Our own sensor as the host sees it: the firmware's own core behind a virtual radio."""

from __future__ import annotations

import asyncio
import logging

from bumble.core import UUID, AdvertisingData
from bumble.data_types import CompleteListOf128BitServiceUUIDs, CompleteLocalName, Flags
from bumble.device import Connection
from bumble.gatt import Characteristic, CharacteristicValue, Service

from analysis.model import Segment
from hardware.firmware import talk, wire
from hardware.firmware.ring import Ring
from hardware.firmware.sensor import LOGIN_S, RING_PACKETS, Body, Sensor
from hardware.firmware.spill import ROOM_BYTES, Spill
from hardware.twin.ciphers import HostCiphers
from hardware.twin.flash import Flash
from hardware.twin.peripherals.base import Peripheral
from hardware.twin.peripherals.packing import Packer, Packet
from hardware.twin.source import Counts, SampleSource

FIRMWARE_VERSION = bytes([0, 2, 0])
RESENT_AT_ONCE = 8  # live packets never wait behind more

LETTERS = {Segment.PELVIS: "P", Segment.LUMBAR: "L"}

logger = logging.getLogger(__name__)


class UpstandPeripheral(Peripheral):
    """The twin of our sensor. Measures from the first `start`; keeps for `resend` what nobody has heard.

    `key` of 32 bytes secures it; without one it is open. `hosts` are the ids that are allowed, `flash` what an
    earlier run left. `buzzes` lists (true time, pattern) and `identified` the true times, as far as `advance` has come.
    """

    def __init__(
        self,
        name: str,
        source: SampleSource,
        *,
        ring_packets: int = RING_PACKETS,
        battery_mv: int = 3980,
        battery_percent: int = 86,
        first_seq: int = 0,
        key: bytes = b"",
        hosts: tuple[bytes, ...] = (),
        flash: Flash | None = None,
        room_bytes: int = ROOM_BYTES,
    ) -> None:
        super().__init__(name, source)
        self.buzzes: list[tuple[float, int]] = []
        self.identified: list[float] = []
        self.hosts = list(hosts)
        self.key = key
        self.packer = Packer(source, first_seq)
        self._battery_mv = battery_mv
        self._battery_percent = battery_percent
        self._is_worn = True
        self._ring = Ring(ring_packets, first_seq)
        self.spill = Spill(flash or Flash(), room_bytes)
        self.sensor = Sensor(_TwinBody(self), self._ring, self.spill, HostCiphers(), key, self.hosts)
        self._never_sent: set[int] = set()
        self._is_paying = False
        flags = Characteristic.Properties
        self._stream = self._notifying(wire.STREAM_UUID, flags.NOTIFY)
        self._control: Characteristic[bytes] = Characteristic(
            wire.CONTROL_UUID,
            flags.WRITE | flags.NOTIFY,
            Characteristic.Permissions.WRITEABLE,
            CharacteristicValue(write=self._on_request),
        )
        self._status: Characteristic[bytes] = Characteristic(
            wire.STATUS_UUID,
            flags.READ | flags.NOTIFY,
            Characteristic.Permissions.READABLE,
            CharacteristicValue(read=self._read_status),
        )
        self._follow(self._control)
        self._follow(self._status)

    @property
    def is_started(self) -> bool:
        return self.sensor.is_started

    @property
    def is_streamed(self) -> bool:
        """Whether a host follows the stream."""
        return self._is_subscribed(self._stream)

    def set_worn(self, is_worn: bool) -> None:
        """Put it on or take it off; tells whoever follows the status."""
        self._is_worn = is_worn
        self._notify(self._status, self.status())

    def set_battery(self, millivolts: int, percent: int) -> None:
        """Charge or drain it; tells whoever follows the status."""
        self._battery_mv, self._battery_percent = millivolts, percent
        self._notify(self._status, self.status())

    def tap(self, kind: int) -> None:
        """The wearer taps it: wire.EVENT_CALIBRATE or wire.EVENT_SNOOZE."""
        event = self.sensor.event(kind, self.packer.ticks_at(self.t))
        if event:
            self._notify(self._status, event)

    def press(self) -> None:
        """The wearer presses the button."""
        self.sensor.pressed(_now_s())

    def status(self) -> bytes:
        """What the status characteristic reads now."""
        rate_hz, acc_code, gyro_code = self.packer.settings
        status = talk.Status(
            firmware=FIRMWARE_VERSION,
            battery_mv=self._battery_mv,
            battery_percent=self._battery_percent,
            uptime_ticks=self.packer.ticks_at(self.t),
            oldest_seq=self.sensor.oldest_seq(),
            next_seq=self.packer.next_seq,
            held=self._ring.held,
            capacity=self._ring.capacity,
            rate_hz=rate_hz,
            acc_code=acc_code,
            gyro_code=gyro_code,
            worn=self._is_worn,
            started=self.sensor.is_started,
        )
        return self.sensor.status(status)

    def keep(self, packets: list[Packet]) -> None:
        """Hold new packets and, where a host of ours listens, send them."""
        for seq, samples, data in packets:
            on_air = self.sensor.keep(data)
            if on_air:
                self._notify(self._stream, on_air)
                self.sent += samples
            else:
                self._never_sent.add(seq)

    async def finish(self) -> None:
        self.keep(self.packer.close())
        await super().finish()

    def _services(self) -> list[Service]:
        return [Service(UUID(wire.SERVICE_UUID), [self._stream, self._control, self._status])]

    def _advertisement(self) -> tuple[AdvertisingData, AdvertisingData]:
        found = AdvertisingData.Flags.LE_GENERAL_DISCOVERABLE_MODE | AdvertisingData.Flags.BR_EDR_NOT_SUPPORTED
        offered = CompleteListOf128BitServiceUUIDs([UUID(wire.SERVICE_UUID)])
        return AdvertisingData([Flags(found), offered]), AdvertisingData([CompleteLocalName(self.name)])

    def _on_connection(self, connection: Connection) -> None:
        super()._on_connection(connection)
        self.sensor.linked(_now_s())
        asyncio.get_running_loop().call_later(LOGIN_S + 0.01, self._show_the_door, connection)

    def _on_disconnection(self, reason: int) -> None:
        self.sensor.unlinked()
        super()._on_disconnection(reason)

    def _show_the_door(self, connection: Connection) -> None:
        """A real sensor's patience is in real seconds, so the twin's is, too."""
        if self._connection is connection and self.sensor.should_hang_up(_now_s()):
            self._spawn(connection.disconnect())

    def _measure(self, counts: Counts) -> None:
        if not self.sensor.is_started:
            self.packer.pass_by(counts)
        elif len(counts.index):
            self.keep(self.packer.feed(counts))

    def _on_subscriptions(self) -> None:
        if not self.is_streamed:
            self.sensor.unsubscribed()
        if self.is_streamed and self.sensor.is_started and self.sensor.is_trusted:
            self.is_read.set()
        else:
            self.is_read.clear()

    def _read_status(self, _connection: Connection) -> bytes:
        return self.status()

    def _on_request(self, connection: Connection, data: bytes) -> None:
        was_trusted = self.sensor.is_trusted
        answer = self.sensor.asked(data, _now_s())
        if answer:
            self._notify(self._control, answer)
        if self.sensor.is_trusted and not was_trusted:
            self._notify(self._status, self.status())
        self._on_subscriptions()
        self._show_the_door(connection)
        if not self._is_paying:
            self._is_paying = True
            self._spawn(self._pay())

    async def _pay(self) -> None:
        """Resend what is owed, a few at a time, so that live packets never wait long."""
        try:
            while owed := self.sensor.next_owed():
                self._resend(owed)
                for _ in range(RESENT_AT_ONCE - 1):
                    if owed := self.sensor.next_owed():
                        self._resend(owed)
                await self._arrived()
        finally:
            self._is_paying = False

    def _resend(self, on_air: bytes) -> None:
        self._notify(self._stream, on_air)
        seq = int.from_bytes(on_air[4:8], "little")
        if seq in self._never_sent:
            self._never_sent.discard(seq)
            self.sent += on_air[14]


class _TwinBody(Body):
    """The firmware's core asks, the twin does."""

    def __init__(self, twin: UpstandPeripheral) -> None:
        self._twin = twin

    def mtu(self) -> int:
        return self._twin.mtu

    def is_subscribed(self) -> bool:
        return self._twin.is_streamed

    def configure(self, rate_hz: int, acc_code: int, gyro_code: int) -> int:
        packer = self._twin.packer
        if packer.can(rate_hz):
            self._twin.keep(packer.configure(rate_hz, acc_code, gyro_code))
        return packer.rate_hz

    def close(self) -> None:
        self._twin.keep(self._twin.packer.close())

    def next_seq(self) -> int:
        return self._twin.packer.next_seq

    def buzz(self, pattern: int) -> None:
        self._twin.buzzes.append((self._twin.t, pattern))
        logger.info("%s buzzes with pattern %d at %.2f s", self._twin.name, pattern, self._twin.t)

    def identify(self) -> None:
        self._twin.identified.append(self._twin.t)
        logger.info("%s blinks at %.2f s", self._twin.name, self._twin.t)

    def remember(self, hosts: list[bytes]) -> None:
        self._twin.hosts = hosts


def _now_s() -> float:
    return asyncio.get_running_loop().time()
