"""What every process of Upstand does alike: logging, ending when asked, and never showing a traceback."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any

from analysis.errors import PostureError
from upstand.supervisor import SUPERVISED


def configure_logging(*, verbose: bool) -> None:
    """Standard logging to standard error; the supervisor keeps that of its parts in `logs/`."""
    logging.basicConfig(
        level=logging.INFO if verbose or os.environ.get(SUPERVISED) else logging.WARNING,
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    for loud in ("bumble", "amqtt", "transitions", "alembic", "asyncio"):
        logging.getLogger(loud).setLevel(logging.ERROR)


def hide_tracebacks(crash_log: Path) -> None:
    """A bug's traceback goes to `crash_log`; the person reads one sentence that says where it is."""

    def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        crash_log.parent.mkdir(parents=True, exist_ok=True)
        with crash_log.open("a", encoding="utf-8") as out:
            traceback.print_exception(kind, error, trace, file=out)
        sys.stderr.write(f"Upstand met a fault of its own ({kind.__name__}); please report it with {crash_log}.\n")

    sys.excepthook = show


def run(main: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    """Runs `main(stop)`; `stop` is set by Ctrl-C, by a termination signal, or when the supervisor is gone."""

    async def guarded() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()

        def ask(*_: object) -> None:
            loop.call_soon_threadsafe(stop.set)

        for name in (signal.SIGINT, signal.SIGTERM):
            if sys.platform == "win32":
                signal.signal(name, ask)
            else:
                loop.add_signal_handler(name, ask)
        if os.environ.get(SUPERVISED):
            threading.Thread(target=_wait_for_end_of_input, args=(ask,), daemon=True).start()
        await main(stop)

    try:
        asyncio.run(guarded())
    except* PostureError as group:  # tasks that failed together; the person can mend one thing at a time
        raise _first(group) from None


def _first(group: BaseExceptionGroup[PostureError]) -> PostureError:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def _wait_for_end_of_input(then: Callable[[], object]) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    then()
