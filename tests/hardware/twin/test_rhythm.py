"""The simulated gait against the literature and against recorded people: what happens when within a stride."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import pytest

from analysis import quaternion
from analysis.model import GRAVITY, Floats, Segment
from benchmarks.gait import bouts_of
from hardware.twin.moves import Hold
from hardware.twin.script import of_moves
from hardware.twin.steps_ahead import StepsAhead
from hardware.twin.wearer import Wearer

SHARED = Path(os.environ.get("UPSTAND_SHARED", Path(__file__).parents[4] / "shared")) / "data" / "mobgap_example"
AGREE_DEG = 40.0  # how far apart recorded walks are, too


def phases_deg(t: Floats, contacts_s: Floats, forward: Floats, left: Floats, up: Floats, turning: Floats) -> Floats:
    """(4,) of the step's forward and upward force and the stride's force to the left and turning, 0 at a contact.

    The stride begins with the foot from which the first of them pushes the body away: without an own word on feet.
    """
    inside = (t >= contacts_s[1]) & (t <= contacts_s[-2])
    angle = np.interp(t[inside], contacts_s, np.pi * np.arange(len(contacts_s)))
    waves = np.stack(
        [wave(n * angle) for n in (1, 2, 3, 4) for wave in (np.cos, np.sin)] + [np.ones(len(angle))], axis=1
    )

    def phase_deg(of: Floats, harmonic: int) -> float:
        fit = np.linalg.lstsq(waves, of[inside], rcond=None)[0]
        return math.degrees(math.atan2(-fit[2 * harmonic - 1], fit[2 * harmonic - 2]))

    sideways_deg, turned_deg = phase_deg(left, 1), phase_deg(turning, 1)
    other = 180.0 if sideways_deg < 0.0 else 0.0
    return np.array([phase_deg(forward, 2), phase_deg(up, 2), sideways_deg + other, turned_deg + other])


def simulated_deg(segment: Segment, cadence_spm: float) -> Floats:
    wearer = Wearer(of_moves("ahead", Hold(3.0), StepsAhead(12, cadence_spm), Hold(2.0)), 3)
    t = np.arange(0.0, wearer.script.end_s, 0.01)
    acc, gyr = wearer.ideal(segment, t)
    q = wearer.truth(t).q[segment]
    force, rate = quaternion.rotate(q, acc), quaternion.rotate(q, gyr)
    ahead = quaternion.rotate(q, np.broadcast_to(np.array([1.0, 0.0, 0.0]), (len(t), 3)))
    z = (force[:, 0] + 1j * force[:, 1]) * (ahead[:, 0] - 1j * ahead[:, 1])
    contacts_s = wearer.contacts(wearer.script.end_s)[2:-2]
    return phases_deg(t, contacts_s, z.real, z.imag, force[:, 2] - GRAVITY, rate[:, 2])


def apart_deg(one: Floats, other: Floats) -> Floats:
    apart: Floats = np.abs((one - other + 180.0) % 360.0 - 180.0)
    return apart


@pytest.mark.parametrize("segment", list(Segment))
@pytest.mark.parametrize("cadence_spm", [96.0, 112.0])
def test_a_contact_loads_brakes_and_pushes_to_the_other_side(segment: Segment, cadence_spm: float) -> None:
    """Up is highest, forward falls through zero, so does the push aside, and the pelvis turned fastest just before."""
    found = simulated_deg(segment, cadence_spm)
    expected = np.array([90.0, 0.0, 90.0, -150.0])
    told = slice(0, 4) if segment is Segment.PELVIS else slice(0, 3)  # T12 turns against the pelvis, and less
    assert apart_deg(found, expected)[told].max() < AGREE_DEG


@pytest.mark.recordings
@pytest.mark.skipif(not SHARED.is_dir(), reason="the recordings are not here; set UPSTAND_SHARED")
def test_recorded_people_do_the_same() -> None:
    walks = [bout for bout in bouts_of(SHARED) if "Test5" in bout.name]
    assert len(walks) == 4
    simulated = simulated_deg(Segment.PELVIS, 105.0)
    for walk in walks:
        (track,) = walk.tracks
        found = phases_deg(track.t, walk.contacts_s, track.forward, track.left, track.up, track.turning)
        assert apart_deg(found, simulated).max() < AGREE_DEG, walk.name
