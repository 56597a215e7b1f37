"""How the activity model's numbers are chosen: what simulated people show, how they are told, and what may move."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import msgspec
import numpy as np
import pytest

from analysis.detectors.activity_model import lying_nats, shipped
from analysis.detectors.hindsight import DELAY
from analysis.detectors.steps import FEATURES, STEP_S
from analysis.model import Activity, Segment
from benchmarks import activity_choice, activity_judges
from benchmarks.activity_judges import Judges, carried, simulated, tally, trial, worth
from benchmarks.activity_people import Person, person
from benchmarks.activity_priors import begun
from benchmarks.train_activity import LYING_DEG

SIT, STAND, WALK = Activity.SITTING, Activity.STANDING, Activity.WALKING


@cache
def somebody() -> Person:
    return person(705)


@cache
def judges() -> Judges:
    groups = [[trial(somebody(), is_calibrated=True, seed=1)], [carried(somebody(), 1)]]
    return Judges(groups, groups[0], [], groups[0])


def test_the_file_that_ships_is_the_commands_own() -> None:
    model = shipped()
    assert "with nothing changed by hand" in model.source
    tipped = np.array([2 * np.sin(np.radians(angle_deg) / 2) for angle_deg in (LYING_DEG - 1.0, LYING_DEG + 1.0)])
    below, above = lying_nats(model, {Segment.PELVIS: tipped, Segment.LUMBAR: tipped}).tolist()
    assert below < 0.0 < above
    assert all(0.0 < share <= 1.0 for share in (model.shares.gait, model.shares.other, model.shares.lying))


def test_nobody_is_told_better_than_right() -> None:
    one = judges().groups[0][0]
    told = tally(shipped(), [one])
    assert told.settled.sum() == told.live.sum() == one.judged[:-DELAY].sum()
    assert 0.5 < told.worth < 1.0
    assert 0 < told.hits <= told.changes


def test_groups_share_the_people() -> None:
    people = [somebody()] * 5
    groups = simulated(people)
    assert [len(group) for group in groups] == [2, 1, 1, 1]
    assert groups[0][0].stance is not None
    assert groups[1][0].stance is None
    assert groups[2][0].from_s == -np.inf
    soft, clean = (one.steps.features for one in groups[0])
    columns = [FEATURES.index(name) for name in ("lift", "sink_before")]
    whole = trial(somebody(), is_calibrated=True, seed=0).steps.features
    assert soft[:, columns] == pytest.approx(0.5 * whole[:, columns])
    assert clean[:, columns] == pytest.approx(whole[:, columns])


def test_a_real_sitter_who_is_told_otherwise_costs_more_than_any_gain() -> None:
    walks = judges().groups[0][0]
    sits = replace(walks, true=np.full(len(walks.t), SIT, np.int8))
    without = worth(shipped(), judges())
    with_one = worth(shipped(), replace(judges(), sitters=[sits]))
    assert with_one == pytest.approx(without - activity_judges.SEATED_COST)
    assert worth(shipped(), replace(judges(), sitters=[sits]), 1.0) == pytest.approx(without)  # not even looked at


def test_a_choice_is_never_worse_than_where_it_began(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity_choice, "NUMBERS", {"shares": ("lying",)})
    monkeypatch.setattr(activity_choice, "SCALES", (1.0,))
    poor = msgspec.structs.replace(shipped(), shares=msgspec.structs.replace(shipped().shares, lying=0.04))
    better = activity_choice.chosen(poor, judges())
    assert worth(better, judges()) > worth(poor, judges())
    assert 0.04 < better.shares.lying <= 1.0
    assert better.unsure == poor.unsure


def test_what_is_hasty_is_counted() -> None:
    stays = (8, 60, 4, 70, 50, 80)
    run = np.repeat(np.array([STAND, SIT] * 3, np.int8), stays)
    shares, odds, unsure, haste = begun([run])
    assert 4.0 < haste.steps < 8.0
    assert 0.0 < haste.odds < 4.0
    rises = 2 / (60 + 70 + 80 - 3)
    assert unsure.change == pytest.approx(0.03 * rises, rel=0.05)
    assert odds.unseen_change < unsure.change
    assert shares.posture > unsure.again


def test_a_person_may_be_judged_by_how_they_walk() -> None:
    by_standing, by_walking = (carried(somebody(), 1, walks_only=is_so) for is_so in (False, True))
    assert (by_standing.true == by_walking.true).all()
    middle_s = by_walking.steps.end_s - STEP_S / 2
    walks = by_walking.true[np.searchsorted(by_walking.t, middle_s)] == WALK
    tipped = by_walking.steps.now.tipped[Segment.PELVIS][walks]
    assert np.median(tipped) < 0.1  # 6 degrees: it swings about what was taken as upright
    assert (tipped != by_standing.steps.now.tipped[Segment.PELVIS][walks]).any()
