"""Requests for a calibration, from the asking to the answer; and small corrections, for which nobody asks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from analysis import quaternion
from analysis.calibration import HISTORY_S, History, calibrate
from analysis.errors import PostureError
from analysis.flexion import Held, measured
from analysis.mending import UP, Correction, followed, lean_of, standing, stood_tall
from analysis.model import (
    CalibrateRequest,
    Calibration,
    CalibrationKind,
    Event,
    Floats,
    Segment,
    SegmentOrientation,
    Stance,
    Value,
)
from analysis.streams import Stream

CORRECTED = "corrected"  # kind of the event
CURRENT_S = 1.0  # a stance that ended so shortly before is what the wearer still does


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request. Without calibrations it failed, and the event says why."""

    event: Event
    calibrations: tuple[Calibration, ...]
    after_s: float  # the calibrations hold for later ticks than this
    is_current: bool  # the wearer is still in that stance then
    is_mounting: bool = True  # False: they tell the wearer's range, and the sensors sit as before


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that is not answered yet."""

    request: CalibrateRequest
    asked_s: float  # the newest sample when it came

    @property
    def end_s(self) -> float:
        return self.request.start_s + self.request.duration_s

    @property
    def after_s(self) -> float:
        """What it finds holds for later ticks than this."""
        return max(self.end_s, self.asked_s)


class Calibrator:
    """Keeps what a stance in the past or the future needs, and answers each request once its span is over."""

    def __init__(self, streams: Mapping[Segment, Stream]) -> None:
        self._streams = streams
        self._histories = {segment: History() for segment in Segment}
        self.held = Held()
        self._waiting: list[Waiting] = []

    def ask(self, request: CalibrateRequest) -> None:
        self._waiting.append(Waiting(request, max(stream.newest_s for stream in self._streams.values())))

    def take(self, parts: Iterable[SegmentOrientation]) -> None:
        for part in parts:
            self._histories[part.segment].feed(part)

    def ready(self, until_s: float) -> list[Waiting]:
        """The requests whose span ended by `until_s`, up to where all samples are in, in the order of answering."""
        ready = [one for one in self._waiting if not one.end_s > until_s]
        return sorted(ready, key=lambda one: one.after_s)  # what one finds may be what the next one needs

    def forget(self) -> None:
        """Drop what no request can reach any more; to be called between feeds."""
        newest_s = max(stream.newest_s for stream in self._streams.values())
        reach_s = min([newest_s - HISTORY_S, *(one.request.start_s for one in self._waiting)])
        for history in self._histories.values():
            history.forget(reach_s)

    def answer(self, waiting: Waiting, slipped: Mapping[Segment, Floats]) -> Answer:
        """To one that is ready. `slipped` says how each sensor that is known to have slipped by then has turned (2,).

        Whatever else changes a calibration before its `after_s` must have been told.
        """
        self._waiting.remove(waiting)
        request, end_s, after_s = waiting.request, waiting.end_s, waiting.after_s
        values: dict[str, Value] = {"stance": str(request.stance), "kind": str(request.kind)}
        is_range = request.kind is CalibrationKind.RANGE
        try:
            made = self._made(waiting, slipped)
        except PostureError as error:
            event = Event("calibration_failed", request.start_s, end_s, {**values, "reason": str(error)})
            return Answer(event, (), after_s, is_current=False)
        if is_range:
            values |= _range_values(made)
        else:
            values |= _error_values(made)
            made = [self._keeping_range(calibration, end_s) for calibration in made]
            for calibration in made:
                values |= self._turn_values(calibration, after_s)
                self.held.put(calibration.segment, after_s, calibration)
        event = Event("calibrated", request.start_s, end_s, values)
        is_current = not is_range and after_s - end_s <= CURRENT_S
        return Answer(event, tuple(made), after_s, is_current, is_mounting=not is_range)

    def follow(self, corrections: Sequence[Correction]) -> Answer | None:
        """The calibrations in force at their common moment, turned as walking has shown; None where none is."""
        made: list[Calibration] = []
        values: dict[str, Value] = {}
        for one in corrections:
            before = self.held.calibration(one.segment, math.nextafter(one.after_s, math.inf))
            if before is None:
                continue
            made.append(followed(before, one))
            values |= _axes_values(one.segment, one.forward_deg, one.right_deg)
            values |= _mountings(before, made[-1])
        if not made:
            return None
        for calibration in made:
            self.held.put(calibration.segment, calibration.made_s, calibration)
        names = " and the ".join(calibration.segment for calibration in made)
        values["reason"] = f"While you walked the {names} sensor leaned a little otherwise than usual, again and alike."
        event = Event(CORRECTED, min(one.since_s for one in corrections), corrections[0].after_s, values)
        return Answer(event, tuple(made), corrections[0].after_s, is_current=False)

    def _made(self, waiting: Waiting, slipped: Mapping[Segment, Floats]) -> list[Calibration]:
        """Raises PostureError with what to repeat."""
        match waiting.request.kind:
            case CalibrationKind.RANGE:
                return [self._ranged(waiting)]
            case CalibrationKind.TALL:
                return self._stood(waiting, slipped)
            case _:
                return calibrate(waiting.request, self._sensors(waiting))

    def _stood(self, waiting: Waiting, slipped: Mapping[Segment, Floats]) -> list[Calibration]:
        request, end_s = waiting.request, waiting.end_s
        if request.stance is not Stance.STANDING:
            raise PostureError("Only standing tells what is upright now; stand tall and try again.")
        if not (math.isfinite(request.start_s) and waiting.asked_s <= end_s and request.duration_s <= HISTORY_S):
            raise PostureError("Standing tall only counts from now on; ask for it before you do it.")
        sensors = self._sensors(waiting)
        movements = {segment: history.span(request.start_s, end_s) for segment, (_, history) in sensors.items()}
        held = {segment: self.held.calibration(segment, end_s) for segment in Segment}
        return stood_tall(request, movements, standing(held), slipped)

    def _turn_values(self, made: Calibration, after_s: float) -> dict[str, Value]:
        """How standing tall turned a mounting, of a calibration not put into force yet."""
        before = self.held.calibration(made.segment, after_s)
        if made.kind is not CalibrationKind.TALL or before is None:
            return {}
        turn = quaternion.multiply(quaternion.conjugate(before.mounting), made.mounting)
        return _axes_values(made.segment, *lean_of(quaternion.rotate(turn, UP))) | _mountings(before, made)

    def _keeping_range(self, calibration: Calibration, end_s: float) -> Calibration:
        """With the wearer's range, which outlives the mounting."""
        known = self.held.range(end_s) if calibration.segment is Segment.LUMBAR else None
        return calibration if known is None else replace(calibration, flexion=known)

    def _ranged(self, waiting: Waiting) -> Calibration:
        """The lumbar sensor's calibration, which stays as it is, with the range just shown."""
        request, end_s = waiting.request, waiting.end_s
        if not (math.isfinite(request.start_s) and waiting.asked_s <= end_s and request.duration_s <= HISTORY_S):
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

    def _sensors(self, waiting: Waiting) -> dict[Segment, tuple[str, History]]:
        """Which sensor each segment wore in the span. Raises PostureError where that is not clear."""
        request = waiting.request
        if request.start_s < waiting.asked_s - HISTORY_S:
            raise PostureError(f"That stance is more than {HISTORY_S:.0f} s ago; hold still again and calibrate anew.")
        sensors = {}
        for segment, stream in self._streams.items():
            before = [sensor_id for since_s, sensor_id in stream.worn if since_s <= request.start_s]
            changes = [since_s for since_s, _ in stream.worn[1:] if request.start_s < since_s <= waiting.after_s]
            if changes:
                raise PostureError(f"The {segment} sensor was changed for another one; calibrate again.")
            sensor_id = before[-1] if before else (stream.worn[0][1] if stream.worn else "")
            sensors[segment] = (sensor_id, self._histories[segment])
        return sensors


def _axes_values(segment: Segment, forward_deg: float, right_deg: float) -> dict[str, Value]:
    """So much less forward, and less to the right, the segment is told to lean from then on."""
    return {f"{segment}_forward_deg": forward_deg, f"{segment}_right_deg": right_deg}


def _mountings(old: Calibration, new: Calibration) -> dict[str, Value]:
    told = {f"{old.segment}_old": old.mounting, f"{old.segment}_new": new.mounting}
    return {name: " ".join(f"{part:.6f}" for part in mounting.tolist()) for name, mounting in told.items()}


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
