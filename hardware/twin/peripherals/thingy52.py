"""A Nordic Thingy:52 as the host sees it: raw motion while somebody listens.

Source: NordicSemiconductor/Nordic-Thingy52-FW `source/doc/dox/02_firmware_architecture.dox`.
"""

from __future__ import annotations

import numpy as np
from bumble.core import UUID, AdvertisingData
from bumble.device import Connection
from bumble.gatt import Characteristic, Service
from numpy.typing import NDArray

from analysis.model import GRAVITY, Floats
from hardware.twin.peripherals.others import Group, OtherPeripheral, advertisement, battery_service, writable
from hardware.twin.source import SampleSource

_INT16 = np.iinfo(np.int16)
_ACC_PER_G, _GYR_PER_DPS = 1024.0, 32.0


def _uuid(short: str) -> str:
    return f"ef68{short}-9b35-4933-9b10-52ffa9740042"


def raw(values: Floats) -> bytes:
    """(6,) in m/s² and rad/s as 18 bytes, with a magnetic field of none."""
    counts = np.concatenate([values[:3] * (_ACC_PER_G / GRAVITY), np.degrees(values[3:]) * _GYR_PER_DPS, np.zeros(3)])
    words: NDArray[np.int16] = np.clip(np.rint(counts), _INT16.min, _INT16.max).astype("<i2")
    return words.tobytes()


class Thingy52Peripheral(OtherPeripheral):
    """200 Hz until it is told another rate."""

    def __init__(self, name: str, source: SampleSource) -> None:
        super().__init__(name, source)
        self._rate_hz = 200.0
        self._raw = self._notifying(_uuid("0406"), Characteristic.Properties.NOTIFY)
        self._configuration = writable(_uuid("0401"), self._on_configuration, is_read=bytes(9))

    @property
    def _output(self) -> Characteristic[bytes]:
        return self._raw

    def _services(self) -> list[Service]:
        return [Service(UUID(_uuid("0400")), [self._configuration, self._raw]), battery_service()]

    def _advertisement(self) -> tuple[AdvertisingData, AdvertisingData]:
        return advertisement(self.name)

    def _send(self, group: Group) -> None:
        for row in group.values:
            self._notify(self._raw, raw(row))

    def _on_configuration(self, _connection: Connection, data: bytes) -> None:
        rate_hz = int.from_bytes(data[6:8], "little")
        if len(data) == 9 and 5 <= rate_hz <= 200:
            self._rate_hz = float(rate_hz)

    def _on_subscriptions(self) -> None:
        self._is_started = self._connection is not None  # it needs no word to start
        super()._on_subscriptions()
