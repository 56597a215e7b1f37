"""A Puck.js v2 as the host sees it: a JavaScript console on the Nordic UART service, told to print what it measures.

Sources: espruino.com, "Puck.js" (`Puck.accelOn`, counts of its LSM6DS3TR-C) and "Bluetooth LE UART". It takes and sends
text in pieces of twenty bytes, wherever a line ends.
"""

from __future__ import annotations

import re

import numpy as np
from bumble.core import UUID, AdvertisingData
from bumble.device import Connection
from bumble.gatt import Characteristic, Service

from analysis.model import GRAVITY, Floats
from hardware.twin.peripherals.others import Group, OtherPeripheral, advertisement, writable
from hardware.twin.source import SampleSource

SERVICE_UUID = "6e400001-b5a3-f393-e0a9-e50e24dcca9e"
WRITE_UUID = "6e400002-b5a3-f393-e0a9-e50e24dcca9e"
NOTIFY_UUID = "6e400003-b5a3-f393-e0a9-e50e24dcca9e"
PIECE_BYTES = 20
ACC_PER_G, GYR_DPS = 16384, 245.0
_STARTS = re.compile(rb"Puck\.accelOn\(([0-9.]+)\)")
_STOPS = b"Puck.accelOff()"


def lines(values: Floats) -> bytes:
    """(n, 6) in SI as the text that the driver's program prints."""
    units = np.repeat([ACC_PER_G / GRAVITY, 32768 / float(np.radians(GYR_DPS))], 3)
    return b"".join(",".join(map(str, row)).encode() + b"\r\n" for row in np.rint(values * units).astype(int).tolist())


class EspruinoPeripheral(OtherPeripheral):
    """Runs what is typed as far as it turns the IMU on and off, and prints one line a sample."""

    def __init__(self, name: str, source: SampleSource) -> None:
        super().__init__(name, source)
        self._typed = b""
        self._prints = self._notifying(NOTIFY_UUID, Characteristic.Properties.NOTIFY)
        self._types = writable(WRITE_UUID, self._on_text)

    @property
    def _output(self) -> Characteristic[bytes]:
        return self._prints

    def _services(self) -> list[Service]:
        return [Service(UUID(SERVICE_UUID), [self._prints, self._types])]

    def _advertisement(self) -> tuple[AdvertisingData, AdvertisingData]:
        return advertisement(self.name)

    def _send(self, group: Group) -> None:
        text = lines(group.values)
        for at in range(0, len(text), PIECE_BYTES):
            self._notify(self._prints, text[at : at + PIECE_BYTES])

    def _on_text(self, _connection: Connection, data: bytes) -> None:
        *commands, self._typed = (self._typed + data).split(b"\n")
        for command in commands:
            starts = _STARTS.search(command)
            if starts is not None:
                self._rate_hz = float(starts[1])
            if starts is not None or _STOPS in command:
                self._set_started(starts is not None)

    def _on_subscriptions(self) -> None:
        if self._connection is None:
            self._typed = b""
        super()._on_subscriptions()
