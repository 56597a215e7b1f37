"""For all tests: where everything is meant to be installed, a test that was skipped has failed."""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import settings

settings.register_profile("unhurried", settings.default, deadline=None)  # no test fails because a machine is slow
settings.load_profile("unhurried")

collect_ignore = [] if sys.platform == "linux" else ["bluez"]  # its D-Bus library is there on Linux alone


def pytest_sessionfinish(session: pytest.Session) -> None:
    """On a continuous-integration machine (CI is set) nothing may be skipped: `.ci/run` installs what tests need."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter is not None else []
    if os.environ.get("CI") and skipped:
        reporter.write_line(f"{len(skipped)} skipped: nothing may be skipped where CI is set", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
