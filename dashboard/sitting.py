"""How the day's sitting was spread over bouts, in plain words."""

from __future__ import annotations

import math

import streamlit as st

from analysis.bout_statistics import PARTIAL_S, BoutStatistics, Span, statistics_of
from dashboard import words
from dashboard.day import Day
from dashboard.facts import Fact, as_html


def show(day: Day) -> None:
    told = statistics_of([[Span(bout.activity, bout.start, bout.end) for bout in day.bouts]])
    if not told.bouts:
        return
    with st.container(key="today_bouts"):
        st.html(as_html(facts(told)))
        st.html(f'<div class="up-soft">{sentence(told)}</div>')


def facts(told: BoutStatistics) -> list[Fact]:
    """What is shown of a day that has any sitting. Pure."""
    longer = [
        (f"Over {_minutes(one.over_min)}", str(one.count), f"{100 * one.share:.0f} % of the sitting")
        for one in told.long
    ]
    half = f"{told.partial_breaks} more were under {PARTIAL_S:.0f} s" if told.partial_breaks else "of a minute or more"
    rest = [
        ("Usual length", words.duration(told.usual_s), "half of the time was sat in pieces at least as long"),
        ("Mean and median", words.duration(told.mean_s), f"half of the pieces: up to {words.duration(told.median_s)}"),
        ("Breaks an hour", f"{told.breaks_per_hour:.1f}", f"of sitting; {half}" if told.rises else "of sitting"),
    ]
    if not math.isnan(told.alpha):
        rest.append(("Alpha", f"{told.alpha:.2f}", "the higher, the more of the pieces are short"))
    return [*longer, *rest]


def sentence(told: BoutStatistics) -> str:
    """What the numbers come to, without a verdict. Pure."""
    pieces = "in one piece" if told.bouts == 1 else f"in {told.bouts} pieces"
    rises = {0: "did not stand up from it", 1: "stood up from it once"}.get(
        told.rises, f"stood up from it {told.rises} times"
    )
    return (
        f"You sat {words.duration(told.sitting_s)} {pieces} and {rises}. These are the numbers that thigh-worn sensors "
        "tell, counted the same way, but for lying, which is not counted as sitting here."
    )


def _minutes(minutes: int) -> str:
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h"
