"""Virtual time: the monotonic clock times a speed, but never past what the stage allows."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import time
from collections.abc import Callable

MOST_LAG_S = 0.25  # real seconds of delay that are made up for; what is beyond slows virtual time down


class PacedClock:
    """Virtual seconds since the stage started: 0.0 before `start()`, then at `speed` up to the limit.

    The stage raises the limit with `advance` only when everything measured before the old limit has been
    delivered, so a busy machine makes virtual time stand still and loses nothing. Short delays are
    made up for afterwards; of a long one only MOST_LAG_S. A speed of inf follows the limit.
    Belongs to one event loop. `monotonic` gives real seconds.
    """

    def __init__(self, speed: float = 1.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        if not speed > 0:
            raise ValueError(f"a speed of {speed}: time only runs forwards")
        self.speed = speed
        self._monotonic = monotonic
        self._limit_s = 0.0
        self._origin_s: float | None = None  # real time at virtual 0.0, moved on by every long delay
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    @property
    def limit_s(self) -> float:
        """Virtual time stands here until the next `advance`."""
        return self._limit_s

    def now(self) -> float:
        """Virtual seconds since the stage started; never backwards, never past the limit."""
        if self._origin_s is None:
            return 0.0
        if math.isinf(self.speed):
            return self._limit_s
        return min(self._limit_s, (self._monotonic() - self._origin_s) * self.speed)

    def start(self) -> None:
        """Virtual time begins to run. A second start changes nothing."""
        if self._origin_s is None:
            self._origin_s = self._monotonic()
            self._wake()

    def pace(self, speed: float) -> None:
        """Virtual time goes on from where it is at another speed; neither speed may be inf."""
        if not (0 < speed < math.inf and self.speed < math.inf):
            raise ValueError(f"a speed of {speed} after {self.speed}: both must be finite, and time only runs forwards")
        if self._origin_s is not None:
            self._origin_s = self._monotonic() - self.now() / speed
        self.speed = speed

    def advance(self, limit_s: float) -> None:
        """Let virtual time run up to `limit_s`. Raises ValueError for a limit below the present one."""
        if limit_s < self._limit_s:
            raise ValueError(f"the limit cannot go back from {self._limit_s} s to {limit_s} s")
        if self._origin_s is not None and not math.isinf(self.speed):
            real_s = self._monotonic() - self._origin_s
            self._origin_s += max(0.0, real_s - self._limit_s / self.speed - MOST_LAG_S)
        self._limit_s = limit_s
        if self._origin_s is not None:
            self._wake()

    async def sleep_until(self, t: float) -> None:
        """Return once `now()` has reached `t`; lets other tasks run at least once."""
        await asyncio.sleep(0)
        while (left_s := t - self.now()) > 0:
            if t > self._limit_s or self._origin_s is None:
                await self._limit_reaches(t)
            else:
                await asyncio.sleep(left_s / self.speed)

    def _wake(self) -> None:
        while self._sleepers and self._sleepers[0][0] <= self._limit_s:
            _, _, waiting = heapq.heappop(self._sleepers)
            if not waiting.done():  # its task may have been cancelled
                waiting.set_result(None)

    async def _limit_reaches(self, t: float) -> None:
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (t, next(self._order), waiting))
        await waiting
