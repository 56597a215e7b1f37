"""The usual classifiers beside the activity model: on made-up people whose postures are far apart."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.model import GRAVITY, Activity, Floats
from benchmarks.activity import matched, scores
from benchmarks.activity_recordings import Recording

pytest.importorskip("sklearn")
from benchmarks.activity_peers import peers, rises_of, viterbi

STAND, SIT, WALK, LIE, RISE = 5, 4, 1, 6, 8
LASTS_S = 21
PARTS = ((STAND, LASTS_S), (SIT, LASTS_S), (RISE, 2), (STAND, LASTS_S), (WALK, LASTS_S), (SIT, LASTS_S), (LIE, LASTS_S))
TILT_DEG = {STAND: 0.0, SIT: 25.0, WALK: 2.0, LIE: 90.0, RISE: 35.0}


def recorded(number: int) -> Recording:
    rng = np.random.default_rng(number)
    label = np.concatenate([np.full(50 * lasts_s, code, np.int8) for code, lasts_s in PARTS])
    t = np.arange(len(label)) / 50.0
    tilt = np.radians([TILT_DEG[code] for code in label.tolist()])
    acc = GRAVITY * np.stack([np.cos(tilt), np.sin(tilt), 0.0 * tilt], axis=1) + rng.normal(0.0, 0.1, (len(t), 3))
    acc[:, 0] += np.where(label == WALK, 3.0 * np.sin(2 * np.pi * 1.8 * t), 0.0)
    return Recording(f"one-{number}", f"person {number}", t, acc, rng.normal(0.0, 0.02, (len(t), 3)), label)


def test_the_person_left_out_is_told_by_the_others() -> None:
    recordings = [recorded(number) for number in range(3)]
    uprights: list[Floats] = [one.acc[:250].mean(axis=0) for one in recordings]
    told = peers(recordings, uprights, [5.0] * 3)
    assert scores(told.windows)["macro_f1"] == 1.0
    assert told.windows.person.count("person 1") == 23  # the first 5 s of standing are not asked for
    rises = matched(recordings, [rises_of(one) for one in told.smoothed], [5.0] * 3, RISE)
    assert rises == {"recall": 1.0, "precision": 1.0}
    for one, seen in zip(recordings, told.smoothed, strict=True):
        middle = np.searchsorted(seen.t, 30.0)
        assert seen.activity[middle] == Activity.SITTING
        assert seen.t[0] == one.t[0]
        assert seen.t[-1] == pytest.approx(one.t[-1], abs=0.5)


def test_who_is_left_out_is_not_learnt_from() -> None:
    recordings = [recorded(number) for number in range(3)]
    odd = recordings[2]
    upside_down = Recording(odd.name, odd.person, odd.t, odd.acc[:, ::-1], odd.gyr, odd.label)
    told = peers([*recordings[:2], upside_down], [np.array([1.0, 0.0, 0.0])] * 3, [5.0] * 3)
    theirs = np.array(told.windows.person) == "person 2"
    assert (told.windows.told[theirs] != told.windows.true[theirs]).mean() > 0.3
    assert (told.windows.told[~theirs] == told.windows.true[~theirs]).mean() > 0.8


def test_a_path_holds_through_a_doubtful_moment_and_follows_a_lasting_change() -> None:
    ways, begun = np.log([[0.95, 0.05], [0.05, 0.95]]), np.log([0.5, 0.5])
    doubtful = np.log(np.array([[0.9, 0.1]] * 4 + [[0.4, 0.6]] + [[0.9, 0.1]] * 4))
    assert viterbi(doubtful, begun, ways).tolist() == [0] * 9
    lasting = np.log(np.array([[0.9, 0.1]] * 4 + [[0.1, 0.9]] * 4))
    assert viterbi(lasting, begun, ways).tolist() == [0] * 4 + [1] * 4
