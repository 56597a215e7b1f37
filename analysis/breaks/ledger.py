"""The record: why there was a prompt or none, moment by moment, and what became of each type of break by day."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from analysis.break_flow import BreakTally, LedgerSpan, Prompt, PromptState
from analysis.breaks.clocks import Account
from analysis.breaks.presence import TICKS_PER_S
from analysis.breaks.suppression import SUPPRESSING
from analysis.breaks.types import Why
from analysis.breaks.words import span

BY_DESK = "by the clock and the keyboard"  # the detail of what no sensor saw
_FOREVER_S = 1e9  # a limit beyond is none


class Book:
    """Spans and tallies as they are written; `take` hands out what has changed since the last time."""

    def __init__(self) -> None:
        self._open: LedgerSpan | None = None
        self.is_outdated = False  # a clock was set: what the open span says of it holds no longer
        self._counted = 0  # up to this tick the open span's suppression is in the tallies
        self._told: list[LedgerSpan] = []
        self._tallies: dict[tuple[int, str], BreakTally] = {}
        self._changed: dict[tuple[int, str], None] = {}
        self._has_news = False  # something came of a break since the tallies were last told

    def note(self, now: int, why: Why, account: Account | None, detail: str, day: int) -> None:
        """From `now` on this holds; where it has held before, nothing is written."""
        kind, rate = (account.type.name, account.rate) if account else ("", 0.0)
        old = self._open
        if not self.is_outdated and old and (old.why, old.kind, old.rate, old.detail) == (why, kind, rate, detail):
            return
        self.is_outdated = False
        self.close(now, day)
        clock_s, interval_s = (account.clock_s, min(account.type.interval_s, _FOREVER_S)) if account else (0.0, 0.0)
        self._open = LedgerSpan(now / TICKS_PER_S, None, why.value, kind, clock_s, rate, interval_s, detail)
        self._counted = now
        self._told.append(self._open)

    def close(self, now: int, day: int) -> None:
        """Nothing is known to hold any longer."""
        self.settle(now, day)
        old, self._open = self._open, None
        if old is not None:
            self._told = [one for one in self._told if one is not old]
            if now / TICKS_PER_S > old.start_s:
                self._told.append(replace(old, end_s=now / TICKS_PER_S))

    def settle(self, now: int, day: int) -> None:
        """Count what the open span has kept back so far."""
        held = self._open
        if held is not None and held.kind and held.why in SUPPRESSING and now > self._counted:
            known = dict(self._tally(day, held.kind).suppressed_s)
            known[held.why] = known.get(held.why, 0.0) + (now - self._counted) / TICKS_PER_S
            self._put(replace(self._tally(day, held.kind), suppressed_s=known))
        self._counted = now

    def prompted(self, day: int, kind: str) -> None:
        tally = self._tally(day, kind)
        self._put(replace(tally, prompted=tally.prompted + 1))
        self._has_news = True

    def unasked(self, day: int, kind: str, credited_s: float, *, is_whole: bool) -> None:
        tally = self._tally(day, kind)
        natural, partial = tally.natural + is_whole, tally.partial + (not is_whole)
        self._put(replace(tally, natural=natural, partial=partial, credited_s=tally.credited_s + credited_s))
        self._has_news = True

    def overdue(self, day: int, kind: str, span_s: float) -> None:
        tally = self._tally(day, kind)
        self._put(replace(tally, overdue_s=tally.overdue_s + span_s))

    def ended(self, day: int, prompt: Prompt, reason: str) -> None:
        """What became of a prompt."""
        old = self._tally(day, prompt.kind)
        new = replace(old, credited_s=old.credited_s + prompt.credited_s)
        if prompt.state in (PromptState.DONE, PromptState.SHORT) and prompt.begun_s is not None:
            response_s = max(0.0, prompt.begun_s - (prompt.due_s if prompt.told_s is None else prompt.told_s))
            new = replace(new, response_s=new.response_s + response_s)
        match prompt.state:
            case PromptState.DONE:
                new = replace(new, taken=new.taken + 1)
            case PromptState.SHORT:
                new = replace(new, short=new.short + 1)
            case PromptState.SKIPPED:
                new = replace(new, skipped={**new.skipped, reason: new.skipped.get(reason, 0) + 1})
            case PromptState.POSTPONED:
                new = replace(new, postponed=new.postponed + 1)
            case PromptState.IGNORED:
                new = replace(new, ignored=new.ignored + 1)
            case PromptState.WITHDRAWN:
                new = replace(new, withdrawn=new.withdrawn + 1)
            case _:
                new = replace(new, unseen=new.unseen + 1)
        self._put(new)
        self._has_news = True

    def take(self, *, with_tallies: bool) -> list[LedgerSpan | BreakTally]:
        """Tallies at once where something came of a break; where time alone has passed, only when asked for."""
        told: list[LedgerSpan | BreakTally] = [*self._told]
        self._told = []
        if with_tallies or self._has_news:
            told += [self._tallies[key] for key in self._changed]
            self._changed = {}
            self._has_news = False
        return told

    def _tally(self, day: int, kind: str) -> BreakTally:
        return self._tallies.get((day, kind), BreakTally(day, kind))

    def _put(self, tally: BreakTally) -> None:
        self._tallies[tally.day, tally.kind] = tally
        self._changed[tally.day, tally.kind] = None


def why(spans: Sequence[LedgerSpan], at_s: float) -> str:
    """Why there was, or was not, a prompt at `at_s` (s since the session's start), in one sentence.

    `spans` in order of their start, each start once.
    """
    place = bisect_right([one.start_s for one in spans], at_s) - 1
    if place < 0 or ((end_s := spans[place].end_s) is not None and at_s >= end_s):
        return "Nothing is written down about that moment."
    found = spans[place]
    kind = found.kind
    clock_s = max(0.0, found.clock_s + found.rate * (at_s - found.start_s))
    clock = f"the {kind} clock stood at {span(clock_s)} of {span(found.interval_s)}" if kind else "no clock was running"
    match Why(found.why):
        case Why.PROMPTED:
            return f"You were prompted: {found.detail}, as {clock}."
        case Why.IN_BREAK:
            return f"You were on your {kind} break."
        case Why.NOT_DUE:
            return f"No break was due yet: {f'{found.detail}, ' if found.detail else ''}{clock}."
        case Why.OFF_SEAT:
            return f"You were not seated, and {clock}."
        case Why.UNKNOWN:
            return "It was not known whether you sat: no sensor told, and nobody was seen at the keyboard."
        case Why.AWAY:
            return f"You were away from the keyboard, and {clock}."
        case other:
            until = f" {found.detail}" if found.detail else ""
            return f"No prompt came{until}, because {_BECAUSE[other]}; {clock}."


_BECAUSE = {
    Why.RETURNED: "you had only just sat down",
    Why.SPACED: "another prompt had ended only a moment before",
    Why.PATIENT: "you mostly take this break unasked, and were given time to",
    Why.TYPING: "you were typing",
    Why.POSTPONED: "you had postponed it",
    Why.ANSWERED: "you had been asked a while before",
    Why.PAUSED: "you had paused all prompts",
    Why.HOURS: "it was outside your working hours",
    Why.MODE: "this break is not asked for in the mode you were in",
    Why.SILENT_DAY: "this is the one day in every few weeks that is measured and not prompted",
    Why.LYING: "you were lying down",
    Why.DO_NOT_DISTURB: "the desktop was set to do not disturb",
    Why.CAMERA: "the camera was in use",
    Why.MICROPHONE: "the microphone was in use",
    Why.FULL_SCREEN: "a window filled the screen",
    Why.BUSY: "your calendar said busy",
    Why.APP: "one of your listed programs was running",
    Why.BATTERY: "the computer ran on battery",
}
