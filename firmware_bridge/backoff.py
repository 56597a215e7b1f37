"""How long to wait before trying again."""

from __future__ import annotations

from random import Random


class Backoff:
    """Doubles from `first_s` to `most_s`; each delay is drawn from its upper half, so that two links drift apart."""

    def __init__(self, rng: Random, *, first_s: float = 0.5, most_s: float = 20.0) -> None:
        self._rng = rng
        self._first_s = first_s
        self._most_s = most_s
        self._next_s = first_s

    def next_s(self) -> float:
        """The delay before the next try, s."""
        delay_s = self._next_s * self._rng.uniform(0.5, 1.0)
        self._next_s = min(2 * self._next_s, self._most_s)
        return delay_s

    def reset(self) -> None:
        """It worked: the next failure starts from `first_s` again."""
        self._next_s = self._first_s
