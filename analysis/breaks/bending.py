"""How the back is held on the seat, once a second: bent far into its range, arched, or neither."""

from __future__ import annotations

import math

from analysis.breaks.presence import TICKS_PER_S
from analysis.breaks.types import BreakRules
from analysis.breaks.world import Bend
from analysis.model import Activity, PostureFrame

SHARE = "lumbar_flexion_share"  # %
LORDOSIS = "lumbar_lordosis"  # °
# Bound once: looking a member up in its enum takes longer than all else that is done here.
_UNKNOWN, _GOOD, _BENT, _ARCHED = Bend.UNKNOWN, Bend.GOOD, Bend.BENT, Bend.ARCHED
_SITTING = int(Activity.SITTING)
_BACK_SHARE, _BACK_DEG = 5.0, 3.0  # so far back across the edge before it counts as over


class Bending:
    """Looks at the ticks of whole seconds, so that any cutting gives the same."""

    def __init__(self, rules: BreakRules) -> None:
        self._rules = rules
        self._bend = _UNKNOWN

    def changes(self, frame: PostureFrame, first: int, skipped: int, codes: bytes) -> list[tuple[int, Bend]]:
        """(tick, from then on) within the ticks from `first` on, without a hole; the `skipped` ones count for nothing.

        `codes` is the frame's activity, a byte each.
        """
        told: list[tuple[int, Bend]] = []
        row, count = skipped + -(first + skipped) % TICKS_PER_S, len(frame.t)
        if row >= count:
            return told
        share, lordosis_deg = frame.values.get(SHARE), frame.values.get(LORDOSIS)
        for place in range(row, count, TICKS_PER_S):
            bend = _UNKNOWN
            if codes[place] == _SITTING:
                bend = self._of(
                    math.nan if share is None else float(share[place]),
                    math.nan if lordosis_deg is None else float(lordosis_deg[place]),
                )
            if bend is not self._bend:
                self._bend = bend
                told.append((first + place, bend))
        return told

    def _of(self, share: float, lordosis_deg: float) -> Bend:
        """NaN is not known."""
        rules, was = self._rules, self._bend
        if share == share:
            is_bent = share > rules.bent_share - _BACK_SHARE * (was is _BENT)
        elif lordosis_deg == lordosis_deg:
            is_bent = lordosis_deg < rules.bent_deg + _BACK_DEG * (was is _BENT)
        else:
            return _UNKNOWN
        if is_bent:
            return _BENT
        is_arched = lordosis_deg > rules.arched_deg - _BACK_DEG * (was is _ARCHED)
        return _ARCHED if is_arched else _GOOD
