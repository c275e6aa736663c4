"""Live values become the contract's examples: where a vendor stands, and what differs between environments.

    examples = Examples.of(vendor, ready.values)
    examples.text("https://chat.corp.test/accounts/48211/inbox")     # "https://app.chatwoot.com/accounts/1/inbox"
    examples.scalar(("account", "id"), 48211)                        # 1
    examples.left_in(text)                                           # names of those that are still there

A value that can stand for nothing else (an address, a long number) is replaced wherever it stands by itself. One that is short
or a plain word, such as the account 3, only where its place says what it is: after the segment of a path that the contract
writes before it, in a parameter of its name, under a key of its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final, NamedTuple, Self
from urllib.parse import urlsplit

from provendor.contract import Vendor
from provendor.exchange import Json
from provendor.jsontext import Steps
from provendor.redaction import pseudonyms, wrappings
from provendor.requests import Scalar, Values, examples

_LAYERS: Final = 4
_NUMBER: Final = 5  # digits that are more than a count
_WORD: Final = 6  # letters that may be like no others, if there is something else among them
_LOOPBACK: Final = r"localhost|127(?:\.[0-9]{1,3}){3}|\[?::1\]?"
_ENDS: Final = r"(?=[/?#&\"'\s<>]|$)"


class Substitute(NamedTuple):
    """A live value, and what stands for it: `unique` if it can stand for nothing else. `after` are segments of paths."""

    name: str
    live: str
    example: Scalar
    unique: bool
    after: frozenset[str] = frozenset()


class Examples:
    """Live values and their examples."""

    def __init__(self, substitutes: Iterable[Substitute]) -> None:
        self._all = tuple(each for each in substitutes if each.live and each.live != str(each.example))

    @classmethod
    def of(cls, vendor: Vendor, values: Values) -> Self:
        """Return those of a vendor in the environment that these values are of; secrets are none of them."""
        return cls(_substitutes(vendor, values))

    @property
    def lives(self) -> tuple[str, ...]:
        """The live values."""
        return tuple(each.live for each in self._all)

    def text(self, text: str) -> str:
        """Return text with examples in place of live values."""
        if not self._all:
            return text
        return self._pattern.sub(lambda found: str(self._by_group[found.lastgroup or ""].example), text)

    def scalar(self, steps: Steps, value: Json) -> Json:
        """Return what stands for a JSON value; the value itself where that is none of the live ones."""
        if isinstance(value, bool) or not isinstance(value, int | str):
            return value
        for each in self._all:
            if str(value) == each.live and (each.unique or _is_named(steps, each)):
                return _typed(each.example, value)
        return value

    def field(self, name: str, value: str) -> str:
        """Return the value of a query parameter or form field."""
        made = self.scalar((name,), value)
        return made if isinstance(made, str) else value

    def left_in(self, text: str) -> set[str]:
        """Return the names of the values that are still in a text, encoded or not."""
        unique = self._unique
        if unique is None:
            return set()
        found = (match for plain in wrappings.unfolded(text, _LAYERS) for match in unique.finditer(plain))
        return {self._by_group[match.lastgroup or ""].name for match in found}

    @cached_property
    def _by_group(self) -> Mapping[str, Substitute]:
        return {f"v{number}": each for number, each in enumerate(self._all)}

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return self._alternatives(dict(self._by_group))

    @cached_property
    def _unique(self) -> re.Pattern[str] | None:
        unique = {group: each for group, each in self._by_group.items() if each.unique}
        return self._alternatives(unique) if unique else None

    def _alternatives(self, groups: Mapping[str, Substitute]) -> re.Pattern[str]:
        longest_first = sorted(groups.items(), key=lambda pair: len(pair[1].live), reverse=True)
        return re.compile("|".join(f"(?P<{group}>{_standing(each)})" for group, each in longest_first))


def _standing(each: Substitute) -> str:
    """Return a pattern for a value where it stands by itself."""
    value = re.escape(each.live)
    if each.unique:
        if "." in value:  # a host is not the end or the beginning of another one's name
            return rf"(?<![A-Za-z0-9])(?<![A-Za-z0-9][.-]){value}(?![A-Za-z0-9]|[.-][A-Za-z0-9])"
        return rf"(?<![A-Za-z0-9])(?<![0-9]\.){value}(?![A-Za-z0-9]|\.[0-9])"
    places = [rf"(?<=/{re.escape(segment)}/)" for segment in sorted(each.after)]
    places += [rf"(?<=[?&]{re.escape(each.name)}=)"]
    return rf"(?:{'|'.join(places)}){value}{_ENDS}"


def _is_named(steps: Steps, each: Substitute) -> bool:
    """Tell whether the key of a value says that it is this one: `account_id`, `accountId`, `account: { id }`, `{ id }`."""
    keys = [_snake(step) for step in steps if isinstance(step, str)]
    if not keys:
        return False
    names = {each.name, *(f"{segment.removesuffix('s')}_id" for segment in each.after)}
    if keys[-1] in names or (keys[-1] == "id" and len(keys) > 1 and f"{keys[-2].removesuffix('s')}_id" in names):
        return True
    return keys[-1] == "id" and len(steps) == 1 and each.name.endswith("_id")


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name[:100]).replace("-", "_").lower()


def _typed(example: Scalar, value: int | str) -> Json:
    """Return an example with the type of the value that it stands for."""
    if isinstance(value, str):
        return str(example)
    text = str(example)
    return int(text) if text.lstrip("-").isdecimal() else pseudonyms.pseudonym_of_number(value)


def _substitutes(vendor: Vendor, values: Values) -> Iterator[Substitute]:
    known = examples(vendor).of
    after = _segments_before(vendor)
    for name, live in values.of.items():
        example = known.get(name)
        if name in values.secrets or example is None or (name in vendor.variables and vendor.variables[name].secret):
            continue
        text = str(live)
        if "://" in text:
            yield from _addresses(name, text, str(example))
        else:
            yield Substitute(name, text, example, _is_unique(text), after.get(name, frozenset()))


def _addresses(name: str, live: str, example: str) -> Iterator[Substitute]:
    """Yield an address with its path, without it, and its host alone, which may be called over another protocol."""
    ours, theirs = urlsplit(live), urlsplit(example)
    yield Substitute(name, live.rstrip("/"), example.rstrip("/"), unique=True)
    if ours.path.strip("/"):
        yield Substitute(name, f"{ours.scheme}://{ours.netloc}", f"{theirs.scheme}://{theirs.netloc}", unique=True)
    yield Substitute(name, ours.netloc, theirs.netloc, unique=True)
    host = ours.hostname or ""
    if host != ours.netloc and not re.fullmatch(_LOOPBACK, host):
        yield Substitute(name, host, theirs.hostname or theirs.netloc, unique=True)


def _is_unique(text: str) -> bool:
    if text.isdecimal():
        return len(text) >= _NUMBER
    return len(text) >= _WORD and re.search(r"[0-9]|\w[@./:_-]\w", text) is not None


def _segments_before(vendor: Vendor) -> Mapping[str, frozenset[str]]:
    """Return the segments that the contract's paths have before each variable: `accounts` before `{account_id}`."""
    found: dict[str, set[str]] = {}
    for operation in vendor.operations.values():
        filled = operation.template.path
        for segment, name in re.findall(r"([^/{}]+)/\{([A-Za-z_][A-Za-z0-9_-]*)\}", operation.template.target):
            for each in (name, *_named(filled.get(name))):
                found.setdefault(each, set()).add(segment)
    return {name: frozenset(segments) for name, segments in found.items()}


def _named(value: Any) -> tuple[str, ...]:
    """Return the variable that a path parameter is nothing but a reference to."""
    found = re.fullmatch(r"\{([A-Za-z_][A-Za-z0-9_-]*)\}", value) if isinstance(value, str) else None
    return (found[1],) if found else ()
