"""Sensors that come off in mid-day, through the whole pipeline: no sitting is told of a table."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.detectors.bouts import Bouts
from analysis.model import Activity, Event, Floats, Input, Output, PostureFrame, Quality, SampleBlock, SessionEnd
from analysis.pipeline import Pipeline, PipelineSettings
from analysis.worn import Off
from hardware.twin.errands import TakeOff
from hardware.twin.moves import Hold, Rise, SitDown, Walk
from hardware.twin.pen import Place
from hardware.twin.script import of_moves
from hardware.twin.wearer import Wearer
from tests.analysis.simulated import QUIET, assert_same, cut, joined, worn

DAY = of_moves(
    "off",
    *(Hold(30.0), SitDown(), Hold(60.0), Rise(), Hold(2.0), Walk(20.0), Hold(5.0)),
    *(TakeOff((Hold(200.0),), Place.CRADLE), Hold(40.0)),
)


@cache
def wearer() -> Wearer:
    return Wearer(DAY, 3)


@cache
def inputs() -> tuple[Input, ...]:
    return (*worn(wearer(), DAY.end_s, size=26), SessionEnd(DAY.end_s))


@cache
def day() -> tuple[Output, ...]:
    return tuple(Pipeline(PipelineSettings()).feed(QUIET, *inputs()))


def ended(outputs: tuple[Output, ...], kind: str) -> list[Event]:
    last = {(one.kind, one.start_s): one for one in outputs if isinstance(one, Event)}
    return [event for event in last.values() if event.kind == kind]


def test_a_cradle_is_never_sitting() -> None:
    (span,) = wearer().not_worn(DAY.end_s)
    (bout,) = ended(day(), "not_worn")
    assert bout.start_s == pytest.approx(span.start_s, abs=10.0)
    assert bout.end_s == pytest.approx(span.end_s, abs=20.0)
    (sitting,) = wearer().sitting_bouts(DAY.end_s)
    told = [one for one in ended(day(), "sitting") if one.start_s < span.end_s]
    told_s = sum((one.end_s or DAY.end_s) - one.start_s for one in told)
    assert told_s == pytest.approx(sitting.end_s - sitting.start_s, abs=5.0)
    for kind in ("sitting", "standing", "walking", "lying"):
        for one in ended(day(), kind):
            assert one.end_s is not None
            assert one.end_s <= max(bout.start_s, one.start_s) or one.start_s >= span.end_s - 1.0


def test_what_is_not_worn_has_no_values_and_says_so() -> None:
    frame = joined(list(day()))
    (span,) = wearer().not_worn(DAY.end_s)
    off = (frame.t > span.start_s + 90.0) & (frame.t < span.end_s - 1.0)
    assert off.sum() > 1000
    assert (frame.activity[off] == Activity.NOT_WORN).all()
    assert (frame.quality[off] & Quality.NOT_WORN).all()
    for name in ("pelvic_tilt", "lumbar_lordosis", "trunk_lean"):
        assert np.isnan(frame.values[name][off]).all()
    worn_before = frame.t < span.start_s
    assert not (frame.quality[worn_before] & Quality.NOT_WORN).any()
    assert (frame.activity[frame.t > span.end_s + 20.0] != Activity.NOT_WORN).all()


@settings(max_examples=4)
@given(st.lists(st.integers(1, 25), max_size=2), st.integers(1, 200))
def test_cutting_and_grouping_change_nothing(places: list[int], group: int) -> None:
    pipeline = Pipeline(PipelineSettings())
    outputs = pipeline.feed(QUIET)
    parts: list[Input] = []
    counts = dict.fromkeys(("pelvis", "lumbar"), 0)
    for item in inputs():
        if not isinstance(item, SampleBlock):
            parts.append(item)
            continue
        for piece in cut(item, places):
            number = counts[piece.segment]
            counts[piece.segment] += 1
            parts.append(
                SampleBlock(piece.session_id, piece.sensor_id, piece.segment, number, piece.t, piece.acc, piece.gyr)
            )
    for first in range(0, len(parts), group):
        outputs += pipeline.feed(*parts[first : first + group])
    assert_same(list(day()), outputs)


def frame_of(codes: list[Activity]) -> PostureFrame:
    t: Floats = np.arange(len(codes)) / 10.0
    return PostureFrame(t, {}, np.array(codes, np.int8), np.zeros(len(codes), np.uint16))


def test_bouts_told_since_the_sensors_came_off_are_told_again() -> None:
    """Sitting, then handled as if walking, then a table; known at 100 s, off since 60 s."""
    codes = [Activity.SITTING] * 640 + [Activity.WALKING] * 160 + [Activity.SITTING] * 200 + [Activity.NOT_WORN] * 100
    bouts = Bouts()
    bouts.bared(Off(60.0, 100.0))
    events = bouts.feed(frame_of(codes)) + bouts.close(110.0)
    last = {(one.kind, one.start_s): one.end_s for one in events}
    assert last["sitting", 0.0] == 60.0
    assert last["walking", 64.0] == 64.0
    assert last["sitting", 80.0] == 80.0
    assert last["not_worn", 60.0] == 110.0


def test_without_word_of_when_the_bout_ends_where_it_is_known() -> None:
    bouts = Bouts()
    events = bouts.feed(frame_of([Activity.SITTING] * 100 + [Activity.NOT_WORN] * 100)) + bouts.close(20.0)
    last = {(one.kind, one.start_s): one.end_s for one in events}
    assert last["sitting", 0.0] == 10.0
    assert last["not_worn", 10.0] == 20.0
