"""Every module of the firmware is one that CircuitPython can run: by what it imports and the language it uses."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from hardware.firmware import wire

FOLDER = Path(wire.__file__).parent
MODULES = sorted(FOLDER.glob("*.py"))
PURE = {"struct"}
BOARD = {"hashlib", "os", "time", "_bleio", "aesio", "analogio", "board", "busio", "digitalio", "microcontroller"}
MAY_IMPORT = {"code.py": PURE | BOARD | {"watchdog"}, "boot.py": {"board", "digitalio", "storage"}, "folder.py": {"os"}}
# Not in MicroPython's grammar, or not in its core
FOREIGN = (ast.Match, ast.AnnAssign, ast.AsyncFunctionDef, ast.Await, ast.NamedExpr, ast.TryStar)


def imported(tree: ast.Module) -> set[str]:
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return names | {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_module(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    ours = {name for name in imported(tree) if name.startswith("hardware.firmware")}
    assert imported(tree) - ours <= MAY_IMPORT.get(path.name, PURE)
    for node in ast.walk(tree):
        assert not isinstance(node, FOREIGN), ast.unparse(node)
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            assert not any(isinstance(item, ast.Starred) for item in node.elts), ast.unparse(node)
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            decorators = {ast.unparse(decorator) for decorator in node.decorator_list}
            assert {name for name in decorators if not name.endswith(".setter")} <= {"property"}
        if isinstance(node, ast.FunctionDef):
            assert not node.args.posonlyargs
        if isinstance(node, ast.keyword):
            assert node.arg != "strict"


def test_only_the_board_knows_the_boards_modules() -> None:
    """So everything but pins, radio and ciphers runs on a computer."""
    for path in MODULES:
        if path.name not in ("code.py", "boot.py"):
            assert not imported(ast.parse(path.read_text(encoding="utf-8"))) & (BOARD - {"os"})
