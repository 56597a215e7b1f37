"""Reanalysis, and a comparison that finds the smallest difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis import batch, schema
from analysis.break_flow import Prompt
from analysis.errors import PostureError, StoreError
from analysis.io.journal import entry_of, samples_entry
from analysis.io.reader import Reader
from analysis.io.store import Batch, Store
from analysis.model import CalibrateRequest, Calibration, Event, Output, PostureFrame, Segment, SessionEnd, Stance
from analysis.pipeline import Pipeline, PipelineSettings
from tests.analysis.breaks.simple import standing_after
from tests.analysis.made_samples import message_of

SETTINGS = PipelineSettings(standing_after(3.0))


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{(tmp_path / 'upstand.sqlite').as_posix()}"


def record(url: str, blocks: int) -> None:
    """A session as it would be recorded live, block by block, with a calibration and an end."""
    pipeline = Pipeline(SETTINGS)
    ask, end = CalibrateRequest(4.0, 5.0, Stance.SITTING), SessionEnd(0.2 * blocks)
    with Store.open(url) as store:
        session = store.session("s", "me", "simulated", 1000.0)
        for seq in range(blocks):
            for segment in Segment:
                message = message_of(segment, seq)
                block = schema.block_of(message)
                told = pipeline.feed(block)
                entries = [samples_entry(block, schema.encode(message))]
                if seq == 20 and segment is Segment.PELVIS:
                    told += pipeline.feed(ask)
                    entries.append(entry_of(ask))
                store.write([Batch(session, entries, told)])
        store.write([Batch(session, [entry_of(end)], pipeline.feed(end))])


def test_a_reanalysis_is_the_same_to_the_last_bit_and_is_kept(url: str) -> None:
    record(url, 300)
    first, second = (batch.reanalyze(url, "s", SETTINGS) for _ in range(2))
    assert first.is_identical
    assert second.is_identical
    assert first.ticks == (600, 600)
    assert first.calibrations == (2, 2)
    assert first.events[0] >= 2
    assert first.prompts[0] >= 1
    with Reader(url) as reader:
        session = reader.session("s")
        assert session is not None
        assert [run.kind for run in reader.runs(session)] == ["live", "reanalysis", "reanalysis"]
        assert session.run_id == first.run_a != first.run_b != second.run_b
        live, again = (reader.minutes(session, run) for run in (first.run_a, first.run_b))
        assert live.seconds.tolist() == again.seconds.tolist()
        for name, values in live.values.items():
            assert values.mean.tobytes() == again.values[name].mean.tobytes()


def test_other_settings_are_found_out(url: str) -> None:
    record(url, 150)
    assert "prompt" in batch.reanalyze(url, "s", PipelineSettings(standing_after(1e6))).first_difference


PLAIN = PostureFrame(
    np.arange(20) / 10,
    {"tilt": np.where(np.arange(20) < 5, np.nan, 1.0)},
    np.ones(20, np.int8),
    np.zeros(20, np.uint16),
)
EVENT = Event("sitting", 1.0, None, {"x": float("nan"), "y": 1.0})
PROMPT = Prompt("p", "stand", 1, "Stand up.", 1.0)
CALIBRATION = Calibration(Segment.PELVIS, "a", Stance.SITTING, float("nan"), np.array([1.0, 0, 0, 0]), 0.1)
ALL: tuple[Output, ...] = (PLAIN, EVENT, PROMPT, CALIBRATION)


def nudged(row: int, value: float) -> PostureFrame:
    tilt = PLAIN.values["tilt"].copy()
    tilt[row] = value
    return replace(PLAIN, values={"tilt": tilt})


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (ALL, ""),
        ((nudged(7, float(np.nextafter(1.0, 2.0))), *ALL[1:]), "At 0.7 s tilt"),
        ((nudged(7, float("nan")), *ALL[1:]), "At 0.7 s tilt"),
        ((nudged(3, 0.0), *ALL[1:]), "At 0.3 s tilt"),
        ((replace(PLAIN, activity=np.zeros(20, np.int8)), *ALL[1:]), "At 0.0 s activity"),
        ((replace(PLAIN, quality=np.full(20, 16, np.uint16)), *ALL[1:]), "At 0.0 s quality"),
        ((replace(PLAIN, values={}), *ALL[1:]), "'tilt' is in one of the runs only"),
        ((replace(PLAIN, t=PLAIN.t + 0.1), *ALL[1:]), " s time is"),
        (ALL[1:], "One run has"),
        ((PLAIN, replace(EVENT, end_s=2.0), PROMPT, CALIBRATION), "event"),
        ((PLAIN, replace(EVENT, values={"x": float("nan"), "y": 1}), PROMPT, CALIBRATION), "event"),
        ((PLAIN, EVENT, replace(EVENT, kind="rise"), PROMPT, CALIBRATION), "event"),
        ((PLAIN, PROMPT, CALIBRATION), "Only one run has the event"),
        ((PLAIN, EVENT, replace(PROMPT, level=2), CALIBRATION), "prompt"),
        ((PLAIN, EVENT, PROMPT, replace(CALIBRATION, mounting=np.array([1.0, 0, 0, 1e-300]))), "calibration"),
    ],
)
def test_every_difference_is_found(url: str, other: Sequence[Output], words: str) -> None:
    with Store.open(url) as store:
        session = store.session("s", "me", "radio", 1000.0)
        run_b = store.add_run(session)
        store.write([Batch(session, (), ALL)])
        store.write([Batch(session, (), other)], run_id=run_b)
    for runs in [(session.run_id, run_b), (run_b, session.run_id)]:
        found = batch.compare(url, "s", *runs).first_difference
        assert bool(found) == bool(words)
        assert words in found


def test_what_cannot_be_computed_again_is_said(url: str, tmp_path: Path) -> None:
    with Store.open(url) as store:
        store.session("empty", "me", "radio", 1000.0)
    with pytest.raises(PostureError, match="no session 'unknown'"):
        batch.reanalyze(url, "unknown", SETTINGS)
    with pytest.raises(PostureError, match="have been deleted"):
        batch.reanalyze(url, "empty", SETTINGS)
    with pytest.raises(PostureError, match="no session"):
        batch.compare(f"sqlite:///{tmp_path / 'missing.sqlite'}", "s", 1, 2)
    with pytest.raises(StoreError):
        batch.reanalyze("nonsense", "s", SETTINGS)
