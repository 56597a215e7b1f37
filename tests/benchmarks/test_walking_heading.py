"""Forward from the steps of recorded people."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks.walking_heading import measure, windows_of

SHARED = Path(os.environ.get("UPSTAND_SHARED", Path(__file__).parents[3] / "shared")) / "data" / "mobgap_example"

pytestmark = [
    pytest.mark.recordings,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the recordings are not here; set UPSTAND_SHARED"),
]


def test_six_to_eight_steps_of_real_people_say_which_way_is_forward() -> None:
    windows = windows_of(SHARED)
    told = [(one.person, one.trial, one.told) for one in windows if one.told is not None]
    assert len(told) == len(windows) == 4 * 6
    assert all(walk.is_onward for _, _, walk in told)
    errors_deg = np.array([walk.left_deg for _, _, walk in told])
    assert math.sqrt(float(np.mean(errors_deg**2))) < 8.0  # how each sensor was put on included
    assert all(abs(walk.left_deg) < 5.0 * walk.error_deg for _, _, walk in told)
    for person in {person for person, _, _ in told}:
        of_trial: dict[str, list[float]] = {}
        for whose, trial, walk in told:
            if whose == person:
                of_trial.setdefault(trial, []).append(walk.left_deg)
        assert np.ptp([np.mean(lefts) for lefts in of_trial.values()]) < 4.0  # two walks of one person
        assert max(float(np.std(lefts)) for lefts in of_trial.values()) < 1.5


def test_the_bench_shows_each_walk_and_all_together() -> None:
    section = measure()
    assert [name for name, _ in section.rows][-1] == "all, against how the sensor was put on"
    assert len(section.rows) == 5
