"""A Movesense sensor with the GATT sensor data app as the host sees it, subscribed to /Meas/IMU6.

Source: sokolmarek/movesense-commander `docs/gsp-protocol.md`: floats in m/s² and °/s, a stamp in ms of the first
sample, all accelerations before all turn rates, and packets above 150 bytes in parts.
"""

from __future__ import annotations

import re

import numpy as np
from bumble.core import UUID, AdvertisingData
from bumble.device import Connection
from bumble.gatt import Characteristic, Service

from analysis.model import Floats
from hardware.twin.peripherals.others import Group, OtherPeripheral, advertisement, battery_service, writable
from hardware.twin.source import SampleSource

SERVICE_UUID = "34802252-7185-4d5d-b431-630e7050e8f0"
COMMAND_UUID = "34800001-7185-4d5d-b431-630e7050e8f0"
DATA_UUID = "34800002-7185-4d5d-b431-630e7050e8f0"
RATES_HZ = (13, 26, 52, 104, 208, 416, 833, 1666)
TICKS_HZ = 1000
PART_BYTES = 150
_SUBSCRIBE, _UNSUBSCRIBE = 1, 2
_RESULT, _DATA, _SECOND_PART = 1, 2, 3
_PATH = re.compile(rb"/Meas/IMU6/(\d+)\0?")


def parts(reference: int, ticks: int, values: Floats) -> list[bytes]:
    """One measurement, `values` (n, 6) in m/s² and rad/s, as notifications."""
    arrays = np.concatenate([values[:, :3], np.degrees(values[:, 3:])]).astype("<f4")
    payload = (ticks % (1 << 32)).to_bytes(4, "little") + arrays.tobytes()
    cut = [payload[at : at + PART_BYTES] for at in range(0, len(payload), PART_BYTES)]
    return [bytes((_DATA if k == 0 else _SECOND_PART, reference)) + part for k, part in enumerate(cut)]


class MovesensePeripheral(OtherPeripheral):
    """Measures from a subscription on, at the rate in its path; eight samples a packet above 52 Hz, else four."""

    def __init__(self, name: str, source: SampleSource) -> None:
        super().__init__(name, source)
        self._reference = 0
        self._data = self._notifying(DATA_UUID, Characteristic.Properties.NOTIFY)
        self._command = writable(COMMAND_UUID, self._on_command)

    @property
    def _output(self) -> Characteristic[bytes]:
        return self._data

    def _services(self) -> list[Service]:
        return [Service(UUID(SERVICE_UUID), [self._command, self._data]), battery_service()]

    def _advertisement(self) -> tuple[AdvertisingData, AdvertisingData]:
        return advertisement(self.name)

    def _send(self, group: Group) -> None:
        [ticks] = self._ticks(group.index[:1], TICKS_HZ)
        for part in parts(self._reference, ticks, group.values):
            self._notify(self._data, part)

    def _on_command(self, _connection: Connection, data: bytes) -> None:
        if len(data) < 2:
            return
        path = _PATH.fullmatch(data[2:])
        status = 404
        if data[0] == _SUBSCRIBE and path and int(path[1]) in RATES_HZ:
            self._reference, self._rate_hz, status = data[1], float(path[1]), 200
            self.group = 8 if self._rate_hz > 52 else 4
            self._set_started(True)
        elif data[0] == _UNSUBSCRIBE and data[1] == self._reference:
            status = 200
            self._set_started(False)
        self._notify(self._data, bytes((_RESULT, data[1])) + status.to_bytes(2, "little"))
