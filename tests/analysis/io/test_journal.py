"""Records of the journal and the bundles made of them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import journal_records, schema
from analysis.errors import SchemaError
from analysis.io.journal import (
    AHEAD_S,
    BUNDLE_S,
    Bundler,
    Entry,
    Kind,
    entry_of,
    input_of,
    readable_inputs,
    samples_entry,
)
from analysis.model import (
    Activity,
    CalibrateRequest,
    Calibration,
    CarriedPostures,
    Floats,
    Input,
    Label,
    SampleBlock,
    Segment,
    SessionEnd,
    ShownPosture,
    Stance,
)


def block(segment: Segment, seq: int, t0: float, span_s: float = 0.2) -> SampleBlock:
    t: Floats = t0 + span_s / 4 * np.arange(4, dtype=np.float64)
    return SampleBlock("s", "sensor", segment, seq, t, np.zeros((4, 3)), np.zeros((4, 3)))


@pytest.mark.parametrize(
    "item",
    [
        CalibrateRequest(1.5, 5.0, Stance.SITTING),
        Label(0.25, 9.0, "phone"),
        Label(0.25, 9.0, "", Activity.NOT_WORN),
        CarriedPostures((ShownPosture(Activity.SITTING, Stance.STANDING, 60.5, -20.1, 4.0, -12.3, 5.0),)),
        SessionEnd(3.0),
    ],
)
def test_inputs_come_back(item: journal_records.Kept) -> None:
    assert input_of(entry_of(item)) == item


def test_an_angle_that_was_not_known_comes_back_as_that() -> None:
    item = CarriedPostures((ShownPosture(Activity.STANDING, Stance.SITTING, 90.0, 14.0, 4.0, np.nan, np.nan),))
    assert repr(input_of(entry_of(item))) == repr(item)


def test_a_label_of_before_there_were_corrections_is_a_note() -> None:
    old = b'{"type":"label","start_s":1.0,"end_s":2.0,"text":"tea"}'
    assert journal_records.decode_input(old) == Label(1.0, 2.0, "tea")


def test_a_calibration_carried_over_comes_back() -> None:
    mounting = np.array([0.1, 0.2, 0.3, 0.9273618495495704])
    item = Calibration(Segment.LUMBAR, "a", Stance.STANDING, float("nan"), mounting, 0.123456789012345)
    entry = entry_of(item)
    back = input_of(entry)
    assert entry.kind is Kind.CALIBRATION
    assert isinstance(back, Calibration)
    assert np.isnan(back.made_s)
    assert back.mounting.tobytes() == mounting.tobytes()


def test_samples_come_back_from_their_message() -> None:
    message = schema.Samples(
        session_id="s", started_at=0.0, source="radio", sensor_id="a", segment=Segment.PELVIS, seq=4, t0=1.0, dt=0.01,
        acc_scale=0.001, gyr_scale=0.002, counts=np.arange(12, dtype="<i2").tobytes(), lost=3,
    )  # fmt: skip
    entry = samples_entry(schema.block_of(message), schema.encode(message))
    back = input_of(entry)
    assert isinstance(back, SampleBlock)
    assert (entry.seq, entry.samples, entry.lost, entry.end_s) == (4, 2, 3, 1.01)
    assert back.acc.tolist() == [[0.0, 0.001, 0.002], [0.006, 0.007, 0.008]]


def test_what_cannot_be_read_is_left_out() -> None:
    good = entry_of(SessionEnd(1.0))
    entries = [good, Entry(Kind.LABEL, b"{}"), Entry(Kind.SAMPLES, b"\xff", Segment.PELVIS, 0), good]
    assert list(readable_inputs(entries)) == [SessionEnd(1.0)] * 2
    with pytest.raises(SchemaError):
        input_of(entries[1])


arrivals = st.lists(st.tuples(st.sampled_from(list(Segment)), st.integers(1, 8)), min_size=1, max_size=60)


@given(arrivals, st.lists(st.integers(1, 59), max_size=8))
def test_bundles_keep_the_order_and_part_wherever_a_cut_could_matter(
    runs: list[tuple[Segment, int]], cuts: list[int]
) -> None:
    """A block that leaves one sensor far ahead is alone, however the inputs are handed over."""
    ends = dict.fromkeys(Segment, 0)
    inputs: list[Input] = []
    for segment, count in runs:
        inputs += [block(segment, ends[segment] + k, 0.2 * (ends[segment] + k)) for k in range(count)]
        ends[segment] += count
    whole = list(Bundler().feed(inputs))
    assert [id(item) for bundle in whole for item in bundle] == [id(item) for item in inputs]
    newest: dict[Segment, float] = {}
    for bundle in whole:
        for item in bundle:
            assert isinstance(item, SampleBlock)
            is_first = item.segment not in newest
            newest[item.segment] = float(item.t[-1])
            if is_first or max(newest.values()) - min(newest.values()) > AHEAD_S:
                assert len(bundle) == 1
    bundler, bounds = Bundler(), sorted({0, len(inputs), *(c for c in cuts if c < len(inputs))})
    cut = [b for begin, end in itertools.pairwise(bounds) for b in bundler.feed(inputs[begin:end])]
    alone = [bundle[0] for bundle in whole if len(bundle) == 1]
    alone_cut = {id(bundle[0]) for bundle in cut if len(bundle) == 1}
    assert all(id(item) in alone_cut for item in alone)


def test_bundles_are_long_but_not_endless() -> None:
    inputs = [block(segment, k, 0.2 * k) for k in range(12_000) for segment in Segment]
    spans = [bundle[-1].t[-1] - bundle[0].t[0] for bundle in Bundler().feed(inputs)]  # type: ignore[union-attr]  # blocks only
    assert len(spans) == 2 + 4  # the first block of each sensor is alone
    assert max(spans) < BUNDLE_S + 1.0
