"""What a person can ask of the breaks, and what they are answered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from analysis.break_flow import BreakAct, BreakRequest, LedgerSpan, Prompt, PromptState
from analysis.breaks import defaults
from analysis.errors import PostureError
from analysis.io.break_commands import answers, break_request, break_status
from analysis.schema import Command

ASKED = Prompt("p1", "micro", 1, "You have been sitting for 30 min.", 1800.0, length_s=60.0, action="Stand.")


def command(act: BreakAct | None, **values: Any) -> Command:
    return Command(id="a", action="break", act=act, **values)


def asked(given: Command, prompt: Prompt | None = ASKED) -> tuple[BreakRequest, str]:
    return break_request(given, 1900.0, prompt, defaults.RULES)


def test_what_is_asked_becomes_an_input() -> None:
    assert asked(command(BreakAct.POSTPONE)) == (
        BreakRequest(1900.0, BreakAct.POSTPONE),
        "Postponed by 5 min.",
    )
    assert asked(command(BreakAct.POSTPONE, duration_s=60.0))[1] == "Postponed by 60 s."
    assert asked(command(BreakAct.SKIP, text=" in a call "))[0].reason == "in a call"
    assert asked(command(BreakAct.PAUSE, duration_s=3600.0))[0] == BreakRequest(1900.0, BreakAct.PAUSE, for_s=3600.0)
    assert asked(command(BreakAct.PAUSE, until_s=21600.0))[1] == "No prompts until 06:00."
    assert asked(command(BreakAct.MODE, name="meeting"))[0].kind == "meeting"
    assert asked(command(BreakAct.RESUME), None)[0].act is BreakAct.RESUME


def test_a_break_now_is_the_one_asked_for_or_the_usual_one() -> None:
    assert asked(command(BreakAct.START))[0].kind == "micro"
    assert asked(command(BreakAct.START), None)[0].kind == "active"
    assert asked(command(BreakAct.START, name="rest"))[0].kind == "rest"


@pytest.mark.parametrize("act", [BreakAct.POSTPONE, BreakAct.SKIP, BreakAct.DONE, BreakAct.EXIT])
def test_a_second_answer_to_a_prompt_is_told_that_it_is_the_second(act: BreakAct) -> None:
    first, text = asked(command(act))
    assert answers(first, ASKED)
    for given in (command(BreakAct.POSTPONE), command(BreakAct.START, prompt_id="p1")):
        with pytest.raises(PostureError, match="already") as raised:
            break_request(given, 1900.1, ASKED, defaults.RULES, ("p1", text))
        assert text in str(raised.value)
    assert break_request(command(BreakAct.PAUSE), 1900.1, ASKED, defaults.RULES, ("p1", text))[0].act is BreakAct.PAUSE
    assert not answers(asked(command(BreakAct.START))[0], ASKED)
    assert not answers(asked(command(BreakAct.POSTPONE, name="active"))[0], ASKED)


def test_a_break_can_be_postponed_before_it_is_asked_for() -> None:
    assert asked(command(BreakAct.POSTPONE, name="active"), None)[0].kind == "active"


@pytest.mark.parametrize(
    ("given", "prompt", "says"),
    [
        (command(None), ASKED, "Say what to do"),
        (command(BreakAct.POSTPONE), None, "not being asked"),
        (command(BreakAct.SKIP), None, "not being asked"),
        (command(BreakAct.POSTPONE), replace(ASKED, can_postpone=False), "cannot be postponed"),
        (command(BreakAct.SKIP), replace(ASKED, can_skip=False), "cannot be skipped"),
        (command(BreakAct.SKIP, prompt_id="p0"), ASKED, "prompt is over"),
        (command(BreakAct.SKIP, prompt_id="p1"), None, "prompt is over"),
        (command(BreakAct.START, name="tea"), ASKED, "no break 'tea'"),
        (command(BreakAct.MODE, name="tea"), ASKED, "no mode 'tea'"),
        (command(BreakAct.PAUSE, duration_s=-1.0), ASKED, "no length of time"),
        (command(BreakAct.PAUSE, until_s=90000.0), ASKED, "no time of day"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(given: Command, prompt: Prompt | None, says: str) -> None:
    with pytest.raises(PostureError, match=f"{says}.*\\.$"):
        asked(given, prompt)


def test_how_it_stands_is_told_in_a_sentence() -> None:
    assert break_status(1900.0, ASKED, ()) == (
        "You are asked for your micro break. You have been sitting for 30 min. Stand."
    )
    walking = replace(ASKED, state=PromptState.IN_BREAK, credited_s=20.0)
    assert break_status(1900.0, walking, ()).startswith("You are on your micro break: 20 s of 60 s.")
    span = LedgerSpan(1000.0, None, "not_due", "active", 600.0, 1.0, 1800.0)
    assert break_status(1300.0, None, (span,)) == "No break was due yet: the active clock stood at 15 min of 30 min."
    assert break_status(1300.0, None, ()) == "Nothing is written down about that moment."
