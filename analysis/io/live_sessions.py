"""The sessions that the service holds: taken up, told what others left them, found, closed and put away."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from math import inf
from typing import TypeVar

from analysis.breaks.types import BreakRules
from analysis.corrections import CORRECTED
from analysis.errors import SchemaError
from analysis.io.desk_session import DeskSession
from analysis.io.live_session import LiveSession
from analysis.io.patience import Patience
from analysis.io.sources import DESK
from analysis.io.store import Batch, Store, StoredSession
from analysis.model import Event, SessionEnd
from analysis.pipeline import PipelineSettings
from analysis.schema import Samples

CLOSE_S = 3.0  # a wearer's earlier sessions are closed this long after a new one began, unless they still speak
KEEP_S = 3600.0  # a session silent for this long is put away; the journal brings it back

L = TypeVar("L", bound=LiveSession)


class LiveSessions:
    """All that are going on or have been asked about. Times of speaking are real, by the monotonic clock."""

    def __init__(self, store: Store, settings: PipelineSettings, patience: Patience) -> None:
        self.settings = settings  # of sessions that are taken up from now on
        self._store = store
        self._patience = patience
        self._by_id: dict[str, LiveSession] = {}
        self._seen_s: dict[str, float] = {}  # when a session last spoke
        self._newest: dict[str, str] = {}  # session id by wearer
        self._begun_s: dict[str, float] = {}  # by wearer: when a new session began, until the earlier ones are closed

    def __iter__(self) -> Iterator[LiveSession]:
        return iter(list(self._by_id.values()))

    def newest(self, wearer: str) -> LiveSession | None:
        return self._by_id.get(self._newest.get(wearer, ""))

    def find(self, wearer: str, session_id: str) -> LiveSession | None:
        """The session of that id, or the wearer's newest for an empty one."""
        live = self._by_id.get(session_id) if session_id else self.newest(wearer)
        return live if live is not None and live.stored.wearer == wearer else None

    def has_spoken(self, live: LiveSession) -> None:
        self._seen_s[live.stored.session_id] = time.monotonic()

    async def of_samples(self, wearer: str, message: Samples) -> LiveSession:
        """The session of a message. Raises SchemaError where it is another wearer's."""
        live = self._by_id.get(message.session_id)
        if live is None:
            names = (message.session_id, wearer, message.source, message.started_at)
            stored = await self._patience.until_done(lambda: self._store.session(*names))
            if stored.is_new:
                self._begun_s[wearer] = time.monotonic()
            live = await self.take_up(stored)
            live.take_rules(self.settings.breaks, live.newest_s)
            newest = self.newest(wearer)
            if newest is None or newest.stored.source == DESK or newest.stored.started_at <= stored.started_at:
                self._newest[wearer] = message.session_id
        if live.stored.wearer != wearer:
            raise SchemaError("A session cannot change its wearer; restart the bridge.")
        self.has_spoken(live)
        return live

    async def take_up(self, stored: StoredSession) -> LiveSession:
        """From its journal; where there is none yet, told what the wearer's other sessions left for it."""
        return await (self.take_up_desk(stored) if stored.source == DESK else self._taken_up(stored, LiveSession))

    async def take_up_desk(self, stored: StoredSession) -> DeskSession:
        """Likewise, of one without sensors."""
        return await self._taken_up(stored, DeskSession)

    async def _taken_up(self, stored: StoredSession, kind: type[L]) -> L:
        if not stored.is_new:
            self._patience.note = "Catching up with what was measured before."
        live = await self._patience.until_done(lambda: self._rebuilt(stored, kind))
        self._patience.note = ""
        self._by_id[stored.session_id] = live
        if stored.is_new:
            live.take_rules(self.settings.breaks, 0.0)
            await self._carry_postures(live)
            await self._carry_breaks(live)
        return live

    def put_first(self, live: LiveSession) -> None:
        """From now on it is its wearer's newest."""
        self._newest[live.stored.wearer] = live.stored.session_id
        self.has_spoken(live)

    async def wake(self, asleep: Iterable[tuple[str, str]]) -> None:
        """Take up sessions that their wearer has something to say about; (wearer, session id)."""
        for wearer, session_id in asleep:
            stored = await self._patience.until_done(partial(self._store.find, session_id))
            if stored is not None and stored.wearer == wearer:
                self.has_spoken(await self.take_up(stored))

    async def recall(self, batches: Iterable[Batch]) -> None:
        """A correction in one session holds for the session that the wearer is in now."""
        for batch in batches:
            newest = self.newest(batch.session.wearer)
            is_corrected = any(isinstance(told, Event) and told.kind == CORRECTED for told in batch.outputs)
            if is_corrected and newest is not None and newest.stored.session_id != batch.session.session_id:
                await self._carry_postures(newest)

    async def close_earlier(self) -> None:
        """Close what a bridge left open that was cut off: who wears a new session has ended the old ones."""
        long_ago_s = time.monotonic() - CLOSE_S
        for wearer in [wearer for wearer, begun_s in self._begun_s.items() if begun_s < long_ago_s]:
            del self._begun_s[wearer]
            for stored in await self._patience.until_done(partial(self._store.unfinished, wearer)):
                session_id = stored.session_id
                if session_id == self._newest.get(wearer) or self._seen_s.get(session_id, -inf) > long_ago_s:
                    continue
                live = self._by_id.get(session_id) or await self.take_up(stored)
                self.has_spoken(live)
                live.add(SessionEnd(live.newest_s))

    def take_rules(self, rules: BreakRules) -> None:
        """The wearer has set other breaks: they hold from now on, in every session."""
        self.settings = replace(self.settings, breaks=rules)
        for live in self:
            if live.goes_on:
                live.take_rules(rules, live.present_s(time.monotonic()))

    def put_away(self) -> None:
        """Those that have been silent for long."""
        for session_id, seen_s in list(self._seen_s.items()):
            live = self._by_id.get(session_id)
            if time.monotonic() - seen_s > KEEP_S and live is not None and not live.has_work:
                del self._by_id[session_id], self._seen_s[session_id]

    async def _carry_postures(self, live: LiveSession) -> None:
        """Tell a session what its wearer has shown in others, unless it knows."""
        names = (live.stored.wearer, live.stored.session_id)
        live.carry_postures(await self._patience.until_done(partial(self._store.shown_postures, *names)))

    async def _carry_breaks(self, live: LiveSession) -> None:
        """Tell a new session how far the clocks of breaks had run in the one before."""
        names = (live.stored.wearer, live.stored.session_id)
        memory = await self._patience.until_done(partial(self._store.break_memory, *names))
        if memory is not None:
            live.add(replace(memory, at_s=0.0))

    def _rebuilt(self, stored: StoredSession, kind: type[L]) -> L:
        """A fresh one each time: half a journal must not be fed twice."""
        live = kind(stored, self.settings)
        if not stored.is_new:
            live.rebuild(self._store.journal(stored))
        return live
