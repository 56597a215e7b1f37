"""How the server is started, and that nothing of ours hides a module of somebody else's."""

from __future__ import annotations

import sys
from pathlib import Path
from pkgutil import iter_modules

import pytest
import streamlit.config
from streamlit.web import cli

import dashboard
from analysis.io.settings import DashboardSettings, Settings
from dashboard import server


@pytest.fixture
def options() -> dict[str, str]:
    settings = Settings(dashboard=DashboardSettings(address="127.0.0.1", port=8600))
    arguments = server.command(settings)
    assert arguments[:4] == [sys.executable, "-m", "streamlit", "run"]
    assert Path(arguments[4]).is_file()
    return dict(argument.removeprefix("--").split("=", 1) for argument in arguments[5:])


def test_it_serves_where_the_settings_say(options: dict[str, str]) -> None:
    assert options["server.address"] == "127.0.0.1"
    assert options["server.port"] == "8600"


def test_nobody_is_told_anything_and_no_traceback_is_shown(options: dict[str, str]) -> None:
    assert options["browser.gatherUsageStats"] == "false"
    assert options["client.showErrorDetails"] == "none"
    assert options["server.headless"] == "true"


def test_streamlit_knows_every_option(options: dict[str, str]) -> None:
    accepted = {parameter.name.replace("_", ".") for parameter in cli.main_run.params}
    unknown = {name for name in options if name not in accepted}
    assert not unknown
    assert set(options) <= set(streamlit.config.get_config_options())


def test_no_module_of_the_dashboard_hides_another() -> None:
    """`streamlit run dashboard/app.py` puts dashboard/ first on the path."""
    assert not (server.APP.parent / "pages").exists()
    ours = {module.name for module in iter_modules(dashboard.__path__)}
    roots = {path.name for path in Path(dashboard.__path__[0]).parent.iterdir() if (path / "__init__.py").is_file()}
    assert not ours & (set(sys.stdlib_module_names) | roots)
