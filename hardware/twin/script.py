"""Days of a body: which moves it makes, how often and how much.

A script is a list of episodes (a few minutes to an hour each) that is worked out only as far as somebody looks.
Episode k comes from (seed, k) and its own start alone, so any stretch of any day can be made again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from hardware.twin.moves import Fidget, GetUp, Hold, LieDown, Move, Rise, Shift, SitDown, Walk
from hardware.twin.posture import (
    BEND_LEFT,
    BEND_RIGHT,
    LEAN_BACK,
    LEAN_FORWARD,
    SIT_UPRIGHT,
    SIT_USUAL,
    SLUMP,
    STAND_EASY,
    STAND_UPRIGHT,
    Posture,
)

QUIET_S = 12.0  # quiet upright standing at the start of every script: time to calibrate
LUNCH_AT = 0.5  # of the day
_SEATED = (SIT_USUAL, SIT_UPRIGHT, SLUMP, LEAN_FORWARD, LEAN_BACK, BEND_RIGHT, BEND_LEFT)
_SEATED_SHARE = (0.30, 0.16, 0.24, 0.12, 0.10, 0.04, 0.04)
_STANDING = (STAND_UPRIGHT, STAND_EASY)

Episodes = Callable[[int, float], tuple[Move, ...]]


@dataclass(frozen=True, slots=True)
class Script:
    """Starts in quiet upright standing at t = 0; every episode begins where the last one ended."""

    name: str
    episode: Episodes  # (number, its start in s) → its moves; none: the body stays as it is from there on
    end_s: float = float("inf")


def of_moves(name: str, *moves: Move) -> Script:
    """A script of just these moves."""
    end_s = sum(move.duration_s for move in moves)
    return Script(name, lambda k, _start_s: moves if k == 0 else (), end_s)


def endless(seed: int = 0) -> Script:
    """Sitting in changing postures with a rise and a walk every few minutes, for ever."""

    def episode(k: int, _start_s: float) -> tuple[Move, ...]:
        rng = np.random.default_rng((seed, k, 1))
        begin: list[Move] = [Hold(QUIET_S)]
        if k > 0:
            begin = [*_rise(rng), *_stroll(rng, rng.uniform(20.0, 50.0))]
        return (*begin, *_sit_down(rng), *sitting(rng, rng.uniform(150.0, 300.0), gap_s=18.0))

    return Script("endless", episode)


def sit_then_stand(sit_s: float = 31 * 60.0, seed: int = 0, up_s: float = 180.0, after_s: float = 120.0) -> Script:
    """Stand quietly, sit down, stay seated for `sit_s`, be up for `up_s` (standing, walking), sit for `after_s`."""
    rng = np.random.default_rng((seed, 2))
    walk_s = max(up_s - 60.0, up_s / 2)
    up: list[Move] = [Hold((up_s - walk_s) / 2)]
    up += [Walk(walk_s)] if walk_s >= Walk.SHORTEST_S else [Hold(walk_s)]
    up += [Hold((up_s - walk_s) / 2)]
    seated = sitting(rng, sit_s, spread=0.6)
    return of_moves("sit_then_stand", Hold(QUIET_S), SitDown(), *seated, Rise(), *up, SitDown(), Hold(after_s))


def office_day(seed: int, hours: float = 8.0) -> Script:
    """Desk work of `hours`: sitting bouts, strolls, time at a standing desk, and lunch with a walk and a nap.

    Amounts: 9 changes of posture and 13 fidgets per 15 min of sitting (Davidson & Callaghan 2025), most of the day
    seated, a rise every 20 min or so (60 ± 22 a day, 10.1016/j.apergo.2009.04.005).
    """
    end_s = hours * 3600.0
    lunch_s = LUNCH_AT * end_s if hours >= 4.0 else end_s

    def episode(k: int, start_s: float) -> tuple[Move, ...]:
        if start_s > end_s - 1.0:
            return ()
        rng = np.random.default_rng((seed, k, 3))
        begin: list[Move] = [Hold(QUIET_S)]
        if k > 0:
            begin = _lunch(rng) if abs(start_s - lunch_s) < 1.0 else _break(rng)
        begin += _sit_down(rng)
        seated_s = start_s + sum(move.duration_s for move in begin)
        # A bout ends on lunch or on the day's end rather than leave less than a break and a bout before it.
        target_s = lunch_s if seated_s < lunch_s else end_s
        bout_s = float(np.clip(rng.lognormal(np.log(14 * 60.0), 0.7), 180.0, 75 * 60.0))
        if seated_s + bout_s > target_s - 30 * 60.0:
            bout_s = target_s - seated_s
        return (*begin, *sitting(rng, bout_s))

    return Script(f"office_day {seed}", episode, end_s)


def sitting(rng: np.random.Generator, duration_s: float, *, gap_s: float = 41.0, spread: float = 1.0) -> Iterator[Move]:
    """Exactly `duration_s` on a seat: changes of posture and fidgets, `gap_s` apart on average.

    `spread` scales how far postures lie from the usual one.
    """
    yield from filled(rng, duration_s, gap_s, lambda: _seated_change(rng, spread))


def standing(rng: np.random.Generator, duration_s: float, *, gap_s: float = 25.0) -> Iterator[Move]:
    """Exactly `duration_s` on the feet in one place, with shifts of weight; ends upright."""

    def change() -> Move:
        posture = _STANDING[rng.integers(len(_STANDING))].vary(rng)
        return Shift(posture, rng.uniform(1.2, 2.4))

    yield from filled(rng, duration_s - 1.5, gap_s, change)
    yield Shift(STAND_UPRIGHT, 1.5)


def filled(rng: np.random.Generator, duration_s: float, gap_s: float, change: Callable[[], Move]) -> Iterator[Move]:
    """Holds and changes in turn, exactly `duration_s` long."""
    left_s = duration_s
    while True:
        hold, move = Hold(3.0 + rng.exponential(gap_s - 3.0)), change()
        if hold.duration_s + move.duration_s > left_s:
            break
        yield hold
        yield move
        left_s -= hold.duration_s + move.duration_s
    if left_s > 0:
        yield Hold(left_s)


def _seated_change(rng: np.random.Generator, spread: float) -> Move:
    if rng.random() < 13 / 22:
        tilt, lordosis, roll, twist = rng.normal(0.0, (1.5, 2.0, 1.0, 2.5))
        return Fidget(tilt, lordosis, roll, twist, rng.normal(0.0, 0.008), rng.uniform(1.2, 2.6))
    posture = _SEATED[rng.choice(len(_SEATED), p=_SEATED_SHARE)].vary(rng)
    return Shift(_towards_usual(posture, spread), rng.uniform(1.2, 2.6))


def _towards_usual(posture: Posture, spread: float) -> Posture:
    return Posture(
        posture.support,
        tilt_deg=SIT_USUAL.tilt_deg + spread * (posture.tilt_deg - SIT_USUAL.tilt_deg),
        lordosis_deg=SIT_USUAL.lordosis_deg + spread * (posture.lordosis_deg - SIT_USUAL.lordosis_deg),
        roll_deg=spread * posture.roll_deg,
        bend_deg=spread * posture.bend_deg,
    )


def _rise(rng: np.random.Generator) -> list[Move]:
    return [Rise(duration_s=rng.uniform(1.7, 2.4), trunk_deg=rng.uniform(32.0, 44.0)), Hold(rng.uniform(1.5, 5.0))]


def _sit_down(rng: np.random.Generator) -> list[Move]:
    return [SitDown(SIT_USUAL.vary(rng), rng.uniform(2.0, 2.8), rng.uniform(28.0, 40.0))]


def _stroll(rng: np.random.Generator, duration_s: float) -> list[Move]:
    walk = Walk(
        max(duration_s, Walk.SHORTEST_S),
        cadence_spm=float(np.clip(rng.normal(107.0, 6.0), 92.0, 122.0)),
        turn=int(rng.choice((-1, 1))),
        aspect=rng.uniform(0.4, 0.7),
    )
    return [walk, Hold(rng.uniform(1.5, 4.0))]


def _break(rng: np.random.Generator) -> list[Move]:
    """Away from the chair: mostly a stroll, sometimes just standing, sometimes work at the raised desk."""
    kind = rng.random()
    if kind < 0.60:
        return [*_rise(rng), *_stroll(rng, rng.uniform(40.0, 240.0))]
    if kind < 0.83:
        return [*_rise(rng), *standing(rng, rng.uniform(20.0, 80.0))]
    return [*_rise(rng), *standing(rng, rng.uniform(480.0, 1200.0))]


def _lunch(rng: np.random.Generator) -> list[Move]:
    there = [*_rise(rng), *_stroll(rng, rng.uniform(500.0, 800.0)), *_sit_down(rng), *sitting(rng, 420.0, gap_s=25.0)]
    nap: list[Move] = [LieDown(), Hold(rng.uniform(240.0, 420.0)), GetUp(), Hold(rng.uniform(20.0, 60.0))]
    return [*there, *nap, *_rise(rng), *_stroll(rng, rng.uniform(120.0, 200.0))]
