"""Our own sensor as the host sees it: hardware/protocol/protocol.md, with a ring of packets."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from itertools import islice

from bumble.core import UUID, AdvertisingData
from bumble.data_types import CompleteListOf128BitServiceUUIDs, CompleteLocalName, Flags
from bumble.device import Connection
from bumble.gatt import Characteristic, CharacteristicValue, Service

from analysis.model import Segment
from hardware.firmware import wire
from hardware.twin.peripherals.base import Peripheral
from hardware.twin.peripherals.packing import Packer, Packet
from hardware.twin.source import Counts, SampleSource

FIRMWARE_VERSION = bytes([0, 1, 0])
RING_PACKETS = 240  # a minute at 52 Hz
STREAM_MTU = 175
RESENT_AT_ONCE = 8  # live packets never wait behind more

LETTERS = {Segment.PELVIS: "P", Segment.LUMBAR: "L"}

logger = logging.getLogger(__name__)


class UpstandPeripheral(Peripheral):
    """The twin of our sensor. Measures from the first `start`; keeps the newest packets for `resend`.

    `buzzes` lists (true time, pattern) and `identified` the true times, as far as `advance` has come.
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
    ) -> None:
        super().__init__(name, source)
        self.buzzes: list[tuple[float, int]] = []
        self.identified: list[float] = []
        self._battery_mv = battery_mv
        self._battery_percent = battery_percent
        self._is_worn = True
        self._is_started = False
        self._packer = Packer(source, first_seq)
        self._ring: deque[Packet] = deque(maxlen=ring_packets)
        self._never_sent: set[int] = set()
        self._owed: dict[int, None] = {}  # to be resent, in order
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
        return self._is_started

    def set_worn(self, is_worn: bool) -> None:
        """Put it on or take it off; tells whoever follows the status."""
        self._is_worn = is_worn
        self._notify(self._status, self.status())

    def set_battery(self, millivolts: int, percent: int) -> None:
        """Charge or drain it; tells whoever follows the status."""
        self._battery_mv, self._battery_percent = millivolts, percent
        self._notify(self._status, self.status())

    def status(self) -> bytes:
        """What the status characteristic reads now."""
        rate_hz, acc_code, gyro_code = self._packer.settings
        return wire.encode_status(
            wire.Status(
                firmware=FIRMWARE_VERSION,
                battery_mv=self._battery_mv,
                battery_percent=self._battery_percent,
                uptime_ticks=self._packer.ticks_at(self.t),
                oldest_seq=self._oldest(),
                next_seq=self._packer.next_seq,
                held=len(self._ring),
                capacity=self._ring.maxlen or 0,
                rate_hz=rate_hz,
                acc_code=acc_code,
                gyro_code=gyro_code,
                worn=self._is_worn,
                started=self._is_started,
            )
        )

    async def finish(self) -> None:
        self._keep(self._packer.close())
        await super().finish()

    def _services(self) -> list[Service]:
        return [Service(UUID(wire.SERVICE_UUID), [self._stream, self._control, self._status])]

    def _advertisement(self) -> tuple[AdvertisingData, AdvertisingData]:
        found = AdvertisingData.Flags.LE_GENERAL_DISCOVERABLE_MODE | AdvertisingData.Flags.BR_EDR_NOT_SUPPORTED
        offered = CompleteListOf128BitServiceUUIDs([UUID(wire.SERVICE_UUID)])
        return AdvertisingData([Flags(found), offered]), AdvertisingData([CompleteLocalName(self.name)])

    def _measure(self, counts: Counts) -> None:
        if not self._is_started:
            self._packer.pass_by(counts)
        elif len(counts.index):
            self._keep(self._packer.feed(counts))

    def _on_subscriptions(self) -> None:
        if self._can_stream():
            self.is_read.set()
        else:
            self.is_read.clear()
            self._owed.clear()

    def _can_stream(self) -> bool:
        return self._is_started and self._is_subscribed(self._stream)

    def _oldest(self) -> int:
        return self._ring[0][0] if self._ring else self._packer.next_seq

    def _keep(self, packets: list[Packet]) -> None:
        """Put new packets into the ring and, where somebody listens, on the air."""
        is_live = self._is_subscribed(self._stream)
        for packet in packets:
            if len(self._ring) == self._ring.maxlen:
                self._never_sent.discard(self._ring[0][0])
            self._ring.append(packet)
            seq, samples, data = packet
            if is_live:
                self._notify(self._stream, data)
                self.sent += samples
            else:
                self._never_sent.add(seq)

    def _read_status(self, _connection: Connection) -> bytes:
        return self.status()

    def _on_request(self, _connection: Connection, data: bytes) -> None:
        request_id = data[1] if len(data) > 1 else 0
        command = data[2] if len(data) > 2 else 0
        try:
            request = wire.decode_request(data)
        except wire.UnknownCommandError:
            code, value = wire.UNKNOWN_COMMAND, 0
        except ValueError:
            code, value = wire.BAD_REQUEST, 0
        else:
            code, value = self._commands()[request.command](request)
        self._notify(self._control, wire.encode_answer(wire.Answer(request_id, command, code, value)))

    def _commands(self) -> dict[int, Callable[[wire.Request], tuple[int, int]]]:
        return {
            wire.CONFIGURE: self._configure,
            wire.START: self._start,
            wire.STOP: self._stop,
            wire.RESEND: self._resend,
            wire.BUZZ: self._buzz,
            wire.IDENTIFY: self._identify,
        }

    def _configure(self, request: wire.Request) -> tuple[int, int]:
        if not self._packer.can(request.rate_hz):
            return wire.UNABLE, self._packer.rate_hz
        self._keep(self._packer.configure(request.rate_hz, request.acc_code, request.gyro_code))
        return wire.OK, 0

    def _start(self, _request: wire.Request) -> tuple[int, int]:
        if self.mtu < STREAM_MTU:
            return wire.UNABLE, STREAM_MTU
        self._is_started = True
        self._on_subscriptions()
        return wire.OK, self._packer.next_seq

    def _stop(self, _request: wire.Request) -> tuple[int, int]:
        self._keep(self._packer.close())
        self._is_started = False
        self.is_read.clear()
        return wire.OK, self._packer.next_seq

    def _resend(self, request: wire.Request) -> tuple[int, int]:
        offset = wire.ahead(request.first, self._oldest())
        if not 0 <= offset < len(self._ring):
            return wire.NOT_HELD, self._oldest()
        wanted = list(islice(self._ring, offset, offset + request.count))
        self._owed.update((seq, None) for seq, _, _ in wanted)
        if not self._is_paying:
            self._is_paying = True
            self._spawn(self._pay())
        return wire.OK, len(wanted)

    def _buzz(self, request: wire.Request) -> tuple[int, int]:
        self.buzzes.append((self.t, request.pattern))
        logger.info("%s buzzes with pattern %d at %.2f s", self.name, request.pattern, self.t)
        return wire.OK, 0

    def _identify(self, _request: wire.Request) -> tuple[int, int]:
        self.identified.append(self.t)
        logger.info("%s blinks at %.2f s", self.name, self.t)
        return wire.OK, 0

    async def _pay(self) -> None:
        """Resend what is owed, a few at a time, so that live packets never wait long."""
        try:
            while self._owed and self._is_subscribed(self._stream):
                for seq in list(islice(self._owed, RESENT_AT_ONCE)):
                    del self._owed[seq]
                    self._resend_one(seq)
                await self._arrived()
        finally:
            self._is_paying = False

    def _resend_one(self, seq: int) -> None:
        offset = wire.ahead(seq, self._oldest())
        if offset < 0:
            return  # the ring has dropped it since
        _, samples, data = self._ring[offset]
        self._notify(self._stream, wire.mark_resent(data))
        if seq in self._never_sent:
            self._never_sent.discard(seq)
            self.sent += samples
