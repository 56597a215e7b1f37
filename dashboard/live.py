"""The present moment as the page Now shows it. Pure: from what the reader gave to what is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from analysis.metrics import Metric
from analysis.model import Activity, Event, Floats, PostureFrame, Prompt, PromptState
from dashboard import words

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
    value: str  # "−12°" or "unknown"
    band: str  # "±2°"; empty where the value is unknown or the metric states none
    words: str  # what it means, or why it is unknown
    meaning: str  # what zero and the sign mean
    number: float  # NaN = unknown


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
    sat_s: float  # how long the clock of the next prompt has run; NaN unless sitting
    readings: tuple[Reading, ...]
    age_s: Floats  # (n,) of the trace, relative to the newest frame: −120 … 0
    trace: Mapping[str, Floats]  # (n,) by metric name
    stretches: tuple[Stretch, ...]
    prompt: Prompt | None  # the newest one still open


def live_of(
    frame: PostureFrame,
    events: Sequence[Event],
    prompts: Sequence[Prompt],
    metrics: Mapping[str, Metric],
    *,
    is_live: bool,
) -> Live:
    """The view of a session's newest frames; `frame` may be empty. Unless live, nothing is told as if it were now."""
    opened = [prompt for prompt in prompts if prompt.state is PromptState.OPEN and is_live]
    prompt = max(opened, key=lambda one: one.due_s, default=None)
    if not len(frame.t):
        readings = tuple(_reading(name, metric, _NAN, words.reason(0)) for name, metric in metrics.items())
        unknown = Activity.UNKNOWN
        return Live(_NAN, unknown, unknown, _NAN, False, _NAN, readings, np.empty(0), {}, (), prompt)
    at_s = float(frame.t[-1])
    last_seen = Activity(int(frame.activity[-1]))
    start_s, is_at_least = _bout_start(frame, events, last_seen)
    why = words.reason(int(frame.quality[-1])) if is_live else "nothing new is coming in"
    drawn = slice((len(frame.t) - 1) % _TRACE_STEP, None, _TRACE_STEP)
    return Live(
        at_s=at_s,
        activity=last_seen if is_live else Activity.UNKNOWN,
        last_seen=last_seen,
        bout_s=at_s - start_s if is_live else _NAN,
        is_bout_at_least=is_at_least,
        sat_s=at_s - _clock_start(start_s, prompts) if is_live and last_seen is Activity.SITTING else _NAN,
        readings=tuple(
            _reading(name, metric, _newest(frame, name) if is_live else _NAN, why) for name, metric in metrics.items()
        ),
        age_s=frame.t[drawn] - at_s,
        trace={name: values[drawn] for name, values in frame.values.items()},
        stretches=_stretches(frame),
        prompt=prompt,
    )


def _newest(frame: PostureFrame, name: str) -> float:
    """The median of the last second, or NaN where the newest value itself is unknown."""
    values = frame.values.get(name)
    if values is None or not np.isfinite(values[-1]):
        return float("nan")
    return float(np.nanmedian(values[frame.t > frame.t[-1] - _SMOOTH_S]))


def _reading(name: str, metric: Metric, value: float, why_unknown: str) -> Reading:
    told = (words.meaning(name, value, metric.error) or metric.meaning) if np.isfinite(value) else why_unknown
    return Reading(
        name=name,
        label=metric.label,
        value=words.number(value, metric.unit),
        band=words.band(metric.error, metric.unit) if np.isfinite(value) else "",
        words=told,
        meaning=metric.meaning,
        number=value,
    )


def _bout_start(frame: PostureFrame, events: Sequence[Event], activity: Activity) -> tuple[float, bool]:
    """When the present activity began, and whether it may have begun earlier than that."""
    open_starts = [event.start_s for event in events if event.end_s is None and BOUT_KINDS.get(event.kind) is activity]
    if open_starts:
        return max(open_starts), False
    others = np.flatnonzero(frame.activity != activity)
    if len(others):
        return float(frame.t[others[-1] + 1]), False
    return float(frame.t[0]), bool(frame.t[0] > 0.0)


def _clock_start(bout_start_s: float, prompts: Sequence[Prompt]) -> float:
    """The start of the sitting bout, or the moment when its last prompt was given up."""
    ignored = [p.closed_s for p in prompts if p.state is PromptState.IGNORED and p.closed_s is not None]
    return max([bout_start_s, *ignored])


def _stretches(frame: PostureFrame) -> tuple[Stretch, ...]:
    """Runs of one activity, each reaching to the next one's beginning."""
    starts = np.concatenate(([0], np.flatnonzero(np.diff(frame.activity)) + 1, [len(frame.t)]))
    age_s = np.append(frame.t, frame.t[-1]) - frame.t[-1]
    return tuple(
        Stretch(float(age_s[a]), float(age_s[b]), Activity(int(frame.activity[a])))
        for a, b in pairwise(starts)
        if age_s[b] > age_s[a]
    )
