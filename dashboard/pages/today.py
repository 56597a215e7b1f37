"""One day: how long in which posture, when Upstand asked to stand, and what came of it."""

from __future__ import annotations

from datetime import date, datetime, tzinfo

import streamlit as st

from analysis.model import Activity, PromptState
from dashboard import charts, data, words
from dashboard.day import Asked, Bout, Day
from dashboard.page import Context, Page, in_one_sentence

_REFRESH_S = 20.0
_DATE = "today_date"
_NEWEST = "today_newest"  # in the browser session's state: the newest day when the page was last drawn


def _show(context: Context) -> None:
    with in_one_sentence():
        when, whose, _ = st.columns([1, 1, 2])
        with whose:
            wearer = _wearer(context)
        newest = data.newest_day(context.reader, wearer, context.zone)
        with when:
            chosen = _chosen(newest)
        _day(context, wearer, chosen, newest)


def _chosen(newest: date) -> date:
    """The day to show. A page left open over midnight goes on to the new day, unless another one was chosen."""
    known = st.session_state.get(_NEWEST)
    if known is not None and known != newest and st.session_state.get(_DATE) == known:
        del st.session_state[_DATE]
    st.session_state[_NEWEST] = newest
    return st.date_input("Day", value=newest, max_value=newest, format="YYYY-MM-DD", key=_DATE, bind="query-params")


def _wearer(context: Context) -> str:
    """The wearer who is shown; while that is a made-up one, the own history stays within reach."""
    own = context.settings.wearer
    if own == context.wearer or context.reader.newest_session(own) is None:
        return context.wearer
    return st.selectbox("Whose day", [context.wearer, own], key="today_wearer")


@st.fragment(run_every=_REFRESH_S)
def _day(context: Context, wearer: str, which: date, newest: date) -> None:
    with in_one_sentence():
        if data.newest_day(context.reader, wearer, context.zone) != newest:
            st.rerun()
        day = data.read_day(context.reader, wearer, which, context.zone)
        _totals(day)
        if day.recorded_s <= 0:
            st.html('<div class="up-words">Nothing was recorded on this day.</div>')
            return
        st.markdown("#### The day")
        with st.container(key="today_timeline"):
            charts.day_chart(day)
        _curves(day)
        _sitting([bout for bout in day.bouts if bout.activity is Activity.SITTING], context.zone)
        _prompts(day.prompts, context.zone)


def _totals(day: Day) -> None:
    standing, walking, lying = (day.totals_s[a] for a in (Activity.STANDING, Activity.WALKING, Activity.LYING))
    share = f"{100 * day.totals_s[Activity.SITTING] / day.recorded_s:.0f} % of the time worn" if day.recorded_s else ""
    facts = [
        ("Sitting", words.duration(day.totals_s[Activity.SITTING]), share),
        ("Standing", words.duration(standing), ""),
        ("Walking", words.duration(walking), ""),
        ("Lying", words.duration(lying), ""),
        ("Rises", str(day.rises), "times stood up"),
        ("Longest sitting", words.duration(day.longest_sitting_s), "in one piece"),
        (
            "Prompts",
            str(len(day.prompts)),
            _outcomes(day),
        ),
    ]
    if day.totals_s[Activity.UNKNOWN] >= 60:
        facts.append(("Not known", words.duration(day.totals_s[Activity.UNKNOWN]), "worn, but not clear"))
    with st.container(key="today_totals"):
        cards = "".join(
            f'<div class="up-fact"><span>{label}</span><strong>{value}</strong><em>{note}</em></div>'
            for label, value, note in facts
        )
        st.html(f'<div class="up-facts">{cards}</div>')


def _outcomes(day: Day) -> str:
    unseen = day.count(PromptState.UNSEEN)
    told = f"{day.count(PromptState.DONE)} done, {day.count(PromptState.IGNORED)} ignored"
    return f"{told}, {unseen} not seen" if unseen else told


def _curves(day: Day) -> None:
    """Every metric that was recorded, by the minute."""
    for index, (name, metric) in enumerate(data.metrics().items()):
        if name in day.curves and len(day.curves[name].at):
            st.markdown(f"#### {metric.label}")
            st.html(
                '<div class="up-soft">Mean of each minute, with its lowest to highest; 0 is your own upright.</div>'
            )
            charts.curve_chart(day, day.curves[name], metric, index)


def _sitting(bouts: list[Bout], zone: tzinfo | None) -> None:
    st.markdown("#### Sitting, piece by piece")
    with st.container(key="today_sitting"):
        if not bouts:
            st.html('<div class="up-soft">No sitting was seen on this day.</div>')
            return
        rows = {
            "From": [_clock(bout.start, zone) for bout in bouts],
            "To": ["still sitting" if bout.is_open else _clock(bout.end, zone) for bout in bouts],
            "Lasted": [words.duration(bout.end - bout.start) for bout in bouts],
        }
        st.table(rows, hide_index=True, border="horizontal")


def _prompts(prompts: tuple[Asked, ...], zone: tzinfo | None) -> None:
    st.markdown("#### Prompts")
    with st.container(key="today_prompts"):
        if not prompts:
            st.html('<div class="up-soft">You were not asked to stand on this day.</div>')
            return
        rows = {
            "Asked at": [_clock(asked.at, zone) for asked in prompts],
            "Outcome": [words.OUTCOME_WORDS[asked.outcome] for asked in prompts],
            "Response": [words.duration(asked.response_s) for asked in prompts],
            "Reason": [asked.reason for asked in prompts],
        }
        st.table(rows, hide_index=True, border="horizontal")


def _clock(at: float, zone: tzinfo | None) -> str:
    return f"{datetime.fromtimestamp(at, zone):%H:%M}"


PAGE = Page(title="Today", icon=":material/today:", order=1, show=_show)
