"""How often one type of break has been put off since it fell due. No other type's doings touch it."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.breaks.types import BreakType, Why


@dataclass(slots=True)
class Ladder:
    """Times are ticks."""

    due: int | None = None  # since when the clock has been full
    postponed: int = 0  # these three since then
    ignored: int = 0
    deferred_from: int | None = None  # when the desk first kept it back
    not_before: int = 0  # and until then it is left alone …
    because: Why = Why.ANSWERED  # … for this
    skips: int = 0  # in a row, over all of this type's breaks
    asked: int = 0  # in all: the contents take turns

    def refresh(self, *, is_due: bool, now: int) -> None:
        """A clock that is no longer full begins at the foot of the ladder."""
        if is_due and self.due is None:
            self.due = now
        elif not is_due and self.due is not None:
            self.due = self.deferred_from = None
            self.postponed = self.ignored = 0
            self.not_before = 0

    def leave(self, until: int, because: Why) -> None:
        self.not_before, self.because = until, because

    def is_forced(self, one: BreakType) -> bool:
        """It can no longer be put off, but for the emergency exit."""
        return one.is_strict or 0 <= one.force_after <= self.ignored

    def may_postpone(self, one: BreakType) -> bool:
        has_left = one.postpones < 0 or self.postponed < one.postpones
        return has_left and not self.is_forced(one) and not self._is_skipped_out(one)

    def may_skip(self, one: BreakType) -> bool:
        return one.can_skip and not self.is_forced(one) and not self._is_skipped_out(one)

    def _is_skipped_out(self, one: BreakType) -> bool:
        return 0 <= one.skips_in_row <= self.skips
