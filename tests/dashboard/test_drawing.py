"""The side view: its geometry, and that it is drawable."""

from __future__ import annotations

import itertools
import math
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import drawing, theme

_angles = st.floats(-60, 60)


def test_upright_is_a_lordosis_with_its_hollow_behind() -> None:
    chain = drawing.vertebrae(0.0, 0.0)
    assert len(chain) == 5
    assert [v.y for v in chain] == sorted((v.y for v in chain), reverse=True)  # L5 lowest
    assert chain[0].lean_deg > 0 > chain[-1].lean_deg  # L5 leans forward, L1 back
    assert max(v.x for v in chain[1:-1]) > max(chain[0].x, chain[-1].x)  # bulges to the front


@given(tilt=_angles, lordosis=_angles)
def test_the_ends_turn_by_the_measured_angles(tilt: float, lordosis: float) -> None:
    upright, chain = drawing.vertebrae(0.0, 0.0), drawing.vertebrae(tilt, lordosis)
    assert chain[0].lean_deg - upright[0].lean_deg == pytest.approx(tilt)
    assert (chain[0].lean_deg - chain[-1].lean_deg) - (upright[0].lean_deg - upright[-1].lean_deg) == pytest.approx(
        lordosis
    )


@given(tilt=_angles, lordosis=_angles)
def test_vertebrae_keep_their_distance(tilt: float, lordosis: float) -> None:
    chain = drawing.vertebrae(tilt, lordosis)
    steps = [math.dist((a.x, a.y), (b.x, b.y)) for a, b in itertools.pairwise(chain)]
    assert steps == pytest.approx([steps[0]] * 4)


@given(tilt=st.floats(-40, 35), lordosis=st.floats(-40, 10))
def test_who_leans_is_still_in_the_picture(tilt: float, lordosis: float) -> None:
    root = ET.fromstring(drawing.side_view(tilt, lordosis, theme.LIGHT))
    left, top, width, height = (float(number) for number in root.attrib["viewBox"].split())
    for one in drawing.vertebrae(tilt, lordosis):
        assert left + 10 < one.x < left + width - 10
        assert top + 10 < one.y < top + height


@given(tilt=_angles | st.just(math.nan), lordosis=_angles)
def test_every_drawing_is_well_formed_and_draws_only_what_is_known(tilt: float, lordosis: float) -> None:
    root = ET.fromstring(drawing.side_view(tilt, lordosis, theme.DARK))
    groups = {element.get("id"): list(element) for element in root}
    assert bool(groups["live"]) is math.isfinite(tilt)
    assert len(groups["upright"]) == 1 + 5  # the pelvis and the vertebrae


def test_the_drawing_is_told_in_words_too() -> None:
    assert drawing.told(-12.2, 4.8) == "Side view: pelvis -12°, lumbar curve +5° from your upright"
    assert "unknown" in drawing.told(math.nan, 0.0)
