"""What a person can ask of the service, as inputs of the pipeline. Pure."""

from __future__ import annotations

from analysis.errors import PostureError
from analysis.model import CalibrateRequest, Label, SessionEnd
from analysis.schema import Command

CALIBRATE_S = 5.0
LONGEST_CALIBRATION_S = 120.0  # what the pipeline remembers


def input_of_command(command: Command, newest_s: float) -> tuple[CalibrateRequest | Label | SessionEnd, str]:
    """(the input, the reply). `newest_s` is the end of the session's samples: its present.

    Raises PostureError for a command that cannot be carried out.
    """
    start_s = newest_s if command.start_s is None else command.start_s
    match command.action:
        case "calibrate":
            return _calibrate(command, start_s)
        case "label":
            end_s = start_s if command.end_s is None else command.end_s
            if not command.text.strip():
                raise PostureError("The label has no text; write what happened.")
            if not 0.0 <= start_s <= end_s < float("inf"):
                raise PostureError("The label ends before it starts; correct its times.")
            return Label(start_s, end_s, command.text.strip()), "The label is kept."
        case "end":
            return SessionEnd(max(start_s, newest_s)), "The session is closed."
        case _:
            raise PostureError(f"The service does not know {command.action!r}; update the part that asked.")


def _calibrate(command: Command, start_s: float) -> tuple[CalibrateRequest, str]:
    if command.stance is None:
        raise PostureError("Say how you hold still for the calibration: standing or sitting.")
    duration_s = CALIBRATE_S if command.duration_s is None else command.duration_s
    if not 0.0 < duration_s <= LONGEST_CALIBRATION_S or not 0.0 <= start_s < float("inf"):
        raise PostureError(f"A calibration takes up to {LONGEST_CALIBRATION_S:g} s; correct its times.")
    verb = {"standing": "Stand", "sitting": "Sit"}[command.stance]
    return CalibrateRequest(start_s, duration_s, command.stance), f"{verb} upright and still for {duration_s:g} s."
