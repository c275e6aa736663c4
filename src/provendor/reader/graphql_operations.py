"""The GraphQL operations of a vendor's files: what each sends, and the shape that its answer must have.

    queries, found = derive_all(files, contents)
    queries["documents/orders.graphql 2026-10"]      # {"query": ..., "operation": ..., "schema": ..., "partial": ...}

Documents and SDL are read where a vendor is judged, never when it comes from the cache: what is derived is kept with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from provendor.contract import GraphqlCall
from provendor.errors import Problem
from provendor.exchange import Json
from provendor.reader.case_sets import cases_of
from provendor.reader.language import Fault, Way
from provendor.suggest import did_you_mean

if TYPE_CHECKING:
    from provendor.schemas.graphql_shape import Dialect, Shape


@dataclass(frozen=True, slots=True)
class Asked:
    """One call, as an operation or a case of it asks; `way` leads to what asked."""

    file: str
    way: Way
    call: GraphqlCall


def calls(files: Mapping[str, Any]) -> Iterator[Asked]:
    """Yield every call of every operation, and of every case and step that changes one. The grammar has passed the files."""
    shared = files["vendor.yaml"].get("graphql", {})
    for name, value in files.items():
        for id_, operation in value.get("operations", {}).items():
            if "graphql" in operation:
                way: Way = ("operations", id_)
                yield _call(name, (*way, "graphql"), operation["graphql"], {}, shared.get("version", ""))
                for case in cases_of(files, name, id_):
                    if change := case.value.get("with", {}).get("graphql"):
                        below = (*case.way, "with", "graphql")
                        yield _call(case.file, below, operation["graphql"], change, shared.get("version", ""))
        yield from _calls_of_flows(name, files, shared.get("version", ""))


def _calls_of_flows(name: str, files: Mapping[str, Any], version: str) -> Iterator[Asked]:
    """Yield the calls that a step of a flow changes, or a case of the flow."""
    operations = {id_: item for value in files.values() for id_, item in value.get("operations", {}).items()}
    for id_, flow in files[name].get("flows", {}).items():
        for index, step in enumerate(flow["steps"]):
            changes: list[tuple[Way, Any]] = [(("flows", id_, "steps", index, "with"), step.get("with", {}))]
            for case, expected in flow["cases"].items():
                way: Way = ("flows", id_, "cases", case, "with", step["name"])
                changes.append((way, expected.get("with", {}).get(step["name"], {})))
            call = operations[step["call"]].get("graphql")
            for way, change in changes:
                if call is not None and "graphql" in change:
                    yield _call(name, (*way, "graphql"), call, change["graphql"], version)


def _call(file: str, way: Way, value: Mapping[str, Any], change: Mapping[str, Any], version: str) -> Asked:
    variables = {**value.get("variables", {}), **change.get("variables", {})}
    asked_version = change.get("version", value.get("version", version))
    return Asked(file, way, GraphqlCall(value["document"], asked_version, value.get("operation"), variables))


def derive_all(
    files: Mapping[str, Any], contents: Mapping[str, bytes], start: str
) -> tuple[dict[str, Json], list[tuple[str, Fault] | Problem]]:
    """Return what every call sends and gets back, by `GraphqlCall.key`, and everything that is wrong.

    `contents` are the vendor's files by name below its folder, `start` that folder's name from the suite's root.
    """
    asked = list(calls(files))
    if not asked:
        return {}, []
    if "graphql" not in files["vendor.yaml"]:
        first = asked[0]
        return {}, [(first.file, Fault(first.way, "vendor.yaml has no `graphql` with endpoint, schemas and version"))]
    return _Deriver(files["vendor.yaml"], contents, start).derive(asked)


class _Deriver:
    """Derives each document once per version, and checks the variables of each call."""

    def __init__(self, vendor: Mapping[str, Any], contents: Mapping[str, bytes], start: str) -> None:
        self._shared = vendor["graphql"]
        self._examples = _examples(vendor)
        self._contents = contents
        self._start = start
        self._found: list[tuple[str, Fault] | Problem] = []

    def derive(self, asked: list[Asked]) -> tuple[dict[str, Json], list[tuple[str, Fault] | Problem]]:
        from provendor.schemas.graphql_shape import relax  # noqa: PLC0415 - a quarter of a second that only a cold load pays

        queries: dict[str, Json] = {}
        dialect = self._dialect()
        for each in asked:
            shape = self._shape(each, dialect)
            if shape is not None and shape.schema is not None:
                queries[each.call.key] = {
                    "query": self._contents[each.call.document].decode("utf-8"),
                    "operation": shape.operation,
                    "schema": shape.schema,
                    "partial": relax(shape.schema),
                }
        return queries, list(dict.fromkeys(self._found))

    def _dialect(self) -> Dialect:
        from provendor.schemas.graphql_shape import Dialect  # noqa: PLC0415 - as above

        return Dialect(
            scalars=self._shared.get("scalars", {}),
            open_enums=frozenset(self._shared.get("open_enums", ())),
            deprecated=frozenset(self._shared.get("deprecated", ())),
        )

    def _shape(self, asked: Asked, dialect: Dialect) -> Shape | None:
        from provendor.schemas.graphql_shape import Text, derive  # noqa: PLC0415 - as above

        call = asked.call
        document = self._text(call.document, (asked.file, asked.way))
        sdl_file = self._shared["schemas"].get(call.version)
        if sdl_file is None:
            known = self._shared["schemas"]
            self._fault(asked, f'no schema for version "{call.version}"{did_you_mean(call.version, known)}')
        sdl = self._text(sdl_file, ("vendor.yaml", ("graphql", "schemas", call.version))) if sdl_file else None
        if document is None or sdl is None:
            return None
        shape = derive(document, sdl, dialect, _filled(call.variables, self._examples), call.operation)
        files = {Text.DOCUMENT: call.document, Text.SDL: sdl_file}
        for problem in shape.problems:
            file = files.get(problem.text)
            if file is None:
                self._fault(asked, problem.message)
            else:
                against = f" (against {sdl_file})" if problem.text is Text.DOCUMENT else ""
                place = (problem.line, problem.column)
                self._found.append(Problem(self._start + file, *place, "", problem.message + against))
        return shape

    def _text(self, file: str, asked: tuple[str, Way]) -> str | None:
        content = self._contents.get(file)
        if content is None:
            self._found.append(
                (asked[0], Fault(asked[1], f"there is no file {file}{did_you_mean(file, self._contents)}"))
            )
            return None
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError:
            self._found.append(Problem(self._start + file, 0, 0, "", "the file is not UTF-8"))
            return None

    def _fault(self, asked: Asked, message: str) -> None:
        self._found.append((asked.file, Fault(asked.way, message)))


def _examples(vendor: Mapping[str, Any]) -> dict[str, Json]:
    """Return the example of every variable and secret, as the grammar has let them pass."""
    known: dict[str, Json] = {name: item["example"] for name, item in vendor.get("variables", {}).items()}
    known |= {name: item.get("example", f"<{name}>") for name, item in vendor.get("secrets", {}).items()}
    return known


def _filled(value: Any, examples: Mapping[str, Json]) -> Any:
    """Fill in strings that are nothing but a reference, so that their type can be checked."""
    if isinstance(value, str) and value.startswith("{") and value.endswith("}"):
        return examples.get(value[1:-1], value)
    if isinstance(value, Mapping):
        return {key: _filled(item, examples) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, examples) for item in value]
    return value
