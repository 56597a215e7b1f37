"""One detector a module, with a DETECTOR: it remembers, and turns postures into events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from analysis.model import Event, PostureFrame, Stance


class Watcher(Protocol):
    """A detector at work on one session."""

    def feed(self, frame: PostureFrame) -> list[Event]:
        """What became clear within these ticks. Any cutting of the ticks gives the same events."""
        ...

    def close(self, at_s: float) -> list[Event]:
        """The session ended: whatever is still open is told as ended."""
        ...


@runtime_checkable
class Referenced(Protocol):
    """A watcher that needs to know what the angles are against."""

    def calibrated(self, stance: Stance, from_s: float) -> None:
        """Ticks later than `from_s` are against that stance; told before any of them is fed."""
        ...


@dataclass(frozen=True, slots=True)
class Detector:
    """How to watch for some kinds of events. Its name is its module's name."""

    label: str  # as people read it
    kinds: frozenset[str]  # of the events it tells
    make: Callable[[], Watcher]
