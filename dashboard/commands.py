"""What a person asks of the service or the bridge with a button."""

from __future__ import annotations

import uuid

from analysis.errors import PostureError
from analysis.io import mqtt
from analysis.model import CalibrationKind, Segment, Stance
from analysis.schema import Command, Reply
from dashboard.page import Context

_PATIENCE_S = 3.0


def calibrate(context: Context, stance: Stance, kind: CalibrationKind, lasts_s: float) -> Reply:
    """The wearer holds still from now on, and then does what that kind of calibration asks for."""
    command = Command(id=_new_id(), action="calibrate", stance=stance, kind=kind, duration_s=lasts_s)
    return _ask(context, "service", command)


def signal(context: Context, action: str, segment: Segment) -> Reply:
    """A "buzz" or an "identify" light of the sensor on that segment."""
    return _ask(context, "bridge", Command(id=_new_id(), action=action, segment=segment))


def _ask(context: Context, part: str, command: Command) -> Reply:
    """The answer; where none can be had, one that says why."""
    try:
        return mqtt.request(mqtt.resolve(context.settings), context.wearer, part, command, _PATIENCE_S)
    except PostureError as error:
        return Reply(id=command.id, ok=False, message=str(error))


def _new_id() -> str:
    return uuid.uuid4().hex
