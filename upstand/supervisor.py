"""Starts the parts of Upstand as processes, restarts one that dies, and ends them all without leaving one behind."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis.errors import PostureError

log = logging.getLogger(__name__)

USER_ERROR = 2  # exit status of a part that ended with a sentence for the person
SUPERVISED = "UPSTAND_SUPERVISED"  # a part with this in its environment ends when its standard input does
_FIRST_DELAY_S, _LONGEST_DELAY_S = 0.5, 30.0
_STEADY_S = 60.0  # a part that ran this long starts again with the shortest delay
# Windows has no polite signal: our own parts end with their input, the others are killed after this.
_PATIENCE_S = 3.0 if sys.platform == "win32" else 10.0


@dataclass(frozen=True, slots=True)
class Part:
    """One process."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


class Supervisor:
    """Keeps parts running. Parts are stopped in the reverse order of their start."""

    def __init__(self, log_dir: Path, say: Callable[[str], None]) -> None:
        self._log_dir = log_dir
        self._say = say
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._failed = asyncio.Event()
        self._failure = ""

    async def start(self, part: Part) -> None:
        """Starts a part and keeps it running until `stop`."""
        self._log_dir.mkdir(parents=True, exist_ok=True)
        await self._spawn(part)
        self._keepers[part.name] = asyncio.create_task(self._keep(part), name=f"keep {part.name}")

    async def wait(self, stop: asyncio.Event) -> None:
        """Returns when `stop` is set. Raises PostureError when a part cannot do its work."""
        waits = {asyncio.create_task(event.wait()) for event in (stop, self._failed)}
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        if self._failed.is_set():
            raise PostureError(self._failure)

    async def stop(self) -> None:
        """Ends every part: asked first, killed when it does not listen."""
        for name in reversed(list(self._keepers)):
            self._keepers.pop(name).cancel()
            await _end(self._processes.pop(name))

    def pids(self) -> dict[str, int]:
        """Process id by part, for measurements."""
        return {name: process.pid for name, process in self._processes.items()}

    async def _keep(self, part: Part) -> None:
        delay_s = _FIRST_DELAY_S
        while True:
            started = time.monotonic()
            status = await self._processes[part.name].wait()
            if status == USER_ERROR:
                self._failure = self._last_line(part)
                self._failed.set()
                return
            if time.monotonic() - started > _STEADY_S:
                delay_s = _FIRST_DELAY_S
            self._say(f"The {part.name} ended unexpectedly (status {status}); it is started again in {delay_s:g} s.")
            await asyncio.sleep(delay_s)
            delay_s = min(2 * delay_s, _LONGEST_DELAY_S)
            await self._spawn(part)

    async def _spawn(self, part: Part) -> None:
        try:
            with self._log_path(part).open("ab") as out:
                self._processes[part.name] = await asyncio.create_subprocess_exec(
                    *part.argv,
                    stdin=subprocess.PIPE,
                    stdout=out,
                    stderr=out,
                    env={**os.environ, SUPERVISED: "1", **part.environment},
                    **_own_group(),
                )
        except OSError as error:
            raise PostureError(f"The {part.name} could not be started ({error}); run `upstand doctor`.") from error
        log.info("%s runs as process %d", part.name, self._processes[part.name].pid)

    def _log_path(self, part: Part) -> Path:
        return self._log_dir / f"{part.name}.log"

    def _last_line(self, part: Part) -> str:
        lines = self._log_path(part).read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else f"The {part.name} could not do its work; run `upstand doctor`."


def _own_group() -> dict[str, Any]:
    """A group of its own, so that Ctrl-C reaches the supervisor alone, which ends the parts in order."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    options: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "linux":
        options["preexec_fn"] = _die_with_parent
    return options


_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def _die_with_parent() -> None:
    """Linux: the part is sent SIGTERM if the supervisor is killed outright. Other parts see their input end."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    if process.stdin is not None:
        process.stdin.close()
    try:
        if sys.platform != "win32":
            process.terminate()
        async with asyncio.timeout(_PATIENCE_S):
            await process.wait()
    except TimeoutError:
        log.warning("process %d did not end when asked; it is killed", process.pid)
        process.kill()
        await process.wait()
    except ProcessLookupError:
        await process.wait()
