"""What the service does with blocks, without MQTT: repeated, reordered, and with crashes at any point."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from analysis import batch, schema
from analysis.break_flow import PromptState
from analysis.desk import Desk, DeskState
from analysis.io.journal import Kind, input_of
from analysis.io.live_session import GAP_PATIENCE_S, LiveSession, Verdict
from analysis.io.reader import Reader
from analysis.io.store import Store
from analysis.model import CalibrateRequest, Calibration, Label, SampleBlock, Segment, Stance
from analysis.pipeline import PipelineSettings
from tests.analysis.made_samples import message_of

SETTINGS = PipelineSettings()
BLOCKS = 30
MOUNTING = np.array([1.0, 0.0, 0.0, 0.0])


def open_session(store: Store, session_id: str = "s") -> LiveSession:
    live = LiveSession(store.session(session_id, "me", "radio", 1000.0), SETTINGS)
    live.rebuild(store.journal(live.stored))
    return live


def offer(live: LiveSession, message: schema.Samples, now_s: float = 0.0) -> Verdict:
    verdict = live.judge(message.segment, message.seq, now_s)
    if verdict is Verdict.NEXT:
        live.add_block(schema.block_of(message), schema.encode(message))
    return verdict


@settings(max_examples=8, phases=[Phase.reuse, Phase.generate])  # shrinking would take minutes
@given(data=st.data())
def test_no_crash_loses_or_doubles_anything(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """A bridge that resends from what is confirmed, a service that dies anywhere: the same as undisturbed."""
    url = f"sqlite:///{tmp_path_factory.mktemp('db') / 'x.sqlite'}"
    with Store.open(url) as store:
        confirmed = dict.fromkeys(Segment, -1)
        live = open_session(store)
        for attempt in range(60):
            disturbed = attempt < 20
            for segment in data.draw(st.permutations(list(Segment))):
                offset = data.draw(st.integers(-4, 1)) if disturbed else 0  # sent again, or one left out
                count = data.draw(st.integers(1, 9))
                first = max(0, confirmed[segment] + 1 + offset)
                for seq in range(first, min(BLOCKS, first + count)):
                    offer(live, message_of(segment, seq))
            crash = data.draw(st.sampled_from(["", "", "before commit", "after commit"])) if disturbed else ""
            if live.has_work:
                waiting = live.take()
                if crash != "before commit":
                    assert store.write([waiting]) == []
            if crash:
                live = open_session(store)
            else:
                confirmed |= live.committed()
        assert confirmed == dict.fromkeys(Segment, BLOCKS - 1)
        blocks = [item for item in map(input_of, store.journal(live.stored)) if isinstance(item, SampleBlock)]
        for segment in Segment:
            assert [block.seq for block in blocks if block.segment is segment] == list(range(BLOCKS))
    comparison = batch.reanalyze(url, "s", SETTINGS)
    assert comparison.first_difference == ""
    assert comparison.ticks[0] > 0


def test_blocks_are_told_apart() -> None:
    with Store.open("sqlite://") as store:
        live = LiveSession(store.session("s", "me", "radio", 1000.0), SETTINGS)
        verdicts = [offer(live, message_of(Segment.PELVIS, seq)) for seq in (0, 1, 1, 3, 2, 0, 3)]
        assert verdicts == [
            Verdict.NEXT, Verdict.NEXT, Verdict.STORED, Verdict.EARLY, Verdict.NEXT, Verdict.STORED, Verdict.NEXT,
        ]  # fmt: skip
        assert offer(live, message_of(Segment.LUMBAR, 1)) is Verdict.EARLY
        batch_ = live.take()
        assert [entry.seq for entry in batch_.entries] == [0, 1, 2, 3]
        assert live.committed() == {Segment.PELVIS: 3}  # nothing of lumbar is safe
        assert live.committed() == {}


def test_blocks_that_never_come_do_not_stop_a_stream_for_ever() -> None:
    with Store.open("sqlite://") as store:
        live = LiveSession(store.session("s", "me", "radio", 1000.0), SETTINGS)
        for now_s in (0.0, 10.0, 20.0, GAP_PATIENCE_S):
            for seq in (7, 8, 9):
                assert offer(live, message_of(Segment.PELVIS, seq), now_s) is Verdict.EARLY
        assert offer(live, message_of(Segment.PELVIS, 8), GAP_PATIENCE_S + 1) is Verdict.EARLY
        assert offer(live, message_of(Segment.PELVIS, 7), GAP_PATIENCE_S + 1) is Verdict.NEXT
        assert offer(live, message_of(Segment.PELVIS, 8), GAP_PATIENCE_S + 1) is Verdict.NEXT
        assert store.write([live.take()]) == []
        assert live.committed() == {Segment.PELVIS: 8}


def test_all_that_is_fed_is_journalled_in_that_order() -> None:
    with Store.open("sqlite://") as store:
        live = LiveSession(store.session("s", "me", "radio", 1000.0), SETTINGS)
        calibration = Calibration(Segment.PELVIS, "pelvis-1", Stance.SITTING, 7.0, MOUNTING, 0.5)
        assert not live.knows_sensor(Segment.PELVIS, "pelvis-1")
        live.carry_over(calibration)
        offer(live, message_of(Segment.PELVIS, 0))
        assert live.knows_sensor(Segment.PELVIS, "pelvis-1")
        live.add(CalibrateRequest(0.1, 5.0, Stance.STANDING))
        offer(live, message_of(Segment.PELVIS, 1))
        live.add(Label(0.0, 0.2, "phone"))
        assert live.newest_s == pytest.approx(0.38)
        store.write([live.take()])
        entries = list(store.journal(live.stored))
        assert [entry.kind for entry in entries] == [
            Kind.CALIBRATION, Kind.SAMPLES, Kind.CALIBRATE, Kind.SAMPLES, Kind.LABEL,
        ]  # fmt: skip
        carried = input_of(entries[0])
        assert isinstance(carried, Calibration)
        assert carried.made_s != carried.made_s  # NaN: made in another session's time


def test_a_session_that_is_reopened_goes_on_where_it_stood(tmp_path_factory: pytest.TempPathFactory) -> None:
    urls = [f"sqlite:///{tmp_path_factory.mktemp('db') / 'x.sqlite'}" for _ in range(2)]
    for url, stops in zip(urls, [(), (40, 41, 90)], strict=True):
        with Store.open(url) as store:
            live = open_session(store)
            for seq, segment in itertools.product(range(120), Segment):
                if segment is Segment.PELVIS and seq in stops:
                    live = open_session(store)
                offer(live, message_of(segment, seq))
                if seq == 20 and segment is Segment.PELVIS:
                    live.add(CalibrateRequest(4.0, 5.0, Stance.SITTING))
                store.write([live.take()])
    frames, events = [], []
    for url in urls:
        with Reader(url) as reader:
            session = reader.newest_session("me")
            assert session is not None
            frame = reader.frames(session, 0, float("inf"))
            frames.append([frame.t.tobytes(), *(column.tobytes() for column in frame.values.values())])
            events.append(reader.events(session))
    assert frames[0] == frames[1]
    assert events[0] == events[1]
    assert "calibrated" in {event.kind for event in events[0]}


def test_somebody_is_asked_from_the_quiet_word_until_the_break_has_begun(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path / 'x.sqlite'}") as store:
        live = open_session(store)
        assert not live.is_asked
        states = []
        for at_s in range(0, 1960, 10):
            is_up = at_s >= 1900  # and has locked the screen
            live.add(DeskState(float(at_s), Desk.LOCKED if is_up else Desk.IN_USE))
            live.take()
            states.append((live.is_asked, live.prompt and live.prompt.state))
    assert [state for n, state in enumerate(states) if not n or state != states[n - 1]] == [
        (False, None),
        (True, PromptState.HEADS_UP),
        (True, PromptState.OPEN),
        (False, PromptState.IN_BREAK),
    ]
