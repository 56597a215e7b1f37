"""One day of breaks: what became of each type, why there was a prompt or none at any moment, and how they are set."""

from __future__ import annotations

from datetime import date, datetime, time
from html import escape

import streamlit as st

from dashboard import break_day, break_editor, break_types, data, ribbon
from dashboard.break_day import BreakDay
from dashboard.page import Context, Page, in_one_sentence

_REFRESH_S = 20.0


def _show(context: Context) -> None:
    with in_one_sentence():
        newest = data.newest_day(context.reader, context.wearer, context.zone)
        when, _ = st.columns([1, 3])
        with when:
            chosen = st.date_input(
                "Day", value=newest, max_value=newest, format="YYYY-MM-DD", key="breaks_date", bind="query-params"
            )
        _day(context, chosen)
        _why(context, chosen)
        _types(context)


@st.fragment(run_every=_REFRESH_S)
def _day(context: Context, which: date) -> None:
    with in_one_sentence():
        told = _read(context, which)
        st.markdown("#### What became of each break")
        with st.container(key="breaks_record"):
            if told.tallies:
                st.table(break_day.record(told.tallies), hide_index=True, border="horizontal")
                st.html('<div class="up-soft">Breaks as they happen; times by the minute.</div>')
            else:
                st.html('<div class="up-soft">Nothing has come of any break on this day.</div>')
        pieces = break_day.pieces_of(told.told)
        if pieces:
            st.markdown("#### Why there was a prompt, or none")
            with st.container(key="breaks_ribbon"):
                ribbon.draw_ribbon(pieces)


@st.fragment
def _why(context: Context, which: date) -> None:
    """A question with one answer."""
    with in_one_sentence(), st.container(key="breaks_why"):
        told = _read(context, which)
        if not told.told:
            return
        newest = datetime.fromtimestamp(told.told[-1].end - 1.0, context.zone).time().replace(second=0, microsecond=0)
        asked, answer = st.columns([1, 4], vertical_alignment="bottom")
        with asked:
            at = st.time_input("Why was I not prompted at", newest, step=60, key=f"breaks_why_at_{which}")
        with answer:
            st.html(f'<div class="up-words">{escape(_answer(context, told, which, at))}</div>')


def _answer(context: Context, told: BreakDay, which: date, at: time) -> str:
    """Of the middle of the minute that the clock shows; of the newest minute, of its end."""
    minute, newest = datetime.combine(which, at, context.zone).timestamp(), told.told[-1].end
    moment = min(minute + 30.0, max(minute, newest - 1.0))
    return break_day.why_at(told.told, moment, max(newest, datetime.now(context.zone).timestamp()))


def _read(context: Context, which: date) -> BreakDay:
    day_starts_s = context.settings.breaks.rules().day_starts_s
    return data.read_breaks(context.reader, context.wearer, which, context.zone, day_starts_s)


def _types(context: Context) -> None:
    rules = context.settings.breaks.rules()
    st.markdown("#### The breaks you are asked for")
    with st.container(key="breaks_types"):
        st.table(break_types.table(rules), hide_index=True, border="horizontal")
        with st.expander("What each mode asks for, and when", icon=":material/routine:"):
            st.table(break_types.modes_table(rules), hide_index=True, border="horizontal")
        with st.expander("Where these numbers come from", icon=":material/menu_book:"):
            lines = break_types.sources(rules.types).items()
            told = "".join(f"<p><b>{escape(name)}</b> {escape(source)}.</p>" for name, source in lines)
            st.html(f'<div class="up-soft">{told}</div>')
        break_editor.show(context)


PAGE = Page(title="Breaks", icon=":material/self_improvement:", order=2, show=_show)
