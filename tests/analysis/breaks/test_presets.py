"""What four other break reminders do by default can be had by settings: one test for each behaviour."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.break_flow import BreakAct, BreakInput, Prompt, PromptState
from analysis.breaks.types import BreakRules
from analysis.desk import ClockAnchor, Desk, Slept
from tests.analysis.breaks.played import MONDAY_9, Played, ask, desk_day, play
from tests.analysis.breaks.presets import (
    BREAK,
    BREAK_TIMER,
    MICRO,
    MINI,
    SAFE_EYES,
    SHORT,
    STRETCHLY,
    WORKRAVE,
    rules,
)

USED = Desk.IN_USE
DONE, SKIPPED, POSTPONED, IGNORED = (
    PromptState.DONE,
    PromptState.SKIPPED,
    PromptState.POSTPONED,
    PromptState.IGNORED,
)


def at_desk(
    which: BreakRules, *parts: tuple[Desk | None, float], acts: tuple[BreakInput, ...] = (), every_s: float = 10.0
) -> Played:
    """Without any sensor."""
    return play(which, inputs=[*desk_day(*parts, every_s=every_s), *acts])


def begun(played: Played, kind: str) -> list[float]:
    return [one.begun_s for one in played.ended if one.kind == kind and one.begun_s is not None]


def told(played: Played, state: PromptState) -> list[Prompt]:
    return [one for one in played.prompts if one.state is state]


def test_stretchly_two_minis_and_then_a_long_one() -> None:
    played = at_desk(STRETCHLY, (USED, 2900.0))
    assert begun(played, "mini") == pytest.approx([600.0, 1220.0, 2740.0])
    assert begun(played, "long") == pytest.approx([1840.0])
    assert {one.state for one in played.ended} == {DONE}


def test_stretchly_warns_ten_and_thirty_seconds_before() -> None:
    played = at_desk(STRETCHLY, (USED, 2200.0))
    warned = [(one.begun_s or 0.0) - (one.told_s or 0.0) for one in played.ended]
    assert warned == pytest.approx([10.0, 10.0, 30.0])


def test_stretchly_postpones_once_and_within_the_first_third() -> None:
    late = at_desk(STRETCHLY, (USED, 900.0), acts=(ask(610.0, BreakAct.POSTPONE),))
    assert late.outcomes == [("mini", DONE)]
    early = at_desk(STRETCHLY, (USED, 900.0), acts=(ask(605.0, BreakAct.POSTPONE), ask(737.0, BreakAct.POSTPONE)))
    assert early.outcomes == [("mini", POSTPONED), ("mini", DONE)]
    assert early.asked("mini")[1] == pytest.approx(725.0)


def test_stretchly_skips_only_after_a_third_and_never_when_strict() -> None:
    acts = (ask(603.0, BreakAct.SKIP), ask(608.0, BreakAct.SKIP))
    played = at_desk(STRETCHLY, (USED, 700.0), acts=acts)
    assert [(one.state, one.closed_s) for one in played.ended] == [(SKIPPED, 608.0)]
    strict = rules(replace(MINI, is_strict=True))
    assert at_desk(strict, (USED, 700.0), acts=acts).outcomes == [("mini", DONE)]


def test_stretchly_starts_all_anew_after_five_idle_minutes() -> None:
    played = at_desk(STRETCHLY, (USED, 280.0), (None, 310.0), (USED, 800.0))
    assert played.asked("mini") == pytest.approx([590.0 + 590.0])


def test_stretchly_is_quiet_while_the_desktop_says_do_not_disturb() -> None:
    played = at_desk(STRETCHLY, (USED, 500.0), (USED | Desk.DO_NOT_DISTURB, 700.0), (USED, 200.0))
    assert played.asked("mini") == pytest.approx([1200.0])
    assert "do not disturb" in played.why(800.0)
    assert played.tallies["mini"].suppressed_s == {"do_not_disturb": pytest.approx(610.0)}


def test_stretchly_is_quiet_while_a_named_program_runs() -> None:
    played = at_desk(STRETCHLY, (USED | Desk.APP, 700.0), (USED, 100.0))
    assert played.asked("mini") == pytest.approx([700.0])


def test_stretchly_pauses_for_a_time_until_told_and_until_morning() -> None:
    half_hour = at_desk(STRETCHLY, (USED, 2500.0), acts=(ask(100.0, BreakAct.PAUSE, for_s=1800.0),))
    assert min(half_hour.asked("mini") + half_hour.asked("long")) == pytest.approx(1900.0)
    until_told = at_desk(STRETCHLY, (USED, 2500.0), acts=(ask(100.0, BreakAct.PAUSE), ask(2100.0, BreakAct.RESUME)))
    assert min(until_told.asked("mini") + until_told.asked("long")) == pytest.approx(2100.0)
    morning = at_desk(
        STRETCHLY, (USED, 22 * 3600.0), acts=(ask(100.0, BreakAct.PAUSE, until_s=6 * 3600.0),), every_s=300.0
    )
    assert min(one.told_s or 0.0 for one in morning.prompts) == pytest.approx(21 * 3600.0)


def test_stretchly_starts_a_break_on_command_and_resets() -> None:
    now = at_desk(STRETCHLY, (USED, 400.0), acts=(ask(50.0, BreakAct.START, "long"),))
    assert (now.outcomes, begun(now, "long")) == ([("long", DONE)], [50.0])
    reset = at_desk(STRETCHLY, (USED, 1150.0), acts=(ask(500.0, BreakAct.RESET),))
    assert reset.asked("mini") == pytest.approx([1090.0])


def test_stretchly_shows_one_idea_after_the_other() -> None:
    played = at_desk(rules(MINI), (USED, 2000.0))
    assert [one.action for one in played.ended] == list(MINI.content)


def test_workrave_counts_activity_alone() -> None:
    played = at_desk(rules(replace(MICRO, reset_s=1e9)), *[(USED, 60.0), (None, 20.0)] * 3, (USED, 60.0))
    assert played.asked("micro")[0] == pytest.approx(3 * 60.0 + 2 * 20.0)
    assert not at_desk(WORKRAVE, *[(USED, 100.0), (None, 60.0)] * 4).prompts


def test_workrave_asks_three_times_ever_louder_and_then_insists() -> None:
    played = at_desk(WORKRAVE, (USED, 400.0))
    first = [one.level for one in played.prompts if one.prompt_id == "micro-1"]
    assert first == [1, 2, 3, 3]
    assert played.outcomes[:3] == [("micro", IGNORED)] * 3
    last = next(one for one in played.prompts if one.prompt_id == "micro-3")
    assert (last.level, last.can_skip, last.can_postpone) == (3, False, False)


def test_workrave_begins_when_the_hands_rest_and_counts_the_rest() -> None:
    played = at_desk(WORKRAVE, (USED, 190.0), (None, 40.0), (USED, 20.0))
    assert [(one.state, one.begun_s) for one in played.ended] == [(DONE, 190.0)]
    assert played.ended[0].closed_s == pytest.approx(220.0)


def test_workrave_snoozes_without_resetting_the_clock() -> None:
    played = at_desk(WORKRAVE, (USED, 400.0), acts=(ask(185.0, BreakAct.POSTPONE),))
    assert played.asked("micro")[:2] == pytest.approx([180.0, 335.0])
    assert "3 min" in played.ended[0].reason


def test_workrave_resets_the_clock_at_a_skip() -> None:
    played = at_desk(WORKRAVE, (USED, 400.0), acts=(ask(185.0, BreakAct.SKIP),))
    assert played.asked("micro")[:2] == pytest.approx([180.0, 365.0])


def test_workrave_counts_a_natural_break_and_starts_anew() -> None:
    played = at_desk(WORKRAVE, (USED, 170.0), (None, 35.0), (USED, 150.0))
    assert not played.prompts
    assert played.tallies["micro"].natural == 1


def test_workrave_has_a_limit_for_the_day() -> None:
    played = at_desk(rules(*WORKRAVE.types[2:]), (USED, 5 * 3600.0), every_s=300.0)
    assert played.asked("daily")[0] == pytest.approx(4 * 3600.0)
    later = at_desk(
        rules(*WORKRAVE.types[2:]),
        (USED, 5 * 3600.0),
        acts=(ask(14405.0, BreakAct.POSTPONE),),
        every_s=300.0,
    )
    assert later.asked("daily")[1] == pytest.approx(14405.0 + 1200.0)


def test_workrave_is_quiet_and_comes_back_by_itself() -> None:
    played = at_desk(WORKRAVE, (USED, 800.0), acts=(ask(10.0, BreakAct.PAUSE, for_s=600.0),))
    assert played.asked("micro")[0] == pytest.approx(610.0)


def test_workrave_has_breaks_that_can_neither_be_skipped_nor_put_off() -> None:
    acts = (ask(185.0, BreakAct.SKIP), ask(186.0, BreakAct.POSTPONE))
    played = at_desk(rules(replace(MICRO, is_strict=True)), (USED, 200.0), (None, 40.0), acts=acts)
    assert played.outcomes == [("micro", DONE)]


def test_safe_eyes_short_breaks_and_a_long_one() -> None:
    played = at_desk(SAFE_EYES, (USED, 4800.0), every_s=4.0)
    assert begun(played, "short")[:4] == pytest.approx([900.0, 1815.0, 2730.0, 3645.0])
    assert begun(played, "long") == pytest.approx([4560.0])


def test_safe_eyes_puts_the_next_break_off_by_what_was_idle() -> None:
    played = at_desk(SAFE_EYES, (USED, 500.0), (None, 200.0), (USED, 600.0))
    assert played.asked("short") == pytest.approx([890.0 + 200.0])
    again = at_desk(SAFE_EYES, (USED, 500.0), (None, 900.0), (USED, 1000.0))
    assert again.asked("short") == pytest.approx([1400.0 + 890.0])


def test_safe_eyes_takes_a_pause_longer_than_the_long_break_for_it() -> None:
    parts = [(USED, 800.0), (None, 30.0)]
    used = at_desk(rules(*SAFE_EYES.types[1:]), *parts * 5, (USED, 700.0))
    rested = at_desk(rules(*SAFE_EYES.types[1:]), *parts * 4, (None, 61.0), *parts, (USED, 700.0))
    assert len(used.asked("long")) == 1
    assert not rested.prompts


def test_safe_eyes_waits_until_the_hands_rest() -> None:
    patient = rules(replace(SHORT, gap_s=60.0))
    played = at_desk(patient, (USED, 880.0), (USED | Desk.TYPING, 50.0), (USED, 60.0))
    assert begun(played, "short") == pytest.approx([930.0])


def test_safe_eyes_postpones_where_it_is_switched_on() -> None:
    acts = (ask(903.0, BreakAct.POSTPONE),)
    assert at_desk(SAFE_EYES, (USED, 950.0), acts=acts).outcomes == [("short", DONE)]
    on = rules(replace(SHORT, postpones=-1, postpone_s=300.0))
    assert at_desk(on, (USED, 1300.0), acts=acts).outcomes == [("short", POSTPONED), ("short", DONE)]


def test_safe_eyes_lets_nobody_skip_three_times_in_a_row() -> None:
    acts = tuple(ask(at_s, BreakAct.SKIP, reason="busy") for at_s in (902.0, 1804.0, 2706.0))
    played = at_desk(SAFE_EYES, (USED, 2800.0), acts=acts)
    assert played.outcomes == [("short", SKIPPED), ("short", SKIPPED), ("short", DONE)]
    third = told(played, PromptState.IN_BREAK)[-1]
    assert (third.can_skip, third.can_postpone) == (False, False)
    assert played.tallies["short"].skipped == {"busy": 2}


@pytest.mark.parametrize("kept", [Desk.FULL_SCREEN, Desk.BATTERY, Desk.APP])
def test_safe_eyes_is_quiet_at_a_full_screen_on_battery_and_at_some_windows(kept: Desk) -> None:
    played = at_desk(SAFE_EYES, (USED | kept, 1000.0), (USED, 100.0))
    assert played.asked("short") == pytest.approx([1000.0])


def test_break_timer_waits_for_the_press_and_then_runs() -> None:
    played = at_desk(BREAK_TIMER, (USED, 2000.0), acts=(ask(1700.0, BreakAct.START),))
    assert played.asked("break") == pytest.approx([1680.0])
    assert [(one.state, one.begun_s, one.closed_s) for one in played.ended] == [(DONE, 1700.0, 1820.0)]
    assert not told(played, PromptState.OPEN)[0].can_skip


def test_break_timer_snoozes_as_often_as_one_likes() -> None:
    acts = tuple(ask(1690.0 + 200.0 * count, BreakAct.POSTPONE) for count in range(5))
    played = at_desk(BREAK_TIMER, (USED, 2800.0), acts=acts)
    assert played.outcomes[:5] == [("break", POSTPONED)] * 5
    assert played.asked("break")[1] == pytest.approx(1690.0 + 180.0)


def test_break_timer_keeps_working_hours_in_several_pieces() -> None:
    played = at_desk(BREAK_TIMER, (USED, 5 * 3600.0), acts=(ask(1700.0, BreakAct.START),), every_s=60.0)
    asked = [9.0 + at_s / 3600.0 for at_s in played.asked("break")]
    assert not any(12.0 <= hour < 13.0 for hour in asked)
    assert "outside your working hours" in played.why(3.5 * 3600.0)
    saturday = [ClockAnchor(at_s, MONDAY_9 + 5 * 86400.0 + at_s, 0.0) for at_s in (0.0, 1000.0, 2000.0)]
    assert not play(BREAK_TIMER, inputs=saturday).prompts


def test_break_timer_starts_anew_after_idling_a_locked_screen_and_a_sleep() -> None:
    idle = at_desk(BREAK_TIMER, (USED, 1000.0), (None, 310.0), (USED, 1700.0))
    assert idle.asked("break") == pytest.approx([1310.0 + 1680.0])
    locked = at_desk(BREAK_TIMER, (USED, 1000.0), (Desk.LOCKED, 20.0), (USED, 1700.0))
    assert locked.asked("break") == pytest.approx([1020.0 + 1680.0])
    slept = at_desk(BREAK_TIMER, (USED, 2700.0), acts=(Slept(1000.0, 3600.0),))
    assert slept.asked("break") == pytest.approx([1000.0 + 1680.0])


@pytest.mark.parametrize(("after_s", "outcome"), [(70.0, DONE), (30.0, PromptState.SHORT)])
def test_break_timer_counts_a_break_of_half_its_length(after_s: float, outcome: PromptState) -> None:
    acts = (ask(1690.0, BreakAct.START), ask(1690.0 + after_s, BreakAct.DONE))
    played = at_desk(BREAK_TIMER, (USED, 1800.0), acts=acts)
    assert played.outcomes[0] == (BREAK.name, outcome)
