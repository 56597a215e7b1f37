"""The fuzz's own packets reach every family, and what it tells can be counted."""

from __future__ import annotations

import pytest

from benchmarks.fuzz import fuzzed
from benchmarks.sound_packets import DRIVERS, families


def test_every_family_is_fuzzed() -> None:
    assert set(families()) == set(DRIVERS)


@pytest.mark.parametrize("family", families())
def test_some_bytes_without_an_exception(family: str) -> None:
    told = fuzzed(family, 20_000)
    assert told.startswith("no exception in ")
    assert " 0 found bad" not in told
