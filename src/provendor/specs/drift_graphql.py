"""Where the GraphQL schema that a contract holds differs from the vendor's whole one, in the words of `drift`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from provendor.contract import GraphqlEndpoint, Vendor
from provendor.errors import UsageError
from provendor.reader import source
from provendor.schemas.graphql_shape import ShapeProblem, Text
from provendor.specs.drift_schema import Difference, Severity
from provendor.specs.graphql_subset import differences, lines

# What `graphql_subset` says, to the code of it; the first that fits.
_KINDS: Final = (
    (re.compile(r"the whole SDL has no (?:field|type|directive)|has no .* argument"), "drift-field", Severity.BREAKING),
    (re.compile(r"the whole SDL has no value|leaves out"), "drift-enum", Severity.BREAKING),
    (re.compile(r"is left out, which the vendor requires"), "drift-required", Severity.BREAKING),
    (re.compile(r"is deprecated in the whole SDL"), "drift-deprecated", Severity.NOTE),
)


def graphql_differences(root: Path, vendor: Vendor, wholes: Sequence[tuple[str, str]]) -> list[Difference]:
    """Compare the vendor's pruned schema of the same version with each whole one; raises UsageError where it has none.

    Where some of several are named after a version that we use, the others are not compared: they are of other versions.
    """
    endpoint = vendor.graphql
    if endpoint is None:
        raise UsageError(f"{vendor.name} has no `graphql:` in its vendor.yaml; there is nothing to compare SDL with")
    found: list[Difference] = []
    ours = [(name, whole) for name, whole in wholes if any(version in name for version in endpoint.schemas)]
    for name, whole in ours or wholes:
        version = _version(endpoint, name)
        file = f"contracts/{vendor.name}/{endpoint.schemas[version]}"
        pruned = source.plain(root / file, file)
        problems = differences(pruned, whole, frozenset(endpoint.open_enums))
        differing = [_difference(problem, f"graphql.{version}", file, name) for problem in problems]
        # An introspection result has no lines; those of the SDL that was made from it would lead nowhere.
        places = lines(whole) if differing and not name.endswith(".json") else {}
        found += [each._replace(spec=_place(name, each.at, places)) for each in differing]
    return found


def _version(endpoint: GraphqlEndpoint, name: str) -> str:
    """Return the version that a file is named after, else the vendor's usual one."""
    return next((version for version in endpoint.schemas if version in name), endpoint.version)


def _difference(problem: ShapeProblem, operation: str, file: str, whole: str) -> Difference:
    if problem.text is Text.DOCUMENT:
        raise UsageError(f"{whole}:{problem.line}:{problem.column}: {problem.message}")
    known = next((kind for kind in _KINDS if kind[0].search(problem.message)), None)
    code, severity = (known[1], known[2]) if known else ("drift-type", Severity.BREAKING)
    place = f"{file}:{problem.line}"
    return Difference(code, severity, operation, operation, _what(problem.message), "", problem.message, place, whole)


def _place(name: str, at: str, places: Mapping[str, int]) -> str:
    """Return where the whole SDL has the field, else its type, else the file."""
    line = places.get(at) or places.get(at.partition(".")[0])
    return f"{name}:{line}" if line else name


def _what(message: str) -> str:
    """Return the type or field that a message is about."""
    named = re.search(r"@?([A-Z]\w*(?:\.\w+)?)", message.replace("SDL", ""))
    return named[1] if named else ""
