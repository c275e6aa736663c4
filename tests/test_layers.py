"""The import directions that ARCHITECTURE.md promises, read from its two tables and proved on the source."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "provendor"
PAGE = ROOT / "ARCHITECTURE.md"


@dataclass(frozen=True)
class Rules:
    """What the page says: each module's row (rows count downwards), and who may import which library."""

    rows: dict[str, int]
    layers: tuple[int, ...]
    libraries: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Import:
    """One import: which module, where (`commands/prove.py:9`), and what, by its full dotted name."""

    module: str
    place: str
    target: str


def test_every_module_imports_only_what_stands_above_it():
    """The source keeps the order of ARCHITECTURE.md's table, also in functions and under TYPE_CHECKING."""
    assert violations(PACKAGE, read_rules(PAGE.read_text(encoding="utf-8"))) == []


def test_the_table_names_every_module_and_no_other():
    """A new module gets its row, and the row of a module that has gone goes with it."""
    rules = read_rules(PAGE.read_text(encoding="utf-8"))

    assert set(rules.rows) == {module for module in modules_below(PACKAGE) if module not in {"__init__", "__main__"}}


def test_layers_are_numbered_downwards():
    """The table can be read from top to bottom: no row belongs to a layer above its predecessor's."""
    layers = read_rules(PAGE.read_text(encoding="utf-8")).layers

    assert list(layers) == sorted(layers)


SMALL_PAGE = """
| layer | module | what it hides |
|---|---|---|
| 1 | `low` | things |
| 2 | `left`, `right` | other things |
| 3 | `cli` (+ `commands/`) | the top |

| library | imported by |
|---|---|
| `yaml` | `low` |
| `pytest` | `pytest_*` |
| `vcr` | nobody |
"""


@pytest.mark.parametrize(
    ("module", "code", "complaint"),
    [
        ("low", "from provendor.left import x", "low.py:1 imports left, which stands below it"),
        ("low", "from provendor import left", "low.py:1 imports left, which stands below it"),
        ("low", "def f():\n    import provendor.left", "low.py:2 imports left, which stands below it"),
        ("low", "if TYPE_CHECKING:\n    from provendor.left import x", "low.py:2 imports left, which stands below it"),
        ("left", "from provendor import right", "left.py:1 imports right, which stands beside it"),
        ("left", "from provendor.commands.prove import x", "left.py:1 imports commands, which stands below it"),
        ("left", "from .low import x", "left.py:1 imports relatively: write the whole name"),
        ("left", "from yaml import load", "left.py:1 imports yaml, which is for low alone"),
        ("low", "import pytest", "low.py:1 imports pytest, which is for pytest_* alone"),
        ("low", "import vcr.cassette", "low.py:1 imports vcr, which is for nobody"),
        ("low", "import numpy", "low.py:1 imports numpy, which ARCHITECTURE.md does not name"),
        ("stray", "", "stray has no row in ARCHITECTURE.md"),
    ],
)
def test_a_wrong_import_is_named_with_its_line(tmp_path: Path, module: str, code: str, complaint: str):
    """The measure itself is measured: each kind of wrong import is one complaint."""
    package = a_package(tmp_path, **{module: code})

    assert violations(package, read_rules(SMALL_PAGE)) == [complaint]


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("right", "from provendor.low import x\nfrom provendor import __version__\nimport json, os.path"),
        ("cli", "from provendor.commands import prove\nfrom provendor.left import x"),
        ("commands/prove", "from provendor.commands import arguments\nfrom provendor import low"),
        ("__main__", "from provendor.cli import main"),
        ("low", "import yaml"),
    ],
)
def test_a_right_import_is_no_complaint(tmp_path: Path, module: str, code: str):
    """Downwards, the standard library, the own package of commands, and a library in its module are fine."""
    assert violations(a_package(tmp_path, **{module: code}), read_rules(SMALL_PAGE)) == []


def a_package(folder: Path, **modules: str) -> Path:
    (folder / "commands").mkdir()
    for name, code in {"low": "", "left": "", "right": "", "cli": "", "commands/prove": "", **modules}.items():
        (folder / f"{name}.py").write_text(code, encoding="utf-8")
    return folder


def read_rules(page: str) -> Rules:
    """Read the two tables: `| layer | module | ...` and `| library | imported by |`."""
    rows: dict[str, int] = {}
    layers: list[int] = []
    libraries: dict[str, tuple[str, ...]] = {}
    for first, second in re.findall(r"^\| ([^|]+) \| ([^|]+) \|", page, re.MULTILINE):
        names = re.findall(r"`([\w*]+)/?`", second)
        if first.isdigit():
            layers.append(int(first))
            rows.update({name: len(layers) for name in names})
        elif library := re.fullmatch(r"`(\w+)`", first):
            libraries[library[1]] = tuple(names)
    return Rules(rows, tuple(layers), libraries)


def modules_below(package: Path) -> dict[str, list[Path]]:
    """Map each top-level module or subpackage of the package to its files."""
    found: dict[str, list[Path]] = {}
    for path in sorted(package.rglob("*.py")):
        found.setdefault(path.relative_to(package).parts[0].removesuffix(".py"), []).append(path)
    return found


def violations(package: Path, rules: Rules) -> list[str]:
    """Every import that the rules do not allow, as a sentence."""
    found: list[str] = []
    for module, paths in modules_below(package).items():
        # The package itself and `python -m provendor` stand outside the order: one imports nothing, one everything.
        if module not in rules.rows and module not in {"__init__", "__main__"}:
            found.append(f"{module} has no row in ARCHITECTURE.md")
        for path in paths:
            for imported in imports(module, path, path.relative_to(package).as_posix()):
                found.extend(complaints(imported, rules))
    return list(dict.fromkeys(found))


def imports(module: str, path: Path, name: str) -> Iterator[Import]:
    """Every import of a file, wherever in the file it stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (Import(module, f"{name}:{node.lineno}", alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            yield Import(module, f"{name}:{node.lineno}", ".")
        elif isinstance(node, ast.ImportFrom) and node.module == "provendor":
            yield from (Import(module, f"{name}:{node.lineno}", f"provendor.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield Import(module, f"{name}:{node.lineno}", str(node.module))


def complaints(imported: Import, rules: Rules) -> Iterator[str]:
    start = f"{imported.place} imports"
    library, _, rest = imported.target.partition(".")
    if imported.target == ".":
        yield f"{start} relatively: write the whole name"
    elif library == "provendor":
        yield from order_complaints(imported.module, rest.partition(".")[0], start, rules)
    elif library in rules.libraries:
        allowed = rules.libraries[library]
        if not any(fnmatchcase(imported.module, pattern) for pattern in allowed):
            yield f"{start} {library}, which is for {' and '.join(allowed) + ' alone' if allowed else 'nobody'}"
    elif library not in sys.stdlib_module_names:
        yield f"{start} {library}, which ARCHITECTURE.md does not name"


def order_complaints(module: str, target: str, start: str, rules: Rules) -> Iterator[str]:
    own, other = rules.rows.get(module), rules.rows.get(target)
    if own is None or other is None or module == target:
        return
    if other > own:
        yield f"{start} {target}, which stands below it"
    # A driver and the package of its commands share a row because they are one thing.
    elif other == own and {module, target} != {"cli", "commands"}:
        yield f"{start} {target}, which stands beside it"
