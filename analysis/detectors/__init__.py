"""One detector a module, with a DETECTOR: it remembers, and turns postures into events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from analysis.detectors.hindsight import Retold
from analysis.detectors.seconds import Timed
from analysis.model import Calibration, Event, Pose, PostureFrame, Stance
from analysis.worn import Off


class Watcher(Protocol):
    """A detector at work on one session."""

    def feed(self, frame: PostureFrame) -> list[Event]:
        """What became clear within these ticks. Any cutting of the ticks gives the same events."""
        ...

    def close(self, at_s: float) -> list[Event]:
        """The session ended: whatever is still open is told as ended."""
        ...


@runtime_checkable
class Swift(Protocol):
    """A watcher to which many seconds at once cost little more than one."""

    def feed_seconds(self, frame: PostureFrame) -> list[Timed]:
        """What `feed` tells of each second of these ticks in turn."""
        ...


@runtime_checkable
class Referenced(Protocol):
    """A watcher that needs to know what the angles are against."""

    def calibrated(self, stance: Stance, from_s: float) -> None:
        """Ticks later than `from_s` are against that stance; told before any of them is fed."""
        ...


@runtime_checkable
class Mounted(Protocol):
    """A watcher that needs to know how well the segments' axes are known."""

    def mounted(self, calibration: Calibration, from_s: float) -> None:
        """Ticks later than `from_s` are by that calibration; told before any of them is fed."""
        ...


@runtime_checkable
class Following(Protocol):
    """A watcher that needs the movement itself, not only its frames."""

    def moved(self, pose: Pose) -> None:
        """Every tick of GRID_HZ, of the segments (as metrics see them), before the frame it belongs to is fed.

        Poses run ahead of frames by as much as one feed holds: decide by the ticks' times, never by what has come.
        """
        ...


@runtime_checkable
class Sized(Protocol):
    """A watcher that needs to know how tall the wearer is."""

    def sized(self, height_m: float) -> None:
        """Told once, before anything is fed, and only where it is known."""
        ...


@runtime_checkable
class Baring(Protocol):
    """A watcher that has told what was not so when it turns out that no sensor was worn."""

    def bared(self, off: Off) -> None:
        """Told when it is known, and again with its end, before the first tick that says so is fed (see Following)."""
        ...


@runtime_checkable
class Retelling(Protocol):
    """A watcher that has told what later movement shows not to have been so."""

    def retold(self, span: Retold) -> None:
        """Told when it is known, before the first tick that says so is fed (see Following)."""
        ...


@dataclass(frozen=True, slots=True)
class Detector:
    """How to watch for some kinds of events. Its name is its module's name."""

    label: str  # as people read it
    kinds: frozenset[str]  # of the events it tells
    make: Callable[[], Watcher]
