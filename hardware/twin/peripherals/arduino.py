"""An Arduino Nano 33 BLE Sense with the Science Journal's sketch: two characteristics of three floats each.

Source: the sketch and the app of the Arduino Science Journal.
"""

from __future__ import annotations

import numpy as np
from bumble.core import UUID, AdvertisingData
from bumble.gatt import Characteristic, Service

from analysis.model import GRAVITY
from hardware.twin.peripherals.others import Group, OtherPeripheral, advertisement
from hardware.twin.source import SampleSource


def _uuid(short: str) -> str:
    return f"555a{short}-0000-467a-9538-01f0652c74e8"


class ArduinoPeripheral(OtherPeripheral):
    """Sends at the source's rate, g and °/s, while both characteristics are listened to."""

    def __init__(self, name: str, source: SampleSource) -> None:
        super().__init__(name, source)
        flags = Characteristic.Properties
        self._acc = self._notifying(_uuid("0011"), flags.NOTIFY)
        self._gyr = self._notifying(_uuid("0012"), flags.NOTIFY)

    @property
    def _output(self) -> Characteristic[bytes]:
        return self._gyr

    def _services(self) -> list[Service]:
        return [Service(UUID(_uuid("0002")), [self._acc, self._gyr])]

    def _advertisement(self) -> tuple[AdvertisingData, AdvertisingData]:
        return advertisement(self.name)

    def _send(self, group: Group) -> None:
        for row in group.values:
            self._notify(self._acc, (row[:3] / GRAVITY).astype("<f4").tobytes())
            self._notify(self._gyr, np.degrees(row[3:]).astype("<f4").tobytes())

    def _on_subscriptions(self) -> None:
        self._is_started = self._is_subscribed(self._acc)
        super()._on_subscriptions()
