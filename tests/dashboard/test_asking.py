"""What the overlay shows of a prompt, what can be answered, and what is said afterwards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.break_flow import BreakAct, Prompt, PromptState
from analysis.breaks import defaults
from analysis.breaks.types import Action, BreakRules, BreakType, Clock, Credit
from analysis.model import Activity
from dashboard import asking, words
from dashboard.asking import OUTCOME_S, Insistence, Overlay, Watched

RULES = defaults.RULES
ASKED = Prompt(
    "active-1",
    "active",
    1,
    "You have been sitting for 42 min.",
    2520.0,
    told_s=2520.0,
    length_s=300.0,
    action="Stand up and walk a little.",
)
EYES = BreakType("eyes", Action.SHIFT, Clock.KEYBOARD, 1200.0, 20.0, 20.0, (), credit=Credit.TIMER, postpone_s=120.0)


def _shown(prompt: Prompt, activity: Activity = Activity.SITTING, rules: BreakRules = RULES) -> Overlay:
    return asking.overlay_of(prompt, rules, 2600.0, activity)


def test_an_open_prompt_says_what_why_and_what_to_do() -> None:
    shown = _shown(ASKED)
    assert "stand up" in shown.title
    assert "42 min" in shown.reason
    assert shown.action == "Stand up and walk a little."
    assert shown.page_title.endswith("— Upstand")
    assert shown.share is None


@pytest.mark.parametrize(
    ("state", "level", "insistence"),
    [
        (PromptState.HEADS_UP, 0, Insistence.HEADS_UP),
        (PromptState.OPEN, 1, Insistence.ASKED),
        (PromptState.OPEN, 2, Insistence.LOUDER),
        (PromptState.OPEN, 3, Insistence.LOUDEST),
        (PromptState.IN_BREAK, 3, Insistence.IN_BREAK),
        (PromptState.DONE, 3, Insistence.OUTCOME),
    ],
)
def test_insistence_follows_state_and_level(state: PromptState, level: int, insistence: Insistence) -> None:
    assert _shown(replace(ASKED, state=state, level=level)).insistence is insistence


def test_only_what_the_rules_allow_can_be_answered() -> None:
    assert _shown(ASKED).acts == (BreakAct.POSTPONE, BreakAct.SKIP)
    assert _shown(replace(ASKED, can_postpone=False)).acts == (BreakAct.SKIP,)
    assert _shown(replace(ASKED, can_postpone=False, can_skip=False)).acts == (BreakAct.EXIT,)
    assert _shown(replace(ASKED, state=PromptState.HEADS_UP)).acts[0] is BreakAct.START
    assert _shown(replace(ASKED, state=PromptState.DONE, can_postpone=False, can_skip=False)).acts == ()


def test_a_break_on_a_timer_is_begun_by_hand_and_a_measured_one_by_rising() -> None:
    rules = replace(RULES, types=(*RULES.types, EYES))
    eyes = replace(ASKED, kind="eyes")
    assert BreakAct.START in _shown(eyes, rules=rules).acts
    assert BreakAct.START not in _shown(ASKED).acts
    assert _shown(eyes, rules=rules).postpone_s == (120.0, 900.0, 1800.0)
    assert "eyes break" in _shown(eyes, rules=rules).title


def test_the_wearers_word_is_asked_for_where_nothing_is_measured() -> None:
    assert BreakAct.DONE in _shown(ASKED, Activity.NOT_WORN).acts
    assert BreakAct.DONE not in _shown(ASKED, Activity.SITTING).acts
    assert BreakAct.DONE in _shown(replace(ASKED, state=PromptState.IN_BREAK, begun_s=2590.0)).acts


def test_the_countdown_goes_by_the_sessions_time_from_the_rise() -> None:
    on_break = replace(ASKED, state=PromptState.IN_BREAK, begun_s=2525.0)
    shown = _shown(on_break)
    assert shown.progress == "1 min 15 s on your feet of 5 min; 3 min 45 s to go."
    assert shown.share == pytest.approx(0.25)
    assert asking.overlay_of(on_break, RULES, 9999.0, Activity.STANDING).share == 1.0


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        (replace(ASKED, state=PromptState.DONE, credited_s=200.0), "✓ Done: 3 min 20 s on your feet."),
        (replace(ASKED, kind="rest", state=PromptState.DONE, credited_s=600.0), "✓ Done: 10 min off the seat."),
        (replace(ASKED, kind="slouch", state=PromptState.DONE, credited_s=20.0), "✓ Your back is less bent now."),
        (replace(ASKED, kind="shift", state=PromptState.DONE, credited_s=20.0), "✓ Done: you have shifted."),
        (replace(ASKED, kind="eyes", state=PromptState.DONE, credited_s=20.0), "✓ Done: 20 s."),
        (replace(ASKED, state=PromptState.DONE), "✓ Done: you said so."),
        (replace(ASKED, state=PromptState.SHORT, credited_s=40.0), "◐ Cut short: 40 s on your feet of 5 min."),
    ],
)
def test_the_outcome_is_said_with_what_was_measured(prompt: Prompt, told: str) -> None:
    assert words.outcome(prompt) == told


def test_every_end_has_its_own_words() -> None:
    ends = [state for state in PromptState if state.is_ended]
    assert len({words.outcome(replace(ASKED, state=state)) for state in ends}) == len(ends)
    assert set(words.OUTCOME_WORDS) == set(PromptState)


def test_what_came_of_a_prompt_is_said_for_a_while_where_it_was_shown() -> None:
    done = replace(ASKED, state=PromptState.DONE, credited_s=200.0)
    watched, shown = asking.watch(Watched(), [ASKED], 100.0)
    assert shown is ASKED
    watched, shown = asking.watch(watched, [done], 160.0)
    assert shown is done
    watched, shown = asking.watch(watched, [done], 160.0 + OUTCOME_S - 1.0)
    assert shown is done
    assert asking.watch(watched, [done], 160.0 + OUTCOME_S)[1] is None
    assert asking.watch(Watched(), [done], 160.0) == (Watched(), None)


def test_a_new_prompt_takes_the_place_of_what_came_of_the_last() -> None:
    again = replace(ASKED, prompt_id="active-2", due_s=2900.0, told_s=2900.0)
    gone = replace(ASKED, state=PromptState.POSTPONED)
    assert asking.watch(Watched("active-1"), [gone, again], 200.0)[1] is again
