"""How the day's walks were: a plain table of the latest of them, beside what studies found in healthy adults.

To compare with one's own other days. Nothing here says what is wrong with anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from html import escape

import streamlit as st

from analysis.metrics.pelvic_obliquity import METRIC as OBLIQUITY
from analysis.metrics.pelvic_tilt import METRIC as TILT
from analysis.model import Value
from dashboard.day import Recorded

LATEST = 4  # walks that are shown
_ERROR, _USUAL = "Error", "In studies"


@dataclass(frozen=True, slots=True)
class Walked:
    """One walk, or a minute of a long one."""

    at: float  # s since the Unix epoch
    values: dict[str, Value]  # as the event "gait" has them


@dataclass(frozen=True, slots=True)
class _Row:
    label: str
    name: str
    form: str
    error: str = ""  # typical, where one was measured
    usual: str = ""  # in healthy adults, where a checked source says so


# Error of the cadence: mean over straight walks of two people (benchmarks/results.md). Usual ranges, as far
# as they were checked against a source: tilt 2–4°. Errors of stance and swing: 0.03 s of a stride (McCamley 2012).
_ROWS = (
    _Row("Steps", "steps", "{:.0f}"),
    _Row("Cadence", "cadence_spm", "{:.0f} steps/min", error="±0.6 steps/min"),
    _Row("Stride time", "stride_s", "{:.2f} s"),
    _Row("… varies by", "stride_cv_percent", "{:.1f} %"),
    _Row("Left and right step differ by", "asymmetry_percent", "{:.0f} %"),
    _Row("Foot on the ground (stance), of the stride", "stance_percent", "{:.0f} %", error="±3 %", usual="about 60 %"),
    _Row("Foot in the air (swing), of the stride", "swing_percent", "{:.0f} %", error="±3 %", usual="about 40 %"),
    _Row("Both feet on the ground, of the stride", "double_support_percent", "{:.0f} %", "±5 %", "20 to 25 %"),
    _Row("Step length", "step_length_m", "{:.2f} m"),
    _Row("Walking speed", "speed_m_s", "{:.2f} m/s"),
    _Row("Steps alike (1 = all the same)", "step_regularity", "{:.2f}"),
    _Row("Strides alike (1 = all the same)", "stride_regularity", "{:.2f}"),
    _Row("Smoothness (harmonic ratio)", "harmonic_ratio", "{:.1f}"),
    _Row("Spring in the step (push-off)", "push_off_m_s2", "{:.1f} m/s²"),
    _Row("Pelvis turns left and right by", "rotation_deg", "{:.0f}°"),
    _Row("Pelvis tips to the sides by", "obliquity_deg", "{:.0f}°", f"±{OBLIQUITY.error:.0f}°"),
    _Row("Pelvis tilts forward and back by", "tilt_deg", "{:.0f}°", f"±{TILT.error:.0f}°", "2 to 4°"),
)


def walks_of(pieces: Sequence[tuple[Recorded, float, float]]) -> tuple[Walked, ...]:
    """Every walk in the visible pieces of the day's sessions, in order of time. Pure."""
    walks = [
        Walked(one.session.started_at + event.start_s, dict(event.values))
        for one, start, end in pieces
        for event in one.events
        if event.kind == "gait" and start <= one.session.started_at + event.start_s < end
    ]
    return tuple(sorted(walks, key=lambda walk: walk.at))


def table(walks: Sequence[Walked], zone: tzinfo | None) -> dict[str, list[str]]:
    """A column for each of the latest walks that could be measured, the newest first; empty without any. Pure."""
    shown = _measured(walks)
    if not shown:
        return {}
    rows = [row for row in _ROWS if any(walk.values.get(row.name) is not None for walk in shown)]
    columns = {f"{datetime.fromtimestamp(walk.at, zone):%H:%M:%S}": walk for walk in shown}
    return {
        "": [row.label for row in rows],
        **{clock: [_said(walk.values.get(row.name), row.form) for row in rows] for clock, walk in columns.items()},
        _ERROR: [row.error for row in rows],
        _USUAL: [row.usual for row in rows],
    }


def as_html(columns: Mapping[str, Sequence[str]]) -> str:
    """The columns of `table`; a page too narrow for them stands each row below its label. Pure.

    The browser may draw it some frames before our styles are there: its frame bounds it until then.
    """
    heads = "".join(f'<th scope="col" role="columnheader"{_aside(name)}>{escape(name)}</th>' for name in columns)
    rows = "".join(
        f'<tr role="row"><th scope="row" role="rowheader">{escape(label)}</th>{_cells(list(columns)[1:], cells)}</tr>'
        for label, *cells in zip(*columns.values(), strict=True)
    )
    return (
        '<div style="overflow-x:auto"><table class="up-walks" role="table">'
        f'<thead role="rowgroup"><tr role="row">{heads}</tr></thead>'
        f'<tbody role="rowgroup">{rows}</tbody></table></div>'
    )


def _cells(names: Sequence[str], cells: Sequence[str]) -> str:
    return "".join(
        f'<td role="cell"{_aside(name)}>{escape(cell)}</td>' for name, cell in zip(names, cells, strict=True)
    )


def _aside(name: str) -> str:
    """What belongs to a whole row names itself where no heading stands above it."""
    return f' class="up-aside" data-name="{name}"' if name in (_ERROR, _USUAL) else ""


def steps(walks: Sequence[Walked]) -> int:
    """Of all walks, the short ones too. Pure."""
    counts = (walk.values.get("steps") for walk in walks)
    return sum(int(count) for count in counts if isinstance(count, int | float))


def unknown(walks: Sequence[Walked]) -> str:
    """Why the shown walks lack a number; empty where they lack none. Pure."""
    reasons = dict.fromkeys(str(walk.values["reason"]) for walk in _measured(walks) if walk.values.get("reason"))
    return "; ".join(reasons)


def show(walks: Sequence[Walked], zone: tzinfo | None) -> None:
    """The table under its heading; nothing on a day without a walk."""
    if not walks:
        return
    st.markdown("#### How you walked")
    with st.container(key="today_gait"):
        st.html(
            f'<div class="up-soft">{steps(walks)} steps while walking. Below the latest walks of 8 seconds or more: '
            "numbers to compare with your own other days, not a verdict. Walking in a room, with turns and stops, "
            "differs from the straight walks of studies.</div>"
        )
        told = table(walks, zone)
        if told:
            st.html(as_html(told))
        why = unknown(walks)
        if why:
            hint = " Set height_m under [body] for step length and speed." if "height" in why else ""
            st.html(f'<div class="up-soft">Not known: {escape(why)}.{hint}</div>')


def _measured(walks: Sequence[Walked]) -> list[Walked]:
    return [walk for walk in reversed(walks) if walk.values.get("cadence_spm") is not None][:LATEST]


def _said(value: Value, form: str) -> str:
    return form.format(value) if isinstance(value, int | float) else "–"
