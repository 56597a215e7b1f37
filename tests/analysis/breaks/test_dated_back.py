"""The clock of sitting runs from where the bout began, and not from where that became known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.break_flow import Prompt
from analysis.breaks.policy import BreakPolicy
from analysis.model import Activity, Event, PostureFrame
from analysis.pipeline import Pipeline, PipelineSettings
from hardware.twin.moves import Hold, SitDown
from hardware.twin.script import of_moves
from hardware.twin.wearer import Wearer
from tests.analysis.breaks.simple import standing_after
from tests.analysis.simulated import QUIET, worn


def second(at: int, activity: Activity) -> PostureFrame:
    ticks = np.arange(10 * at, 10 * at + 10)
    return PostureFrame(ticks / 10, {}, np.full(10, activity, np.int8), np.zeros(10, np.uint16))


def due_s(began_s: float | None, sits_from: int = 20) -> float:
    """When a prompt after 60 s is due of who is seen to sit from `sits_from` on, and was told a while later to have
    sat since `began_s`."""
    policy = BreakPolicy(standing_after(60.0))
    told = []
    for at in range(120):
        events = [Event("sitting", began_s, None)] if began_s is not None and at == sits_from + 8 else []
        policy.know(events)
        told += policy.feed(second(at, Activity.SITTING if at >= sits_from else Activity.STANDING))
    return next(one.due_s for one in told if isinstance(one, Prompt))


def test_a_bout_that_began_earlier_makes_the_clock_full_earlier() -> None:
    assert due_s(None) == pytest.approx(80.0)
    assert due_s(17.4) == pytest.approx(77.4)


@pytest.mark.parametrize("began_s", [20.0, 25.0, -400.0])
def test_a_bout_that_did_not_changes_nothing(began_s: float) -> None:
    assert due_s(began_s) == pytest.approx(80.0)


def came_back(*told_at: tuple[int, Event]) -> tuple[float, float]:
    """Credit of the break of who is seen to stand from 100 s to 150 s, and when the next prompt after 60 s is due."""
    rules = standing_after(60.0, rise_s=10.0)
    policy = BreakPolicy(replace(rules, types=(replace(rules.types[0], length_s=120.0, enough_s=30.0),)))
    told = []
    for at in range(300):
        policy.know([event for known, event in told_at if known == at])
        told += policy.feed(second(at, Activity.STANDING if 100 <= at < 150 else Activity.SITTING))
    prompts = {one.prompt_id: one for one in told if isinstance(one, Prompt)}
    first, second_one = list(prompts.values())[:2]
    return first.credited_s, second_one.due_s


def test_a_bout_that_is_known_before_the_activity_is_sure_ends_the_break_where_it_began() -> None:
    assert came_back() == (pytest.approx(50.0), pytest.approx(210.0))
    assert came_back((149, Event("sitting", 136.0, None))) == (pytest.approx(36.0), pytest.approx(196.0))


def test_a_bout_that_was_over_before_the_activity_was_sure_says_nothing_of_the_break() -> None:
    told = (145, Event("sitting", 130.0, None)), (148, Event("sitting", 130.0, 135.0))
    assert came_back(*told) == came_back()


def test_a_bout_from_before_the_break_says_nothing_of_it() -> None:
    assert came_back((149, Event("sitting", 90.0, None))) == came_back()


def test_the_prompt_is_due_the_interval_after_the_bout_began() -> None:
    script = of_moves("desk", Hold(15.0), SitDown(), Hold(75.0))
    wearer = Wearer(script, 3)
    outputs = Pipeline(PipelineSettings(standing_after(60.0))).feed(QUIET, *worn(wearer, script.end_s))
    bout = next(one for one in outputs if isinstance(one, Event) and one.kind == "sitting")
    prompt = next(one for one in outputs if isinstance(one, Prompt))
    assert prompt.due_s - bout.start_s == pytest.approx(60.0, abs=0.11)
