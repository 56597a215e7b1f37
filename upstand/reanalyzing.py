"""`upstand reanalyze`: sessions computed again from their raw samples, and compared with live."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from analysis.batch import Comparison, reanalyze
from analysis.errors import PostureError
from analysis.io.reader import Reader, Session
from analysis.io.settings import Settings
from upstand.analyzing import pipeline_settings

FRESH_S = 10.0  # a bridge that spoke this lately is still there


def reanalyze_sessions(
    settings: Settings, session_id: str, wearer: str, *, every: bool, say: Callable[[str], None]
) -> bool:
    """True if every session came out as it did live. Raises PostureError where there is none."""
    same = True
    for session in _chosen(settings, session_id, wearer, every=every):
        begun_s = time.monotonic()
        comparison = reanalyze(settings.store_url, session.session_id, pipeline_settings(settings))
        took_s = time.monotonic() - begun_s
        say(f"{session.session_id} of {session.wearer!r}, computed again in {took_s:.1f} s: {_told(comparison)}")
        same = same and comparison.is_identical
    return same


def list_sessions(settings: Settings, wearer: str, say: Callable[[str], None]) -> None:
    """One line for each session of the wearer, oldest first."""
    with Reader(settings.store_url) as reader:
        sessions = reader.sessions(wearer)
        if not sessions:
            say(f"Nothing is recorded of {wearer!r} yet.")
        for session in sessions:
            begun = datetime.fromtimestamp(session.started_at).astimezone()
            minutes = (session.last_s or 0.0) / 60
            say(f"{session.session_id}  {begun:%Y-%m-%d %H:%M}  {minutes:7.1f} min  {session.source}")


def _told(comparison: Comparison) -> str:
    counts = f"{comparison.ticks[1]} ticks, {comparison.events[1]} events and {comparison.prompts[1]} prompts"
    if comparison.is_identical:
        return f"{counts}, every one the same as live."
    return f"{counts}; not the same as live. {comparison.first_difference}"


def _chosen(settings: Settings, session_id: str, wearer: str, *, every: bool) -> list[Session]:
    with Reader(settings.store_url) as reader:
        if session_id:
            found = reader.session(session_id)
            if found is None:
                raise PostureError(f"There is no session {session_id!r}; leave the id out for the newest.")
            chosen = [found]
        else:
            sessions = reader.sessions(wearer)
            chosen = sessions if every else sessions[-1:]
        if not chosen:
            raise PostureError(f"Nothing is recorded of {wearer!r} yet; name another with --wearer.")
        bridge = reader.statuses(chosen[-1].wearer).get("bridge")
    is_recording = bridge is not None and bridge.online and bridge.at > time.time() - FRESH_S
    if bridge is not None and is_recording and bridge.session_id in {session.session_id for session in chosen}:
        raise PostureError(f"{bridge.session_id} is still being recorded; end `upstand run` first.")
    return chosen
