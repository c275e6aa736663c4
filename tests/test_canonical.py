"""Cassettes in the form that we write are read without YAML, and never otherwise than with it."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from builders import a_request
from provendor import cassette
from provendor.cassette import Cassette, Interaction, Metadata
from provendor.errors import CassetteBroken
from provendor.exchange import Headers, Origin, Request
from provendor.reader.canonical import read

ROOT = Path(__file__).parent.parent
METADATA = Metadata(Origin.DOCUMENTED, "it's a page, see [1]", "2026-11-01", api_version="4.16")
HEADERS = Headers((("content-type", "application/json; charset=utf-8"), ("link", "<a>, <b>"), ("link", "it's")))


def an_interaction(body: bytes = b'{"id": 7}', sent: bytes = b"", headers: Headers = HEADERS) -> Interaction:
    return Interaction(a_request(body=sent), 200, headers, body)


TEXT = cassette.dump([an_interaction(b'{\n  "a": 1,\n\n    "b": 2\n}\n', b" a\nb"), an_interaction()], METADATA)


def parsed(text: str) -> Cassette | str:
    """What the text is read as, or what is wrong with it."""
    try:
        found = cassette.parse(text.encode(), "x.yaml")
    except CassetteBroken as reason:
        return str(reason)
    return found._replace(recording=found.recording._replace(digest=""))


def by_yaml(text: str) -> Cassette | str:
    """The same by YAML: a comment at the end changes nothing but the form."""
    commented = f"{text}# the end\n"
    assert read(commented) is None
    return parsed(commented)


# --- what is of the form ----------------------------------------------------------------------------------------------


def test_the_suite_is_read_so():
    """All but a few of our own cassettes are of the form, and each holds what YAML finds in it."""
    left = []
    for path in sorted((ROOT / "cassettes").rglob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        if read(text) is None:
            left.append(text)
        else:
            assert parsed(text) == by_yaml(text), path

    assert len(left) < 40
    assert all("\\r\\n" in text or "\\n\\" in text for text in left)  # in double quotes, with escapes


printable = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E) | st.sampled_from("äß€😀\n' "), max_size=30)
words = st.text("abcXYZ-_.019'", min_size=1, max_size=10)
# A body of nothing but ends of lines is written with escapes.
bodies = printable.filter(lambda text: not text or text.strip("\n")).map(str.encode)
headers = st.lists(st.tuples(words, printable.map(lambda text: text.replace("\n", ""))), max_size=4)
interactions = st.builds(
    Interaction,
    st.builds(
        Request,
        st.sampled_from(["GET", "POST"]),
        st.sampled_from(["https://a.example/", "https://a.example:8443/it's/~d"]),
        st.lists(st.tuples(printable, printable), max_size=2).map(tuple),
        headers.map(lambda items: Headers(tuple(items))),
        bodies,
    ),
    st.integers(100, 599),
    headers.map(lambda items: Headers(tuple(items))),
    bodies,
)


@given(st.lists(interactions, min_size=1, max_size=3), words)
@example([an_interaction(b"\n a\n\n", b"a\n\n\n")], "null")
@example([an_interaction(b"null", b"true", Headers((("false", "null"),)))], "true")
@example([an_interaction(b"nullable-x", b"a: b # c\n---\n...\n")], "x")
def test_what_is_written_is_of_the_form(given_interactions, source):
    """Property: printable text of any kind, and YAML reads the same."""
    text = cassette.dump(given_interactions, Metadata(Origin.SYNTHETIC, source))

    assert read(text) is not None
    assert parsed(text) == by_yaml(text)


# --- what is not ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version: 1\n", "version: 2\n"),
        ("version: 1\n", "# by hand\nversion: 1\n"),
        ("version: 1\n", "version: 1 # the only one\n"),
        ("origin: documented", "origin: null"),
        ("origin: documented", "origin: true"),
        ("origin: documented", "origin: !!str documented"),
        ("origin: documented", "origin: &a documented"),
        ("origin: documented", "origin: 7"),
        ("origin: documented", 'origin: "documented"'),
        ("origin: documented", "origin: 'documented"),
        ("origin: documented", "origin: a b"),
        ("origin: documented", "origin: documented "),
        ("origin: documented", "origin: 'in\n    two lines'"),
        ("origin: documented", "origin: 'with a tab\t'"),
        ("origin: documented", "origin: 'with a bell\a'"),
        ("origin: documented", "origin: 'a\u2028b'"),
        ("origin: documented", "origin: '\ufeff'"),
        ("origin: documented", "origin: documented\n  origin: documented"),
        ("origin: documented", "'null': a\n  null: documented"),
        ("interactions:\n- ", "interactions:\n  - "),
        ("    method: GET\n", "    uri: x\n    method: GET\n"),
        ("    method: GET\n", "    method: GET\n    method: GET\n"),
        ("    method: GET\n", "    method: GET\n    extra: x\n"),
        ("status: {code: 200", "status: {code: 020"),
        ("status: {code: 200", "status: {code: 2000"),
        ("status: {code: 200", "status: {code: 600"),
        ("status: {code: 200", "status: { code: 200"),
        ("      link:", "      content-type:"),
        ("      link:", f"      {'x' * 501}:"),
        ("      link:", f"      '{'x' * 501}':"),
        ("      link: [", "      link: [ "),
        ("      link: [", "      link: [[a], "),
        ("      link: [", "      link: [a,"),
        ('string: \'{"id":', 'string: \'{"id":\n          '),
        ("string: |\n", "string: |\n   \n"),
        ("string: |\n", "string: |\n\n"),
        ("string: '{\"id\": 7}'\n", "string: |2\n\n"),
        ("string: |\n", "string: |\n         further in\n"),
        ("string: |\n", "string: |4\n"),
        ("string: |\n", "string: >\n"),
        ("string: |\n", "string: | # all of it\n"),
        ("        {\n", "      {\n"),
        ("        {\n", "        {\r\n"),
    ],
)
def test_anything_else_is_left_to_yaml(old, new):
    """Whether YAML accepts it or not: what is not certain to be of the form is not read here."""
    assert old in TEXT
    assert read(TEXT) is not None

    assert read(TEXT.replace(old, new, 1)) is None


@pytest.mark.parametrize("cut", ["", "\n", "version: 1\n", TEXT[:-1], TEXT + "\n", TEXT + "more: 1\n", TEXT + "---\n"])
def test_the_form_begins_and_ends(cut):
    """Nothing is missing, nothing comes after it."""
    assert read(cut) is None


INDENTED = ["\n\n", "\n  ", "\n      ", "\n        "]
PIECES = [*"[]{}-:'\"! \n&*|#,+2\ta\u2028", "''", ", ", ": ", "- request:\n", "null", *INDENTED]


@settings(max_examples=500)
@given(st.data())
def test_damage_never_makes_it_read_otherwise(data):
    """Property: after any damage it is read as YAML reads it, or not at all."""
    text = TEXT
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(st.sampled_from(PIECES) | st.just("")) + text[at + data.draw(st.integers(0, 9)) :]

    assert read(text) is None or parsed(text) == by_yaml(text)


WRONG = [
    ("'2026-11-01'", "'2026-13-01'"),
    ("method: GET", "method: 'GET /'"),
    ("method: GET", "method: 'Ü'"),
    ("method: GET", "method: ''"),
    ("uri: 'https:", "uri: 'ftp:"),
    ("uri: 'https://", "uri: 'https:///"),
]
UNUSUAL = [
    ("'2026-11-01'", "''"),
    ("origin: documented", "origin: invented"),
    ("origin: documented", "author: me\n  recorded_at: '2026-11-02T10:00:00Z'"),
    ("method: GET", "method: get"),
    ("uri: 'https://", "uri: 'HTTPS://"),
    ("uri: 'https://", "uri: 'stdio://"),
    ("api/v1/profile'", "?a=1&a=%20&b=#c?d'"),
    ("content-type: [", "content-encoding: [gzip, "),
    ("content-type: [", "Content-Encoding: [nothing-known, "),
    ("code: 200, message: OK", "code: 599, message: ''"),
]


@pytest.mark.parametrize(
    ("kind", "old", "new"), [*((str, *each) for each in WRONG), *((Cassette, *each) for each in UNUSUAL)]
)
def test_what_is_wrong_or_unusual_is_so_either_way(kind, old, new):
    """Faults are told as YAML's reader tells them, with their places; spellings that it takes mean what it makes of them."""
    text = TEXT.replace(old, new)
    assert text != TEXT
    assert read(text) is not None

    assert isinstance(parsed(text), kind)
    assert parsed(text) == by_yaml(text)


def test_what_is_of_the_form_may_be_too_large():
    """As any other file may be."""
    text = cassette.dump([an_interaction(b"a" * cassette.MAX_BYTES)], METADATA)

    assert parsed(text) == "x.yaml: the file is larger than 16 MiB"


def test_what_is_of_the_form_needs_no_yaml():
    """Loading that library takes longer than reading a hundred cassettes."""
    code = (
        "import sys; from provendor import cassette; cassette.parse(sys.stdin.buffer.read(), 'x.yaml');"
        "print('yaml' in sys.modules)"
    )
    run = partial(subprocess.run, [sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert run(input=TEXT).stdout == "False\n"
    assert run(input=f"{TEXT}# the end\n").stdout == "True\n"


@pytest.mark.parametrize("part", ["'", "''", "'', '", "'a', ", "a, ", "\n        ", "\n", "\n      a: [b]", "\n  a: b"])
def test_hostile_text_takes_no_longer(part):
    """Half a megabyte of what could be tried in many ways is read in one."""
    for at in ("origin: ", "link: [", "string: |", "    headers:", "metadata:"):
        place = TEXT.index(at) + len(at)
        text = TEXT[:place] + part * (500_000 // len(part)) + TEXT[place:]

        assert read(text) is None or parsed(text) == by_yaml(text)
