"""A correction in the pipeline: told at once, learnt from when the frames are there, and kept whatever comes after."""

from __future__ import annotations

from functools import cache

import pytest

from analysis.correcting import Correcting
from analysis.corrections import CORRECTED, spans_of
from analysis.model import (
    Activity,
    CarriedPostures,
    Event,
    Input,
    Label,
    Output,
    PostureFrame,
    SessionEnd,
    ShownPosture,
    Stance,
)
from analysis.own_postures import shown_of
from analysis.pipeline import Pipeline, PipelineSettings
from hardware.twin.moves import Hold, Rise, SitDown
from hardware.twin.posture import SIT_USUAL
from hardware.twin.script import of_moves
from hardware.twin.wearer import Wearer
from tests.analysis.simulated import QUIET, worn

SCRIPT = of_moves("sit", Hold(15.0), SitDown(), Hold(100.0), Rise(), Hold(20.0))
SAT = Label(25.0, 105.0, "", Activity.SITTING)
BACK = Label(0.0, 300.0, "", Activity.UNKNOWN)


@cache
def samples() -> tuple[Input, ...]:
    return (QUIET, *worn(Wearer(SCRIPT, 5), SCRIPT.end_s))


def corrections(told: list[Output]) -> dict[float, Event]:
    """As the store keeps them: the last word on each."""
    return {event.start_s: event for event in told if isinstance(event, Event) and event.kind == CORRECTED}


def test_a_correction_is_told_at_once_and_then_with_what_it_shows() -> None:
    pipeline = Pipeline(PipelineSettings())
    pipeline.feed(*samples()[:-20])
    assert pipeline.feed(SAT) == [Event(CORRECTED, 25.0, 105.0, {"activity": "sitting"})]
    (event,) = corrections(pipeline.feed(*samples()[-20:])).values()
    shown = shown_of(event)
    assert shown is not None
    assert shown.stance is Stance.STANDING
    assert shown.known_s == pytest.approx(80.0, abs=4.0)
    assert shown.pelvis_deg == pytest.approx(SIT_USUAL.tilt_deg, abs=3.0)
    assert shown.lordosis_deg == pytest.approx(SIT_USUAL.lordosis_deg, abs=3.0)


@pytest.mark.parametrize("place", [-20, -1])
def test_when_it_comes_changes_nothing_of_what_it_shows(place: int) -> None:
    pipeline, late = Pipeline(PipelineSettings()), Pipeline(PipelineSettings())
    end = SessionEnd(SCRIPT.end_s)
    during = pipeline.feed(*samples()[:place], SAT, *samples()[place:], end)
    late.feed(*samples(), end)
    assert corrections(during) == corrections(late.feed(SAT))


def test_an_ended_session_takes_corrections_and_takes_them_back() -> None:
    pipeline = Pipeline(PipelineSettings())
    told = pipeline.feed(*samples(), SessionEnd(SCRIPT.end_s))
    told += pipeline.feed(SAT)
    told += pipeline.feed(Label(40.0, 50.0, "", Activity.STANDING))
    assert [(span.start_s, span.activity) for span in spans_of(corrections(told).values())] == [
        (25.0, Activity.SITTING),
        (40.0, Activity.STANDING),
        (50.0, Activity.SITTING),
    ]
    told += pipeline.feed(BACK)
    assert spans_of(corrections(told).values()) == []


def test_all_in_one_feed_is_the_same_as_one_by_one() -> None:
    inputs = [*samples()[:-9], SAT, *samples()[-9:], SessionEnd(SCRIPT.end_s), Label(30.0, 60.0, "", Activity.WALKING)]
    whole, single = Pipeline(PipelineSettings()), Pipeline(PipelineSettings())
    one_by_one = [output for item in inputs for output in single.feed(item)]
    assert corrections(whole.feed(*inputs)) == corrections(one_by_one)


def test_frames_and_other_events_stay_what_the_sensors_told() -> None:
    plain, corrected = Pipeline(PipelineSettings()), Pipeline(PipelineSettings())
    end = SessionEnd(SCRIPT.end_s)
    first = plain.feed(*samples(), end)
    second = corrected.feed(*samples(), end)
    second += corrected.feed(Label(25.0, 105.0, "", Activity.WALKING))
    frames = [[output for output in told if isinstance(output, PostureFrame)] for told in (first, second)]
    assert len(frames[0]) == len(frames[1])
    assert [output for output in second if isinstance(output, Event) and output.kind != CORRECTED] == [
        output for output in first if isinstance(output, Event)
    ]


def test_what_was_shown_in_other_sessions_counts_until_it_is_taken_back() -> None:
    correcting = Correcting()
    shown = ShownPosture(Activity.SITTING, Stance.STANDING, 900.0, -30.0, 6.0, -5.0, 5.0)
    correcting.carry(CarriedPostures((shown,)), 10.0)
    assert correcting.learn(10.0) == []  # the tick at 10 s comes before
    (learnt,) = correcting.learn(10.02)
    own = {one.stance: one for one in learnt.own}
    assert own[Stance.SITTING].sitting is None
    sitting = own[Stance.STANDING].sitting
    assert sitting is not None
    assert sitting.pelvis is not None
    assert sitting.pelvis.mean == -30.0
    correcting.carry(CarriedPostures(()), 20.0)
    (learnt,) = correcting.learn(21.0)
    assert learnt.from_s == 20.0
    assert all(one.sitting is None for one in learnt.own)
