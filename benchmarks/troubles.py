"""What goes wrong with a sensor in an hour, the same in every run."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from analysis.model import Segment

DISCONNECTS, LOSSES, STALLS = 6, 12, 12  # in an hour, for each sensor
AWAY_S, STALL_S = 20.0, 0.6
DRIFTS = (0.0004, -0.0004)  # of clocks with a crystal
LOOSE_DRIFTS = (0.007, -0.003)  # of sensors that only count


@dataclass(frozen=True, slots=True)
class Trouble:
    """One of them."""

    at_s: float
    kind: str  # "leave", "lose" or "stall"
    size_s: float  # of what is lost


def troubles(segment: Segment, end_s: float) -> list[Trouble]:
    """At times of its own; 30 s are left without any for the clocks to be found."""
    rng = Random(f"{segment}")
    kinds = ["leave"] * DISCONNECTS + ["lose"] * LOSSES + ["stall"] * STALLS
    rng.shuffle(kinds)
    return [
        Trouble(30.0 + (end_s - 60.0) * (k + rng.uniform(0.2, 0.4)) / len(kinds), kind, rng.uniform(0.5, 1.5))
        for k, kind in enumerate(kinds)
    ]
