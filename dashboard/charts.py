"""The charts. Their data travel beside the specification under fixed names, so that a refresh moves the
lines and does not draw the chart anew (which would flicker).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import altair as alt
import numpy as np
import streamlit as st

from analysis.break_flow import PromptState
from analysis.metrics import Metric
from analysis.model import Activity, Floats
from dashboard import theme
from dashboard.day import Curve, Day
from dashboard.live import TRACE_S, Live
from dashboard.theme import ACTIVITY_COLOURS, Palette
from dashboard.words import ACTIVITY_WORDS, OUTCOME_WORDS, duration

Columns = dict[str, list[Any]]

_SHOWN = [activity for activity in Activity if activity is not Activity.UNKNOWN]
_ROWS = ["Prompts", "Walking", "Standing", "Sitting", "Lying"]
_RARE = (Activity.OTHER, Activity.NOT_WORN)
_USUAL = alt.Scale(domain=alt.DomainUnionWith(unionWith=[-20, 10]))  # degrees; small sway stays small
_MARKS = {  # shape and colour by what became of a prompt
    PromptState.DONE: ("triangle-up", "#1f8f84"),
    PromptState.SHORT: ("triangle-down", "#1f8f84"),
    PromptState.IGNORED: ("cross", "#c0472b"),
    PromptState.SKIPPED: ("cross", "#b07d2b"),
    PromptState.POSTPONED: ("triangle-right", "#b07d2b"),
    PromptState.WITHDRAWN: ("triangle-left", "#7d8588"),
    PromptState.UNSEEN: ("diamond", "#8d68c4"),
    PromptState.HEADS_UP: ("circle", "#7d8588"),
    PromptState.OPEN: ("circle", "#7d8588"),
    PromptState.IN_BREAK: ("circle", "#1f8f84"),
}
_LABEL_S = 12.0  # a stretch shorter than this has no room for its word


def live_chart(view: Live, metrics: Mapping[str, Metric]) -> None:
    """The first two metrics over the last two minutes, on the activities' shades."""
    shown = [name for name in metrics if name in view.trace][:2]
    labels = [metrics[name].label for name in shown]
    trace: Columns = {"age": [], "value": [], "metric": []}
    for name, label in zip(shown, labels, strict=True):
        trace["age"] += view.age_s.tolist()
        trace["value"] += _nulls(view.trace[name])
        trace["metric"] += [label] * len(view.age_s)
    bands: Columns = {
        "start": [max(-TRACE_S, stretch.start_s) for stretch in view.stretches],
        "end": [stretch.end_s for stretch in view.stretches],
        "activity": [ACTIVITY_WORDS[stretch.activity] for stretch in view.stretches],
    }
    layers = alt.layer(*_shades(), _lines(labels)).resolve_scale(color="independent").properties(height=320)
    draw(layers, {"trace": trace, "stretches": bands}, "The last two minutes of " + " and ".join(labels))


def _shades() -> tuple[alt.Chart, alt.Chart]:
    """Each activity's stretch, and its word where there is room."""
    ago = alt.Axis(labelExpr="abs(datum.value)", tickCount=12)
    x = alt.X("start:Q", scale=alt.Scale(domain=[-TRACE_S, 0]), title="seconds ago", axis=ago)
    stretches = alt.Chart(alt.NamedData("stretches"))
    colour = alt.Color("activity:N", scale=_activity_colours(), legend=None)
    shade = stretches.mark_rect(opacity=0.17).encode(x=x, x2="end:Q", color=colour)
    words = (
        stretches.transform_filter(f"datum.end - datum.start > {_LABEL_S}")
        .mark_text(align="left", dx=8, fontSize=15, fontWeight=600, color=_palette().ink)
        .encode(x=x, y=alt.value(14), text="activity:N")
    )
    return shade, words


def _lines(labels: list[str]) -> alt.Chart:
    """A line for each metric, told apart by colour and by dashes."""
    told = "datum.label + (datum.index > 0 ? ' (dashed)' : ' (solid)')"
    legend = alt.Legend(
        title=None,
        orient="top",
        symbolType="stroke",
        symbolStrokeWidth=3,
        symbolSize=900,
        labelExpr=told,
        labelLimit=0,
        columns=1,
    )
    colours, dashes = list(_palette().lines[: len(labels)]), [[1, 0], [7, 4]][: len(labels)]
    lines: alt.Chart = (
        alt.Chart(alt.NamedData("trace"))
        .mark_line(strokeWidth=2.6)
        .encode(
            x=alt.X("age:Q", scale=alt.Scale(domain=[-TRACE_S, 0])),
            y=alt.Y("value:Q", title="degrees from your upright", scale=_USUAL),
            color=alt.Color("metric:N", scale=alt.Scale(domain=labels, range=colours), legend=legend),
            strokeDash=alt.StrokeDash("metric:N", scale=alt.Scale(domain=labels, range=dashes), legend=None),
        )
    )
    return lines


def day_chart(day: Day) -> None:
    """What the body did over the day, a row for each activity, and the prompts above."""
    bouts: Columns = {
        "start": [1000 * bout.start for bout in day.bouts],
        "end": [1000 * bout.end for bout in day.bouts],
        "row": [ACTIVITY_WORDS[bout.activity] for bout in day.bouts],
        "lasted": [duration(bout.end - bout.start) for bout in day.bouts],
    }
    prompts: Columns = {
        "at": [1000 * asked.at for asked in day.prompts],
        "row": [_ROWS[0]] * len(day.prompts),
        "outcome": [OUTCOME_WORDS[asked.outcome] for asked in day.prompts],
    }
    layers = alt.layer(_bars(day), _marks(day)).resolve_scale(color="independent", shape="independent")
    told = ", ".join(f"{ACTIVITY_WORDS[a]} {duration(day.totals_s[a])}" for a in _SHOWN)
    told = f"Activity over the day: {told}; {len(day.prompts)} prompts"
    draw(layers.properties(height=240), {"bouts": bouts, "prompts": prompts}, told)


def _row(day: Day) -> alt.Y:
    """A row for each activity; those that are rare only on days that have them."""
    rare = [ACTIVITY_WORDS[activity] for activity in _RARE if day.totals_s[activity] > 0]
    axis = alt.Axis(grid=True, ticks=False)
    return alt.Y("row:N", sort=[*_ROWS, *rare], scale=alt.Scale(domain=[*_ROWS, *rare]), title=None, axis=axis)


def _bars(day: Day) -> alt.Chart:
    bars: alt.Chart = (
        alt.Chart(alt.NamedData("bouts"))
        .mark_bar(height={"band": 0.78}, cornerRadius=2)
        .encode(
            x=_time_axis(day),
            x2="end:T",
            y=_row(day),
            color=alt.Color("row:N", scale=_activity_colours(), legend=None),
            tooltip=[
                alt.Tooltip("row:N", title="activity"),
                alt.Tooltip("start:T", format="%H:%M", title="from"),
                alt.Tooltip("lasted:N", title="lasted"),
            ],
        )
    )
    return bars


def _marks(day: Day) -> alt.Chart:
    """The prompts, their outcomes told apart by shape and by colour."""
    shown = [outcome for outcome in OUTCOME_WORDS if day.count(outcome)]
    outcomes = [OUTCOME_WORDS[outcome] for outcome in shown]
    shapes = alt.Scale(domain=outcomes, range=[_MARKS[outcome][0] for outcome in shown])
    colours = alt.Scale(domain=outcomes, range=[_MARKS[outcome][1] for outcome in shown])
    legend = alt.Legend(title=None, orient="top", symbolSize=130) if shown else None
    marks: alt.Chart = (
        alt.Chart(alt.NamedData("prompts"))
        .mark_point(size=150, filled=True, opacity=1)
        .encode(
            x=alt.X("at:T"),
            y=_row(day),
            shape=alt.Shape("outcome:N", scale=shapes, legend=legend),
            color=alt.Color("outcome:N", scale=colours),
            tooltip=[alt.Tooltip("at:T", format="%H:%M", title="asked at"), alt.Tooltip("outcome:N", title="outcome")],
        )
    )
    return marks


def curve_chart(day: Day, curve: Curve, metric: Metric, place: int) -> None:
    """One metric by the minute with its low to high band; `place` among the metrics gives its colour."""
    lines = _palette().lines
    colour = lines[place % len(lines)]
    unit = "degrees" if metric.unit == "°" else metric.unit
    base = alt.Chart(alt.NamedData("minutes"))
    y = alt.Y("low:Q", title=unit)
    spread = base.mark_area(opacity=0.25, color=colour).encode(x=_time_axis(day, "at"), y=y, y2="high:Q")
    line = base.mark_line(strokeWidth=2, color=colour).encode(x=alt.X("at:T"), y="mean:Q")
    minutes: Columns = {
        "at": (1000 * curve.at).tolist(),
        "mean": _nulls(curve.mean),
        "low": _nulls(curve.low),
        "high": _nulls(curve.high),
    }
    draw(
        alt.layer(spread, line).properties(height=190), {"minutes": minutes}, f"{metric.label} by the minute, in {unit}"
    )


def _time_axis(day: Day, field: str = "start") -> alt.X:
    """The recorded part of the day, in whole hours."""
    edges = [bout.start for bout in day.bouts] + [bout.end for bout in day.bouts]
    edges += [float(curve.at[i]) for curve in day.curves.values() if len(curve.at) for i in (0, -1)]
    low, high = (min(edges), max(edges)) if edges else (day.start, day.end)
    low = max(day.start, day.start + math.floor((low - day.start) / 3600) * 3600)
    high = min(day.end, day.start + math.ceil((high - day.start) / 3600) * 3600)
    return alt.X(
        f"{field}:T",
        title=None,
        scale=alt.Scale(domain=[iso(low), iso(high)]),
        axis=alt.Axis(format="%H:%M", tickCount=8),
    )


def iso(at: float) -> str:
    """A time as a scale's domain takes it; numbers there are read as years."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _palette() -> Palette:
    return theme.palette(st.context.theme.type)


def _activity_colours() -> alt.Scale:
    return alt.Scale(domain=list(ACTIVITY_WORDS.values()), range=[ACTIVITY_COLOURS[a] for a in ACTIVITY_WORDS])


def _nulls(values: Floats) -> list[float | None]:
    """NaN as null, which leaves a gap in a line."""
    return [None if np.isnan(value) else float(value) for value in values]


def draw(chart: alt.TopLevelMixin, columns: Mapping[str, Columns], told: str) -> None:
    """The chart over its columns by name; `told` is what it says, for those who do not see it."""
    colours = _palette()
    text = {"labelColor": colours.soft, "titleColor": colours.soft, "labelFontSize": 14, "titleFontSize": 14}
    specification = chart.to_dict()
    specification["config"] = {"axis": text, "legend": text | {"labelColor": colours.ink}}
    specification["datasets"] = dict(columns)
    st.vega_lite_chart(specification, width="stretch", alt=told)
