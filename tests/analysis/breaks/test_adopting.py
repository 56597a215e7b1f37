"""Rules that are changed while a session goes on, and what another session hands over to it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.break_flow import BreakAct, BreakInput, BreakMemory, NewRules, PromptState
from analysis.breaks.defaults import ACTIVE, RULES, SHIFT
from analysis.breaks.rules_record import packed, unpacked
from analysis.breaks.types import Action, BreakRules, BreakType, Clock, Fading, Mode
from analysis.model import Event
from tests.analysis.breaks.played import MONDAY_9, SIT, STAND, anchors, ask, play

CALM = BreakRules((ACTIVE,), {Mode.DESK: frozenset({"active"})}, fading=Fading(is_on=False))
EYES = BreakType("eyes", Action.STAND, Clock.SITTING, 600.0, 20.0, 20.0, ("Look up.",), ignore_s=60.0)


def changed(at_s: float, *types: BreakType, asked: frozenset[str] | None = None) -> NewRules:
    names = frozenset(one.name for one in types) if asked is None else asked
    return NewRules(at_s, packed(replace(CALM, types=types, modes={Mode.DESK: names})))


@pytest.mark.parametrize(("interval_s", "due_s"), [(2700.0, 2700.0), (1200.0, 1500.0)])
def test_another_interval_holds_for_the_clock_as_it_stands(interval_s: float, due_s: float) -> None:
    played = play(CALM, (SIT, 3000.0), inputs=[changed(1500.0, replace(ACTIVE, interval_s=interval_s))])
    assert played.asked("active")[0] == pytest.approx(due_s)


def test_a_new_type_counts_from_when_it_was_made_and_the_others_count_on() -> None:
    played = play(CALM, (SIT, 1900.0), inputs=[changed(500.0, ACTIVE, EYES)])
    assert played.asked("eyes")[0] == pytest.approx(1100.0)
    assert played.asked("active")[0] == pytest.approx(1800.0)


def test_a_prompt_whose_type_is_gone_is_taken_back_and_another_goes_on() -> None:
    gone = play(CALM, (SIT, 2000.0), inputs=[changed(1850.0, EYES)])
    assert gone.outcomes == [("active", PromptState.WITHDRAWN)]
    kept = play(CALM, (SIT, 2000.0), (STAND, 300.0), inputs=[changed(1850.0, ACTIVE, replace(EYES, interval_s=9000.0))])
    assert kept.outcomes == [("active", PromptState.DONE)]


def test_switched_off_is_asked_no_more_and_its_clock_runs_on() -> None:
    inputs = [changed(1000.0, ACTIVE, asked=frozenset()), changed(2500.0, ACTIVE)]
    assert play(CALM, (SIT, 2600.0), inputs=inputs).asked("active") == pytest.approx([2500.0])


def test_the_first_rules_of_a_session_are_its_own() -> None:
    inputs = [NewRules(0.0, packed(replace(CALM, types=(replace(ACTIVE, interval_s=600.0),))))]
    assert play(RULES, (SIT, 700.0), inputs=inputs).asked("active") == pytest.approx([600.0])


def test_rules_that_cannot_be_read_change_nothing() -> None:
    played = play(CALM, (SIT, 1900.0), inputs=[NewRules(0.0, b"?"), NewRules(100.0, b"\x80")])
    assert played.asked("active") == pytest.approx([1800.0])


@given(st.floats(1.0, 1e6), st.booleans(), st.sampled_from(Clock), st.lists(st.text(max_size=9), max_size=3))
def test_rules_are_kept_to_the_last_bit(interval_s: float, strict: bool, clock: Clock, content: list[str]) -> None:
    one = replace(EYES, interval_s=interval_s, is_strict=strict, clock=clock, content=tuple(content))
    rules = replace(RULES, types=(*RULES.types, one), modes={**RULES.modes, Mode.MEETING: frozenset({"eyes"})})
    assert unpacked(packed(rules)) == rules


def handed(at_s: float, **more: object) -> BreakMemory:
    memory = BreakMemory(at_s, MONDAY_9 + at_s, {"active": 1500.0}, 0.0, 4, {}, {})
    return replace(memory, **more)  # type: ignore[arg-type]  # its own fields


def test_a_memory_of_the_start_adds_and_a_later_one_takes_the_place() -> None:
    inputs: list[BreakInput] = [*anchors(3000.0), handed(0.0)]
    assert play(CALM, (SIT, 400.0), inputs=inputs).asked("active") == pytest.approx([300.0])
    later: list[BreakInput] = [*anchors(3000.0), handed(1000.0)]
    assert play(CALM, (SIT, 1400.0), inputs=later).asked("active") == pytest.approx([1300.0])


def test_what_was_promised_there_holds_here() -> None:
    waiting = handed(0.0, clocks_s={"active": 1900.0}, waits={"active": (400.0, "postponed")})
    played = play(CALM, (SIT, 700.0), inputs=[*anchors(700.0), waiting])
    assert played.asked("active") == pytest.approx([400.0])
    assert "you had postponed it" in played.why(300.0)
    paused = handed(0.0, clocks_s={"active": 1900.0}, paused_s=500.0)
    assert play(CALM, (SIT, 700.0), inputs=[*anchors(700.0), paused]).asked("active") == pytest.approx([500.0])
    for_good = handed(0.0, clocks_s={"active": 1900.0}, paused_s=math.inf)
    resumed = play(CALM, (SIT, 700.0), inputs=[*anchors(700.0), for_good, ask(600.0, BreakAct.RESUME)])
    assert resumed.asked("active") == pytest.approx([600.0])
    meeting = handed(0.0, clocks_s={"active": 1900.0}, mode="meeting")
    assert not play(CALM, (SIT, 700.0), inputs=[*anchors(700.0), meeting]).prompts


def test_what_is_left_is_what_was_promised() -> None:
    inputs = [*anchors(1900.0), ask(1850.0, BreakAct.POSTPONE, for_s=600.0), ask(1860.0, BreakAct.PAUSE, for_s=60.0)]
    memory = play(CALM, (SIT, 1900.0), inputs=inputs).memory
    assert memory.waits["active"] == (pytest.approx(550.0, abs=0.2), "postponed")
    assert memory.paused_s == pytest.approx(20.0, abs=0.2)


def test_what_comes_of_a_break_is_in_the_record_at_once() -> None:
    played = play(CALM, (SIT, 1830.0), inputs=anchors(1830.0))
    told = [place for place, one in enumerate(played.told) if getattr(one, "prompted", 0) == 1]
    ended = next(place for place, one in enumerate(played.told) if one in played.ended)
    assert told[0] < ended


def test_a_type_that_is_never_asked_for_is_not_counted() -> None:
    off = replace(CALM, types=(ACTIVE, SHIFT))
    shifts = [Event("shift", 800.0, 801.0)]
    assert "shift" not in play(off, (SIT, 1000.0), events=shifts).tallies
    on = replace(off, modes={Mode.DESK: frozenset({"active", "shift"})})
    assert play(on, (SIT, 1000.0), events=shifts).tallies["shift"].natural == 1
