"""`upstand analyze`: the analysis service over this install's store."""

from __future__ import annotations

import asyncio
import math

from analysis.io.desk import probes
from analysis.io.mqtt import LOOPBACK, resolve
from analysis.io.notify import notifiers
from analysis.io.settings import Settings
from analysis.io.store import Store
from analysis.io.watching import DeskWatch, Watching
from analysis.pipeline import PipelineSettings
from analysis.service import Service, connect


def pipeline_settings(settings: Settings) -> PipelineSettings:
    """What the pipeline is told of the settings file."""
    height_m = math.nan if settings.body.height_m is None else settings.body.height_m
    return PipelineSettings(settings.breaks.rules(), height_m=height_m)


async def analyze_samples(settings: Settings, stop: asyncio.Event) -> None:
    """Runs until `stop`. Raises PostureError where the store cannot be used."""
    is_here = settings.mqtt.host in ("", LOOPBACK, "localhost")
    with Store.open(settings.store_url) as store:
        service = Service(
            store,
            connect(resolve(settings), settings.wearer),
            pipeline_settings(settings),
            notifiers(),
            wearer=settings.wearer,
            raw_days=settings.store.raw_days,
            watching=Watching(DeskWatch(probes(), settings.desk), is_here=is_here),
            notify=settings.notify,
        )
        await service.run(stop)
