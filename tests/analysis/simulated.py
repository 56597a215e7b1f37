"""The simulated wearer as pipeline inputs, and outputs as arrays that can be compared to the last bit."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from analysis.model import CalibrateRequest, Input, Output, PostureFrame, SampleBlock, Segment, Stance
from hardware.twin.source import SampleSource
from hardware.twin.wearer import Wearer

QUIET = CalibrateRequest(2.0, 9.0, Stance.STANDING)  # every script of the twin starts with 12 s of quiet standing


def shared(folder: str) -> Path:
    """A folder of real recordings; skips where there is none."""
    root = Path(os.environ.get("UPSTAND_SHARED", Path(__file__).parents[3] / "shared"))
    path = root / "data" / folder
    if not path.is_dir():
        pytest.skip(f"no recordings in {path}; set UPSTAND_SHARED")
    return path


def blocks(source: SampleSource, end_s: float, *, size: int = 13, start_s: float = 0.0) -> list[SampleBlock]:
    """What a source gives in [start_s, end_s), in blocks of `size`."""
    counts = source.read(start_s, end_s)
    raw = counts.counts.astype(np.float64)
    acc, gyr = raw[:, :3] * source.acc_scale, raw[:, 3:] * source.gyr_scale
    whole = SampleBlock("s", f"sensor-{source.segment}", source.segment, 0, counts.t, acc, gyr)
    return cut(whole, range(size, len(counts.t), size))


def cut(block: SampleBlock, places: Iterable[int]) -> list[SampleBlock]:
    """The same samples in several blocks."""
    edges = sorted({0, len(block.t), *(place for place in places if place < len(block.t))})
    return [
        SampleBlock(
            block.session_id,
            block.sensor_id,
            block.segment,
            block.seq + number,
            block.t[a:b],
            block.acc[a:b],
            block.gyr[a:b],
        )
        for number, (a, b) in enumerate(pairwise(edges))
    ]


def arriving(*streams: Sequence[SampleBlock]) -> list[SampleBlock]:
    """Blocks in the order in which live sensors would have sent them."""
    return sorted((block for stream in streams for block in stream), key=lambda block: float(block.t[-1]))


def worn(wearer: Wearer, end_s: float, *, size: int = 13, rate_hz: float = 52.0) -> list[Input]:
    """Both sensors of a simulated wearer."""
    return [*arriving(*(blocks(wearer.source(segment, rate_hz), end_s, size=size) for segment in Segment))]


def joined(outputs: Iterable[Output]) -> PostureFrame:
    """All frames as one."""
    frames = [output for output in outputs if isinstance(output, PostureFrame)]
    return PostureFrame(
        t=np.concatenate([frame.t for frame in frames]),
        values={name: np.concatenate([frame.values[name] for frame in frames]) for name in frames[0].values},
        activity=np.concatenate([frame.activity for frame in frames]),
        quality=np.concatenate([frame.quality for frame in frames]),
    )


def told(outputs: Iterable[Output]) -> list[str]:
    """Everything that is no frame, in one order whatever the grouping of feeds."""
    return sorted(repr(output) for output in outputs if not isinstance(output, PostureFrame))


def assert_same(first: Sequence[Output], second: Sequence[Output]) -> None:
    a, b = joined(first), joined(second)
    assert np.array_equal(a.t, b.t)
    assert a.values.keys() == b.values.keys()
    for name, values in a.values.items():
        assert np.array_equal(values, b.values[name], equal_nan=True), name
    assert np.array_equal(a.activity, b.activity)
    assert np.array_equal(a.quality, b.quality)
    assert told(first) == told(second)
