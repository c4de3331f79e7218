"""A house in which a stranger finds the right file in a minute: how large files and functions may be."""

import ast
from pathlib import Path
from statistics import median, quantiles

from tests.checkout import ROOT

ROOMS = ("domain", "casestore", "cti", "casework", "ivr", "screenpop", "svarklar", "phone")


def sources() -> list[Path]:
    found = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    return [path for path in found if "migrations" not in path.parts and "node_modules" not in path.parts]


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def function_lengths(path: Path) -> list[int]:
    """Lines of each function's body, its docstring left out."""
    lengths = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            words = node.body[0] if ast.get_docstring(node) else None
            spoken = words.end_lineno - words.lineno + 1 if words and words.end_lineno else 0
            lengths.append(node.end_lineno - node.lineno + 1 - spoken)
    return lengths


def test_no_file_has_more_than_300_lines_and_half_have_no_more_than_120():
    sizes = {str(path.relative_to(ROOT)): lines_of(path) for path in sources()}
    assert {name: size for name, size in sizes.items() if size > 300} == {}
    assert median(size for size in sizes.values() if size > 5) <= 120  # an __init__ is no file to read


def test_nine_functions_of_ten_have_at_most_20_lines():
    lengths = [length for path in sources() for length in function_lengths(path)]
    assert quantiles(lengths, n=10)[-1] <= 20


def test_no_room_has_a_drawer_for_whatever_else_there_is():
    drawers = {"common", "util", "utils", "helpers", "misc"}
    assert [path for path in sources() if drawers & {path.stem, *path.parts}] == []
