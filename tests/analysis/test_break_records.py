"""Inputs about breaks go through the journal unchanged."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import break_records, journal_records
from analysis.break_flow import BreakAct, BreakInput, BreakMemory, BreakRequest, BreakTally, NewRules
from analysis.desk import ClockAnchor, Desk, DeskState, Slept
from analysis.errors import SchemaError
from analysis.io.journal import Kind, entry_of, input_of
from analysis.model import Input

NUMBERS = st.floats(-1e9, 1e9)
WORDS = st.text(max_size=8)
ITEMS = st.one_of(
    st.builds(DeskState, NUMBERS, st.integers(0, 1023).map(Desk), NUMBERS),
    st.builds(ClockAnchor, NUMBERS, NUMBERS, NUMBERS),
    st.builds(Slept, NUMBERS, NUMBERS),
    st.builds(BreakRequest, NUMBERS, st.sampled_from(BreakAct), WORDS, WORDS, st.none() | NUMBERS, st.none() | NUMBERS),
    st.builds(
        BreakMemory,
        NUMBERS,
        st.just(math.nan) | NUMBERS,
        st.dictionaries(WORDS, NUMBERS, max_size=3),
        NUMBERS,
        st.integers(-1, 30000),
        st.dictionaries(WORDS, st.integers(0, 9), max_size=3),
        st.dictionaries(WORDS, NUMBERS, max_size=3),
        st.dictionaries(WORDS, st.tuples(NUMBERS, WORDS), max_size=3),
        st.sampled_from([None, math.inf]) | NUMBERS,
        WORDS,
    ),
    st.builds(NewRules, NUMBERS, st.binary(max_size=20)),
)


@given(ITEMS)
def test_what_was_journalled_comes_back_as_it_was(item: BreakInput) -> None:
    entry = entry_of(item)
    again: Input = input_of(entry)
    assert entry.kind is Kind.BREAK
    assert repr(again) == repr(item)  # NaN is not equal to itself


def test_a_tally_and_a_memory_come_back_from_the_store() -> None:
    tally = BreakTally(3, "active", prompted=2, skipped={"in a call": 1}, suppressed_s={"camera": 60.5})
    assert break_records.decode_tally(break_records.encode_tally(tally)) == tally
    memory = BreakMemory(60.0, math.nan, {"active": 5.0}, 7.0, -1, {"active": 1}, {})
    assert repr(break_records.decode_memory(break_records.encode_memory(memory))) == repr(memory)
    paused = replace(memory, paused_s=math.inf, waits={"active": (3.0, "postponed")}, mode="meeting")
    assert repr(break_records.decode_memory(break_records.encode_memory(paused))) == repr(paused)


@pytest.mark.parametrize("payload", [b"", b"\x93\x01\x02\x03", b'{"type":"desk"}'])
def test_what_cannot_be_read_is_said_in_one_sentence(payload: bytes) -> None:
    with pytest.raises(SchemaError):
        break_records.decode_tally(payload)
    with pytest.raises(SchemaError):
        break_records.decode_memory(payload)
    with pytest.raises(SchemaError):
        journal_records.decode_input(payload)
