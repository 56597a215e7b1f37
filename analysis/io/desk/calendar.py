"""Whether the calendar says busy: a file that the calendar program keeps, read on this machine."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from analysis.desk import Desk
from analysis.io.desk import UNKNOWN, Probe, Seen, told
from analysis.io.settings import DeskSettings

_MISSING = "Reading a calendar needs two libraries; install them with `pip install 'upstand[calendar]'`."


class Calendars:
    """The files as they were last read; a file is read again when it has changed."""

    def __init__(self) -> None:
        self._read: dict[Path, tuple[int, Any]] = {}  # (time of change, ns, what of recurring_ical_events)

    async def look(self, settings: DeskSettings) -> Seen:
        if not settings.calendars:
            return UNKNOWN
        return await asyncio.to_thread(self._look, settings.calendars, datetime.now().astimezone())

    def _look(self, files: tuple[Path, ...], now: datetime) -> Seen:
        try:
            from icalendar import Calendar
            from recurring_ical_events import of
        except ImportError:
            return Seen(note=_MISSING)
        is_busy = False
        for file in files:
            try:
                changed_ns = file.stat().st_mtime_ns
                if file not in self._read or self._read[file][0] != changed_ns:
                    self._read[file] = changed_ns, of(Calendar.from_ical(file.read_bytes()))
                events = self._read[file][1].between(now, now + timedelta(seconds=1))
            except OSError:
                return Seen(note=f"The calendar {file} cannot be read; correct `calendars` under [desk].")
            except ValueError as error:
                return Seen(note=f"{file} is no calendar ({error}); correct `calendars` under [desk].")
            is_busy = is_busy or any(_takes_time(event) for event in events)
        return told(Desk.BUSY, is_busy)


def _takes_time(event: Any) -> bool:
    """Not a whole day's, none that is marked as free, and none that was called off."""
    is_timed = isinstance(event["DTSTART"].dt, datetime)
    return is_timed and event.get("TRANSP") != "TRANSPARENT" and event.get("STATUS") != "CANCELLED"


PROBE = Probe(label="Calendar", every_s=30.0, look=Calendars().look)
