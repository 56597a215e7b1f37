"""The wearer's own word on what they did: a stretch of the day is told anew, or taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo

import streamlit as st

from analysis.model import Activity
from analysis.schema import Reply
from dashboard import commands, data, words
from dashboard.day import Bout, Correction, Day, Stretch
from dashboard.page import Context, in_one_sentence

CHOICES = tuple(activity for activity in Activity if activity is not Activity.UNKNOWN)
_SAID = "today_correct_said"  # in the browser session's state: the answer to the last button
_NOTHING = "There are no measurements of that time; choose another."


@dataclass(frozen=True, slots=True)
class Wrong:
    """A part of one session that is to be told anew, in seconds since that session's start."""

    session_id: str
    start_s: float
    end_s: float


def parts_of(stretches: Sequence[Stretch], start: float, end: float) -> list[Wrong]:
    """[start, end) of the day, by the sessions that it lies in. Pure."""
    return [
        Wrong(one.session_id, max(one.start, start) - one.started_at, min(one.end, end) - one.started_at)
        for one in stretches
        if max(one.start, start) < min(one.end, end)
    ]


def exact(chosen: time, edge: float, which: date, zone: tzinfo | None) -> float:
    """The moment of a day that a clock shows: the edge itself where that is what the clock was set to. Pure."""
    if datetime.fromtimestamp(edge, zone).time().replace(second=0, microsecond=0) == chosen:
        return edge
    return datetime.combine(which, chosen, zone).timestamp()


@st.fragment
def show(context: Context, wearer: str, which: date) -> None:
    """Below the day: closed until it is asked for."""
    with in_one_sentence():
        day = data.read_day(context.reader, wearer, which, context.zone)
        if not day.stretches:
            return
        with st.container(key="today_correct"), st.expander("Correct what was told", icon=":material/edit:"):
            st.html(
                '<div class="up-soft">Your word holds for this day and for the clocks of breaks that still run, and '
                "how you sit and stand by it is learnt from then on. You can take it back at any time.</div>"
            )
            _ask(context, wearer, day)
            _said()
            _kept(context, wearer, day)


def _ask(context: Context, wearer: str, day: Day) -> None:
    bout = _chosen(day, context.zone)
    first, last, what = st.columns([1, 1, 3])
    start, end = (bout.start, bout.end) if bout else (day.stretches[0].start, day.stretches[-1].end)
    key = f"{start:.0f}"  # another bout comes with its own times
    clock = [datetime.fromtimestamp(at, context.zone).time().replace(second=0, microsecond=0) for at in (start, end)]
    with first:
        begins = st.time_input("From", clock[0], step=60, key=f"today_correct_from_{key}")
    with last:
        ends = st.time_input("To", clock[1], step=60, key=f"today_correct_to_{key}")
    with what:
        activity = st.segmented_control(
            "It really was", CHOICES, format_func=words.ACTIVITY_WORDS.__getitem__, key="today_correct_activity"
        )
    is_asked = st.button("Correct", key="today_correct_do", type="primary", disabled=activity is None)
    if is_asked and activity is not None:
        asked = [exact(at, edge, day.day, context.zone) for at, edge in ((begins, start), (ends, end))]
        _tell(context, wearer, parts_of(day.stretches, asked[0], asked[1]), activity)


def _chosen(day: Day, zone: tzinfo | None) -> Bout | None:
    bouts = {f"{bout.start:.0f} {bout.activity.name}": bout for bout in reversed(day.bouts)}  # the newest first
    if not bouts:
        return None
    key = st.selectbox(
        "What was told",
        list(bouts),
        format_func=lambda key: _told(bouts[key], zone) if key in bouts else "",
        key="today_correct_bout",
    )
    return bouts.get(key)


def _told(bout: Bout, zone: tzinfo | None) -> str:
    end = "now" if bout.is_open else words.clock(bout.end, zone)
    return f"{words.clock(bout.start, zone)} – {end}  {words.ACTIVITY_WORDS[bout.activity]}"


def _said() -> None:
    said: Reply | None = st.session_state.pop(_SAID, None)
    if said is not None and said.ok:
        st.success(said.message, icon=":material/check:")
    elif said is not None:
        st.error(said.message, icon=":material/error:")


def _kept(context: Context, wearer: str, day: Day) -> None:
    """What has been corrected on this day, each with its own way back."""
    if day.corrections:
        st.markdown("**Corrected**")
    for one in day.corrections:
        says, back = st.columns([4, 1])
        with says:
            st.html(f'<div class="up-words">{_line(one, context.zone)}</div>')
        with back:
            if st.button("Take back", key=f"today_correct_undo_{one.start:.0f}", icon=":material/undo:"):
                _tell(context, wearer, parts_of(day.stretches, one.start, one.end), Activity.UNKNOWN)


def _line(one: Correction, zone: tzinfo | None) -> str:
    times = f"{words.clock(one.start, zone)} – {words.clock(one.end, zone)}"
    return f"{times}: {words.ACTIVITY_WORDS[one.activity].lower()}"


def _tell(context: Context, wearer: str, parts: Sequence[Wrong], activity: Activity) -> None:
    """Ask for each part, keep the first refusal or else the last answer, and draw the page anew."""
    said = Reply(id="", ok=False, message=_NOTHING)
    with st.spinner("Keeping your word on it"):
        for part in parts:
            said = commands.correct(context, wearer, activity, part.session_id, part.start_s, part.end_s)
            if not said.ok:
                break
    st.session_state[_SAID] = said
    st.rerun()
