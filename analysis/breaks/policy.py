"""When to ask a sitting person to stand up, and what became of it.

The clock is unbroken sitting: from the start of a sitting bout until standing, walking or lying has lasted `rise_s`.
A shorter interruption leaves it running. A prompt is DONE at the rise that stopped the clock and IGNORED only
when the person was seen to sit on for `ignore_s`. Where the data or the session ended while it was open it is UNSEEN:
nobody is blamed, or praised, for a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from analysis.model import Activity, Event, PostureFrame, Prompt, PromptState

SIT_S = 1800.0  # Diaz 2023 and the guidance in PMC6058032 ("interrupt every 30 min")
IGNORE_S = 600.0
RISE_S = 10.0
SILENCE_S = 60.0  # unknown for so long stops the clock like a rise: sitting that was not seen is not counted
_OFF_SEAT = (Activity.STANDING, Activity.WALKING, Activity.LYING)


@dataclass(frozen=True, slots=True)
class BreakRules:
    """What the person may set."""

    sit_s: float = SIT_S  # ask after this much unbroken sitting
    ignore_s: float = IGNORE_S  # an open prompt without a rise is ignored after this; the next comes sit_s later
    rise_s: float = RISE_S  # this long off the seat stops the clock


class BreakPolicy:
    """Frames and the events told with them in, prompts out: each when it opens and when it closes.

    Events of one feed are taken to be known from the first of its ticks on, so whoever needs the same prompts from
    another cutting must feed the same frames.
    """

    def __init__(self, rules: BreakRules) -> None:
        self._rules = rules
        self._since_s: float | None = None  # start of unbroken sitting
        self._asked_s: float | None = None  # when the last prompt of this sitting was given up
        self._left_s: float | None = None  # when the seat was left, while that may still be a flicker
        self._was_seen_up = False  # since then
        self._open: Prompt | None = None
        self._count = 0

    def feed(self, frame: PostureFrame, events: Sequence[Event]) -> list[Prompt]:
        prompts: list[Prompt] = []
        for event in events:
            if event.kind == "sitting":
                prompts += self._sat(event)
        for t, code in zip(frame.t.tolist(), frame.activity.tolist(), strict=True):
            prompts += self._tick(t, Activity(code))
        return prompts

    def close(self, at_s: float, events: Sequence[Event]) -> list[Prompt]:
        """The session ended, with these last events."""
        prompts = [prompt for event in events if event.kind == "sitting" for prompt in self._sat(event)]
        return prompts + self._stop(at_s if self._left_s is None else self._left_s)

    def _sat(self, bout: Event) -> list[Prompt]:
        if bout.end_s is not None:
            self._left_s, self._was_seen_up = bout.end_s, False
            return []
        prompts = []
        if self._left_s is not None and bout.start_s - self._left_s >= self._rules.rise_s:
            prompts = self._stop(self._left_s)
        self._left_s, self._was_seen_up = None, False
        if self._since_s is None:
            self._since_s = bout.start_s
        return prompts

    def _tick(self, t: float, activity: Activity) -> list[Prompt]:
        if self._since_s is None:
            return []
        if self._left_s is not None:
            away_s = t - self._left_s
            is_up = activity in _OFF_SEAT
            self._was_seen_up = self._was_seen_up or is_up
            if (away_s >= self._rules.rise_s and is_up) or away_s > max(SILENCE_S, self._rules.rise_s):
                return self._stop(self._left_s)
            return []
        if activity is not Activity.SITTING:
            return []
        if self._open is not None:
            if t - self._open.due_s < self._rules.ignore_s:
                return []
            self._asked_s = t
            return self._closed(PromptState.IGNORED, t)
        if t - (self._since_s if self._asked_s is None else self._asked_s) < self._rules.sit_s:
            return []
        self._count += 1
        self._open = Prompt(f"stand-{self._count}", "stand", 1, _reason(t - self._since_s), t)
        return [self._open]

    def _stop(self, left_s: float) -> list[Prompt]:
        """Sitting ended at left_s, or is not known to have gone on."""
        state = PromptState.DONE if self._was_seen_up else PromptState.UNSEEN
        self._since_s = self._asked_s = self._left_s = None
        self._was_seen_up = False
        return self._closed(state, left_s)

    def _closed(self, state: PromptState, at_s: float) -> list[Prompt]:
        if self._open is None:
            return []
        closed = replace(self._open, state=state, closed_s=max(at_s, self._open.due_s))
        self._open = None
        return [closed]


def _reason(sat_s: float) -> str:
    minutes = round(sat_s / 60)
    span = f"{minutes} minutes" if minutes >= 2 else f"{round(sat_s)} seconds"
    return f"You have been sitting for {span}; stand up and walk a little."
