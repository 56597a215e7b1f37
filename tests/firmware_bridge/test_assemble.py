"""Runs → blocks: cutting changes nothing, gaps show in time, nothing is told twice or left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.model import Floats, Segment
from analysis.schema import Samples, block_of
from firmware_bridge.assemble import Assembler, assembler
from firmware_bridge.driver import Driver, Run, Scale, Ticks
from firmware_bridge.drivers import metamotion, movesense, upstand, witmotion
from firmware_bridge.numbering import Session

SCALE = Scale(acc=0.001, gyr=0.0001)
SESSION = Session("s", 0.0, "radio")


def counted() -> Assembler:
    return assembler(witmotion.DRIVER, SESSION, "w", Segment.LUMBAR, 50.0)


def ticked() -> Assembler:
    return assembler(upstand.DRIVER, SESSION, "u", Segment.PELVIS, 52.0)


def counts(first: int, n: int) -> bytes:
    """Samples that carry their own number."""
    rows = np.zeros((n, 6), "<i2")
    rows[:, 0] = np.arange(first, first + n)
    return rows.tobytes()


def count_runs(arrivals: Iterable[float], per_run: int = 1) -> list[Run]:
    return [Run(float(t), per_run, counts(k * per_run, per_run), SCALE) for k, t in enumerate(arrivals)]


def told(core: Assembler, runs: Sequence[Run]) -> list[Samples]:
    blocks = core.opened()
    for run in runs:
        blocks += core.feed(run)
    return blocks + core.finish()


def numbers(blocks: Sequence[Samples]) -> list[int]:
    return [int(n) for block in blocks for n in np.frombuffer(block.counts, "<i2").reshape(-1, 6)[:, 0]]


def times(blocks: Sequence[Samples]) -> Floats:
    return np.concatenate([block_of(block).t for block in blocks])


def cut(runs: Sequence[Run], cuts: set[int]) -> list[Run]:
    """The same samples with the same arrivals, in smaller runs."""
    pieces = []
    for run in runs:
        edges = [0, *sorted(edge for edge in cuts if 0 < edge < run.n), run.n]
        for a, b in pairwise(edges):
            pieces.append(Run(run.arrived_s, b - a, run.counts[12 * a : 12 * b], run.scale))
    return pieces


@settings(max_examples=150)
@given(
    pauses=st.lists(st.sampled_from([0.0, 0.02, 0.08, 0.08, 0.08, 0.2, 0.3, 1.2, 5.0]), min_size=5, max_size=100),
    sizes=st.lists(st.integers(1, 30), min_size=100, max_size=100),
    cuts=st.sets(st.integers(1, 29), max_size=6),
)
def test_cutting_changes_nothing(pauses: list[float], sizes: list[int], cuts: set[int]) -> None:
    runs, at, first = [], 0.0, 0
    for pause, size in zip(pauses, sizes, strict=False):
        at += pause
        runs.append(Run(at, size, counts(first, size), SCALE))
        first += size
    whole = told(counted(), runs)
    assert told(counted(), cut(runs, cuts)) == whole
    assert numbers(whole) == list(range(first))
    assert [block.seq for block in whole] == list(range(len(whole)))
    assert (np.diff(times(whole)) > 0).all()


def test_a_steady_stream_makes_blocks_of_a_fifth_of_a_second() -> None:
    blocks = told(counted(), count_runs(np.arange(500) * 0.02 + 3.0))
    assert [len(block.counts) // 12 for block in blocks] == [10] * 50
    assert np.abs(times(blocks) - (np.arange(500) * 0.02 + 3.0)).max() < 1e-6


@pytest.mark.parametrize("drift", [-0.01, 0.007])
def test_drift_of_a_sensor_that_only_counts(drift: float) -> None:
    rng = np.random.default_rng(2)
    true_s = np.arange(6000) * 0.02 * (1 + drift)
    blocks = told(counted(), count_runs(np.maximum.accumulate(true_s + rng.exponential(0.02, 6000))))
    errors_ms = 1e3 * (times(blocks) - true_s)
    assert np.abs(errors_ms[3000:]).max() < 10
    assert np.abs(errors_ms).max() < 60
    assert sum(block.lost for block in blocks) == 0


def test_a_stall_that_catches_up_is_no_gap() -> None:
    true_s = np.arange(1000) * 0.02
    arrived_s = np.where((true_s > 8) & (true_s < 8.9), 8.9, true_s)
    blocks = told(counted(), count_runs(arrived_s))
    assert sum(block.lost for block in blocks) == 0
    assert np.abs(times(blocks) - true_s).max() < 1e-3


@pytest.mark.parametrize("silence_s", [0.4, 5.0, 60.0])
def test_silence_is_a_gap_at_its_place(silence_s: float) -> None:
    true_s = np.arange(1000) * 0.02
    true_s[505:] += silence_s
    blocks = told(counted(), count_runs(true_s + 0.005))
    lost = [block.lost for block in blocks if block.lost]
    assert len(lost) == 1
    assert lost[0] == pytest.approx(silence_s / 0.02, abs=1)
    assert np.abs(times(blocks) - true_s).max() < 0.02
    assert numbers(blocks) == list(range(1000))


def test_a_new_link_is_a_gap_of_any_length() -> None:
    core = counted()
    blocks = told(core, count_runs(np.arange(300) * 0.02))
    blocks += told(core, count_runs(np.arange(300) * 0.02 + 6.14))
    assert [block.lost for block in blocks if block.lost] == [7]
    assert [block.seq for block in blocks] == list(range(len(blocks)))
    assert (np.diff(times(blocks)) > 0).all()


def test_two_numbers_of_lost_samples_can_look_the_same() -> None:
    """Why a sensor without clock and counter is told to within a sample.

    Three samples a packet take 60.4 ms, of a link that speaks each 30 ms: the packets of a second all wait alike, and
    a stream that began a sample later would have come at the very same moments.
    """
    spacing_s, interval_s = 0.02 * 1.007, 0.03

    def arrivals(first: int, packets: int, phase_s: float) -> Floats:
        measured_s = spacing_s * (first + 3 * np.arange(packets) + 2)
        heard: Floats = phase_s + interval_s * np.ceil((measured_s - phase_s) / interval_s)
        return heard

    before = arrivals(0, 700, 0.0)
    phase_s = spacing_s * 3002 - 0.0005
    after, later = arrivals(3000, 18, phase_s), arrivals(3001, 18, phase_s)
    assert after == pytest.approx(later, abs=1e-12)
    core = assembler(metamotion.DRIVER, SESSION, "m", Segment.LUMBAR, 50.0)
    blocks = told(core, count_runs(before, 3)) + told(core, count_runs(after, 3))
    assert core.lost == sum(block.lost for block in blocks)
    assert core.lost in (900, 901)


@pytest.mark.parametrize("rate_hz", [10.0, 20.0, 100.0, 200.0])
def test_a_sensor_that_kept_another_rate_is_found_out(rate_hz: float) -> None:
    core = counted()
    true_s = np.arange(int(8 * rate_hz)) / rate_hz
    blocks = told(core, count_runs(true_s))
    assert core.rate_hz == rate_hz
    assert np.abs(times(blocks)[int(2 * rate_hz) :] - true_s[int(2 * rate_hz) :]).max() < 0.02


def test_a_rate_that_changes_later_is_found_out() -> None:
    core = counted()
    true_s = np.concatenate([np.arange(100) * 0.02, 2.0 + np.arange(80) * 0.1])
    blocks = told(core, count_runs(true_s))
    assert core.rate_hz == 10.0
    assert np.abs(times(blocks)[-40:] - true_s[-40:]).max() < 0.15


def tick_runs(n: int, *, at_s: float = 0.0, latency_s: float = 0.01, first: int = 0) -> list[Run]:
    spacing_s = 1 / 52
    runs = []
    for k in range(first, first + n):
        start_s = k * 13 * spacing_s
        ticks = Ticks(start_s, spacing_s, is_restart=k == 0)
        runs.append(Run(at_s + start_s + 12 * spacing_s + latency_s, 13, counts(13 * k, 13), SCALE, ticks))
    return runs


def test_a_packet_is_a_block() -> None:
    blocks = told(ticked(), tick_runs(40, at_s=7.0))
    assert len(blocks) == 40
    assert np.abs(times(blocks) - (7.01 + np.arange(520) / 52)).max() < 1e-9


def test_a_late_first_packet_does_not_set_the_clock() -> None:
    runs = tick_runs(40)
    late = [Run(max(run.arrived_s, 0.9), run.n, run.counts, run.scale, run.ticks) for run in runs]
    assert np.abs(times(told(ticked(), late)) - (0.01 + np.arange(520) / 52)).max() < 1e-3


def test_missing_packets_are_lost_samples_and_a_jump() -> None:
    runs = tick_runs(40)
    blocks = told(ticked(), runs[:20] + runs[24:])
    assert [block.lost for block in blocks if block.lost] == [52]
    assert np.abs(np.diff(times(blocks)).max() - 53 / 52) < 1e-3


def test_a_minute_of_packets_sent_again_does_not_move_the_clock() -> None:
    runs = tick_runs(400)
    late = [Run(80.0, run.n, run.counts, run.scale, Ticks(run.ticks.start_s, run.ticks.spacing_s, is_late=True))
            for run in runs[100:300] if run.ticks]  # fmt: skip
    blocks = told(ticked(), runs[:100] + late + runs[300:])
    assert np.abs(times(blocks) - (0.01 + np.arange(5200) / 52)).max() < 1e-3
    assert sum(block.lost for block in blocks) == 0


def test_a_restart_goes_on_where_our_clock_says() -> None:
    core = ticked()
    blocks = told(core, [*tick_runs(40), *tick_runs(40, at_s=30.0)])
    t = times(blocks)
    assert t[520] == pytest.approx(30.01, abs=1e-6)
    assert core.lost == pytest.approx(20 * 52, abs=1)


def test_a_clock_that_runs_ahead_is_not_followed_into_the_future() -> None:
    runs = tick_runs(40)
    ahead = [Run(run.arrived_s, run.n, run.counts, run.scale, Ticks(run.ticks.start_s + 500, run.ticks.spacing_s))
             for run in runs[20:] if run.ticks]  # fmt: skip
    assert times(told(ticked(), runs[:20] + ahead)).max() < runs[-1].arrived_s + 0.01


def test_a_clock_without_ticks_is_a_bug() -> None:
    with pytest.raises(ValueError, match="ticks"):
        ticked().feed(Run(0.0, 1, counts(0, 1), SCALE))


def radio(rng: np.random.Generator, sent_s: Floats) -> Floats:
    """When what is sent arrives: at the end of intervals of 30 ms, one in ten some later, with two stalls."""
    late = rng.geometric(0.9, len(sent_s)) - 1
    stalled = np.where((sent_s > 50) & (sent_s < 52), 52.0, sent_s)
    stalled = np.where((stalled > 80) & (stalled < 80.24), 80.24, stalled)
    return np.maximum.accumulate((np.ceil(stalled / 0.03) + late) * 0.03)


@pytest.mark.parametrize("drifts", [(0.007, -0.007), (0.0004, -0.007), (0.0, 0.0)])
@pytest.mark.parametrize("kinds", ["counted counted", "ticked counted", "ticked ticked"])
def test_two_sensors_agree_within_20_ms(kinds: str, drifts: tuple[float, float]) -> None:
    """From half a minute on, through jitter and stalls; the residual is what the status publishes."""
    rng = np.random.default_rng(5)
    errors = []
    for kind, drift in zip(kinds.split(), drifts, strict=True):
        rate_hz, n = (50.0, 1) if kind == "counted" else (52.0, 13)
        device_s = np.arange(0, 120 * rate_hz, n) / rate_hz
        arrived_s = radio(rng, (device_s + (n - 1) / rate_hz) * (1 + drift))
        runs = [
            Run(float(t), n, counts(k * n % 30000, n), SCALE, _ticks(kind, float(device_s[k]), rate_hz, k))
            for k, t in enumerate(arrived_s)
        ]
        core = assembler(loose(kind), SESSION, "x", Segment.PELVIS, rate_hz)
        blocks = told(core, runs)
        assert sum(block.lost for block in blocks) == 0
        assert core.fit.residual_ms is not None
        assert core.fit.residual_ms < 30
        t = times(blocks)
        errors.append(t - np.arange(len(t)) / rate_hz * (1 + drift))
    grid = [error[int(30 * rate) :: int(rate)] for error, rate in zip(errors, _rates(kinds), strict=True)]
    assert np.abs(grid[0][:85] - grid[1][:85]).max() < 0.020


def _rates(kinds: str) -> list[int]:
    return [50 if kind == "counted" else 52 for kind in kinds.split()]


def _ticks(kind: str, start_s: float, rate_hz: float, k: int) -> Ticks | None:
    return None if kind == "counted" else Ticks(start_s, 1 / rate_hz, is_restart=k == 0)


def loose(kind: str) -> Driver:
    """A family of either kind whose clock may be wrong by 1 %."""
    driver = witmotion.DRIVER if kind == "counted" else movesense.DRIVER
    return replace(driver, max_drift=0.01)
