"""One day of breaks: what became of each type, why there was a prompt or none at any moment, and how they are set."""

from __future__ import annotations

from datetime import date, datetime, time
from html import escape

import streamlit as st

from analysis.breaks.types import DAY_S, Action, Clock, Credit, Mode
from analysis.errors import PostureError
from dashboard import break_day, break_types, data, ribbon
from dashboard.break_day import BreakDay
from dashboard.break_types import Wish
from dashboard.page import Context, Page, in_one_sentence

_REFRESH_S = 20.0
_NEW = "a new one"
_CLOCKS = tuple(Clock)


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
                st.html('<div class="up-soft">Counted up every five minutes.</div>')
            else:
                st.html(
                    '<div class="up-soft">Nothing has been counted for this day; that is done every five minutes.</div>'
                )
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
    minute = datetime.combine(which, at, context.zone).timestamp()
    return break_day.why_at(told.told, min(minute + 30.0, max(minute, told.told[-1].end - 1.0)))


def _read(context: Context, which: date) -> BreakDay:
    day_starts_s = context.settings.breaks.rules().day_starts_s
    return data.read_breaks(context.reader, context.wearer, which, context.zone, day_starts_s)


def _types(context: Context) -> None:
    rules = context.settings.breaks.rules()
    st.markdown("#### The breaks you are asked for")
    with st.container(key="breaks_types"):
        st.table(break_types.table(rules), hide_index=True, border="horizontal")
        with st.expander("Where these numbers come from", icon=":material/menu_book:"):
            lines = break_types.sources(rules.types).items()
            told = "".join(f"<p><b>{escape(name)}</b> {escape(source)}.</p>" for name, source in lines)
            st.html(f'<div class="up-soft">{told}</div>')
        with st.expander("Change a break, or make one of your own", icon=":material/edit:"):
            _change(context)


@st.fragment
def _change(context: Context) -> None:
    """A form whose outcome is the lines for the settings file."""
    rules = context.settings.breaks.rules()
    name = st.selectbox("Break", [*(one.name for one in rules.types), _NEW], key="breaks_change")
    one = rules.of(name)
    base = (
        break_types.wish_of(rules, one)
        if one is not None
        else Wish(
            "eyes", Action.SHIFT, Clock.KEYBOARD, Credit.TIMER, 20.0, 20.0, ("Look far away.",), (Mode.DESK,), False
        )
    )
    wish = _filled_in(base, is_new=one is None)
    try:
        told = break_types.toml_of(wish)
    except PostureError as error:
        st.error(str(error), icon=":material/error:")
        return
    if not told:
        st.html('<div class="up-soft">This is how it is shipped; there is nothing to be set.</div>')
        return
    st.html(
        '<div class="up-soft">Put this into <code>upstand.toml</code>, and start <code>upstand run</code> anew.</div>'
    )
    st.code(told, language="toml")


def _filled_in(base: Wish, *, is_new: bool) -> Wish:
    key, is_limited = f"breaks_change_{base.name}_", base.interval_min < DAY_S
    left, right = st.columns(2)
    with left:
        name = st.text_input("Name", base.name, key=f"{key}name") if is_new else base.name
        usual = base.interval_min if is_limited else 480.0
        interval_min = st.number_input("Asked for after, min", 1.0, 1440.0, usual, 1.0, "%g", key=f"{key}interval")
        length_s = st.number_input("Lasts, s", 5.0, 7200.0, base.length_s, 5.0, "%g", key=f"{key}length")
        is_strict = st.toggle("Strict: no skipping, but for an emergency", base.is_strict, key=f"{key}strict")
    with right:
        clock = st.selectbox(
            "Counted",
            _CLOCKS,
            index=_CLOCKS.index(base.clock),
            format_func=break_types.CLOCK_WORDS.__getitem__,
            key=f"{key}clock",
            disabled=not is_new,
        )
        modes = st.pills(
            "Where", list(Mode), selection_mode="multi", default=list(base.modes), format_func=str, key=f"{key}modes"
        )
        content = st.text_area("What to do, one line each", "\n".join(base.content), key=f"{key}content")
    action, credit = break_types.measured(clock) if is_new else (base.action, base.credit)
    return Wish(
        name.strip(),
        action,
        clock,
        credit,
        interval_min,
        length_s,
        tuple(line.strip() for line in content.splitlines() if line.strip()),
        tuple(mode for mode in Mode if mode in modes),
        is_strict,
    )


PAGE = Page(title="Breaks", icon=":material/self_improvement:", order=2, show=_show)
