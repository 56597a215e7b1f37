"""When to ask and what became of it: properties that must hold for any day."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.breaks.policy import BreakPolicy, BreakRules
from analysis.detectors.bouts import Bouts
from analysis.frames import Pieces
from analysis.model import Activity, Event, Floats, PostureFrame, Prompt, PromptState

SIT, STAND, WALK, LIE, UNKNOWN = (
    Activity.SITTING,
    Activity.STANDING,
    Activity.WALKING,
    Activity.LYING,
    Activity.UNKNOWN,
)
RULES = BreakRules(sit_s=120.0, ignore_s=60.0, rise_s=10.0)
Run = tuple[Activity, float]


def frame(*runs: Run) -> PostureFrame:
    """Activities one after the other, in whole ticks; UNKNOWN runs of negative length are silences."""
    codes: list[int] = []
    ticks: list[int] = []
    at = 0
    for activity, span_s in runs:
        count = round(abs(span_s) * 10)
        if span_s > 0:
            codes += [activity] * count
            ticks += range(at, at + count)
        at += count
    t: Floats = np.array(ticks) / 10
    return PostureFrame(t, {}, np.array(codes, np.int8), np.zeros(len(t), np.uint16))


def day(*runs: Run, rules: BreakRules = RULES) -> tuple[list[Prompt], list[Event], PostureFrame]:
    """As the pipeline does it: pieces of a second, bouts, then the policy."""
    whole = frame(*runs)
    pieces, bouts, policy = Pieces(), Bouts(), BreakPolicy(rules)
    prompts: list[Prompt] = []
    events: list[Event] = []
    for piece in pieces.feed(whole) + pieces.flush():
        found = bouts.feed(piece)
        events += found
        prompts += policy.feed(piece, found)
    end_s = float(whole.t[-1]) + 0.1
    found = bouts.close(end_s)
    return prompts + policy.close(end_s, found), events + found, whole


def test_asks_after_unbroken_sitting_and_is_done_at_the_rise() -> None:
    prompts, _, _ = day((STAND, 20), (SIT, 150), (STAND, 40))
    asked, done = prompts
    assert asked.state is PromptState.OPEN
    assert asked.due_s == pytest.approx(20 + 120)
    assert asked.reason == "You have been sitting for 2 minutes; stand up and walk a little."
    assert done.state is PromptState.DONE
    assert done.prompt_id == asked.prompt_id
    assert done.closed_s == pytest.approx(20 + 150)  # the rise, and not when it was sure


@pytest.mark.parametrize("up", [STAND, WALK, LIE])
def test_ten_seconds_up_stop_the_clock_and_less_does_not(up: Activity) -> None:
    assert day((SIT, 100), (up, 15), (SIT, 110))[0] == []
    (asked, _) = day((SIT, 100), (up, 8), (SIT, 60))[0]
    assert asked.due_s == pytest.approx(120)


def test_ignored_and_asked_again_after_as_much_sitting_again() -> None:
    prompts, _, _ = day((SIT, 400), (STAND, 20))
    assert [p.state for p in prompts] == [PromptState.OPEN, PromptState.IGNORED] * 2
    assert [p.due_s for p in prompts] == pytest.approx([120, 120, 180 + 120, 300])
    assert [p.closed_s for p in prompts if p.closed_s] == pytest.approx([180, 360])
    assert len({p.prompt_id for p in prompts}) == 2


@pytest.mark.parametrize("unseen", [(UNKNOWN, 90.0), (UNKNOWN, -90.0)])
def test_nobody_is_blamed_or_praised_for_what_was_not_seen(unseen: Run) -> None:
    """The data end while a prompt is open: who walks off takes the sensors along."""
    asked, closed = day((SIT, 130), unseen, (SIT, 100))[0]
    assert closed.state is PromptState.UNSEEN
    assert closed.closed_s == pytest.approx(130)
    assert asked.due_s == pytest.approx(120)


def test_a_short_unknown_span_breaks_nothing() -> None:
    (asked, _) = day((SIT, 60), (UNKNOWN, 40), (SIT, 60))[0]
    assert asked.due_s == pytest.approx(120)


def test_an_open_prompt_is_unseen_when_the_session_ends() -> None:
    asked, closed = day((SIT, 150))[0]
    assert (asked.state, closed.state) == (PromptState.OPEN, PromptState.UNSEEN)
    assert closed.closed_s == pytest.approx(150)


def test_a_rise_just_before_the_end_is_done() -> None:
    _, closed = day((SIT, 150), (STAND, 7))[0]
    assert closed.state is PromptState.DONE
    assert closed.closed_s == pytest.approx(150)


def test_short_rules_are_told_in_seconds() -> None:
    (asked, _) = day((SIT, 40), rules=BreakRules(sit_s=30.0, ignore_s=60.0, rise_s=10.0))[0]
    assert asked.reason == "You have been sitting for 30 seconds; stand up and walk a little."


RUNS = st.lists(
    st.tuples(st.sampled_from([SIT, SIT, SIT, STAND, WALK, LIE, UNKNOWN]), st.floats(0.2, 180.0)).map(
        lambda run: (run[0], -run[1]) if run[0] is UNKNOWN and run[1] > 90 else run
    ),
    min_size=1,
    max_size=25,
).filter(lambda runs: runs[0][1] > 0)
ANY_RULES = st.builds(BreakRules, sit_s=st.floats(5, 300), ignore_s=st.floats(5, 200), rise_s=st.floats(1, 60))


@settings(max_examples=150, deadline=None)
@given(RUNS, ANY_RULES)
def test_what_holds_on_any_day(runs: list[Run], rules: BreakRules) -> None:
    prompts, events, whole = day(*runs, rules=rules)
    is_open: Prompt | None = None
    finished: list[Prompt] = []
    for prompt in prompts:
        if prompt.state is PromptState.OPEN:
            assert is_open is None, "two prompts open"
            tick = int(np.searchsorted(whole.t, prompt.due_s - 0.01))
            assert whole.activity[tick] == SIT, "asked while not sitting"
            seated = [e for e in events if e.kind == "sitting" and e.start_s <= prompt.due_s - rules.sit_s + 0.05]
            assert seated, "asked before anybody sat so long"
            earlier = [p.closed_s for p in finished if p.state is PromptState.IGNORED]
            assert all(prompt.due_s - closed_s >= rules.sit_s - 0.01 for closed_s in earlier if closed_s)
            is_open = prompt
        else:
            assert is_open is not None
            assert prompt.prompt_id == is_open.prompt_id
            assert prompt.closed_s is not None
            assert prompt.closed_s >= prompt.due_s
            if prompt.state is PromptState.IGNORED:
                assert prompt.closed_s - prompt.due_s >= rules.ignore_s - 0.01
            finished.append(prompt)
            is_open = None
    assert is_open is None, "a prompt never ended"
    assert len({prompt.prompt_id for prompt in finished}) == len(finished)


@settings(max_examples=60, deadline=None)
@given(RUNS)
def test_who_never_sits_long_is_never_asked(runs: list[Run]) -> None:
    short: list[Run] = [(WALK, 30.0)]
    for activity, span_s in runs:
        short += [(activity, min(span_s, 60.0)), (WALK, 30.0)]
    assert day(*short)[0] == []
