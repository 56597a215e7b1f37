"""FIFO reads become packets whose samples stand where they were taken, whenever Python came to read them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.model import Floats, Segment
from hardware.firmware import wire
from hardware.firmware.imu import Imu
from hardware.firmware.sampler import ImuClock, Sampler
from hardware.twin.imu import ImuErrors
from hardware.twin.lsm6ds3 import Lsm6ds3

TICKS = wire.TICKS_HZ


def numbered(t: Floats) -> tuple[Floats, Floats]:
    """Angular rate about x tells the time: 1 count is 1/52 s."""
    return np.zeros((len(t), 3)), np.stack([wire.gyro_scale(2) * 52 * t, 0 * t, 0 * t], axis=1)


def run(reads_s: list[float], rate_hz: int, ppm: float) -> tuple[list[wire.StreamPacket], Lsm6ds3, Sampler]:
    errors = ImuErrors(mounting=np.array([1.0, 0.0, 0.0, 0.0]), clock_ppm=ppm)
    model = Lsm6ds3(Segment.PELVIS, numbered, errors)
    driver, sampler = Imu(model), Sampler(rate_hz, 1, 2)
    driver.start(rate_hz, 1, 2)
    packets = []
    for t in reads_s:
        model.advance(t)
        samples = driver.read()
        packets += sampler.feed(samples, driver.has_overrun, int(t * TICKS))
    return [wire.decode_stream(data) for data in packets + sampler.close()], model, sampler


def counts(packet: wire.StreamPacket) -> Floats:
    return np.frombuffer(packet.samples, "<i2").reshape(-1, 6).astype(np.float64)


def errors_ms(packets: list[wire.StreamPacket], rate_hz: int, ppm: float) -> Floats:
    """How far each sample's tick stands from when it was taken."""
    told = np.concatenate([p.ticks + p.span_ticks * np.linspace(0, 1, len(p.samples) // 12) for p in packets]) / TICKS
    true = 1.0 / rate_hz + np.arange(len(told)) / (rate_hz * (1 + ppm * 1e-6))
    return 1e3 * (told - true)


@settings(max_examples=15)
@given(seed=st.integers(0, 1000), rate_hz=st.sampled_from(wire.RATES_HZ), ppm=st.sampled_from([-15000.0, 0.0, 15000.0]))
def test_samples_stand_within_milliseconds_of_when_they_were_taken(seed: int, rate_hz: int, ppm: float) -> None:
    """Python comes every 50 ms or so, and now and then two seconds late."""
    rng = np.random.default_rng(seed)
    pauses = np.where(rng.random(1500) < 0.01, rng.uniform(0.5, 2.0, 1500), rng.uniform(0.02, 0.08, 1500))
    packets, model, sampler = run(np.cumsum(pauses).tolist(), rate_hz, ppm)
    assert sampler.lost == 0
    assert np.array_equal(np.concatenate([counts(p) for p in packets]), np.array(model.taken).reshape(-1, 6))
    assert [p.seq for p in packets] == list(range(len(packets)))
    off_ms = errors_ms(packets, rate_hz, ppm)
    settled = off_ms[len(off_ms) // 3 :]
    assert np.abs(settled).max() < 8.0  # of the 20 ms that two sensors may be apart


@settings(max_examples=15)
@given(seed=st.integers(0, 1000), rate_hz=st.sampled_from(wire.RATES_HZ), ppm=st.floats(-15000.0, 15000.0))
def test_an_oscillator_that_warms_is_followed(seed: int, rate_hz: int, ppm: float) -> None:
    """By 1000 ppm within ten minutes of being put on."""
    rng = np.random.default_rng(seed)
    reads_s = np.cumsum(rng.uniform(0.1, 0.14, 5000))
    first_hz, warming = rate_hz * (1.0 + ppm * 1e-6), 1e-3 / 600.0
    taken_s = (np.sqrt(1.0 + 2.0 * warming * np.arange(1, 700 * rate_hz) / first_hz) - 1.0) / warming
    clock, off_ms, before = ImuClock(rate_hz), [], 0
    for now_s, number in zip(reads_s, np.searchsorted(taken_s, reads_s, side="right"), strict=True):
        if number > before:
            clock.observe(int(number) - before, int(now_s * TICKS))
            before = int(number)
            off_ms.append(1e3 * (clock.ticks(0) / TICKS - taken_s[before - 1]))
    assert np.abs(off_ms[len(off_ms) // 10 :]).max() < 8.0


@settings(max_examples=25)
@given(seed=st.integers(0, 1000), rate_hz=st.sampled_from(wire.RATES_HZ), ppm=st.sampled_from([-15000.0, 0.0, 15000.0]))
def test_no_correction_looks_like_a_hole(seed: int, rate_hz: int, ppm: float) -> None:
    """Python comes late even between looking at the clock and reading the FIFO, from the very first second on."""
    rng = np.random.default_rng(seed)
    sampler, t, before, packets = Sampler(rate_hz, 1, 2), 0.0, 0, []
    for _ in range(300):
        t += float(rng.uniform(0.5, 2.0) if rng.random() < 0.1 else rng.uniform(0.02, 0.15))
        read_s = t + float(rng.exponential(0.02))
        number = int(read_s * rate_hz * (1.0 + ppm * 1e-6))
        packets += sampler.feed(bytes(12 * (number - before)), False, int(t * TICKS))
        before, t = number, read_s
    told = [wire.decode_stream(data) for data in packets]
    for one, next_one in pairwise(told):
        spacing = one.span_ticks / 12
        assert abs((wire.ahead(next_one.ticks, one.ticks) - one.span_ticks) / spacing - 1.0) < 0.4


def test_after_a_rest_the_rate_is_still_known() -> None:
    clock = ImuClock(52)
    for k in range(1, 2000):
        clock.observe(5, int(k * 5 / (52 * 1.012) * TICKS))
    period = clock.period
    clock.restart()
    assert clock.period == pytest.approx(period, abs=1)
    assert period == pytest.approx(TICKS * 4096 / (52 * 1.012), rel=1e-4)


def test_the_spacing_is_even_and_the_chips_own() -> None:
    rng = np.random.default_rng(3)
    packets, _, _ = run(np.cumsum(rng.uniform(0.02, 0.3, 1500)).tolist(), 52, 12000.0)
    spans = np.array([p.span_ticks for p in packets[len(packets) // 2 : -1]])
    assert spans == pytest.approx(12 * TICKS / (52 * 1.012), rel=1e-3)
    assert np.ptp(spans) <= 3  # parts of 30 µs


@settings(max_examples=20)
@given(away_s=st.floats(7.0, 60.0), cut=st.integers(0, 12))
def test_an_overrun_is_a_hole_of_the_right_length(away_s: float, cut: int) -> None:
    before = [0.05 * k for k in range(1, 400 + cut)]
    after = [before[-1] + away_s + 0.05 * k for k in range(200)]
    packets, model, sampler = run(before + after, 52, 8000.0)
    assert abs(sampler.lost - model.lost_samples) <= 1
    ends = [p.ticks + p.span_ticks for p in packets]
    gaps = [packets[k + 1].ticks - ends[k] for k in range(len(packets) - 1)]
    period = TICKS / (52 * 1.008)
    holes = [round(gap / period) - 1 for gap in gaps if gap > 1.5 * period]
    assert len(holes) == 1
    assert abs(holes[0] - model.lost_samples) <= 1


def test_settings_take_effect_at_once_and_change_nothing_twice() -> None:
    sampler = Sampler(52, 1, 2)
    assert sampler.feed(bytes(12 * 5), False, 4000) == []
    assert sampler.configure(52, 1, 2) == []
    [closed] = sampler.configure(104, 3, 4)
    assert len(wire.decode_stream(closed).samples) == 12 * 5
    [full] = sampler.feed(bytes(12 * 13), False, 9000)
    packet = wire.decode_stream(full)
    assert (packet.seq, packet.rate_hz, packet.acc_code, packet.gyro_code) == (1, 104, 3, 4)
    assert sampler.restart() == []


def test_a_count_at_its_limit_marks_the_packet() -> None:
    for value, is_clipped in ((32767, True), (-32768, True), (32766, False)):
        sampler = Sampler(52, 1, 2)
        samples = value.to_bytes(2, "little", signed=True) + bytes(12 * 13 - 2)
        assert wire.decode_stream(sampler.feed(samples, False, 9000)[0]).clipped == is_clipped
