"""RFC 9535 queries. The one module that knows the JSONPath library.

    find("$.orders[0].id", body)            # [7]
    pointers("$.orders[*].id", body)        # ["/orders/0/id", "/orders/1/id"]
    problem("$.orders[")                    # 'not a JSONPath (RFC 9535): ...'

Most queries in contracts name one place, or one in each item (`$.errors[*].code`). Those are read here, so that the library is
not even imported.
The patterns of `match()` and `search()` run on the engine of `patterns`: also one that comes from an answer cannot hang a run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from provendor.exchange import Json
from provendor.patterns import NotAPattern, finder

if TYPE_CHECKING:
    from jsonpath_rfc9535 import JSONPathEnvironment, JSONPathQuery

MAX_DEPTH: Final = 300  # levels that `..` looks into
MAX_LENGTH: Final = 1000  # characters of a query
Step: TypeAlias = "str | int"
_Node: TypeAlias = "tuple[tuple[Step, ...], Json]"  # the steps that lead to a value, and the value


class NotAPath(ValueError):
    """The text is no RFC 9535 query; the message says why."""


class TooDeep(ValueError):
    """The value is nested too deeply for a query with `..`: what the query would find is not known."""


class Path:
    """A query, ready to be asked. Make it with `compile`."""

    __slots__ = ("_query", "_steps", "expression")

    def __init__(self, expression: str, steps: tuple[Step | None, ...] | None, query: JSONPathQuery | None) -> None:
        self.expression = expression
        self._steps = steps
        self._query = query

    def find(self, value: Json) -> list[Json]:
        """Return the values of all nodes the query selects, in the order of the RFC; raises TooDeep."""
        return [node for _, node in self._nodes(value)]

    def pointers(self, value: Json) -> list[str]:
        """Return the JSON pointers of all nodes the query selects, `""` for the whole; raises TooDeep."""
        return [pointer for pointer, _ in self.located(value)]

    def located(self, value: Json) -> list[tuple[str, Json]]:
        """Return JSON pointer and value of all nodes the query selects; raises TooDeep."""
        return [("".join(map(_token, steps)), node) for steps, node in self._nodes(value)]

    def _nodes(self, value: Json) -> list[_Node]:
        if self._steps is not None:
            return _walk(self._steps, value)
        return _ask(self._query, value) if self._query is not None else []


@lru_cache(maxsize=1024)  # a compiled query never changes
def compile(expression: str) -> Path:  # noqa: A001 - as `re.compile`, and called with the module's name before it
    """Return the query; raises NotAPath."""
    if len(expression) > MAX_LENGTH:
        raise NotAPath(f"not a JSONPath: longer than {MAX_LENGTH} characters")
    if not expression.startswith("$"):
        raise NotAPath("not a JSONPath (RFC 9535): it starts with $")
    steps = _steps(expression)
    if steps is not None:
        return Path(expression, steps, None)
    from jsonpath_rfc9535 import JSONPathError  # noqa: PLC0415 - most queries do without

    try:
        return Path(expression, None, _environment().compile(expression))
    except (JSONPathError, ValueError, RecursionError, OverflowError) as reason:
        raise NotAPath(f"not a JSONPath (RFC 9535): {_first_line(reason)}") from None


@lru_cache(maxsize=1)
def _environment() -> JSONPathEnvironment:
    from jsonpath_rfc9535 import JSONPathEnvironment  # noqa: PLC0415 - most queries do without
    from jsonpath_rfc9535.function_extensions import Match, Search  # noqa: PLC0415 - as above

    class Whole(Match):
        def __call__(self, string: str, pattern: object) -> bool:
            return _found(f"^(?:{pattern})$", string) if isinstance(pattern, str) else False

    class Part(Search):
        def __call__(self, string: str, pattern: object) -> bool:
            return _found(pattern, string) if isinstance(pattern, str) else False

    environment = JSONPathEnvironment()
    environment.max_recursion_depth = MAX_DEPTH
    environment.function_extensions |= {"match": Whole(), "search": Part()}
    return environment


def _found(pattern: str, text: object) -> bool:
    """Tell whether a text holds the pattern; what is no text holds none, and what is no pattern is found nowhere."""
    try:
        return isinstance(text, str) and finder(pattern)(text)
    except NotAPattern:
        return False


def problem(expression: str) -> str | None:
    """Return what is wrong with a query, None if nothing is."""
    try:
        compile(expression)
    except NotAPath as reason:
        return str(reason)
    return None


def find(expression: str, value: Json) -> list[Json]:
    """Return the values that the query selects; raises NotAPath and TooDeep."""
    return compile(expression).find(value)


def pointers(expression: str, value: Json) -> list[str]:
    """Return the JSON pointers that the query selects; raises NotAPath and TooDeep."""
    return compile(expression).pointers(value)


def located(expression: str, value: Json) -> list[tuple[str, Json]]:
    """Return JSON pointer and value of what the query selects; raises NotAPath and TooDeep."""
    return compile(expression).located(value)


# Names as the RFC has them, but for halves of characters: sets of those would take as long to compile as all else that is
# imported here.
_STEP = re.compile(
    r"\.([^\x00-@\[-\^`{-\x7f][^\x00-/:-@\[-\^`{-\x7f]*)"
    r"|\[(0|[1-9][0-9]{0,8})\]"
    r"|\['([^'\\\x00-\x1f]*)'\]"
    r'|\["([^"\\\x00-\x1f]*)"\]'
    r"|\.\*|\[\*\]"
)


def _steps(expression: str) -> tuple[Step | None, ...] | None:
    """Return the steps of a query of names, indexes and wildcards (None); None for all else, also for what is no query."""
    if not _is_whole(expression):
        return None
    steps: list[Step | None] = []
    at = 1
    while at < len(expression):
        match = _STEP.match(expression, at)
        if match is None:
            return None
        steps.append(
            int(match[2]) if match[2] else next((name for name in match.group(1, 3, 4) if name is not None), None)
        )
        at = match.end()
    return tuple(steps)


def _is_whole(text: str) -> bool:
    """Tell whether it is made of whole characters, none of them half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _walk(steps: tuple[Step | None, ...], value: Any) -> list[_Node]:
    nodes: list[_Node] = [((), value)]
    for step in steps:
        nodes = [inner for way, node in nodes for inner in _children(way, node, step)]
    return nodes


def _children(way: tuple[Step, ...], node: Any, step: Step | None) -> Iterable[_Node]:
    """Return what one step leads to: what is called so, or all there is."""
    if isinstance(node, dict):
        if step is None:
            return [((*way, name), inner) for name, inner in node.items()]
        return (((*way, step), node[step]),) if step in node else ()
    if isinstance(node, list):
        if step is None:
            return [((*way, index), inner) for index, inner in enumerate(node)]
        return (((*way, step), node[step]),) if isinstance(step, int) and step < len(node) else ()
    return ()


def _ask(query: JSONPathQuery, value: Any) -> list[_Node]:
    from jsonpath_rfc9535 import JSONPathError  # noqa: PLC0415 - most queries do without

    try:
        return [(node.location, cast("Json", node.value)) for node in query.find(value)]
    except (JSONPathError, RecursionError):
        raise TooDeep(f"nested more than {MAX_DEPTH} levels deep") from None


def _token(step: Step) -> str:
    return "/" + str(step).replace("~", "~0").replace("/", "~1")


def _first_line(reason: Exception) -> str:
    # Not str(reason): the place in it differs between versions of the library, and one fails to find it.
    return str(reason.args[0]).split("\n", 1)[0] if reason.args else type(reason).__name__
