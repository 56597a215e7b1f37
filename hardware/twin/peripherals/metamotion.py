"""A MetaMotion as the host sees it: packed accelerations and turn rates apart, three samples a notification.

Source: the unit tests of mbientlab/MetaWear-SDK-Cpp. The S has a BMI270, the R a BMI160 with other registers.
"""

from __future__ import annotations

import numpy as np
from bumble.core import UUID, AdvertisingData
from bumble.device import Connection
from bumble.gatt import Characteristic, Service

from analysis.model import GRAVITY
from hardware.twin.peripherals.others import BATTERY_PERCENT, Group, OtherPeripheral, advertisement, writable
from hardware.twin.source import SampleSource

SERVICE_UUID = "326a9000-85cb-9195-d9dd-464cfbbae75a"
COMMAND_UUID = "326a9001-85cb-9195-d9dd-464cfbbae75a"
NOTIFY_UUID = "326a9006-85cb-9195-d9dd-464cfbbae75a"
RATES_HZ = {6: 25.0, 7: 50.0, 8: 100.0, 9: 200.0}
_ACC, _GYRO = 3, 19
_G = {False: {3: 2, 5: 4, 8: 8, 12: 16}, True: {0: 2, 1: 4, 2: 8, 3: 16}}  # ranges by code, of either chip
_GYRO_PER_DPS = {0: 16.4, 1: 32.8, 2: 65.6, 3: 131.2, 4: 262.4}
_INT16 = np.iinfo(np.int16)


class MetaMotionPeripheral(OtherPeripheral):
    """Measures when both kinds are set up, subscribed to and started."""

    group = 3
    sends_less = False

    def __init__(self, name: str, source: SampleSource, *, has_bmi270: bool = True) -> None:
        super().__init__(name, source)
        self._has_bmi270 = has_bmi270
        self._packed = {_ACC: 0x05, _GYRO: 0x05} if has_bmi270 else {_ACC: 0x1C, _GYRO: 0x07}
        self._counts = np.ones(6)  # per m/s² and rad/s
        self._done: set[tuple[int, int]] = set()  # (module, register) written with 1
        self._notifies = self._notifying(NOTIFY_UUID, Characteristic.Properties.NOTIFY)
        self._command = writable(COMMAND_UUID, self._on_command)

    @property
    def _output(self) -> Characteristic[bytes]:
        return self._notifies

    def _services(self) -> list[Service]:
        return [Service(UUID(SERVICE_UUID), [self._command, self._notifies])]

    def _advertisement(self) -> tuple[AdvertisingData, AdvertisingData]:
        return advertisement(self.name, SERVICE_UUID)

    def _send(self, group: Group) -> None:
        rows = np.clip(np.rint(group.values * self._counts), _INT16.min, _INT16.max).astype("<i2")
        self._notify(self._notifies, bytes((_ACC, self._packed[_ACC])) + rows[:, :3].tobytes())
        self._notify(self._notifies, bytes((_GYRO, self._packed[_GYRO])) + rows[:, 3:].tobytes())

    def _on_command(self, _connection: Connection, data: bytes) -> None:
        if len(data) < 2:
            return
        module, register = data[0], data[1]
        if register == 0x80:
            implementation = {_ACC: 4 if self._has_bmi270 else 1, _GYRO: 1 if self._has_bmi270 else 0}
            self._notify(self._notifies, bytes((module, register, implementation.get(module, 0xFF), 0)))
        elif (module, register) == (0x11, 0x8C):
            self._notify(self._notifies, bytes((module, register, BATTERY_PERCENT)) + (3900).to_bytes(2, "little"))
        elif register == 3 and len(data) == 4:
            self._set_up(module, data[2], data[3])
        elif len(data) > 2 and module in (_ACC, _GYRO):
            change = self._done.add if data[2] else self._done.discard
            change((module, register))
            needed = {(kind, register) for kind in (_ACC, _GYRO) for register in (1, 2, self._packed[kind])}
            self._set_started(needed <= self._done)

    def _set_up(self, module: int, rate: int, value_range: int) -> None:
        self._rate_hz = RATES_HZ.get(rate & 0xF, self._rate_hz)
        if module == _ACC:
            self._counts[:3] = 32768 / _G[self._has_bmi270][value_range] / GRAVITY
        else:
            self._counts[3:] = _GYRO_PER_DPS[value_range] * np.degrees(1.0)

    def _on_subscriptions(self) -> None:
        if self._connection is None:
            self._done.clear()
        super()._on_subscriptions()
