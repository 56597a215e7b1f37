"""A Movella DOT as the host sees it, in the mode of rate quantities (21).

Source: "Movella DOT BLE Service Specification", XD0506P. The payload must be listened to before the mode is started,
and the rate can be changed only while nothing is measured.
"""

from __future__ import annotations

import struct

import numpy as np
from bumble.core import UUID, AdvertisingData
from bumble.device import Connection
from bumble.gatt import Characteristic, Service

from analysis.model import Floats
from hardware.twin.peripherals.others import BATTERY_PERCENT, Group, OtherPeripheral, advertisement, readable, writable
from hardware.twin.source import SampleSource

PAYLOAD_BYTES = 40
TICKS_HZ = 1_000_000
RATES_HZ = (1, 4, 10, 12, 15, 20, 30, 60)
_RATE_QUANTITIES = 21
_OUTPUT_RATE = 1 << 4
_SYNC, _GET_SYNC_STATUS, _STOP_SYNC = 2, b"\x08", b"\x02"


def _uuid(short: str) -> str:
    return f"1517{short}-4947-11e9-8646-d663bd873d93"


def is_whole_message(message: bytes) -> bool:
    """Whether its length and its sum are right: number of the group, length, data, checksum."""
    return len(message) >= 3 and message[1] == len(message) - 3 and sum(message) % 256 == 0


def message(group: int, data: bytes) -> bytes:
    head = bytes((group, len(data))) + data
    return head + bytes((-sum(head) % 256,))


def payload(ticks: int, row: Floats) -> bytes:
    """One sample (6,) in m/s² and rad/s."""
    values = np.concatenate([row[:3], np.degrees(row[3:])]).astype("<f4")
    return (struct.pack("<I", ticks % (1 << 32)) + values.tobytes()).ljust(PAYLOAD_BYTES, b"\0")


class DotPeripheral(OtherPeripheral):
    """60 Hz until it is told another rate."""

    def __init__(self, name: str, source: SampleSource) -> None:
        super().__init__(name, source)
        self._rate_hz = 60.0
        self.answer = b""
        flags = Characteristic.Properties
        self._payload = self._notifying(_uuid("2003"), flags.NOTIFY)
        self._control = writable(_uuid("2001"), self._on_control, is_read=bytes((1, 0, _RATE_QUANTITIES)))
        self._configuration = writable(_uuid("1002"), self._on_configuration, is_read=bytes(32))
        self._messages = writable(_uuid("7001"), self._on_message)

    @property
    def _output(self) -> Characteristic[bytes]:
        return self._payload

    def _services(self) -> list[Service]:
        return [
            Service(UUID(_uuid("1000")), [self._configuration]),
            Service(UUID(_uuid("2000")), [self._control, self._payload]),
            Service(UUID(_uuid("3000")), [readable(_uuid("3001"), bytes((BATTERY_PERCENT, 0)))]),
            Service(UUID(_uuid("7000")), [self._messages]),
        ]

    def _advertisement(self) -> tuple[AdvertisingData, AdvertisingData]:
        return advertisement(self.name)

    def _send(self, group: Group) -> None:
        for ticks, row in zip(self._ticks(group.index, TICKS_HZ), group.values, strict=True):
            self._notify(self._payload, payload(ticks, row))

    def _on_control(self, _connection: Connection, data: bytes) -> None:
        if len(data) == 3 and data[0] == 1 and data[2] == _RATE_QUANTITIES:
            self._set_started(bool(data[1]) and self._is_subscribed(self._payload))

    def _on_configuration(self, _connection: Connection, data: bytes) -> None:
        rate_hz = int.from_bytes(data[24:26], "little")
        if len(data) == 32 and data[0] & _OUTPUT_RATE and rate_hz in RATES_HZ and not self._is_started:
            self._rate_hz = float(rate_hz)

    def _on_message(self, _connection: Connection, data: bytes) -> None:
        if not is_whole_message(data) or data[0] != _SYNC:
            return
        if data[2:-1] == _GET_SYNC_STATUS:
            self.answer = message(_SYNC, b"\x51\x09")  # not synchronised
        elif data[2:-1] == _STOP_SYNC:
            self.answer = message(_SYNC, b"\x50\x00")
