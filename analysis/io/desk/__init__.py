"""What the computer sees of its user. One module with one PROBE each; nothing of it leaves this machine's journal."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from analysis.desk import Desk
from analysis.io.settings import DeskSettings
from analysis.registry import discover


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look told. What is not in `known` is not known, which is not the same as not so."""

    known: Desk = Desk.NOTHING
    desk: Desk = Desk.NOTHING  # of those, the ones that are so
    idle_s: float | None = None  # without keys or mouse; None: not known
    note: str = ""  # what a person should do for it to be known; empty where nothing helps, or is needed


UNKNOWN = Seen()


def told(bit: Desk, is_so: bool | None) -> Seen:
    """One bit; None: not known."""
    return UNKNOWN if is_so is None else Seen(bit, bit if is_so else Desk.NOTHING)


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing to look at. `look` takes a second or two at most and does not raise."""

    label: str
    every_s: float
    look: Callable[[DeskSettings], Awaitable[Seen]]


def probes() -> dict[str, Probe]:
    """All probes by name."""
    return discover(sys.modules[__name__], "PROBE", Probe)
