"""The stage: sensors on an air with one central, and virtual time that waits for what they send.

Time runs in steps. Virtual time reaches the end of a step and stands there while everything measured in
that step is sent and arrives; only then may it go on. So a packet arrives after its samples were taken
and within a step of it, at any speed and on any machine.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from types import TracebackType

from bleak.backends.client import BaseBleakClient
from bleak.backends.scanner import BaseBleakScanner

from analysis.model import Segment
from hardware.twin.clock import PacedClock
from hardware.twin.peripherals.base import Peripheral
from hardware.twin.radio.air import CONNECTION_INTERVAL_S, Air, Radio, make_device
from hardware.twin.radio.backend import backends

REAL_STEP_S = 0.02
LONGEST_STEP_S = 0.1  # virtual; a longer one would blur when packets arrive
SHORTEST_DELAY_S = 0.001  # real; an event loop sleeps no more finely

_CENTRAL_ADDRESS = "F5:00:00:00:00:00"  # random static, as all here: the two highest bits are set

Backends = tuple[type[BaseBleakClient] | None, type[BaseBleakScanner] | None]  # None: bleak's own on this system
Central = Callable[[Air], AbstractAsyncContextManager[Backends]]


@asynccontextmanager
async def virtual_central(air: Air) -> AsyncIterator[Backends]:
    """A host on `air` inside this process."""
    central, _, _ = make_device(air, "Upstand host", _CENTRAL_ADDRESS)
    await central.power_on()
    yield backends(central)
    await central.power_off()


class Stage:
    """Everything from the wearer to bleak's backends. Open it, let the bridge find the sensors, `run` it.

    `central` puts the host on the air: one of this process, or the computer's own Bluetooth.
    `throttle` is awaited after each step: it returns when what reads the sensors can take more.
    """

    def __init__(
        self,
        clock: PacedClock,
        peripherals: Sequence[Peripheral],
        *,
        throttle: Callable[[], Awaitable[None]] | None = None,
        longest_step_s: float = LONGEST_STEP_S,
        central: Central = virtual_central,
    ) -> None:
        self.clock = clock
        self.peripherals: Mapping[Segment, Peripheral] = {worn.segment: worn for worn in peripherals}
        if len(self.peripherals) != len(peripherals):
            raise ValueError("each segment can carry one sensor")
        self._throttle = throttle
        delay_s = CONNECTION_INTERVAL_S / clock.speed  # the link's delay is virtual time, too
        self._delay_s = delay_s if delay_s >= SHORTEST_DELAY_S else 0.0
        self._step_s = min(REAL_STEP_S * max(1.0, clock.speed), longest_step_s)
        self._air: Air | None = None
        self._central = central
        self._host = AsyncExitStack()
        self._radios: dict[Segment, Radio] = {}
        self._backends: Backends | None = None

    @property
    def client_backend(self) -> type[BaseBleakClient] | None:
        """`backend=` of bleak.BleakClient."""
        return self._opened()[0]

    @property
    def scanner_backend(self) -> type[BaseBleakScanner] | None:
        """`backend=` of bleak.BleakScanner."""
        return self._opened()[1]

    @property
    def sent(self) -> dict[Segment, int]:
        """Samples handed to the radio so far, each counted once."""
        return {segment: worn.sent for segment, worn in self.peripherals.items()}

    async def __aenter__(self) -> Stage:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Build the air, power everything on; the sensors advertise from now on."""
        air = Air(self._delay_s)
        self._backends = await self._host.enter_async_context(self._central(air))
        for number, (segment, worn) in enumerate(self.peripherals.items(), start=1):
            device, radio, host = make_device(air, worn.name, f"F5:00:00:00:00:{number:02X}")
            self._radios[segment] = radio
            await worn.power_on(device, host)
        self._air = air

    async def close(self) -> None:
        """End every connection and fall silent."""
        if self._air is None:
            return
        for radio in self._radios.values():
            self._air.lose(radio)
        await asyncio.sleep(0)  # the hosts hear of it
        for worn in self.peripherals.values():
            await worn.power_off()
        await self._host.aclose()
        self._air = None

    async def run(self) -> None:
        """Wait until every sensor is being read, then let time run until all sources have ended.

        A sensor that is disconnected later does not stop time. Cancel it to end sources that never do.
        """
        self._opened()
        for worn in self.peripherals.values():
            await worn.is_read.wait()
        self.clock.start()
        end_s = max(worn.source.end_s for worn in self.peripherals.values())
        step = 0
        while self.clock.limit_s < end_s:
            step += 1
            t = min(step * self._step_s, end_s)
            self.clock.advance(t)
            await self.clock.sleep_until(t)
            due = [worn for worn in self.peripherals.values() if worn.t < worn.source.end_s]
            await asyncio.gather(*(worn.advance(min(t, worn.source.end_s)) for worn in due))
            if self._throttle is not None:
                await self._throttle()
        for worn in self.peripherals.values():
            await worn.finish()

    async def lose(self, segment: Segment, away_s: float = 0.0) -> None:
        """End a sensor's connection as walking out of range would; it is back after `away_s` of virtual time."""
        worn = self.peripherals[segment]
        if away_s > 0.0:
            await worn.go_away(worn.t + away_s)
        if self._air is not None:
            self._air.lose(self._radios[segment])

    def _opened(self) -> Backends:
        if self._backends is None or self._air is None:
            raise RuntimeError("the stage is not open")
        return self._backends
