"""The present moment as the page Now shows it. Pure: from what the reader gave to what is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from analysis.break_flow import Prompt
from analysis.corrections import since, spans_of
from analysis.detectors.lying import KIND as LYING_KIND
from analysis.detectors.seated import KIND as SEATED_KIND
from analysis.io.frames import cut
from analysis.lying_position import LyingPosition
from analysis.metrics import Metric
from analysis.metrics.twist_speed import TWIST_ERROR_DEG, TWIST_S, twist_deg
from analysis.metrics.uncertainty import error_of, share_error_of
from analysis.model import Activity, Calibration, Event, Floats, PostureFrame
from analysis.pipeline import FLEXION_SHARE
from analysis.slips import KIND as SLIP_KIND
from dashboard import words

MAIN = ("pelvic_tilt", "lumbar_lordosis")  # what the product is about: shown large, and first
_TWIST = "twist_speed"  # is shown as what it adds up to

TRACE_S = 120.0  # how far back the live chart reaches
_SMOOTH_S = 1.0  # a reading is the median of this long: a number that can be read from a metre away
_TRACE_STEP = 3  # every third frame is drawn: 3.3 points a second

BOUT_KINDS = {activity.name.lower(): activity for activity in Activity if activity is not Activity.UNKNOWN}

_NAN = float("nan")
NO_FRAMES = PostureFrame(np.empty(0), {}, np.empty(0, np.int8), np.empty(0, np.uint16))


@dataclass(frozen=True, slots=True)
class Reading:
    """One metric as a person reads it."""

    name: str
    label: str
    value: str  # "−12°" or "unknown"; of all but MAIN with its side, "3° to the right"
    band: str  # "±2°" at this moment; empty where the value is unknown
    words: str  # what it means, or why it is unknown
    meaning: str  # what zero and the sign mean
    number: float  # NaN = unknown

    @property
    def is_main(self) -> bool:
        return self.name in MAIN


@dataclass(frozen=True, slots=True)
class Stretch:
    """A run of one activity in the live chart."""

    start_s: float  # relative to the newest frame: −120 … 0
    end_s: float
    activity: Activity


@dataclass(frozen=True, slots=True)
class Live:
    """What Now shows."""

    at_s: float  # session time of the newest frame; NaN without one
    activity: Activity  # at present; UNKNOWN where the newest frame is not the present
    last_seen: Activity  # of the newest frame, however old
    bout_s: float  # how long the present activity has lasted; NaN where it is not known
    is_bout_at_least: bool  # its beginning is older than what was read
    still_s: float  # since the last shift of posture on the seat; NaN unless sitting
    readings: tuple[Reading, ...]
    age_s: Floats  # (n,) of the trace, relative to the newest frame: −120 … 0
    trace: Mapping[str, Floats]  # (n,) by metric name
    stretches: tuple[Stretch, ...]
    prompt: Prompt | None  # the newest one that has not ended
    seated: str = ""  # how the wearer sits, as in "slouched"; empty unless sitting and known
    lain: str = ""  # on which side the wearer lies, as in "on the back"; likewise


def live_of(
    frame: PostureFrame,
    events: Sequence[Event],
    prompts: Sequence[Prompt],
    metrics: Mapping[str, Metric],
    *,
    is_live: bool,
    calibrations: Sequence[Calibration] = (),
) -> Live:
    """The view of a session's newest frames; `frame` may be empty. Unless live, nothing is told as if it were now."""
    opened = [prompt for prompt in prompts if not prompt.state.is_ended and is_live]
    prompt = max(opened, key=lambda one: one.asked_s, default=None)
    if not len(frame.t):
        readings = _readings(frame, metrics, calibrations, (), words.reason(0), is_live=False)
        unknown = Activity.UNKNOWN
        return Live(_NAN, unknown, unknown, _NAN, False, _NAN, readings, np.empty(0), {}, (), prompt)
    at_s = float(frame.t[-1])
    last_seen = Activity(int(frame.activity[-1]))
    start_s, is_at_least = _bout_start(frame, events, last_seen)
    why = words.reason(int(frame.quality[-1])) if is_live else "nothing new is coming in"
    slips = [event for event in events if event.kind == SLIP_KIND]
    drawn = slice((len(frame.t) - 1) % _TRACE_STEP, None, _TRACE_STEP)
    return Live(
        at_s=at_s,
        activity=last_seen if is_live else Activity.UNKNOWN,
        last_seen=last_seen,
        bout_s=at_s - start_s if is_live else _NAN,
        is_bout_at_least=is_at_least,
        still_s=at_s - _shifted(start_s, events) if is_live and last_seen is Activity.SITTING else _NAN,
        readings=_readings(frame, metrics, calibrations, slips, why, is_live=is_live),
        age_s=frame.t[drawn] - at_s,
        trace={name: values[drawn] for name, values in frame.values.items()},
        stretches=_stretches(frame),
        prompt=prompt,
        seated=_seated(events) if is_live and last_seen is Activity.SITTING else "",
        lain=_lain(events) if is_live and last_seen is Activity.LYING else "",
    )


def _readings(
    frame: PostureFrame,
    metrics: Mapping[str, Metric],
    calibrations: Sequence[Calibration],
    slips: Sequence[Event],
    why_unknown: str,
    *,
    is_live: bool,
) -> tuple[Reading, ...]:
    """A reading of every metric, of those not MAIN with the side in the value."""
    told = []
    newest = cut(frame, frame.t > frame.t[-1] - _SMOOTH_S) if len(frame.t) else frame
    for name, metric in metrics.items():
        if name == _TWIST:
            told.append(_twist(frame, metric, why_unknown, is_live=is_live))
            continue
        value = _newest(newest, name) if is_live else _NAN
        error = float(np.nanmax(error_of(name, metric, newest, calibrations, slips))) if np.isfinite(value) else _NAN
        told.append(_reading(name, metric, value, error, why_unknown))
    share = _newest(newest, FLEXION_SHARE) if is_live else _NAN
    if np.isfinite(share):  # only those who have shown their range have one
        told.append(_flexion(share, float(share_error_of(metrics[MAIN[1]], newest, calibrations, slips)[-1])))
    return tuple(told)


def _newest(newest: PostureFrame, name: str) -> float:
    """The median of the last second, or NaN where the newest value itself is unknown."""
    values = newest.values.get(name)
    if values is None or not len(values) or not np.isfinite(values[-1]):
        return _NAN
    return float(np.nanmedian(values))


def _reading(name: str, metric: Metric, value: float, error: float, why_unknown: str) -> Reading:
    told = (words.meaning(name, value, error) or metric.meaning) if np.isfinite(value) else why_unknown
    return Reading(
        name=name,
        label=metric.label,
        value=words.number(value, metric.unit) if name in MAIN else words.sided(name, value, metric.unit),
        band=words.band(error, metric.unit),
        words=told,
        meaning=metric.meaning,
        number=value,
    )


def _flexion(share: float, error: float) -> Reading:
    meaning = "0 % is your own upright standing, 100 % your own full forward bend; people at desks sit at 43–79 %."
    value = f"{words.number(share, '%')} of your range"
    return Reading(FLEXION_SHARE, "Lumbar flexion", value, words.band(error, "%"), "", meaning, share)


def _twist(frame: PostureFrame, metric: Metric, why_unknown: str, *, is_live: bool) -> Reading:
    """Twist speed as the twist it added up to of late."""
    turned = twist_deg(frame.t, frame.values[_TWIST]) if is_live and _TWIST in frame.values else np.empty(0)
    value = float(turned[-1]) if len(turned) else _NAN
    meaning = f"How far your trunk has turned against your pelvis within the last {TWIST_S:.0f} s."
    return Reading(
        name="twist",
        label=f"Twist within {TWIST_S:.0f} s",
        value=words.sided("twist", value, "°"),
        band=words.band(TWIST_ERROR_DEG, "°") if np.isfinite(value) else "",
        words=meaning if np.isfinite(value) else why_unknown,
        meaning=f"{meaning} {metric.meaning}",
        number=value,
    )


def _bout_start(frame: PostureFrame, events: Sequence[Event], activity: Activity) -> tuple[float, bool]:
    """When the present activity began, and whether it may have begun earlier than that."""
    open_starts = [event.start_s for event in events if event.end_s is None and BOUT_KINDS.get(event.kind) is activity]
    if open_starts:
        return since(max(open_starts), activity, spans_of(events)), False
    others = np.flatnonzero(frame.activity != activity)
    if len(others):
        return float(frame.t[others[-1] + 1]), False
    return float(frame.t[0]), bool(frame.t[0] > 0.0)


def _shifted(bout_start_s: float, events: Sequence[Event]) -> float:
    """When the posture was last shifted, or the sitting bout began."""
    ended = [event.end_s for event in events if event.kind == "shift" and event.end_s is not None]
    return max([bout_start_s, *ended])


def _seated(events: Sequence[Event]) -> str:
    """The posture on the seat that still lasts."""
    lasting = [event for event in events if event.kind == SEATED_KIND and event.end_s is None]
    newest = max(lasting, key=lambda event: event.start_s, default=None)
    return "" if newest is None else str(newest.values["posture"])


def _lain(events: Sequence[Event]) -> str:
    """The side that is still lain on."""
    lasting = [event for event in events if event.kind == LYING_KIND and event.end_s is None]
    newest = max(lasting, key=lambda event: event.start_s, default=None)
    return "" if newest is None else words.LYING_WORDS.get(LyingPosition(str(newest.values["position"])), "")


def _stretches(frame: PostureFrame) -> tuple[Stretch, ...]:
    """Runs of one activity, each reaching to the next one's beginning."""
    starts = np.concatenate(([0], np.flatnonzero(np.diff(frame.activity)) + 1, [len(frame.t)]))
    age_s = np.append(frame.t, frame.t[-1]) - frame.t[-1]
    return tuple(
        Stretch(float(age_s[a]), float(age_s[b]), Activity(int(frame.activity[a])))
        for a, b in pairwise(starts)
        if age_s[b] > age_s[a]
    )
