"""MbientLab MetaMotion S, R, RL and C: accelerations and turn rates apart, without stamp or counter.

Source: the unit tests of mbientlab/MetaWear-SDK-Cpp. Which chip is inside (BMI160 or BMI270) decides on the registers,
so the sensor is asked first and set up when it has answered. Either chip measures both kinds in step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.model import Floats, Segment
from firmware_bridge.counting import full_scale
from firmware_bridge.driver import Battery, Driver, Item, Run, Write
from firmware_bridge.errors import PacketError
from firmware_bridge.joining import CountJoin
from firmware_bridge.packet import RawPacket

SERVICE = "326a9000-85cb-9195-d9dd-464cfbbae75a"
COMMAND = "326a9001-85cb-9195-d9dd-464cfbbae75a"
NOTIFY = "326a9006-85cb-9195-d9dd-464cfbbae75a"

ACC, GYRO, SETTINGS = 0x03, 0x13, 0x11
IMPLEMENTATION, BATTERY = 0x80, 0x8C
ACC_G = 4.0
_GYR_PER_DPS = 65.6  # at ±500 °/s
SCALE = full_scale(ACC_G, 32768 / _GYR_PER_DPS)  # 8192 counts per g
RATE_CODES = {50.0: 7, 100.0: 8, 200.0: 9}  # the lower half of the rate bytes of both chips
_AXES_BYTES = 6


@dataclass(frozen=True, slots=True)
class Chip:
    """Where a chip has what."""

    acc_rate: int  # upper half of the rate byte
    acc_range: int  # ±4 g
    gyr_rate: int
    gyr_range: int  # ±500 °/s
    acc_single: int = 0x04
    acc_packed: int = 0x05
    gyr_single: int = 0x04
    gyr_packed: int = 0x05


BMI160 = Chip(0x20, 0x05, 0x20, 2, acc_packed=0x1C, gyr_single=0x05, gyr_packed=0x07)
BMI270 = Chip(0xA0, 0x01, 0x20, 2)
_ACC_CHIPS = {1: BMI160, 4: BMI270}  # by the accelerometer's implementation


def set_up(chip: Chip, rate_hz: float) -> tuple[Write, ...]:
    """Ranges and rate, packed notifications, and both kinds started."""
    rate = RATE_CODES[rate_hz]
    commands = (
        (ACC, 0x03, chip.acc_rate | rate, chip.acc_range),
        (GYRO, 0x03, chip.gyr_rate | rate, chip.gyr_range),
        (ACC, chip.acc_packed, 1),
        (GYRO, chip.gyr_packed, 1),
        (ACC, 0x02, 1, 0),
        (GYRO, 0x02, 1, 0),
        (ACC, 0x01, 1),
        (GYRO, 0x01, 1),
    )
    return tuple(Write(COMMAND, bytes(command)) for command in commands)


def axes_of(data: bytes) -> Floats:
    """(n, 3) counts"""
    return np.frombuffer(data, dtype="<i2").reshape(-1, 3).astype(np.float64)


class MetaMotionParser:
    """Notifications, also several in one, → samples, and the set-up that the sensor's answers ask for."""

    def __init__(self, sensor_id: str, rate_hz: float) -> None:
        self._sensor_id = sensor_id
        self._rate_hz = rate_hz
        self._chip = BMI270
        self._join = CountJoin(rate_hz)
        self._is_set_up = False

    def opened(self) -> list[Item]:
        self._join.opened()
        self._is_set_up = False
        return []

    def feed(self, packet: RawPacket) -> list[Item]:
        if packet.channel != NOTIFY:
            return [PacketError(self._sensor_id, "foreign characteristic", packet.data)]
        items: list[Item] = []
        at = 0
        while at < len(packet.data):
            size = self._size(packet.data[at:])
            if size is None or at + size > len(packet.data):
                items.append(PacketError(self._sensor_id, "not a notification of MetaWear", packet.data[at:]))
                break
            items += self._take(packet.data[at : at + size], packet)
            at += size
        return items

    def finish(self) -> list[Item]:
        return []

    def _size(self, data: bytes) -> int | None:
        """Bytes of the notification at the beginning of `data`."""
        module, register = (data[0], data[1]) if len(data) > 2 else (0, 0)
        sizes = {
            (ACC, self._chip.acc_single): 2 + _AXES_BYTES,
            (ACC, self._chip.acc_packed): 2 + 3 * _AXES_BYTES,
            (GYRO, self._chip.gyr_single): 2 + _AXES_BYTES,
            (GYRO, self._chip.gyr_packed): 2 + 3 * _AXES_BYTES,
            (SETTINGS, BATTERY): 5,
        }
        if register == IMPLEMENTATION and module in (ACC, GYRO):
            return len(data)  # what else a module tells of itself has no fixed length
        return sizes.get((module, register))

    def _take(self, data: bytes, packet: RawPacket) -> list[Item]:
        module, register = data[0], data[1]
        if register == IMPLEMENTATION:
            return self._learn(data)
        if module == SETTINGS:
            percent = data[2]
            return [Battery(percent)] if percent <= 100 else [PacketError(self._sensor_id, "not a battery level", data)]
        dropped = self._join.dropped
        rows = axes_of(data[2:])
        whole = (self._join.acc if module == ACC else self._join.gyr)(rows, packet.arrived_s)
        items: list[Item] = []
        if self._join.dropped > dropped:
            items.append(PacketError(self._sensor_id, "samples of one kind without the other", data))
        if len(whole):
            items.append(Run(packet.arrived_s, len(whole), whole.astype("<i2").tobytes(), SCALE))
        return items

    def _learn(self, data: bytes) -> list[Item]:
        if data[0] != ACC:
            return []
        chip = _ACC_CHIPS.get(data[2])
        if chip is None:
            return [PacketError(self._sensor_id, "chip that Upstand does not know; use another sensor", data)]
        if self._is_set_up:
            return []
        self._chip, self._is_set_up = chip, True
        return list(set_up(chip, self._rate_hz))


def _start(_rate_hz: float) -> tuple[Write, ...]:
    return (Write(COMMAND, bytes((ACC, IMPLEMENTATION))),)


def _matches(name: str, services: Sequence[str]) -> bool:
    return SERVICE in services or name.startswith(("MetaWear", "MetaMotion"))


def _place(_name: str) -> Segment | None:
    return None


_STOPS = ((ACC, 1, 0), (GYRO, 1, 0), (ACC, 2, 0, 1), (GYRO, 2, 0, 1))

DRIVER = Driver(
    family="metamotion",
    service=SERVICE,
    channels=(NOTIFY,),
    rates_hz=tuple(RATE_CODES),
    has_clock=False,
    max_drift=0.02,  # the chips' own oscillator
    matches=_matches,
    place=_place,
    parser=MetaMotionParser,
    start=_start,
    listens_first=True,
    stop=tuple(Write(COMMAND, bytes(stop)) for stop in _STOPS),
    ask=(Write(COMMAND, bytes((SETTINGS, BATTERY))),),
    group=3,
    ranges="±4 g, ±500 °/s",
)
