"""Breaks within the pipeline: the same to the last bit however the samples come, are cut, grouped, or fall silent."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.break_flow import BreakAct, BreakMemory, BreakRequest, BreakTally, LedgerSpan, Prompt, PromptState
from analysis.breaks.defaults import RULES
from analysis.desk import ClockAnchor, Desk, DeskState
from analysis.io.journal import Bundler
from analysis.model import Activity, Input, Output, PostureFrame, SampleBlock, Segment, SessionEnd
from analysis.pipeline import Pipeline, PipelineSettings
from hardware.twin.moves import Hold, Rise, SitDown, Walk
from hardware.twin.script import of_moves
from hardware.twin.wearer import Wearer
from tests.analysis.breaks.played import MONDAY_9
from tests.analysis.breaks.simple import standing_after
from tests.analysis.simulated import QUIET, arriving, blocks, cut

SETTINGS = PipelineSettings(standing_after(20.0, ignore_s=60.0, rise_s=5.0))
SCRIPT = of_moves(
    "desk", Hold(15.0), SitDown(), Hold(40.0), Rise(), Hold(8.0), Walk(16.0), Hold(5.0), SitDown(), Hold(30.0)
)
END_S = SCRIPT.end_s
SILENCE = (62.0, 140.0)  # from when on the sensors are gone, and by how long everything after it is later
CONTROLS: Sequence[tuple[float, Input]] = (
    (1.0, ClockAnchor(1.0, MONDAY_9, 0.0)),
    (20.0, DeskState(20.0, Desk.IN_USE)),
    (41.0, DeskState(41.0, Desk.IN_USE | Desk.CAMERA)),
    (44.0, DeskState(44.0, Desk.IN_USE)),
    (48.0, BreakRequest(48.0, BreakAct.POSTPONE, for_s=4.0)),
    (61.0, ClockAnchor(61.0, MONDAY_9 + 61.0, 0.0)),
)
SILENT: Sequence[Input] = (
    ClockAnchor(80.0, MONDAY_9 + 80.0, 0.0),
    DeskState(100.0, Desk.NOTHING, 30.0),
    ClockAnchor(130.0, MONDAY_9 + 130.0, 0.0),
    BreakRequest(180.0, BreakAct.START, "stand"),
)


@cache
def streams() -> tuple[SampleBlock, SampleBlock]:
    wearer = Wearer(SCRIPT, 5)
    (pelvis,) = blocks(wearer.source(Segment.PELVIS, 52.0), END_S, size=10**6)
    (lumbar,) = blocks(wearer.source(Segment.LUMBAR, 50.0), END_S, size=10**6)
    return pelvis, lumbar


def inputs_of(places: Sequence[Sequence[int]], *, is_silent: bool) -> list[Input]:
    parts = []
    edges_s = [at_s for at_s, _ in CONTROLS] + [SILENCE[0]]
    for block, own in zip(streams(), places, strict=True):
        parts.append(cut(block, [*own, *np.searchsorted(block.t, edges_s).tolist()]))
    waiting, told, quiet = list(CONTROLS), [QUIET], list(SILENT)
    inputs: list[Input] = [*told]
    for block in arriving(*parts):
        while waiting and block.t[0] >= waiting[0][0]:
            inputs.append(waiting.pop(0)[1])
        if is_silent and block.t[0] >= SILENCE[0]:
            inputs += quiet
            quiet = []
            block = SampleBlock(
                "s", block.sensor_id, block.segment, block.seq, block.t + SILENCE[1], block.acc, block.gyr
            )
        inputs.append(block)
    return [*inputs, SessionEnd(END_S + (SILENCE[1] if is_silent else 0.0))]


def fed(inputs: Sequence[Input], groups: Sequence[int] = ()) -> list[Output]:
    """Handed over in groups, and cut into feeds as live and batch both do."""
    pipeline, bundler = Pipeline(SETTINGS), Bundler()
    edges = sorted({0, len(inputs), *(group for group in groups if group < len(inputs))})
    bundles = (bundle for a, b in pairwise(edges) for bundle in bundler.feed(inputs[a:b]))
    told = [output for bundle in bundles for output in pipeline.feed(*bundle)]
    return [one for one in told if isinstance(one, Prompt | LedgerSpan | BreakTally | BreakMemory)]


@cache
def reference(is_silent: bool) -> list[str]:
    return [repr(one) for one in fed(inputs_of(((), ()), is_silent=is_silent), range(1, 10**4))]


@settings(max_examples=8)
@given(st.integers(0, 2**32 - 1), st.sampled_from([7, 13, 26]), st.sampled_from([1, 3, 40, 1000]), st.booleans())
def test_cutting_and_grouping_change_not_a_bit(seed: int, size: int, bundle: int, is_silent: bool) -> None:
    rng = np.random.default_rng(seed)
    places = [np.cumsum(rng.integers(1, 2 * size + 1, len(block.t))).tolist() for block in streams()]
    inputs = inputs_of(places, is_silent=is_silent)
    groups = np.cumsum(rng.integers(1, 2 * bundle + 1, len(inputs))).tolist()
    told = [repr(one) for one in fed(inputs, groups)]
    assert len(told) == len(reference(is_silent))
    assert next((pair for pair in zip(told, reference(is_silent), strict=True) if pair[0] != pair[1]), None) is None


def test_the_reference_is_worth_comparing_with() -> None:
    told = fed(inputs_of(((), ()), is_silent=True))
    states = {one.state for one in told if isinstance(one, Prompt)}
    assert states >= {PromptState.OPEN, PromptState.POSTPONED, PromptState.IN_BREAK, PromptState.DONE}
    reasons = {one.why for one in told if isinstance(one, LedgerSpan)}
    assert reasons >= {"camera", "postponed", "not_due", "off_seat", "prompted", "away"}


def test_a_prompt_leaves_the_screen_with_the_very_frames_that_tell_the_rise() -> None:
    pipeline = Pipeline(SETTINGS)
    feeds = [pipeline.feed(item) for item in (QUIET, *arriving(*(cut(one, range(13, 10**4, 13)) for one in streams())))]
    begun = next(n for n, told in enumerate(feeds) if any(_state(one) is PromptState.IN_BREAK for one in told))
    asked = next(n for n, told in enumerate(feeds) if any(_state(one) is PromptState.OPEN for one in told))
    up = [
        n
        for n, told in enumerate(feeds)
        for one in told
        if isinstance(one, PostureFrame) and Activity.STANDING in one.activity
    ]
    assert begun == next(n for n in up if n > asked)


def _state(output: Output) -> PromptState | None:
    return output.state if isinstance(output, Prompt) else None


def test_without_any_samples_the_desk_alone_is_enough() -> None:
    pipeline = Pipeline(PipelineSettings(RULES))
    told: list[Output] = []
    for at_s in range(0, 1900, 10):
        told += pipeline.feed(ClockAnchor(float(at_s), MONDAY_9 + at_s, 0.0), DeskState(float(at_s), Desk.IN_USE))
    asked = [one for one in told if isinstance(one, Prompt)]
    assert asked[0].told_s == pytest.approx(1800.0)
    assert "No sensor is worn" in asked[0].reason
    told += pipeline.feed(SessionEnd(1900.0))
    assert [one.state for one in told if isinstance(one, Prompt)][-1] is PromptState.UNSEEN
