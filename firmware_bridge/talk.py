"""One connection with a sensor: it is started, heard, given orders and asked for its battery, until it is lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress

from analysis.model import Segment
from firmware_bridge.absence import Absence
from firmware_bridge.ble import BluetoothError, LinkError
from firmware_bridge.capture import Capture
from firmware_bridge.driver import Driver, Write
from firmware_bridge.packet import RawPacket
from firmware_bridge.radio import Connected
from firmware_bridge.reader import Reader, Told

ASK_S = 60.0  # real seconds between looks at the battery
SILENCE_S = 10.0  # a link without a sample for this long, in real and in session time, is made anew
LAST_PACKET_S = 0.3  # real seconds for what the sensor sends on being stopped

_log = logging.getLogger(__name__)


class Talk:
    """From being connected to being lost. `take` hears what the reader makes of each packet."""

    def __init__(
        self,
        segment: Segment,
        driver: Driver,
        peer: Connected,
        reader: Reader,
        *,
        absence: Absence,
        now: Callable[[], float],
        monotonic: Callable[[], float],
        take: Callable[[Sequence[Told]], None],
        sensor_id: str,
        capture: Capture | None,
    ) -> None:
        self._segment = segment
        self._driver = driver
        self._peer = peer
        self._reader = reader
        self._absence = absence
        self._now = now
        self._monotonic = monotonic
        self._take = take
        self._sensor_id = sensor_id
        self._capture = capture
        self._orders: asyncio.Queue[Write] = asyncio.Queue()
        self._heard_s = (0.0, 0.0)  # real and session time at which the last sample was known to have come

    @property
    def is_lost(self) -> bool:
        return self._peer.lost.is_set()

    def order(self, write: Write) -> None:
        """To be written as soon as may be."""
        self._orders.put_nowait(write)

    async def begin(self, rate_hz: float) -> None:
        """Have the sensor stream at that rate."""
        if self._driver.listens_first:
            await self._listen()
        for write in self._driver.start(rate_hz):
            await self._write(write)
        if not self._driver.listens_first:
            await self._listen()
        self._heard_s = self._monotonic(), self._now()

    async def serve(self, is_unwanted: Callable[[], bool]) -> None:
        """Write what is ordered and look at the battery. Raises LinkError once the link is lost, or is unwanted."""
        asked_s = -ASK_S
        lost = asyncio.ensure_future(self._peer.lost.wait())
        try:
            while not self.is_lost:
                if self._monotonic() - asked_s >= ASK_S:
                    asked_s = self._monotonic()
                    await self._ask()
                await self._obey(lost)
                self._check_silence()
                warning = self._absence.warning(self._reader.battery_percent)
                if warning:
                    _log.warning("%s", warning)
                if is_unwanted():
                    await self.stop()
                    raise LinkError(f"Another {self._segment} sensor is looked for.")
        finally:
            lost.cancel()
        raise LinkError(self._absence.why(self._reader.battery_percent))

    async def stop(self) -> None:
        """Have the sensor stop streaming, if it can be told so."""
        if self.is_lost or not self._driver.stop:
            return
        with suppress(LinkError, BluetoothError):
            for write in self._driver.stop:
                await self._write(write)
            await asyncio.sleep(LAST_PACKET_S)

    async def _write(self, write: Write) -> None:
        await self._peer.write(write.channel, write.data, write.service)

    async def _listen(self) -> None:
        for channel in self._driver.channels:
            await self._peer.listen(channel, self._now, self._receiver(channel))

    def _receiver(self, channel: str) -> Callable[[float, bytes], None]:
        def receive(arrived_s: float, data: bytes) -> None:
            packet = RawPacket(self._sensor_id, channel, arrived_s, data)
            if self._capture is not None:
                self._capture.packet(packet)
            told = self._reader.feed(packet)
            if told:
                self._take(told)

        return receive

    async def _obey(self, lost: asyncio.Task[bool]) -> None:
        """The next order, if one comes within a second."""
        order = asyncio.ensure_future(self._orders.get())
        try:
            await asyncio.wait({order, lost}, timeout=1.0, return_when=asyncio.FIRST_COMPLETED)
            if order.done():
                await self._write(order.result())
        finally:
            order.cancel()

    async def _ask(self) -> None:
        """A sensor that does not answer is none the worse for it, as long as it streams."""
        try:
            for write in self._driver.ask:
                await self._write(write)
            for channel in self._driver.reads:
                data = await self._peer.read(channel)
                self._receiver(channel)(self._now(), data)
        except LinkError as error:
            if self.is_lost:
                raise
            _log.info("The %s sensor does not tell its battery (%s).", self._segment, error)

    def _check_silence(self) -> None:
        real_s, session_s = self._heard_s
        if self._reader.heard_s > session_s:
            self._heard_s = self._monotonic(), self._reader.heard_s
        elif self._monotonic() - real_s > SILENCE_S and self._now() - session_s > SILENCE_S:
            raise LinkError(f"The {self._segment} sensor is connected but sends nothing; it is connected anew.")
