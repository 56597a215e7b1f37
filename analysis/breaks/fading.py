"""Prompts give way as the habit holds, and come back as soon as it does not.

Feedback works while it is on and fades after (Sensors 24:3345, 16 studies); training minutes rise for three weeks and
then fall (10.3389/fphys.2022.958033). So what is aimed at is the break that is taken unasked: the more of them, the
longer a due prompt waits for the next one. One day in every fourth week is measured and not prompted, which shows what
is retained.
"""

from __future__ import annotations

from analysis.breaks.types import BreakType, Fading
from analysis.breaks.wall import weekday_of

_MEMORY = 8.0  # breaks: the habit is a running mean over about so many


class Habits:
    """By type, the share of its breaks that was taken unasked: 0 … 1."""

    def __init__(self, fading: Fading) -> None:
        self.fading = fading
        self.shares: dict[str, float] = {}

    def learn(self, kind: str, *, is_unasked: bool) -> None:
        share = self.shares.get(kind, 0.0)
        self.shares[kind] = share + (float(is_unasked) - share) / _MEMORY

    def patience_s(self, one: BreakType) -> float:
        """By how much a prompt of this type is put off."""
        return one.fades_s * self.shares.get(one.name, 0.0) if self.fading.is_on else 0.0

    def is_silent(self, day: int) -> bool:
        """Whether nothing is prompted on that day (days since the Unix epoch, -1 = not known)."""
        weeks = self.fading.silent_every_weeks
        if not self.fading.is_on or weeks < 1 or day < 0:
            return False
        week = (day + 3) // 7  # counted from a Monday
        return week % weeks == weeks - 1 and weekday_of(day) == self.fading.silent_weekday
