"""What a person can ask of the service, as inputs of the pipeline."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from analysis.errors import PostureError, SchemaError
from analysis.io.break_commands import answers, break_request, break_status
from analysis.io.live_session import LiveSession
from analysis.journal_records import Kept
from analysis.model import Activity, CalibrateRequest, CalibrationKind, Label, SessionEnd, Stance
from analysis.schema import Command, Reply

CALIBRATE_S = {
    CalibrationKind.STANCE: 5.0,
    CalibrationKind.BENDS: 25.0,
    CalibrationKind.STEPS: 40.0,
    CalibrationKind.RANGE: 20.0,
    CalibrationKind.TALL: 6.0,
}
LONGEST_CALIBRATION_S = 120.0  # what the pipeline remembers
WAIT_S = 10.0  # how long a command waits for the first block of the session it names
WAIT_ANY_S = 2.0  # and one that names none
_ON_THE_PAST = ("correct", "label")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")

SessionFor = Callable[[str, str], LiveSession | None]  # (wearer, session id or empty for the newest)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A command whose session has not been seen yet."""

    wearer: str
    command: Command
    until_s: float


class CommandDesk:
    """Holds commands until the session they are meant for is there; every one gets a reply."""

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []
        self._replies: list[tuple[str, Reply]] = []
        self._seen: deque[str] = deque(maxlen=256)  # ids: QoS 1 and a patient asker may bring one twice

    def take(self, wearer: str, command: Command, now_s: float) -> None:
        """Raises SchemaError for an id that cannot stand in the reply's topic."""
        if not _ID.match(command.id):
            raise SchemaError("A command's id must be 1 to 64 letters, digits, - or _; update the part that sent it.")
        if command.id not in self._seen:
            self._seen.append(command.id)
            patience_s = WAIT_S if command.session_id else WAIT_ANY_S
            self._waiting.append(_Waiting(wearer, command, now_s + patience_s))

    def asleep(self, session_for: SessionFor) -> list[tuple[str, str]]:
        """(wearer, session id) that a word of the wearer on their past is meant for, and that are not there."""
        return [
            (one.wearer, one.command.session_id)
            for one in self._waiting
            if one.command.action in _ON_THE_PAST
            and one.command.session_id
            and session_for(one.wearer, one.command.session_id) is None
        ]

    def carry_out(self, session_for: SessionFor, now_s: float) -> None:
        """Give the commands to the sessions that are there; refuse those that have waited for too long."""
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            live = session_for(one.wearer, one.command.session_id)
            if live is not None:
                self._replies.append((one.wearer, _carry_out(live, one.command, now_s)))
            elif now_s > one.until_s:
                text = "There are no measurements to apply this to; check that the sensors are connected."
                self._replies.append((one.wearer, Reply(id=one.command.id, ok=False, message=text)))
            else:
                self._waiting.append(one)

    def take_replies(self) -> list[tuple[str, Reply]]:
        """(wearer, reply), to be told once what they promise is in the store."""
        replies, self._replies = self._replies, []
        return replies


def _carry_out(live: LiveSession, command: Command, now_s: float) -> Reply:
    at_s = live.present_s(now_s)
    if command.action == "break-status":
        return Reply(id=command.id, ok=True, message=break_status(at_s, live.prompt, live.spans))
    item: Kept
    try:
        if command.action == "break":
            item, text = break_request(command, at_s, live.prompt, live.rules, live.answered)
            if live.prompt is not None and answers(item, live.prompt):
                live.answered = live.prompt.prompt_id, text
        else:
            item, text = input_of_command(command, live.newest_s, has_sensors=live.has_sensors)
    except PostureError as error:
        return Reply(id=command.id, ok=False, message=str(error))
    live.add(item)
    return Reply(id=command.id, ok=True, message=text)


def input_of_command(
    command: Command, newest_s: float, *, has_sensors: bool = True
) -> tuple[CalibrateRequest | Label | SessionEnd, str]:
    """(the input, the reply). `newest_s` is the end of the session's samples: its present.

    Raises PostureError for a command that cannot be carried out.
    """
    start_s = newest_s if command.start_s is None else command.start_s
    match command.action:
        case "calibrate" if not has_sensors:
            raise PostureError("No sensor is worn; put both on, and calibrate once they are connected.")
        case "calibrate":
            return _calibrate(command, start_s)
        case "label":
            end_s = start_s if command.end_s is None else command.end_s
            if not command.text.strip():
                raise PostureError("The label has no text; write what happened.")
            if not 0.0 <= start_s <= end_s < float("inf"):
                raise PostureError("The label ends before it starts; correct its times.")
            return Label(start_s, end_s, command.text.strip()), "The label is kept."
        case "correct":
            return _correct(command, newest_s)
        case "end":
            return SessionEnd(max(start_s, newest_s)), "The session is closed."
        case _:
            raise PostureError(f"The service does not know {command.action!r}; update the part that asked.")


def _correct(command: Command, newest_s: float) -> tuple[Label, str]:
    """A correction reaches to the present at most: nobody knows what they will be doing."""
    start_s, end_s = command.start_s or 0.0, newest_s if command.end_s is None else min(command.end_s, newest_s)
    if command.activity is None:
        raise PostureError("Say what it really was: sitting, standing, walking, lying, other or not worn.")
    if not 0.0 <= start_s < end_s < float("inf"):
        raise PostureError("The time to correct ends before it starts; correct its times.")
    taken_back = command.activity is Activity.UNKNOWN
    told = "The correction is taken back." if taken_back else "The correction is kept, and will be learnt from."
    return Label(start_s, end_s, command.text.strip(), command.activity), told


def _calibrate(command: Command, start_s: float) -> tuple[CalibrateRequest, str]:
    if command.stance is None:
        raise PostureError("Say how you hold still for the calibration: standing or sitting.")
    duration_s = CALIBRATE_S[command.kind] if command.duration_s is None else command.duration_s
    if not 0.0 < duration_s <= LONGEST_CALIBRATION_S or not 0.0 <= start_s < float("inf"):
        raise PostureError(f"A calibration takes up to {LONGEST_CALIBRATION_S:g} s; correct its times.")
    verb = {"standing": "Stand", "sitting": "Sit"}[command.stance]
    request = CalibrateRequest(start_s, duration_s, command.stance, command.kind)
    if command.kind is CalibrationKind.BENDS:
        return request, f"{verb} upright and still for 5 s, then bend forward slowly, twice, within {duration_s:g} s."
    if command.kind is CalibrationKind.STEPS:
        if command.stance is not Stance.STANDING:
            raise PostureError("Steps are taken standing; calibrate standing, or leave the steps out.")
        told = "then bend forward slowly, twice, then walk six to ten steps straight on and stop"
        return request, f"{verb} upright and still for 5 s, {told}, within {duration_s:g} s."
    if command.kind is CalibrationKind.RANGE:
        return request, f"Sit tall, then slump, then bend fully forward; hold each for 3 s, within {duration_s:g} s."
    if command.kind is CalibrationKind.TALL:
        return request, f"Stand tall and still; the last quiet 3 s within {duration_s:g} s count."
    return request, f"{verb} upright and still for {duration_s:g} s."
