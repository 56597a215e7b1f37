"""Shifts and fidgets: made postures whose changes are known, and simulated office work against its script."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.detectors.shifts import ANGLES, FIDGET_DEG, SHIFT_DEG, SILENCE_S, SPEEDS, STILL_DEG, Shifts
from analysis.model import Activity, Event, Floats, PostureFrame, SessionEnd
from analysis.pipeline import Pipeline, PipelineSettings
from hardware.twin.moves import Fidget, Shift
from hardware.twin.script import office_day
from hardware.twin.wearer import Wearer
from tests.analysis.simulated import QUIET, joined, worn

WORK_H = 0.75
SEED = 3


def seated(angle_deg: Floats, *, name: str = "lumbar_lordosis", start_s: float = 0.0) -> PostureFrame:
    """Sitting with one angle moving (n,) at 10 Hz and the others at rest."""
    n = len(angle_deg)
    values = {angle: angle_deg if angle == name else np.full(n, -10.0) for angle in ANGLES}
    values |= {SPEEDS[0]: np.abs(np.gradient(angle_deg, 0.1)), SPEEDS[1]: np.zeros(n)}
    t = np.round(start_s * 10 + np.arange(n)) / 10
    return PostureFrame(t, values, np.full(n, Activity.SITTING, np.int8), np.zeros(n, np.uint16))


def path(*points: tuple[float, float]) -> Floats:
    """Straight lines through (s, °), at 10 Hz."""
    at_s, angle = zip(*points, strict=True)
    angles: Floats = np.interp(np.arange(0.0, at_s[-1], 0.1), at_s, angle)
    return angles


def told(*frames: PostureFrame) -> list[Event]:
    watcher = Shifts()
    return [event for frame in frames for event in watcher.feed(frame)] + watcher.close(1e6)


@pytest.mark.parametrize("name", ANGLES)
def test_a_change_that_is_kept_is_a_shift_with_its_size_and_span(name: str) -> None:
    (shift,) = told(seated(path((0, 0), (10, 0), (11.5, -12), (30, -12)), name=name))
    assert shift.kind == "shift"
    assert shift.values["change_deg"] == pytest.approx(12.0, abs=0.01)
    assert shift.values[f"{name}_deg"] == pytest.approx(-12.0, abs=0.01)
    assert shift.start_s == pytest.approx(10.0, abs=0.5)
    assert shift.end_s == pytest.approx(11.5, abs=0.5)


def test_out_and_back_is_a_fidget() -> None:
    (fidget,) = told(seated(path((0, 0), (10, 0), (10.8, 6), (11.6, 0), (30, 0))))
    assert fidget.kind == "fidget"
    assert fidget.values["peak_deg"] == pytest.approx(6.0, abs=0.6)


def test_sway_a_drift_and_what_is_smaller_than_a_fidget_are_nothing() -> None:
    t = np.arange(0.0, 900.0, 0.1)
    breathing = 0.6 * np.sin(2 * np.pi * 0.25 * t)
    assert told(seated(breathing)) == []
    assert told(seated(-25.0 * t / 900.0 + breathing)) == []
    assert told(seated(path((0, 0), (10, 0), (10.5, 1.8), (11, 0), (30, 0)))) == []


def test_nobody_who_stands_is_told_to_shift_and_a_rise_is_no_shift() -> None:
    frame = seated(path((0, -15), (10, -15), (11.5, 0), (30, 0), (31, -15), (60, -15)))
    frame.activity[112:302] = Activity.STANDING
    assert told(frame) == []


@pytest.mark.parametrize("by_deg", [-16.0, 6.0, 3.0])
def test_a_new_calibration_moves_angles_but_nobody(by_deg: float) -> None:
    still = seated(np.zeros(400))
    still.values["lumbar_lordosis"][200:] += by_deg
    still.values["pelvis_speed"][:] = 0.8  # sway
    assert told(still) == []


@pytest.mark.parametrize("hole_s", [0.8, SILENCE_S - 2.0, SILENCE_S + 2.0])
def test_a_posture_is_remembered_through_a_short_silence_only(hole_s: float) -> None:
    first, second = seated(path((0, 0), (20, 0))), seated(path((0, 9), (20, 9)), start_s=20.0 + hole_s)
    assert [event.kind for event in told(first, second)] == (["shift"] if hole_s < SILENCE_S else [])


def test_who_never_comes_to_rest_is_told_again_and_again() -> None:
    t = np.arange(0.0, 120.0, 0.1)
    events = told(seated(np.where(t < 10.0, 0.0, 8.0 * np.sin(2 * np.pi * 0.3 * t))))
    assert 4 <= len(events) <= 12
    assert all(event.end_s is not None and event.end_s - event.start_s <= 16.0 for event in events)


def test_without_every_angle_nothing_is_told() -> None:
    frame = seated(path((0, 0), (10, 0), (11, 20), (30, 20)))
    frame.values["lateral_bend"][:] = np.nan
    assert told(frame) == []


@settings(max_examples=60)
@given(
    change=st.floats(-30.0, 30.0), lasts_s=st.floats(0.3, 3.0), angle=st.sampled_from(ANGLES), phase=st.floats(0, 0.5)
)
def test_a_single_change_is_told_once_by_its_size(change: float, lasts_s: float, angle: str, phase: float) -> None:
    events = told(seated(path((0, 0), (10 + phase, 0), (10 + phase + lasts_s, change), (30, change)), name=angle))
    kinds = [event.kind for event in events]
    if abs(change) >= SHIFT_DEG + STILL_DEG:
        assert kinds == ["shift"]
    elif abs(change) < FIDGET_DEG:
        assert kinds == []
    elif FIDGET_DEG + 0.1 <= abs(change) <= SHIFT_DEG - STILL_DEG and abs(change) / lasts_s > 2.0:
        assert kinds == ["fidget"]


@cache
def work() -> tuple[list[Event], list[tuple[float, float, bool, float, float]], float]:
    """What was told, what was done (start, end, is a change of posture, ° kept, ° at most), and hours seated."""
    wearer = Wearer(office_day(SEED, WORK_H), SEED)
    end_s = wearer.script.end_s
    outputs = Pipeline(PipelineSettings()).feed(QUIET, *worn(wearer, end_s, size=520), SessionEnd(end_s))
    t = np.arange(0.0, end_s, 0.1)
    truth = wearer.truth(t)
    tilt, lordosis = truth.pelvic_tilt_deg, truth.lumbar_lordosis_deg
    is_seated = truth.activity == Activity.SITTING
    done: list[tuple[float, float, bool, float, float]] = []
    for start_s, stop_s, is_shift in _moves(wearer, end_s):
        if not is_seated[int(start_s * 10)] or stop_s + 4.0 > end_s:
            continue
        sizes = []
        for angle in (tilt, lordosis):
            before, after = (angle[(t >= a) & (t < a + 1.0)].mean() for a in (start_s - 1.0, stop_s))
            sizes.append((abs(after - before), np.abs(angle[(t >= start_s) & (t < stop_s)] - before).max()))
        kept, most = np.max(sizes, axis=0)
        done.append((start_s, stop_s, is_shift, float(kept), float(most)))
    events = [event for event in outputs if isinstance(event, Event) and event.kind in ("shift", "fidget")]
    assert (joined(outputs).activity == Activity.SITTING).mean() > 0.5
    return events, done, is_seated.sum() / 36000.0


def _moves(wearer: Wearer, end_s: float) -> list[tuple[float, float, bool]]:
    found = []
    at_s, number = 0.0, 0
    while at_s < end_s and (moves := wearer.script.episode(number, at_s)):
        for move in moves:
            if isinstance(move, Shift | Fidget):
                found.append((at_s, at_s + move.duration_s, isinstance(move, Shift)))
            at_s += move.duration_s
        number += 1
    return found


def hit(start_s: float, stop_s: float, events: Sequence[Event]) -> bool:
    return any(e.end_s is not None and e.start_s < stop_s + 1.0 and e.end_s > start_s - 1.0 for e in events)


def test_simulated_office_work_is_told_as_it_was_done() -> None:
    events, done, hours = work()
    shifts = [event for event in events if event.kind == "shift"]
    fidgets = [event for event in events if event.kind == "fidget"]
    large = [move for move in done if move[2] and move[3] >= SHIFT_DEG + 2.0]
    small = [move for move in done if move[3] < SHIFT_DEG - 1.0 and move[4] >= FIDGET_DEG + 0.8]
    assert len(large) >= 10
    assert len(small) >= 5
    assert np.mean([hit(a, b, shifts) for a, b, *_ in large]) >= 0.95
    assert np.mean([hit(a, b, fidgets) for a, b, *_ in small]) >= 0.9
    for event in events:  # nothing is told that was not done
        assert event.end_s is not None
        assert any(a < event.end_s + 1.0 and b > event.start_s - 1.0 for a, b, *_ in done), event
    assert 3.0 < len(shifts) / (4 * hours) < 12.0  # 9 in 15 min are made, some of them by less than SHIFT_DEG
