"""The clock of sitting runs from where the bout began, and not from where that became known."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.breaks.policy import BreakPolicy
from analysis.model import Activity, Event, PostureFrame, Prompt
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


def test_the_prompt_is_due_the_interval_after_the_bout_began() -> None:
    script = of_moves("desk", Hold(15.0), SitDown(), Hold(75.0))
    wearer = Wearer(script, 3)
    outputs = Pipeline(PipelineSettings(standing_after(60.0))).feed(QUIET, *worn(wearer, script.end_s))
    bout = next(one for one in outputs if isinstance(one, Event) and one.kind == "sitting")
    prompt = next(one for one in outputs if isinstance(one, Prompt))
    assert prompt.due_s - bout.start_s == pytest.approx(60.0, abs=0.11)
