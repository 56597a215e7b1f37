"""The only place where pages read the store. Everything else in the dashboard is given values."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, tzinfo

import numpy as np

import analysis.metrics
from analysis.break_flow import LedgerSpan, Prompt
from analysis.corrections import CORRECTED, spans_of
from analysis.exposure import bands_of
from analysis.io.reader import Minutes, MinuteValues, Reader, Session
from analysis.io.settings import Settings
from analysis.metrics import Metric
from analysis.model import Activity, Event, PostureFrame
from analysis.registry import discover
from dashboard import break_day, day, due, gait, health, live, seat, server
from dashboard.break_day import BreakDay
from dashboard.day import MINUTE_S, Day, Recorded
from dashboard.health import Health, Notice
from dashboard.live import Live
from dashboard.seat import Piece, Row

CALIBRATION_KINDS = ("calibrated", "calibration_failed")
_MOMENT_S = 2.0  # the newest frame is younger than that
_NO_MINUTES = Minutes(np.empty(0), {}, np.empty((0, len(Activity))))


@dataclass(frozen=True, slots=True)
class Told:
    """An event and the session it belongs to."""

    session_id: str
    event: Event


@dataclass(frozen=True, slots=True)
class Moment:
    """The present of the newest session, as far as breaks go."""

    session: Session | None
    is_counting: bool  # whether breaks are counted at this moment; all that follows is empty where they are not
    at_s: float  # end of the newest samples
    activity: Activity  # of the newest frame; UNKNOWN where there is none
    prompts: tuple[Prompt, ...]  # of the session, in order of when they were due
    spans: tuple[LedgerSpan, ...]  # of the session, in order of their start
    events: tuple[Event, ...]  # of the kinds in `due.KINDS`


def metrics() -> dict[str, Metric]:
    """All metrics by name, the two the product is about first."""
    found = discover(analysis.metrics, "METRIC", Metric)
    first = [name for name in live.MAIN if name in found]
    return {name: found[name] for name in [*first, *(name for name in found if name not in first)]}


def shown_wearer(reader: Reader, settings: Settings) -> str:
    """Whose measurements to show: as the environment says, else the simulated wearer while one is being simulated."""
    asked = os.environ.get(server.SHOW_WEARER)
    if asked:
        return asked
    simulated = reader.statuses(health.SIMULATED).get("bridge")
    own = reader.statuses(settings.wearer).get("bridge")
    if simulated is None or not simulated.online or (own is not None and own.at >= simulated.at):
        return settings.wearer
    return health.SIMULATED


def read_health(reader: Reader, wearer: str) -> Health:
    """How the system is, with the newest frame's quality."""
    session = reader.newest_session(wearer)
    return _health(reader, wearer, session, _newest_frames(reader, session, 10.0))


def read_notices(reader: Reader, wearer: str, own: str) -> list[Notice]:
    """What stands above the pages of `wearer`; `own` is the one person at this desk."""
    is_meanwhile = wearer != own and read_health(reader, own).is_counting_by_desk
    return health.notices(read_health(reader, wearer)) + ([health.MEANWHILE] if is_meanwhile else [])


def read_live(reader: Reader, wearer: str) -> tuple[Session | None, Live, Health]:
    """The newest session, its last two minutes, and whether they are the present."""
    session = reader.newest_session(wearer)
    frame = _newest_frames(reader, session, live.TRACE_S)
    state = _health(reader, wearer, session, frame)
    events = reader.events(session) if session else []
    prompts = reader.prompts(session) if session else []
    made = reader.calibrations(session) if session else []
    view = live.live_of(frame, events, prompts, metrics(), is_live=state.is_live, calibrations=made)
    return session, view, state


def read_moment(reader: Reader, wearer: str) -> Moment:
    """Where the breaks of the wearer stand; nothing but the session unless its newest samples are the present."""
    session = reader.newest_session(wearer)
    frame = _newest_frames(reader, session, _MOMENT_S)
    if session is None or not _health(reader, wearer, session, frame).is_counting:
        return Moment(session, False, 0.0, Activity.UNKNOWN, (), (), ())
    return Moment(
        session,
        True,
        session.last_s or 0.0,
        Activity(int(frame.activity[-1])) if len(frame.t) else Activity.UNKNOWN,
        tuple(reader.prompts(session)),
        tuple(reader.break_spans(session)),
        tuple(event for kind in due.KINDS for event in reader.events(session, kind)),
    )


def _newest_frames(reader: Reader, session: Session | None, reach_s: float) -> PostureFrame:
    if session is None or session.last_s is None:
        return live.NO_FRAMES
    return reader.frames(session, max(0.0, session.last_s - reach_s), float("inf"))


def _health(reader: Reader, wearer: str, session: Session | None, frame: PostureFrame) -> Health:
    said = reader.statuses(wearer)
    quality = int(frame.quality[-1]) if len(frame.quality) else 0
    return Health(said.get("bridge"), said.get("service"), session.source if session else "", quality, time.time())


def read_day(reader: Reader, wearer: str, which: date, zone: tzinfo | None) -> Day:
    """One day joined from all its sessions; the newest of them may still be running."""
    start, end = day.bounds(which, zone)
    recorded = [
        Recorded(session, reader.events(session), reader.prompts(session), reader.minutes(session))
        for session in reader.sessions(wearer, start, end)
    ]
    return day.day_of(which, recorded, zone)


def read_breaks(reader: Reader, wearer: str, which: date, zone: tzinfo | None, day_starts_s: float) -> BreakDay:
    """What became of the breaks of a day, which by the tallies begins at `day_starts_s`, before dawn."""
    start, end = day.bounds(which, zone)
    sessions = reader.sessions(wearer, start, end + day_starts_s)
    pieces = day.visible([Recorded(session, (), (), _NO_MINUTES) for session in sessions], start, end)
    told = tuple(break_day.Told(one.session, a, z, reader.break_spans(one.session)) for one, a, z in pieces)
    tallies = [
        tally
        for session in sessions
        for tally in reader.break_tallies(session)
        if tally.day == break_day.ordinal(which) or (tally.day < 0 and start <= session.started_at < end)
    ]
    return BreakDay(told, break_day.summed(tallies))


def read_walks(reader: Reader, wearer: str, which: date, zone: tzinfo | None) -> tuple[gait.Walked, ...]:
    """The gait of every walk of the day, in order of time."""
    start, end = day.bounds(which, zone)
    sessions = reader.sessions(wearer, start, end)
    recorded = [Recorded(session, reader.events(session, "gait"), (), _NO_MINUTES) for session in sessions]
    return gait.walks_of(day.visible(recorded, start, end))


def read_sitting(
    reader: Reader, wearer: str, which: date, zone: tzinfo | None, bands: Mapping[str, tuple[float, float]]
) -> tuple[Row, ...]:
    """How the day's sitting was spread over each metric. Raises PostureError for a band that cannot be one."""
    known = metrics()
    chosen = bands_of(bands, known)
    start, end = day.bounds(which, zone)
    recorded = [Recorded(session, (), (), reader.minutes(session)) for session in reader.sessions(wearer, start, end)]
    pieces = [
        _piece(reader, one, a - one.session.started_at, z - one.session.started_at)
        for one, a, z in day.visible(recorded, start, end)
    ]
    return seat.rows_of(pieces, known, chosen)


def _piece(reader: Reader, one: Recorded, start_s: float, end_s: float) -> Piece:
    """[start_s, end_s) of a session."""
    spans = spans_of(reader.events(one.session, CORRECTED))
    minutes = one.minutes
    seen = (minutes.t0 + MINUTE_S / 2 >= start_s) & (minutes.t0 + MINUTE_S / 2 < end_s)
    values = {
        name: MinuteValues(of.mean[seen], of.low[seen], of.high[seen], of.n[seen])
        for name, of in minutes.values.items()
    }
    kept = Minutes(minutes.t0[seen], values, minutes.seconds[seen])
    return seat.corrected(Piece(reader.frames(one.session, start_s, end_s), kept), spans)


def newest_day(reader: Reader, wearer: str, zone: tzinfo | None) -> date:
    """Today, or the day of the newest data where simulated time has run ahead of it."""
    session = reader.newest_session(wearer)
    newest = session.started_at + (session.last_s or 0.0) if session else 0.0
    return day.day_at(max(time.time(), newest), zone)


def newest_calibration(reader: Reader, wearer: str) -> Told | None:
    """The newest word of the analysis on a calibration in the newest session."""
    session = reader.newest_session(wearer)
    if session is None:
        return None
    told = [event for kind in CALIBRATION_KINDS for event in reader.events(session, kind)]
    newest = max(told, key=lambda event: event.start_s, default=None)
    return Told(session.session_id, newest) if newest else None


def newest_slip(reader: Reader, wearer: str) -> Event | None:
    """That a sensor has slipped in the newest session, unless it has been calibrated since."""
    session = reader.newest_session(wearer)
    if session is None:
        return None
    slips = reader.events(session, "slipped")
    newest = max(slips, key=lambda event: event.start_s, default=None)
    mounted = [event for event in reader.events(session, "calibrated") if event.values.get("kind") != "range"]
    done_s = max((event.end_s or 0.0 for event in mounted), default=0.0)
    return newest if newest is not None and (newest.end_s or 0.0) > done_s else None
