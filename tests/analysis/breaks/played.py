"""A person at a desk, played to the policy: runs of activity, with what else became known at its time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from analysis.break_flow import (
    BreakAct,
    BreakInput,
    BreakMemory,
    BreakRequest,
    BreakTally,
    LedgerSpan,
    Prompt,
    PromptState,
)
from analysis.breaks.ledger import why
from analysis.breaks.policy import BreakPolicy, Told
from analysis.breaks.types import BreakRules
from analysis.desk import ClockAnchor, Desk, DeskState
from analysis.model import Activity, Event, Floats, Label, PostureFrame

SIT, STAND, WALK, LIE = Activity.SITTING, Activity.STANDING, Activity.WALKING, Activity.LYING
UNKNOWN, OFF, OTHER = Activity.UNKNOWN, Activity.NOT_WORN, Activity.OTHER
MONDAY_9 = 4 * 86400.0 + 9 * 3600.0  # 5 January 1970, nine o'clock

Run = tuple[Activity, float]  # of negative length: nothing comes in for so long


@dataclass(frozen=True)
class Played:
    """All that the policy told, sorted out."""

    told: Sequence[Told]
    prompts: Sequence[Prompt] = field(default=())  # as told, one for each change

    @property
    def ended(self) -> list[Prompt]:
        """Each prompt as it ended, in order."""
        return [prompt for prompt in self.prompts if prompt.state.is_ended]

    @property
    def outcomes(self) -> list[tuple[str, PromptState]]:
        return [(prompt.kind, prompt.state) for prompt in self.ended]

    def asked(self, kind: str) -> list[float]:
        """When prompts of that type were first told, s."""
        seen: dict[str, float] = {}
        for prompt in self.prompts:
            if prompt.kind == kind and prompt.told_s is not None:
                seen.setdefault(prompt.prompt_id, prompt.told_s)
        return list(seen.values())

    @property
    def spans(self) -> list[LedgerSpan]:
        newest = {span.start_s: span for span in self.told if isinstance(span, LedgerSpan)}
        return [newest[start_s] for start_s in sorted(newest)]

    @property
    def tallies(self) -> dict[str, BreakTally]:
        """The last word on each type; of the newest day."""
        return {one.kind: one for one in self.told if isinstance(one, BreakTally)}

    @property
    def events(self) -> list[Event]:
        return [one for one in self.told if isinstance(one, Event)]

    @property
    def memory(self) -> BreakMemory:
        return [one for one in self.told if isinstance(one, BreakMemory)][-1]

    def why(self, at_s: float) -> str:
        return why(self.spans, at_s)


def frame(*runs: Run, values: Mapping[str, Sequence[float]] | None = None) -> PostureFrame:
    """Activities one after the other, in whole ticks; `values` hold one number for each run."""
    codes: list[NDArray[np.int64]] = []
    ticks: list[NDArray[np.int64]] = []
    columns: dict[str, list[Floats]] = {name: [] for name in values or {}}
    at = 0
    for place, (activity, span_s) in enumerate(runs):
        count = round(abs(span_s) * 10)
        if span_s > 0:
            codes.append(np.full(count, int(activity)))
            ticks.append(np.arange(at, at + count))
            for name, given in (values or {}).items():
                columns[name].append(np.full(count, given[place]))
        at += count
    t = np.concatenate(ticks) / 10 if ticks else np.empty(0)
    code = np.concatenate(codes).astype(np.int8) if codes else np.empty(0, np.int8)
    joined = {name: np.concatenate(parts) for name, parts in columns.items()}
    return PostureFrame(t, joined, code, np.zeros(len(t), np.uint16))


def cut(whole: PostureFrame, places: Iterable[int]) -> list[PostureFrame]:
    edges = sorted({0, len(whole.t), *(place for place in places if 0 < place < len(whole.t))})
    return [
        PostureFrame(
            whole.t[a:b], {n: v[a:b] for n, v in whole.values.items()}, whole.activity[a:b], whole.quality[a:b]
        )
        for a, b in pairwise(edges)
    ]


def play(
    rules: BreakRules,
    *runs: Run,
    inputs: Sequence[BreakInput] = (),
    events: Sequence[Event] = (),
    values: Mapping[str, Sequence[float]] | None = None,
    places: Iterable[int] = (),
    end_s: float | None = None,
    corrections: Sequence[tuple[float, Label]] = (),
) -> Played:
    """The whole session: each input comes when the samples before it have, each event three seconds after its end, or
    nine after the beginning of what goes on.

    `corrections` are told at these times, in their order.
    """
    whole = frame(*runs, values=values)
    arriving = sorted(inputs, key=lambda one: one.at_s)
    told_at = sorted(
        (event.start_s + 9.0 if event.end_s is None else event.end_s + 3.0, place) for place, event in enumerate(events)
    )
    own = [int(np.searchsorted(whole.t, one.at_s)) for one in arriving]
    own += [int(np.searchsorted(whole.t, at_s)) for at_s, _ in told_at]
    own += [int(np.searchsorted(whole.t, at_s)) for at_s, _ in corrections]
    said = list(corrections)
    policy = BreakPolicy(rules)
    told: list[Told] = []
    newest_s = float("-inf")
    for piece in cut(whole, [*places, *own]):
        while arriving and arriving[0].at_s <= piece.t[0]:
            told += policy.take(arriving.pop(0), newest_s)
        while said and said[0][0] <= piece.t[0]:
            policy.correct(said.pop(0)[1], newest_s)
        known = [events[place] for at_s, place in told_at if piece.t[0] <= at_s <= piece.t[-1] + 0.05]
        policy.know(known)
        told += policy.feed(piece)
        newest_s = float(piece.t[-1])
    for item in arriving:
        told += policy.take(item, newest_s)
    last_s = max([newest_s + 0.1, *(one.at_s for one in inputs)]) if end_s is None else end_s
    told += policy.close(max(0.0, last_s))
    return Played(told, [one for one in told if isinstance(one, Prompt)])


def desk_day(
    *parts: tuple[Desk | None, float], start_s: float = 0.0, every_s: float = 30.0
) -> list[DeskState | ClockAnchor]:
    """What a computer reports: a state for each part (None: nobody touches it), and the clock on the wall."""
    told: list[DeskState | ClockAnchor] = []
    at_s, idle_s = start_s, 0.0
    for desk, span_s in parts:
        end_s = at_s + span_s
        while at_s < end_s - 1e-9:
            told.append(ClockAnchor(at_s, MONDAY_9 + at_s, 0.0))
            told.append(DeskState(at_s, Desk.NOTHING if desk is None else desk, idle_s))
            step_s = min(every_s, end_s - at_s)
            at_s += step_s
            idle_s = idle_s + step_s if desk is None or Desk.IN_USE not in desk else 0.0
    told.append(ClockAnchor(at_s, MONDAY_9 + at_s, 0.0))
    return told


def anchors(until_s: float, at: float = MONDAY_9, every_s: float = 60.0) -> list[ClockAnchor]:
    """The clock on the wall, told every minute."""
    return [ClockAnchor(at_s, at + at_s, 0.0) for at_s in np.arange(0.0, until_s, every_s).tolist()]


def ask(
    at_s: float,
    act: BreakAct,
    kind: str = "",
    reason: str = "",
    for_s: float | None = None,
    until_s: float | None = None,
) -> BreakRequest:
    return BreakRequest(at_s, act, kind, reason, for_s, until_s)
