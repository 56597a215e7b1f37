"""How numbers are said to a person: durations, angles, reasons. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, tzinfo

from analysis.break_flow import Prompt, PromptState
from analysis.exposure import Band, Exposure
from analysis.lying_position import LyingPosition
from analysis.model import Activity, Quality

ACTIVITY_WORDS = {
    Activity.SITTING: "Sitting",
    Activity.STANDING: "Standing",
    Activity.WALKING: "Walking",
    Activity.LYING: "Lying",
    Activity.OTHER: "Other movement",
    Activity.NOT_WORN: "Not worn",
    Activity.UNKNOWN: "Unknown",
}

LYING_WORDS = {
    LyingPosition.SUPINE: "on the back",
    LyingPosition.PRONE: "on the front",
    LyingPosition.LEFT: "on the left side",
    LyingPosition.RIGHT: "on the right side",
}

# A sign before each, so that colour alone never tells.
OUTCOME_WORDS = {
    PromptState.DONE: "✓ done",
    PromptState.SHORT: "◐ cut short",
    PromptState.IGNORED: "✕ ignored",
    PromptState.POSTPONED: "→ postponed",
    PromptState.SKIPPED: "» skipped",
    PromptState.WITHDRAWN: "← taken back",
    PromptState.UNSEEN: "? not seen",
    PromptState.OPEN: "… still open",
    PromptState.HEADS_UP: "… about to be asked",
    PromptState.IN_BREAK: "… on your break",
}
OUTCOMES = {state: said[2:] for state, said in OUTCOME_WORDS.items() if state.is_ended}  # without it

_ASKED = {  # by type of break; one of the wearer's own is called by its name
    "shift": "↔ Time to shift on your seat",
    "slouch": "↑ Your back is far bent",
    "arch": "↓ Your back is held arched",
    "micro": "↑ Time to stand for a minute",
    "active": "↑ Time to stand up",
    "rest": "↓ Time to lie down and rest",
    "wind-down": "↓ Time to wind down",
    "day": "Enough for today",
}
_ON_THE_SEAT = ("shift", "slouch", "arch")  # answered without standing up
_ON_THE_FEET = ("micro", "active")
_LET_GO = {"slouch": "✓ Your back is less bent now.", "arch": "✓ Your back is less arched now."}

# The first reason that applies is the one a person can do something about.
_REASONS = (
    (Quality.NOT_WORN, "not worn: put the sensor on"),
    (Quality.NOT_CALIBRATED, "not calibrated yet"),
    (Quality.PELVIS_MISSING, "nothing heard from the pelvis sensor"),
    (Quality.LUMBAR_MISSING, "nothing heard from the lumbar sensor"),
    (Quality.NO_GYROSCOPE, "its sensor has no gyroscope"),
    (Quality.SETTLING, "finding its level, a few seconds more"),
    (Quality.MOVING, "moving too fast to tell"),
)

# (when negative, when positive) of each metric whose sign has a plain word
_DIRECTIONS = {
    "pelvic_tilt": ("tipped {} back of your own upright", "tipped {} forward of your own upright"),
    "lumbar_lordosis": ("{} flatter than your own upright", "{} more arched than your own upright"),
}

# the side of a small reading, (when negative, when positive); a number of these is shown without its sign
_SIDES = {
    "trunk_lean": ("back", "forward"),
    "pelvic_obliquity": ("left side down", "right side down"),
    "lateral_bend": ("to the left", "to the right"),
    "twist": ("to the right", "to the left"),
}


def asked(prompt: Prompt) -> str:
    """What is asked of the wearer, as a title."""
    if prompt.state is PromptState.IN_BREAK:
        return "✓ You are on your break"
    title = _ASKED.get(prompt.kind, f"Time for your {prompt.kind} break")
    return f"{title}, in a moment" if prompt.state is PromptState.HEADS_UP else title


def done_s(prompt: Prompt, at_s: float) -> float:
    """Of the break so far, by what was measured: from the rise, dated back, to the session's present `at_s`."""
    if prompt.state is not PromptState.IN_BREAK or prompt.begun_s is None:
        return prompt.credited_s
    return min(prompt.length_s, max(0.0, at_s - prompt.begun_s))


def answered(prompt: Prompt, at_s: float) -> str:
    """How it ends, or how far the break has come; `at_s` is the session's present."""
    if prompt.state is PromptState.IN_BREAK and prompt.length_s > 0:
        done = done_s(prompt, at_s)
        left = exactly(prompt.length_s - done)
        return f"{exactly(done)}{_where(prompt.kind)} of {exactly(prompt.length_s)}; {left} to go."
    if prompt.kind in _ON_THE_SEAT:
        return "It closes by itself when you move."
    return "It closes by itself when you stand up." if prompt.kind in _ASKED else ""


def outcome(prompt: Prompt) -> str:
    """What came of a prompt that has ended, in a sentence."""
    measured = f"{exactly(prompt.credited_s)}{_where(prompt.kind)}"
    match prompt.state:
        case PromptState.DONE if prompt.kind in _LET_GO:
            return _LET_GO[prompt.kind]
        case PromptState.DONE if prompt.kind == "shift":
            return "✓ Done: you have shifted."
        case PromptState.DONE if prompt.credited_s >= 0.5:
            return f"✓ Done: {measured}."
        case PromptState.DONE:
            return "✓ Done: you said so."
        case PromptState.SHORT:
            return f"◐ Cut short: {measured} of {exactly(prompt.length_s)}."
        case PromptState.IGNORED:
            return "✕ Not followed; you will be asked again later."
        case PromptState.POSTPONED:
            return "→ Postponed; you will be asked again."
        case PromptState.SKIPPED:
            return "» Skipped."
        case PromptState.WITHDRAWN:
            return "← Taken back: this is no moment for it."
        case _:
            return "? Nobody saw what came of it: the sensors fell silent."


def _where(kind: str) -> str:
    """Where the time of a break was spent, as it is measured."""
    if kind in _ON_THE_FEET:
        return " on your feet"
    return " off the seat" if kind in _ASKED and kind not in _ON_THE_SEAT else ""


def exactly(seconds: float) -> str:
    """`45 s`, `3 min 20 s` or `5 min`: for breaks, where seconds count."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def stopwatch(seconds: float) -> str:
    """`mm:ss`, or `h:mm:ss` from one hour on; `--:--` where it is not known."""
    if not math.isfinite(seconds):
        return "--:--"
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    clock = f"{rest // 60:02d}:{rest % 60:02d}"
    return f"{hours}:{clock}" if hours else clock


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `1 h` or `3 h 05 min`; `–` where it is not known."""
    if not math.isfinite(seconds):
        return "–"
    if seconds < 59.5:
        return f"{max(0, round(seconds))} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes:02d} min" if minutes else f"{hours} h"


def lain(lying_s: Mapping[LyingPosition, float]) -> str:
    """How lying was spread over the sides, the longest first: `20 min on the back, 5 min on the left side`.

    Less than a minute on a side that is not known is not told: it is what getting there took.
    """
    longest = sorted(LYING_WORDS, key=lambda one: -lying_s.get(one, 0.0))
    told = [f"{duration(lying_s[one])} {LYING_WORDS[one]}" for one in longest if lying_s.get(one, 0.0) >= 0.5]
    unknown_s = lying_s.get(LyingPosition.UNKNOWN, 0.0)
    return ", ".join([*told, *([f"{duration(unknown_s)} on a side that is not known"] if unknown_s >= 60 else [])])


def clock(at: float, zone: tzinfo | None) -> str:
    """`09:05`, of seconds since the Unix epoch; None is this machine's zone."""
    return f"{datetime.fromtimestamp(at, zone):%H:%M}"


def time_of_day(second_s: float) -> str:
    """`21:00`, of seconds since midnight."""
    minutes = round(second_s / 60.0)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def number(value: float, unit: str) -> str:
    """The value as it is shown large: `−12°`, `3 °/s`, `0.4 m`; `unknown` for NaN."""
    if not math.isfinite(value):
        return "unknown"
    if unit == "°":
        return f"{round(value):d}°".replace("-", "−")
    if unit in ("°/s", "%"):
        return f"{round(value):d} {unit}".replace("-", "−")
    return f"{value:.3g} {unit}".replace("-", "−").strip()


def band(error: float, unit: str) -> str:
    """The error band: `±3°`; nothing where none is stated. Never ±0: no number shown is as good as that."""
    if not (math.isfinite(error) and error > 0):
        return ""
    return f"±{number(max(1.0, error) if unit.startswith('°') else error, unit)}"


def sided(name: str, value: float, unit: str) -> str:
    """The value as it is shown small: `3° to the right` where the sign has a side, else as `number`."""
    if name not in _SIDES or not math.isfinite(value) or round(value) == 0:
        return number(value, unit)
    back, forward = _SIDES[name]
    return f"{number(abs(value), unit)} {forward if value > 0 else back}"


def beyond(exposure: Exposure, band: Band | None, unit: str) -> str:
    """How much of the time was beyond the band: `12 % below −21°`; `–` where there is no band."""
    if band is None or exposure.known_s <= 0:
        return "–"
    sides = ((exposure.below_s, "below", band.low), (exposure.above_s, "above", band.high))
    told = [
        f"{100 * seconds / exposure.known_s:.0f} % {side} {number(edge, unit)}"
        for seconds, side, edge in sides
        if math.isfinite(edge)
    ]
    return ", ".join(told) or "–"


def meaning(name: str, value: float, error: float) -> str:
    """What a value means in plain words; empty where there are none.

    Within two standard errors it cannot be told from the wearer's own upright, and is not claimed to differ.
    """
    if name not in _DIRECTIONS or not math.isfinite(value):
        return ""
    if abs(value) <= 2.0 * error:
        return "close to your own upright"
    back, forward = _DIRECTIONS[name]
    return (forward if value > 0 else back).format(f"{abs(round(value))}°")


def reason(quality: int) -> str:
    """Why a value is unknown, from its Quality bits."""
    return next((words for bit, words in _REASONS if quality & bit), "no measurement")
