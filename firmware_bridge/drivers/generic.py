"""Any sensor that sends floats, integers or lines of text: described in a few lines of TOML (docs/sensors.md).

This module makes a driver of a description; `firmware_bridge.described` finds the descriptions.
"""

from __future__ import annotations

import re
import struct
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import nan, pi

import msgspec
import numpy as np

from analysis.errors import PostureError
from analysis.model import GRAVITY, Floats
from firmware_bridge.counting import counts_of, full_scale
from firmware_bridge.driver import Battery, Driver, Item, Run, Scale, Write
from firmware_bridge.errors import PacketError
from firmware_bridge.joining import CountJoin
from firmware_bridge.layout import Layout
from firmware_bridge.packet import RawPacket
from firmware_bridge.stamps import PacketClock

BATTERY = "00002a19-0000-1000-8000-00805f9b34fb"
ACC, GYR = ("acc_x", "acc_y", "acc_z"), ("gyr_x", "gyr_y", "gyr_z")
UNITS = {"m/s2": 1.0, "g": GRAVITY, "mg": GRAVITY / 1000, "rad/s": 1.0, "deg/s": pi / 180, "mdeg/s": pi / 180e3}
_TYPES = {"float32": "f32", "int16": "i16", "csv": ""}
_CHUNK_BYTES = 20  # of a text, which a small board takes in pieces
_MOST_LINE_BYTES = 400
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Stream(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One characteristic that notifies."""

    channel: str  # UUID
    fields: list[str]  # acc_x … gyr_z, time, "-" for what is skipped; `name:type` where it is not the format's own
    format: str = "float32"  # "float32", "int16" or "csv": numbers with commas between them, a line a sample
    big_endian: bool = False


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is written to it before it sends: one of hex, text and period."""

    channel: str
    service: str = ""  # where the same characteristic stands in several services
    hex: str = ""
    text: str = ""  # {rate_hz} in it is the rate
    period: str = ""  # the type as which the milliseconds from sample to sample are written, such as i32


class Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sensor family."""

    family: str
    service: str  # UUID
    rates_hz: list[float]
    stream: list[Stream]
    name: str = ""  # how the name on the air begins; empty: the service is advertised
    acc_unit: str | float = "m/s2"  # m/s2, g or mg, or how many m/s² a count is
    gyr_unit: str | float = "rad/s"  # rad/s, deg/s or mdeg/s, or how many rad/s a count is
    acc_range_g: float = 16.0
    gyr_range_dps: float = 2000.0
    time_unit_s: float = 0.001  # of the field `time`
    battery: bool = False  # it has Bluetooth's own battery level
    start: list[Command] = []
    stop: list[Command] = []


@dataclass(frozen=True, slots=True)
class _Kind:
    """What the streams of a description come to."""

    acc: float  # m/s² per unit
    gyr: float  # rad/s per unit
    scale: Scale
    has_time: bool
    has_gyroscope: bool


def driver_of(text: str, where: str) -> Driver:
    """The driver that a description in TOML makes. Raises PostureError that names `where` and what is wrong there."""
    try:
        told = msgspec.convert(tomllib.loads(text), Description)
        kind = _kind_of(told)
        for stream in told.stream:
            _Decoder(stream)
        start = _start_of(told)
        start(told.rates_hz[0])
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, ValueError, struct.error) as error:
        raise PostureError(f"{where} does not describe a sensor ({error}); see docs/sensors.md.") from error
    return Driver(
        family=told.family,
        service=told.service.lower(),
        channels=tuple(stream.channel.lower() for stream in told.stream),
        rates_hz=tuple(sorted(told.rates_hz)),
        has_clock=kind.has_time,
        max_drift=0.02,
        matches=_matcher(told.name, told.service.lower()),
        place=lambda _name: None,
        parser=lambda sensor_id, rate_hz: GenericParser(told, sensor_id, rate_hz),
        start=start,
        listens_first=True,
        stop=tuple(write for command in told.stop for write in _writes(command, told.rates_hz[0])),
        reads=(BATTERY,) if told.battery else (),
        ranges=f"±{told.acc_range_g:g} g, ±{told.gyr_range_dps:g} °/s at most",
        has_gyroscope=kind.has_gyroscope,
    )


def _kind_of(told: Description) -> _Kind:
    """Raises ValueError with what does not go together."""
    names = [field.partition(":")[0] for stream in told.stream for field in stream.fields]
    if not told.rates_hz or min(told.rates_hz) <= 0:
        raise ValueError("rates_hz must hold the rates it can be set to")
    if any(not _UUID.fullmatch(uuid.lower()) for uuid in (told.service, *(s.channel for s in told.stream))):
        raise ValueError("service and channel must be whole UUIDs of 36 characters")
    if any(names.count(name) != 1 for name in ACC):
        raise ValueError(f"the fields must name {', '.join(ACC)} once each")
    has_gyroscope = any(name in names for name in GYR)
    if has_gyroscope and any(names.count(name) != 1 for name in GYR):
        raise ValueError(f"the fields must name {', '.join(GYR)} once each")
    has_time = "time" in names
    if has_time and len(told.stream) > 1:
        raise ValueError("time is of use only where one channel holds everything")
    scale = full_scale(told.acc_range_g, told.gyr_range_dps)
    return _Kind(
        acc=_unit(told.acc_unit),
        gyr=_unit(told.gyr_unit),
        scale=scale if has_gyroscope else replace(scale, gyr=nan),
        has_time=has_time,
        has_gyroscope=has_gyroscope,
    )


def _unit(unit: str | float) -> float:
    if isinstance(unit, str):
        if unit not in UNITS:
            raise ValueError(f"{unit!r} is no unit; use {', '.join(UNITS)} or a number")
        return UNITS[unit]
    return float(unit)


def _matcher(name: str, service: str) -> Callable[[str, Sequence[str]], bool]:
    def matches(seen: str, services: Sequence[str]) -> bool:
        return seen.startswith(name) if name else service in services

    return matches


def _start_of(told: Description) -> Callable[[float], tuple[Write, ...]]:
    def start(rate_hz: float) -> tuple[Write, ...]:
        return tuple(write for command in told.start for write in _writes(command, rate_hz))

    return start


def _writes(command: Command, rate_hz: float) -> list[Write]:
    """Raises ValueError and struct.error for what cannot be written."""
    channel, service = command.channel.lower(), command.service.lower()
    if command.period:
        period_ms = round(1000.0 / rate_hz)
        packed = Layout([f"period:{command.period}"]).pack({"period": period_ms})
        return [Write(channel, packed, service)]
    data = command.text.replace("{rate_hz}", f"{rate_hz:g}").encode() or bytes.fromhex(command.hex)
    if not data:
        raise ValueError("a command needs hex, text or period")
    return [Write(channel, data[at : at + _CHUNK_BYTES], service) for at in range(0, len(data), _CHUNK_BYTES)]


class _Decoder:
    """One channel's notifications → records."""

    def __init__(self, stream: Stream) -> None:
        if stream.format not in _TYPES:
            raise ValueError(f"{stream.format!r} is no format; use {', '.join(_TYPES)}")
        self.names = [field.partition(":")[0] for field in stream.fields]
        self._is_text = stream.format == "csv"
        kinds = [field if ":" in field else f"{field}:{_TYPES[stream.format]}" for field in stream.fields]
        self._layout = None if self._is_text else Layout(kinds, big_endian=stream.big_endian)
        self._rest = b""

    def opened(self) -> None:
        self._rest = b""

    def read(self, data: bytes) -> tuple[list[Mapping[str, float]], str]:
        """The records that became whole, and what is wrong with the rest, if anything."""
        if self._layout is None:
            return self._lines(data)
        size = self._layout.size
        whole = len(data) // size * size
        records: list[Mapping[str, float]] = [self._layout.read(data, at) for at in range(0, whole, size)]
        return (records, "") if len(data) == whole and whole else ([], "notification of a wrong length")

    def _lines(self, data: bytes) -> tuple[list[Mapping[str, float]], str]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        records: list[Mapping[str, float]] = []
        wrong = ""
        for line in lines:
            try:
                values = [float(part) for part in line.split(b",")]
            except ValueError:
                values = []
            if len(values) == len(self.names):
                records.append({name: value for name, value in zip(self.names, values, strict=True) if name != "-"})
            else:
                wrong = "line that is no sample"
        if len(self._rest) > _MOST_LINE_BYTES:
            self._rest, wrong = b"", "text without an end of line"
        return records, wrong


class GenericParser:
    """Notifications of the described channels → samples."""

    def __init__(self, told: Description, sensor_id: str, rate_hz: float) -> None:
        self._sensor_id = sensor_id
        self._kind = _kind_of(told)
        self._scale = replace(self._kind.scale, gyr=1.0) if not self._kind.has_gyroscope else self._kind.scale
        self._decoders = {stream.channel.lower(): _Decoder(stream) for stream in told.stream}
        self._clock = PacketClock(ticks_hz=1.0 / told.time_unit_s, wrap=_wrap_of(told), rate_hz=rate_hz)
        self._join = CountJoin(rate_hz)

    def opened(self) -> list[Item]:
        for decoder in self._decoders.values():
            decoder.opened()
        self._clock.opened()
        self._join.opened()
        return []

    def feed(self, packet: RawPacket) -> list[Item]:
        if packet.channel == BATTERY and len(packet.data) == 1 and packet.data[0] <= 100:
            return [Battery(packet.data[0])]
        decoder = self._decoders.get(packet.channel)
        if decoder is None:
            return [self._error("foreign characteristic or value", packet)]
        records, wrong = decoder.read(packet.data)
        items: list[Item] = [self._error(wrong, packet)] if wrong else []
        if records and self._kind.has_time:
            items += [self._stamped(record, packet) for record in records]
        elif records:
            items += self._counted(records, decoder.names, packet)
        return items

    def finish(self) -> list[Item]:
        return []

    def _stamped(self, record: Mapping[str, float], packet: RawPacket) -> Item:
        counts = self._counts(np.concatenate([self._axes([record], ACC), self._axes([record], GYR)], axis=1))
        stamp = record["time"]
        ticks = self._clock.place(int(stamp), 1, packet.arrived_s) if 0 <= stamp < 1e18 else None
        if counts is None or ticks is None:
            return self._error("sample that cannot be, or came twice", packet)
        return Run(packet.arrived_s, 1, counts, self._kind.scale, ticks)

    def _counted(self, records: Sequence[Mapping[str, float]], names: Sequence[str], packet: RawPacket) -> list[Item]:
        has_acc, has_gyr = ACC[0] in names, GYR[0] in names
        dropped = self._join.dropped
        acc, gyr = self._axes(records, ACC), self._axes(records, GYR)
        if has_acc and (has_gyr or not self._kind.has_gyroscope):
            whole = np.concatenate([acc, gyr], axis=1)
        else:
            whole = self._joined(acc, gyr, packet.arrived_s, is_acc=has_acc)
        items: list[Item] = []
        if self._join.dropped > dropped:
            items.append(self._error("samples of one kind without the other", packet))
        if not len(whole):
            return items
        counts = self._counts(whole)
        if counts is None:
            return [*items, self._error("values beyond any range", packet)]
        return [*items, Run(packet.arrived_s, len(whole), counts, self._kind.scale)]

    def _joined(self, acc: Floats, gyr: Floats, arrived_s: float, *, is_acc: bool) -> Floats:
        return self._join.acc(acc, arrived_s) if is_acc else self._join.gyr(gyr, arrived_s)

    def _axes(self, records: Sequence[Mapping[str, float]], names: Sequence[str]) -> Floats:
        """(n, 3) in SI; 0 for what the records do not hold."""
        unit = self._kind.acc if names is ACC else self._kind.gyr
        return unit * np.array([[record.get(name, 0.0) for name in names] for record in records], dtype=np.float64)

    def _counts(self, values: Floats) -> bytes | None:
        return counts_of(values, self._scale)

    def _error(self, kind: str, packet: RawPacket) -> PacketError:
        return PacketError(self._sensor_id, kind, packet.data)


def _wrap_of(told: Description) -> int:
    """Where the stamps begin again: by the type of the field `time`; in text they never do."""
    for stream in told.stream:
        for field in stream.fields:
            name, _, kind = field.partition(":")
            if name == "time" and kind[:1] == "u":
                return 1 << int(kind[1:])
    return 1 << 64
