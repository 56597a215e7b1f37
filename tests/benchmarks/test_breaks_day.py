"""Short days of people who hear the prompts are told as they were, and the prompt is gone when they are up."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.breaks import defaults
from benchmarks.breaks_day import CREDIT_S, differences, live_through, match
from hardware.twin.person import Answer, Person
from hardware.twin.wearer import Wearer

_OFTEN = tuple(
    replace(one, interval_s=420.0, length_s=120.0, enough_s=60.0) if one.name == "active" else one
    for one in defaults.RULES.types
)
RULES = replace(defaults.RULES, types=_OFTEN)


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("manner", "seed"), [(Answer.OBEYS, 11), (Answer.HALF_OBEYS, 11)])
def test_most_of_an_hour_is_told_as_it_was(manner: Answer | None, seed: int) -> None:
    person = Person(manner, seed, 0.8)
    wearer = Wearer(person.script, seed)
    found = match(person, wearer, live_through(person, wearer, RULES), RULES)
    assert found.is_equal, differences(found)
    assert len(found.closing_s) >= 2
    assert np.median(found.closing_s) <= 3.0
    assert np.abs(found.credit_error_s).max() <= CREDIT_S
    assert found.ledger_share > 0.999
