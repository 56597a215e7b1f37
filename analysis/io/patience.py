"""Work on the store that is tried again until the store lets it, and what a person is to know meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from analysis.errors import StoreError

RETRY_S = (0.5, 10.0)

_log = logging.getLogger(__name__)
T = TypeVar("T")


class GivenUpError(Exception):
    """It was told to stop while the store could not be used."""


class Patience:
    """`note` is one sentence for a person, empty while all is well; `stop` ends it."""

    def __init__(self) -> None:
        self.note = ""
        self.stop = asyncio.Event()

    async def until_done(self, work: Callable[[], T]) -> T:
        """`work` in a thread, until the store lets it. Raises GivenUpError when told to stop meanwhile."""
        delay_s = RETRY_S[0]
        while True:
            try:
                result = await asyncio.to_thread(work)
            except StoreError as error:
                if self.note != str(error):
                    _log.warning("%s", error)
                self.note = str(error)
                if self.stop.is_set():
                    raise GivenUpError from error
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.stop.wait(), delay_s)
                delay_s = min(2 * delay_s, RETRY_S[1])
            else:
                if delay_s > RETRY_S[0]:
                    self.note = ""
                return result
