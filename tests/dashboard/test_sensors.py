"""What a sensor's card says: how its link is and was, and what follows from what its family lacks."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.lacks import meanings
from analysis.model import Segment
from analysis.schema import LinkStatus, Status
from dashboard.health import Health
from dashboard.sensors import as_html

NOW = 1_780_000_000.0


def card(*, heard: bool = True, state: str = "streaming", **more: Any) -> str:
    link = LinkStatus(segment=Segment.PELVIS, sensor_id="x", name="Polar <H10>", family="f", state=state, **more)
    bridge = Status(part="bridge", online=True, at=NOW if heard else NOW - 60.0, links=[link])
    return as_html(link, Health(bridge=bridge, service=None, session_source="radio", quality=0, now=NOW))


def test_what_a_sensor_lacks_is_told_with_what_follows() -> None:
    told = card(lacks=["counter", "gyroscope"])
    assert "No gyroscope: angles in movement are rough; turning, twist and whether it is worn are not told." in told
    assert told.index("No gyroscope") < told.index("No counter")
    assert "&lt;H10&gt;" in told
    assert "No " not in card()


def test_a_fused_sensor_lacks_its_raw_samples_and_not_a_gyroscope() -> None:
    assert [told.partition(":")[0] for told in meanings(["clock", "gyroscope", "raw accelerations"])] == [
        "no raw accelerations",
        "no clock",
    ]


@pytest.mark.parametrize(("losses", "told"), [(0, ""), (1, "out of reach once"), (3, "out of reach 3\u00a0times")])
def test_how_often_it_was_lost(losses: int, told: str) -> None:
    assert told in card(losses=losses)
    assert ("out of reach" in card(losses=losses)) is bool(told)


def test_how_long_it_is_away() -> None:
    assert "✕ Lost for 34 s" in card(state="lost", away_s=34.2, losses=1)
    assert "✕ Lost for 3 min" in card(state="lost", away_s=180.0, losses=1)
    assert "○ Not heard" in card(heard=False, state="lost", away_s=34.2)


def test_battery_loss_and_rate() -> None:
    told = card(rate_hz=49.96, samples=990, lost=10, battery_percent=12, clock_residual_ms=1.26)
    assert "50.0\u00a0Hz · loss 1.00\u00a0% · clock ±1.3\u00a0ms · battery 12\u00a0% — low" in told
    assert "no samples now" in card()
    assert "battery not told" in card()
