"""The sensors' motors tell which way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.break_flow import Buzz, Prompt, PromptState
from analysis.io.notify import Delivery
from analysis.io.notify.buzz import deliver
from analysis.model import Segment
from tests.analysis.io.notify.made_means import MadeMeans

ASKED = Prompt("p1", "active", 1, "You have been sitting for 30 min.", 1800.0)


@pytest.mark.parametrize(
    ("kind", "felt"),
    [
        ("slouch", Buzz.TOO_FAR_FORWARD),
        ("arch", Buzz.TOO_FAR_BACK),
        ("shift", Buzz.SHIFT),
        ("micro", Buzz.STAND_UP),
        ("active", Buzz.STAND_UP),
        ("wind-down", Buzz.STAND_UP),
    ],
)
async def test_the_pattern_tells_which_way(kind: str, felt: Buzz) -> None:
    made = MadeMeans()
    assert await deliver(replace(ASKED, kind=kind), made.means) == Delivery(True)
    assert [(one.action, one.segment, one.pattern) for one in made.asked] == [
        ("buzz", segment, felt) for segment in Segment
    ]
    assert len({one.id for one in made.asked}) == 2


async def test_one_sensor_with_a_motor_is_enough() -> None:
    assert await deliver(ASKED, MadeMeans(motors=frozenset({Segment.LUMBAR})).means) == Delivery(True)


async def test_without_a_motor_it_says_why() -> None:
    delivery = await deliver(ASKED, MadeMeans(motors=frozenset()).means)
    assert delivery == Delivery(False, "The pelvis sensor cannot. The lumbar sensor cannot.")


@pytest.mark.parametrize("state", [state for state in PromptState if state is not PromptState.OPEN])
async def test_only_what_is_asked_is_felt(state: PromptState) -> None:
    made = MadeMeans()
    assert await deliver(replace(ASKED, state=state), made.means) is None
    assert made.asked == []
