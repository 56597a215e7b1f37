"""A Polar Verity Sense, or an H10, as the host sees it: PMD streams, compressed, stamped in ns.

Source: polarofficial/polar-ble-sdk, "Online measurement" v1.0. A frame's stamp is that of its last sample; the H10
counts accelerations in mg and has no gyroscope.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
from bumble.core import UUID, AdvertisingData
from bumble.device import Connection
from bumble.gatt import Characteristic, CharacteristicValue, Service
from numpy.typing import NDArray

from analysis.model import GRAVITY
from hardware.twin.peripherals.others import Group, OtherPeripheral, advertisement, battery_service
from hardware.twin.source import SampleSource

SERVICE_UUID = "fb005c80-02e7-f387-1cad-8acd2d8df0c8"
CONTROL_UUID = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
DATA_UUID = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"
TICKS_HZ = 1_000_000_000
SET_S = 788_918_400  # the clock's value when it is switched on: 2025-01-01, counted from 2000-01-01
ACC, GYRO, SDK_MODE = 2, 5, 9
_START, _STOP = 2, 3
_OK, _UNSUPPORTED, _RATE = 0, 3, 8
_PLAIN_HZ = 52
_COMPRESSED = 0x80
_INT16 = np.iinfo(np.int16)

Rows = NDArray[np.int64]


def compressed(rows: Rows) -> bytes:
    """(n, 3) as a first sample of 16 bits and one block of differences, as wide as the widest needs."""
    steps = np.diff(rows, axis=0)
    first: bytes = rows[0].astype("<i2").tobytes()
    if not len(steps):
        return first
    width = max(2, int(max(steps.max(), -steps.min() - 1, 1)).bit_length() + 1)
    bits = (steps.reshape(-1, 1) >> np.arange(width)) & 1
    packed: bytes = np.packbits(bits.astype(np.uint8), bitorder="little").tobytes()
    return first + bytes((width, len(steps))) + packed


def frame(kind: int, ticks: int, rows: Rows, frame_type: int) -> bytes:
    """One notification."""
    return struct.pack("<BQB", kind, ticks, frame_type | _COMPRESSED) + compressed(rows)


def settings_of(data: bytes) -> Iterator[tuple[int, int]]:
    """(setting, value) of a start command."""
    at = 0
    while at + 2 < len(data):
        size = 1 if data[at] == 4 else 2
        yield data[at], int.from_bytes(data[at + 2 : at + 2 + size], "little")
        at += 2 + size


class PolarPeripheral(OtherPeripheral):
    """Sixteen samples a frame. Both streams are measured in step; each is sent once it is started."""

    group = 16

    def __init__(self, name: str, source: SampleSource, *, has_gyroscope: bool = True) -> None:
        super().__init__(name, source)
        self._kinds = (ACC, GYRO) if has_gyroscope else (ACC,)
        self._started: set[int] = set()
        self._is_free = not has_gyroscope  # whether other rates than 52 Hz are possible
        self._ranges = {ACC: 8.0 * GRAVITY, GYRO: float(np.radians(2000.0))}
        flags = Characteristic.Properties
        self._data = self._notifying(DATA_UUID, flags.NOTIFY)
        self._control: Characteristic[bytes] = Characteristic(
            CONTROL_UUID,
            flags.WRITE | flags.INDICATE | flags.READ,
            Characteristic.Permissions.WRITEABLE | Characteristic.Permissions.READABLE,
            CharacteristicValue(read=lambda _connection: b"\x0f\x24\x00", write=self._on_command),
        )
        self._follow(self._control)

    @property
    def _output(self) -> Characteristic[bytes]:
        return self._data

    def _services(self) -> list[Service]:
        return [Service(UUID(SERVICE_UUID), [self._control, self._data]), battery_service()]

    def _advertisement(self) -> tuple[AdvertisingData, AdvertisingData]:
        return advertisement(self.name)

    def _send(self, group: Group) -> None:
        [ticks] = self._ticks(group.index[-1:], TICKS_HZ)
        for kind in self._kinds:
            axes = group.values[:, :3] if kind == ACC else group.values[:, 3:]
            counts = axes * (32768 / self._ranges[kind])
            is_in_mg = self._kinds == (ACC,)
            rows = np.rint(axes * (1000 / GRAVITY) if is_in_mg else counts)
            limited = np.clip(rows, _INT16.min, _INT16.max).astype(np.int64)
            if kind in self._started:
                self._notify(self._data, frame(kind, SET_S * TICKS_HZ + ticks, limited, 1 if is_in_mg else 0))

    def _on_command(self, _connection: Connection, data: bytes) -> None:
        if len(data) < 2:
            return
        operation, kind = data[0], data[1]
        status, told = _UNSUPPORTED, b""
        if kind == SDK_MODE and GYRO in self._kinds:
            self._is_free, status = operation == _START, _OK
        elif kind in self._kinds and operation == _START:
            status, told = self._start(kind, dict(settings_of(data[2:])))
        elif kind in self._kinds and operation == _STOP:
            self._started.discard(kind)
            status = _OK
        self._set_started(self._started == set(self._kinds))
        self._indicate(self._control, bytes((0xF0, operation, kind, status, 0)) + told)

    def _start(self, kind: int, settings: dict[int, int]) -> tuple[int, bytes]:
        if settings.get(0) != _PLAIN_HZ and not self._is_free:
            return _RATE, b""
        self._rate_hz = float(settings[0])
        unit = 8.0 / 32768 if kind == ACC else 2000.0 / 32768
        self._ranges[kind] = settings[2] * (GRAVITY if kind == ACC else float(np.radians(1.0)))
        self._started.add(kind)
        factor = unit * settings[2] / (8 if kind == ACC else 2000)
        return _OK, b"" if self._kinds == (ACC,) else bytes((5, 1)) + struct.pack("<f", factor)

    def _on_subscriptions(self) -> None:
        if self._connection is None:
            self._started.clear()
        super()._on_subscriptions()
