"""What stands over every page while the wearer is asked for a break, and shortly after: one card with its buttons."""

from __future__ import annotations

import time
from html import escape

import streamlit as st

from analysis.break_flow import BreakAct, Prompt
from analysis.schema import Reply
from dashboard import asking, commands, controls, data, theme, words
from dashboard.asking import Insistence, Overlay, Watched
from dashboard.controls import SAID
from dashboard.data import Moment
from dashboard.page import Context, in_one_sentence

NAME = "Upstand"
REASONS = ("in a call", "in the middle of something", "I was just up", "not now")  # one tap each
EMERGENCIES = ("emergency", "I do not feel well", "somebody needs me")
_WATCHED = "overlay_watched"  # in the browser session's state
_COLOURS = {  # of the tab's sign
    Insistence.OUTCOME: "#1f8f84",
    Insistence.IN_BREAK: "#1f8f84",
    Insistence.HEADS_UP: "#b07d2b",
    Insistence.ASKED: "#b3691a",
    Insistence.LOUDER: "#c0472b",
    Insistence.LOUDEST: "#c0472b",
}
_ROLES = {Insistence.LOUDER: "alert", Insistence.LOUDEST: "alertdialog"}


@st.fragment(run_every=1.0)
def show(context: Context) -> None:
    """The card, where there is one; and below it the strip, which is always there."""
    with in_one_sentence():
        moment = data.read_moment(context.reader, context.wearer)
        drawn = _drawn(context, moment)
        title, icon = (NAME, "🧍") if drawn is None else (drawn.page_title, theme.favicon(_COLOURS[drawn.insistence]))
        st.set_page_config(page_title=title, page_icon=icon)
        with st.container(key="overlay"):
            if drawn is not None:
                _card(context, drawn)
        with st.container(key="breaks_strip"):
            controls.draw(context, moment, drawn)
        _said()


def _drawn(context: Context, moment: Moment) -> Overlay | None:
    watched: Watched = st.session_state.get(_WATCHED, Watched())
    st.session_state[_WATCHED], prompt = asking.watch(watched, moment.prompts, time.time())
    if prompt is None:
        return None
    return asking.overlay_of(prompt, context.settings.breaks.rules(), moment.at_s, moment.activity)


def _card(context: Context, drawn: Overlay) -> None:
    st.html(as_html(drawn))
    if drawn.share is not None:
        st.progress(drawn.share)
    if drawn.acts:
        _buttons(context, drawn)


def as_html(drawn: Overlay) -> str:
    lines = [line for line in (f"{drawn.reason} {drawn.action}".strip(), drawn.progress) if line]
    role = _ROLES.get(drawn.insistence, "status")
    return (
        f'<div class="up-over up-over-{drawn.insistence}" role="{role}"><b>{escape(drawn.title)}</b>'
        f"{''.join(f'<p>{escape(line)}</p>' for line in lines)}</div>"
    )


def _buttons(context: Context, drawn: Overlay) -> None:
    prompt = drawn.prompt
    with st.container(horizontal=True, key="overlay_buttons"):
        if BreakAct.START in drawn.acts and st.button("Start now", key="overlay_start", type="primary"):
            _answer(context, BreakAct.START, prompt)
        if BreakAct.DONE in drawn.acts and st.button("Done", key="overlay_done", type="primary"):
            _answer(context, BreakAct.DONE, prompt)
        if BreakAct.POSTPONE in drawn.acts:
            _postpone(context, drawn)
        if BreakAct.SKIP in drawn.acts:
            _reasons(context, BreakAct.SKIP, prompt, "Skip", REASONS)
        if BreakAct.EXIT in drawn.acts:
            _reasons(context, BreakAct.EXIT, prompt, "Emergency exit", EMERGENCIES)


def _postpone(context: Context, drawn: Overlay) -> None:
    usual_s, *longer_s = drawn.postpone_s
    if st.button(f"In {words.exactly(usual_s)}", key="overlay_postpone", icon=":material/snooze:"):
        _answer(context, BreakAct.POSTPONE, drawn.prompt, for_s=usual_s)
    if longer_s:
        with st.popover("Later", key="overlay_later"):
            for span_s in longer_s:
                if st.button(f"In {words.exactly(span_s)}", key=f"overlay_postpone_{span_s:.0f}", width="stretch"):
                    _answer(context, BreakAct.POSTPONE, drawn.prompt, for_s=span_s)


def _reasons(context: Context, act: BreakAct, prompt: Prompt, label: str, reasons: tuple[str, ...]) -> None:
    """One tap says why, and does it."""
    with st.popover(label, key=f"overlay_{act}"):
        for place, reason in enumerate(reasons):
            if st.button(f"{reason[0].upper()}{reason[1:]}", key=f"overlay_{act}_{place}", width="stretch"):
                _answer(context, act, prompt, reason=reason)


def _answer(context: Context, act: BreakAct, prompt: Prompt, *, reason: str = "", for_s: float | None = None) -> None:
    st.session_state[SAID] = commands.answer(context, act, prompt, reason=reason, for_s=for_s)


def _said() -> None:
    said: Reply | None = st.session_state.pop(SAID, None)
    if said is not None:
        st.toast(said.message, icon=":material/check:" if said.ok else ":material/error:")
