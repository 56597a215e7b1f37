"""What the body's own clocks do: credit, phases, posture, fading, and the clock on the wall when it jumps."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from analysis.break_flow import BreakAct, BreakInput, BreakMemory, PromptState
from analysis.breaks.defaults import ACTIVE, DAY, MICRO, RULES, SHIFT, SLOUCH, WIND_DOWN
from analysis.breaks.types import Fading, Hours, Mode, Why
from analysis.desk import ClockAnchor, Desk, Slept
from analysis.model import Event
from tests.analysis.breaks.played import LIE, MONDAY_9, OFF, SIT, STAND, UNKNOWN, WALK, anchors, ask, desk_day, play

HERE = {mode: frozenset({"active", "micro", "shift", "slouch", "day"}) for mode in Mode}
CALM = replace(RULES, types=(ACTIVE,), modes=HERE, fading=Fading(is_on=False))
DONE, SHORT, UNSEEN = PromptState.DONE, PromptState.SHORT, PromptState.UNSEEN


def test_the_phases_of_a_prompt_that_is_followed() -> None:
    played = play(CALM, (STAND, 20.0), (SIT, 1900.0), (WALK, 320.0), (SIT, 20.0))
    told = [(one.state, one.level) for one in played.prompts]
    assert told == [
        (PromptState.HEADS_UP, 0),
        (PromptState.OPEN, 1),
        (PromptState.OPEN, 2),
        (PromptState.OPEN, 3),
        (PromptState.IN_BREAK, 3),
        (DONE, 3),
    ]
    done = played.ended[0]
    assert done.reason == "You have been sitting for 30 min."
    assert (done.due_s, done.told_s, done.begun_s, done.closed_s) == (1820.0, 1820.0, 1920.0, 2220.0)
    assert done.credited_s == pytest.approx(300.0)
    assert played.tallies["active"].response_s == pytest.approx(100.0)


@pytest.mark.parametrize("up", [STAND, WALK, LIE])
def test_the_clock_is_paid_back_second_by_second_from_the_rise_on(up: int) -> None:
    played = play(CALM, (SIT, 1000.0), (up, 60.0), (SIT, 2000.0))  # type: ignore[arg-type] # an Activity
    owed_s = 1000.0 - 60.0 * ACTIVE.interval_s / ACTIVE.length_s
    assert played.asked("active") == pytest.approx([1060.0 + 1800.0 - owed_s])
    assert played.tallies["active"].partial == 1


def test_a_flicker_is_no_rise() -> None:
    played = play(CALM, (SIT, 1000.0), (STAND, 8.0), (SIT, 900.0))
    assert played.asked("active") == pytest.approx([1800.0])


def test_a_prompt_is_off_the_screen_from_the_first_tick_off_the_seat_and_comes_back_after_a_flicker() -> None:
    played = play(CALM, (SIT, 1900.0), (STAND, 0.5), (SIT, 30.0), (STAND, 300.0))
    begun = [span.start_s for span in played.spans if span.why == Why.IN_BREAK]
    assert begun[:2] == [1900.0, 1930.5]
    assert [prompt.begun_s for prompt in played.prompts][-4:] == [1900.0, None, 1930.5, 1930.5]
    assert played.outcomes == [("active", DONE)]


def test_half_a_break_is_short_and_what_was_done_is_credited() -> None:
    played = play(CALM, (SIT, 1900.0), (WALK, 60.0), (SIT, 600.0))
    assert played.outcomes == [("active", SHORT)]
    assert played.ended[0].credited_s == pytest.approx(60.0)
    assert played.memory.clocks_s["active"] == pytest.approx(1900.0 - 360.0 + 600.0)


def test_one_types_credit_never_touches_another_types_ladder() -> None:
    rules = replace(CALM, types=(MICRO, ACTIVE), is_smallest_first=False)
    played = play(rules, (SIT, 1840.0), (WALK, 70.0), (SIT, 900.0), inputs=[ask(1810.0, BreakAct.POSTPONE, "active")])
    assert played.ended[0].kind == "active"
    assert played.tallies["micro"].natural == 1
    assert played.asked("active")[1] >= 1810.0 + ACTIVE.postpone_s
    assert next(one.can_postpone for one in played.prompts if one.prompt_id == played.ended[-1].prompt_id)


def test_postponing_ends_where_the_limit_is() -> None:
    asks = [ask(at_s, BreakAct.POSTPONE) for at_s in (1810.0, 2120.0, 2430.0, 2740.0)]
    played = play(CALM, (SIT, 2800.0), inputs=asks)
    assert [state for _, state in played.outcomes] == [PromptState.POSTPONED] * 3 + [UNSEEN]
    assert not played.prompts[-2].can_postpone


def test_a_prompt_of_whom_nobody_saw_the_end_is_unseen() -> None:
    played = play(CALM, (SIT, 1900.0), (UNKNOWN, -90.0), (SIT, 100.0))
    assert played.outcomes[0] == ("active", UNSEEN)
    assert play(CALM, (SIT, 1900.0)).outcomes == [("active", UNSEEN)]


def test_a_shift_answers_a_shift_and_empties_its_clock_alone() -> None:
    rules = replace(CALM, types=(SHIFT, ACTIVE))
    shifted = [Event("shift", 300.0, 302.0), Event("shift", 1250.0, 1252.0)]
    played = play(rules, (SIT, 1500.0), events=shifted)
    assert played.asked("shift") == pytest.approx([302.0 + 900.0])
    assert played.outcomes == [("shift", DONE)]
    assert played.memory.clocks_s == {"shift": pytest.approx(1500.0 - 1252.0), "active": pytest.approx(1500.0)}


def test_a_bent_back_is_noticed_and_a_good_posture_is_said_too() -> None:
    rules = replace(CALM, types=(SLOUCH, ACTIVE))
    shares = [60.0, 90.0, 60.0]
    played = play(rules, (SIT, 100.0), (SIT, 650.0), (SIT, 60.0), values={"lumbar_flexion_share": shares})
    assert played.asked("slouch") == pytest.approx([700.0])
    assert played.ended[0].reason == "Your back has been bent past 80 % of your range for 10 min."
    assert played.outcomes == [("slouch", DONE)]
    assert [(event.kind, event.start_s) for event in played.events] == [("good_posture", 750.0)]


def test_the_reason_says_all_that_is_known() -> None:
    rules = replace(CALM, types=(replace(SLOUCH, interval_s=1e6), ACTIVE))
    played = play(rules, (SIT, 1080.0), (SIT, 800.0), values={"lumbar_flexion_share": [60.0, 90.0]})
    told = "You have been sitting for 30 min, back bent past 80 % of your range for 12 min."
    assert played.ended[0].reason == told


def test_a_smaller_break_waits_for_a_larger_one_that_is_about_to_fall_due() -> None:
    rules = replace(CALM, types=(replace(SHIFT, interval_s=1700.0), ACTIVE))
    played = play(rules, (SIT, 1900.0))
    assert [prompt.kind for prompt in played.ended] == ["active"]
    both = play(replace(rules, types=(replace(SHIFT, interval_s=1200.0), ACTIVE)), (SIT, 1900.0))
    assert both.asked("shift") == pytest.approx([1200.0])


def test_without_a_sensor_the_keyboard_tells_and_that_is_said() -> None:
    played = play(CALM, (OFF, 20.0), inputs=desk_day((Desk.IN_USE, 1900.0), (None, 200.0), (Desk.IN_USE, 60.0)))
    assert "No sensor is worn" in played.ended[0].reason
    assert played.outcomes == [("active", DONE)]
    assert played.ended[0].credited_s >= ACTIVE.enough_s
    assert not play(CALM, (OFF, 4000.0), inputs=anchors(4000.0)).prompts  # nobody is there to be asked


def test_prompts_get_rarer_as_the_habit_holds_and_come_back_when_it_does_not() -> None:
    fading = replace(CALM, fading=Fading(silent_every_weeks=0))
    taken = play(fading, *[(SIT, 1500.0), (WALK, 310.0)] * 12, (SIT, 2700.0))
    (asked_s, *_) = taken.asked("active")
    late_s = asked_s - 12 * 1810.0 - ACTIVE.interval_s
    assert 0.7 * ACTIVE.fades_s < late_s < ACTIVE.fades_s
    assert "mostly take this break unasked" in taken.why(asked_s - 60.0)
    lapsed = play(fading, *[(SIT, 1500.0), (WALK, 310.0)] * 12, *[(SIT, 2700.0), (WALK, 310.0)] * 6, (SIT, 2700.0))
    last_s = lapsed.asked("active")[-1] - (12 * 1810.0 + 6 * 3010.0 + ACTIVE.interval_s)
    assert last_s < 0.6 * late_s


def test_one_day_in_every_fourth_week_is_measured_and_not_prompted() -> None:
    rules = replace(CALM, fading=Fading())
    silent = []
    for day in range(2, 58):
        clock = [ClockAnchor(0.0, day * 86400.0 + 9 * 3600.0, 0.0)]
        played = play(rules, (SIT, 1900.0), inputs=clock)
        if not played.prompts:
            silent.append((day + 3) % 7)
            assert "measured and not prompted" in played.why(1850.0)
            assert played.tallies["active"].overdue_s == pytest.approx(100.0)
    assert silent == [2, 2]


@pytest.mark.parametrize("jump_s", [3600.0, -3600.0, 86400.0, -7 * 86400.0])
def test_a_clock_that_jumps_moves_no_prompt(jump_s: float) -> None:
    clock: list[BreakInput] = [ClockAnchor(0.0, MONDAY_9, 0.0), ClockAnchor(900.0, MONDAY_9 + 900.0 + jump_s, 0.0)]
    saving = [ClockAnchor(0.0, MONDAY_9, 3600.0), ClockAnchor(900.0, MONDAY_9 + 900.0, 7200.0)]
    for inputs in (clock, saving):
        assert play(CALM, (SIT, 1900.0), inputs=inputs).asked("active") == pytest.approx([1800.0])


def test_the_days_total_outlives_a_clock_that_was_set_wrong_for_a_while() -> None:
    rules = replace(CALM, types=(replace(DAY, interval_s=3000.0),))
    wrong = [
        ClockAnchor(0.0, MONDAY_9, 0.0),
        ClockAnchor(1000.0, MONDAY_9 + 86400.0 + 1000.0, 0.0),
        ClockAnchor(1060.0, MONDAY_9 + 1060.0, 0.0),
    ]
    assert play(rules, (SIT, 3200.0), inputs=wrong).asked("day") == pytest.approx([3060.0])


def test_a_short_sleep_of_the_computer_loses_no_clock_and_a_long_one_starts_anew() -> None:
    short = play(CALM, (SIT, 1900.0), inputs=[Slept(900.0, 120.0)])
    assert short.asked("active") == pytest.approx([1800.0])
    night = play(CALM, (SIT, 1900.0), inputs=[Slept(900.0, 8 * 3600.0)])
    assert not night.prompts


def test_the_next_session_goes_on_where_the_last_one_stopped() -> None:
    first = play(CALM, (SIT, 1500.0), inputs=anchors(1500.0))
    memory = replace(first.memory, at_s=0.0)
    soon = [memory, *anchors(600.0, MONDAY_9 + 1560.0)]
    assert play(CALM, (SIT, 600.0), inputs=soon).asked("active") == pytest.approx([300.0])
    late: list[BreakInput] = [memory, *anchors(600.0, MONDAY_9 + 1500.0 + 7200.0)]
    assert not play(CALM, (SIT, 600.0), inputs=late).prompts
    unknown = BreakMemory(0.0, math.nan, {"active": 1700.0}, 0.0, -1, {}, {})
    assert not play(CALM, (SIT, 600.0), inputs=[unknown, *anchors(600.0)]).prompts


def test_working_hours_by_weekday() -> None:
    rules = replace(CALM, hours={0: (Hours(9 * 3600.0, 9.4 * 3600.0), Hours(10 * 3600.0, 17 * 3600.0))})
    played = play(rules, (SIT, 4000.0), inputs=anchors(4000.0))
    assert played.asked("active") == pytest.approx([3600.0])
    assert "outside your working hours" in played.why(3000.0)


def test_driving_and_the_evening() -> None:
    assert not play(RULES, (SIT, 4000.0), inputs=[ask(0.0, BreakAct.MODE, "driving")]).prompts
    rules = replace(RULES, types=(ACTIVE, WIND_DOWN))
    evening = play(rules, (SIT, 3700.0), inputs=anchors(3700.0, MONDAY_9 + 12.5 * 3600.0))
    assert "wind-down" in {prompt.kind for prompt in evening.ended}


def test_every_shipped_type_names_its_source_and_where_it_is_asked_for() -> None:
    asked = frozenset[str]().union(*RULES.modes.values())
    for one in RULES.types:
        assert one.source
        assert one.content
        assert one.name in asked
        assert one.enough_s <= one.length_s
