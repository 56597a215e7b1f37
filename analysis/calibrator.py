"""Requests for a calibration, from the asking to the answer."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from analysis.calibration import HISTORY_S, History, calibrate
from analysis.errors import PostureError
from analysis.model import CalibrateRequest, Calibration, Event, Segment, SegmentOrientation, Stance, Value
from analysis.streams import Stream

CURRENT_S = 1.0  # a stance that ended so shortly before is what the wearer still does


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request. Without calibrations it failed, and the event says why."""

    event: Event
    calibrations: tuple[Calibration, ...]
    stance: Stance
    after_s: float  # the calibrations hold for later ticks than this
    is_current: bool  # the wearer is still in that stance then


class Calibrator:
    """Keeps what a stance in the past or the future needs, and answers each request once its span is over."""

    def __init__(self, streams: Mapping[Segment, Stream]) -> None:
        self._streams = streams
        self._histories = {segment: History() for segment in Segment}
        self._waiting: list[tuple[CalibrateRequest, float]] = []  # and the newest sample when it came

    def ask(self, request: CalibrateRequest) -> None:
        self._waiting.append((request, max(stream.newest_s for stream in self._streams.values())))

    def take(self, parts: Iterable[SegmentOrientation]) -> None:
        for part in parts:
            self._histories[part.segment].feed(part)

    def answers(self, until_s: float) -> list[Answer]:
        """To every request whose span ended by `until_s`, up to where all samples that matter are in."""
        ready = [entry for entry in self._waiting if not entry[0].start_s + entry[0].duration_s > until_s]
        self._waiting = [entry for entry in self._waiting if entry not in ready]
        return [self._answer(request, asked_s) for request, asked_s in ready]

    def forget(self) -> None:
        """Drop what no request can reach any more; to be called between feeds."""
        newest_s = max(stream.newest_s for stream in self._streams.values())
        reach_s = min([newest_s - HISTORY_S, *(request.start_s for request, _ in self._waiting)])
        for history in self._histories.values():
            history.forget(reach_s)

    def _answer(self, request: CalibrateRequest, asked_s: float) -> Answer:
        end_s = request.start_s + request.duration_s
        after_s = max(end_s, asked_s)
        values: dict[str, Value] = {"stance": str(request.stance), "kind": str(request.kind)}
        try:
            made = self._made(request, asked_s, after_s)
        except PostureError as error:
            event = Event("calibration_failed", request.start_s, end_s, {**values, "reason": str(error)})
            return Answer(event, (), request.stance, after_s, is_current=False)
        values["tilt_error_deg"] = max(calibration.tilt_error_deg for calibration in made)
        for calibration in made:
            values[f"{calibration.segment}_tilt_error_deg"] = calibration.tilt_error_deg
            if not math.isnan(calibration.heading_error_deg):
                values[f"{calibration.segment}_heading_error_deg"] = calibration.heading_error_deg
        event = Event("calibrated", request.start_s, end_s, values)
        return Answer(event, tuple(made), request.stance, after_s, is_current=after_s - end_s <= CURRENT_S)

    def _made(self, request: CalibrateRequest, asked_s: float, after_s: float) -> list[Calibration]:
        if request.start_s < asked_s - HISTORY_S:
            raise PostureError(f"That stance is more than {HISTORY_S:.0f} s ago; hold still again and calibrate anew.")
        sensors = {}
        for segment, stream in self._streams.items():
            before = [sensor_id for since_s, sensor_id in stream.worn if since_s <= request.start_s]
            changes = [since_s for since_s, _ in stream.worn[1:] if request.start_s < since_s <= after_s]
            if changes:
                raise PostureError(f"The {segment} sensor was changed for another one; calibrate again.")
            sensor_id = before[-1] if before else (stream.worn[0][1] if stream.worn else "")
            sensors[segment] = (sensor_id, self._histories[segment])
        return calibrate(request, sensors)
