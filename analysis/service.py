"""Samples on MQTT in, posture, events and prompts out; live.

Read, feed, write, and only then confirm. Everything that is fed is journalled in the order it is fed.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial

from analysis import schema
from analysis.errors import BrokerError, PostureError, SchemaError, StoreError
from analysis.io.announcing import Announcer
from analysis.io.asking_bridge import BridgeQuestions
from analysis.io.commands import CommandDesk
from analysis.io.desk_fallback import DeskFallback, handed_over
from analysis.io.journal import is_storable
from analysis.io.live_session import LiveSession, Verdict
from analysis.io.live_sessions import LiveSessions
from analysis.io.mqtt import Connection, MqttAddress, Received
from analysis.io.notify import Means, Notifier
from analysis.io.notifying import Notifying
from analysis.io.outputs import Delivered
from analysis.io.patience import GivenUpError, Patience
from analysis.io.rules_file import RulesFile
from analysis.io.settings import NotifySettings
from analysis.io.sources import RADIO
from analysis.io.store import Batch, Store, StoredSession
from analysis.io.watching import Watching
from analysis.pipeline import PipelineSettings
from analysis.schema import Command, Reply, Samples, Status, Stored

COMMIT_S = 0.2  # between two commits at the pace of real time
BUSY_COMMIT_S = 0.05  # when data come faster than that, or somebody may rise from a prompt
BUSY = 10  # messages in one cycle; two sensors in real time send two
MOST = 1000
IDLE_S = 0.25
STATUS_S = 1.0
WATCH_S = 1.0
REREAD_S = 1.0
BROKER_S = 5.0
STATUS_STORE_S = 0.5  # statuses are written at most this often, and every IDLE_STATUS_S at least
IDLE_STATUS_S = 2.0
FORGET_S = 86400.0
_LATEST = 32503680000.0  # the year 3000: a session that says it began later has no time of day

_log = logging.getLogger(__name__)


def connect(address: MqttAddress, wearer: str) -> Connection:
    """The service's connection, with the last will that tells it is gone."""
    gone = Status(part="service", online=False, at=0.0)
    return Connection(address, "upstand-service", (schema.topic(wearer, "status", "service"), schema.encode(gone)))


class Service:
    """`store` and `connection` belong to the caller; the connection is entered and left by `run`."""

    def __init__(
        self,
        store: Store,
        connection: Connection,
        pipeline_settings: PipelineSettings,
        notifiers: Mapping[str, Notifier],
        *,
        wearer: str = "me",
        raw_days: int | None = None,
        watching: Watching | None = None,
        alone: bool = False,
        rules_file: RulesFile | None = None,
        notify: NotifySettings = NotifySettings(),  # noqa: B008 - it is frozen
        now: Callable[[], float] = time.time,
    ) -> None:
        """`alone`: while no sensor is worn, the wearer's breaks are counted by what `watching` sees."""
        self.bad_messages = 0
        self._store = store
        self._connection = connection
        self._rules_file = rules_file
        self._notify = notify
        self._notifying = Notifying(notifiers, self._means_for, now)
        self._questions = BridgeQuestions(connection)
        self._wearer = wearer
        self._raw_days = raw_days
        self._now = now
        self._patience = Patience()
        self._sessions = LiveSessions(store, pipeline_settings, self._patience)
        desk = (self._sessions, store, self._patience, wearer)
        self._at_desk = None if watching is None else DeskFallback(*desk, watching, alone=alone)
        self._announcers: dict[str, Announcer] = {}
        self._desk = CommandDesk()
        self._statuses: dict[tuple[str, str], Status] = {}
        self._statuses_at_s = float("-inf")
        self._bad_kinds: set[str] = set()

    @property
    def note(self) -> str:
        """What a person should know or do; empty when all is well."""
        return self._patience.note or (self._rules_file.note if self._rules_file is not None else "")

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`. Raises PostureError where another service writes to the same store."""
        self._patience.stop = stop
        async with self._connection:
            for part in ("samples/+", "status/+", "commands/service", "replies/+"):
                await self._connection.subscribe(schema.topic("+", *part.split("/")))
            chores = [
                asyncio.create_task(chore)
                for chore in (self._beat(), self._forget(), self._miss_broker(), self._watch(), self._reread())
            ]
            try:
                await self._work(chores)
            except GivenUpError:
                _log.warning("stopped with unwritten blocks; the bridge keeps them and sends them again")
            finally:
                for chore in chores:
                    chore.cancel()
                await asyncio.gather(*chores, return_exceptions=True)
                await self._notifying.close()
                self._say_status(online=False)
                with suppress(StoreError):
                    delivered = self._notifying.take_delivered()
                    await asyncio.to_thread(self._store.write, [], statuses=self._statuses, deliveries=delivered)

    async def _work(self, chores: list[asyncio.Task[None]]) -> None:
        while not self._patience.stop.is_set():
            received = await self._connection.receive(IDLE_S, MOST)
            begun_s = time.monotonic()
            await self._cycle(received)
            for chore in chores:
                if chore.done():
                    chore.result()  # raises what ended it
            if received:
                is_hasty = len(received) >= BUSY or any(live.is_asked for live in self._sessions)
                pause_s = BUSY_COMMIT_S if is_hasty else COMMIT_S
                await asyncio.sleep(max(0.0, begun_s + pause_s - time.monotonic()))
        await self._cycle(await self._connection.receive(0.0, MOST))

    async def _beat(self) -> None:
        """Tell every second that the service runs, and put silent sessions away."""
        while True:
            self._say_status(online=True)
            self._sessions.put_away()
            await asyncio.sleep(STATUS_S)

    async def _watch(self) -> None:
        """Tell the wearer's own session what the computer sees; as long as it does, the session is not put away."""
        while self._at_desk is not None:
            await self._at_desk.watch()
            await asyncio.sleep(WATCH_S)

    async def _reread(self) -> None:
        """Take up what is changed in the settings file."""
        while self._rules_file is not None:
            rules = self._rules_file.changed()
            if rules is not None:
                self._sessions.take_rules(rules)
            await asyncio.sleep(REREAD_S)

    async def _miss_broker(self) -> None:
        """Say once that there is no broker; the connection goes on trying."""
        try:
            await self._connection.wait_connected(BROKER_S)
        except BrokerError as error:
            _log.warning("%s", error)

    def _say_status(self, *, online: bool) -> None:
        for wearer in {self._wearer, *(live.stored.wearer for live in self._sessions)}:
            newest = self._sessions.newest(wearer)
            status = Status(
                part="service",
                online=online,
                at=self._now(),
                source=newest.stored.source if newest else "",
                session_id=newest.stored.session_id if newest else "",
                note=self.note,
                bad_messages=self.bad_messages,
            )
            self._statuses[wearer, "service"] = status
            if self._connection.connected:  # an old status is worth nothing later
                topic = schema.topic(wearer, "status", "service")
                self._connection.publish(topic, schema.encode(status), qos=1, retain=True)

    async def _forget(self) -> None:
        """Once a day, delete raw blocks and frames that are old enough."""
        while self._raw_days is not None:
            with suppress(StoreError):  # the next block will tell
                await asyncio.to_thread(self._store.forget_before, self._now() - 86400.0 * self._raw_days)
            await asyncio.sleep(FORGET_S)
        await asyncio.Event().wait()

    async def _cycle(self, received: list[Received]) -> None:
        for message in received:
            try:
                await self._take(message)
            except SchemaError as error:
                self._bad(message.topic, error)
        await self._sessions.wake(self._desk.asleep(self._sessions.find))
        self._desk.carry_out(self._sessions.find, time.monotonic())
        await self._sessions.close_earlier()
        await self._commit()
        if self._at_desk is not None:
            await self._at_desk.attend()

    async def _take(self, message: Received) -> None:
        wearer, *parts = schema.parts_of(message.topic)
        schema.topic(wearer)  # raises for a name that is none
        match parts:
            case ["samples", segment]:
                await self._take_samples(wearer, segment, message.payload)
            case ["status", "bridge" as part]:
                self._statuses[wearer, part] = schema.decode(message.payload, Status)
            case ["commands", "service"]:
                self._desk.take(wearer, schema.decode(message.payload, Command), time.monotonic())
            case ["replies", _]:
                self._questions.answered(schema.decode(message.payload, Reply))

    def _bad(self, topic: str, error: SchemaError) -> None:
        self.bad_messages += 1
        kind = topic.rsplit("/", 2)[-2] if "/" in topic else topic
        if kind not in self._bad_kinds:
            self._bad_kinds.add(kind)
            _log.warning("%s: %s (more of this kind are only counted)", topic, error)

    async def _take_samples(self, wearer: str, segment: str, payload: bytes) -> None:
        message = schema.decode(payload, Samples)
        block = schema.block_of(message)
        if message.segment != segment or not is_storable(message):
            raise SchemaError("A Samples message contradicts its topic or itself; update the bridge.")
        live = await self._sessions.of_samples(wearer, message)
        if live.judge(block.segment, block.seq, time.monotonic()) is not Verdict.NEXT:
            return
        await self._relieve_desk(live, float(block.t[0]))
        if not live.knows_sensor(block.segment, block.sensor_id):
            sensor = (wearer, block.segment, block.sensor_id)
            calibration = await self._patience.until_done(lambda: self._store.newest_calibration(*sensor))
            if calibration is not None:
                live.carry_over(calibration)
        live.add_block(block, payload)
        utc_s = self._now() if live.stored.source == RADIO else live.stored.started_at + live.newest_s
        if 0.0 < utc_s < _LATEST:
            live.anchor(utc_s, float(time.localtime(utc_s).tm_gmtoff))

    async def _relieve_desk(self, live: LiveSession, from_s: float) -> None:
        """From its first samples on, a session of sensors counts what the desk has counted so far."""
        desk = self._at_desk.relieve(live) if self._at_desk is not None else None
        if desk is not None:
            await self._commit()
            handed_over(desk, live, from_s)

    async def _commit(self) -> None:
        """Feed and write all that waits in one transaction, then tell the world."""
        lives = [live for live in self._sessions if live.has_work]
        batches = [live.take() for live in lives]
        waited_s = time.monotonic() - self._statuses_at_s
        statuses: dict[tuple[str, str], Status] = {}
        if self._statuses and waited_s >= (STATUS_STORE_S if batches else IDLE_STATUS_S):
            statuses, self._statuses = self._statuses, {}
            self._statuses_at_s = time.monotonic()
        told = self._notifying.take_delivered()
        if batches or statuses or told:
            await self._patience.until_done(lambda: self._write(batches, statuses, told))
        await self._sessions.recall(batches)
        for live in self._sessions:
            if live.touched:
                self._confirm(live)
        for batch in batches:
            self._announce(batch)
        for wearer, reply in self._desk.take_replies():
            self._connection.publish(schema.topic(wearer, "replies", reply.id), schema.encode(reply), qos=1)

    def _write(self, batches: list[Batch], statuses: dict[tuple[str, str], Status], told: list[Delivered]) -> None:
        if self._store.write(batches, statuses=statuses, deliveries=told):
            raise PostureError("Another service writes to the same store; stop one of the two.")

    def _confirm(self, live: LiveSession) -> None:
        for segment, seq in live.committed().items():
            stored = Stored(session_id=live.stored.session_id, segment=segment, seq=seq)
            self._connection.publish(schema.topic(live.stored.wearer, "stored", segment), schema.encode(stored), qos=1)

    def _announce(self, batch: Batch) -> None:
        wearer = batch.session.wearer
        announcer = self._announcers.setdefault(wearer, Announcer(wearer))
        announcer.announce(self._connection, batch.session.session_id, batch.outputs, time.monotonic())
        self._notifying.notify(batch)

    def _means_for(self, session: StoredSession) -> Means:
        wearer = session.wearer
        return Means(
            self._notify,
            self._sessions.settings.breaks,
            session.session_id,
            partial(self._questions.ask, wearer),
            lambda command: self._desk.take(wearer, command, time.monotonic()),
        )
