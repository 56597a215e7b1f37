"""A sensor's faults: of the right size, and the same however it is read."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.model import GRAVITY, Floats, Segment
from hardware.twin.imu import BLOCK, NOMINAL_MOUNTING, Imu, ImuErrors, Ranges
from hardware.twin.kinematics import rotate
from hardware.twin.moves import Hold, SitDown, Walk
from hardware.twin.posture import SLUMP
from hardware.twin.script import of_moves
from hardware.twin.source import Counts
from hardware.twin.wearer import Wearer, demo

LENGTH_S = 25.0


def _upright(t: Floats) -> tuple[Floats, Floats]:
    return np.tile([0.0, 0.0, GRAVITY], (len(t), 1)), np.zeros((len(t), 3))


def _read(imu: Imu, cuts: list[float]) -> Counts:
    edges = [0.0, *sorted(cuts), LENGTH_S]
    parts = [imu.read(start, end) for start, end in pairwise(edges)]
    return Counts(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("index", "t", "counts")))


def _worn() -> Imu:
    wearer = Wearer(of_moves("mixed", Hold(4.0), Walk(16.0), SitDown(SLUMP), Hold(10.0)), seed=9)
    source = wearer.source(Segment.LUMBAR)
    assert isinstance(source, Imu)
    return source


@pytest.fixture(scope="module")
def whole() -> Counts:
    return _worn().read(0.0, LENGTH_S)


@settings(max_examples=25)
@given(cuts=st.lists(st.floats(0.0, LENGTH_S), max_size=100))
def test_cutting_changes_nothing(whole: Counts, cuts: list[float]) -> None:
    read = _read(_worn(), cuts)
    np.testing.assert_array_equal(read.index, whole.index)
    np.testing.assert_array_equal(read.t, whole.t)
    np.testing.assert_array_equal(read.counts, whole.counts)


def test_cutting_on_the_samples_themselves_changes_nothing(whole: Counts) -> None:
    read = _read(_worn(), [float(t) for t in whole.t[::13]])
    np.testing.assert_array_equal(read.index, whole.index)
    np.testing.assert_array_equal(read.counts, whole.counts)
    np.testing.assert_array_equal(read.index, np.arange(len(read.index)))


def test_reading_late_gives_what_reading_all_along_gave(whole: Counts) -> None:
    late = _worn().read(15.0, LENGTH_S)
    assert late.index[0] > BLOCK
    np.testing.assert_array_equal(late.counts, whole.counts[late.index])


def test_without_errors_only_counts_remain() -> None:
    imu = Imu(Segment.PELVIS, 52.0, _upright, ImuErrors.none())
    read = imu.read(0.0, 3.0)
    np.testing.assert_array_equal(read.t, np.arange(len(read.t)) / 52.0)
    assert len(read.t) == 156
    one_g = round(GRAVITY / imu.acc_scale)
    np.testing.assert_array_equal(read.counts, np.tile([one_g, 0, 0, 0, 0, 0], (156, 1)))


def test_scales_are_the_data_sheets() -> None:
    imu = Imu(Segment.PELVIS, 52.0, _upright, ImuErrors.none())
    assert imu.acc_scale == pytest.approx(0.122e-3 * GRAVITY)
    assert np.degrees(imu.gyr_scale) == pytest.approx(17.5e-3)


def test_worn_as_intended_x_is_up_y_left_and_z_posterior() -> None:
    """Leaning forward shows gravity along posterior, and turns about y."""

    def leaning(t: Floats) -> tuple[Floats, Floats]:
        acc, gyr = _upright(t)
        acc[:] = GRAVITY * np.array([-0.5, 0.0, np.sqrt(0.75)])
        gyr[:] = 0.3, 0.5, 0.7  # forward, left, up
        return acc, gyr

    imu = Imu(Segment.PELVIS, 52.0, leaning, ImuErrors.none())
    counts = imu.read(0.0, 1.0).counts[0]
    np.testing.assert_allclose(counts[:3] * imu.acc_scale, GRAVITY * np.array([np.sqrt(0.75), 0, 0.5]), atol=1e-3)
    np.testing.assert_allclose(counts[3:] * imu.gyr_scale, [0.7, 0.5, -0.3], atol=1e-3)
    np.testing.assert_allclose(rotate(NOMINAL_MOUNTING[None], np.array([1.0, 0.0, 0.0]))[0], [0, 0, -1], atol=1e-12)


@pytest.mark.parametrize(
    ("ranges", "acc_max", "gyr_max"), [(Ranges(2.0, 250.0), 2.0, 287.0), (Ranges(4.0, 500.0), 4.0, 573.0)]
)
def test_registers_are_full_at_their_range(ranges: Ranges, acc_max: float, gyr_max: float) -> None:
    def violent(t: Floats) -> tuple[Floats, Floats]:
        wild = np.tile([1e3, -1e3, 1e3], (len(t), 1))
        return wild, wild

    imu = Imu(Segment.PELVIS, 52.0, violent, ImuErrors.none(), ranges)
    counts = imu.read(0.0, 1.0).counts
    assert (counts.max(), counts.min()) == (32767, -32768)
    assert 32767 * imu.acc_scale / GRAVITY == pytest.approx(acc_max, rel=0.01)
    assert np.degrees(32767 * imu.gyr_scale) == pytest.approx(gyr_max, rel=0.01)


def test_noise_and_bias_have_the_data_sheets_size() -> None:
    errors = ImuErrors.default(7)
    imu = Imu(Segment.PELVIS, 52.0, _upright, errors)
    counts = imu.read(0.0, 600.0).counts.astype(np.float64)
    noise = np.diff(counts, axis=0).std(axis=0) / np.sqrt(2)
    expected = np.array([errors.acc_noise] * 3 + [errors.gyr_noise] * 3) * np.sqrt(26.0)
    scale = np.array([imu.acc_scale] * 3 + [imu.gyr_scale] * 3)
    assert noise == pytest.approx(np.hypot(expected / scale, 12**-0.5), rel=0.05)  # and the rounding to counts
    rates = counts[:5200, 3:].mean(axis=0) * imu.gyr_scale
    np.testing.assert_allclose(rates, errors.gyr_bias, atol=np.radians(0.05))


@pytest.mark.parametrize("seed", range(40))
def test_an_ordinary_part_stays_inside_the_limits(seed: int) -> None:
    errors = ImuErrors.default(seed)
    assert np.abs(errors.acc_bias).max() <= 0.040 * GRAVITY
    assert np.degrees(np.abs(errors.gyr_bias)).max() <= 3.0
    assert abs(errors.clock_ppm) <= 40.0
    for gain in (errors.acc_gain, errors.gyr_gain):
        assert np.abs(gain - np.eye(3)).max() <= 0.01 + 1e-12
    up = rotate(errors.mounting[None], np.array([0.0, 0.0, 1.0]))[0]
    assert np.degrees(np.arccos(up[0])) <= 10.0 + 1e-6
    assert np.linalg.norm(errors.mounting) == pytest.approx(1.0)


def test_parts_differ_and_so_do_a_wearers_two_sensors() -> None:
    assert not np.array_equal(ImuErrors.default(1).gyr_bias, ImuErrors.default(2).gyr_bias)
    pelvis, lumbar = (demo(1).source(segment).read(0.0, 2.0).counts.mean(axis=0) for segment in Segment)
    assert np.abs(pelvis - lumbar).max() > 5


def test_the_bias_drifts_as_the_part_warms_and_stays_bounded() -> None:
    errors = ImuErrors(seed=3, gyr_warming=np.full(3, 0.01), gyr_drift=1e-4, warming_s=400.0)
    imu = Imu(Segment.PELVIS, 52.0, _upright, errors)
    early, late, later = (
        imu.read(t, t + 60.0).counts[:, 3:].mean(axis=0) * imu.gyr_scale for t in (0.0, 3000.0, 9000.0)
    )
    np.testing.assert_allclose(early, 0.0, atol=2e-3)
    np.testing.assert_allclose(late, 0.01, atol=6e-4)
    assert 0 < np.abs(later - late).max() < 6e-4


def test_the_device_counts_at_its_own_rate() -> None:
    imu = Imu(Segment.PELVIS, 52.0, _upright, ImuErrors(clock_ppm=40.0, first_s=0.011))
    read = imu.read(3600.0, 3601.0)
    np.testing.assert_allclose(read.t, 0.011 + read.index / (52.0 * 1.00004))
    assert read.index[0] == pytest.approx(3600.0 * 52.0 * 1.00004, abs=1.0)


def test_it_ends_where_its_source_ends_and_nothing_is_read_from_nothing() -> None:
    imu = Imu(Segment.PELVIS, 52.0, _upright, ImuErrors.none(), end_s=2.0)
    assert len(imu.read(0.0, 10.0).t) == 104
    for start, end in ((2.0, 3.0), (1.0, 1.0), (1.0, 0.5)):
        read = imu.read(start, end)
        assert read.counts.shape == (0, 6)
        assert read.counts.dtype == np.int16


def test_skin_follows_flexion_and_shakes_with_the_steps() -> None:
    errors = ImuErrors(skin=0.05, impact_m_s2=1.5)
    wearer = Wearer(of_moves("mixed", Hold(4.0), Walk(16.0), SitDown(SLUMP), Hold(10.0)), seed=9)
    bare, worn = (wearer.source(Segment.LUMBAR, errors=each) for each in (ImuErrors.none(), errors))
    assert bare.read(0.0, 0.0).index.size == worn.read(0.0, 0.0).index.size
    shake = (worn.read(8.0, 12.0).counts[:, 0] - bare.read(8.0, 12.0).counts[:, 0].astype(float)) * bare.acc_scale
    assert 0.5 < np.abs(shake).max() < 2.0
    lean = []
    for source in (bare, worn):
        mean = source.read(25.0, 30.0).counts[:, :3].mean(axis=0)
        lean.append(float(np.degrees(np.arctan2(mean[2], mean[0]))))
    assert lean[1] - lean[0] == pytest.approx(0.05 * SLUMP.lordosis_deg, abs=0.05)
