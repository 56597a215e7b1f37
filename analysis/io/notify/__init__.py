"""Ways to reach the wearer outside the dashboard. One module with one NOTIFIER each."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from analysis.break_flow import Prompt
from analysis.breaks.types import BreakRules
from analysis.io.settings import NotifySettings
from analysis.registry import discover
from analysis.schema import Command, Reply


@dataclass(frozen=True, slots=True)
class Delivery:
    """Whether the wearer was reached, and why not."""

    delivered: bool
    reason: str = ""  # one sentence; empty when delivered


@dataclass(frozen=True, slots=True)
class Means:
    """What a notifier may use to reach the wearer of one session, and to bring back what they answer."""

    settings: NotifySettings
    rules: BreakRules
    session_id: str
    ask_bridge: Callable[[Command], Awaitable[Reply]]  # never raises; a Reply says what went wrong
    act: Callable[[Command], None]  # a "break" command, as if the wearer had given it on the dashboard


@dataclass(frozen=True, slots=True)
class Notifier:
    """One way to the wearer.

    `deliver` is told every change of a prompt in order: it shows an open one and takes an ended one away again. It
    returns within some seconds and does not raise: what keeps it from delivering is in the Delivery. None where it
    has nothing to say about that change.
    """

    label: str
    deliver: Callable[[Prompt, Means], Awaitable[Delivery | None]]
    is_asked: Callable[[NotifySettings], bool]
    level: int = 1  # how insistent a prompt must be, unless nothing below has reached the wearer
    is_worn: bool = False  # it belongs to the sensors: a simulated wearer's are simulated, too
    reaches: bool = True  # False: it tells things, and nobody knows whether a person notices


def notifiers() -> dict[str, Notifier]:
    """All notifiers by name."""
    return discover(sys.modules[__name__], "NOTIFIER", Notifier)
