"""One day: how long in which posture, when Upstand asked for a break, and what came of it."""

from __future__ import annotations

from datetime import date, tzinfo

import streamlit as st

from analysis.break_flow import PromptState
from analysis.model import Activity
from dashboard import charts, correct, data, facts, gait, sitting, words
from dashboard.day import Asked, Bout, Day
from dashboard.live import MAIN
from dashboard.page import Context, Page, in_one_sentence

_REFRESH_S = 20.0
_EXPOSURE_S = 120.0  # it takes all frames of the day
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
        correct.show(context, wearer, chosen)
        _exposure(context, wearer, chosen)


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
        sitting.show(day)
        _sitting([bout for bout in day.bouts if bout.activity is Activity.SITTING], context.zone)
        _restlessness(day)
        gait.show(data.read_walks(context.reader, wearer, which, context.zone), context.zone)
        _prompts(day.prompts, context.zone)


@st.fragment(run_every=_EXPOSURE_S)
def _exposure(context: Context, wearer: str, which: date) -> None:
    """How the sitting was spread over every metric, as a table."""
    with in_one_sentence():
        rows = data.read_sitting(context.reader, wearer, which, context.zone, context.settings.bands)
        if not rows:
            return
        st.markdown("#### How you sat")
        with st.container(key="today_exposure"):
            st.html(
                '<div class="up-soft">While sitting, against your own upright: a tenth of the time lay below the first '
                "number, half below the middle one, a tenth above the last. A band is a place to look, not a verdict; "
                "set your own under [bands].</div>"
            )
            told = {
                "": [row.label for row in rows],
                "10 %": [words.number(row.exposure.low, row.unit) for row in rows],
                "50 %": [words.number(row.exposure.middle, row.unit) for row in rows],
                "90 %": [words.number(row.exposure.high, row.unit) for row in rows],
                "Beyond its band": [words.beyond(row.exposure, row.band, row.unit) for row in rows],
            }
            st.table(told, hide_index=True, border="horizontal")


def _totals(day: Day) -> None:
    standing, walking, lying = (day.totals_s[a] for a in (Activity.STANDING, Activity.WALKING, Activity.LYING))
    share = f"{100 * day.totals_s[Activity.SITTING] / day.recorded_s:.0f} % of the time worn" if day.recorded_s else ""
    told = [
        ("Sitting", words.duration(day.totals_s[Activity.SITTING]), share),
        ("Standing", words.duration(standing), ""),
        ("Walking", words.duration(walking), ""),
        ("Lying", words.duration(lying), words.lain(day.lying_s)),
        ("Rises", str(day.rises), "times stood up"),
        ("Longest sitting", words.duration(day.longest_sitting_s), "in one piece"),
        ("Prompts", str(len(day.prompts)), _outcomes(day)),
    ]
    if day.totals_s[Activity.UNKNOWN] >= 60:
        told.append(("Not known", words.duration(day.totals_s[Activity.UNKNOWN]), "worn, but not clear"))
    with st.container(key="today_totals"):
        st.html(facts.as_html(told))


def _outcomes(day: Day) -> str:
    """Done and ignored always, all others where there were any."""
    rest = [state for state in words.OUTCOMES if state not in (PromptState.DONE, PromptState.IGNORED)]
    told = [f"{day.count(PromptState.DONE)} done", f"{day.count(PromptState.IGNORED)} ignored"]
    return ", ".join([*told, *(f"{day.count(state)} {words.OUTCOMES[state]}" for state in rest if day.count(state))])


def _curves(day: Day) -> None:
    """The two metrics the product is about, by the minute; the table after them tells of all."""
    for index, (name, metric) in enumerate(data.metrics().items()):
        if name in MAIN and name in day.curves and len(day.curves[name].at):
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
            "From": [words.clock(bout.start, zone) for bout in bouts],
            "To": ["still sitting" if bout.is_open else words.clock(bout.end, zone) for bout in bouts],
            "Lasted": [words.duration(bout.end - bout.start) for bout in bouts],
        }
        st.table(rows, hide_index=True, border="horizontal")


def _restlessness(day: Day) -> None:
    """Shifts and fidgets, as studies give them: per 15 min of sitting. Less sitting than that makes no rate."""
    quarters = day.totals_s[Activity.SITTING] / 900.0
    if quarters < 1:
        return
    with st.container(key="today_shifts"):
        st.html(
            f'<div class="up-soft">In 15 min of sitting you shifted your posture {day.shifts / quarters:.0f} times and '
            f"fidgeted {day.fidgets / quarters:.0f} times ({day.shifts} and {day.fidgets} on the whole day).</div>"
        )


def _prompts(prompts: tuple[Asked, ...], zone: tzinfo | None) -> None:
    st.markdown("#### Prompts")
    with st.container(key="today_prompts"):
        if not prompts:
            st.html('<div class="up-soft">You were not asked for a break on this day.</div>')
            return
        rows = {
            "Asked at": [words.clock(asked.at, zone) for asked in prompts],
            "Break": [asked.kind for asked in prompts],
            "Outcome": [_outcome(asked) for asked in prompts],
            "Response": [words.duration(asked.response_s) for asked in prompts],
            "Reason": [asked.reason for asked in prompts],
        }
        st.table(rows, hide_index=True, border="horizontal")


def _outcome(asked: Asked) -> str:
    """With how much of the break was measured."""
    measured = f", {words.exactly(asked.credited_s)}" if asked.credited_s >= 0.5 and asked.outcome.is_ended else ""
    return f"{words.OUTCOME_WORDS[asked.outcome]}{measured}"


PAGE = Page(title="Today", icon=":material/today:", order=1, show=_show)
