"""From two sensors to the broker: the links, the publisher, the status, and the commands."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random

from analysis import schema
from analysis.break_flow import BreakAct
from analysis.errors import SchemaError
from analysis.io.mqtt import Connection, Received
from analysis.io.settings import SensorSettings
from analysis.model import Segment, Stance
from analysis.schema import Command, Reply, Status, Stored
from firmware_bridge.ble import Sighting
from firmware_bridge.capture import Capture
from firmware_bridge.choose import Chosen, choose
from firmware_bridge.described import all_drivers
from firmware_bridge.driver import Gesture
from firmware_bridge.link import Link
from firmware_bridge.numbering import Session
from firmware_bridge.outbox import Outbox
from firmware_bridge.publisher import Publisher
from firmware_bridge.radio import Radio, Radios
from firmware_bridge.spool import Spool
from firmware_bridge.udp import SlimeVr

PART = "bridge"
STATUS_S = 1.0  # real seconds
LAST_WORDS_S = 5.0  # real seconds for the last blocks to be confirmed on leaving

_log = logging.getLogger(__name__)


def will(wearer: str) -> tuple[str, bytes]:
    """(topic, payload) of the last will: what the broker says, retained, when the bridge vanishes."""
    gone = Status(part=PART, online=False, at=0.0, note="The bridge is not running; start it with `upstand run`.")
    return schema.topic(wearer, "status", PART), schema.encode(gone)


class Bridge:
    """One session: from `run` to its end.

    `now` gives seconds since the session's start and `started_at` that start in s since the Unix epoch (UTC);
    both may be of virtual time. `monotonic` and `utc` are real. `connection` must have been entered, with `will`.
    """

    def __init__(
        self,
        wearer: str,
        wishes: SensorSettings,
        connection: Connection,
        ble: Radio,
        now: Callable[[], float],
        started_at: float,
        session_id: str,
        source: str,
        note: str,
        spool_dir: Path,
        capture_path: Path | None = None,
        *,
        rng: Random | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        utc: Callable[[], float] = time.time,
    ) -> None:
        self._wearer = wearer
        self._wishes = {Segment.PELVIS: wishes.pelvis, Segment.LUMBAR: wishes.lumbar}
        self._rate_hz = float(wishes.rate_hz)
        self._connection = connection
        wants_trackers = any(wish.lower().startswith("slimevr") for wish in self._wishes.values())
        self._trackers = SlimeVr() if wants_trackers else None
        self._radio: Radio = Radios((ble, self._trackers)) if self._trackers else ble
        self._now = now
        self._session = Session(session_id, started_at, source)
        self._note = note
        self._capture = Capture(capture_path, session_id, started_at) if capture_path else None
        self._rng = rng or Random()
        self._monotonic = monotonic
        self._utc = utc
        self._drivers = all_drivers(wishes.described)
        self._publisher = Publisher(wearer, connection, Outbox(), Spool(spool_dir / f"{wearer}.spool"), monotonic)
        self._found: dict[Segment, Chosen] = {}
        self._links: list[Link] = []
        self._changed = asyncio.Event()
        self._bad_messages = 0

    async def find(self, timeout_s: float) -> list[Chosen]:
        """Look for the sensors, at most this long. Raises BluetoothError, a PostureError."""
        sightings = await self._radio.scan(timeout_s, lambda seen: len(self._chosen(seen)) == len(Segment))
        self._found = self._chosen(sightings)
        if self._trackers and not self._found:
            await self._trackers.close()
        return list(self._found.values())

    async def wait_below(self, blocks: int) -> None:
        """Return once fewer than `blocks` wait to be stored: the brake of a fast replay."""
        await self._publisher.wait_below(blocks)

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; then what was measured is told, and waited for as long as LAST_WORDS_S."""
        restored = self._publisher.restore()
        if restored:
            _log.info("%d blocks of an earlier run are sent again.", restored)
        for part in ("stored/+", f"commands/{PART}"):
            await self._connection.subscribe(schema.topic(self._wearer, *part.split("/")))
        self._links = [self._link(segment) for segment in Segment]
        try:
            async with asyncio.TaskGroup() as others:
                tasks = [others.create_task(work) for work in (self._publisher.run(), self._listen(), self._report())]
                async with asyncio.TaskGroup() as links:
                    running = [links.create_task(link.run()) for link in self._links]
                    await stop.wait()
                    for task in running:
                        task.cancel()
                with suppress(TimeoutError):
                    async with asyncio.timeout(LAST_WORDS_S if self._connection.connected else 0.0):
                        await self._publisher.wait_below(1)
                for task in tasks:
                    task.cancel()
        finally:
            self._publisher.close()
            if self._trackers:
                await self._trackers.close()
            if self._capture:
                self._capture.close()
            self._publish_status(online=False)

    def _link(self, segment: Segment) -> Link:
        return Link(
            segment,
            lambda seen, anew: self._chosen(seen, anew=segment if anew else None).get(segment),
            chosen=self._found.get(segment),
            session=self._session,
            rate_hz=self._rate_hz,
            radio=self._radio,
            now=self._now,
            out=self._publisher.put,
            changed=self._changed.set,
            gestured=self._pass_on,
            rng=self._rng,
            capture=self._capture,
            monotonic=self._monotonic,
        )

    def _chosen(self, sightings: Sequence[Sighting], *, anew: Segment | None = None) -> dict[Segment, Chosen]:
        """Who is who, leaving alone what links already hold but that of `anew`."""
        held = {link.segment: link.sensor_id for link in self._links if link.chosen and link.segment is not anew}
        wishes = {segment: held.get(segment) or self._wishes[segment] for segment in Segment}
        return choose(sightings, self._drivers, wishes)

    async def _listen(self) -> None:
        async for received in self._connection.messages():
            try:
                self._hear(received)
            except SchemaError as error:
                if not self._bad_messages:
                    _log.warning("%s", error)
                self._bad_messages += 1

    def _hear(self, received: Received) -> None:
        _wearer, *parts = schema.parts_of(received.topic)
        if parts[0] == "stored":
            self._publisher.stored(schema.decode(received.payload, Stored))
        elif parts[0] == "commands":
            command = schema.decode(received.payload, Command)
            reply = self._obey(command)
            topic = schema.topic(self._wearer, "replies", command.id)
            self._connection.publish(topic, schema.encode(reply), qos=1)

    def _obey(self, command: Command) -> Reply:
        actions: dict[str, Callable[[Link], str]] = {
            "buzz": lambda link: link.buzz(command.pattern),
            "identify": Link.identify,
            "swap": Link.swap,
        }
        act = actions.get(command.action)
        if act is None:
            return Reply(id=command.id, ok=False, message=f"The bridge does not know {command.action!r}; update it.")
        links = [link for link in self._links if command.segment in (None, link.segment)]
        for link in links:
            told = act(link)
            if told:
                return Reply(id=command.id, ok=False, message=told)
        return Reply(id=command.id, ok=True, message="Done.")

    def _pass_on(self, gesture: Gesture) -> None:
        """What the wearer asks by tapping, as a button on the page would ask it."""
        command_id = f"{self._rng.getrandbits(64):016x}"
        session_id = self._session.session_id
        if gesture is Gesture.CALIBRATE:
            command = Command(id=command_id, action="calibrate", session_id=session_id, stance=Stance.SITTING)
        else:
            command = Command(id=command_id, action="break", session_id=session_id, act=BreakAct.POSTPONE)
        _log.info("The wearer tapped on a sensor: %s.", gesture)
        self._connection.publish(schema.topic(self._wearer, "commands", "service"), schema.encode(command), qos=1)

    async def _report(self) -> None:
        while True:
            self._publish_status(online=True)
            if self._capture:
                self._capture.flush()
            self._changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(STATUS_S):
                    await self._changed.wait()

    def _publish_status(self, *, online: bool) -> None:
        status = Status(
            part=PART,
            online=online,
            at=self._utc(),
            source=self._session.source,
            session_id=self._session.session_id,
            note=self._notes(),
            links=[link.status() for link in self._links],
            waiting_blocks=self._publisher.waiting,
            bad_messages=self._bad_messages,
        )
        topic = schema.topic(self._wearer, "status", PART)
        self._connection.publish(topic, schema.encode(status), qos=1, retain=True)

    def _notes(self) -> str:
        """What a person should know, most lasting first."""
        notes = [self._note, self._publisher.problem, self._capture.problem if self._capture else ""]
        for link in self._links:
            notes += [link.problem, link.news]
            if link.chosen and link.chosen.is_guess:
                sighting = link.chosen.sighting
                notes.append(
                    f"{sighting.name} ({sighting.address}) is taken for the {link.segment} sensor by its address alone;"
                    f" if that is wrong, set sensors.{link.segment} in upstand.toml."
                )
        return " ".join(note for note in notes if note)
