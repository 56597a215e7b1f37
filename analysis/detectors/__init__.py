"""One detector a module, with a DETECTOR: it remembers, and turns postures into events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from analysis.model import Event, PostureFrame


class Watcher(Protocol):
    """A detector at work on one session."""

    def feed(self, frame: PostureFrame) -> list[Event]:
        """What became clear within these ticks. Any cutting of the ticks gives the same events."""
        ...

    def close(self, at_s: float) -> list[Event]:
        """The session ended: whatever is still open is told as ended."""
        ...


@dataclass(frozen=True, slots=True)
class Detector:
    """How to watch for some kinds of events. Its name is its module's name."""

    label: str  # as people read it
    kinds: frozenset[str]  # of the events it tells
    make: Callable[[], Watcher]
