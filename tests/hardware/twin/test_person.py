"""A simulated person who hears prompts does with them what their manner says, and lives the same day whoever looks."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.break_flow import Prompt, PromptState
from analysis.model import Activity
from hardware.twin.person import HALF, REACT_S, Answer, Person
from hardware.twin.wearer import Wearer

TOLD_S, OPENED_S, ENDED_S, END_S = 300.0, 330.0, 930.0, 1200.0
LOOK_S = 4.0
OWN_SEED = 1  # who rises unasked after the first sitting down
SEED = 1  # no rise of their own comes so early: OWN_S


def prompt(state: PromptState, number: int = 1, *, kind: str = "active", can_postpone: bool = True) -> Prompt:
    return Prompt(
        f"{kind}-{number}", kind, 1, "", TOLD_S, state, told_s=TOLD_S, length_s=300.0, can_postpone=can_postpone
    )


def live(person: Person, wearer: Wearer, until_s: float, heard: dict[float, Prompt]) -> list[str]:
    """Time goes on; what is said on the way."""
    said: list[str] = []
    for at_s in np.arange(0.0, until_s, LOOK_S).tolist():
        for moment_s in [moment_s for moment_s in heard if moment_s <= at_s]:
            person.hear(heard.pop(moment_s), at_s)
        word = person.says(at_s)
        said += [word] if word is not None else []
        wearer.seat_m(np.array([at_s]))
    return said


def one(manner: Answer | None, seed: int = 1, **asked: bool) -> tuple[Person, Wearer, list[str]]:
    """Twenty minutes with one prompt."""
    person = Person(manner, seed, END_S / 3600.0)
    wearer = Wearer(person.script, seed)
    heard = {
        TOLD_S: prompt(PromptState.HEADS_UP, **asked),
        OPENED_S: prompt(PromptState.OPEN, **asked),
        ENDED_S: prompt(PromptState.IGNORED, **asked),
    }
    return person, wearer, live(person, wearer, END_S, heard)


def test_who_obeys_rises_within_the_minute_and_stays_up_as_long_as_asked() -> None:
    person, wearer, said = one(Answer.OBEYS, SEED)
    [rise] = [rise for rise in wearer.rises(ENDED_S) if rise.seat_off_s > TOLD_S]
    assert OPENED_S + REACT_S[0] <= rise.start_s + 3.0  # a first try that does not lift belongs to it
    assert rise.seat_off_s <= OPENED_S + REACT_S[1] + 15.0
    next_s = next(bout.start_s for bout in wearer.sitting_bouts(END_S) if bout.start_s > rise.seat_off_s)
    assert 300.0 <= next_s - rise.seat_off_s <= 345.0
    deed = person.deeds[0]
    assert deed.answer is Answer.OBEYS
    assert deed.acts_s <= rise.start_s < deed.up_until_s
    assert not said


def test_who_ignores_sits_on() -> None:
    person, wearer, said = one(Answer.IGNORES, SEED)
    assert not [rise for rise in wearer.rises(ENDED_S) if rise.seat_off_s > TOLD_S]
    assert person.deeds[0].answer is Answer.IGNORES
    assert math.isinf(person.deeds[0].acts_s)
    assert not said


def test_who_postpones_says_so_once_within_the_minute() -> None:
    person, wearer, said = one(Answer.POSTPONES, SEED)
    assert said == ["active-1"]
    assert OPENED_S + REACT_S[0] <= person.deeds[0].acts_s <= OPENED_S + REACT_S[1] + LOOK_S
    assert not [rise for rise in wearer.rises(ENDED_S) if rise.seat_off_s > TOLD_S]


def test_who_may_not_postpone_obeys() -> None:
    person, _, said = one(Answer.POSTPONES, SEED, can_postpone=False)
    assert person.deeds[0].answer is Answer.OBEYS
    assert not said


def test_who_half_obeys_is_back_too_soon() -> None:
    _, wearer, _ = one(Answer.HALF_OBEYS, SEED)
    [rise] = [rise for rise in wearer.rises(ENDED_S) if rise.seat_off_s > TOLD_S]
    next_s = next(bout.start_s for bout in wearer.sitting_bouts(END_S) if bout.start_s > rise.seat_off_s)
    assert 10.0 < next_s - rise.seat_off_s < 300.0 * HALF[1] + 30.0


def test_a_seated_prompt_is_answered_on_the_seat() -> None:
    person = Person(Answer.OBEYS, 1, 1.0)
    wearer = Wearer(person.script, 1)
    live(person, wearer, 400.0, {100.0: prompt(PromptState.OPEN, kind="slouch")})
    deed = next(deed for deed in person.deeds if deed.kind == "slouch")
    truth = wearer.truth(np.arange(deed.acts_s + 4.0, deed.up_until_s))
    assert (truth.activity == Activity.SITTING).all()
    assert truth.lumbar_lordosis_deg.min() > -18.0


def test_a_rise_that_was_meant_anyway_answers_the_prompt_that_comes_on_the_way() -> None:
    person = Person(Answer.IGNORES, OWN_SEED, 1.0)
    wearer, at_s = Wearer(person.script, OWN_SEED), 0.0
    while not person.deeds:
        at_s += LOOK_S
        wearer.seat_m(np.array([at_s]))
    told = Prompt("active-1", "active", 1, "", at_s, PromptState.OPEN, told_s=at_s, length_s=300.0)
    person.hear(told, at_s)
    [deed] = person.deeds
    assert deed.prompt_id == "active-1"
    assert deed.answer is None


@settings(max_examples=8)
@given(seed=st.integers(0, 1000), looks=st.lists(st.floats(0.0, END_S), min_size=1, max_size=20))
def test_the_day_that_was_lived_stays_as_it_was(seed: int, looks: list[float]) -> None:
    person, wearer, _ = one(None, seed)
    at_s = np.sort(np.array(looks))
    again = Wearer(person.script, seed).truth(at_s)
    np.testing.assert_array_equal(wearer.truth(at_s).pelvic_tilt_deg, again.pelvic_tilt_deg)


@pytest.mark.parametrize("manner", [*Answer, None])
def test_every_day_ends_on_time(manner: Answer | None) -> None:
    person = Person(manner, 3, 0.5)
    assert person.script.end_s == 1800.0
    wearer = Wearer(person.script, 3)
    assert wearer.sitting_bouts(1800.0)[-1].end_s <= 1800.0
