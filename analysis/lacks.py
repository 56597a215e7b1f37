"""What a family of sensors may not have, and what that means for its wearer. Pure."""

from __future__ import annotations

from collections.abc import Sequence

ROUGH = "angles in movement are rough"  # without a gyroscope

_MEANINGS = {
    "gyroscope": f"{ROUGH}; turning, twist and whether it is worn are not told",
    "raw accelerations": "angles are as good as its own fusion, and their error is not known",
    "clock": "its times are those of arrival",
    "counter": "a loss shows only by the time that passed",
    "battery level": "nobody is warned before it is empty",
}


def meanings(lacks: Sequence[str]) -> list[str]:
    """What follows from each lack, as `no clock: its times are those of arrival`; weightiest first."""
    is_fused = "raw accelerations" in lacks  # then there is nothing that a gyroscope would have to tell
    return [
        f"no {what}: {meaning}"
        for what, meaning in _MEANINGS.items()
        if what in lacks and not (is_fused and what == "gyroscope")
    ]
