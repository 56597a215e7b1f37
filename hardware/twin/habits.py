"""How one person differs from the next: how they sit, rise, walk and stand, and what they sit on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from hardware.twin.errands import Reach, Shuffle
from hardware.twin.moves import Fidget, Hold, Move, Rise, Shift, SitDown, Walk
from hardware.twin.posture import (
    BEND_LEFT,
    BEND_RIGHT,
    LEAN_BACK,
    LEAN_FORWARD,
    PERCH,
    RECLINE,
    SIT_EDGE,
    SIT_UPRIGHT,
    SIT_USUAL,
    SLUMP,
    STAND_EASY,
    STAND_ON_DESK,
    STAND_UPRIGHT,
    Posture,
)
from hardware.twin.script import filled

_SEATED = (SIT_USUAL, SIT_UPRIGHT, SLUMP, LEAN_FORWARD, LEAN_BACK, RECLINE, BEND_RIGHT, BEND_LEFT)
_STANDING = (STAND_UPRIGHT, STAND_EASY, STAND_ON_DESK)


@dataclass(frozen=True, slots=True)
class Seat:
    """Something to sit on, and which of the seated postures one takes there how often."""

    height_m: tuple[float, float]  # least and greatest
    first: Posture
    shares: tuple[float, ...]  # as _SEATED
    has_arms: bool


DESK_CHAIR = Seat((0.40, 0.54), SIT_USUAL, (0.28, 0.15, 0.22, 0.13, 0.10, 0.04, 0.04, 0.04), True)
PLAIN_CHAIR = Seat((0.42, 0.48), SIT_USUAL, (0.30, 0.20, 0.20, 0.15, 0.09, 0.00, 0.03, 0.03), False)
SOFA = Seat((0.35, 0.42), SLUMP, (0.10, 0.05, 0.35, 0.05, 0.20, 0.21, 0.02, 0.02), True)
STOOL = Seat((0.55, 0.60), PERCH, (0.05, 0.60, 0.10, 0.25, 0.00, 0.00, 0.00, 0.00), False)
TOILET = Seat((0.38, 0.45), LEAN_FORWARD, (0.20, 0.20, 0.20, 0.40, 0.00, 0.00, 0.00, 0.00), False)
BED = Seat((0.45, 0.60), SIT_EDGE, (0.30, 0.40, 0.20, 0.10, 0.00, 0.00, 0.00, 0.00), False)


@dataclass(frozen=True, slots=True)
class Habits:
    """One person's own way. Spreads are a choice of ours, wide enough to hold most office workers."""

    seated_tilt_deg: float  # this person's sitting against the usual one
    seated_lordosis_deg: float
    standing_tilt_deg: float  # easy standing against the quiet upright one
    rise_s: float
    trunk_deg: float
    arms: float  # how likely a push-up on armrests is
    aside_deg: float
    cadence_spm: float
    limp: float
    impact_m_s2: float
    gap_s: float  # between movements on the seat

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Habits:
        return cls(
            seated_tilt_deg=rng.normal(0.0, 6.0),
            seated_lordosis_deg=rng.normal(0.0, 5.0),
            standing_tilt_deg=rng.normal(0.0, 2.0),
            rise_s=float(np.clip(1.8 * rng.lognormal(0.0, 0.28), 1.0, 3.4)),
            trunk_deg=float(np.clip(rng.normal(38.0, 7.0), 22.0, 58.0)),  # 58.8 ± 17.9 with full flexion (NITK 2025)
            arms=rng.uniform(0.0, 0.7),
            aside_deg=rng.normal(0.0, 4.0),
            cadence_spm=float(np.clip(rng.normal(106.0, 10.0), 84.0, 126.0)),
            limp=abs(rng.normal(0.0, 0.06)),
            impact_m_s2=float(0.9 * rng.lognormal(0.0, 0.7)),
            gap_s=rng.uniform(25.0, 70.0),
        )

    def rise(self, rng: np.random.Generator, seat: Seat = DESK_CHAIR) -> list[Move]:
        """Up from that seat: 0.8 to 4 s, sometimes leaning on the arms, and sometimes only straight after a while."""
        arms = rng.uniform(0.4, 1.0) if seat.has_arms and rng.random() < self.arms else 0.0
        moves: list[Move] = []
        if rng.random() < 0.12:  # a first try that does not lift
            moves += [
                Reach(rng.uniform(18.0, 32.0), rng.uniform(-10.0, -4.0), 0.0, 0.0, rng.uniform(1.4, 2.2)),
                Hold(0.5),
            ]
        after = Posture(STAND_UPRIGHT.support, abs(rng.normal(0.0, 5.0)), rng.normal(-2.0, 2.0))  # not straight at once
        rise = Rise(
            after,
            duration_s=float(np.clip(self.rise_s * rng.lognormal(0.0, 0.18), 0.8, 4.0)),
            trunk_deg=float(np.clip(self.trunk_deg + rng.normal(0.0, 5.0), 15.0, 65.0)) * (1.0 - 0.4 * arms),
            arms=arms,
            aside_deg=self.aside_deg + rng.normal(0.0, 2.5),
        )
        return [*moves, rise, Hold(rng.uniform(0.2, 3.0)), Shift(STAND_UPRIGHT, rng.uniform(1.0, 4.0))]

    def sit_down(self, rng: np.random.Generator, seat: Seat = DESK_CHAIR) -> list[Move]:
        return [
            SitDown(
                self.own(seat.first.vary(rng, 2.5)),
                float(np.clip(1.15 * self.rise_s * rng.lognormal(0.0, 0.18), 1.0, 4.0)),
                float(np.clip(self.trunk_deg - 4.0 + rng.normal(0.0, 5.0), 12.0, 60.0)),
                rng.uniform(*seat.height_m),
                float(np.clip(self.impact_m_s2 * rng.lognormal(0.0, 0.4), 0.0, 8.0)),
                self.aside_deg + rng.normal(0.0, 2.5),
            )
        ]

    def own(self, posture: Posture) -> Posture:
        """As this person takes it."""
        tilt_deg, lordosis_deg = (
            posture.tilt_deg + self.seated_tilt_deg,
            posture.lordosis_deg + self.seated_lordosis_deg,
        )
        return replace(posture, tilt_deg=tilt_deg, lordosis_deg=lordosis_deg)

    def sitting(self, rng: np.random.Generator, duration_s: float, seat: Seat = DESK_CHAIR) -> Iterator[Move]:
        """Exactly `duration_s` on a seat: changes of posture, fidgets, and reaching for things."""

        def change() -> Move:
            kind = rng.random()
            if kind < 0.55:
                tilt, lordosis, roll, twist = rng.normal(0.0, (1.5, 2.0, 1.0, 2.5))
                return Fidget(tilt, lordosis, roll, twist, rng.normal(0.0, 0.008), rng.uniform(1.2, 2.6))
            if kind < 0.62:
                tilt, lordosis, roll, twist = rng.uniform((5.0, -35.0, -20.0, -30.0), (45.0, -5.0, 20.0, 30.0))
                return Reach(tilt, lordosis, roll, twist, rng.uniform(2.5, 7.0))
            posture = _SEATED[rng.choice(len(_SEATED), p=seat.shares)].vary(rng, 2.0)
            return Shift(self.own(posture), rng.uniform(1.0, 3.5))

        return filled(rng, duration_s, self.gap_s, change)

    def standing(self, rng: np.random.Generator, duration_s: float) -> Iterator[Move]:
        """Exactly `duration_s` on the feet at a desk: weight shifts, leaning on it, small steps; ends upright."""

        def change() -> Move:
            if rng.random() < 0.15:
                return Shuffle(rng.normal(0.0, 15.0), rng.normal(0.0, 0.2), rng.uniform(2.0, 4.0))
            posture = _STANDING[rng.choice(3, p=(0.35, 0.45, 0.20))].vary(rng, 2.0)
            leaning = replace(posture, tilt_deg=posture.tilt_deg + self.standing_tilt_deg)
            return Shift(leaning, rng.uniform(1.0, 2.6))

        yield from filled(rng, duration_s - 1.5, 22.0, change)
        yield Shift(STAND_UPRIGHT, 1.5)

    def stroll(self, rng: np.random.Generator, duration_s: float) -> list[Move]:
        lean = Posture(STAND_UPRIGHT.support, rng.normal(1.0, 2.0), rng.normal(0.0, 1.5))
        walk = Walk(
            max(duration_s, Walk.SHORTEST_S),
            cadence_spm=float(np.clip(self.cadence_spm * rng.lognormal(0.0, 0.05), 80.0, 130.0)),
            turn=int(rng.choice((-1, 1))),
            aspect=rng.uniform(0.4, 0.7),
            limp=self.limp,
            trunk=lean,
        )
        return [walk, Hold(rng.uniform(0.5, 4.0))]
