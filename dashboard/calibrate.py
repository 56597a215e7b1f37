"""The control that tells the analysis when the wearer holds still, and shows what came of it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from enum import Enum

import streamlit as st

from analysis.model import Stance
from dashboard import commands, data
from dashboard.data import Told
from dashboard.page import Context

HOLD_S = 5.0
_ANSWER_S = 20.0  # after holding still, within this the analysis has spoken
_ASKED = "calibration_asked"  # in the browser session's state


class Phase(Enum):
    HOLD = "hold"
    WAIT = "wait"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class AskedFor:
    """A calibration the wearer asked for."""

    at: float  # s of this machine's clock
    known: Told | None  # the newest calibration told before it
    refusal: str = ""  # why it was not taken up; empty if it was


def phase(asked: AskedFor, told: Told | None, now: float) -> Phase:
    """Where a calibration stands. A calibration told since it was asked for ends it, however fast time runs."""
    if asked.refusal:
        return Phase.REFUSED
    if told is not None and told != asked.known:
        return Phase.DONE if told.event.kind == "calibrated" else Phase.FAILED
    if now < asked.at + HOLD_S:
        return Phase.HOLD
    return Phase.WAIT if now < asked.at + HOLD_S + _ANSWER_S else Phase.SILENT


def show(context: Context) -> None:
    st.markdown("#### Calibrate")
    stance = st.segmented_control(
        "How you hold still",
        list(Stance),
        default=Stance.STANDING,
        required=True,
        format_func=lambda which: which.value.capitalize(),
        key="calibrate_stance",
        label_visibility="collapsed",
    )
    st.html(f'<div class="up-soft">{_INSTRUCTIONS[stance or Stance.STANDING]}</div>')
    if st.button("Calibrate", key="calibrate", type="primary", icon=":material/accessibility_new:", width="stretch"):
        _ask(context, stance or Stance.STANDING)
    _progress(context)


_INSTRUCTIONS = {
    Stance.STANDING: "Stand upright, feet under your hips, arms hanging. Press, then hold still for five seconds.",
    Stance.SITTING: "Sit upright, feet flat, away from the backrest. Press, then hold still for five seconds.",
}


def _ask(context: Context, stance: Stance) -> None:
    known = data.newest_calibration(context.reader, context.wearer)
    reply = commands.calibrate(context, stance, HOLD_S)
    st.session_state[_ASKED] = AskedFor(time.time(), known, "" if reply.ok else reply.message)


def _progress(context: Context) -> None:
    asked: AskedFor | None = st.session_state.get(_ASKED)
    with st.container(key="calibrate_progress"):
        if asked is None:
            return
        told = data.newest_calibration(context.reader, context.wearer)
        now = time.time()
        match phase(asked, told, now):
            case Phase.HOLD:
                left_s = asked.at + HOLD_S - now
                st.progress(min(1.0, 1 - left_s / HOLD_S), text=f"**Hold still … {math.ceil(left_s)}**")
            case Phase.WAIT:
                st.info(
                    "Thank you, you may move again; the analysis is working it out.", icon=":material/hourglass_top:"
                )
            case Phase.DONE:
                st.success(f"Calibrated{_accuracy(told)}: this is now your own upright.", icon=":material/check:")
            case Phase.FAILED:
                st.warning(_reason(told), icon=":material/replay:")
            case Phase.REFUSED:
                st.error(asked.refusal, icon=":material/error:")
            case Phase.SILENT:
                st.warning("The analysis has not answered; check that both sensors are streaming, then try again.")


def _accuracy(told: Told | None) -> str:
    error_deg = told.event.values.get("tilt_error_deg") if told else None
    return f" to within {error_deg:.1f}°" if isinstance(error_deg, float) else ""


def _reason(told: Told | None) -> str:
    reason = told.event.values.get("reason") if told else None
    return reason if isinstance(reason, str) and reason else "That was not still enough; please try again."
