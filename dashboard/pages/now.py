"""The present moment: posture, tilt and lordosis, the open prompt, the sensors and the calibration."""

from __future__ import annotations

import math
from datetime import datetime
from html import escape

import streamlit as st

from analysis.detectors.shifts import SHIFT_DEG
from analysis.io.reader import Session
from dashboard import calibrate, charts, data, drawing, sensors, theme, words
from dashboard.live import Live, Reading
from dashboard.page import Context, Page, in_one_sentence
from dashboard.theme import word_colour

_REFRESH_S = 1.0
_KEPT = f"Since you last shifted your posture on the seat by {SHIFT_DEG:.0f}° or more."


@st.fragment(run_every=_REFRESH_S)
def _show(context: Context) -> None:
    with in_one_sentence():
        metrics = data.metrics()
        session, view, health = data.read_live(context.reader, context.wearer)
        _prompt(context, session, view)
        posture, angles, side = st.columns([5, 6, 4], gap="medium")
        with posture:
            _posture(context, session, view)
        with angles:
            _main(view.readings)
        with side, st.container(key="now_side_view"):
            _side_view(view)
        if len(view.age_s):
            with st.container(key="now_chart"):
                charts.live_chart(view, metrics)
        _more(view.readings)
        figures, control = st.columns([2, 1], gap="medium")
        with figures:
            sensors.show(context, health)
        with control:
            calibrate.show(context)
        _honest()


def _posture(context: Context, session: Session | None, view: Live) -> None:
    """The posture in one word, and for how long; a posture of the past is told as one."""
    with st.container(key="now_posture"):
        word = words.ACTIVITY_WORDS[view.activity]
        st.html(
            f'<div class="up-label">{"You are" if context.wearer == context.settings.wearer else "The wearer is"}</div>'
            f'<div class="up-posture" style="color:{word_colour(view.activity)}">{word}</div>'
        )
        how = view.seated or view.lain
        if how:
            st.html(f'<div class="up-words">{escape(how)}</div>')
    with st.container(key="now_bout"):
        if math.isfinite(view.bout_s):
            least = "at least, " if view.is_bout_at_least else ""
            st.html(
                f'<div class="up-bout">{words.stopwatch(view.bout_s)}</div>'
                f'<div class="up-soft">{least}without a change</div>'
            )
            if math.isfinite(view.still_s):
                kept = words.stopwatch(view.still_s)
                st.html(f'<div class="up-soft" title="{_KEPT}">no shift of posture for {kept}</div>')
        elif session is not None and math.isfinite(view.at_s):
            seen = datetime.fromtimestamp(session.started_at + view.at_s, context.zone)
            last = words.ACTIVITY_WORDS[view.last_seen].lower()
            st.html(f'<div class="up-soft">Last seen {last} on {seen:%d %b at %H:%M}.</div>')
        else:
            st.html('<div class="up-soft">Nothing has been measured yet.</div>')


def _main(readings: tuple[Reading, ...]) -> None:
    """The two that the product is about, large."""
    shown = [reading for reading in readings if reading.is_main]
    for column, reading in zip(st.columns(len(shown)), shown, strict=True):
        with column, st.container(key=f"now_{reading.name}", gap="xxsmall"):
            st.metric(reading.label, reading.value, help=reading.meaning)
            band = f' <span class="up-soft">({reading.band})</span>' if reading.band else ""
            st.html(f'<div class="up-words">{escape(reading.words)}{band}</div>')


def _more(readings: tuple[Reading, ...]) -> None:
    """All other metrics in one quiet row."""
    cells = "".join(
        f'<div title="{escape(reading.meaning)}"><span>{escape(reading.label)}</span>'
        f"<b>{escape(reading.value)}</b> <em>{reading.band}</em></div>"
        for reading in readings
        if not reading.is_main
    )
    with st.container(key="now_more"):
        st.html(f'<div class="up-more">{cells}</div>')


def _side_view(view: Live) -> None:
    known = {reading.name: reading.number for reading in view.readings}
    tilt_deg, lordosis_deg = known.get("pelvic_tilt", math.nan), known.get("lumbar_lordosis", math.nan)
    picture = drawing.side_view(tilt_deg, lordosis_deg, theme.palette(st.context.theme.type))
    st.image(picture, width=290, alt=drawing.told(tilt_deg, lordosis_deg))


def _prompt(context: Context, session: Session | None, view: Live) -> None:
    """The open prompt in a line; its card is the overlay's, and what comes next is told above every page."""
    with st.container(key="now_prompt"):
        if session is None or view.prompt is None:
            return
        asked = words.clock(session.started_at + view.prompt.asked_s, context.zone)
        st.html(
            f'<div class="up-words"><b>{escape(words.asked(view.prompt))}.</b> {escape(view.prompt.reason)} '
            f"Asked at {asked}, {words.duration(view.at_s - view.prompt.asked_s)} ago.</div>"
        )


def _honest() -> None:
    st.html(
        '<div class="up-honest">Upstand is not a medical device. Sensors on the skin see how you change against your '
        "own upright, not your bones, and putting them on anew shifts that by some degrees. Behind ± stands the error "
        "of this moment, as a standard deviation: it grows while you move fast and as the calibration ages.</div>"
    )


PAGE = Page(title="Now", icon=":material/accessibility_new:", order=0, show=_show)
