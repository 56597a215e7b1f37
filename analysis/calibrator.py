"""Requests for a calibration, from the asking to the answer."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace

from analysis.calibration import HISTORY_S, History, calibrate
from analysis.errors import PostureError
from analysis.flexion import Held, measured
from analysis.model import (
    CalibrateRequest,
    Calibration,
    CalibrationKind,
    Event,
    Segment,
    SegmentOrientation,
    Stance,
    Value,
)
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
    is_mounting: bool = True  # False: they tell the wearer's range, and the sensors sit as before


class Calibrator:
    """Keeps what a stance in the past or the future needs, and answers each request once its span is over."""

    def __init__(self, streams: Mapping[Segment, Stream]) -> None:
        self._streams = streams
        self._histories = {segment: History() for segment in Segment}
        self.held = Held()
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
        ready.sort(key=_after_s)  # what one request finds may be what the next one needs
        return [self._answer(request, asked_s) for request, asked_s in ready]

    def forget(self) -> None:
        """Drop what no request can reach any more; to be called between feeds."""
        newest_s = max(stream.newest_s for stream in self._streams.values())
        reach_s = min([newest_s - HISTORY_S, *(request.start_s for request, _ in self._waiting)])
        for history in self._histories.values():
            history.forget(reach_s)

    def _answer(self, request: CalibrateRequest, asked_s: float) -> Answer:
        end_s, after_s = request.start_s + request.duration_s, _after_s((request, asked_s))
        values: dict[str, Value] = {"stance": str(request.stance), "kind": str(request.kind)}
        is_range = request.kind is CalibrationKind.RANGE
        try:
            sensors = self._sensors(request, asked_s, after_s)
            made = [self._ranged(request, asked_s)] if is_range else calibrate(request, sensors)
        except PostureError as error:
            event = Event("calibration_failed", request.start_s, end_s, {**values, "reason": str(error)})
            return Answer(event, (), request.stance, after_s, is_current=False)
        if is_range:
            values |= _range_values(made)
        else:
            values |= _error_values(made)
            made = [self._keeping_range(calibration, end_s) for calibration in made]
            for calibration in made:
                self.held.put(calibration.segment, after_s, calibration)
        event = Event("calibrated", request.start_s, end_s, values)
        is_current = not is_range and after_s - end_s <= CURRENT_S
        return Answer(event, tuple(made), request.stance, after_s, is_current, is_mounting=not is_range)

    def _keeping_range(self, calibration: Calibration, end_s: float) -> Calibration:
        """With the wearer's range, which outlives the mounting."""
        known = self.held.range(end_s) if calibration.segment is Segment.LUMBAR else None
        return calibration if known is None else replace(calibration, flexion=known)

    def _ranged(self, request: CalibrateRequest, asked_s: float) -> Calibration:
        """The lumbar sensor's calibration, which stays as it is, with the range just shown."""
        end_s = request.start_s + request.duration_s
        if not (math.isfinite(request.start_s) and asked_s <= end_s and request.duration_s <= HISTORY_S):
            raise PostureError("The range can only be measured from now on; ask for it before you show it.")
        held = {}
        for segment in Segment:
            one = self.held.calibration(segment, end_s)
            if self.held.calibration(segment, math.nextafter(request.start_s, math.inf)) is not one:
                raise PostureError("The sensors were calibrated anew meanwhile; measure your range again.")
            if one is None or one.stance is not Stance.STANDING:
                raise PostureError("Your upright standing is not known; calibrate standing, then measure your range.")
            held[segment] = one
        spans = {segment: history.span(request.start_s, end_s) for segment, history in self._histories.items()}
        own = measured(request, spans, held)
        self.held.put_range(end_s, own)
        return replace(held[Segment.LUMBAR], made_s=end_s, flexion=own)

    def _sensors(self, request: CalibrateRequest, asked_s: float, after_s: float) -> dict[Segment, tuple[str, History]]:
        """Which sensor each segment wore in the span. Raises PostureError where that is not clear."""
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
        return sensors


def _after_s(entry: tuple[CalibrateRequest, float]) -> float:
    """What a request finds holds for later ticks than this."""
    request, asked_s = entry
    return max(request.start_s + request.duration_s, asked_s)


def _error_values(made: Iterable[Calibration]) -> dict[str, Value]:
    values: dict[str, Value] = {"tilt_error_deg": max(calibration.tilt_error_deg for calibration in made)}
    for calibration in made:
        values[f"{calibration.segment}_tilt_error_deg"] = calibration.tilt_error_deg
        if not math.isnan(calibration.heading_error_deg):
            values[f"{calibration.segment}_heading_error_deg"] = calibration.heading_error_deg
    return values


def _range_values(made: Iterable[Calibration]) -> dict[str, Value]:
    owns = [calibration.flexion for calibration in made if calibration.flexion is not None]
    return {name: value for own in owns for name, value in asdict(own).items()}
