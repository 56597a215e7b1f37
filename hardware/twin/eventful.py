"""An office day with everything in it that makes telling sitting from the rest hard."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from analysis.model import Activity
from hardware.twin.errands import Effort, Shuffle, Stairs, TakeOff
from hardware.twin.habits import BED, PLAIN_CHAIR, SOFA, STOOL, TOILET, Habits, Seat
from hardware.twin.moves import GetUp, Hold, LieDown, Move, RollOver
from hardware.twin.pen import Place
from hardware.twin.posture import SIT_EDGE, Posture
from hardware.twin.script import QUIET_S, Script

_SHORTEST_BOUT_S = 60.0
_BENT = Posture(Activity.STANDING, 42.0, -38.0)
_SQUAT = Posture(Activity.STANDING, 22.0, -12.0)
_STRETCH_SIDE = Posture(Activity.STANDING, 0.0, 2.0, bend_deg=22.0)
_STRETCH_BACK = Posture(Activity.STANDING, -6.0, 14.0)
_WIPE = Posture(Activity.STANDING, 22.0, -16.0, twist_deg=22.0)

Break = Callable[["Habits", np.random.Generator], list[Move]]


def eventful_day(seed: int, hours: float = 8.0, *, comes_off: bool = True) -> Script:
    """Sitting bouts on several seats, and between them one break of each kind at the least, in drawn order.

    Kinds: a stroll, standing, the raised desk, a meeting elsewhere, the toilet, stairs, exercise, cleaning, lying on
    every side, and (`comes_off`) sensors laid on a table, on a charger, in a drawer, carried in a bag. A break comes
    every 20 min or so (60 ± 22 rises a day, 10.1016/j.apergo.2009.04.005); shorter days have fewer kinds.
    """
    rng = np.random.default_rng((seed, 9))
    habits = Habits.draw(rng)
    kinds: list[Break] = [*_ALWAYS, *(_TAKEN_OFF if comes_off else ()), *rng.choice(np.array(_ALWAYS[:4]), 8)]
    kinds = [kinds[place] for place in rng.permutation(len(kinds))]
    kinds = kinds[: max(1, round(len(kinds) * hours / 8.0))]
    breaks = [kind(habits, np.random.default_rng((seed, number, 10))) for number, kind in enumerate(kinds)]
    starts: list[list[Move]] = [[Hold(QUIET_S), *habits.sit_down(rng)], *breaks]
    left_s = hours * 3600.0 - sum(move.duration_s for moves in starts for move in moves)
    bouts_s = _shared_out(rng, left_s, len(starts))

    def episode(k: int, _start_s: float) -> tuple[Move, ...]:
        if k >= len(starts):
            return ()
        return (*starts[k], *habits.sitting(np.random.default_rng((seed, k, 11)), bouts_s[k]))

    return Script(f"eventful_day {seed}", episode, hours * 3600.0)


def _shared_out(rng: np.random.Generator, total_s: float, count: int) -> Sequence[float]:
    """So many sitting bouts of very different length, together exactly `total_s`."""
    if total_s < count * _SHORTEST_BOUT_S:
        raise ValueError("the day is too short for its breaks")
    share = rng.lognormal(0.0, 0.8, count)
    bouts: list[float] = (_SHORTEST_BOUT_S + (total_s - count * _SHORTEST_BOUT_S) * share / share.sum()).tolist()
    return bouts


def _stroll(habits: Habits, rng: np.random.Generator) -> list[Move]:
    return [*habits.rise(rng), *habits.stroll(rng, rng.uniform(20.0, 200.0)), *habits.sit_down(rng)]


def _stand(habits: Habits, rng: np.random.Generator) -> list[Move]:
    return [*habits.rise(rng), *habits.standing(rng, rng.uniform(8.0, 90.0)), *habits.sit_down(rng)]


def _desk(habits: Habits, rng: np.random.Generator) -> list[Move]:
    return [*habits.rise(rng), *habits.standing(rng, rng.uniform(240.0, 900.0)), *habits.sit_down(rng)]


def _elsewhere(habits: Habits, rng: np.random.Generator) -> list[Move]:
    seat = (PLAIN_CHAIR, SOFA, STOOL)[rng.integers(3)]
    return _visit(habits, rng, seat, rng.uniform(300.0, 900.0))


def _toilet(habits: Habits, rng: np.random.Generator) -> list[Move]:
    return _visit(habits, rng, TOILET, rng.uniform(120.0, 240.0))


def _visit(habits: Habits, rng: np.random.Generator, seat: Seat, seated_s: float) -> list[Move]:
    """Walk there, sit, walk back, with a turn before each seat."""
    there = [*habits.rise(rng), *habits.stroll(rng, rng.uniform(15.0, 90.0)), _turn(rng), *habits.sit_down(rng, seat)]
    back = [*habits.rise(rng, seat), *habits.stroll(rng, rng.uniform(15.0, 90.0)), _turn(rng)]
    return [*there, *habits.sitting(rng, seated_s, seat), *back, *habits.sit_down(rng)]


def _stairs(habits: Habits, rng: np.random.Generator) -> list[Move]:
    steps, cadence_spm = int(rng.integers(10, 24)), float(rng.uniform(80.0, 112.0))
    up: list[Move] = [Stairs(steps, True, 0.9 * cadence_spm), Hold(rng.uniform(0.5, 5.0)), *habits.stroll(rng, 25.0)]
    down: list[Move] = [_turn(rng), Stairs(steps, False, cadence_spm), Hold(1.0)]
    return [*habits.rise(rng), *habits.stroll(rng, 20.0), *up, *down, *habits.stroll(rng, 20.0), *habits.sit_down(rng)]


def _exercise(habits: Habits, rng: np.random.Generator) -> list[Move]:
    efforts: list[Move] = [
        Effort(_BENT, 4, rng.uniform(3.0, 6.0)),
        Effort(_SQUAT, 5, rng.uniform(2.4, 4.0), drop_m=rng.uniform(0.25, 0.4)),
        Effort(_STRETCH_SIDE, 4, rng.uniform(3.0, 5.0)),
        Effort(_STRETCH_BACK, 3, rng.uniform(3.0, 5.0), stay_s=2.0),
    ]
    chosen = [efforts[place] for place in rng.permutation(4)[:3]]
    pauses: list[Move] = [Hold(rng.uniform(3.0, 8.0)) for _ in chosen]
    done = [move for pair in zip(pauses, chosen, strict=True) for move in pair]
    return [*habits.rise(rng), *done, Hold(4.0), *habits.sit_down(rng)]


def _cleaning(habits: Habits, rng: np.random.Generator) -> list[Move]:
    wiping: list[Move] = []
    for _ in range(int(rng.integers(3, 6))):
        wiping += [Effort(_WIPE, 6, rng.uniform(1.2, 2.2)), Shuffle(rng.normal(0.0, 30.0), rng.normal(0.0, 0.4))]
    picking: list[Move] = [Effort(_BENT, 2, rng.uniform(2.0, 3.5), rng.uniform(0.0, 0.25)), Hold(3.0)]
    return [*habits.rise(rng), Hold(2.0), *wiping, *picking, *habits.stroll(rng, 20.0), *habits.sit_down(rng)]


def _lying(habits: Habits, rng: np.random.Generator) -> list[Move]:
    """To a bed or a couch, on to it over an elbow, on all four sides for a while each, and up again."""
    bed_m, turn, elbow_deg = rng.uniform(*BED.height_m), int(rng.choice((-1, 1))), rng.uniform(0.0, 40.0)
    spins = [(0.0, 90.0, -90.0, 180.0)[place] for place in rng.permutation(4)]
    lie = Posture(Activity.LYING, -88.0 + rng.normal(0.0, 4.0), -4.0 + rng.normal(0.0, 3.0))
    moves: list[Move] = [*habits.rise(rng), *habits.stroll(rng, rng.uniform(20.0, 60.0)), _turn(rng)]
    moves += [*habits.sit_down(rng, BED), Hold(rng.uniform(2.0, 20.0))]
    moves += [
        LieDown(lie, rng.uniform(2.5, 6.0), spins[0], turn, elbow_deg, bed_m - 0.03),
        Hold(rng.uniform(60.0, 150.0)),
    ]
    for spin in spins[1:]:
        moves += [RollOver(spin, lie.vary(rng, 2.0), rng.uniform(1.8, 4.0)), Hold(rng.uniform(60.0, 150.0))]
    edge = habits.own(SIT_EDGE.vary(rng, 2.5))
    moves += [GetUp(edge, rng.uniform(2.5, 6.0), -turn, elbow_deg, bed_m), Hold(rng.uniform(2.0, 20.0))]
    return [*moves, *habits.rise(rng, BED), *habits.stroll(rng, rng.uniform(20.0, 60.0)), *habits.sit_down(rng)]


def _off(place: Place) -> Break:
    def kind(habits: Habits, rng: np.random.Generator) -> list[Move]:
        """Taken off where one stands, then away or seated without them, and on again."""
        away: list[Move] = [Hold(rng.uniform(25.0, 60.0)), *habits.stroll(rng, rng.uniform(30.0, 120.0))]
        if rng.random() < 0.5:
            seated = [*habits.sit_down(rng), *habits.sitting(rng, rng.uniform(120.0, 600.0)), *habits.rise(rng)]
            away += seated
        away += [*habits.standing(rng, rng.uniform(60.0, 240.0)), Hold(rng.uniform(15.0, 30.0))]
        off = TakeOff(tuple(away), place, number=int(rng.integers(1 << 30)))
        return [*habits.rise(rng), Hold(3.0), off, Hold(rng.uniform(3.0, 10.0)), *habits.sit_down(rng)]

    return kind


def _turn(rng: np.random.Generator) -> Move:
    return Shuffle(float(rng.choice((-1, 1))) * math.fabs(rng.normal(140.0, 40.0)), 0.0, rng.uniform(1.8, 3.5))


_ALWAYS: tuple[Break, ...] = (_stroll, _stand, _desk, _elsewhere, _toilet, _stairs, _exercise, _cleaning, _lying)
_TAKEN_OFF: tuple[Break, ...] = tuple(_off(place) for place in (Place.TABLE, Place.CRADLE, Place.DRAWER, Place.BAG))
