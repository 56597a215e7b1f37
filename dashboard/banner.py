"""What stands above every page: whether this is real, whether it is live, and what to do if not."""

from __future__ import annotations

import re
from html import escape

import streamlit as st

from dashboard import data
from dashboard.health import Notice, Weight
from dashboard.page import Context, in_one_sentence

_STYLE = {
    Weight.MADE_UP: ("up-made-up", "◇"),
    Weight.PROBLEM: ("up-problem", "▲"),
    Weight.ADVICE: ("up-advice", "●"),
}


@st.fragment(run_every=2.0)
def show(context: Context) -> None:
    """Draws the notices, and turns to another wearer when the bridge does (a real sensor was found, or lost)."""
    with st.container(key="banner"), in_one_sentence():
        if data.shown_wearer(context.reader, context.settings) != context.wearer:
            st.rerun()
        found = data.read_notices(context.reader, context.wearer, context.settings.wearer)
        if found:
            st.html("".join(as_html(notice) for notice in found))


def as_html(notice: Notice) -> str:
    style, mark = _STYLE[notice.weight]
    role = "status" if notice.weight is Weight.ADVICE else "alert"
    title = f"<b>{_marked_up(notice.title)}.</b> " if notice.title else ""
    return (
        f'<div class="up-notice {style}" role="{role}"><span class="up-mark" aria-hidden="true">{mark}</span>'
        f"<div>{title}<span>{_marked_up(notice.text)}</span></div></div>"
    )


def _marked_up(sentence: str) -> str:
    """Escaped text with `commands` set as code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(sentence))
