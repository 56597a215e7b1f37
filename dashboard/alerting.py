"""The sound and the browser's notice of one open page: off until asked for, and then remembered by that browser."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

import streamlit as st

from analysis.break_flow import PromptState
from dashboard.asking import Insistence, Overlay

_HTML = """
<div class="alerts" role="group" aria-label="Alerts of this browser">
  <button class="sound" type="button" aria-pressed="false">Sound off</button>
  <input class="volume" type="range" min="0.1" max="1" step="0.1" aria-label="Volume" hidden>
  <button class="notices" type="button" aria-pressed="false">Notices off</button>
</div>
"""
_CSS = """
.alerts { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; font-family: var(--st-font); }
button { font: inherit; font-size: .95rem; padding: .35rem .8rem; border-radius: .75rem; cursor: pointer;
  border: 1px solid var(--st-border-color); background: transparent; color: var(--st-text-color); }
button[aria-pressed="true"] { border-color: var(--st-primary-color); color: var(--st-primary-color); font-weight: 600; }
button:disabled { cursor: default; opacity: .7; }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
input { width: 6rem; accent-color: var(--st-primary-color); }
input[hidden] { display: none; }
"""
_ALERTS = st.components.v2.component(
    "upstand_alerts", html=_HTML, css=_CSS, js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
)


class Alert(TypedDict):
    """What is said aloud; the same `id` is said once, in whichever tab of a browser comes first."""

    id: str
    prompt: str
    tone: str  # "ask", "louder" or "done"; empty: nothing is said
    title: str
    body: str


def alert_of(session_id: str, drawn: Overlay) -> Alert:
    """Aloud where it is asked, at each higher level, and when a measured break is over. Pure."""
    prompt = drawn.prompt
    return Alert(
        id=f"{session_id}/{prompt.prompt_id}/{drawn.insistence}",
        prompt=prompt.prompt_id,
        tone=_tone(drawn),
        title=drawn.title,
        body=f"{drawn.reason} {drawn.action}".strip(),
    )


def _tone(drawn: Overlay) -> str:
    match drawn.insistence:
        case Insistence.ASKED:
            return "ask"
        case Insistence.LOUDER | Insistence.LOUDEST:
            return "louder"
        case Insistence.OUTCOME if drawn.prompt.state is PromptState.DONE:
            return "done"
        case _:
            return ""


def draw(session_id: str, drawn: Overlay | None) -> None:
    """The switches, and whatever is to be said at this moment."""
    data = None if drawn is None else alert_of(session_id, drawn)
    _ALERTS(key="alerts", data=data, on_tick_change=_heard)


def _heard() -> None:
    """A page in the background asks to be drawn anew: being asked is all that it takes."""
