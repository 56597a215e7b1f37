"""What holds on any day, however it is lived, told, interrupted and cut."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.break_flow import (
    BreakAct,
    BreakInput,
    BreakMemory,
    BreakRequest,
    BreakTally,
    NewRules,
    Prompt,
    PromptState,
)
from analysis.breaks.defaults import RULES
from analysis.breaks.rules_record import packed
from analysis.breaks.types import BreakRules, BreakType, Clock, Credit, Hours, Mode, Why
from analysis.desk import ClockAnchor, Desk, DeskState, Slept
from analysis.model import Activity, Event
from tests.analysis.breaks.played import MONDAY_9, Played, Run, frame, play

NAMES = [one.name for one in RULES.types]
UP = (Activity.STANDING, Activity.WALKING, Activity.LYING)
WANTED = "You asked for this break."
SPANS = st.sampled_from([0.3, 2.0, 8.0, 14.0, 45.0, 200.0])
SEATED = st.tuples(st.just(Activity.SITTING), st.sampled_from([8.0, 45.0, 200.0, 400.0, 900.0]))
ELSE = st.tuples(st.sampled_from([*Activity, Activity.WALKING, Activity.STANDING]), SPANS).map(
    lambda run: (run[0], -run[1]) if run[0] is Activity.UNKNOWN and run[1] > 30 else run
)
RUNS = st.lists(st.one_of(SEATED, ELSE), min_size=2, max_size=20).filter(
    lambda runs: any(span_s > 0 for _, span_s in runs)
)


def shorter(one: BreakType, by: float) -> BreakType:
    """The same type with everything that takes time taking less, so that a short day has many prompts."""
    return replace(
        one,
        interval_s=one.interval_s / by,
        length_s=one.length_s / by,
        enough_s=one.enough_s / by,
        ignore_s=one.ignore_s / by,
        again_s=one.again_s / by,
        postpone_s=one.postpone_s / by,
        heads_up_s=10.0,
    )


@st.composite
def any_rules(draw: st.DrawFn) -> BreakRules:
    types = [shorter(one, draw(st.sampled_from([1.0, 5.0, 20.0]))) for one in RULES.types]
    for place in draw(st.lists(st.integers(0, len(types) - 1), max_size=4)):
        types[place] = replace(
            types[place],
            clock=draw(st.sampled_from(Clock)),
            credit=draw(st.sampled_from(Credit)),
            pays=draw(st.booleans()),
            is_strict=draw(st.booleans()),
            skips_in_row=draw(st.integers(-1, 2)),
            force_after=draw(st.integers(-1, 2)),
            reset_s=draw(st.sampled_from([30.0, 300.0, math.inf])),
            idle_s=draw(st.sampled_from([5.0, 60.0])),
        )
    modes = {mode: frozenset(draw(st.sets(st.sampled_from(NAMES)))) for mode in Mode}
    modes[Mode.DESK] |= {"active", "shift"}
    hours = {0: (Hours(9 * 3600.0, 9.5 * 3600.0),)} if draw(st.booleans()) else {}
    return replace(
        RULES,
        types=tuple(types),
        modes=modes,
        hours=hours,
        return_s=draw(st.sampled_from([0.0, 30.0])),
        spacing_s=draw(st.sampled_from([0.0, 60.0])),
        is_smallest_first=draw(st.booleans()),
    )


TIMES = st.floats(0.0, 3000.0).map(lambda at_s: round(at_s, 2))
INPUTS: st.SearchStrategy[list[BreakInput]] = st.lists(
    st.one_of(
        st.builds(DeskState, TIMES, st.integers(0, 1023).map(Desk), st.sampled_from([0.0, 50.0, 700.0])),
        st.builds(ClockAnchor, TIMES, st.floats(-90000.0, 90000.0).map(lambda jump: MONDAY_9 + jump), st.just(3600.0)),
        st.builds(Slept, TIMES, st.sampled_from([1.0, 300.0, 30000.0])),
        st.builds(
            BreakRequest,
            TIMES,
            st.sampled_from(BreakAct),
            st.sampled_from(["", *NAMES, *Mode, "nothing of the kind"]),
            st.sampled_from(["", "in a call"]),
            st.sampled_from([None, 60.0]),
            st.sampled_from([None, 9.3 * 3600.0]),
        ),
        st.builds(
            BreakMemory,
            st.one_of(st.just(0.0), TIMES),
            st.just(MONDAY_9 - 60.0),
            st.just({"active": 300.0}),
            st.just(0.0),
            st.just(3),
            st.just({"active": 1}),
            st.just({"active": 0.5}),
            st.sampled_from([{}, {"active": (90.0, "postponed")}]),
            st.sampled_from([None, 200.0, math.inf]),
            st.sampled_from(["", "evening"]),
        ),
        st.builds(lambda at_s, rules: NewRules(at_s, packed(rules)), TIMES, any_rules()),
    ),
    max_size=14,
)
KNOWN = st.sampled_from([("shift", 1.0), ("sitting", None), ("sitting", 20.0)])
EVENTS = st.dictionaries(TIMES, KNOWN, max_size=8).map(
    lambda known: [Event(kind, at, None if span is None else at + span) for at, (kind, span) in sorted(known.items())]
)
CUTS = st.lists(st.integers(1, 30000), max_size=25)
ANSWERS = st.lists(  # to one prompt after the other, so long after it was told
    st.tuples(
        st.sampled_from([BreakAct.POSTPONE, BreakAct.SKIP, BreakAct.START, *BreakAct]),
        st.sampled_from([1.0, 15.0, 40.0, 100.0]),
        st.sampled_from(["", *NAMES]),
    ),
    max_size=8,
)
SHARES = st.lists(st.sampled_from([math.nan, 20.0, 60.0, 90.0, 130.0]), min_size=20, max_size=20)


def lived(
    rules: BreakRules,
    runs: Sequence[Run],
    inputs: Sequence[BreakInput],
    events: Sequence[Event],
    shares: Sequence[float],
    answers: Sequence[tuple[BreakAct, float, str]],
    places: Sequence[int] = (),
) -> Played:
    values = {"lumbar_flexion_share": shares, "lumbar_lordosis": [-share / 5 for share in shares]}
    unanswered = play(rules, *runs, inputs=inputs, events=events, values=values).prompts if answers else ()
    told_s = sorted({prompt.told_s for prompt in unanswered if prompt.told_s is not None})
    replies = [
        BreakRequest(at_s + after_s, act, kind) for at_s, (act, after_s, kind) in zip(told_s, answers, strict=False)
    ]
    inputs = [*inputs, *replies]
    return play(rules, *runs, inputs=inputs, events=events, values=values, places=places)


def check(played: Played, runs: Sequence[Run]) -> None:
    open_id = ""
    ended: dict[str, Prompt] = {}
    whole = frame(*runs)
    for prompt in played.prompts:
        assert prompt.prompt_id not in ended, "told again after its end"
        if prompt.state.is_ended:
            assert prompt.prompt_id == open_id
            assert prompt.closed_s is not None
            assert prompt.told_s is not None
            assert prompt.closed_s >= prompt.told_s >= prompt.due_s
            ended[prompt.prompt_id], open_id = prompt, ""
            continue
        assert open_id in ("", prompt.prompt_id), "two prompts open"
        open_id = prompt.prompt_id
        assert prompt.closed_s is None
        assert 0 <= prompt.level <= 3
    assert not open_id, "a prompt never ended"
    assert all(prompt.credited_s >= 0 for prompt in played.prompts)
    told_s = [one.told_s for one in played.prompts if one.state is PromptState.HEADS_UP and one.told_s is not None]
    if not any(one.reason == WANTED for one in played.prompts):
        pairs = pairwise(played.spans)  # a span also ends where a clock turns: only what is new was told
        told_s += [b.start_s for a, b in pairs if b.why == Why.PROMPTED and (a.why, a.detail) != (b.why, b.detail)]
    for at_s in told_s:
        place = int(np.searchsorted(whole.t, at_s + 1e-6)) - 1
        is_seen = place >= 0 and whole.t[place] > at_s - 0.15
        assert not is_seen or whole.activity[place] not in UP, "prompted off the seat"
    assert all(clock_s >= 0 for clock_s in played.memory.clocks_s.values())
    check_record(played, list(ended.values()))


def check_record(played: Played, ended: Sequence[Prompt]) -> None:
    spans = played.spans
    assert all(span.clock_s >= 0 for span in spans)
    assert all(a.end_s == b.start_s for a, b in pairwise(spans)), "a moment without a reason"
    newest = {(one.day, one.kind): one for one in played.told if isinstance(one, BreakTally)}
    told: dict[str, int] = {}
    for tally in newest.values():
        kept = (tally.overdue_s, tally.response_s, tally.credited_s, *tally.suppressed_s.values())
        assert min(kept) >= 0
        outcomes = tally.taken + tally.short + tally.postponed + tally.ignored + tally.withdrawn + tally.unseen
        told[tally.kind] = told.get(tally.kind, 0) + outcomes + sum(tally.skipped.values())
    counted = {kind: count for kind, count in told.items() if count}
    assert counted == {kind: sum(one.kind == kind for one in ended) for kind in {one.kind for one in ended}}
    for at_s in (0.0, 100.0, 777.7):
        assert played.why(at_s).endswith(".")


@settings(max_examples=150)
@given(any_rules(), RUNS, INPUTS, EVENTS, SHARES, ANSWERS)
def test_what_holds_on_any_day(
    rules: BreakRules,
    runs: list[Run],
    inputs: list[BreakInput],
    events: list[Event],
    shares: list[float],
    answers: list[tuple[BreakAct, float, str]],
) -> None:
    check(lived(rules, runs, inputs, events, shares[: len(runs)], answers), runs)


@settings(max_examples=100)
@given(any_rules(), RUNS, INPUTS, EVENTS, SHARES, ANSWERS, CUTS)
def test_the_same_day_gives_the_same_record_however_it_is_cut(
    rules: BreakRules,
    runs: list[Run],
    inputs: list[BreakInput],
    events: list[Event],
    shares: list[float],
    answers: list[tuple[BreakAct, float, str]],
    places: list[int],
) -> None:
    """A restart is a replay of the same inputs, cut elsewhere."""
    whole = lived(rules, runs, inputs, events, shares[: len(runs)], answers)
    parts = lived(rules, runs, inputs, events, shares[: len(runs)], answers, places)
    assert len(parts.told) == len(whole.told)
    pairs = zip(parts.told, whole.told, strict=True)
    assert next((pair for pair in pairs if repr(pair[0]) != repr(pair[1])), None) is None


@settings(max_examples=60)
@given(RUNS)
def test_who_never_sits_long_is_never_asked(runs: list[Run]) -> None:
    short: list[Run] = [(Activity.WALKING, 30.0)]
    for activity, span_s in runs:
        short += [(activity, min(span_s, 60.0)), (Activity.WALKING, 30.0)]
    assert not play(RULES, *short).prompts
