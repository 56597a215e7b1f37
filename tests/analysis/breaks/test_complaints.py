"""What people complain about in the other four does not happen here: one test for each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.break_flow import BreakAct, PromptState
from analysis.breaks.defaults import ACTIVE, RULES
from analysis.desk import Desk, DeskState
from analysis.io.break_settings import BreakSettings
from tests.analysis.breaks.played import OFF, SIT, STAND, WALK, ask, desk_day, play

USED = Desk.IN_USE
CALM = replace(RULES, types=(ACTIVE,))  # without the shifts, which a body that is only played does not make
STRICT = replace(RULES, types=(replace(ACTIVE, is_strict=True),))


def test_stretchly_1261_a_keyboard_that_is_never_idle_hides_no_break() -> None:
    """Wayland told no idle time. The body tells it."""
    played = play(CALM, (SIT, 1700.0), (WALK, 310.0), (SIT, 1700.0), inputs=desk_day((USED, 3700.0)))
    assert not played.prompts
    assert played.tallies["active"].natural == 1


def test_stretchly_1469_and_1011_long_breaks_come_however_often_the_keyboard_rests() -> None:
    desk = desk_day(*[(USED, 300.0), (None, 360.0)] * 3)
    played = play(CALM, (SIT, 1980.0), inputs=desk)
    assert played.asked("active") == pytest.approx([1800.0])


def test_stretchly_965_a_video_is_no_break() -> None:
    played = play(CALM, (SIT, 1980.0), inputs=desk_day((None, 1980.0)))
    assert played.asked("active") == pytest.approx([1800.0])
    assert not played.tallies["active"].natural


def test_stretchly_1560_and_1590_nothing_comes_just_as_one_returns() -> None:
    played = play(CALM, (SIT, 1790.0), (STAND, 11.0), (SIT, 20.0), (STAND, 11.0), (SIT, 500.0))
    (asked_s,) = played.asked("active")
    assert asked_s >= 1790.0 + 11.0 + 20.0 + 11.0 + RULES.return_s
    assert asked_s < 2000.0


def test_stretchly_1366_a_strict_break_can_be_paused_in_a_meeting() -> None:
    pause = ask(1850.0, BreakAct.PAUSE, for_s=3600.0)
    played = play(STRICT, (SIT, 3000.0), inputs=[ask(1840.0, BreakAct.SKIP), pause])
    assert [(one.state, one.closed_s) for one in played.ended] == [(PromptState.WITHDRAWN, 1850.0)]
    assert "paused" in played.why(2500.0)
    left = play(STRICT, (SIT, 2000.0), inputs=[ask(1850.0, BreakAct.EXIT)])
    assert left.outcomes == [("active", PromptState.SKIPPED)]
    assert left.tallies["active"].skipped == {"emergency exit": 1}


def test_workrave_351_and_641_readers_get_their_break() -> None:
    """Five idle seconds froze its clock."""
    desk = [DeskState(float(at_s), USED if at_s % 60 == 0 else Desk.NOTHING) for at_s in range(0, 1980, 3)]
    played = play(CALM, (SIT, 1980.0), inputs=desk)
    assert played.asked("active") == pytest.approx([1800.0])


def test_workrave_672_and_318_a_film_over_the_whole_screen_puts_it_off_and_no_more() -> None:
    played = play(CALM, (SIT, 3700.0), inputs=desk_day((Desk.FULL_SCREEN, 3700.0)))
    assert played.asked("active") == pytest.approx([1800.0 + RULES.defer_s])
    assert "a window filled the screen" in played.why(2000.0)
    assert played.tallies["active"].suppressed_s == {"full_screen": pytest.approx(RULES.defer_s)}


@pytest.mark.parametrize("desk", [Desk.MICROPHONE, Desk.CAMERA, Desk.BUSY])
def test_workrave_255_a_meeting_is_left_alone_and_then_one_is_asked(desk: Desk) -> None:
    played = play(CALM, (SIT, 2700.0), inputs=desk_day((USED, 1500.0), (USED | desk, 900.0), (USED, 300.0)))
    assert played.asked("active") == pytest.approx([2400.0])
    during = play(RULES, (SIT, 1900.0), inputs=[ask(0.0, BreakAct.MODE, "meeting")])
    assert {prompt.kind for prompt in during.prompts} == {"micro"}  # one can stand in a call


def test_workrave_374_a_break_begun_by_hand_is_counted() -> None:
    played = play(CALM, (SIT, 900.0), (WALK, 310.0), (SIT, 1700.0), inputs=[ask(890.0, BreakAct.START, "active")])
    assert played.outcomes == [("active", PromptState.DONE)]
    assert played.tallies["active"].taken == 1
    up = play(CALM, (SIT, 900.0), (WALK, 310.0), (SIT, 1700.0), inputs=[ask(950.0, BreakAct.START, "active")])
    assert up.outcomes == [("active", PromptState.DONE)]
    assert up.ended[0].begun_s == pytest.approx(900.0)


def test_safe_eyes_261_and_709_nothing_comes_aloud_while_one_types() -> None:
    typing = USED | Desk.TYPING
    played = play(CALM, (SIT, 1980.0), inputs=desk_day((USED, 1790.0), (typing, 60.0), (USED, 130.0)))
    aloud = [span.start_s for span in played.spans if span.detail == "aloud"]
    assert aloud == pytest.approx([1850.0])
    ever = play(CALM, (SIT, 1980.0), inputs=desk_day((typing, 1980.0)))
    assert [span.start_s for span in ever.spans if span.detail == "aloud"] == pytest.approx([1890.0])


def test_safe_eyes_540_it_can_be_put_off_before_it_opens() -> None:
    quiet = play(CALM, (SIT, 2300.0), inputs=[ask(1810.0, BreakAct.POSTPONE)])
    assert quiet.outcomes[0] == ("active", PromptState.POSTPONED)
    assert quiet.asked("active") == pytest.approx([1800.0, 1810.0 + ACTIVE.postpone_s])
    earlier = play(CALM, (SIT, 2300.0), inputs=[ask(1795.0, BreakAct.POSTPONE, "active", for_s=200.0)])
    assert earlier.asked("active") == pytest.approx([1995.0])
    assert "you had postponed it" in earlier.why(1900.0)


def test_safe_eyes_902_done_can_be_said() -> None:
    desk = [*desk_day((USED, 1980.0)), ask(1900.0, BreakAct.DONE)]
    played = play(CALM, (OFF, 20.0), inputs=desk)
    assert played.outcomes == [("active", PromptState.DONE)]
    assert "No sensor is worn" in played.ended[0].reason
    seen = play(CALM, (SIT, 1980.0), inputs=[ask(1900.0, BreakAct.DONE)])
    assert seen.outcomes == [("active", PromptState.SHORT)]  # who is seen to sit is not believed


def test_safe_eyes_401_types_and_modes_of_ones_own() -> None:
    own = {
        "eyes": {
            "action": "shift",
            "clock": "wall",
            "credit": "timer",
            "interval_s": 1200,
            "length_s": 20,
            "content": ["Look at something far away."],
            "modes": ["desk", "meeting"],
        },
        "shift": {"modes": []},
    }
    rules = BreakSettings.model_validate({"types": own}).rules()
    for mode in ("desk", "meeting"):
        played = play(rules, (SIT, 1300.0), inputs=[ask(0.0, BreakAct.MODE, mode)])
        assert played.outcomes == [("eyes", PromptState.DONE)]
        assert played.ended[0].action == "Look at something far away."
    assert not play(rules, (SIT, 1300.0), inputs=[ask(0.0, BreakAct.MODE, "driving")]).prompts


def test_break_timer_162_the_words_change() -> None:
    played = play(CALM, *[(SIT, 1850.0), (WALK, 310.0)] * 4)
    assert len({prompt.action for prompt in played.ended}) == len(ACTIVE.content)


def test_powertoys_30298_a_prompt_that_is_not_noticed_gets_louder() -> None:
    played = play(CALM, (SIT, 1980.0))
    assert [prompt.level for prompt in played.prompts][:4] == [0, 1, 2, 3]


def test_a_watch_that_only_asks_once_asks_again() -> None:
    played = play(CALM, (SIT, 6000.0))
    first, second = played.asked("active")[:2]
    assert second - first == pytest.approx(ACTIVE.heads_up_s + ACTIVE.ignore_s + ACTIVE.again_s)
