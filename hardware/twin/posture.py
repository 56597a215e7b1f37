"""Where a body can rest: angles against the wearer's own quiet upright standing, and its sizes.

Angles are degrees. Tilt is the pelvis tipped forward; lordosis is pitch(pelvis) − pitch(T12), so bending
forward in the back (flexion) is negative; roll and bend are positive to the right, twist to the left.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from analysis.model import Activity


@dataclass(frozen=True, slots=True)
class Posture:
    """A way of holding oneself, as changes from quiet upright standing."""

    support: Activity  # STANDING, SITTING or LYING: what carries the body
    tilt_deg: float = 0.0  # pelvis, forward +
    lordosis_deg: float = 0.0  # pelvis against T12, flexion −
    roll_deg: float = 0.0  # pelvis, left side up +
    bend_deg: float = 0.0  # T12 against pelvis, to the right +
    twist_deg: float = 0.0  # T12 against pelvis, to the left +

    @property
    def trunk_deg(self) -> float:
        """Inclination of T12, forward +, while nothing is bent sideways."""
        return self.tilt_deg - self.lordosis_deg

    def vary(self, rng: np.random.Generator, spread_deg: float = 1.5) -> Posture:
        """The same posture as taken on another occasion (repeats vary by 1.3–2.7°: IMU Sitting Postures Dataset)."""
        tilt, lordosis, roll, bend = rng.normal(0.0, spread_deg, 4)
        return replace(
            self,
            tilt_deg=self.tilt_deg + tilt,
            lordosis_deg=self.lordosis_deg + lordosis,
            roll_deg=self.roll_deg + 0.4 * roll,
            bend_deg=self.bend_deg + 0.4 * bend,
        )


STAND_UPRIGHT = Posture(Activity.STANDING)
# Hands or forearms on a raised desk: bent at the hips, and a little in the back.
STAND_ON_DESK = Posture(Activity.STANDING, tilt_deg=14.0, lordosis_deg=-8.0)
STAND_EASY = Posture(Activity.STANDING, tilt_deg=-2.0, lordosis_deg=1.5, roll_deg=3.0, bend_deg=-2.5)

# Standing → sitting, radiographs, n = 50: pelvis 18.3° back, lordosis −16.6° (PMID 22915074).
SIT_USUAL = Posture(Activity.SITTING, tilt_deg=-18.3, lordosis_deg=-16.6)
# Testers' neutral sitting is less flexed than habitual sitting (10.1016/j.math.2010.06.005).
SIT_UPRIGHT = Posture(Activity.SITTING, tilt_deg=-12.0, lordosis_deg=-10.0)
# Usual → slump flexes the back by 9.8° (Mitchell 2008, table 3); the pelvis goes about 10° back from upright.
SLUMP = Posture(Activity.SITTING, tilt_deg=-20.5, lordosis_deg=-26.5)
# From the hips: pelvis +17.2°, back +0.4° against upright sitting (IMU Sitting Postures Dataset, 22 people).
LEAN_FORWARD = Posture(Activity.SITTING, tilt_deg=5.0, lordosis_deg=-10.5)
LEAN_BACK = Posture(Activity.SITTING, tilt_deg=-30.0, lordosis_deg=-14.0)
# A reclined backrest carries the whole trunk.
RECLINE = Posture(Activity.SITTING, tilt_deg=-38.0, lordosis_deg=-10.0)
# On the edge of a high seat the hips are open, and pelvis and back stay nearly as in standing.
PERCH = Posture(Activity.SITTING, tilt_deg=-7.0, lordosis_deg=-6.0)
# On a bed's edge, without a backrest.
SIT_EDGE = Posture(Activity.SITTING, tilt_deg=-13.0, lordosis_deg=-15.0)
# Same data set: bending sideways takes the pelvis along and people slouch with it.
BEND_RIGHT = Posture(Activity.SITTING, tilt_deg=-15.0, lordosis_deg=-18.0, roll_deg=8.0, bend_deg=9.0)
BEND_LEFT = replace(BEND_RIGHT, roll_deg=-8.0, bend_deg=-9.0)

LIE = Posture(Activity.LYING, tilt_deg=-88.0, lordosis_deg=-4.0)

HIP_ABOVE_SEAT_M = 0.10  # hip axis above a seat that carries the body


@dataclass(frozen=True, slots=True)
class Body:
    """Sizes of one wearer in metres. The pelvis is placed by the middle of its hip axis."""

    standing_hip_m: float = 0.92  # height of the hip axis
    sitting_hip_m: float = 0.55
    lying_hip_m: float = 0.58
    rise_forward_m: float = 0.30  # the hips travel from the seat to over the feet
    sensor_behind_m: float = 0.10  # S2 behind the hip axis …
    sensor_above_m: float = 0.06  # … and above it
    joint_behind_m: float = 0.05  # the lumbar joint that stands for L1–L5 …
    joint_above_m: float = 0.10  # … above the hip axis
    spine_m: float = 0.20  # T12 above that joint …
    spine_behind_m: float = 0.05  # … and the skin behind it

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Body:
        """A body of another size; all lengths scale together, give or take."""
        size = rng.normal(1.0, 0.05)
        return cls(
            standing_hip_m=0.92 * size,
            rise_forward_m=0.30 * size,
            sensor_behind_m=0.10 * size * rng.uniform(0.9, 1.1),
            joint_above_m=0.10 * size * rng.uniform(0.95, 1.05),
            spine_m=0.20 * size * rng.uniform(0.95, 1.05),
        )
