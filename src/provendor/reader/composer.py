"""YAML's events to JSON values and their places, without recursion. The one module that knows PyYAML.

PyYAML's own composer recurses in C, so that deep nesting would end the process, and it types what JSON does not know. Here
its events are read in a loop, which stops at the first thing that is too deep, too large, or expands too far.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, cast

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from provendor.errors import ContractError, Problem
from provendor.exchange import Json

MAX_DEPTH: Final = 100
MAX_ALIASED: Final = 1024 * 1024  # characters and values that aliases repeat, in all
MAX_DIGITS: Final = 4300  # Python refuses to read longer integers
MAX_PROBLEMS: Final = 100  # more than this helps nobody
_SHOWN: Final = 60  # characters of a text that a problem shows

Way = tuple[str | int, ...]
_Spot = tuple[int, Any]  # the identity of a list or a mapping, and an index or a key


def compose(text: str, name: str, cassette: bool, plain_keys: bool = False) -> Any:
    """Return the value of the one document in a text; raises ContractError with every problem found.

    `name` is what the file is called in problems, `cassette` says that PyYAML wrote it (`source.Dialect`). With
    `plain_keys` a key is its text, also where it looks like a number.
    """
    return _built(text, _Builder(name, cassette, plain_keys)).root[0]


def locate(text: str, name: str, cassette: bool, plain_keys: bool = False) -> Places:
    """Return the same value with the places of everything in it, which takes longer; raises ContractError likewise."""
    builder = _Locating(name, cassette, plain_keys)
    return Places(_built(text, builder).root, builder.marks)


def _built(text: str, builder: _Builder) -> _Builder:
    """Let a builder read the text; raises ContractError with every problem found."""
    name = builder.name
    if "\ufeff" in text:  # invisible, and to libyaml, but not to the pure parser, also a kind of space
        raise ContractError(tuple(_control_characters(text, name)))
    try:
        builder.build(_events(text))
    except _Enough:
        pass
    except yaml.reader.ReaderError:
        builder.problems.extend(_control_characters(text, name))
    except yaml.MarkedYAMLError as reason:
        builder.note(*_explain(reason, text))
    except (yaml.YAMLError, ValueError, OverflowError) as reason:  # the pure parser on numbers that are out of range
        builder.note((0, 0), f"the file is not YAML: {reason}")
    if builder.problems:
        raise ContractError(tuple(sorted(builder.problems)))
    return builder


def place_after(text: str) -> tuple[int, int]:
    """Return line and column of what comes after a text, counting from 1."""
    lines = _LINE_BREAK.split(text)
    return len(lines), len(lines[-1]) + 1


_LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")  # YAML 1.1's


def _events(text: str) -> Callable[[], Event]:
    """Return the function that gives the next event; libyaml's where PyYAML was built with it (ten times faster)."""
    try:
        from yaml._yaml import CParser  # noqa: PLC0415 - absent where PyYAML was built without libyaml
    except ImportError:
        return _pure_events(text)
    return cast("Callable[[], Event]", CParser(text).get_event)


def _pure_events(text: str) -> Callable[[], Event]:
    class Parser(yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser):
        def __init__(self) -> None:
            yaml.reader.Reader.__init__(self, text)
            yaml.scanner.Scanner.__init__(self)
            yaml.parser.Parser.__init__(self)

    # libyaml says this of such an escape; the pure parser lets it pass.
    half = "found invalid Unicode character escape code"
    # The reader looks for control characters when it is made; like libyaml's, it must report them when asked for events.
    parser: Parser | None = None

    def next_event() -> Event:
        nonlocal parser
        parser = parser or Parser()
        event: Any = parser.get_event()  # type: ignore[no-untyped-call]
        if type(event) is ScalarEvent and _SURROGATE.search(event.value):
            mark = cast("yaml.error.Mark", event.start_mark)
            raise yaml.scanner.ScannerError("while parsing a quoted scalar", mark, half, mark)
        return event  # type: ignore[no-any-return]

    return next_event


_SURROGATE = re.compile("[\ud800-\udfff]")


# --- values -----------------------------------------------------------------------------------------------------------

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_PYYAML_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+(?:[eE][+-][0-9]+)?)?()")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_NOT_FINITE_JSON = re.compile(r"[-+]?Infinity|NaN")
_LITERALS: Final[dict[str, Json]] = {"": None, "null": None, "true": True, "false": False}
_MAYBE_TYPED = frozenset("-+.0123456789ntfNI")
_TAG = "tag:yaml.org,2002:"


class _Enough(Exception):
    """Reading on would not help, or would do harm."""


class _Mark:
    """What stands for a mapping's key while there is none."""


_EXPECTED = _Mark()  # the next event is a key
_REFUSED = _Mark()  # the key was no good: its value is read and dropped
_COMPLEX = _Mark()  # the key itself is being read: a list or a mapping


class _Builder:
    """Builds the value of one document from events, without recursion, and collects problems on the way.

    `container` is the list or dict being filled, `key` the key whose value comes next, read with `key_event`; `stack` holds
    container and key of all that is around it. The outermost container is `root`, a list of one.
    """

    def __init__(self, name: str, cassette: bool, plain_keys: bool) -> None:
        self.name = name
        self.cassette = cassette
        self.plain_keys = plain_keys
        self.problems: list[Problem] = []
        self.root: list[Any] = []
        self.container: Any = self.root
        self.key: Any = None
        self.key_event: Any = None
        self.stack: list[tuple[Any, Any]] = []
        self.anchors: dict[str, Any] = {}
        self.aliased = 0
        self.sizes: dict[int, tuple[int, int]] = {}

    def build(self, next_event: Callable[[], Event]) -> None:
        """Read events to the end; raises _Enough, or what PyYAML raises."""
        while True:
            event = next_event()
            kind = type(event)
            if kind is ScalarEvent:
                if self.key is _EXPECTED:
                    self.take_key(event)
                else:
                    self.add(self.scalar(event), event)
            elif kind is MappingStartEvent:
                self.open(event, {}, _EXPECTED)
            elif kind is SequenceStartEvent:
                self.open(event, [], None)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self.close()
            elif kind is AliasEvent:
                self.alias(event)
            elif kind is DocumentStartEvent:
                self.start_document(event)
            elif kind is StreamEndEvent:
                break
            elif event is None:  # where the parser was reloaded, its events are of other classes and its end is None
                raise RuntimeError("the YAML parser ended without saying so")
        if not self.root and not self.problems:
            self.problem((1, 1), "the file is empty")

    def add(self, value: Any, event: Any) -> None:  # noqa: ARG002 - for who wants to know where it starts: _Locating
        """Put a value, which starts with this event, where it belongs."""
        key = self.key
        if key is None:
            self.container.append(value)
            return
        if key is not _REFUSED:
            self.container[key] = value
        self.key = _EXPECTED

    def open(self, event: Any, container: Any, key: Any) -> None:
        """Start a list or a mapping."""
        if len(self.stack) >= MAX_DEPTH:
            self.problem(_start(event), f"nested more than {MAX_DEPTH} levels deep")
            raise _Enough
        if event.tag is not None and not (self.cassette and event.tag == _TAG + ("seq" if key is None else "map")):
            self.problem(_start(event), _no_tag(event.tag))
        if self.key is _EXPECTED:
            self.problem(
                _start(event), "a key must be a string, not a list or a mapping; put text with braces in quotes"
            )
            self.stack.append((self.container, _COMPLEX))
        else:
            self.stack.append((self.container, self.key))
            self.add(container, event)
        if event.anchor is not None:
            self.anchor(event, container)
        self.container, self.key = container, key

    def close(self) -> None:
        """End a list or a mapping."""
        self.container, key = self.stack.pop()
        if key is None:
            self.key = None
        else:
            self.key = _REFUSED if key is _COMPLEX else _EXPECTED

    def take_key(self, event: Any) -> None:
        """Make this scalar the key of the value that comes next."""
        plain = not event.style
        as_text = self.plain_keys and plain and event.tag is None and event.anchor is None
        text = event.value if as_text else self.scalar(event)
        if not isinstance(text, str):
            self.refuse_key(event, f'a key must be a string; write it in quotes: "{event.value}"')
        elif plain and text == "<<":
            self.refuse_key(event, 'merge keys ("<<") are not read; write the keys out, or share a schema with $ref')
        elif text in self.container:
            self.refuse_key(event, f"the key {_shown(text)} is here twice")
        else:
            self.key, self.key_event = text, event

    def refuse_key(self, event: Any, message: str) -> None:
        self.problem(_start(event), message)
        self.key = _REFUSED

    def scalar(self, event: Any) -> Any:
        """Return the scalar's value: a string unless it is plain and looks like a JSON value."""
        text: str = event.value
        value: Any = text
        if event.tag is not None:
            value = self.tagged(event)
        elif not event.style and (not text or text[0] in _MAYBE_TYPED):
            value = self.plain(event, text)
        if event.anchor is not None:
            self.anchor(event, value)
        return value

    def plain(self, event: Any, text: str) -> Any:
        if text in _LITERALS:
            return _LITERALS[text]
        number = (_PYYAML_NUMBER if self.cassette else _NUMBER).fullmatch(text)
        if number:
            return self.number(event, text, whole=not (number[1] or number[2]))
        if _NOT_FINITE.fullmatch(text) or (not self.cassette and _NOT_FINITE_JSON.fullmatch(text)):
            self.problem(_start(event), f"{text} is not a number that JSON knows; put it in quotes if it is text")
        return text

    def number(self, event: Any, text: str, whole: bool) -> Json:
        if len(text) > MAX_DIGITS:
            self.problem(_start(event), f"a number of more than {MAX_DIGITS} digits; put it in quotes if it is text")
            return 0
        value = int(text) if whole else float(text)
        if value in (float("inf"), float("-inf")):
            self.problem(_start(event), f"{_shown(text)} is too large for a number; put it in quotes if it is text")
        return value

    def tagged(self, event: Any) -> Any:
        """Return the value of a scalar with a tag; only cassettes may hold the standard ones."""
        kind = event.tag.removeprefix(_TAG)
        text: str = event.value
        if self.cassette and kind in ("str", "!"):
            return text
        if self.cassette and kind == "binary":
            return self.binary(event, text)
        if self.cassette and kind in ("int", "float", "bool", "null") and event.tag != kind:
            return self.plain(event, text)
        self.problem(_start(event), _no_tag(event.tag))
        return text

    def binary(self, event: Any, text: str) -> bytes:
        import base64  # noqa: PLC0415 - few files need it

        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except ValueError:
            self.problem(_start(event), "the value of !!binary is not base64")
            return b""

    def anchor(self, event: Any, value: Any) -> None:
        if event.anchor in self.anchors:
            self.problem(_start(event), f"the anchor &{event.anchor} is here twice")
        self.anchors[event.anchor] = value

    def alias(self, event: Any) -> None:
        """Put the anchored value here again, unless that makes too much of it."""
        name = event.anchor
        if name not in self.anchors:
            self.problem(
                _start(event), f"no anchor &{name} stands before *{name}; put text that starts with * in quotes"
            )
            value = None
        else:
            value = self.anchors[name]
            self.count(event, value)
        if self.key is _EXPECTED:
            self.refuse_key(event, "an alias cannot be a key; write the key out")
        else:
            self.add(value, event)

    def count(self, event: Any, value: Any) -> None:
        if value is self.container or any(value is container for container, _ in self.stack):
            self.problem(_start(event), f"*{event.anchor} stands inside of what it repeats, which would never end")
            raise _Enough
        size, height = _measure(value, self.sizes)
        self.aliased += size
        if self.aliased > MAX_ALIASED:
            self.problem(_start(event), "the aliases repeat too much; write less of it, or share a schema with $ref")
            raise _Enough
        if len(self.stack) + height > MAX_DEPTH:
            self.problem(_start(event), f"with this alias, nested more than {MAX_DEPTH} levels deep")
            raise _Enough

    def start_document(self, event: Any) -> None:
        if self.root:
            self.problem(_start(event), 'a second document starts here; a file holds one, without "---" in between')
            raise _Enough

    def problem(self, place: tuple[int, int], message: str) -> None:
        """Note a problem; raises _Enough where there were enough of them."""
        self.note(place, message)
        if len(self.problems) >= MAX_PROBLEMS:
            raise _Enough

    def note(self, place: tuple[int, int], message: str) -> None:
        self.problems.append(Problem(self.name, *place, self.path(), message))

    def path(self) -> str:
        """Return the dotted way to where reading stands."""
        # What is open was put in its place already, so it is the last of the list around it; what comes next is not.
        steps = [str(len(container) - 1) if key is None else key for container, key in self.stack[1:]]
        if self.stack:
            steps.append(str(len(self.container)) if self.key is None else self.key)
        return ".".join(step[:_SHOWN] for step in steps if isinstance(step, str))


def _start(event: Any) -> tuple[int, int]:
    return _place(event.start_mark)


def _shown(text: str) -> str:
    short = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
    return '"' + short.replace("\n", " ") + '"'


def _no_tag(tag: str) -> str:
    shown = tag.replace(_TAG, "!!") if tag.startswith(_TAG) else tag
    return f"tags such as {_shown(shown)} are not read; put text that starts with ! in quotes"


def _measure(value: Any, sizes: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """Return how many characters and values there are, repetitions counted, and how many levels. Each part is kept."""
    if not isinstance(value, dict | list):
        return 1 + (len(value) if isinstance(value, str | bytes) else 0), 0
    known = sizes.get(id(value))
    if known is None:
        items = value.values() if isinstance(value, dict) else value
        parts = [_measure(item, sizes) for item in items]
        names = sum(map(len, value)) if isinstance(value, dict) else 0
        known = 1 + names + sum(size for size, _ in parts), 1 + max((height for _, height in parts), default=0)
        sizes[id(value)] = known
    return known


# --- places -----------------------------------------------------------------------------------------------------------


class _Locating(_Builder):
    """Builds the value and remembers where each part of it starts, and where its key does."""

    def __init__(self, name: str, cassette: bool, plain_keys: bool) -> None:
        super().__init__(name, cassette, plain_keys)
        self.marks: dict[_Spot, tuple[Any, Any]] = {}

    def add(self, value: Any, event: Any) -> None:
        mark = event.start_mark
        if self.key is None:
            self.marks[id(self.container), len(self.container)] = mark, mark
        elif self.key is not _REFUSED:
            self.marks[id(self.container), self.key] = mark, self.key_event.start_mark
        super().add(value, event)


class Places:
    """A value that was read without a problem, and where each of its keys and values stands.

    Parts are known by the identity of what holds them, so that what aliases repeat has the place of what they repeat.
    """

    def __init__(self, root: list[Any], marks: Mapping[_Spot, tuple[Any, Any]]) -> None:
        self._root = root
        self._marks = marks

    @property
    def value(self) -> Any:
        """The value of the document."""
        return self._root[0]

    def find(self, path: Way, key: bool) -> tuple[int, int]:
        """Return line and column of a value or its key, or of the nearest parent."""
        spot: _Spot = (id(self._root), 0)
        value: Any = self._root[0]
        for part in path:
            inner = (id(value), part)
            if inner not in self._marks:
                return _place(self._marks[spot][0])
            spot, value = inner, value[part]
        return _place(self._marks[spot][1 if key else 0])


def _place(mark: Any) -> tuple[int, int]:
    return mark.line + 1, mark.column + 1


# --- what PyYAML says, in plain words ---------------------------------------------------------------------------------

# Text, compiled where a file holds such a character: a set of nearly all of Unicode takes 5 ms.
_CONTROL: Final = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"


def _control_characters(text: str, name: str) -> Iterator[Problem]:
    for found, match in enumerate(re.finditer(_CONTROL, text)):
        if found >= MAX_PROBLEMS:
            return
        message = f"the invisible character U+{ord(match[0]):04X}; write it as an escape inside double quotes"
        yield Problem(name, *place_after(text[: match.start()]), "", message)


def _explain(error: yaml.MarkedYAMLError, text: str) -> tuple[tuple[int, int], str]:
    """Return place and plain words for what libyaml or the pure parser found."""
    problem = str(error.problem or "")
    context = str(error.context or "")
    mark = error.problem_mark or error.context_mark
    opened = error.context_mark or mark
    if mark is None or opened is None:
        return (0, 0), f"the file is not YAML: {problem or context}"
    if "quoted scalar" in context and ("end of stream" in problem or "document" in problem):
        return (opened.line + 1, opened.column + 1), "the quote that opens here is never closed"
    place = mark.line + 1, mark.column + 1
    character = _character(text, place)
    since = f"that starts in line {opened.line + 1}"
    return place, _plain_words(problem, context, character, since) or f"the file is not YAML: {problem}"


def _character(text: str, place: tuple[int, int]) -> str:
    lines = _LINE_BREAK.split(text, maxsplit=place[0])
    line = lines[place[0] - 1] if place[0] <= len(lines) else ""
    return line[place[1] - 1 : place[1]]


def _plain_words(problem: str, context: str, character: str, since: str) -> str:
    if character == "\t" and ("token" in problem or "tab" in problem):
        return "a tab; YAML is indented with spaces"
    if "cannot start any token" in problem:
        return f'a value cannot start with "{character}"; put it in quotes'
    for words, part, sentence in _SENTENCES:
        if words in problem and part in context:
            return sentence.format(since=since)
    return ""


# Words of libyaml's or the pure parser's problem and context, and what to say instead; the first that fits.
_SENTENCES = (
    ("mapping values are not allowed", "", 'a ": " where no key can stand; quote text that has ": ", or indent alike'),
    ("sequence entries are not allowed", "", 'a "- " where no list can start; a list starts on a line of its own'),
    ("", "scanning an alias", 'a value cannot start with "*"; put it in quotes'),
    ("", "scanning an anchor", 'a value cannot start with "&"; put it in quotes'),
    (
        "unknown escape character",
        "",
        "an escape that YAML does not know; write a backslash twice, or use single quotes",
    ),
    ("invalid Unicode", "", "an escape for half a character (a surrogate) or for none; write the character itself"),
    ("hexdec", "", "an escape without all its hexadecimal digits"),
    ("", "flow sequence", 'expected "," or "]" in the list {since}'),
    ("", "flow mapping", 'expected "," or "}}" in the mapping {since}; put text with braces in quotes'),
    ("", "flow node", "the bracket or brace before this is never closed"),
    ("", "parsing a block mapping", "expected a key of the mapping {since}; indent alike, close quotes at the end"),
    ("", "parsing a block collection", 'expected "- " of the list {since}; indent its items alike'),
    ("", "scanning a simple key", 'expected ": " after the key {since}'),
    ("", "scanning a block scalar", 'text after "|" or ">" starts on the next line, indented with spaces'),
    ("tag", "", "tags are not read; put text that starts with ! in quotes"),
    ("", "tag", "tags are not read; put text that starts with ! in quotes"),
    ("", "scanning a directive", 'a line that starts with "%" is a directive; none is needed'),
    ("document start", "", "text after the end of the value; indent it, or put all of it in quotes"),
    ("node content", "", "expected a value"),
)
