"""A board with Adafruit's accelerometer and gyroscope services: three floats each, every so many milliseconds.

Source: adafruit/Adafruit_CircuitPython_BLE_Adafruit. Each service has a measurement period of its own; 0 stops it.
"""

from __future__ import annotations

from bumble.core import UUID, AdvertisingData
from bumble.device import Connection
from bumble.gatt import Characteristic, Service

from hardware.twin.peripherals.others import Group, OtherPeripheral, advertisement, writable
from hardware.twin.source import SampleSource


def _uuid(short: str) -> str:
    return f"adaf{short}-c332-42a8-93bd-25e905756cb8"


ACC_SERVICE, GYR_SERVICE = _uuid("0200"), _uuid("0400")


class AdafruitPeripheral(OtherPeripheral):
    """m/s² and rad/s, while both services have a period and are listened to."""

    def __init__(self, name: str, source: SampleSource) -> None:
        super().__init__(name, source)
        self._periods_ms = {ACC_SERVICE: 0, GYR_SERVICE: 0}
        flags = Characteristic.Properties
        self._acc = self._notifying(_uuid("0201"), flags.NOTIFY)
        self._gyr = self._notifying(_uuid("0401"), flags.NOTIFY)

    @property
    def _output(self) -> Characteristic[bytes]:
        return self._gyr

    def _services(self) -> list[Service]:
        def service(uuid: str, measures: Characteristic[bytes]) -> Service:
            def on_period(_connection: Connection, data: bytes) -> None:
                self._set_period(uuid, int.from_bytes(data, "little", signed=True))

            return Service(UUID(uuid), [measures, writable(_uuid("0001"), on_period)])

        return [service(ACC_SERVICE, self._acc), service(GYR_SERVICE, self._gyr)]

    def _advertisement(self) -> tuple[AdvertisingData, AdvertisingData]:
        return advertisement(self.name, ACC_SERVICE)

    def _send(self, group: Group) -> None:
        for row in group.values:
            self._notify(self._acc, row[:3].astype("<f4").tobytes())
            self._notify(self._gyr, row[3:].astype("<f4").tobytes())

    def _set_period(self, service: str, period_ms: int) -> None:
        self._periods_ms[service] = period_ms
        if period_ms > 0:
            self._rate_hz = 1000.0 / period_ms
        self._set_started(all(period > 0 for period in self._periods_ms.values()))

    def _on_subscriptions(self) -> None:
        if self._connection is None:
            self._periods_ms = dict.fromkeys(self._periods_ms, 0)
        super()._on_subscriptions()
