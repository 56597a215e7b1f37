"""A WitMotion WT901BLECL (BWT901BLE5.0 family) as the host sees it.

Source: the vendor's BWT901BLE5.0 SDK and the WT901BLECL data sheet v20-0707. Scales are fixed, frames carry
neither counter nor time, nothing is kept while nobody listens, and there is no start or stop.
"""

from __future__ import annotations

import math

import numpy as np
from bumble.core import UUID, AdvertisingData
from bumble.data_types import CompleteLocalName, Flags
from bumble.device import Connection
from bumble.gatt import Characteristic, CharacteristicValue, Service
from numpy.typing import NDArray

from analysis.model import GRAVITY
from hardware.twin.peripherals.base import Peripheral
from hardware.twin.peripherals.packing import rescale
from hardware.twin.source import Counts, SampleSource

# the maker's own base, which differs from the Bluetooth one in a single digit
SERVICE_UUID = "0000ffe5-0000-1000-8000-00805f9a34fb"
NOTIFY_UUID = "0000ffe4-0000-1000-8000-00805f9a34fb"
WRITE_UUID = "0000ffe9-0000-1000-8000-00805f9a34fb"

ACC_SCALE = 16.0 * GRAVITY / 32768.0  # m/s² per count
GYR_SCALE = math.radians(2000.0) / 32768.0  # rad/s per count

FRAME_BYTES = 20
FRAMES_WHEN_FAST = 4  # in one notification above 50 Hz
FACTORY_RATE_CODE = 0x06
RATES_HZ = {
    0x01: 0.2,
    0x02: 0.5,
    0x03: 1.0,
    0x04: 2.0,
    0x05: 5.0,
    0x06: 10.0,
    0x07: 20.0,
    0x08: 50.0,
    0x09: 100.0,
    0x0B: 200.0,
}
UNLOCKED_S = 10.0

_FRAME_START = 0x6155  # 55 61
_REPLY_START = bytes([0x55, 0x71])
_COMMAND_START = bytes([0xFF, 0xAA])
_UNLOCK = bytes([0x69, 0x88, 0xB5])
_READ_REGISTER = 0x27
_REGISTER_RATE = 0x03
_REGISTER_TEMPERATURE = 0x40
_REGISTER_BATTERY = 0x64
_REGISTERS_PER_REPLY = 8


class WitMotionPeripheral(Peripheral):
    """The twin of a WitMotion sensor, 10 Hz until it is told a rate.

    With `keeps_rate` (for a recording) the source's own rate is the rate: rate codes are taken and
    can be read back but change nothing. Otherwise the nearest rate that leaving samples out gives, so
    give it a source at one of RATES_HZ.
    """

    def __init__(
        self, name: str, source: SampleSource, *, keeps_rate: bool = False, battery_volts: float = 3.97
    ) -> None:
        super().__init__(name, source)
        self._keeps_rate = keeps_rate
        self._registers = {
            _REGISTER_RATE: FACTORY_RATE_CODE,
            _REGISTER_TEMPERATURE: 2950,  # 29.5 °C, in hundredths
            _REGISTER_BATTERY: round(100.0 * battery_volts),
        }
        self._unlocked_until_s = -math.inf
        self._waiting = b""  # frames of a notification that is not full yet
        self.lost = 0  # samples that `lose` kept from being sent
        self._to_lose = 0
        flags = Characteristic.Properties
        self._output = self._notifying(NOTIFY_UUID, flags.NOTIFY)
        self._input: Characteristic[bytes] = Characteristic(
            WRITE_UUID,
            flags.WRITE | flags.WRITE_WITHOUT_RESPONSE,
            Characteristic.Permissions.WRITEABLE,
            CharacteristicValue(write=self._on_command),
        )

    def lose(self, samples: int) -> None:
        """Send so many samples fewer, from the next one on: a transmit buffer that is full."""
        self._to_lose += samples

    @property
    def rate_hz(self) -> float:
        """Frames a second."""
        return self.source.rate_hz / self._stride

    @property
    def _stride(self) -> int:
        if self._keeps_rate:
            return 1
        return max(1, round(self.source.rate_hz / RATES_HZ[self._registers[_REGISTER_RATE]]))

    async def finish(self) -> None:
        self._send_frames(b"", at_once=True)
        await super().finish()

    def _services(self) -> list[Service]:
        return [Service(UUID(SERVICE_UUID), [self._output, self._input])]

    def _advertisement(self) -> tuple[AdvertisingData, AdvertisingData]:
        found = AdvertisingData.Flags.LE_GENERAL_DISCOVERABLE_MODE | AdvertisingData.Flags.BR_EDR_NOT_SUPPORTED
        return AdvertisingData([Flags(found), CompleteLocalName(self.name)]), AdvertisingData([])

    def _measure(self, counts: Counts) -> None:
        if not self.is_read.is_set():
            return
        kept = counts.counts[counts.index % self._stride == 0]
        lost = min(self._to_lose, len(kept))
        self._to_lose, self.lost, kept = self._to_lose - lost, self.lost + lost, kept[lost:]
        if len(kept):
            acc_factor, gyr_factor = self.source.acc_scale / ACC_SCALE, self.source.gyr_scale / GYR_SCALE
            self._send_frames(frames(rescale(kept, acc_factor, gyr_factor)), at_once=False)

    def _on_subscriptions(self) -> None:
        if self._is_subscribed(self._output):
            self.is_read.set()
        else:
            self.is_read.clear()
            self._waiting = b""

    def _send_frames(self, data: bytes, *, at_once: bool) -> None:
        is_packed = self.rate_hz > 50.5 and self.mtu - 3 >= FRAMES_WHEN_FAST * FRAME_BYTES
        size = FRAMES_WHEN_FAST * FRAME_BYTES if is_packed else FRAME_BYTES
        self._waiting += data
        whole = len(self._waiting) if at_once else len(self._waiting) // size * size
        for start in range(0, whole, size):
            notification = self._waiting[start : min(start + size, whole)]
            self._notify(self._output, notification)
            self.sent += len(notification) // FRAME_BYTES
        self._waiting = self._waiting[whole:]

    def _on_command(self, _connection: Connection, data: bytes) -> None:
        if len(data) != 5 or data[:2] != _COMMAND_START:
            return  # the real one ignores what it does not understand
        register, value = data[2], data[3] | data[4] << 8
        if data[2:] == _UNLOCK:
            self._unlocked_until_s = self.t + UNLOCKED_S
        elif register == _READ_REGISTER:
            self._notify(self._output, self._reply(value))
        elif self.t <= self._unlocked_until_s and (register != _REGISTER_RATE or value in RATES_HZ):
            self._registers[register] = value

    def _reply(self, first: int) -> bytes:
        values = [self._registers.get(first + step, 0) for step in range(_REGISTERS_PER_REPLY)]
        return _REPLY_START + first.to_bytes(2, "little") + np.array(values, dtype="<u2").tobytes()


def frames(counts: NDArray[np.int16]) -> bytes:
    """(n, 6) counts at ACC_SCALE and GYR_SCALE as n frames of 20 bytes, with the angles that gravity gives."""
    acc = counts[:, :3].astype(np.float64)
    roll_deg = np.degrees(np.arctan2(acc[:, 1], acc[:, 2]))
    pitch_deg = np.degrees(np.arctan2(-acc[:, 0], np.hypot(acc[:, 1], acc[:, 2])))
    words = np.zeros((len(counts), FRAME_BYTES // 2), dtype="<i2")
    words[:, 0] = _FRAME_START
    words[:, 1:7] = counts
    # 180° would be 32768, which the device's int16 cannot hold either
    words[:, 7] = np.minimum(np.rint(roll_deg * 32768.0 / 180.0), 32767.0)
    words[:, 8] = np.rint(pitch_deg * 32768.0 / 180.0)
    return words.tobytes()
