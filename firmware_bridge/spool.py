"""The outbox's copy on disk, so that a crash of the bridge loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from io import FileIO
from pathlib import Path

from analysis.errors import SchemaError
from analysis.schema import Samples, decode
from firmware_bridge import records
from firmware_bridge.outbox import Letter

SPARE_BYTES = 256 * 1024  # the file is rewritten once it holds this much, and twice what is needed, too much
LETTER_BYTES = 420  # a block of 13 samples as it stands in the file


class Spool:
    """A file of letters that grows, and is rewritten with what is still held when it has grown too much.

    Where the disk refuses, letters live in memory alone, `problem` says so, and the next rewriting tries again.
    """

    def __init__(self, path: Path) -> None:
        self.problem = ""
        self._path = path
        self._file: FileIO | None = None
        self._bytes = 0

    def load(self) -> list[Letter]:
        """What an earlier run left, up to a torn end; the file is opened for more."""
        letters = []
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                for record in records.read(self._path):
                    with suppress(SchemaError):  # of another version: nobody could store it
                        samples = decode(record, Samples)
                        letters.append(Letter(samples.session_id, samples.segment, samples.seq, record))
        except OSError as error:
            self._fail(error)
        self.rewrite(letters)
        return letters

    def append(self, letter: Letter) -> None:
        if self._file is None:
            return
        record = records.framed(letter.payload)
        try:
            written = self._file.write(record)
        except OSError as error:
            self._fail(error)
            return
        self._bytes += len(record)
        if written != len(record):
            self._fail(OSError("the disk is full"))

    def tidy(self, letters: Callable[[], Iterable[Letter]], held: int) -> None:
        """Rewrite the file with `letters()`, of which `held` are held, where it has grown far beyond them."""
        if self._file is not None and self._bytes > SPARE_BYTES + 2 * held * LETTER_BYTES:
            self.rewrite(letters())

    def rewrite(self, letters: Iterable[Letter]) -> None:
        """The file holds `letters` and nothing else."""
        self.close()
        draft = self._path.with_suffix(".draft")
        content = b"".join(records.framed(letter.payload) for letter in letters)
        try:
            draft.write_bytes(content)
            draft.replace(self._path)
            self._file = self._path.open("ab", buffering=0)
            self._bytes = len(content)
            self.problem = ""
        except OSError as error:
            self._fail(error)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _fail(self, error: OSError) -> None:
        self.close()
        reason = error.strerror or str(error)
        self.problem = (
            f"{self._path.parent} cannot be written ({reason}), so a crash would lose what waits; free space there."
        )
