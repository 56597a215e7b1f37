"""Whether one of the listed programs runs."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from analysis.desk import Desk
from analysis.io.desk import UNKNOWN, Probe, Seen, told
from analysis.io.desk.tools import read
from analysis.io.settings import DeskSettings

_SHOWN = 15  # characters of a name that the kernel keeps


def is_running(names: Sequence[str], processes: Path = Path("/proc")) -> bool:
    """Whether any of them runs, by the name of the program."""
    wanted = {name[:_SHOWN].lower() for name in names}
    return any(read(folder / "comm").lower() in wanted for folder in processes.glob("[0-9]*"))


async def look(settings: DeskSettings) -> Seen:
    if not settings.apps:
        return UNKNOWN
    if sys.platform != "linux":
        return Seen(note="`apps` under [desk] are looked for on Linux alone; leave them out.")
    return told(Desk.APP, await asyncio.to_thread(is_running, settings.apps))


PROBE = Probe(label="Programs", every_s=5.0, look=look)
