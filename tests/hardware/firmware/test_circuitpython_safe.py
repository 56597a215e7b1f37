"""Every module of the firmware is one that CircuitPython can run: by what it imports and the language it uses."""

from __future__ import annotations

import ast
import tokenize
from itertools import pairwise
from pathlib import Path

import pytest

from hardware.firmware import wire

FOLDER = Path(wire.__file__).parent
MODULES = sorted(FOLDER.glob("*.py"))
PURE = {"struct", "binascii"}
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
        if isinstance(node, ast.Slice):
            assert node.step is None, ast.unparse(node)
        if isinstance(node, ast.FormattedValue):
            assert not any(isinstance(inner, ast.JoinedStr) for inner in ast.walk(node.value)), ast.unparse(node)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_no_formatted_string_leans_on_another(path: Path) -> None:
    """MicroPython joins them first and formats them then."""
    with path.open("rb") as file:
        tokens = [
            token for token in tokenize.tokenize(file.readline) if token.type not in (tokenize.NL, tokenize.COMMENT)
        ]
    for one, other in pairwise(tokens):
        if one.type == other.type == tokenize.STRING:
            assert "f" not in (one.string[0].lower(), other.string[0].lower()), one.line


def test_only_the_board_knows_the_boards_modules() -> None:
    """So everything but pins, radio and ciphers runs on a computer."""
    for path in MODULES:
        if path.name not in ("code.py", "boot.py"):
            assert not imported(ast.parse(path.read_text(encoding="utf-8"))) & (BOARD - {"os"})
