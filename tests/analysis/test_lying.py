"""On which side somebody lies, as events: made-up lying known by hand, and the simulated wearer in bed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis import quaternion
from analysis.detectors.hindsight import Retold
from analysis.detectors.lying import HELD_S, KIND, SURE_S, Lying
from analysis.model import (
    FRAME_HZ,
    GRID_HZ,
    Activity,
    Calibration,
    CalibrationKind,
    Event,
    Floats,
    Output,
    Pose,
    PostureFrame,
    SampleBlock,
    Segment,
    SessionEnd,
    Stance,
)
from analysis.pipeline import Pipeline, PipelineSettings
from analysis.worn import Off
from hardware.twin.moves import GetUp, Hold, LieDown, Move, Rise, RollOver, SitDown
from hardware.twin.script import of_moves
from hardware.twin.wearer import Wearer
from tests.analysis.following import in_pieces
from tests.analysis.simulated import QUIET, worn

SIDES = {0.0: "supine", 90.0: "left", 180.0: "prone", -90.0: "right"}  # by the twin's spin
UPRIGHT = "upright"


def mounted(watcher: Lying, *segments: Segment, heading_error_deg: float = 2.0) -> Lying:
    for segment in segments or tuple(Segment):
        calibration = Calibration(
            segment,
            "one",
            Stance.STANDING,
            0.0,
            np.array([1.0, 0.0, 0.0, 0.0]),
            1.0,
            CalibrationKind.BENDS,
            heading_error_deg,
        )
        watcher.mounted(calibration, -1.0)
    return watcher


def pose_of(*spans: tuple[float, float | None], known: Sequence[Segment] = tuple(Segment)) -> Pose:
    """For so many seconds lying with that turn about the long axis in degrees, or upright for None."""
    parts = []
    for lasts_s, turned in spans:
        count = round(lasts_s * GRID_HZ)
        if turned is None:
            parts.append(np.tile([1.0, 0.0, 0.0, 0.0], (count, 1)))
            continue
        x, y = np.cos(np.radians(turned)), np.sin(np.radians(turned))
        up = np.array([x, y, 0.05]) / np.sqrt(1.0025)
        parts.append(np.tile(quaternion.between(up, np.array([0.0, 0.0, 1.0])), (count, 1)))
    q = np.concatenate(parts)
    t = np.arange(len(q)) / GRID_HZ
    unknown = np.full_like(q, np.nan)
    turns = {segment: q if segment in known else unknown for segment in Segment}
    still = {segment: np.zeros((len(q), 3)) for segment in Segment}
    return Pose(t, turns, still, still, np.zeros(len(q), np.uint16))


def frame_of(pose: Pose, *spans: tuple[float, float], not_worn_s: float | None = None) -> PostureFrame:
    """Lying in the spans, else standing; not worn from some time on."""
    t = np.arange(round(len(pose.t) / GRID_HZ * FRAME_HZ)) / FRAME_HZ
    lying = np.logical_or.reduce([(t >= a - 1e-9) & (t < b - 1e-9) for a, b in spans])
    activity = np.where(lying, np.int8(Activity.LYING), np.int8(Activity.STANDING))
    if not_worn_s is not None:
        activity[t >= not_worn_s - 1e-9] = Activity.NOT_WORN
    return PostureFrame(t, {}, activity, np.zeros(len(t), np.uint16))


def told(watcher: Lying, pose: Pose, frame: PostureFrame) -> list[Event]:
    watcher.moved(pose)
    return watcher.feed(frame) + watcher.close(float(frame.t[-1]))


def final(events: Sequence[Event | Output]) -> list[tuple[float, float | None, object]]:
    """What holds in the end of each position: from, to, which."""
    last = {one.start_s: one for one in events if isinstance(one, Event) and one.kind == KIND}
    return [(one.start_s, one.end_s, one.values["position"]) for _, one in sorted(last.items())]


def test_positions_follow_one_another_without_a_hole() -> None:
    pose = pose_of((10.0, None), (20.0, 0.0), (20.0, 95.0), (20.0, -170.0), (10.0, None))
    events = told(mounted(Lying()), pose, frame_of(pose, (12.0, 71.0)))
    assert final(events) == [(10.0, 30.0, "supine"), (30.0, 50.0, "right"), (50.0, 70.0, "prone")]
    assert [event.end_s for event in events].count(None) == 3  # each was told as it began
    for event in events:
        assert event.values["sensor"] == "pelvis and lumbar"
        assert event.values["reason"] is None


@pytest.mark.parametrize("segment", Segment)
def test_one_sensor_is_enough(segment: Segment) -> None:
    pose = pose_of((5.0, None), (20.0, -90.0), known=[segment])
    (event,) = [one for one in told(mounted(Lying(), segment), pose, frame_of(pose, (6.0, 25.0))) if one.end_s]
    assert event.values["position"] == "left"
    assert event.values["sensor"] == str(segment)
    assert float(event.values["sure"] or 0) > 0.99


def test_what_is_passed_through_in_turning_over_is_no_position() -> None:
    brief_s = HELD_S - 1.0
    pose = pose_of((20.0, 0.0), (brief_s, 90.0), (20.0, 180.0))
    end_s = 40.0 + brief_s
    events = told(mounted(Lying()), pose, frame_of(pose, (0.0, end_s)))
    assert [what for _, _, what in final(events)] == ["supine", "prone"]


def test_a_deep_bend_that_looks_like_lying_is_none() -> None:
    pose = pose_of((10.0, None), (6.0, 180.0), (10.0, None))
    assert told(mounted(Lying()), pose, frame_of(pose, (14.0, 14.0 + SURE_S - 0.5))) == []
    assert len(told(mounted(Lying()), pose, frame_of(pose, (12.0, 12.0 + SURE_S + 1.0)))) > 0


def test_around_an_edge_the_position_stays_what_it_was() -> None:
    pose = pose_of((20.0, 40.0), (10.0, 48.0), (10.0, 42.0), (10.0, 48.0))
    events = told(mounted(Lying()), pose, frame_of(pose, (0.0, 50.0)))
    assert len(final(events)) == 1


def test_without_a_calibration_the_position_is_unknown_and_says_why() -> None:
    pose = pose_of((5.0, None), (20.0, 0.0), known=())
    events = told(Lying(), pose, frame_of(pose, (6.0, 25.0)))
    assert [what for _, _, what in final(events)] == ["unknown"]
    assert "not calibrated" in str(events[-1].values["reason"])
    assert events[-1].values["sure"] == 0.0


def test_a_calibration_that_knows_no_forward_tells_no_position() -> None:
    pose = pose_of((20.0, 0.0))
    events = told(mounted(Lying(), heading_error_deg=float("inf")), pose, frame_of(pose, (0.0, 20.0)))
    assert [what for _, _, what in final(events)] == ["unknown"]


def test_between_two_positions_none_is_told() -> None:
    pose = pose_of((20.0, 44.0))
    events = told(mounted(Lying(), heading_error_deg=10.0), pose, frame_of(pose, (0.0, 20.0)))
    assert [what for _, _, what in final(events)] == ["unknown"]
    assert "between" in str(events[-1].values["reason"])


def test_lying_away_for_longer_than_a_flicker_is_another_bout() -> None:
    pose = pose_of((60.0, 0.0))
    for gap_s, bouts in ((4.0, 1), (7.0, 2)):
        events = told(mounted(Lying()), pose, frame_of(pose, (0.0, 20.0), (20.0 + gap_s, 60.0)))
        assert len(final(events)) == bouts


def test_sensors_that_had_come_off_were_never_lying() -> None:
    pose = pose_of((60.0, 0.0))
    watcher = mounted(Lying())
    watcher.bared(Off(10.0, 40.0))
    events = told(watcher, pose, frame_of(pose, (0.0, 40.0), not_worn_s=40.0))
    assert final(events) == [(0.0, 10.0, "supine")]
    watcher = mounted(Lying())
    watcher.bared(Off(0.0, 55.0))
    events = told(watcher, pose, frame_of(pose, (0.0, 30.0)))
    assert final(events) == [(0.0, 0.0, "supine")]  # and lasted no time


def test_what_later_movement_denies_is_cut_out() -> None:
    pose = pose_of((60.0, 0.0))
    watcher = mounted(Lying())
    watcher.retold(Retold(50.0, 0.0, 20.0, Activity.SITTING))
    events = told(watcher, pose, frame_of(pose, (0.0, 45.0)))
    assert final(events) == [(0.0, 0.0, "supine"), (20.0, 45.0, "supine")]
    watcher = mounted(Lying())
    watcher.retold(Retold(30.0, 0.0, 20.0, Activity.LYING))
    assert final(told(watcher, pose, frame_of(pose, (0.0, 45.0)))) == [(0.0, 45.0, "supine")]


def test_lying_that_goes_on_begins_anew_after_what_is_denied() -> None:
    pose = pose_of((60.0, 0.0))
    watcher = mounted(Lying())
    watcher.retold(Retold(30.0, 0.0, 20.0, Activity.SITTING))
    events = told(watcher, pose, frame_of(pose, (0.0, 60.0)))
    assert [span for span in final(events) if span[0] != span[1]] == [(20.0, 60.0, "supine")]


@cache
def restless() -> tuple[Pose, PostureFrame, list[Event]]:
    spans = [
        (12.3, 10.0),
        (3.1, 70.0),
        (14.0, 130.0),
        (9.0, -130.0),
        (2.0, None),
        (8.0, 48.0),
        (20.0, -80.0),
        (6.0, None),
    ]
    pose = pose_of((5.0, None), *spans)
    frame = frame_of(pose, (6.2, 43.1), (44.7, 51.0), (51.9, 75.3))
    return pose, frame, told(denied(), pose, frame)


def denied() -> Lying:
    watcher = mounted(Lying())
    watcher.retold(Retold(60.0, 20.0, 25.0, Activity.SITTING))
    return watcher


@settings(max_examples=40)
@given(ticks=st.lists(st.integers(1, 800), max_size=30), ahead=st.lists(st.integers(0, 400), min_size=1, max_size=9))
@example(ticks=list(range(1, 800)), ahead=[0])
def test_cutting_changes_not_a_bit(ticks: list[int], ahead: list[int]) -> None:
    pose, frame, expected = restless()
    assert in_pieces(denied(), pose, frame, ticks, ahead) == expected
    assert len(expected) > 6


def in_bed(*spins_deg: float) -> list[Move]:
    first, *others = spins_deg
    moves: list[Move] = [Hold(16.0), SitDown(), Hold(10.0), LieDown(spin_deg=first), Hold(20.0)]
    for spin in others:
        moves += [RollOver(spin), Hold(12.0)]
    return [*moves, GetUp(), Hold(10.0), Rise(), Hold(8.0)]


@cache
def a_night(seed: int, segments: tuple[Segment, ...], *, is_calibrated: bool = True) -> tuple[list[Event], Wearer]:
    """Every turn from each side to each other one."""
    spins = (0.0, 90.0, 180.0, -90.0, 0.0, 180.0, 90.0, -90.0, 180.0, 0.0, -90.0, 90.0, 0.0)
    script = of_moves("in bed", *in_bed(*spins))
    wearer = Wearer(script, seed)
    samples = [
        one for one in worn(wearer, script.end_s, size=520) if isinstance(one, SampleBlock) and one.segment in segments
    ]
    asked = [QUIET] if is_calibrated else []
    outputs = Pipeline(PipelineSettings()).feed(*asked, *samples, SessionEnd(script.end_s))
    return [one for one in outputs if isinstance(one, Event)], wearer


@pytest.mark.parametrize("segments", [tuple(Segment), (Segment.PELVIS,), (Segment.LUMBAR,)])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_simulated_wearer_is_told_on_every_side(seed: int, segments: tuple[Segment, ...]) -> None:
    events, wearer = a_night(seed, segments)
    spans = final(events)
    assert len(spans) == 13
    for (start_s, end_s, what), spin in zip(spans, wearer_spins(), strict=True):
        assert what == SIDES[spin]
        assert end_s is not None
        up = quaternion.up_in_body(wearer.truth(np.array([(start_s + end_s) / 2])).q[Segment.PELVIS])[0]
        assert what == max(sides(up), key=sides(up).__getitem__)
    assert [a[1] for a in spans[:-1]] == [b[0] for b in spans[1:]]


def wearer_spins() -> tuple[float, ...]:
    return (0.0, 90.0, 180.0, -90.0, 0.0, 180.0, 90.0, -90.0, 180.0, 0.0, -90.0, 90.0, 0.0)


def sides(up: Floats) -> dict[str, float]:
    return {"supine": up[0], "prone": -up[0], "right": up[1], "left": -up[1]}


@pytest.mark.parametrize("segments", [tuple(Segment), (Segment.PELVIS,), (Segment.LUMBAR,)])
def test_turning_over_in_bed_is_no_rise_and_no_getting_up(segments: tuple[Segment, ...]) -> None:
    events, wearer = a_night(1, segments)
    lain = next(one for one in reversed(events) if one.kind == "lying" and one.end_s is not None)
    assert lain.end_s is not None
    assert lain.end_s - lain.start_s > 150.0
    ups = ("rise", "sit_to_stand", "lie_to_sit", "stand_to_sit", "sit_to_lie")
    within = [one for one in events if one.kind in ups and lain.start_s + 5.0 < one.start_s < lain.end_s - 5.0]
    assert within == []
    assert len(wearer.rises(wearer.script.end_s)) == sum(one.kind == "rise" for one in events)


def test_an_uncalibrated_wearer_is_never_told_a_side() -> None:
    events, _ = a_night(3, tuple(Segment), is_calibrated=False)
    assert {what for _, _, what in final(events)} <= {"unknown"}


def test_lying_down_and_getting_up_tell_the_side() -> None:
    script = of_moves("in bed", *in_bed(90.0, 180.0))
    wearer = Wearer(script, 4)
    outputs = Pipeline(PipelineSettings()).feed(QUIET, *worn(wearer, script.end_s, size=520), SessionEnd(script.end_s))
    events = {one.kind: one for one in outputs if isinstance(one, Event)}
    assert events["sit_to_lie"].values["position"] == "left"
    assert events["lie_to_sit"].values["position"] == "prone"
    for kind in ("sit_to_lie", "lie_to_sit"):
        assert float(events[kind].values["position_sure"] or 0) > 0.9
