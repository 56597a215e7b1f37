"""The charts. Their data travel beside the specification under fixed names, so that a refresh moves the
lines and does not draw the chart anew (which would flicker).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import altair as alt
import numpy as np
import streamlit as st

from analysis.metrics import Metric
from analysis.model import Activity, Floats
from dashboard.day import Curve, Day
from dashboard.live import TRACE_S, Live
from dashboard.theme import ACTIVITY_COLOURS, METRIC_COLOURS
from dashboard.words import ACTIVITY_WORDS, OUTCOME_WORDS

_Columns = dict[str, list[Any]]

_SHOWN = [activity for activity in Activity if activity is not Activity.UNKNOWN]
_ROWS = ["Prompt", "Walking", "Standing", "Sitting", "Lying"]
_LABEL_S = 12.0  # a stretch shorter than this has no room for its word


def live_chart(view: Live, metrics: Mapping[str, Metric]) -> None:
    """The first two metrics over the last two minutes, on the activities' shades."""
    shown = [name for name in metrics if name in view.trace][:2]
    colours = _activity_colours()
    x = alt.X("start:Q", scale=alt.Scale(domain=[-TRACE_S, 0]), title="seconds ago", axis=_axis())
    stretches = alt.Chart(alt.NamedData("stretches"))
    shade = stretches.mark_rect(opacity=0.17).encode(
        x=x, x2="end:Q", color=alt.Color("activity:N", scale=colours, legend=None)
    )
    word = (
        stretches.transform_filter(f"datum.end - datum.start > {_LABEL_S}")
        .mark_text(align="left", dx=6, fontSize=13, fontWeight=600)
        .encode(x=x, y=alt.value(12), text="activity:N", color=alt.Color("activity:N", scale=colours, legend=None))
    )
    labels = [metrics[name].label for name in shown]
    line = (
        alt.Chart(alt.NamedData("trace"))
        .mark_line(strokeWidth=2.6, interpolate="linear")
        .encode(
            x=alt.X("age:Q", scale=alt.Scale(domain=[-TRACE_S, 0])),
            y=alt.Y(
                "value:Q",
                title="degrees from your upright",
                axis=_axis(),
                scale=alt.Scale(zero=True, nice=True),
            ),
            color=alt.Color(
                "metric:N",
                scale=alt.Scale(domain=labels, range=list(METRIC_COLOURS[: len(labels)])),
                legend=alt.Legend(title=None, orient="top", labelFontSize=14, symbolStrokeWidth=3, symbolSize=400),
            ),
            strokeDash=alt.StrokeDash("metric:N", scale=alt.Scale(domain=labels, range=[[1, 0], [7, 4]])),
        )
    )
    trace: _Columns = {"age": [], "value": [], "metric": []}
    for name in shown:
        trace["age"] += view.age_s.tolist()
        trace["value"] += _nulls(view.trace[name])
        trace["metric"] += [metrics[name].label] * len(view.age_s)
    bands: _Columns = {
        "start": [max(-TRACE_S, stretch.start_s) for stretch in view.stretches],
        "end": [stretch.end_s for stretch in view.stretches],
        "activity": [ACTIVITY_WORDS[stretch.activity] for stretch in view.stretches],
    }
    layers = alt.layer(shade, word, line).resolve_scale(color="independent").properties(height=300)
    _draw(layers, {"trace": trace, "stretches": bands}, "The last two minutes of " + " and ".join(labels))


def day_chart(day: Day) -> None:
    """What the body did over the day, a row for each activity, and the prompts above."""
    x = _time_axis(day)
    y = alt.Y(
        "row:N",
        sort=_ROWS,
        scale=alt.Scale(domain=_ROWS),
        title=None,
        axis=alt.Axis(labelFontSize=14, grid=True, ticks=False),
    )
    bars = (
        alt.Chart(alt.NamedData("bouts"))
        .mark_bar(height={"band": 0.78}, cornerRadius=2)
        .encode(
            x=x,
            x2="end:T",
            y=y,
            color=alt.Color("row:N", scale=_activity_colours(), legend=None),
            tooltip=[
                alt.Tooltip("row:N", title="Activity"),
                alt.Tooltip("start:T", format="%H:%M", title="from"),
                "lasted:N",
            ],
        )
    )
    outcomes = list(OUTCOME_WORDS.values())
    marks = (
        alt.Chart(alt.NamedData("prompts"))
        .mark_point(size=150, filled=True, opacity=1)
        .encode(
            x=alt.X("at:T"),
            y=y,
            shape=alt.Shape(
                "outcome:N",
                scale=alt.Scale(domain=outcomes, range=["triangle-up", "cross", "circle"]),
                legend=alt.Legend(title=None, orient="top", labelFontSize=13, symbolSize=130),
            ),
            color=alt.Color("outcome:N", scale=alt.Scale(domain=outcomes, range=["#1f8f84", "#c0472b", "#7d8588"])),
            tooltip=[alt.Tooltip("at:T", format="%H:%M", title="asked at"), "outcome:N"],
        )
    )
    bouts: _Columns = {
        "start": [1000 * bout.start for bout in day.bouts],
        "end": [1000 * bout.end for bout in day.bouts],
        "row": [ACTIVITY_WORDS[bout.activity] for bout in day.bouts],
        "lasted": [f"{(bout.end - bout.start) / 60:.0f} min" for bout in day.bouts],
    }
    prompts: _Columns = {
        "at": [1000 * asked.at for asked in day.prompts],
        "row": ["Prompt"] * len(day.prompts),
        "outcome": [OUTCOME_WORDS[asked.outcome] for asked in day.prompts],
    }
    layers = alt.layer(bars, marks).resolve_scale(color="independent", shape="independent").properties(height=240)
    told = ", ".join(f"{ACTIVITY_WORDS[a]} {day.totals_s[a] / 60:.0f} min" for a in _SHOWN)
    _draw(layers, {"bouts": bouts, "prompts": prompts}, f"Activity over the day: {told}; {len(day.prompts)} prompts")


def curve_chart(day: Day, curve: Curve, metric: Metric, colour: str) -> None:
    """One metric by the minute with its low to high band; zero is the wearer's own upright."""
    unit = "degrees" if metric.unit == "°" else metric.unit
    base = alt.Chart(alt.NamedData("minutes"))
    y = alt.Y("low:Q", title=unit, axis=_axis())
    spread = base.mark_area(opacity=0.25, color=colour).encode(x=_time_axis(day, "at"), y=y, y2="high:Q")
    line = base.mark_line(strokeWidth=2, color=colour).encode(x=alt.X("at:T"), y="mean:Q")
    minutes: _Columns = {
        "at": (1000 * curve.at).tolist(),
        "mean": _nulls(curve.mean),
        "low": _nulls(curve.low),
        "high": _nulls(curve.high),
    }
    _draw(
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
        scale=alt.Scale(domain=[1000 * low, 1000 * high]),
        axis=alt.Axis(format="%H:%M", labelFontSize=13, tickCount=8),
    )


def _axis() -> alt.Axis:
    return alt.Axis(labelFontSize=13, titleFontSize=13)


def _activity_colours() -> alt.Scale:
    return alt.Scale(domain=list(ACTIVITY_WORDS.values()), range=[ACTIVITY_COLOURS[a] for a in ACTIVITY_WORDS])


def _nulls(values: Floats) -> list[float | None]:
    """NaN as null, which leaves a gap in a line."""
    return [None if np.isnan(value) else float(value) for value in values]


def _draw(chart: alt.TopLevelMixin, columns: Mapping[str, _Columns], told: str) -> None:
    specification = chart.to_dict()
    specification["datasets"] = dict(columns)
    st.vega_lite_chart(specification, width="stretch", alt=told)
