"""A simulated wearer with two chest straps for sensors: over the virtual radio, through the link, into the pipeline."""

from __future__ import annotations

import asyncio
from random import Random

import numpy as np

from analysis.model import Activity, CalibrateRequest, Event, PostureFrame, Quality, Segment, SessionEnd, Stance
from analysis.pipeline import Pipeline, PipelineSettings
from analysis.schema import Samples, block_of
from benchmarks.impersonated import DRIVERS
from firmware_bridge.ble import Ble
from firmware_bridge.choose import choose
from firmware_bridge.link import Link
from firmware_bridge.numbering import Session
from hardware.twin.clock import PacedClock
from hardware.twin.moves import Hold, Rise, SitDown, Walk
from hardware.twin.peripherals.polar import PolarPeripheral
from hardware.twin.script import of_moves
from hardware.twin.stage import Stage
from hardware.twin.wearer import Wearer

SCRIPT = of_moves("straps", Hold(15.0), SitDown(), Hold(14.0), Rise(), Walk(15.0), Hold(6.0))
WISHES = {Segment.PELVIS: "Polar H10 P", Segment.LUMBAR: "Polar H10 L"}


async def told_by_straps(wearer: Wearer) -> tuple[list[Samples], dict[Segment, Link]]:
    """What two H10 tell of the whole script."""
    straps = [
        PolarPeripheral(name, wearer.source(segment, 50.0), has_gyroscope=False) for segment, name in WISHES.items()
    ]
    clock, blocks, links = PacedClock(30.0), list[Samples](), dict[Segment, Link]()
    async with Stage(clock, straps) as stage:
        ble = Ble(stage.scanner_backend, stage.client_backend)
        known = {"polar_h10": DRIVERS["polar_h10"]}
        seen = await ble.scan(5.0, lambda seen: len(choose(seen, known, WISHES)) == len(straps))
        for segment, chosen in choose(seen, known, WISHES).items():
            links[segment] = Link(
                segment,
                lambda _seen, _anew: None,
                chosen=chosen,
                session=Session("s", 0.0, "simulated"),
                rate_hz=52.0,
                radio=ble,
                now=clock.now,
                out=blocks.append,
                changed=lambda: None,
                rng=Random(1),
            )
        tasks = [asyncio.create_task(link.run()) for link in links.values()]
        await asyncio.wait_for(stage.run(), 90)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return blocks, links


async def test_who_wears_two_straps_is_told_to_sit_stand_and_walk() -> None:
    wearer = Wearer(SCRIPT, 7)
    blocks, links = await told_by_straps(wearer)
    assert all(link.status().lost == link.status().bad_packets == 0 for link in links.values())
    pipeline = Pipeline(PipelineSettings())
    outputs = pipeline.feed(CalibrateRequest(2.0, 9.0, Stance.STANDING))
    for block in sorted(map(block_of, blocks), key=lambda block: float(block.t[-1])):
        outputs += pipeline.feed(block)
    outputs += pipeline.feed(SessionEnd(SCRIPT.end_s))
    frames = [output for output in outputs if isinstance(output, PostureFrame)]
    t, activity, tilt, speed, quality = (
        np.concatenate(columns)
        for columns in zip(
            *((f.t, f.activity, f.values["pelvic_tilt"], f.values["pelvis_speed"], f.quality) for f in frames),
            strict=True,
        )
    )
    truth = wearer.truth(t)
    for doing, from_s in ((Activity.STANDING, 14.0), (Activity.SITTING, 29.0), (Activity.WALKING, 44.0)):
        shown = (t > from_s) & (t < from_s + 0.9)
        assert (truth.activity[shown] == doing).all()
        assert (activity[shown] == doing).all()
    held = (t > 21.0) & (t < 29.0)
    assert np.abs(tilt[held] - truth.pelvic_tilt_deg[held]).max() < 3.0
    assert np.isnan(speed).all()
    assert (quality & Quality.NO_GYROSCOPE).all()
    assert any(isinstance(output, Event) and output.kind == "rise" for output in outputs)
