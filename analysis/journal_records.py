"""Inputs of the pipeline as records of the journal, and back: all but samples, which it keeps as they came. Pure.

What is about breaks is in `break_records`.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from analysis import break_records
from analysis.break_flow import BreakInput
from analysis.break_records import BreakRecord
from analysis.errors import SchemaError
from analysis.model import (
    Activity,
    CalibrateRequest,
    Calibration,
    CalibrationKind,
    CarriedPostures,
    FlexionRange,
    Input,
    Label,
    Segment,
    SessionEnd,
    ShownPosture,
    Stance,
)


class JournalCalibrate(msgspec.Struct, frozen=True, tag="calibrate"):
    start_s: float
    duration_s: float
    stance: Stance
    kind: CalibrationKind = CalibrationKind.STANCE  # records of before there were others have none


class JournalCalibration(msgspec.Struct, frozen=True, tag="calibration"):
    segment: Segment
    sensor_id: str
    stance: Stance
    made_s: float | None
    mounting: tuple[float, float, float, float]
    tilt_error_deg: float
    kind: CalibrationKind = CalibrationKind.STANCE
    heading_error_deg: float | None = None
    flexion: tuple[float, float, float] | None = None  # tall, slumped, full
    corrected_deg: float = 0.0


class JournalLabel(msgspec.Struct, frozen=True, tag="label"):
    start_s: float
    end_s: float
    text: str
    activity: Activity | None = None


class JournalPostures(msgspec.Struct, frozen=True, tag="postures"):
    shown: list[tuple[Activity, Stance, float, float | None, float | None, float | None, float | None]]


class JournalEnd(msgspec.Struct, frozen=True, tag="end"):
    at_s: float


_Journal = JournalCalibrate | JournalCalibration | JournalLabel | JournalPostures | JournalEnd | BreakRecord
Kept = CalibrateRequest | Calibration | Label | CarriedPostures | BreakInput | SessionEnd  # every input but samples


def encode_input(item: Kept) -> bytes:
    """A pipeline input other than samples, for the journal. Samples are journalled as they came."""
    record: _Journal
    match item:
        case CalibrateRequest():
            record = JournalCalibrate(item.start_s, item.duration_s, item.stance, item.kind)
        case Calibration():
            w, x, y, z = (float(part) for part in item.mounting)
            made_s = None if np.isnan(item.made_s) else item.made_s
            record = JournalCalibration(
                segment=item.segment,
                sensor_id=item.sensor_id,
                stance=item.stance,
                made_s=made_s,
                mounting=(w, x, y, z),
                tilt_error_deg=item.tilt_error_deg,
                kind=item.kind,
                heading_error_deg=None if np.isnan(item.heading_error_deg) else item.heading_error_deg,
                flexion=(own.tall_deg, own.slump_deg, own.full_deg) if (own := item.flexion) else None,
                corrected_deg=item.corrected_deg,
            )
        case Label():
            record = JournalLabel(item.start_s, item.end_s, item.text, item.activity)
        case CarriedPostures():
            record = JournalPostures([_shown_row(one) for one in item.shown])
        case SessionEnd():
            record = JournalEnd(item.at_s)
        case _:
            record = break_records.record_of(item)
    return msgspec.json.encode(record)


def decode_input(payload: bytes) -> Input:
    """The reverse of encode_input. Raises SchemaError."""
    try:
        record: Any = msgspec.json.decode(payload, type=_Journal)
    except msgspec.MsgspecError as error:
        raise SchemaError(f"A journal record could not be read ({error}); it is skipped.") from error
    match record:
        case JournalCalibrate():
            return CalibrateRequest(record.start_s, record.duration_s, record.stance, record.kind)
        case JournalCalibration():
            return Calibration(
                segment=record.segment,
                sensor_id=record.sensor_id,
                stance=record.stance,
                made_s=float("nan") if record.made_s is None else record.made_s,
                mounting=np.array(record.mounting),
                tilt_error_deg=record.tilt_error_deg,
                kind=record.kind,
                heading_error_deg=float("nan") if record.heading_error_deg is None else record.heading_error_deg,
                flexion=FlexionRange(*record.flexion) if record.flexion else None,
                corrected_deg=record.corrected_deg,
            )
        case JournalLabel():
            return Label(record.start_s, record.end_s, record.text, record.activity)
        case JournalPostures():
            return CarriedPostures(tuple(_shown_of(row) for row in record.shown))
        case JournalEnd():
            return SessionEnd(record.at_s)
        case _:
            return break_records.input_of(record)


def _shown_row(one: ShownPosture) -> Any:
    angles = (one.pelvis_deg, one.pelvis_spread_deg, one.lordosis_deg, one.lordosis_spread_deg)
    return one.activity, one.stance, one.known_s, *(None if np.isnan(angle) else angle for angle in angles)


def _shown_of(row: Any) -> ShownPosture:
    activity, stance, known_s, *angles = row
    return ShownPosture(activity, stance, known_s, *(float("nan") if angle is None else angle for angle in angles))
