"""Every variant of the banner."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from analysis.model import Quality, Segment
from analysis.schema import LinkStatus, Status
from dashboard import banner
from dashboard.health import Health, Notice, Weight, loss_percent, notices

NOW = 1_780_000_000.0


def _link(segment: Segment = Segment.PELVIS, state: str = "streaming", **more: Any) -> LinkStatus:
    return LinkStatus(segment=segment, sensor_id="x", name="Upstand", family="upstand", state=state, **more)


def _bridge(*links: LinkStatus, source: str = "radio", **more: Any) -> Status:
    told = list(links) or [_link(Segment.PELVIS), _link(Segment.LUMBAR)]
    known = {"online": True, "at": NOW - 1.0, **more}
    return Status(part="bridge", source=source, links=told, **known)


SERVICE = Status(part="service", online=True, at=NOW - 1.0)
WELL = Health(bridge=_bridge(), service=SERVICE, session_source="radio", quality=0, now=NOW)


def _only(health: Health) -> Notice:
    (notice,) = notices(health)
    return notice


def test_nothing_is_said_when_all_is_well() -> None:
    assert notices(WELL) == []
    assert WELL.is_live


def test_a_simulated_wearer_is_named_with_the_reason() -> None:
    note = "No sensor answered within 8 s."
    notice = _only(replace(WELL, bridge=_bridge(source="simulated", note=note)))
    assert notice == Notice(Weight.MADE_UP, "SIMULATED — no real sensor is worn", note)


def test_simulated_history_stays_marked_when_everything_has_stopped() -> None:
    stopped = Health(bridge=None, service=None, session_source="simulated", quality=0, now=NOW)
    assert [notice.weight for notice in notices(stopped)] == [Weight.MADE_UP, Weight.PROBLEM]


def test_a_replay_is_named() -> None:
    assert _only(replace(WELL, bridge=_bridge(source="replay"))).title == "REPLAY of a recording"


def test_a_replay_that_has_ended_is_no_fault() -> None:
    over = replace(WELL, bridge=_bridge(source="replay", online=False))
    assert _only(over).title == "REPLAY of a recording, which has ended"


def test_an_empty_store_says_how_to_start() -> None:
    notice = _only(Health(bridge=None, service=None, session_source="", quality=0, now=NOW))
    assert "`upstand run`" in notice.text


@pytest.mark.parametrize(
    "service",
    [None, Status(part="service", online=False, at=NOW - 1.0), Status(part="service", online=True, at=NOW - 10.5)],
)
def test_without_a_service_nothing_but_that_is_said(service: Status | None) -> None:
    health = replace(WELL, service=service, quality=int(Quality.NOT_CALIBRATED))
    assert _only(health).title == "The analysis is not running"
    assert not health.is_live


@pytest.mark.parametrize("bridge", [None, _bridge(online=False), _bridge(at=NOW - 900.0)])
def test_without_a_bridge_it_says_so(bridge: Status | None) -> None:
    health = replace(WELL, bridge=bridge)
    assert _only(health).title == "The bridge to the sensors is not running"
    assert not health.is_live


def test_how_long_it_has_been_silent_is_told() -> None:
    assert "for 15 min" in _only(replace(WELL, bridge=_bridge(at=NOW - 900.0))).text
    assert "for 2 days" in _only(replace(WELL, bridge=_bridge(at=NOW - 2 * 86400.0))).text


def test_a_last_will_knows_no_time() -> None:
    assert _only(replace(WELL, bridge=_bridge(online=False, at=0.0))).text.startswith("No movement has come in. ")


def test_what_the_parts_say_themselves_is_passed_on() -> None:
    notice = _only(replace(WELL, bridge=_bridge(note="The disk is full; free some space.")))
    assert notice == Notice(Weight.ADVICE, "", "The disk is full; free some space.")
    assert "<b>" not in banner.as_html(notice)


def test_a_clock_that_runs_ahead_is_no_fault() -> None:
    assert replace(WELL, bridge=_bridge(at=NOW + 20_000.0)).is_live


def test_a_lost_sensor_is_a_problem_named_by_its_place() -> None:
    health = replace(WELL, bridge=_bridge(_link(Segment.PELVIS), _link(Segment.LUMBAR, "lost")))
    assert _only(health).weight is Weight.PROBLEM
    assert _only(health).title == "The lumbar sensor is lost"
    assert health.is_live  # the pelvis is still measured


def test_no_sensor_at_all() -> None:
    bridge = Status(part="bridge", online=True, at=NOW, source="radio")
    assert _only(replace(WELL, bridge=bridge)).title == "No sensor has been found yet"


@pytest.mark.parametrize(("percent", "is_told"), [(15, True), (16, False), (None, False)])
def test_a_low_battery_is_told(percent: int | None, is_told: bool) -> None:
    health = replace(WELL, bridge=_bridge(_link(battery_percent=percent)))
    assert bool(notices(health)) is is_told


def test_a_sensor_that_is_not_worn() -> None:
    assert "does not seem to be worn" in _only(replace(WELL, bridge=_bridge(_link(worn=False)))).title


def test_without_a_calibration_it_says_what_to_do() -> None:
    notice = _only(replace(WELL, quality=int(Quality.NOT_CALIBRATED)))
    assert "Stand upright and still" in notice.text
    assert "press Calibrate" in notice.text


def test_the_heaviest_comes_first() -> None:
    health = replace(
        WELL,
        bridge=_bridge(_link(battery_percent=3), _link(Segment.LUMBAR, "lost"), source="simulated"),
        quality=int(Quality.NOT_CALIBRATED),
    )
    weights = [notice.weight for notice in notices(health)]
    assert weights == sorted(weights)
    assert weights[:2] == [Weight.MADE_UP, Weight.PROBLEM]


def test_what_comes_from_outside_is_escaped() -> None:
    html = banner.as_html(Notice(Weight.MADE_UP, "<b>", "<script>alert(1)</script> `upstand run`"))
    assert "<script>" not in html
    assert "<code>upstand run</code>" in html


def test_loss() -> None:
    assert loss_percent(_link(samples=99, lost=1)) == pytest.approx(1.0)
    assert math.isnan(loss_percent(_link()))  # before the first sample


def test_a_desk_without_sensors_is_no_problem_and_says_so() -> None:
    service = Status(part="service", online=True, at=NOW, source="desk")
    alone = Health(bridge=None, service=service, session_source="desk", quality=0, now=NOW)
    [notice] = notices(alone)
    assert (notice.weight, notice.title) == (Weight.ADVICE, "No sensor is worn")
    assert alone.is_counting
    assert not alone.is_live
    assert not replace(alone, now=NOW + 60.0).is_counting
    [stopped] = notices(replace(alone, now=NOW + 60.0))
    assert stopped.title == "The analysis is not running"
