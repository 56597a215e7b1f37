"""What Now says of the newest frames."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.break_flow import Prompt, PromptState
from analysis.model import Activity, Calibration, Event, FlexionRange, PostureFrame, Quality, Segment, Stance
from analysis.pipeline import FLEXION_SHARE
from analysis.quaternion import IDENTITY
from dashboard import data
from dashboard.live import MAIN, NO_FRAMES, TRACE_S, Live, Reading, live_of

METRICS = data.metrics()


def _frame(activities: list[Activity], tilt: float = -12.0, quality: Quality = Quality.GOOD) -> PostureFrame:
    n = len(activities)
    return PostureFrame(
        t=100.0 + np.arange(n) / 10.0,
        values={"pelvic_tilt": np.full(n, tilt), "lumbar_lordosis": np.full(n, 9.0)},
        activity=np.array(activities, np.int8),
        quality=np.full(n, quality, np.uint16),
    )


def _live(frame: PostureFrame, events: list[Event] | None = None, prompts: list[Prompt] | None = None) -> Live:
    return live_of(frame, events or [], prompts or [], METRICS, is_live=True)


def test_the_two_metrics_the_product_is_about_come_first() -> None:
    assert list(METRICS)[:2] == ["pelvic_tilt", "lumbar_lordosis"]


def test_every_metric_is_listed_also_without_frames() -> None:
    view = _live(NO_FRAMES)
    assert [reading.label for reading in view.readings if reading.name in METRICS] == [
        metric.label for name, metric in METRICS.items() if name != "twist_speed"
    ]
    assert [reading.name for reading in view.readings if reading.is_main] == list(MAIN)
    assert all(reading.value == "unknown" for reading in view.readings)
    assert view.activity is Activity.UNKNOWN
    assert math.isnan(view.bout_s)


def test_a_reading_has_its_number_band_and_words() -> None:
    reading = _live(_frame([Activity.SITTING] * 20)).readings[0]
    assert reading.value == "−12°"
    assert reading.band.startswith("±")
    assert reading.words == "tipped 12° back of your own upright"


def _named(view: Live, name: str) -> Reading:
    return next(reading for reading in view.readings if reading.name == name)


def test_the_band_is_that_of_the_moment() -> None:
    at_rest = _live(_frame([Activity.SITTING] * 20)).readings[0]
    frame = _frame([Activity.SITTING] * 20)
    frame.quality[-5] = Quality.MOVING
    assert (at_rest.band, _live(frame).readings[0].band) == ("±2°", "±4°")
    old = Calibration(Segment.PELVIS, "a", Stance.STANDING, math.nan, IDENTITY, 0.5)
    view = live_of(_frame([Activity.SITTING] * 20), [], [], METRICS, is_live=True, calibrations=[old])
    assert (view.readings[0].band, view.readings[1].band) == ("±4°", "±4°")


def test_small_readings_have_their_side_in_words() -> None:
    frame = _frame([Activity.SITTING] * 120)
    n = len(frame.t)
    values = {"lateral_bend": np.full(n, -6.2), "trunk_lean": np.full(n, 0.3), "twist_speed": np.full(n, 3.0)}
    view = _live(replace(frame, values={**frame.values, **values}))
    assert _named(view, "lateral_bend").value == "6° to the left"
    assert _named(view, "trunk_lean").value == "0°"
    assert (_named(view, "twist").value, _named(view, "twist").band) == ("15° to the left", "±1°")
    assert _named(view, "pelvis_speed").value == "unknown"
    assert _named(_live(replace(frame, values=values)), "twist").number == pytest.approx(15.0)


def test_the_clock_of_a_kept_posture_starts_with_the_last_shift_or_with_the_bout() -> None:
    sitting, shift = Event("sitting", 20.0, None), Event("shift", 88.0, 90.0)
    frame = _frame([Activity.SITTING] * 11)
    assert _live(frame, [sitting]).still_s == pytest.approx(81.0)
    assert _live(frame, [sitting, shift, Event("fidget", 95.0, 96.0)]).still_s == pytest.approx(11.0)
    assert _live(frame, [Event("shift", 1.0, 3.0), sitting]).still_s == pytest.approx(81.0)
    assert math.isnan(_live(_frame([Activity.STANDING] * 11), [shift]).still_s)


def test_flexion_in_the_own_range_is_shown_to_those_who_have_shown_it() -> None:
    frame = _frame([Activity.SITTING] * 20)
    shown = replace(frame, values={**frame.values, FLEXION_SHARE: np.full(20, 61.4)})
    assert _named(_live(shown), FLEXION_SHARE).value == "61 % of your range"
    assert FLEXION_SHARE not in {reading.name for reading in _live(frame).readings}
    bent = replace(shown, values={**shown.values, "lumbar_lordosis": np.full(20, -30.0)})
    own = FlexionRange(5.0, 20.0, 50.0)
    made = [Calibration(segment, "a", Stance.STANDING, 0.0, IDENTITY, 0.5, flexion=own) for segment in Segment]
    assert _named(live_of(bent, [], [], METRICS, is_live=True, calibrations=made), FLEXION_SHARE).band == "±5 %"


def test_an_unknown_value_gives_its_reason() -> None:
    reading = _live(_frame([Activity.SITTING] * 20, math.nan, Quality.NOT_CALIBRATED)).readings[0]
    assert (reading.value, reading.words) == ("unknown", "not calibrated yet")


def test_a_value_that_has_just_become_unknown_is_not_shown_from_before() -> None:
    frame = _frame([Activity.SITTING] * 20)
    frame.values["pelvic_tilt"][-1] = np.nan
    assert _live(frame).readings[0].value == "unknown"


def test_the_bout_lasts_since_the_open_event_began() -> None:
    view = _live(_frame([Activity.SITTING] * 11), [Event("sitting", 20.0, None), Event("sitting", 1.0, 15.0)])
    assert view.bout_s == pytest.approx(81.0)
    assert not view.is_bout_at_least
    stood = Event("corrected", 30.0, 60.0, {"activity": "standing"})
    assert _live(_frame([Activity.SITTING] * 11), [Event("sitting", 20.0, None), stood]).bout_s == pytest.approx(41.0)


def test_without_an_open_event_the_frames_tell_how_long() -> None:
    frame = _frame([Activity.SITTING] * 10 + [Activity.STANDING] * 31)
    view = _live(frame, [Event("sitting", 20.0, None)])
    assert view.bout_s == pytest.approx(3.0)
    assert not view.is_bout_at_least
    assert _live(_frame([Activity.STANDING] * 31)).is_bout_at_least


def test_the_past_is_not_told_as_the_present() -> None:
    prompt = Prompt("a", "stand", 1, "why", 101.0)
    view = live_of(_frame([Activity.SITTING] * 20), [], [prompt], METRICS, is_live=False)
    assert view.activity is Activity.UNKNOWN
    assert view.last_seen is Activity.SITTING
    assert view.prompt is None
    assert {reading.value for reading in view.readings} == {"unknown"}


def test_only_an_open_prompt_is_shown_and_of_those_the_newest() -> None:
    prompts = [
        Prompt("a", "stand", 1, "why", 10.0),
        Prompt("b", "stand", 1, "why", 20.0),
        Prompt("c", "stand", 1, "why", 30.0, PromptState.DONE, 40.0),
    ]
    shown = _live(_frame([Activity.SITTING] * 2), prompts=prompts).prompt
    assert shown is not None
    assert shown.prompt_id == "b"


@given(activities=st.lists(st.sampled_from(list(Activity)), min_size=2, max_size=300))
def test_the_shades_cover_the_trace_without_a_gap(activities: list[Activity]) -> None:
    view = _live(_frame(activities))
    assert view.stretches[0].start_s == pytest.approx(-(len(activities) - 1) / 10.0)
    assert view.stretches[-1].end_s == 0.0
    for one, following in zip(view.stretches, view.stretches[1:], strict=False):
        assert one.end_s == following.start_s
    assert view.age_s[-1] == 0.0
    assert len(view.trace["pelvic_tilt"]) == len(view.age_s) <= TRACE_S * 10


def test_how_the_wearer_sits_is_told_while_it_lasts_and_only_of_now() -> None:
    over = Event("seated_posture", 60.0, 90.0, {"posture": "upright", "confidence": 0.9})
    lasting = Event("seated_posture", 90.0, None, {"posture": "slouched", "confidence": 0.8})
    sitting = _frame([Activity.SITTING] * 20)
    assert _live(sitting, [over, lasting]).seated == "slouched"
    assert _live(sitting, [over]).seated == ""
    assert _live(_frame([Activity.STANDING] * 20), [lasting]).seated == ""
    assert live_of(sitting, [lasting], [], METRICS, is_live=False).seated == ""


def test_who_lies_is_told_on_which_side() -> None:
    lying = _frame([Activity.LYING] * 20)
    over = Event("lying_position", 60.0, 90.0, {"position": "prone", "sure": 0.9})
    lasting = Event("lying_position", 90.0, None, {"position": "left", "sure": 0.9})
    unknown = Event("lying_position", 95.0, None, {"position": "unknown", "sure": 0.0})
    assert _live(lying, [over, lasting]).lain == "on the left side"
    assert _live(lying, [over]).lain == ""
    assert _live(lying, [over, unknown]).lain == ""
    assert _live(_frame([Activity.SITTING] * 20), [lasting]).lain == ""
