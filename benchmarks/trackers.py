"""Two impersonated SlimeVR trackers, read over UDP by the bridge's own links. How they lie tells the sample's number.

A tracker's packets bear no time, so virtual time stands still until each has been heard.
"""

from __future__ import annotations

import asyncio
import heapq
import socket
from collections.abc import Iterator, Sequence
from random import Random

import numpy as np
from numpy.typing import NDArray

from analysis.model import Floats, Segment
from analysis.schema import Samples
from benchmarks.impersonated import DRIVERS, Reading, until
from benchmarks.troubles import AWAY_S, STALL_S, Trouble
from firmware_bridge.choose import choose
from firmware_bridge.drivers.slimevr import GRID_HZ
from firmware_bridge.link import Link
from firmware_bridge.numbering import Session
from firmware_bridge.radio import Radios
from firmware_bridge.udp import Address, SlimeVr
from hardware.twin.peripherals.slimevr import ROTATION_AND_ACCELERATION, SlimeVrTracker

TURN = 1600  # samples: longer than any silence, short enough that a sample's turn shows in its counts
_MACS = {Segment.PELVIS: bytes.fromhex("a1b2c3d4e501"), Segment.LUMBAR: bytes.fromhex("a1b2c3d4e502")}
_HERE = "127.0.0.1"
_STILL = np.zeros(3)


def lying(t: float) -> Floats:
    """(4,) Tipped about y, evenly: one turn in TURN samples."""
    half = np.pi * (t * GRID_HZ / TURN)
    return np.array([np.cos(half), 0.0, np.sin(half), 0.0])


class TrackerReading(Reading):
    """What came of one tracker."""

    @property
    def numbers(self) -> NDArray[np.int64]:
        """The samples' own numbers, by which way is up."""
        counts = np.concatenate([np.frombuffer(block.counts, "<i2").reshape(-1, 6) for block in self.blocks])
        turned = np.arctan2(-counts[:, 0].astype(np.float64), counts[:, 2].astype(np.float64)) / (2 * np.pi)
        told = np.rint(turned * TURN).astype(np.int64) % TURN
        return told + TURN * np.cumsum(np.diff(told, prepend=told[:1]) < 0)


class _Listening(SlimeVr):
    """Counts what it has heard of how trackers lie."""

    def __init__(self, port: int) -> None:
        super().__init__(port, _HERE)
        self._heard = 0
        self._came = asyncio.Event()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        super().datagram_received(data, addr)
        self._heard += data[3] == ROTATION_AND_ACCELERATION
        self._came.set()

    async def hears(self, number: int) -> None:
        """Return when so many have come. Raises TimeoutError where one is lost on the way."""
        async with asyncio.timeout(10.0):
            while self._heard < number:
                self._came.clear()
                await self._came.wait()


class _Worn:
    """A tracker with its troubles."""

    def __init__(self, segment: Segment, port: int) -> None:
        self.tracker = SlimeVrTracker(_MACS[segment], port)
        self.dropped = 0  # not told, or too late
        self.to_lose = 0
        self.stalled: list[float] = []  # when it was as it will tell
        self.stalled_until_s = 0.0
        self.is_away = False


class Trackers:
    """Both of them and the time they share."""

    def __init__(self) -> None:
        self.t = 0.0
        self._port = _free_port()
        self._radio = _Listening(self._port)
        self._worn = {segment: _Worn(segment, self._port) for segment in Segment}
        self._sent = 0

    async def live(
        self, end_s: float, drifts: Sequence[float], troubles: dict[Segment, list[Trouble]]
    ) -> list[tuple[TrackerReading, int]]:
        """What came of each, and how many rotations were not told or too late."""
        for worn in self._worn.values():
            await worn.tracker.switch_on()
        readings = {segment: self._reading(segment) for segment in Segment}
        tasks = [asyncio.create_task(each.link.run()) for each in readings.values()]
        try:
            await until(lambda: all(_is_read(each) for each in readings.values()))
            for t, segment, trouble in self._what_happens(end_s, drifts, troubles):
                self.t = t
                if trouble is None:
                    await self._tell(segment)
                else:
                    await self._suffer(segment, trouble, readings[segment])
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for worn in self._worn.values():
                await worn.tracker.switch_off()
            await self._radio.close()
        return [(told, self._worn[segment].dropped) for segment, told in readings.items()]

    def _reading(self, segment: Segment) -> TrackerReading:
        wishes = {segment: f"slimevr-{_MACS[segment].hex(':')}/0"}
        blocks: list[Samples] = []
        link = Link(
            segment,
            lambda seen, _anew: choose(seen, {"slimevr": DRIVERS["slimevr"]}, wishes).get(segment),
            chosen=None,
            session=Session("s", 0.0, "simulated"),
            rate_hz=GRID_HZ,
            radio=Radios((self._radio,)),
            now=lambda: self.t,
            out=blocks.append,
            changed=lambda: None,
            rng=Random(1),
        )
        return TrackerReading(link, blocks)

    def _what_happens(
        self, end_s: float, drifts: Sequence[float], troubles: dict[Segment, list[Trouble]]
    ) -> Iterator[tuple[float, Segment, Trouble | None]]:
        """In order of time: rotations to be told (without a trouble) and troubles."""

        def tellings(segment: Segment, drift: float) -> Iterator[tuple[float, Segment, Trouble | None]]:
            spacing_s = (1.0 + drift) / GRID_HZ
            for k in range(1, int(end_s / spacing_s)):
                yield k * spacing_s, segment, None

        def sufferings(segment: Segment) -> Iterator[tuple[float, Segment, Trouble | None]]:
            for trouble in troubles[segment]:
                yield trouble.at_s, segment, trouble
                if trouble.kind == "leave":
                    yield trouble.at_s + AWAY_S, segment, Trouble(trouble.at_s + AWAY_S, "return", 0.0)

        streams = [tellings(segment, drift) for segment, drift in zip(Segment, drifts, strict=True)]
        return heapq.merge(*streams, *(sufferings(segment) for segment in Segment), key=lambda what: what[0])

    async def _tell(self, segment: Segment) -> None:
        worn = self._worn[segment]
        if worn.is_away:
            return
        if worn.to_lose > 0:
            worn.to_lose -= 1
            worn.dropped += 1
            return
        worn.stalled.append(self.t)
        if self.t < worn.stalled_until_s:
            return
        worn.dropped += len(worn.stalled) - 1
        for t in worn.stalled:
            self._sent += worn.tracker.tell(lying(t), _STILL)
        worn.stalled.clear()
        await self._radio.hears(self._sent)

    async def _suffer(self, segment: Segment, trouble: Trouble, reading: Reading) -> None:
        worn = self._worn[segment]
        if trouble.kind == "leave":
            worn.is_away = True
            await worn.tracker.switch_off()
        elif trouble.kind == "return":
            await until(lambda: not _is_read(reading))
            await worn.tracker.switch_on()
            await until(lambda: _is_read(reading))
            worn.is_away = False
        elif trouble.kind == "lose":
            worn.to_lose = round(trouble.size_s * GRID_HZ)
        else:
            worn.stalled_until_s = self.t + STALL_S


def _is_read(reading: Reading) -> bool:
    return reading.link.status().state == "streaming"


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((_HERE, 0))
        return int(probe.getsockname()[1])
