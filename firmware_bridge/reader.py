"""One sensor's packets → numbered blocks: its parser and its assembler together. A core, for live and for captures."""

from __future__ import annotations

from analysis.model import Segment
from analysis.schema import Samples
from firmware_bridge.assemble import Assembler, assembler
from firmware_bridge.driver import Battery, Behind, Driver, Gesture, Item, Run, Worn, Write
from firmware_bridge.errors import PacketError
from firmware_bridge.numbering import Session
from firmware_bridge.packet import RawPacket
from firmware_bridge.refill import Refill

Told = Samples | Write | Gesture | PacketError


class Reader:
    """Lives as long as the session, over losses of the link.

    Returns blocks, what is to be written to the sensor, what the wearer asks by it, and of bad packets the first of
    each kind; all bad ones are counted.
    """

    def __init__(
        self,
        driver: Driver,
        session: Session,
        sensor_id: str,
        segment: Segment,
        rate_hz: float,
        *,
        after: Reader | None = None,
    ) -> None:
        """`after` is finished: the reader of the sensor that was worn here before."""
        self.samples = 0
        self.bad_packets = 0
        self.battery_percent: int | None = None
        self.is_worn: bool | None = None
        self.heard_s = 0.0  # arrival of the last sample
        self.refill = Refill()
        self._parser = driver.parser(sensor_id, rate_hz)
        self._assembler: Assembler = assembler(
            driver, session, sensor_id, segment, rate_hz, after=after._assembler if after else None
        )
        self._bad_kinds: set[str] = set()

    @property
    def lost(self) -> int:
        return self._assembler.lost

    @property
    def clock_residual_ms(self) -> float | None:
        return self._assembler.fit.residual_ms

    def opened(self) -> list[Told]:
        """A link has just been made, the first or a later one."""
        return [*self._assembler.opened(), *self._take(self._parser.opened())]

    def feed(self, packet: RawPacket) -> list[Told]:
        return self._take(self._parser.feed(packet))

    def finish(self) -> list[Told]:
        """Nothing more will come: what was held back."""
        return [*self._take(self._parser.finish()), *self._assembler.finish()]

    def _take(self, items: list[Item]) -> list[Told]:
        told: list[Told] = []
        for item in items:
            if isinstance(item, Run):
                self.samples += item.n
                self.heard_s = item.arrived_s
                told += self._assembler.feed(item)
            elif isinstance(item, Write | Gesture):
                told.append(item)
            elif isinstance(item, Battery):
                self.battery_percent = item.percent
            elif isinstance(item, Worn):
                self.is_worn = item.worn
            elif isinstance(item, Behind):
                self.refill.feed(item)
            else:
                self.bad_packets += 1
                if item.kind not in self._bad_kinds:
                    self._bad_kinds.add(item.kind)
                    told.append(item)
        return told
