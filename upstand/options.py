"""What every command of `upstand` takes alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analysis.io import settings as settings_file
from analysis.io.settings import Settings
from upstand import process

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Settings file; default ./upstand.toml if it is there.")
]


def settings_of(config: Path | None) -> Settings:
    """What is set, with bugs from here on told in one sentence. Raises PostureError for a file that is wrong."""
    settings = settings_file.load(config)
    process.hide_tracebacks(settings.data_dir / "logs" / "crash.log")
    return settings
