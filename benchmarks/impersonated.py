"""Two impersonated sensors of a family, read over the virtual radio by the bridge's own links."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from random import Random

import numpy as np
from numpy.typing import NDArray

from analysis.model import GRAVITY, Floats, Segment
from analysis.schema import LinkStatus, Samples, block_of
from firmware_bridge.ble import Ble
from firmware_bridge.choose import choose
from firmware_bridge.counting import full_scale
from firmware_bridge.described import all_drivers
from firmware_bridge.driver import Scale
from firmware_bridge.drivers import dot, metamotion, movesense, polar, thingy52, witmotion
from firmware_bridge.link import Link
from firmware_bridge.numbering import Session
from firmware_bridge.radio import Radio
from hardware.twin.clock import PacedClock
from hardware.twin.peripherals.adafruit import AdafruitPeripheral
from hardware.twin.peripherals.arduino import ArduinoPeripheral
from hardware.twin.peripherals.base import Peripheral
from hardware.twin.peripherals.dot import DotPeripheral
from hardware.twin.peripherals.espruino import EspruinoPeripheral
from hardware.twin.peripherals.metamotion import MetaMotionPeripheral
from hardware.twin.peripherals.movesense import MovesensePeripheral
from hardware.twin.peripherals.polar import PolarPeripheral
from hardware.twin.peripherals.thingy52 import Thingy52Peripheral
from hardware.twin.peripherals.upstand import UpstandPeripheral
from hardware.twin.peripherals.witmotion import WitMotionPeripheral
from hardware.twin.source import Counts
from hardware.twin.stage import LONGEST_STEP_S, Central, Stage, virtual_central

ROUND = 30000  # the sources' numbers begin again, as counts have 16 bits
DRIVERS = all_drivers()


class Numbers:
    """A source whose first count is the sample's own number, up to `around`, on a clock that is `drift` slow."""

    def __init__(
        self, segment: Segment, rate_hz: float, end_s: float, scale: Scale, drift: float = 0.0, around: int = ROUND
    ) -> None:
        self.acc_scale = scale.acc
        self.gyr_scale = scale.gyr
        self.segment = segment
        self.rate_hz = rate_hz
        self.end_s = end_s
        self._spacing_s = (1.0 + drift) / rate_hz
        self._around = around

    def read(self, t0: float, t1: float) -> Counts:
        first, last = (int(np.ceil(t / self._spacing_s - 1e-9)) for t in (t0, t1))
        index = np.arange(first, last)
        counts = np.zeros((len(index), 6), np.int16)
        counts[:, 0] = index % self._around
        counts[:, 4] = 100
        t = index.astype(np.float64) * self._spacing_s
        return Counts(index, t, counts)


@dataclass(frozen=True, slots=True)
class Family:
    """How a family is impersonated here."""

    name: str  # on the air
    rate_hz: float
    scale: Scale
    make: Callable[[str, Numbers], Peripheral]
    marks: tuple[str, str] = ("", "")  # at the end of the name, where the two must be told apart
    around: int = ROUND
    counts_a_number: float = 1.0  # as the driver tells it

    def pair(self, end_s: float, drifts: tuple[float, float]) -> list[Peripheral]:
        return [
            self.make(
                f"{self.name}{mark}", Numbers(segment, self.rate_hz, end_s, self.scale, drift, around=self.around)
            )
            for segment, mark, drift in zip(Segment, self.marks, drifts, strict=True)
        ]


OUR_SCALE = Scale(acc=0.122e-3 * 9.80665, gyr=float(np.radians(17.5e-3)))
ARDUINO_SCALE, ADAFRUIT_SCALE, ESPRUINO_SCALE = full_scale(4, 2000), full_scale(16, 2000), full_scale(2, 245)

MILLI_G = Scale(acc=GRAVITY / 1000, gyr=1.0)  # in which an H10 counts; it has no turn rates

FAMILIES: Mapping[str, Family] = {
    "upstand": Family("Upstand ", 52.0, OUR_SCALE, UpstandPeripheral, ("P", "L")),
    "witmotion": Family("WT901BLE67", 50.0, witmotion.SCALE, WitMotionPeripheral),
    "dot": Family("Movella DOT", 60.0, dot.SCALE, DotPeripheral),
    "movesense": Family("Movesense 174630000001", 52.0, movesense.SCALE, MovesensePeripheral),
    "polar": Family("Polar Sense 0A1B2C3D", 52.0, polar.SCALE, PolarPeripheral),
    "polar_h10": Family(
        "Polar H10 0A1B2C3",
        50.0,
        MILLI_G,
        partial(PolarPeripheral, has_gyroscope=False),
        ("D", "E"),
        around=7500,  # mg, of the 8000 that it can tell
        counts_a_number=MILLI_G.acc / polar.SCALE.acc,
    ),
    "metamotion": Family("MetaWear", 50.0, metamotion.SCALE, MetaMotionPeripheral),
    "thingy52": Family("Thingy", 50.0, thingy52.SCALE, Thingy52Peripheral),
    "arduino": Family("BLE Sense - 12AB", 10.0, ARDUINO_SCALE, ArduinoPeripheral),
    "adafruit": Family("CPlay", 50.0, ADAFRUIT_SCALE, AdafruitPeripheral),
    "espruino": Family("Puck.js 12ab", 52.0, ESPRUINO_SCALE, EspruinoPeripheral),
}


@dataclass
class Reading:
    """What came of one sensor."""

    link: Link
    blocks: list[Samples] = field(default_factory=list)
    states: list[LinkStatus] = field(default_factory=list)
    family: Family | None = None

    @property
    def numbers(self) -> NDArray[np.int64]:
        """The samples' own numbers."""
        rows = [np.frombuffer(block.counts, "<i2").reshape(-1, 6)[:, 0].astype(np.int64) for block in self.blocks]
        told = np.concatenate(rows)
        around = ROUND
        if self.family is not None:
            around, told = self.family.around, np.rint(told / self.family.counts_a_number).astype(np.int64)
        return told + around * np.cumsum(np.diff(told, prepend=told[:1]) < 0)

    @property
    def times(self) -> Floats:
        return np.concatenate([block_of(block).t for block in self.blocks])

    @property
    def gaps(self) -> list[tuple[int, int]]:
        """(samples missing, samples that the block after it says are lost), where either is not 0."""
        found, before, at = [], None, 0
        numbers = self.numbers
        for block in self.blocks:
            n = len(block.counts) // 12
            missing = 0 if before is None else int(numbers[at]) - before - 1
            if missing or block.lost:
                found.append((missing, block.lost))
            before, at = int(numbers[at + n - 1]), at + n
        return found


@asynccontextmanager
async def reading(
    peripherals: list[Peripheral],
    speed: float,
    drivers: str,
    *,
    step_s: float = LONGEST_STEP_S,
    throttle: Callable[[], Awaitable[object]] | None = None,
    central: Central = virtual_central,
    sealed: Callable[[Radio], Radio] = lambda radio: radio,
) -> AsyncIterator[tuple[Stage, dict[Segment, Reading]]]:
    """Links that read a stage; leaving it ends them. Time stands still until `throttle` has returned.

    The links speak through what `sealed` makes of the radio.
    """

    async def wait() -> None:
        if throttle is not None:
            await throttle()

    clock = PacedClock(speed)
    async with Stage(clock, peripherals, throttle=wait, longest_step_s=step_s, central=central) as stage:
        ble = sealed(Ble(stage.scanner_backend, stage.client_backend))
        known = {drivers: DRIVERS[drivers]}
        needs_a_wish = not DRIVERS[drivers].has_gyroscope
        wishes = {worn.segment: worn.name for worn in peripherals} if needs_a_wish else {}
        seen = await ble.scan(5.0, lambda seen: len(choose(seen, known, wishes)) == len(peripherals))
        chosen = choose(seen, known, wishes)
        readings: dict[Segment, Reading] = {}
        for worn in peripherals:
            blocks: list[Samples] = []
            states: list[LinkStatus] = []
            link = Link(
                worn.segment,
                lambda _seen, _anew: None,
                chosen=chosen[worn.segment],
                session=Session("s", 0.0, "simulated"),
                rate_hz=worn.source.rate_hz,
                radio=ble,
                now=clock.now,
                out=blocks.append,
                changed=lambda: None,
                rng=Random(1),
            )
            readings[worn.segment] = Reading(link, blocks, states, FAMILIES.get(drivers))
        tasks = [asyncio.create_task(each.link.run()) for each in readings.values()]
        try:
            yield stage, readings
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def until(is_so: Callable[[], bool], patience_s: float = 60.0) -> None:
    for _ in range(round(patience_s / 0.005)):
        if is_so():
            return
        await asyncio.sleep(0.005)
    raise TimeoutError
