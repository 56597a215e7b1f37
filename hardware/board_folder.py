"""The one folder that is copied to the board: `python -m hardware.board_folder build/upstand-sensor`.

CircuitPython looks for code.py and boot.py at the top of its drive and for modules below it, by the names that they
have here.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

_FIRMWARE = Path(__file__).parent / "firmware"
_PROGRAMS = ("code.py", "boot.py")


def assemble(folder: Path) -> list[Path]:
    """Make it anew; returns its files. Raises FileExistsError for a folder that holds anything else."""
    modules = folder / "hardware" / "firmware"
    wanted = {folder / name: _FIRMWARE / name for name in _PROGRAMS}
    wanted |= {modules / path.name: path for path in _FIRMWARE.glob("*.py") if path.name not in _PROGRAMS}
    wanted[folder / "hardware" / "__init__.py"] = _FIRMWARE.parent / "__init__.py"
    strangers = [path for path in folder.rglob("*") if path.is_file() and path not in wanted]
    if strangers:
        raise FileExistsError(f"{strangers[0]} is none of the firmware's files; name another folder")
    modules.mkdir(parents=True, exist_ok=True)
    for target, source in wanted.items():
        shutil.copyfile(source, target)
    return sorted(wanted)


if __name__ == "__main__":
    try:
        made = assemble(Path(sys.argv[1] if len(sys.argv) > 1 else "build/upstand-sensor"))
    except FileExistsError as error:
        raise SystemExit(str(error)) from error
    print(f"{len(made)} files, {sum(path.stat().st_size for path in made)} bytes")  # noqa: T201 - a command's result
