"""What the sensors of other makers have in common: samples in groups, a battery level, and losses on purpose."""

from __future__ import annotations

import abc
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from bumble.core import UUID, AdvertisingData
from bumble.data_types import CompleteListOf128BitServiceUUIDs, CompleteLocalName, Flags
from bumble.device import Connection
from bumble.gatt import Characteristic, CharacteristicValue, Service
from numpy.typing import NDArray

from analysis.model import Floats
from hardware.twin.peripherals.base import Peripheral
from hardware.twin.source import Counts, SampleSource

BATTERY_SERVICE_UUID = "0000180f-0000-1000-8000-00805f9b34fb"
BATTERY_LEVEL_UUID = "00002a19-0000-1000-8000-00805f9b34fb"
BATTERY_PERCENT = 73


@dataclass(frozen=True, slots=True)
class Group:
    """The samples of one packet."""

    index: NDArray[np.int64]  # (n,) at the source's rate
    values: Floats  # (n, 6) m/s² and rad/s


class OtherPeripheral(Peripheral):
    """A sensor that sends `group` samples at a time, as they come, while it is started and somebody listens.

    What is not sent is gone. `lost` counts the samples that `lose` kept from being sent.
    """

    group = 1  # samples a packet
    sends_less = True  # at the end

    def __init__(self, name: str, source: SampleSource) -> None:
        super().__init__(name, source)
        self.lost = 0
        self._to_lose = 0
        self._stalled: list[Group] = []
        self._stalled_until_s = -math.inf
        self._rate_hz = source.rate_hz
        self._is_started = False
        self._index: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._rows: NDArray[np.int16] = np.empty((0, 6), dtype=np.int16)

    @property
    def rate_hz(self) -> float:
        """Samples a second, as they are sent."""
        return self.source.rate_hz / self._stride

    def lose(self, samples: int) -> None:
        """Send as many whole packets fewer as hold at least so many samples: a transmit buffer that is full."""
        self._to_lose += samples

    def stall(self, duration_s: float) -> None:
        """Send nothing for so long, and then all of it at once: a radio that is not heard for a while."""
        self._stalled_until_s = self.t + duration_s

    @abc.abstractmethod
    def _send(self, group: Group) -> None:
        """One packet."""

    @property
    @abc.abstractmethod
    def _output(self) -> Characteristic[bytes]:
        """What the host must listen to."""

    @property
    def _stride(self) -> int:
        return max(1, round(self.source.rate_hz / self._rate_hz))

    def _measure(self, counts: Counts) -> None:
        if not self.is_read.is_set():
            return
        kept = counts.index % self._stride == 0
        self._index = np.concatenate([self._index, counts.index[kept]])
        self._rows = np.concatenate([self._rows, counts.counts[kept]])
        while len(self._index) >= self.group:
            self._let_go(self.group)
        if self.t >= self._stalled_until_s:
            self._catch_up()

    async def finish(self) -> None:
        if len(self._index) and self.sends_less:
            self._let_go(len(self._index))
        self._catch_up()
        await super().finish()

    def _let_go(self, n: int) -> None:
        index, rows = self._index[:n], self._rows[:n]
        self._index, self._rows = self._index[n:], self._rows[n:]
        if self._to_lose > 0:
            self._to_lose -= n
            self.lost += n
            return
        self._stalled.append(Group(index, rows * np.repeat([self.source.acc_scale, self.source.gyr_scale], 3)))

    def _catch_up(self) -> None:
        for group in self._stalled:
            self._send(group)
            self.sent += len(group.index)
        self._stalled.clear()

    def _ticks(self, index: NDArray[np.int64], ticks_hz: int) -> list[int]:
        """Stamps on the device's own clock, which is as wrong as the source's rate."""
        return [round(int(k) * ticks_hz / self.source.rate_hz) for k in index]

    def _set_started(self, is_started: bool) -> None:
        self._is_started = is_started
        self._on_subscriptions()

    def _on_subscriptions(self) -> None:
        if self._is_started and self._is_subscribed(self._output):
            self.is_read.set()
        else:
            self.is_read.clear()
            self._index, self._rows = self._index[:0], self._rows[:0]
            self._stalled.clear()
        if self._connection is None:
            self._is_started = False


def writable(
    uuid: str, on_write: Callable[[Connection, bytes], None], *, is_read: bytes | None = None
) -> Characteristic[bytes]:
    """A characteristic that takes commands, and reads as `is_read` where that is given."""
    flags, allowed = Characteristic.Properties, Characteristic.Permissions

    def read(_connection: Connection) -> bytes:
        return is_read or b""

    return Characteristic(
        uuid,
        flags.WRITE | flags.WRITE_WITHOUT_RESPONSE | (flags.READ if is_read is not None else flags(0)),
        allowed.WRITEABLE | allowed.READABLE,
        CharacteristicValue(read=read, write=on_write),
    )


def readable(uuid: str, value: bytes) -> Characteristic[bytes]:
    return Characteristic(uuid, Characteristic.Properties.READ, Characteristic.Permissions.READABLE, value)


def battery_service(percent: int = BATTERY_PERCENT) -> Service:
    """Bluetooth's own."""
    return Service(UUID(BATTERY_SERVICE_UUID), [readable(BATTERY_LEVEL_UUID, bytes([percent]))])


def advertisement(name: str, service_uuid: str = "") -> tuple[AdvertisingData, AdvertisingData]:
    """Name and flags, and the service in the scan response."""
    found = AdvertisingData.Flags.LE_GENERAL_DISCOVERABLE_MODE | AdvertisingData.Flags.BR_EDR_NOT_SUPPORTED
    offered = [CompleteListOf128BitServiceUUIDs([UUID(service_uuid)])] if service_uuid else []
    return AdvertisingData([Flags(found), CompleteLocalName(name)]), AdvertisingData(offered)
