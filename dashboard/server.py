"""How the dashboard's server is started."""

from __future__ import annotations

import sys
from pathlib import Path

from analysis.io.settings import Settings
from dashboard import theme

APP = Path(__file__).parent / "start" / "app.py"
SHOW_WEARER = "UPSTAND_SHOW_WEARER"  # in the server's environment: whose measurements are shown, whoever is measured

# Nobody outside is told anything, a person never sees a traceback, and no file is watched on a machine at work.
_OPTIONS = {
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "server.runOnSave": "false",
    "server.showEmailPrompt": "false",
    "browser.gatherUsageStats": "false",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": "false",
    "client.toolbarMode": "viewer",
    "global.developmentMode": "false",
    "logger.level": "warning",
}


def command(settings: Settings) -> list[str]:
    """The argument list that starts the dashboard on its address and port; it runs until it is ended."""
    options = _OPTIONS | theme.OPTIONS
    options["server.address"] = settings.dashboard.address
    options["server.port"] = str(settings.dashboard.port)
    return [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(APP),
        *(f"--{name}={value}" for name, value in options.items()),
    ]
