from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from provendor.cache import Cache
from provendor.errors import ContractError
from provendor.reader import source
from provendor.reader.source import Dialect, Document, read, read_located, read_text


def a_document(text: str | bytes, dialect: Dialect = Dialect.CONTRACT) -> Document:
    """The document of this text, called `a.yaml`."""
    return read_text(text.encode() if isinstance(text, str) else text, "a.yaml", dialect=dialect)


def problems(text: str | bytes, dialect: Dialect = Dialect.CONTRACT) -> list[str]:
    """What is wrong with this text, as it is printed; the same whether places are wanted or not."""
    with pytest.raises(ContractError) as caught:
        a_document(text, dialect)
    if dialect is Dialect.CONTRACT:
        with pytest.raises(ContractError) as located:
            read_located(text.encode() if isinstance(text, str) else text, "a.yaml")
        assert located.value.problems == caught.value.problems
    return [str(problem) for problem in caught.value.problems]


@pytest.fixture(params=["libyaml", "pure"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to read YAML: PyYAML may have been built without libyaml."""
    if request.param == "pure":
        monkeypatch.setitem(sys.modules, "yaml._yaml", None)
    return str(request.param)


# --- values -----------------------------------------------------------------------------------------------------------

TYPED = [
    ("null", None),
    ("", None),
    ("true", True),
    ("false", False),
    ("0", 0),
    ("-0", 0),
    ("7", 7),
    ("-12", -12),
    ("0.5", 0.5),
    ("-1.25", -1.25),
    ("1e3", 1000.0),
    ("1E-2", 0.01),
    ("1.5e+3", 1500.0),
    ("12345678901234567890123", 12345678901234567890123),
]
TEXT = [
    *("on", "off", "yes", "no", "y", "n", "On", "NO"),
    *("True", "TRUE", "False", "Null", "NULL", "~", "None"),
    *("2025-10-18", "2025-10-18T07:00:00Z", "1:30", "190:20:30", "12:30:45"),
    *("1_000", "0x1F", "0o17", "017", "0b1", "+1", "1.", ".5", "1e", "e3", "01", "--1", "1.2.3", "1,000", "٣"),
    *("inf", "nan", "Inf", "infinity", "NAN", "-a", "<<<", "=", "null null", "a#b", "a:b", "http://example.com:80/x"),
]


@pytest.mark.parametrize(("text", "value"), TYPED)
@pytest.mark.usefixtures("parser")
def test_plain_json_values_are_typed(text: str, value: Any):
    """null, true, false and JSON numbers mean what they mean in JSON; nothing at all is null."""
    for found in (a_document(f"a: {text}").value["a"], a_document(f"- {text}").value[0]):
        assert found == value
        assert type(found) is type(value)


@pytest.mark.parametrize("text", TEXT)
@pytest.mark.usefixtures("parser")
def test_all_other_plain_text_is_a_string(text: str):
    """What YAML 1.1 takes for a boolean, a date, a time or a number of its own stays text, as value and as key."""
    assert a_document(f"a: {text}").value == {"a": text}
    assert a_document(f"{text}: 1").value == {text: 1}


@pytest.mark.parametrize("text", [text for text, _ in TYPED])
@pytest.mark.usefixtures("parser")
def test_quoted_text_is_never_typed(text: str):
    """Quotes and block scalars make a string of everything."""
    assert a_document(f"a: '{text}'\nb: \"{text}\"\nc: |-\n  {text}\n").value == {"a": text, "b": text, "c": text}


@pytest.mark.usefixtures("parser")
def test_nested_values_keep_their_order_and_shape():
    """Lists and mappings, in blocks and in braces, are lists and dicts in the order of the file."""
    value = a_document("b: [1, {x: y, w: []}]\na:\n- c:\n    d: {}\n  e: |\n    one\n    two\n").value

    assert json.dumps(value) == '{"b": [1, {"x": "y", "w": []}], "a": [{"c": {"d": {}}, "e": "one\\ntwo\\n"}]}'


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    # Without what YAML cannot hold unescaped, and without what it folds as a line break of its own.
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="\ufeff￾￿")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(JSON)
def test_every_json_document_reads_as_itself(value: Any):
    """JSON is YAML: a JSON file gives the values that json gives."""
    assert a_document(json.dumps(value, ensure_ascii=False)).value == value


@given(JSON)
def test_what_pyyaml_writes_for_a_cassette_reads_back(value: Any):
    """A cassette that vcrpy wrote holds the values that were recorded."""
    text = yaml.dump(value, Dumper=yaml.CDumper, allow_unicode=True)

    assert a_document(text, Dialect.CASSETTE).value == value


def test_bytes_in_a_cassette_are_bytes():
    """A body that is no text is written by vcrpy as !!binary."""
    text = yaml.dump({"string": b"\x00\xff\x01"}, Dumper=yaml.CDumper)

    assert "!!binary" in text
    assert a_document(text, Dialect.CASSETTE).value == {"string": b"\x00\xff\x01"}


def test_text_that_pyyaml_leaves_plain_stays_text_in_a_cassette():
    """A header value such as 1e3 or NaN is text to PyYAML, which writes it without quotes."""
    headers = {"X-Id": ["1e3", "1.5e3", "NaN", "Infinity", "1.5"]}
    text = yaml.dump(headers, Dumper=yaml.CDumper)

    assert "- 1e3\n" in text
    assert a_document(text, Dialect.CASSETTE).value == headers


def test_standard_tags_are_read_in_a_cassette():
    """!!str makes text of a number, !!int and the others say what is there anyway."""
    text = "a: !!str 7\nb: !!int 7\nc: !!null null\nd: !!map {x: !!seq [!!bool true]}\n"

    assert a_document(text, Dialect.CASSETTE).value == {"a": "7", "b": 7, "c": None, "d": {"x": [True]}}


@pytest.mark.usefixtures("parser")
def test_an_alias_repeats_what_its_anchor_holds():
    """Anchors and aliases work as long as they stay small."""
    assert a_document("a: &x {b: [1]}\nc: *x\nd: [*x, *x]\n").value == {
        "a": {"b": [1]},
        "c": {"b": [1]},
        "d": [{"b": [1]}, {"b": [1]}],
    }


def test_a_byte_order_mark_is_no_part_of_the_text():
    """Editors on Windows put one at the start."""
    document = a_document(b"\xef\xbb\xbfa: 1\n")

    assert document.value == {"a": 1}
    assert document.place(("a",)) == (1, 4)


def test_the_digest_is_that_of_the_bytes():
    """Whoever has the file can check it with sha256sum."""
    assert a_document("null").digest == "74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b"


# --- problems ---------------------------------------------------------------------------------------------------------

BROKEN = [
    ("", ["a.yaml:1:1: the file is empty"]),
    ("# only a comment\n", ["a.yaml:1:1: the file is empty"]),
    ("a: 1\nb: 2\na: 3\n", ['a.yaml:3:1: the key "a" is here twice']),
    ('x:\n  - {a: 1, "a": 2}\n', ['a.yaml:2:12: x.0: the key "a" is here twice']),
    ("7: x\n", ['a.yaml:1:1: a key must be a string; write it in quotes: "7"']),
    ("a:\n  null: x\n", ['a.yaml:2:3: a: a key must be a string; write it in quotes: "null"']),
    ("a: {true: x}\n", ['a.yaml:1:5: a: a key must be a string; write it in quotes: "true"']),
    ("? \n: x\n", ['a.yaml:1:2: a key must be a string; write it in quotes: ""']),
    (
        "a: {{name}}\n",
        ["a.yaml:1:5: a: a key must be a string, not a list or a mapping; put text with braces in quotes"],
    ),
    (
        "? [a]\n: x\n",
        ["a.yaml:1:3: a key must be a string, not a list or a mapping; put text with braces in quotes"],
    ),
    (
        "a: &x {b: 1}\nc:\n  <<: *x\n",
        ['a.yaml:3:3: c: merge keys ("<<") are not read; write the keys out, or share a schema with $ref'],
    ),
    ("a: !!str 7\n", ['a.yaml:1:4: a: tags such as "!!str" are not read; put text that starts with ! in quotes']),
    ("a: !x [1]\n", ['a.yaml:1:4: a: tags such as "!x" are not read; put text that starts with ! in quotes']),
    (
        "a: !!python/object/apply:os.system [x]\n",
        [
            'a.yaml:1:4: a: tags such as "!!python/object/apply:os.system" are not read; put text that starts with ! in quotes'
        ],
    ),
    ("a: .nan\n", ["a.yaml:1:4: a: .nan is not a number that JSON knows; put it in quotes if it is text"]),
    ("a: -.inf\n", ["a.yaml:1:4: a: -.inf is not a number that JSON knows; put it in quotes if it is text"]),
    ("a: [NaN]\n", ["a.yaml:1:5: a.0: NaN is not a number that JSON knows; put it in quotes if it is text"]),
    ("a: -Infinity\n", ["a.yaml:1:4: a: -Infinity is not a number that JSON knows; put it in quotes if it is text"]),
    ("a: 1e999\n", ['a.yaml:1:4: a: "1e999" is too large for a number; put it in quotes if it is text']),
    (
        "a: " + "9" * 5000,
        ["a.yaml:1:4: a: a number of more than 4300 digits; put it in quotes if it is text"],
    ),
    ("a: *b\n", ["a.yaml:1:4: a: no anchor &b stands before *b; put text that starts with * in quotes"]),
    ("a: */*\n", ['a.yaml:1:5: a: a value cannot start with "*"; put it in quotes']),
    ("a: &x 1\nb: &x 2\n", ["a.yaml:2:4: b: the anchor &x is here twice"]),
    ("a: &x k\n*x : 1\n", ["a.yaml:2:1: an alias cannot be a key; write the key out"]),
    ("a: &x [*x]\n", ["a.yaml:1:8: a.0: *x stands inside of what it repeats, which would never end"]),
    ("a:\n\tb: 1\n", ["a.yaml:2:1: a: a tab; YAML is indented with spaces"]),
    ("a: b\n\tc: 1\n", ["a.yaml:2:1: a: a tab; YAML is indented with spaces"]),
    (
        "a: 1\n---\nb: 2\n",
        ['a.yaml:2:1: a second document starts here; a file holds one, without "---" in between'],
    ),
    ("a: @b\n", ['a.yaml:1:4: a: a value cannot start with "@"; put it in quotes']),
    ("a: `b`\n", ['a.yaml:1:4: a: a value cannot start with "`"; put it in quotes']),
    ("a: %b\n", ['a.yaml:1:4: a: a value cannot start with "%"; put it in quotes']),
    ('a: "b\n', ["a.yaml:1:4: a: the quote that opens here is never closed"]),
    ("a: 'b\nc: d\n", ["a.yaml:1:4: a: the quote that opens here is never closed"]),
    (
        "a: b: c\n",
        ['a.yaml:1:5: a ": " where no key can stand; quote text that has ": ", or indent alike'],
    ),
    ("a: - b\n", ['a.yaml:1:4: a: a "- " where no list can start; a list starts on a line of its own']),
    ('a: "\\d"\n', ["a.yaml:1:5: a: an escape that YAML does not know; write a backslash twice, or use single quotes"]),
    (
        'a: "\\ud800"\n',
        ["a.yaml:1:7: a: an escape for half a character (a surrogate) or for none; write the character itself"],
    ),
    ("a: b\0c\n", ["a.yaml:1:5: the invisible character U+0000; write it as an escape inside double quotes"]),
    (
        "a: \x1b[31m\nb: \x07\n",
        [
            "a.yaml:1:4: the invisible character U+001B; write it as an escape inside double quotes",
            "a.yaml:2:4: the invisible character U+0007; write it as an escape inside double quotes",
        ],
    ),
    ("a:\n\ufeffb: c\n", ["a.yaml:2:1: the invisible character U+FEFF; write it as an escape inside double quotes"]),
    (b"a: caf\xe9\n", ["a.yaml:1:7: byte 0xE9 is not UTF-8; save the file as UTF-8"]),
    (b"a: 1\nb: \xc3\xa9\xff\n", ["a.yaml:2:5: byte 0xFF is not UTF-8; save the file as UTF-8"]),
    ("a: 1\n".encode("utf-16"), ["a.yaml:1:1: the file is written in UTF-16 or UTF-32; save it as UTF-8"]),
    ("a: 1\n".encode("utf-16-be"), ["a.yaml:1:1: the file is written in UTF-16 or UTF-32; save it as UTF-8"]),
    ("a: 1\n".encode("utf-32"), ["a.yaml:1:1: the file is written in UTF-16 or UTF-32; save it as UTF-8"]),
]


@pytest.mark.parametrize(("text", "expected"), BROKEN)
@pytest.mark.usefixtures("parser")
def test_a_broken_file_says_what_is_wrong_and_where(text: str | bytes, expected: list[str]):
    """One plain sentence with line, column and the way to the value."""
    found = problems(text)

    if sys.modules.get("yaml._yaml", ...) is None:  # the pure parser stands a little elsewhere with errors of syntax
        strip = [problem.split(": ", 1)[1].split(": ", 1)[-1] for problem in found]
        assert [line for line in expected if not any(line.endswith(part) for part in strip)] == []
    else:
        assert found == expected


def test_all_problems_come_at_once():
    """Duplicate keys, a tag, a number that is none and a syntax error at the end are all reported."""
    text = textwrap.dedent(
        """\
        a: 1
        a: 2
        b: {x: !t 1, x: 2}
        c: .inf
        1: d
        e: [
        """
    )

    assert [problem.split(": ")[0] for problem in problems(text)] == [
        "a.yaml:2:1",
        "a.yaml:3:8",
        "a.yaml:3:14",
        "a.yaml:4:4",
        "a.yaml:5:1",
        "a.yaml:7:1",
    ]


def test_a_syntax_error_is_told_also_as_the_last_of_a_hundred_problems():
    """The limit ends the reading and nothing else."""
    assert [len(problems("a: 1\n" * (1 + many) + "b: [")) for many in (98, 99, 100)] == [99, 100, 100]


def test_more_than_a_hundred_problems_are_cut_off():
    """A file that is wrong all over does not bury the reader."""
    assert len(problems("a: 1\n" * 1000)) == 100


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("- " * 100_000, id="lists"),
        pytest.param("[" * 100_000, id="brackets"),
        pytest.param("{a: " * 100_000, id="braces"),
        pytest.param("? " * 100_000, id="keys"),
        pytest.param("".join(" " * depth + "a:\n" for depth in range(2000)), id="blocks"),
    ],
)
@pytest.mark.usefixtures("parser")
def test_deep_nesting_is_one_problem_and_no_crash(text: str):
    """PyYAML's own composer ends the process here."""
    assert any("nested more than 100 levels deep" in problem for problem in problems(text))


def test_a_hundred_levels_are_allowed():
    """The limit is what it says."""
    assert a_document("[" * 100 + "]" * 100).value
    assert problems("[" * 101 + "]" * 101)


def test_aliases_that_explode_are_one_problem():
    """Nine aliases of nine aliases of ... would be a billion values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]

    (problem,) = problems("\n".join(lines))

    assert problem.endswith("the aliases repeat too much; write less of it, or share a schema with $ref")


def test_aliases_that_explode_in_text_alone_are_one_problem():
    """A long string repeated often is as bad as many values."""
    (problem,) = problems(f"a: &x {'x' * 100_000}\nb: [{', '.join(['*x'] * 100)}]\n")

    assert "the aliases repeat too much" in problem


def test_aliases_cannot_nest_deeper_than_the_limit():
    """Each stands in a value of its own, and holds the one before: two hundred levels in three lines."""
    lines = ["a: &a " + "[" * 60 + "]" * 60, "b: &b " + "[" * 30 + "*a" + "]" * 30, "c: [[[[[[[[[[[*b]]]]]]]]]]]"]

    (problem,) = problems("\n".join(lines))

    assert problem.startswith("a.yaml:3:15: ")
    assert "nested more than 100 levels deep" in problem


# --- places -----------------------------------------------------------------------------------------------------------

CONTRACT = """\
# users
operations:
  users.get:
    cases:
      ok: {status: 200, "headers": {}}
      broken:
        status: [400,
          404]
  users.list: &list
    cases: {}
copy: *list
"""

PLACES = [
    ((), (2, 1), (2, 1)),
    (("operations",), (3, 3), (2, 1)),
    (("operations", "users.get", "cases", "ok"), (5, 11), (5, 7)),
    (("operations", "users.get", "cases", "ok", "status"), (5, 20), (5, 12)),
    (("operations", "users.get", "cases", "ok", "headers"), (5, 36), (5, 25)),
    (("operations", "users.get", "cases", "broken", "status", 1), (8, 11), (8, 11)),
    # What does not exist stands where its nearest parent stands.
    (("operations", "users.get", "cases", "broken", "status", 9), (7, 17), (7, 17)),
    (("operations", "users.get", "cases", "ok", "nothing", "here"), (5, 11), (5, 11)),
    (("nothing",), (2, 1), (2, 1)),
    # A repeated value stands where it is repeated, what is in it where it is written.
    (("copy",), (11, 7), (11, 1)),
    (("copy", "cases"), (10, 12), (10, 5)),
]


@pytest.mark.parametrize(("path", "value", "key"), PLACES)
@pytest.mark.usefixtures("parser")
def test_a_place_is_line_and_column_of_value_or_key(path: tuple[str | int, ...], value: Any, key: Any):
    """Both count from 1."""
    document = a_document(CONTRACT)

    assert document.place(path) == value
    assert document.place(path, key=True) == key


def test_a_file_from_the_cache_has_places_too(tmp_path: Path):
    """Nobody needs to know whether a file was parsed this time."""
    path = tmp_path / "a.yaml"
    path.write_text(CONTRACT)
    for _ in range(2):
        with Cache(tmp_path / "cache") as cache:
            document = read(path, "a.yaml", cache)

        assert document.value == a_document(CONTRACT).value
        assert document.place(("operations", "users.get", "cases", "ok", "status")) == (5, 20)


def test_null_comes_from_the_cache_as_null(tmp_path: Path):
    """A file that holds nothing but null is not parsed for ever."""
    with Cache(tmp_path) as cache:
        for _ in range(2):
            assert read_text(b"null", "a.yaml", cache).value is None


# --- files ------------------------------------------------------------------------------------------------------------


def refused(path: Path) -> str:
    with pytest.raises(ContractError) as caught:
        read(path, "a.yaml")
    (problem,) = caught.value.problems
    return str(problem)


def test_a_missing_file_is_a_problem_of_that_file(tmp_path: Path):
    """No traceback, and the name that the reader knows."""
    assert refused(tmp_path / "nothing.yaml") == "a.yaml: the file cannot be read: No such file or directory"


def test_a_folder_is_no_file(tmp_path: Path):
    """The system's own words are plain enough."""
    assert refused(tmp_path).startswith("a.yaml: ")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are a Unix thing")
def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path: Path):
    """A pull request can hold one; reading it would wait for ever."""
    os.mkfifo(tmp_path / "pipe.yaml")

    assert refused(tmp_path / "pipe.yaml") == "a.yaml: not a regular file"


def test_a_huge_file_is_refused(tmp_path: Path):
    """Sixteen megabytes are enough for any contract or recording."""
    path = tmp_path / "huge.yaml"
    with path.open("wb") as file:
        file.truncate(source.MAX_BYTES + 1)

    assert refused(path) == "a.yaml: the file is larger than 16 MiB"


def test_a_path_that_cannot_be_is_a_problem():
    """A NUL in a name comes from a reference in a hostile contract."""
    assert refused(Path("a\0b")).startswith("a.yaml: the file cannot be read")


# --- anything at all --------------------------------------------------------------------------------------------------

FRAGMENTS = st.sampled_from(
    [
        *("a: ", "b:\n", "- ", "? ", ": ", "\n", "\n  ", "\n\t", " ", "[", "]", "{", "}", ",", "&x ", "*x", "<<: "),
        *(
            "!!str ",
            "!!binary ",
            "!t ",
            "! ",
            '"',
            "'",
            "|\n ",
            ">-\n ",
            "#",
            "---\n",
            "...\n",
            "%YAML 1.1\n",
            "\\u",
            "\0",
        ),
        *(
            "null",
            "true",
            "1e5",
            "-0",
            "NaN",
            ".inf",
            "1_0",
            "é",
            "\ud83d",
            "\u2028",
            "\x85",
            "\ufeff",
            "\x1b",
            "~",
            "@",
        ),
    ]
)
MUTATED = st.lists(FRAGMENTS, max_size=30).map("".join).map(lambda text: text.encode("utf-8", "surrogatepass"))


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good contract with some of its bytes replaced, taken away or repeated."""
    text = bytearray(CONTRACT.encode())
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(text)))
        text[at : at + draw(st.integers(0, 8))] = draw(MUTATED | st.binary(max_size=8))
    return bytes(text)


@given(st.binary(max_size=200) | MUTATED | damaged(), st.sampled_from(Dialect))
def test_no_bytes_give_anything_but_a_document_or_problems(text: bytes, dialect: Dialect):
    """Whatever stands in a file: values of JSON's kinds with places, or problems with places; and the pure parser agrees."""
    try:
        document = read_text(text, "a.yaml", dialect=dialect)
    except ContractError as trouble:
        found = trouble.problems
    else:
        json.dumps(document.value, default=lambda value: value.hex()).encode()
        assert document.place(("a", 0, "b"))
        return
    assert found
    for problem in found:
        assert problem.message
        assert (problem.line > 0) == (problem.column > 0)
        str(problem).encode()


@given(MUTATED | damaged())
def test_the_pure_parser_gives_the_same_values(text: bytes):
    """Where both parsers can read a text they read the same, and the pure one crashes on nothing."""
    values = []
    for hidden in (False, True):
        with pytest.MonkeyPatch.context() as patch:
            if hidden:
                patch.setitem(sys.modules, "yaml._yaml", None)
            try:
                values.append([read_text(text, "a.yaml").value])
            except ContractError:
                values.append([])

    assert not all(values) or values[0] == values[1]


def test_a_file_from_the_cache_needs_no_yaml(tmp_path: Path):
    """`provendor prove` on one case pays for what it uses only: PyYAML takes longer than all the rest."""
    code = f"""
import sys
from pathlib import Path
from provendor.cache import Cache
from provendor.reader.source import read_text
with Cache(Path({str(tmp_path)!r})) as cache:
    assert read_text(b"a: on", "a.yaml", cache).value == {{"a": "on"}}
print("yaml" in sys.modules)
"""
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(2)]

    assert [run.stdout for run in runs] == ["True\n", "False\n"]
