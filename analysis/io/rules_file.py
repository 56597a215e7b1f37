"""The rules of breaks as the settings file has them at present: what is changed in it holds without a restart."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from analysis.breaks.types import BreakRules
from analysis.errors import PostureError
from analysis.io.settings import Settings

_log = logging.getLogger(__name__)


class RulesFile:
    """`note` says what is wrong with the file as it is; the rules before that go on to hold."""

    def __init__(self, file: Path, load: Callable[[], Settings]) -> None:
        self.note = ""
        self._file = file
        self._load = load
        self._seen = self._stamp()

    def changed(self) -> BreakRules | None:
        """The new rules, once for each change of the file; None where there are none."""
        stamp = self._stamp()
        if stamp == self._seen:
            return None
        self._seen = stamp
        try:
            rules = self._load().breaks.rules()
        except PostureError as error:
            self.note = f"{error} Until then the breaks are as they were."
            _log.warning("%s", self.note)
            return None
        self.note = ""
        _log.info("%s was changed; its breaks hold from now on", self._file)
        return rules

    def _stamp(self) -> tuple[int, int, int] | None:
        """Another one whenever the file was written; None where there is none."""
        try:
            found = self._file.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino
