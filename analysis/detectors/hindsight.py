"""What was so, looked back upon: the likeliest way to the present tells what was BACK steps ago, and may tell it anew.

The first change that is seen may show that what was told before was not so: who goes down cannot have sat already. The
likeliest way to the present then tells anew what was, up to BACKDATED_S back.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.detectors.activity_model import STATES
from analysis.detectors.steps import LOOK, STEP_S
from analysis.model import FRAME_HZ, Activity

SETTLED = "activity_settled"  # a value beside the metrics': the Activity of DELAY_S earlier, looked back upon
BACK = 5  # steps by which what was so is looked back upon
DELAY_S = (LOOK + BACK) * STEP_S  # after which a tick's activity is settled; a step's change is dated to its end
BACKDATED_S = 180.0  # so far back may be told anew; 8 of 10 stays on the feet at work are shorter (twin)
DELAY = round(DELAY_S * FRAME_HZ)  # ticks
SAME = list(range(len(STATES)))  # each state from itself


@dataclass(frozen=True, slots=True)
class Retold:
    """What was settled as something else in [start_s, end_s), and known from the tick at `known_s` on to be this."""

    known_s: float
    start_s: float
    end_s: float
    activity: Activity


@dataclass(slots=True)
class _Span:
    """A state that was come to in the step that began at `from_s`, and what came before."""

    state: int
    from_s: float
    before: _Span | None


class Hindsight:
    """The ways by which each state was come to. Steps in, what was so BACK steps earlier out."""

    def __init__(self) -> None:
        self._paths = [_Span(state, -math.inf, None) for state in SAME]  # how each state was come to
        self._behind = deque([(-math.inf, False)] * (BACK + 1), BACK + 1)  # steps: end, and whether anything was known
        self._runs: deque[tuple[float, float, Activity]] = deque()  # what was settled as what, BACKDATED_S back
        self._kept_s = -math.inf  # up to here
        self._looked: _Span | None = None  # the last span that was settled
        self._was_sure = False  # one step ago; what is come to by posture alone tells nothing of what was
        self._news: list[Retold] = []

    def news(self) -> list[Retold]:
        """What is to be told anew, as became known since this was asked last."""
        news, self._news = self._news, []
        return news

    def restart(self, from_s: float) -> None:
        """Nothing leads from what was to what is from then on."""
        self._paths = [_Span(state, from_s, None) for state in SAME]

    def come(self, origins: Sequence[int], from_s: float) -> None:
        """In the step that began then each state was come to from that one of `origins`."""
        if origins != SAME:
            paths = self._paths
            self._paths = [
                paths[old] if paths[old].state == new else _Span(new, from_s, paths[old])
                for new, old in enumerate(origins)
            ]

    def stay(self, state: int) -> None:
        """Every other state is come to from that one, if at all."""
        self._paths = [self._paths[state]] * len(STATES)

    def skip(self, state: int, ends_s: Sequence[float]) -> None:
        """Many steps in which all stayed in that state; the last BACK + 1 of them ended then."""
        was_known = self._behind[0][1]
        self._behind.extend((end_s, was_known) for end_s in ends_s)
        self._keep(self._kept_s, ends_s[0], STATES[state] if was_known else Activity.UNKNOWN)

    def settled(self, state: int, end_s: float, *, is_known: bool, is_clear: bool, has_seen: bool) -> Activity:
        """What was so BACK steps ago, for who is in that state in the step that ended now.

        is_known: this step tells something. is_clear: and is clear enough for what led to it to be told anew.
        has_seen: it is known how the wearer came to be as they are.
        """
        self._behind.append((end_s, is_known))
        behind_s, was_known = self._behind[0]
        newest = span = self._paths[state]
        while span.from_s >= behind_s and span.before is not None:
            span = span.before
        if span is not self._looked and is_clear:
            was_so = span.before is self._looked and span.from_s >= behind_s - STEP_S
            has_changed = span is not newest or span.before is not None
            if (self._looked is not None or has_changed) and not was_so and not self._was_sure:
                self._tell_anew(span, behind_s - STEP_S, end_s + LOOK * STEP_S)
            self._looked = span
        self._was_sure = has_seen
        settled = STATES[span.state] if was_known else Activity.UNKNOWN
        self._keep(behind_s - STEP_S, behind_s, settled)
        if span.from_s < behind_s - BACKDATED_S:
            span.before = None  # nobody asks for what was before
        return settled

    def _keep(self, start_s: float, end_s: float, settled: Activity) -> None:
        runs, self._kept_s = self._runs, end_s
        if runs and runs[-1][1:] == (start_s, settled):
            runs[-1] = (runs[-1][0], end_s, settled)
        elif settled is not Activity.UNKNOWN:
            runs.append((start_s, end_s, settled))
        while runs and runs[0][1] <= end_s - BACKDATED_S:
            runs.popleft()

    def _tell_anew(self, span: _Span | None, until_s: float, known_s: float) -> None:
        """What was settled before `until_s` otherwise than this way has it."""
        first_s, runs = until_s - BACKDATED_S, list(self._runs)
        while span is not None and until_s > first_s:
            from_s, activity = max(span.from_s, first_s), STATES[span.state]
            told, runs = runs, []
            for start_s, end_s, settled in told:
                a, b = max(start_s, from_s), min(end_s, until_s)
                if a >= b or settled is activity:
                    runs.append((start_s, end_s, settled))
                    continue
                self._news.append(Retold(known_s, a, b, activity))
                parts = ((start_s, a, settled), (a, b, activity), (b, end_s, settled))
                runs += [part for part in parts if part[0] < part[1]]
            until_s = from_s
            span = span.before
        self._runs = deque(runs)
