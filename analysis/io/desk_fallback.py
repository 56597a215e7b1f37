"""Who counts breaks while no sensor does: begins the session of the desk, takes it up again, and hands over."""

from __future__ import annotations

import uuid
from dataclasses import replace
from functools import partial

from analysis.breaks.types import Clock
from analysis.io.desk_session import DeskSession
from analysis.io.live_session import LiveSession
from analysis.io.live_sessions import KEEP_S, LiveSessions
from analysis.io.patience import Patience
from analysis.io.sources import DESK
from analysis.io.store import Store
from analysis.io.watching import Watching
from analysis.model import SessionEnd


class DeskFallback:
    """Of the one person at this desk. It begins once keys or mouse are used, for until then nobody is there.

    Not `alone`: it tells a session of sensors what the computer sees, and begins none of its own.
    """

    def __init__(
        self,
        sessions: LiveSessions,
        store: Store,
        patience: Patience,
        wearer: str,
        watching: Watching,
        *,
        alone: bool,
    ) -> None:
        self._sessions = sessions
        self._store = store
        self._patience = patience
        self._wearer = wearer
        self._watching = watching
        self._is_alone = alone
        self._desk: DeskSession | None = None

    async def watch(self) -> None:
        """Look at the desk, and tell what has changed; every second or so."""
        await self._watching.step(self.own_session)

    def own_session(self) -> LiveSession | None:
        """That of the person at this desk, and of nobody simulated; as long as it is asked for, it is not put away."""
        live = self._sessions.newest(self._wearer)
        if live is None or not live.stored.is_of_a_person or live.is_over:
            return None
        self._sessions.has_spoken(live)
        return live

    async def attend(self) -> None:
        """Where somebody is at the desk and no session tells their breaks, begin one, or go on with the last."""
        if not self._is_alone or self.own_session() is not None or not self._is_wanted:
            return
        clocks = self._watching.clocks
        now_s, utc_s = clocks.monotonic(), clocks.utc()
        desk = await self._last()
        if desk is not None and not desk.is_over and desk.gap_s(utc_s) < KEEP_S:
            desk.go_on(now_s, utc_s, clocks.offset(utc_s))
            desk.take_rules(self._sessions.settings.breaks, desk.newest_s)
        else:
            if desk is not None and not desk.is_over:
                desk.add(SessionEnd(desk.newest_s))
            desk = await self._new(utc_s)
            desk.begin(now_s)
            desk.anchor_anew(0.0, utc_s, clocks.offset(utc_s))
        self._desk = desk
        self._sessions.put_first(desk)

    def relieve(self, live: LiveSession) -> DeskSession | None:
        """End the session of the desk, for `live` has samples of the same person; what was ended is to be written."""
        desk = self._desk
        if desk is None or desk.is_over or not live.has_sensors or live.stored.wearer != self._wearer:
            return None
        desk.add(SessionEnd(desk.present_s(self._watching.clocks.monotonic())))
        self._desk = None
        return desk

    @property
    def _is_wanted(self) -> bool:
        """Also where nobody can tell whether the keys are used, if a break goes by the clock on the wall alone."""
        types = self._sessions.settings.breaks.types
        return self._watching.sees_use or (
            not self._watching.knows_use and any(one.clock is Clock.WALL for one in types)
        )

    async def _last(self) -> DeskSession | None:
        stored = await self._patience.until_done(partial(self._store.newest_by_desk, self._wearer))
        if stored is None:
            return None
        live = self._sessions.find(self._wearer, stored.session_id)
        return live if isinstance(live, DeskSession) else await self._sessions.take_up_desk(stored)

    async def _new(self, utc_s: float) -> DeskSession:
        names = (f"desk-{uuid.uuid4().hex}", self._wearer, DESK, utc_s)
        return await self._sessions.take_up_desk(await self._patience.until_done(lambda: self._store.session(*names)))


def handed_over(desk: DeskSession, live: LiveSession, from_s: float) -> None:
    """Tell a session of sensors, whose samples go on at `from_s`, where the clocks stand as the desk counted them.

    Not one that goes on before the desk began: what came late (the service was away) tells all that time itself.
    """
    if desk.memory is not None and live.stored.started_at + from_s >= desk.stored.started_at:
        live.add(replace(desk.memory, at_s=live.newest_s))
