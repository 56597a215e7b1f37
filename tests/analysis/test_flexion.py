"""The wearer's own range of flexion: measured once, kept with the lumbar sensor, and what angles are of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import journal_records
from analysis.flexion import Held
from analysis.model import (
    Activity,
    CalibrateRequest,
    Calibration,
    CalibrationKind,
    Event,
    FlexionRange,
    Floats,
    Input,
    Output,
    Quality,
    SampleBlock,
    Segment,
    SessionEnd,
    Stance,
)
from analysis.pipeline import FLEXION_SHARE, Pipeline, PipelineSettings
from hardware.twin.moves import Hold, Shift, SitDown
from hardware.twin.posture import SIT_UPRIGHT, SIT_USUAL, SLUMP, Posture
from hardware.twin.script import of_moves
from hardware.twin.wearer import Wearer
from tests.analysis.simulated import QUIET, arriving, assert_same, blocks, cut, joined

FULL = Posture(Activity.SITTING, tilt_deg=20.0, lordosis_deg=-50.0)
SCRIPT = of_moves(
    "range", Hold(13.0), SitDown(SIT_UPRIGHT), Hold(4.0), Shift(SLUMP), Hold(4.0), Shift(FULL, 2.0), Hold(4.0),
    Shift(SIT_USUAL, 2.0), Hold(10.0),
)  # fmt: skip
RANGE = CalibrateRequest(14.0, 17.0, Stance.SITTING, CalibrationKind.RANGE)
SHOWN_S = RANGE.start_s + RANGE.duration_s
END = SessionEnd(SCRIPT.end_s)


@cache
def streams() -> tuple[SampleBlock, SampleBlock]:
    wearer = Wearer(SCRIPT, 4)
    (pelvis,) = blocks(wearer.source(Segment.PELVIS, 52.0), SCRIPT.end_s, size=10**6)
    (lumbar,) = blocks(wearer.source(Segment.LUMBAR, 50.0), SCRIPT.end_s, size=10**6)
    return pelvis, lumbar


def fed(first: Sequence[Input], sizes: Sequence[int] = (13,), last: Sequence[Input] = ()) -> list[Output]:
    pipeline = Pipeline(PipelineSettings())
    told = pipeline.feed(*first)
    places = np.cumsum(np.resize(sizes, len(streams()[0].t))).tolist()
    for block in arriving(*(cut(block, places) for block in streams())):
        told += pipeline.feed(block)
    return told + pipeline.feed(*last, END)


@cache
def reference() -> list[Output]:
    return fed([QUIET, RANGE])


def ranges(outputs: Sequence[Output]) -> list[Calibration]:
    return [output for output in outputs if isinstance(output, Calibration) and output.flexion is not None]


def reasons(outputs: Sequence[Output]) -> list[str]:
    failed = [output for output in outputs if isinstance(output, Event) and output.kind == "calibration_failed"]
    return [str(event.values["reason"]) for event in failed]


def test_the_range_is_what_the_body_showed() -> None:
    (made,) = ranges(reference())
    assert made.segment is Segment.LUMBAR
    assert made.flexion is not None
    assert made.flexion.tall_deg == pytest.approx(10.0, abs=2.5)
    assert made.flexion.slump_deg == pytest.approx(26.5, abs=3.0)
    assert made.flexion.full_deg == pytest.approx(50.0, abs=4.0)  # skin keeps back some per cent
    told = [output for output in reference() if isinstance(output, Event) and output.kind == "calibrated"]
    assert [event.values["kind"] for event in told] == ["stance", "range"]
    assert told[1].values["full_deg"] == made.flexion.full_deg


def test_flexion_is_a_share_of_it_from_then_on_and_only_then() -> None:
    frame = joined(reference())
    share, later = frame.values[FLEXION_SHARE], frame.t > SHOWN_S
    assert np.isnan(share[~later]).all()
    waits = (frame.t > 11.0) & ~later
    assert (frame.quality[waits] & int(Quality.NO_RANGE)).all()
    assert not (frame.quality[later] & int(Quality.NO_RANGE)).any()
    usual = frame.t > SCRIPT.end_s - 8.0
    assert np.abs(share[usual] - 100 * 16.6 / 50).max() < 5.0


@settings(max_examples=4)
@given(st.lists(st.integers(10, 45), min_size=1, max_size=20), st.booleans())
def test_cutting_changes_not_a_bit(sizes: list[int], range_first: bool) -> None:
    assert_same(fed([RANGE, QUIET] if range_first else [QUIET, RANGE], sizes), reference())


def test_all_at_once_is_the_same() -> None:
    outputs = Pipeline(PipelineSettings()).feed(RANGE, QUIET, *streams(), END)
    assert_same(outputs, reference())


def test_it_is_kept_for_the_next_session_and_through_a_new_calibration() -> None:
    made = {output.segment: output for output in reference() if isinstance(output, Calibration)}
    kept = [
        journal_records.decode_input(journal_records.encode_input(replace(one, made_s=float("nan"))))
        for one in made.values()
    ]
    frame = joined(fed(kept))
    assert np.isfinite(frame.values[FLEXION_SHARE]).mean() > 0.98
    again = fed([*kept, QUIET])
    assert [one.flexion for one in ranges(again)] == [made[Segment.LUMBAR].flexion]
    assert np.isfinite(joined(again).values[FLEXION_SHARE]).mean() > 0.98


def test_what_shows_no_range_is_refused_with_what_to_do() -> None:
    refused = {
        "calibrate standing, then": [RANGE],
        "full forward bend": [QUIET, replace(RANGE, duration_s=9.0)],
        "differed by only": [QUIET, replace(RANGE, start_s=25.0, duration_s=10.0)],
        "at least 9 s": [QUIET, replace(RANGE, duration_s=5.0)],
    }
    for words, asked in refused.items():
        (reason,) = reasons(fed(asked))
        assert words in reason
    (reason,) = reasons(fed([QUIET], last=[RANGE]))
    assert "from now on" in reason
    (reason,) = reasons(fed([QUIET, RANGE, CalibrateRequest(17.0, 3.0, Stance.SITTING)]))
    assert "meanwhile" in reason


def calibration(segment: Segment, stance: Stance) -> Calibration:
    return Calibration(segment, "a", stance, 0.0, np.array([1.0, 0, 0, 0]), 0.1)


@given(st.floats(20.0, 80.0), st.floats(-60.0, 10.0))
def test_the_share_by_hand(full_deg: float, lordosis_deg: float) -> None:
    held = Held()
    t: Floats = np.arange(10.0)
    lordosis = np.full(10, lordosis_deg)
    assert np.isnan(held.share(t, lordosis)).all()
    held.put_range(1.0, FlexionRange(5.0, 20.0, full_deg))
    for segment in Segment:
        held.put(segment, 3.0, calibration(segment, Stance.STANDING))
    held.put(Segment.PELVIS, 6.0, calibration(Segment.PELVIS, Stance.SITTING))
    held.put(Segment.PELVIS, 8.0, None)
    share = held.share(t, lordosis)
    assert np.isfinite(share).tolist() == [False] * 4 + [True] * 3 + [False] * 3
    assert np.allclose(share[4:7], -100 * lordosis_deg / full_deg)
