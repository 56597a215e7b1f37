"""The wearer's session while no sensor's is going on: it goes by the clock on the wall and the keyboard alone.

A session like any other, with the same policy, ledger and journal, and without a single sample: so prompts, their
surfaces, the record and a restart work as they always do. Its time is the computer's own.
"""

from __future__ import annotations

from dataclasses import replace

from analysis.break_flow import BreakRequest, NewRules
from analysis.desk import ClockAnchor, DeskState, Slept
from analysis.io.live_session import LiveSession
from analysis.io.store import StoredSession
from analysis.journal_records import Kept
from analysis.model import Input, SessionEnd
from analysis.pipeline import PipelineSettings

SHORT_S = 60.0  # a restart that took no longer is time at the desk; a longer one is not held against anybody
_TIMED = (DeskState, ClockAnchor, Slept, BreakRequest, NewRules, SessionEnd)


class DeskSession(LiveSession):
    """`newest_s` is the time of the newest input; the present goes on from there by the computer's monotonic clock."""

    def __init__(self, stored: StoredSession, settings: PipelineSettings) -> None:
        super().__init__(stored, settings)
        self._anchor = ClockAnchor(0.0, stored.started_at, 0.0)

    def begin(self, now_s: float) -> None:
        """Its time begins at `now_s` of real time."""
        self._heard_s = now_s

    def go_on(self, now_s: float, utc_s: float, offset_s: float) -> None:
        """After a restart of the service: what passed meanwhile is known by the clock on the wall alone."""
        gap_s = self.gap_s(utc_s)
        self._heard_s = now_s
        if gap_s < SHORT_S:
            self.newest_s += gap_s
        else:
            self.add(Slept(self.newest_s, gap_s))
        self.anchor_anew(self.newest_s, utc_s, offset_s)

    def gap_s(self, utc_s: float) -> float:
        """Since the newest input, by the clock on the wall; 0 where that was set back."""
        return max(0.0, utc_s - self._anchor.utc_s - (self.newest_s - self._anchor.at_s))

    def add(self, item: Kept) -> None:
        super().add(item)
        self._entries[-1] = replace(self._entries[-1], end_s=self.newest_s)

    def _heed(self, item: Input) -> None:
        super()._heed(item)
        if isinstance(item, ClockAnchor):
            self._anchor = item
        if isinstance(item, _TIMED) and item.at_s > self.newest_s:
            if self._heard_s is not None:
                self._heard_s += item.at_s - self.newest_s
            self.newest_s = item.at_s
