"""One sensor's life: find it, connect, read it, lose it, and begin again."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

import msgspec

from analysis.break_flow import Buzz
from analysis.lacks import ROUGH
from analysis.model import Segment
from analysis.schema import LinkStatus, Samples
from firmware_bridge.absence import Absence, RateMeter
from firmware_bridge.backoff import Backoff
from firmware_bridge.ble import BluetoothError, LinkError, Sighting
from firmware_bridge.capture import Capture, Opened
from firmware_bridge.choose import Chosen
from firmware_bridge.driver import Driver, Gesture, Write
from firmware_bridge.numbering import Session
from firmware_bridge.radio import Connected, Radio
from firmware_bridge.reader import Reader, Told
from firmware_bridge.talk import Talk

SEARCH_S = 8.0

_log = logging.getLogger(__name__)

Choose = Callable[[Sequence[Sighting], bool], Chosen | None]  # (what is there, whether a new one is looked for)


class Link:
    """Keeps one segment's sensor streaming until cancelled.

    `choose` picks the sensor from what is on the air until one has been found; from then on it is the same device
    until `swap` is asked for. `out` takes the blocks in order, `changed` hears that the status is another one and
    `gestured` what the wearer asks by tapping.
    """

    def __init__(
        self,
        segment: Segment,
        choose: Choose,
        *,
        chosen: Chosen | None,
        session: Session,
        rate_hz: float,
        radio: Radio,
        now: Callable[[], float],
        out: Callable[[Samples], None],
        changed: Callable[[], None],
        gestured: Callable[[Gesture], None] = lambda _gesture: None,
        rng: Random,
        capture: Capture | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.segment = segment
        self.chosen = chosen
        self.problem = ""  # one sentence; empty while all is well
        self._choose = choose
        self._session = session
        self._wished_hz = rate_hz
        self._radio = radio
        self._now = now
        self._out = out
        self._changed = changed
        self._gestured = gestured
        self._backoff = Backoff(rng)
        self._capture = capture
        self._monotonic = monotonic
        self._state = "searching"
        self._fresh = chosen is not None  # sighted a moment ago: no need to search before connecting
        self._talk: Talk | None = None
        self._reader: Reader | None = None
        self._finished: Reader | None = None  # of the sensor worn here before this one
        self._absence = Absence(segment, monotonic)
        self._is_swapping = False
        self._rate = RateMeter()

    @property
    def sensor_id(self) -> str:
        return self.chosen.sighting.address if self.chosen else ""

    def status(self) -> LinkStatus:
        told = LinkStatus(
            segment=self.segment,
            sensor_id=self.sensor_id,
            name=self.chosen.sighting.name if self.chosen else "",
            family=self.chosen.driver.family if self.chosen else "",
            state=self._state,
            losses=self._absence.losses,
            away_s=round(self._absence.away_s, 1),
            lacks=list(self.chosen.driver.lacks) if self.chosen else [],
        )
        reader = self._reader
        if reader is None:
            return told
        return msgspec.structs.replace(
            told,
            rate_hz=round(self._rate.hz(self._now(), reader.samples), 2),
            samples=reader.samples,
            lost=reader.lost,
            bad_packets=reader.bad_packets,
            battery_percent=reader.battery_percent,
            clock_residual_ms=reader.clock_residual_ms,
            worn=reader.is_worn,
        )

    async def run(self) -> None:
        """Until cancelled; then the sensor is stopped and what was held back is told."""
        try:
            while True:
                try:
                    await self._live_once()
                except (LinkError, BluetoothError) as error:
                    self._tell_problem(str(error))
                if self._reader is not None:
                    self._absence.lost()
                self._enter("lost" if self._reader else "searching")
                await asyncio.sleep(self._backoff.next_s())
        finally:
            if self._reader is not None:
                self._take(self._reader.finish())

    def buzz(self, pattern: Buzz | None = None) -> str:
        """Have the sensor buzz, in a pattern where it has one; returns why it cannot, in one sentence, or nothing."""
        return self._order(lambda driver: driver.patterns.get(pattern, driver.buzz) if pattern else driver.buzz, "buzz")

    def identify(self) -> str:
        """Have the sensor show which one it is; returns why it cannot, in one sentence, or nothing."""
        return self._order(lambda driver: driver.identify, "show itself")

    @property
    def news(self) -> str:
        """A sentence about what has lately got well again, and one about what it still waits for, or nothing."""
        reader = self._reader if self._state == "streaming" else None
        refill = reader.refill.sentence(self.segment) if reader else ""
        return " ".join(told for told in (self._absence.news, refill) if told)

    def swap(self) -> str:
        """Look for another sensor to be worn here; returns why that cannot be, in one sentence, or nothing."""
        if self.chosen is None:
            return f"No {self.segment} sensor has been found yet; switch one on."
        self._is_swapping = True
        return ""

    def _order(self, writes_of: Callable[[Driver], tuple[Write, ...]], what: str) -> str:
        if self.chosen is None or self._talk is None or self._talk.is_lost:
            return f"The {self.segment} sensor is not connected; wait until it is."
        writes = writes_of(self.chosen.driver)
        if not writes:
            return f"The {self.segment} sensor cannot {what}: a {self.chosen.driver.family} sensor has no means to."
        for write in writes:
            self._talk.order(write)
        return ""

    async def _live_once(self) -> None:
        """From finding the sensor to losing it. Raises LinkError and BluetoothError."""
        chosen = await self._find()
        self._enter("connecting")
        peer = await self._radio.connect(chosen.sighting)
        try:
            await self._stream(chosen, peer)
        except asyncio.CancelledError:
            if self._talk is not None:
                await self._talk.stop()
            raise
        finally:
            self._talk = None
            await peer.leave()

    async def _find(self) -> Chosen:
        if self.chosen is not None and self._fresh:
            self._fresh = False
            return self.chosen
        self._enter("lost" if self._reader else "searching")
        sightings = await self._radio.scan(SEARCH_S, lambda seen: self._pick(seen) is not None)
        chosen = self._pick(sightings)
        if self._is_swapping:
            self._is_swapping = False
            chosen = chosen or self._pick(sightings)  # the same one goes on where there is no other
        if chosen is None:
            where = f"The {self.segment} sensor"
            raise LinkError(f"{where} is not in sight; switch it on, charge it, or bring it nearer.")
        self._take_up(chosen)
        return chosen

    def _take_up(self, chosen: Chosen) -> None:
        if self.chosen is not None and self._reader is not None and self.sensor_id != chosen.sighting.address:
            self._take(self._reader.finish())
            self._finished, self._reader = self._reader, None
            _log.info("%s takes the place of %s.", chosen.sighting.name, self.chosen.sighting.name)
        self.chosen = chosen

    def _pick(self, sightings: Sequence[Sighting]) -> Chosen | None:
        if self.chosen is None:
            return self._choose(sightings, False)
        if self._is_swapping:
            return self._choose([seen for seen in sightings if seen.address != self.sensor_id], True)
        for sighting in sightings:
            if sighting.address == self.chosen.sighting.address:
                known = self.chosen.sighting  # the name may be missing this time
                return replace(self.chosen, sighting=replace(sighting, name=sighting.name or known.name))
        return None

    async def _stream(self, chosen: Chosen, peer: Connected) -> None:
        driver = chosen.driver
        rate_hz = driver.nearest_rate(self._wished_hz)
        if self._reader is None:
            self._reader = Reader(driver, self._session, self.sensor_id, self.segment, rate_hz, after=self._finished)
        reader = self._reader
        if self._capture:
            self._capture.opened(Opened(self.sensor_id, driver.family, self.segment, rate_hz, self._now()))
        self._talk = talk = Talk(
            self.segment,
            driver,
            peer,
            reader,
            absence=self._absence,
            now=self._now,
            monotonic=self._monotonic,
            take=self._take,
            sensor_id=self.sensor_id,
            capture=self._capture,
        )
        self._take(reader.opened())
        await talk.begin(rate_hz)
        self._backoff.reset()
        self._tell_problem("")
        self._log_streaming(chosen)
        self._enter("streaming")
        await talk.serve(lambda: self._is_swapping)

    def _log_streaming(self, chosen: Chosen) -> None:
        name = chosen.sighting.name
        told = self._absence.streams(name)
        if told:
            _log.info("%s", told)
        _log.info("%s (%s) is the %s sensor.", name, self.sensor_id, self.segment)
        if not chosen.driver.has_gyroscope:
            _log.warning("%s has no gyroscope: %s.", name, ROUGH)

    def _take(self, told: Sequence[Told]) -> None:
        for item in told:
            if isinstance(item, Samples):
                self._out(item)
            elif isinstance(item, Write):
                if self._talk is not None:
                    self._talk.order(item)
            elif isinstance(item, Gesture):
                self._gestured(item)
            else:
                _log.warning("%s Further ones of this kind are only counted.", item)

    def _enter(self, state: str) -> None:
        if state != self._state:
            self._state = state
            self._changed()

    def _tell_problem(self, problem: str) -> None:
        if problem != self.problem:
            self.problem = problem
            if problem:
                _log.warning("%s", problem)
            self._changed()
