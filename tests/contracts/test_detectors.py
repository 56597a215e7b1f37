"""What every detector must do: tell the same events however its ticks are cut, and find a day's events."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import detectors, metrics
from analysis.detectors import Detector, Swift
from analysis.detectors.seconds import second_by_second
from analysis.frames import Stretches
from analysis.metrics import Metric
from analysis.model import Activity, Event, Floats, PostureFrame, SessionEnd
from analysis.pipeline import Pipeline, PipelineSettings
from analysis.registry import discover
from hardware.twin.moves import GetUp, Hold, LieDown, Rise, SitDown, Walk
from hardware.twin.script import of_moves
from hardware.twin.wearer import Wearer
from tests.analysis.simulated import QUIET, joined, worn

METRICS = discover(metrics, "METRIC", Metric)
DETECTORS = discover(detectors, "DETECTOR", Detector)
SWIFT = {name: detector for name, detector in DETECTORS.items() if isinstance(detector.make(), Swift)}
EVERY = pytest.mark.parametrize("detector", DETECTORS.values(), ids=DETECTORS.keys())

_OFTEN = (0.16, 0.28, 0.18, 0.14, 0.14, 0.05, 0.05)  # each Activity in a random day

DAY = of_moves(
    "a short day",
    *(Hold(20.0), SitDown(), Hold(30.0), Rise(), Hold(10.0), Walk(25.0), Hold(10.0), SitDown(), Hold(20.0)),
    *(LieDown(), Hold(30.0), GetUp(), Hold(20.0), Rise(), Hold(12.0)),
)
FOUND = {
    "bouts": {"sitting": 3, "standing": 4, "walking": 1, "lying": 1, "rise": 2, "other": 0, "not_worn": 0, "retold": 0},
    "gait": {"gait": 1},
    "lying": {"lying_position": 1},
    "seated": {"seated_posture": 4},
    "shifts": {"shift": 0, "fidget": 0},  # all postures are held; tests/analysis/test_shifts.py has days with some
    "transitions": {"sit_to_stand": 2, "stand_to_sit": 2, "sit_to_lie": 1, "lie_to_sit": 1},
}


@cache
def day() -> PostureFrame:
    pipeline = Pipeline(PipelineSettings())
    return joined(pipeline.feed(QUIET, *worn(Wearer(DAY, 4), DAY.end_s), SessionEnd(DAY.end_s)))


def pieces(frame: PostureFrame, places: Iterable[int]) -> list[PostureFrame]:
    edges = sorted({0, len(frame.t), *(place for place in places if place < len(frame.t))})
    return [piece(frame, slice(a, b)) for a, b in pairwise(edges)]


def piece(frame: PostureFrame, span: slice) -> PostureFrame:
    values = {name: value[span] for name, value in frame.values.items()}
    return PostureFrame(frame.t[span], values, frame.activity[span], frame.quality[span])


def watched(detector: Detector, frames: Iterable[PostureFrame], end_s: float) -> list[Event]:
    watcher = detector.make()
    return [event for frame in frames for event in watcher.feed(frame)] + watcher.close(end_s)


def random_day(seed: int) -> PostureFrame:
    """Runs of any activity and posture, with unknown spans and silences among them."""
    rng = np.random.default_rng(seed)
    runs = [np.full(rng.integers(1, 200), rng.choice(7, p=_OFTEN)) for _ in range(30)]
    activity = np.concatenate(runs).astype(np.int8)
    ticks = np.cumsum(np.where(rng.random(len(activity)) < 0.002, rng.integers(2, 1500, len(activity)), 1))
    values = {name: _random_posture(rng, len(ticks)) for name in METRICS}
    values |= {name: np.abs(values[name]) for name, metric in METRICS.items() if metric.unit == "°/s"}
    return PostureFrame(ticks / 10, values, activity, np.zeros(len(activity), np.uint16))


def _random_posture(rng: np.random.Generator, count: int) -> Floats:
    """Held for a few seconds at a time, in degrees, with sway and unknown ticks."""
    held = np.repeat(rng.normal(0.0, 10.0, count), rng.integers(10, 80, count))[:count]
    values: Floats = np.where(rng.random(count) < 0.003, np.nan, held + rng.normal(0.0, 0.1, count))
    return values


def test_there_are_detectors_and_each_has_a_day_checked() -> None:
    assert DETECTORS.keys() == FOUND.keys()


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 3000), max_size=30))
@EVERY
def test_cutting_changes_nothing(detector: Detector, seed: int, places: list[int]) -> None:
    frame = random_day(seed)
    end_s = float(frame.t[-1])
    assert watched(detector, pieces(frame, places), end_s) == watched(detector, [frame], end_s)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 3000), max_size=10))
@pytest.mark.parametrize("detector", SWIFT.values(), ids=SWIFT.keys())
def test_many_seconds_at_once_tell_what_each_tells_in_turn(detector: Detector, seed: int, places: list[int]) -> None:
    frame = random_day(seed)
    stretches, in_turn = Stretches(), detector.make()
    swift = detector.make()
    assert isinstance(swift, Swift)
    for given_at_once in [*([one] for one in pieces(frame, places)), None]:
        stretch = stretches.flush() if given_at_once is None else stretches.feed(given_at_once)
        if stretch is not None:
            assert swift.feed_seconds(stretch) == second_by_second(in_turn.feed, stretch)


@EVERY
def test_every_event_is_of_a_kind_it_names_lies_in_the_session_and_ends(detector: Detector) -> None:
    for seed in range(20):
        frame = random_day(seed)
        events = watched(detector, [frame], float(frame.t[-1]))
        assert events
        last: dict[tuple[str, float], float | None] = {}
        for event in events:
            assert event.kind in detector.kinds
            assert frame.t[0] <= event.start_s <= frame.t[-1]
            assert event.end_s is None or event.start_s <= event.end_s <= frame.t[-1] + 0.1 + 1e-9
            assert last.get((event.kind, event.start_s)) is None  # what has ended is not told again
            last[event.kind, event.start_s] = event.end_s
        assert None not in last.values()


@pytest.mark.parametrize("name", DETECTORS)
def test_a_simulated_day_gives_its_events(name: str) -> None:
    ended = [event for event in watched(DETECTORS[name], [day()], DAY.end_s) if event.end_s is not None]
    counts = {kind: sum(event.kind == kind for event in ended) for kind in DETECTORS[name].kinds}
    assert counts == FOUND[name]


def test_the_simulated_day_itself_is_as_scripted() -> None:
    found = set(np.unique(day().activity))
    assert found - {Activity.OTHER} == set(Activity) - {Activity.OTHER, Activity.NOT_WORN}  # UNKNOWN before calibration
