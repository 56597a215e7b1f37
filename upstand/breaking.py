"""`upstand break …`: what the wearer does about breaks from a terminal or a key of theirs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from analysis.break_flow import BreakAct
from analysis.breaks.ledger import why
from analysis.desk import ClockAnchor
from analysis.errors import PostureError
from analysis.io import break_edits
from analysis.io.break_edits import Plain
from analysis.io.mqtt import request, resolve
from analysis.io.reader import Reader
from analysis.io.settings import Settings, file_of
from upstand.asking import command

ANSWER_S = 5.0
_SPAN = re.compile(r"(?=.)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?\Z")
_TIME = re.compile(r"(\d{1,2}):(\d\d)\Z")


def span_s(text: str) -> float:
    """Seconds of "1h", "90m", "1h30m" or "45s". Raises PostureError."""
    found = _SPAN.match(text)
    hours, minutes, rest = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    seconds = 3600 * hours + 60 * minutes + rest
    if not seconds:
        raise PostureError(f"{text!r} is no length of time; give one such as 5m, 1h or 1h30m.")
    return float(seconds)


def time_s(text: str) -> float:
    """Seconds since midnight of "14:10". Raises PostureError."""
    found = _TIME.match(text)
    hours, minutes = (int(part) for part in found.groups()) if found else (99, 0)
    if hours > 23 or minutes > 59:
        raise PostureError(f"{text!r} is no time of day; give one such as 14:10.")
    return 3600.0 * hours + 60.0 * minutes


def act(
    settings: Settings,
    wearer: str,
    what: BreakAct,
    *,
    name: str = "",
    reason: str = "",
    for_s: float | None = None,
    until_s: float | None = None,
) -> str:
    """The service's answer. Raises PostureError where it refuses, or does not run."""
    return _answer(settings, wearer, "break", act=what, name=name, text=reason, duration_s=for_s, until_s=until_s)


def status(settings: Settings, wearer: str) -> str:
    """How it stands at present. Raises PostureError where the service does not run."""
    return _answer(settings, wearer, "break-status")


def _answer(settings: Settings, wearer: str, action: str, **values: object) -> str:
    reply = request(resolve(settings), wearer, "service", command(action, **values), ANSWER_S)
    if not reply.ok:
        raise PostureError(reply.message)
    return reply.message


def set_type(config: Path | None, name: str, pairs: Sequence[str]) -> str:
    """Writes "key=value" pairs into the settings file. Raises PostureError for what cannot be."""
    file = file_of(config)
    break_edits.write(file, break_edits.set_type(break_edits.read(file), name, dict(map(_pair, pairs))))
    return f"{name}: kept in {file}; a running Upstand takes it up at once."


def reset_type(config: Path | None, name: str) -> str:
    """Takes the type out of the settings file. Raises PostureError where it is not in there."""
    file = file_of(config)
    text = break_edits.read(file)
    if name not in break_edits.types_in(text):
        raise PostureError(f"{file} says nothing of the break {name!r}, so there is nothing to take out.")
    break_edits.write(file, break_edits.remove_type(text, name))
    return f"{name}: taken out of {file}; a running Upstand takes it up at once."


def _pair(text: str) -> tuple[str, Plain]:
    """A value as it would stand in the file; what is none there is taken as a word."""
    key, sign, value = text.partition("=")
    if not sign:
        raise PostureError(f"{text!r} sets nothing; write it as interval_s=2700.")
    try:
        return key, tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key, value


def why_at(settings: Settings, wearer: str, at: str, now: datetime) -> str:
    """Why there was, or was not, a prompt when the clock last showed `at`; `now` with its time zone.

    Raises PostureError for what is no time of day, and where nothing was recorded then.
    """
    since_midnight = timedelta(seconds=time_s(at))
    moment = now.replace(hour=0, minute=0, second=0, microsecond=0) + since_midnight
    if moment > now:
        moment -= timedelta(days=1)
    with Reader(settings.store_url) as reader:
        begun = reader.sessions(wearer, until=moment.timestamp())
        if not begun:
            raise PostureError(f"Nothing is recorded of {wearer!r} at {moment:%Y-%m-%d %H:%M}; name another wearer.")
        at_s = session_s(moment.timestamp(), begun[-1].started_at, reader.clock_anchors(begun[-1]))
        return why(reader.break_spans(begun[-1]), at_s)


def session_s(utc_s: float, started_at: float, anchors: Sequence[ClockAnchor]) -> float:
    """When that was in a session's own time, which stands still while the computer sleeps.

    A time at which it slept is the moment of waking; one that the clock showed twice is the first.
    """
    at_s, before = utc_s - started_at, (0.0, started_at)
    for anchor in anchors:
        at_s = before[0] + utc_s - before[1]
        if at_s <= anchor.at_s or utc_s < anchor.utc_s:
            return min(at_s, anchor.at_s)
        before = anchor.at_s, anchor.utc_s
    return before[0] + utc_s - before[1]
