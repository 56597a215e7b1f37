"""Ways to reach the wearer outside the dashboard. One module with one NOTIFIER each."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from analysis.model import Prompt
from analysis.registry import discover


@dataclass(frozen=True, slots=True)
class Delivery:
    """Whether the wearer was reached, and why not."""

    delivered: bool
    reason: str = ""  # one sentence; empty when delivered


@dataclass(frozen=True, slots=True)
class Notifier:
    """One way to the wearer.

    `deliver` shows an open prompt and takes a closed one away again. It returns within some seconds and does not
    raise: what keeps it from delivering is in the Delivery.
    """

    label: str
    deliver: Callable[[Prompt], Awaitable[Delivery]]


def notifiers() -> dict[str, Notifier]:
    """All notifiers by name."""
    return discover(sys.modules[__name__], "NOTIFIER", Notifier)
