"""Tells the wearer's session how the desk is, when the computer slept, and when the clock on the wall was set."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from analysis.break_flow import PromptState
from analysis.desk import Desk, DeskState, Slept
from analysis.io.desk import UNKNOWN, Probe, Seen
from analysis.io.desk.sleep import slept_total_s
from analysis.io.live_session import LiveSession
from analysis.io.settings import DeskSettings

IN_USE_S = 10.0  # keys or mouse so lately: in use; longer, and it is told for how long they were not
TYPING_S = 3.0
SILENT_S = 30.0  # without samples for so long, time goes on by the clock
ALONE_S = 10.0  # and where there never are any, so often (each is a write, and a prompt may come so late) …
ASKED_S = 2.0  # … or so often while a prompt stands
SET_S = 2.0  # a clock on the wall that is off by more was set
WOKE_S = 1.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Clocks:
    """All in s. Those of the computer, or a test's."""

    utc: Callable[[], float] = time.time  # since the Unix epoch
    monotonic: Callable[[], float] = time.monotonic
    slept: Callable[[], float] = slept_total_s  # in all
    offset: Callable[[float], float] = lambda utc_s: float(time.localtime(utc_s).tm_gmtoff)  # of local time


class DeskWatch:
    """Looks at the desk with each probe when it is due, and joins what they told last."""

    def __init__(self, probes: Mapping[str, Probe], settings: DeskSettings) -> None:
        self.notes: frozenset[str] = frozenset()  # what a person should do for more to be known
        self._probes = probes if settings.watch else {}
        self._settings = settings
        self._seen = dict.fromkeys(self._probes, UNKNOWN)
        self._due_s = dict.fromkeys(self._probes, -math.inf)

    async def look(self, now_s: float) -> None:
        """`now_s` is real time."""
        for name in [name for name, due_s in self._due_s.items() if now_s >= due_s]:  # one after another, to be light
            self._seen[name] = await self._probes[name].look(self._settings)
            self._due_s[name] = now_s + self._probes[name].every_s
        notes = frozenset(seen.note for seen in self._seen.values() if seen.note)
        for note in sorted(notes - self.notes):
            _log.warning("%s", note)
        self.notes = notes

    def state(self, at_s: float) -> DeskState | None:
        """What is known; None where nothing is."""
        all_seen: list[Seen] = list(self._seen.values())
        desk = Desk.NOTHING
        for seen in all_seen:
            desk |= seen.desk
        idle_s = next((seen.idle_s for seen in all_seen if seen.idle_s is not None), None)
        if idle_s is None:
            is_known = any(seen.known for seen in all_seen)
            return DeskState(at_s, desk, math.nan) if is_known else None
        if idle_s < IN_USE_S:
            desk |= Desk.IN_USE | (Desk.TYPING if idle_s < TYPING_S else Desk.NOTHING)
        return DeskState(at_s, desk, 0.0 if Desk.IN_USE in desk else idle_s)


class Watching:
    """One wearer's. `is_here` is whether the bridge runs on this computer, and sleeps with it."""

    def __init__(self, watch: DeskWatch, *, is_here: bool, clocks: Clocks = Clocks()) -> None:
        self._watch = watch
        self._is_here = is_here
        self.clocks = clocks
        self._session_id = ""
        self._told: DeskState | None = None
        self._slept_s = clocks.slept()
        self._wall = self._wall_now()
        self._beat_s = -math.inf

    @property
    def sees_use(self) -> bool:
        """Somebody is at the keys or the mouse."""
        state = self._watch.state(0.0)
        return state is not None and Desk.IN_USE in state.desk

    @property
    def knows_use(self) -> bool:
        """Whether the computer tells when they are used."""
        state = self._watch.state(0.0)
        return state is not None and not math.isnan(state.idle_s)

    async def step(self, session: Callable[[], LiveSession | None]) -> None:
        """Look, and tell the session that there is then what has changed; every second or so."""
        await self._watch.look(self.clocks.monotonic())
        live = session()
        if live is None or live.stored.session_id != self._session_id:
            self._told, self._session_id = None, live.stored.session_id if live is not None else ""
        self._tell_time(live)
        if live is not None:
            self._tell_desk(live)

    def _tell_desk(self, live: LiveSession) -> None:
        state = self._watch.state(live.present_s(self.clocks.monotonic()))
        if state is None:
            return
        if live.prompt is None or live.prompt.state is not PromptState.HEADS_UP:
            state = replace(state, desk=state.desk & ~Desk.TYPING)  # a pause in it is only then waited for
        before = self._told
        if before is not None and (before.desk, math.isnan(before.idle_s)) == (state.desk, math.isnan(state.idle_s)):
            return
        self._told = state
        live.add(state)

    def _tell_time(self, live: LiveSession | None) -> None:
        """Sleep, a clock that was set, and in silence that time goes on."""
        now_s, slept_s, wall = self.clocks.monotonic(), self.clocks.slept(), self._wall_now()
        woke = slept_s - self._slept_s > WOKE_S
        was_set = abs(wall[0] - self._wall[0]) > SET_S or wall[1] != self._wall[1]
        fell_asleep_s, self._slept_s, self._wall = self._slept_s, slept_s, wall
        if live is None:
            return
        at_s = live.present_s(now_s)
        has_slept = woke and self._is_here
        if has_slept:
            live.add(Slept(at_s, slept_s - fell_asleep_s))
        every_s = ASKED_S if live.prompt is not None else SILENT_S if live.has_sensors else ALONE_S
        is_silent = live.silent_s(now_s) > SILENT_S or not live.has_sensors
        is_silent = is_silent and now_s - self._beat_s >= every_s
        if has_slept or was_set or is_silent:
            self._beat_s = now_s
            live.anchor_anew(at_s, self.clocks.utc(), wall[1])

    def _wall_now(self) -> tuple[float, float]:
        """(clock on the wall less time that really passed, offset of local time); both stay while nobody sets it."""
        utc_s = self.clocks.utc()
        return utc_s - self.clocks.monotonic() - self.clocks.slept(), self.clocks.offset(utc_s)
