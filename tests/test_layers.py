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
MODULES = ROOT / "docs" / "reference" / "modules.md"


@dataclass(frozen=True)
class Rules:
    """What the page says: each module's place in the order and its package, and who may import which library."""

    order: dict[str, int]
    packages: dict[str, str]
    libraries: dict[str, tuple[str, ...]]

    def module(self, names: list[str]) -> str:
        """Return the module that a dotted name below `provendor` leads to; a package with modules of its own is passed."""
        return names[1] if len(names) > 1 and names[0] in set(self.packages.values()) else names[0]


@dataclass(frozen=True)
class Import:
    """One import: which module, where (`commands/prove.py:9`), and what, by its full dotted name."""

    module: str
    place: str
    target: str


def test_every_module_imports_only_what_stands_before_it():
    """The source keeps the order of ARCHITECTURE.md's table, also in functions and under TYPE_CHECKING."""
    assert violations(PACKAGE, read_rules(PAGE.read_text(encoding="utf-8"))) == []


def test_the_table_names_every_module_in_its_package_and_no_other():
    """A new module gets its place, and the place of a module that has gone goes with it."""
    rules = read_rules(PAGE.read_text(encoding="utf-8"))

    assert rules.packages == {module: package for module, (package, _) in modules_below(PACKAGE).items()}


def test_the_page_of_modules_says_what_each_hides():
    """In the order of the table."""
    rules = read_rules(PAGE.read_text(encoding="utf-8"))
    rows = re.findall(r"^\| `(\w+)` \| .+ \|$", MODULES.read_text(encoding="utf-8"), re.MULTILINE)

    assert rows == [*rules.order]


SMALL_PAGE = """
| package | modules | what they hide |
|---|---|---|
|  | `low` | things |
| `side` | `left`, `right` | other things |
|  | `cli`, `commands` | the top |

| library | imported by |
|---|---|
| `yaml` | `low` |
| `pytest` | `pytest_*` |
| `vcr` | nobody |
"""


@pytest.mark.parametrize(
    ("module", "code", "complaint"),
    [
        ("low", "from provendor.side.left import x", "low.py:1 imports left, which stands after it"),
        ("low", "from provendor.side import left", "low.py:1 imports left, which stands after it"),
        ("low", "def f():\n    import provendor.side.left", "low.py:2 imports left, which stands after it"),
        (
            "low",
            "if TYPE_CHECKING:\n    from provendor.side.left import x",
            "low.py:2 imports left, which stands after it",
        ),
        ("side/left", "from provendor.side import right", "side/left.py:1 imports right, which stands after it"),
        (
            "side/left",
            "from provendor.commands.prove import x",
            "side/left.py:1 imports commands, which stands after it",
        ),
        ("side/left", "from .low import x", "side/left.py:1 imports relatively: write the whole name"),
        ("side/left", "from yaml import load", "side/left.py:1 imports yaml, which is for low alone"),
        ("low", "import pytest", "low.py:1 imports pytest, which is for pytest_* alone"),
        ("low", "import vcr.cassette", "low.py:1 imports vcr, which is for nobody"),
        ("low", "import numpy", "low.py:1 imports numpy, which ARCHITECTURE.md does not name"),
        (
            "side/__init__",
            "from provendor import low",
            "side/__init__.py:1 imports something: a package only says what it is",
        ),
        ("stray", "", "stray has no place in ARCHITECTURE.md"),
        ("low", "from provendor import stray", "low.py:1 imports stray, which ARCHITECTURE.md does not name"),
    ],
)
def test_a_wrong_import_is_named_with_its_line(tmp_path: Path, module: str, code: str, complaint: str):
    """The measure itself is measured: each kind of wrong import is one complaint."""
    package = a_package(tmp_path, **{module: code})

    assert violations(package, read_rules(SMALL_PAGE)) == [complaint]


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("side/right", "from provendor.low import x\nfrom provendor import __version__\nimport json, os.path"),
        ("side/right", "from provendor.side import left\nfrom provendor.side.left import x"),
        ("cli", "from provendor.commands import prove\nfrom provendor.side.left import x"),
        ("commands/prove", "from provendor.commands import arguments\nfrom provendor import low"),
        ("__main__", "from provendor.cli import main"),
        ("low", "import yaml"),
    ],
)
def test_a_right_import_is_no_complaint(tmp_path: Path, module: str, code: str):
    """Upwards, the standard library, the own package of commands, and a library in its module are fine."""
    assert violations(a_package(tmp_path, **{module: code}), read_rules(SMALL_PAGE)) == []


def a_package(folder: Path, **modules: str) -> Path:
    for name in ("commands", "side"):
        (folder / name).mkdir()
    usual = {"low": "", "side/__init__": "", "side/left": "", "side/right": "", "cli": "", "commands/prove": ""}
    for name, code in {**usual, **modules}.items():
        (folder / f"{name}.py").write_text(code, encoding="utf-8")
    return folder


def read_rules(page: str) -> Rules:
    """Read the two tables: `| package | modules | ...` and `| library | imported by |`."""
    packages = {
        name: package
        for package, names in re.findall(r"^\| (?:`(\w+)`)? ?\| ([^|]+) \| [^|]+ \|$", page, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", names)
    }
    libraries = {
        library: tuple(re.findall(r"`([\w*]+)`", names))
        for library, names in re.findall(r"^\| `(\w+)` \| ([^|]+) \|$", page, re.MULTILINE)
    }
    return Rules({name: at for at, name in enumerate(packages)}, packages, libraries)


def modules_below(package: Path) -> dict[str, tuple[str, list[Path]]]:
    """Map each module to its package and files: a package in a package is one module, and so are the commands."""
    found: dict[str, tuple[str, list[Path]]] = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        if parts[-1] in {"__init__", "__main__"} and len(parts) < 3 and parts[0] != "commands":
            continue
        own = ("", "commands") if parts[0] == "commands" else ("", *parts)[-2:] if len(parts) < 3 else parts[:2]
        found.setdefault(own[1], (own[0], []))[1].append(path)
    return found


def violations(package: Path, rules: Rules) -> list[str]:
    """Every import that the rules do not allow, as a sentence."""
    found: list[str] = []
    for path in sorted(package.glob("*/__init__.py")):
        if path.parent.name != "commands":
            name = path.relative_to(package).as_posix()
            lines = (imported.place for imported in imports("", path, name))
            found.extend(f"{place} imports something: a package only says what it is" for place in lines)
    for module, (_, paths) in modules_below(package).items():
        if module not in rules.order:
            found.append(f"{module} has no place in ARCHITECTURE.md")
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
        elif isinstance(node, ast.ImportFrom):
            yield from (Import(module, f"{name}:{node.lineno}", f"{node.module}.{alias.name}") for alias in node.names)


def complaints(imported: Import, rules: Rules) -> Iterator[str]:
    start = f"{imported.place} imports"
    library, *names = imported.target.split(".")
    if imported.target == ".":
        yield f"{start} relatively: write the whole name"
    elif library == "provendor":
        yield from order_complaints(imported.module, rules.module(names or ["__version__"]), start, rules)
    elif library in rules.libraries:
        allowed = rules.libraries[library]
        if not any(fnmatchcase(imported.module, pattern) for pattern in allowed):
            yield f"{start} {library}, which is for {' and '.join(allowed) + ' alone' if allowed else 'nobody'}"
    elif library not in sys.stdlib_module_names:
        yield f"{start} {library}, which ARCHITECTURE.md does not name"


def order_complaints(module: str, target: str, start: str, rules: Rules) -> Iterator[str]:
    own, other = rules.order.get(module), rules.order.get(target)
    if other is None and target != "__version__":
        yield f"{start} {target}, which ARCHITECTURE.md does not name"
    # The command line and its commands are one thing.
    elif own is not None and other is not None and other > own and (module, target) != ("cli", "commands"):
        yield f"{start} {target}, which stands after it"
