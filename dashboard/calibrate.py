"""The control that tells the analysis when the wearer holds still, and shows what came of it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from enum import Enum

import streamlit as st

from analysis.model import CalibrationKind, Event, Stance
from dashboard import commands, data
from dashboard.data import Told
from dashboard.page import Context

HOLD_S = 5.0
STEPS = {  # what the wearer does until when, s since the button
    CalibrationKind.STANCE: ((HOLD_S, "Hold still"),),
    CalibrationKind.BENDS: ((HOLD_S, "Hold still"), (25.0, "Bend forward slowly, come up, and again")),
    CalibrationKind.STEPS: (
        (HOLD_S, "Hold still"),
        (25.0, "Bend forward slowly, come up, and again"),
        (40.0, "Walk six to ten steps straight ahead, and stop"),
    ),
    CalibrationKind.RANGE: ((6.0, "Sit as tall as you can"), (12.0, "Slump"), (20.0, "Bend fully forward and stay")),
    CalibrationKind.TALL: ((2.0, "Stand tall"), (6.0, "Stay tall and still")),
}
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
    kind: CalibrationKind = CalibrationKind.STANCE

    @property
    def done_at(self) -> float:
        """When the wearer has done their part, s of this machine's clock."""
        return self.at + lasts_s(self.kind)

    def step(self, now: float) -> tuple[str, float, float]:
        """What to do, for how many seconds more, and the share of it that is done."""
        since_s, steps = now - self.at, STEPS[self.kind]
        began_s = max((end_s for end_s, _ in steps[:-1] if end_s <= since_s), default=0.0)
        until_s, words = next(step for step in steps if step[0] > began_s)
        share = (since_s - began_s) / (until_s - began_s)
        return words, max(0.0, until_s - since_s), min(1.0, max(0.0, share))


def lasts_s(kind: CalibrationKind) -> float:
    return STEPS[kind][-1][0]


def phase(asked: AskedFor, told: Told | None, now: float) -> Phase:
    """Where a calibration stands. A calibration told since it was asked for ends it, however fast time runs."""
    if asked.refusal:
        return Phase.REFUSED
    if told is not None and told != asked.known:
        return Phase.DONE if told.event.kind == "calibrated" else Phase.FAILED
    if now < asked.done_at:
        return Phase.HOLD
    return Phase.WAIT if now < asked.done_at + _ANSWER_S else Phase.SILENT


def show(context: Context) -> None:
    st.markdown("#### Calibrate")
    slip = data.newest_slip(context.reader, context.wearer)
    if slip is not None:
        _offer_mending(context, slip)
    stance = st.segmented_control(
        "How you hold still",
        list(Stance),
        default=Stance.STANDING,
        required=True,
        format_func=lambda which: which.value.capitalize(),
        key="calibrate_stance",
        label_visibility="collapsed",
    )
    with st.container():  # directly in a column they would stay in one row
        kind = st.segmented_control(
            "How it is done",
            list(_KINDS),
            default=CalibrationKind.STANCE,
            required=True,
            format_func=_KINDS.__getitem__,
            key="calibrate_kind",
            label_visibility="collapsed",
        )
    stance, kind = stance or Stance.STANDING, kind or CalibrationKind.STANCE
    st.html(f'<div class="up-soft">{instruction(stance, kind)}</div>')
    if st.button("Calibrate", key="calibrate", type="primary", icon=":material/accessibility_new:", width="stretch"):
        _ask(context, stance, kind)
    _progress(context)


def _offer_mending(context: Context, slip: Event) -> None:
    """Why, and the button that mends it without all of a calibration."""
    st.warning(str(slip.values.get("reason", "A sensor has slipped; calibrate again.")), icon=":material/move_down:")
    st.html(f'<div class="up-soft">{instruction(Stance.STANDING, CalibrationKind.TALL)}</div>')
    if st.button("Stand tall", key="stand_tall", icon=":material/accessibility_new:", width="stretch"):
        _ask(context, Stance.STANDING, CalibrationKind.TALL)


def instruction(stance: Stance, kind: CalibrationKind) -> str:
    """What the wearer is to do, before the button and after it."""
    return f"{_SEATED if kind is CalibrationKind.RANGE else _UPRIGHT[stance]} Press, then {_DO[kind]}"


_KINDS = {
    CalibrationKind.STANCE: "Hold still",
    CalibrationKind.BENDS: "Hold still, then bend twice",
    CalibrationKind.STEPS: "Bend, then walk",
    CalibrationKind.RANGE: "Range of your back",
}
_SEATED = "Sit away from the backrest, calibrated standing before."
_UPRIGHT = {
    Stance.STANDING: "Stand upright, feet under your hips, arms hanging.",
    Stance.SITTING: "Sit upright, feet flat, away from the backrest.",
}
_DO = {
    CalibrationKind.STANCE: "hold still for five seconds. Quick; the flat of each sensor must lie on your back.",
    CalibrationKind.BENDS: (
        "hold still for five seconds, then bend forward slowly and come up again, twice or, better, three times. "
        "Finds the sensors however they are clipped on."
    ),
    CalibrationKind.STEPS: (
        "hold still for five seconds, bend forward slowly and come up again, twice, then walk six to ten steps "
        "straight ahead and stop: the steps tell once more which way is forward."
    ),
    CalibrationKind.RANGE: (
        "sit as tall as you can, slump, and bend fully forward, some seconds each. "
        "Flexion can then be told in % of your own range."
    ),
    CalibrationKind.TALL: (
        "stand as tall as you can and keep still for three seconds. Which way is forward, and your range, are kept."
    ),
}


def _ask(context: Context, stance: Stance, kind: CalibrationKind) -> None:
    known = data.newest_calibration(context.reader, context.wearer)
    reply = commands.calibrate(context, stance, kind, lasts_s(kind))
    st.session_state[_ASKED] = AskedFor(time.time(), known, "" if reply.ok else reply.message, kind)


def _progress(context: Context) -> None:
    asked: AskedFor | None = st.session_state.get(_ASKED)
    with st.container(key="calibrate_progress"):
        if asked is None:
            return
        told = data.newest_calibration(context.reader, context.wearer)
        now = time.time()
        match phase(asked, told, now):
            case Phase.HOLD:
                words, left_s, share = asked.step(now)
                st.progress(share, text=f"**{words} … {math.ceil(left_s)}**")
            case Phase.WAIT:
                st.info(
                    "Thank you, you may move again; the analysis is working it out.", icon=":material/hourglass_top:"
                )
            case Phase.DONE:
                st.success(success(told), icon=":material/check:")
            case Phase.FAILED:
                st.warning(_reason(told), icon=":material/replay:")
            case Phase.REFUSED:
                st.error(asked.refusal, icon=":material/error:")
            case Phase.SILENT:
                st.warning("The analysis has not answered; check that both sensors are streaming, then try again.")


def success(told: Told | None) -> str:
    """What has come of a calibration that was made."""
    full_deg = told.event.values.get("full_deg") if told else None
    if isinstance(full_deg, float):
        return f"Your back rounds by {full_deg:.0f}° in a full forward bend: this is now 100 % of your range."
    if told is not None and told.event.values.get("kind") == CalibrationKind.TALL:
        return f"Mended{_accuracy(told)}: upright is upright again."
    return f"Calibrated{_accuracy(told)}: this is now your own upright."


def _accuracy(told: Told | None) -> str:
    error_deg = told.event.values.get("tilt_error_deg") if told else None
    return f" to within {error_deg:.1f}°" if isinstance(error_deg, float) else ""


def _reason(told: Told | None) -> str:
    reason = told.event.values.get("reason") if told else None
    return reason if isinstance(reason, str) and reason else "That was not still enough; please try again."
