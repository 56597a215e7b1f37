"""Whether a microphone is in use: what PulseAudio or PipeWire says, else whether ALSA captures."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import msgspec

from analysis.desk import Desk
from analysis.io.desk import UNKNOWN, Probe, Seen, told
from analysis.io.desk.tools import read, said_by
from analysis.io.settings import DeskSettings

_METERS = ("peak detect", "Peak detect")  # level meters, which hear nothing


def is_recorded(outputs: str) -> bool | None:
    """Of what `pactl -f json list source-outputs` says."""
    try:
        streams: Any = msgspec.json.decode(outputs)
    except msgspec.DecodeError:
        return None
    if not isinstance(streams, list):
        return None
    return any(_hears(one) for one in streams if isinstance(one, dict))


def _hears(stream: dict[str, Any]) -> bool:
    about = stream.get("properties") or {}
    is_monitor = str(about.get("stream.monitor", "")).lower() == "true"
    return not stream.get("corked") and not is_monitor and about.get("media.name") not in _METERS


def is_captured(cards: Path = Path("/proc/asound")) -> bool | None:
    """Whether ALSA records from any card; None where there is none to ask."""
    states = list(cards.glob("card*/pcm*c/sub*/status"))
    if not states:
        return None
    return any("state: RUNNING" in read(one) for one in states)


async def look(_settings: DeskSettings) -> Seen:
    if sys.platform != "linux":
        return UNKNOWN
    outputs = await said_by("pactl", "-f", "json", "list", "source-outputs")
    is_so = is_recorded(outputs) if outputs is not None else None
    return told(Desk.MICROPHONE, await asyncio.to_thread(is_captured) if is_so is None else is_so)


PROBE = Probe(label="Microphone", every_s=5.0, look=look)
