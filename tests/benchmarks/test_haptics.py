"""A prompt is felt: from the policy through MQTT, the bridge and the virtual radio to both motors."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.io.reader import Reader
from benchmarks import haptics
from benchmarks.breaks_over_mqtt import settings_in
from hardware.firmware import wire


@pytest.mark.system
async def test_both_sensors_feel_each_prompt_in_its_own_pattern(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, {})
    felt = await haptics.rounds(settings, 3, speed=4.0)
    assert [(one.kind, one.pattern) for one in felt] == [
        ("micro", wire.BUZZ_STAND_UP),
        ("micro", wire.BUZZ_STAND_UP),
        ("shift", wire.BUZZ_TWICE),
        ("shift", wire.BUZZ_TWICE),
        ("active", wire.BUZZ_STAND_UP),
        ("active", wire.BUZZ_STAND_UP),
    ]
    with Reader(settings.store_url) as reader:
        session = reader.newest_session("simulated")
        assert session is not None
        kept = {(one.notifier, one.delivered) for one in reader.deliveries(session)}
    assert kept == {("buzz", True)}  # and nobody real was told of a simulation
