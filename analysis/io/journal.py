"""The journal's records, and how consecutive ones are bundled into one feed of the pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from analysis import journal_records, schema
from analysis.break_flow import BreakMemory, BreakRequest, NewRules
from analysis.desk import ClockAnchor, DeskState, Slept
from analysis.errors import SchemaError
from analysis.model import (
    CalibrateRequest,
    Calibration,
    CarriedPostures,
    Input,
    Label,
    SampleBlock,
    Segment,
    SessionEnd,
)

AHEAD_S = 0.5  # by how much one sensor may lead inside a bundle
BUNDLE_S = 600.0  # long enough that what a call costs does not matter; some megabytes


class Kind(StrEnum):
    """What a record holds."""

    SAMPLES = "samples"  # a Samples message as it came
    CALIBRATE = "calibrate"  # the others by journal_records.encode_input
    CALIBRATION = "calibration"
    LABEL = "label"
    POSTURES = "postures"
    BREAK = "break"  # DeskState, ClockAnchor, Slept, BreakRequest, BreakMemory or NewRules
    END = "end"


@dataclass(frozen=True, slots=True)
class Entry:
    """One input as it is kept. `segment` and `seq` name a block of samples; the others have none."""

    kind: Kind
    payload: bytes
    segment: Segment | None = None
    seq: int | None = None
    samples: int = 0  # these three are summed up when written and not kept with each entry
    lost: int = 0
    end_s: float = float("-inf")  # time of the last sample


_KINDS = {
    CalibrateRequest: Kind.CALIBRATE,
    Calibration: Kind.CALIBRATION,
    Label: Kind.LABEL,
    CarriedPostures: Kind.POSTURES,
    DeskState: Kind.BREAK,
    ClockAnchor: Kind.BREAK,
    Slept: Kind.BREAK,
    BreakRequest: Kind.BREAK,
    BreakMemory: Kind.BREAK,
    NewRules: Kind.BREAK,
    SessionEnd: Kind.END,
}


def entry_of(item: journal_records.Kept) -> Entry:
    return Entry(_KINDS[type(item)], journal_records.encode_input(item))


def is_storable(message: schema.Samples) -> bool:
    """Whether its names and numbers fit into the store."""
    names = (message.session_id, message.sensor_id, message.source)
    sane = all(0 < len(name) <= longest for name, longest in zip(names, (64, 128, 16), strict=True))
    return sane and 0 <= message.seq < 2**31 and isfinite(message.started_at)


def samples_entry(block: SampleBlock, payload: bytes) -> Entry:
    """`payload` is the Samples message that `block` was decoded from."""
    return Entry(Kind.SAMPLES, payload, block.segment, block.seq, len(block.t), block.lost, float(block.t[-1]))


def input_of(entry: Entry) -> Input:
    """Raises SchemaError where the record cannot be read."""
    if entry.kind is Kind.SAMPLES:
        return schema.block_of(schema.decode(entry.payload, schema.Samples))
    return journal_records.decode_input(entry.payload)


def readable_inputs(entries: Iterable[Entry]) -> Iterator[Input]:
    """All inputs that this version can read; the others are left out, the same way in every replay."""
    for entry in entries:
        with suppress(SchemaError):
            yield input_of(entry)


class Bundler:
    """Cuts inputs in arrival order into feeds, the same way however they are handed over.

    The pipeline decides for lack of the other sensor, and where its grid begins, at the end of a feed. The first
    block of each sensor, and every block that leaves one sensor more than AHEAD_S before the other, is therefore a
    feed of its own, live as in batch; everywhere else a cut changes nothing.
    """

    def __init__(self) -> None:
        self._end_s: dict[Segment, float] = {}

    def feed(self, inputs: Iterable[Input]) -> Iterator[list[Input]]:
        """Bundles of at most about BUNDLE_S, each for one `Pipeline.feed`."""
        bundle: list[Input] = []
        begun: dict[Segment, float] = {}
        for item in inputs:
            if not isinstance(item, SampleBlock):
                bundle.append(item)
                continue
            end_s, is_first = float(item.t[-1]), item.segment not in self._end_s
            self._end_s[item.segment] = max(end_s, self._end_s.get(item.segment, end_s))
            if is_first or max(self._end_s.values()) - min(self._end_s.values()) > AHEAD_S:
                if bundle:
                    yield bundle
                yield [item]
                bundle, begun = [], {}
                continue
            bundle.append(item)
            if end_s - begun.setdefault(item.segment, float(item.t[0])) > BUNDLE_S:
                yield bundle
                bundle, begun = [], {}
        if bundle:
            yield bundle
