"""How much of the evidence counts in the activity model and what a change costs: what tells the judges best.

The search starts from round numbers (benchmarks/activity_priors.py) and moves one number at a time, in
ever smaller steps; how far a number has gone from there costs a little, so nothing moves without a reason.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import msgspec

from analysis.detectors.activity_model import ActivityModel
from benchmarks.activity_judges import Judges, worth

NUMBERS = {  # the rest stays as it is begun; shares come first, for what a change costs depends on them
    "shares": ("gait", "lying", "again", "plain", "other"),
    "odds": ("change", "start_walking", "stop_walking", "lie_down", "start_other", "stop_other"),
    "unsure": ("again",),
}
_UP_TO_ONE = {("shares", name) for name in ("gait", "other", "lying")}  # nothing tells more than itself
_WIDE = {"plain": 1.6, "gait": 1.7}
_USUALLY = 3.0  # times, or a part of it, is a first step
SCALES = (2.0, 1.0, 0.5, 0.25)  # of the first steps' logarithms, of each round
_TETHER = 2e-4  # what a number that is one first step away costs, two cost four times that
_LEAST = 5e-4  # of the measure, for a number to be changed


@dataclass(slots=True)
class _Search:
    judges: Judges
    begun: ActivityModel
    model: ActivityModel
    best: float

    def round(self, scale: float) -> None:
        """Every number once."""
        for part, names in NUMBERS.items():
            for name in names:
                for factor in (_WIDE.get(name, _USUALLY) ** scale, _WIDE.get(name, _USUALLY) ** -scale):
                    if self._along(part, name, factor):
                        break

    def _along(self, part: str, name: str, factor: float) -> bool:
        has_moved = False
        while True:
            moved = _moved(self.model, part, name, factor)
            if (part, name) in _UP_TO_ONE and getattr(getattr(moved, part), name) > 1.0:
                return has_moved
            cost, least = _tether(moved, self.begun), self.best + _LEAST
            value = worth(moved, self.judges, least + cost) - cost
            if value < least:
                return has_moved
            self.model, self.best, has_moved = moved, value, True
            print(f"{part} {name}: {getattr(getattr(moved, part), name):g} ({value:.4f})", flush=True)


def chosen(model: ActivityModel, judges: Judges) -> ActivityModel:
    """The model with its shares, odds and the rest moved, one at a time, as long as the judges are told better."""
    search = _Search(judges, model, model, worth(model, judges))
    for scale in SCALES:
        search.round(scale)
        print(f"The judges are told {search.best:.4f} right.", flush=True)
    return search.model


def _moved(model: ActivityModel, part: str, name: str, factor: float) -> ActivityModel:
    numbers = getattr(model, part)
    value = float(f"{getattr(numbers, name) * factor:.2g}")
    return msgspec.structs.replace(model, **{part: msgspec.structs.replace(numbers, **{name: value})})


def _tether(model: ActivityModel, begun: ActivityModel) -> float:
    total = 0.0
    for part, names in NUMBERS.items():
        for name in names:
            ratio = getattr(getattr(model, part), name) / getattr(getattr(begun, part), name)
            total += (math.log(ratio) / math.log(_WIDE.get(name, _USUALLY))) ** 2
    return _TETHER * total
