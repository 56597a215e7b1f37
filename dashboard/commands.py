"""What a person asks of the service or the bridge with a button."""

from __future__ import annotations

import uuid

from analysis.break_flow import BreakAct, Prompt
from analysis.errors import PostureError
from analysis.io import mqtt
from analysis.model import Activity, CalibrationKind, Segment, Stance
from analysis.schema import Command, Reply
from dashboard.page import Context

_PATIENCE_S = 3.0
_PAST_PATIENCE_S = 30.0  # a session of the past is worked through again before its wearer's word is taken


def calibrate(context: Context, stance: Stance, kind: CalibrationKind, lasts_s: float) -> Reply:
    """The wearer holds still from now on, and then does what that kind of calibration asks for."""
    command = Command(id=_new_id(), action="calibrate", stance=stance, kind=kind, duration_s=lasts_s)
    return _ask(context, "service", command)


def correct(context: Context, wearer: str, activity: Activity, session_id: str, start_s: float, end_s: float) -> Reply:
    """What the wearer really did then, in seconds since that session's start; UNKNOWN takes corrections back."""
    command = Command(
        id=_new_id(), action="correct", session_id=session_id, activity=activity, start_s=start_s, end_s=end_s
    )
    return _ask(context, "service", command, wearer=wearer, patience_s=_PAST_PATIENCE_S)


def signal(context: Context, action: str, segment: Segment) -> Reply:
    """A "buzz" or an "identify" light of the sensor on that segment, or a "swap" for another one."""
    return _ask(context, "bridge", Command(id=_new_id(), action=action, segment=segment))


def answer(context: Context, act: BreakAct, prompt: Prompt, *, reason: str = "", for_s: float | None = None) -> Reply:
    """The wearer's answer to this prompt; refused where it is no longer the open one."""
    command = Command(id=_new_id(), action="break", act=act, prompt_id=prompt.prompt_id, text=reason, duration_s=for_s)
    return _ask(context, "service", command)


def breaks(
    context: Context, act: BreakAct, *, name: str = "", for_s: float | None = None, until_s: float | None = None
) -> Reply:
    """Something about breaks that answers no prompt: start one, pause all, go on, change the mode."""
    command = Command(id=_new_id(), action="break", act=act, name=name, duration_s=for_s, until_s=until_s)
    return _ask(context, "service", command)


def _ask(context: Context, part: str, command: Command, *, wearer: str = "", patience_s: float = _PATIENCE_S) -> Reply:
    """The answer; where none can be had, one that says why."""
    try:
        return mqtt.request(mqtt.resolve(context.settings), wearer or context.wearer, part, command, patience_s)
    except PostureError as error:
        return Reply(id=command.id, ok=False, message=str(error))


def _new_id() -> str:
    return uuid.uuid4().hex
