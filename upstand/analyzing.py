"""`upstand analyze`: the analysis service over this install's store."""

from __future__ import annotations

import asyncio
import math
from functools import partial
from pathlib import Path

from analysis.errors import PostureError
from analysis.io.desk import probes
from analysis.io.mqtt import LOOPBACK, resolve
from analysis.io.notify import Notifier, notifiers
from analysis.io.rules_file import RulesFile
from analysis.io.settings import Settings, file_of, load
from analysis.io.store import Store
from analysis.io.watching import DeskWatch, Watching
from analysis.pipeline import PipelineSettings
from analysis.service import Service, connect


def pipeline_settings(settings: Settings) -> PipelineSettings:
    """What the pipeline is told of the settings file."""
    height_m = math.nan if settings.body.height_m is None else settings.body.height_m
    return PipelineSettings(settings.breaks.rules(), height_m=height_m)


def chosen_notifiers(settings: Settings) -> dict[str, Notifier]:
    """All there are. Raises PostureError for a level that is set of none of them."""
    found = notifiers()
    unknown = sorted(settings.notify.levels.keys() - found.keys())
    if unknown:
        raise PostureError(
            f"There is no notifier {unknown[0]!r}; `levels` under [notify] in upstand.toml knows {', '.join(found)}."
        )
    return found


async def analyze_samples(
    settings: Settings, stop: asyncio.Event, config: Path | None = None, *, is_made_up: bool = False
) -> None:
    """Runs until `stop`; `is_made_up`: for a simulated or replayed wearer, so that nobody need sit at this desk.

    Raises PostureError where the store cannot be used, or the settings make no sense.
    """
    told_by = chosen_notifiers(settings)
    is_here = settings.mqtt.host in ("", LOOPBACK, "localhost")
    with Store.open(settings.store_url) as store:
        service = Service(
            store,
            connect(resolve(settings), settings.wearer),
            pipeline_settings(settings),
            told_by,
            wearer=settings.wearer,
            raw_days=settings.store.raw_days,
            watching=Watching(DeskWatch(probes(), settings.desk), is_here=is_here),
            alone=not is_made_up if settings.desk.alone is None else settings.desk.alone,
            rules_file=RulesFile(file_of(config), partial(load, config)),
            notify=settings.notify,
        )
        await service.run(stop)
