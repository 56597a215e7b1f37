"""What a sensor family must tell the bridge: how to find it, what to write to it, how to read what it sends.

A parser is a sans-I/O core. It returns all it found in a packet, and bad bytes as PacketError among the rest
rather than raised, because one notification can hold good samples and bad bytes at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from analysis.break_flow import Buzz
from analysis.model import Segment
from firmware_bridge.errors import PacketError
from firmware_bridge.packet import RawPacket


@dataclass(frozen=True, slots=True)
class Scale:
    """What one count is worth."""

    acc: float  # m/s² per count
    gyr: float  # rad/s per count; NaN: it has no gyroscope, and these counts are 0


@dataclass(frozen=True, slots=True)
class Ticks:
    """Where a run stands on the device's own clock."""

    start_s: float  # at the first sample, s since the device's power-on, unwrapped
    spacing_s: float
    is_late: bool = False  # sent again, so that its arrival tells nothing about the clock
    is_restart: bool = False  # the device's clock began anew just before
    newest_s: float | None = None  # device time of what came in at the run's arrival, if not that of its last sample


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive samples of one sensor."""

    arrived_s: float  # when the packet that completed it came, s since the session's start
    n: int
    counts: bytes  # (n, 6) int16 little-endian: acc xyz, gyr xyz, sensor frame
    scale: Scale
    ticks: Ticks | None = None  # None: the device has no clock


@dataclass(frozen=True, slots=True)
class Battery:
    percent: int


@dataclass(frozen=True, slots=True)
class Worn:
    worn: bool


@dataclass(frozen=True, slots=True)
class Behind:
    """What a sensor sends again must come first: so much newer movement waits for it."""

    arrived_s: float
    missing_s: float  # of movement still to come; 0: all has


class Gesture(StrEnum):
    """What the wearer has just asked for by tapping on the sensor."""

    CALIBRATE = "calibrate"  # "I am sitting tall"
    SNOOZE = "snooze"  # "not now"


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes to be written to a characteristic of the sensor."""

    channel: str  # UUID of the characteristic
    data: bytes
    service: str = ""  # UUID, where several services have such a characteristic


Item = Run | Battery | Worn | Behind | Gesture | Write | PacketError


class Parser(Protocol):
    """Bytes of one sensor → items. Lives as long as the session, over losses of the link."""

    def opened(self) -> list[Item]:
        """A link has just been made, the first or a later one; what it returns comes before the next packet's."""
        ...

    def feed(self, packet: RawPacket) -> list[Item]:
        """All that became known with `packet`, in order. Never raises for bad bytes."""
        ...

    def finish(self) -> list[Item]:
        """Nothing more will come: what was held back."""
        ...


@dataclass(frozen=True, slots=True)
class Driver:
    """One sensor family."""

    family: str
    service: str  # UUID
    channels: tuple[str, ...]  # UUIDs of the characteristics that notify
    rates_hz: tuple[float, ...]  # nominal rates it can be set to, rising
    has_clock: bool  # packets carry the device's own time; else samples can only be counted
    max_drift: float  # how far its clock, or its rate, may be off: 0.001 = 1 ms/s
    matches: Callable[[str, Sequence[str]], bool]  # (advertised name, advertised service UUIDs)
    place: Callable[[str], Segment | None]  # the segment that the name on the air stands for
    parser: Callable[[str, float], Parser]  # by sensor id and the rate that `start` asks for
    start: Callable[[float], tuple[Write, ...]]  # set this rate and the ranges, and stream
    listens_first: bool  # subscribe before `start` is written, to hear the answers
    stop: tuple[Write, ...] = ()
    ask: tuple[Write, ...] = ()  # for the battery; the answer comes as a packet
    reads: tuple[str, ...] = ()  # characteristics to be read after connecting and now and then, fed as packets
    buzz: tuple[Write, ...] = ()  # empty: it cannot
    patterns: Mapping[Buzz, tuple[Write, ...]] = field(default_factory=dict, hash=False)  # those it can tell apart
    identify: tuple[Write, ...] = ()
    ranges: str = ""  # what `start` sets or the maker fixed, for a person
    group: int = 1  # without a clock: samples that are always sent, or lost, together
    has_counter: bool = False  # packets are numbered; else a loss shows only in time
    has_gyroscope: bool = True
    tells_battery: bool = False  # unasked
    is_fused: bool = False  # what it tells is made of its own orientation, not of raw samples

    @property
    def lacks(self) -> tuple[str, ...]:
        """What a person should know that this family does not have."""
        has = {
            "clock": self.has_clock and not self.is_fused,
            "counter": self.has_counter,
            "gyroscope": self.has_gyroscope and not self.is_fused,
            "raw accelerations": not self.is_fused,
            "battery level": self.tells_battery or bool(self.ask or self.reads),
        }
        return tuple(what for what, is_there in has.items() if not is_there)

    def nearest_rate(self, rate_hz: float) -> float:
        """The rate it can be set to that is nearest in proportion."""
        return min(self.rates_hz, key=lambda rate: max(rate / rate_hz, rate_hz / rate))
