"""The strip above every page: when the next break is due and why, and what can be done about breaks unasked."""

from __future__ import annotations

import time
from datetime import tzinfo
from html import escape

import streamlit as st

from analysis.break_flow import BreakAct
from analysis.breaks.types import BreakRules, Mode
from analysis.io.sources import DESK
from analysis.model import Activity
from dashboard import alerting, commands, due, words
from dashboard.asking import Overlay
from dashboard.data import Moment
from dashboard.due import Orders
from dashboard.page import Context

SAID = "overlay_said"  # in the browser session's state: the answer to the last button
_TOMORROW_S = 6 * 3600.0  # on the clock on the wall, when a pause "until tomorrow" ends
_PAUSES = (("30 min", 1800.0), ("1 h", 3600.0))


def draw(context: Context, moment: Moment, drawn: Overlay | None) -> None:
    """A line and its buttons, and the alerts of this browser; where nobody is measured now, the line says so."""
    orders = due.orders_of(moment.events, moment.at_s)
    rules = context.settings.breaks.rules()
    says, alerts, does = st.columns([10, 5, 3], vertical_alignment="center")
    with says, st.container(key="breaks_next"):
        st.html(f'<div class="up-soft">{sentence(moment, orders, rules, context.zone)}</div>')
    with alerts:
        alerting.draw(moment.session.session_id if moment.session else "", drawn)
    with does, st.popover("Breaks", key="breaks_controls", icon=":material/self_improvement:", width="stretch"):
        _start(context)
        _pause(context, orders)
        _modes(context, orders, due.by_clock(rules, time.time(), context.zone))


def sentence(moment: Moment, orders: Orders, rules: BreakRules, zone: tzinfo | None) -> str:
    """What is due when and why, and what the wearer has laid down, as HTML. Pure."""
    if moment.session is None or not moment.is_counting:
        return "No break is counted at present: nothing is being measured."
    told = [escape(due.next_due(moment.spans, moment.at_s))]
    if moment.session.source == DESK:
        told.append("No sensor is worn: by the clock and the keyboard.")
    if moment.activity is Activity.SITTING:
        told.append(escape(due.clocks(moment.events, moment.at_s)))
    if orders.is_paused:
        until_s = orders.paused_until_s
        until = "you resume them" if until_s is None else words.clock(moment.session.started_at + until_s, zone)
        told.insert(0, f"<b>No prompts until {until}.</b>")
    told.append(due.mode_told(rules, orders, moment.session.started_at + moment.at_s, zone))
    return " ".join(part for part in told if part)


def _start(context: Context) -> None:
    st.markdown("**A break now**")
    rules = context.settings.breaks.rules()
    asked = {name for names in rules.modes.values() for name in names}
    with st.container(horizontal=True):
        for one in rules.types:
            if one.name in asked and st.button(
                one.name.capitalize(), key=f"breaks_start_{one.name}", help=_length(one.length_s)
            ):
                _do(context, BreakAct.START, name=one.name)


def _length(length_s: float) -> str:
    return f"A whole one takes {words.exactly(length_s)}."


def _pause(context: Context, orders: Orders) -> None:
    st.markdown("**No prompts for**")
    with st.container(horizontal=True):
        for label, span_s in _PAUSES:
            if st.button(label, key=f"breaks_pause_{span_s:.0f}"):
                _do(context, BreakAct.PAUSE, for_s=span_s)
        if st.button("Until tomorrow", key="breaks_pause_tomorrow", help="Until 06:00."):
            _do(context, BreakAct.PAUSE, until_s=_TOMORROW_S)
        if orders.is_paused and st.button("Resume", key="breaks_resume", type="primary"):
            _do(context, BreakAct.RESUME)


def _modes(context: Context, orders: Orders, by_clock: Mode) -> None:
    st.markdown("**Mode**")
    with st.container(horizontal=True):
        for mode in (*(str(one) for one in Mode), ""):
            is_on = mode == orders.mode
            label = f"{'✓ ' * is_on}{mode.capitalize() or f'By the clock ({by_clock} now)'}"
            if st.button(label, key=f"breaks_mode_{mode or 'clock'}", disabled=is_on):
                _do(context, BreakAct.MODE, name=mode)


def _do(
    context: Context, act: BreakAct, *, name: str = "", for_s: float | None = None, until_s: float | None = None
) -> None:
    st.session_state[SAID] = commands.breaks(context, act, name=name, for_s=for_s, until_s=until_s)
