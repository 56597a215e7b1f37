"""How postures were spread over a time: the usual percentiles, and how long beyond a band.

The 10th, 50th and 90th percentile of a whole shift are the usual way to tell exposure; short samples bias the outer
two (BMC Med Res Methodol 2012 12:36). A band is a place to look, never a verdict: no posture is an illness.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from analysis.errors import PostureError
from analysis.model import Floats

PERCENTILES = (10.0, 50.0, 90.0)


@dataclass(frozen=True, slots=True)
class Band:
    """Values from `low` to `high` are within; an infinite edge is none."""

    low: float
    high: float


# Of changes from the wearer's own upright, in degrees. Metrics without a source for a band have none.
BANDS: Mapping[str, Band] = {
    # Forward to 20° is acceptable in RULA and EN 1005-4; leaning back is a matter of the backrest.
    "trunk_lean": Band(-math.inf, 20.0),
    "lateral_bend": Band(-10.0, 10.0),  # EN 1005-4
    # About half-way from usual sitting (−16.6°, radiographs, n = 50, PMID 22915074) to slumped, which is 9.8° flatter
    # (Mitchell 2008, 1471-2474-9-152, table 3).
    "lumbar_lordosis": Band(-22.0, math.inf),
}


@dataclass(frozen=True, slots=True)
class Exposure:
    """One metric over a time, in its unit; NaN where nothing is known."""

    low: float  # 10th percentile
    middle: float  # 50th
    high: float  # 90th
    known_s: float
    below_s: float  # below the band; 0 without one
    above_s: float


def exposure_of(values: Floats, seconds: Floats, band: Band | None = None) -> Exposure:
    """The spread of values (n,) that each lasted so many seconds (n,); NaN values are left out."""
    known = np.isfinite(values) & (seconds > 0)
    values, seconds = values[known], seconds[known]
    if not len(values):
        return Exposure(math.nan, math.nan, math.nan, 0.0, 0.0, 0.0)
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(seconds[order])
    places = np.searchsorted(reached, np.array(PERCENTILES) / 100.0 * reached[-1] - 1e-9 * reached[-1])
    low, middle, high = values[order][places].tolist()
    edges = band or Band(-math.inf, math.inf)
    return Exposure(
        low=low,
        middle=middle,
        high=high,
        known_s=float(reached[-1]),
        below_s=float(seconds[values < edges.low].sum()),
        above_s=float(seconds[values > edges.high].sum()),
    )


def bands_of(chosen: Mapping[str, tuple[float, float]], names: Collection[str]) -> dict[str, Band]:
    """BANDS with the wearer's own over them. Raises PostureError for one of no known name, or upside down."""
    bands = dict(BANDS)
    for name, (low, high) in chosen.items():
        if name not in names:
            raise PostureError(f"There is no metric {name!r} to set a band for; use one of {', '.join(sorted(names))}.")
        if not low < high:
            raise PostureError(f"The band of {name!r} goes from {low:g} to {high:g}; put the lower number first.")
        bands[name] = Band(low, high)
    return bands
