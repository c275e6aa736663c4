"""The error table applied to an exchange: which rule, if any, names this answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from provendor import jsonpath
from provendor.contract import ErrorRule, HeaderTest, JsonTest
from provendor.exchange import BodyNotJson, Exchange, Headers, Json
from provendor.patterns import finder

SEARCHED_CHARACTERS = 262_144  # patterns look at so much of a body: what names an error stands near its start


def classify(rules: tuple[ErrorRule, ...], exchange: Exchange) -> ErrorRule | None:
    """Return the first rule whose conditions all hold, or None. No answer, however hostile, makes it raise."""
    status, kind = exchange.status, exchange.status // 100
    answer = _Answer(exchange)
    for rule in rules:
        allowed = rule.status
        # Written out, because every rule of the table is looked at for every answer.
        if allowed is not None and status not in allowed.exact and kind not in allowed.classes:
            continue
        if _holds(rule, answer):
            return rule
    return None


def candidates(rules: tuple[ErrorRule, ...], exchange: Exchange) -> Iterator[ErrorRule | None]:
    """Yield every rule that may be the first to match while the answer's headers are not known; None for no rule."""
    answer = _Answer(exchange)
    for rule in rules:
        if (rule.status is None or exchange.status in rule.status) and _holds(rule._replace(headers=()), answer):
            yield rule
            if not rule.headers:
                return
    yield None


class _Answer:
    """An answer, and what JSONPaths find in it: many rules of a table ask for the same few."""

    __slots__ = ("_found", "exchange")

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self._found: dict[str, list[Json]] = {}

    def nodes(self, path: str) -> list[Json]:
        """Return what a path finds; raises BodyNotJson and TooDeep."""
        found = self._found.get(path)
        if found is None:
            found = self._found[path] = jsonpath.find(path, self.exchange.json)
        return found


def _holds(rule: ErrorRule, answer: _Answer) -> bool:
    """Tell whether all conditions but the status hold."""
    return (
        (not rule.headers or all(header_holds(test, answer.exchange.headers) for test in rule.headers))
        and (not rule.json or _json_holds(rule.json, answer))
        and (rule.text is None or found_in_text(rule.text, answer.exchange))
    )


def header_holds(test: HeaderTest, headers: Headers) -> bool:
    """Tell whether one value of the header is what the test demands, or whether it is there at all."""
    if test.present is not None:
        return (headers.get(test.name) is not None) is test.present
    if test.pattern is not None:
        return any(map(finder(test.pattern), headers.all(test.name)))
    return test.equals in headers.all(test.name)


def found_in_text(pattern: str, exchange: Exchange) -> bool:
    """Tell whether the pattern is found in the first SEARCHED_CHARACTERS of the body."""
    return finder(pattern)(exchange.text[:SEARCHED_CHARACTERS])


def any_holds(tests: Iterable[JsonTest], exchange: Exchange) -> bool:
    """Tell whether one of the tests holds; where the body is not JSON none does."""
    answer = _Answer(exchange)
    return any(_json_holds((test,), answer) for test in tests)


def _json_holds(tests: tuple[JsonTest, ...], answer: _Answer) -> bool:
    """Tell whether every test holds; where the body is not JSON none does."""
    try:
        for test in tests:
            if not _node_holds(test, answer.nodes(test.path)):
                return False
    except (BodyNotJson, jsonpath.TooDeep):
        return False
    return True


def _node_holds(test: JsonTest, nodes: list[Json]) -> bool:
    if test.present is not None:
        return bool(nodes) is test.present
    if test.pattern is not None:
        found = finder(test.pattern)
        return any(found(node[:SEARCHED_CHARACTERS]) for node in nodes if isinstance(node, str))
    return bool(nodes) and any(same(test.equals, node) for node in nodes)


def same(left: Json, right: Json) -> bool:
    """Compare as JSON does: `true` is not 1, while 1 is 1.0."""
    return left == right and isinstance(left, bool) is isinstance(right, bool)
