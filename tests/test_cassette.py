from __future__ import annotations

import base64
import gzip
import json
import re
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from builders import a_request
from provendor import cassette, compression
from provendor.cache import Cache
from provendor.cassette import Interaction, Metadata
from provendor.errors import CassetteBroken, CassetteMissing
from provendor.exchange import Headers, Origin, Request

NAME = "cassettes/chatwoot/profile/ok.yaml"


def an_interaction(body: bytes = b'{"id":7}', **changes) -> Interaction:
    """An answer of 200 to a plain GET."""
    known = {"request": a_request(), "status": 200, "headers": Headers((("content-type", "application/json"),))}
    return Interaction(**{**known, "body": body, **changes})


def loaded(text: str | bytes):
    """What the file holds that holds this text."""
    return cassette.parse(text if isinstance(text, bytes) else text.encode(), NAME)


def read_back(*interactions: Interaction, metadata: Metadata | None = None):
    return loaded(cassette.dump(interactions, metadata or Metadata()))


def same(one: Interaction, other: Interaction) -> bool:
    """Equal but for the line, with header fields of one name together."""
    return (one.request.method, one.request.url, one.request.query, one.request.body, one.status, one.body) == (
        (other.request.method, other.request.url, other.request.query, other.request.body, other.status, other.body)
    ) and (together(one.headers), together(one.request.headers)) == (
        (together(other.headers), together(other.request.headers))
    )


def together(headers: Headers) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name, []).append(value)
    return found


# --- where a recording comes from -------------------------------------------------------------------------------------


def test_metadata_says_where_the_answer_comes_from(tmp_path):
    """Path, origin, source, day, version and environment are in the recording, with the digest of the bytes."""
    metadata = Metadata(Origin.DOCUMENTED, "https://docs.example/", "2026-11-01", "sandbox", "4.16", "0" * 64, "a/b:c")
    path = tmp_path / "ok.yaml"
    path.write_text(cassette.dump([an_interaction()], metadata), encoding="utf-8")

    recording = cassette.load(path, NAME).recording

    assert (recording.path, recording.origin, recording.source) == (NAME, Origin.DOCUMENTED, "https://docs.example/")
    assert (recording.at, recording.environment, recording.api_version) == ("2026-11-01", "sandbox", "4.16")
    assert len(recording.digest) == 64


def test_a_recorded_cassette_says_when_it_was_recorded():
    """Live traffic has `recorded_at`; everything else was written."""
    assert "  recorded_at: '2026-11-01T10:00:00Z'\n" in cassette.dump(
        [], Metadata(Origin.RECORDED, at="2026-11-01T10:00:00Z")
    )
    assert "  written_at: '2026-11-01'\n" in cassette.dump([], Metadata(Origin.SYNTHETIC, at="2026-11-01"))


@pytest.mark.parametrize("metadata", ["", "metadata: {}\n", "metadata:\n  origin: guessed\n", "metadata:\n  mine: 1\n"])
def test_a_cassette_of_unknown_origin_is_accepted(metadata):
    """Unknown is None, so that a check can warn."""
    recording = loaded(cassette.dump([an_interaction()], Metadata()).replace("metadata: {}\n", metadata)).recording

    assert recording.origin is None
    assert recording.at is None


def test_a_version_without_quotes_is_read_as_text():
    """`api_version: 4.16` is what people write."""
    text = cassette.dump([an_interaction()], Metadata()).replace("metadata: {}", "metadata: {api_version: 4.16}")

    assert loaded(text).recording.api_version == "4.16"


# --- writing ----------------------------------------------------------------------------------------------------------


def test_a_cassette_reads_well():
    """Metadata first, one line per header, JSON as its lines; the text is pinned, since files are compared by it."""
    request = a_request(
        "POST", query=(("q", "a b&c"), ("q", "*")), headers=Headers((("X-Key", "<key>"),)), body=b'{"a":1}'
    )
    answer = an_interaction(
        b'{\n  "id": 7\n}\n', request=request, headers=Headers((("Set-Cookie", "a"), ("X", "no"), ("Set-Cookie", "b")))
    )

    assert cassette.dump([answer], Metadata(Origin.SYNTHETIC, "invented", "2026-11-01")) == (
        "version: 1\n"
        "metadata:\n"
        "  origin: synthetic\n"
        "  source: invented\n"
        "  written_at: '2026-11-01'\n"
        "interactions:\n"
        "- request:\n"
        "    method: POST\n"
        "    uri: 'https://chatwoot.example/api/v1/profile?q=a%20b%26c&q=*'\n"
        "    headers:\n"
        "      X-Key: ['<key>']\n"
        "    body: '{\"a\":1}'\n"
        "  response:\n"
        "    status: {code: 200, message: OK}\n"
        "    headers:\n"
        "      Set-Cookie: [a, b]\n"
        "      X: ['no']\n"
        "    body:\n"
        "      string: |\n"
        "        {\n"
        '          "id": 7\n'
        "        }\n"
    )


@pytest.mark.parametrize(
    ("body", "written"),
    [
        (b"", "string: ''\n"),
        (b"it's", "string: 'it''s'\n"),
        (b"null", "string: 'null'\n"),
        (b"1e3", "string: '1e3'\n"),
        (b"a\nb", "string: |-\n        a\n        b\n"),
        (b"a\n\n", "string: |+\n        a\n\n"),
        (b" a\nb\n", "string: |2\n         a\n        b\n"),
        (b"a\r\n b", 'string: "a\\r\\n\\\n        \\ b"\n'),
        ("a\u202eb\u2028\ufeff".encode(), 'string: "a\\u202eb\\u2028\\ufeff"\n'),
        ("ä😀".encode(), "string: 'ä😀'\n"),
        (b"\x1f\x8b", "string: !!binary |\n        H4s=\n"),
    ],
)
def test_a_body_is_written_so_that_people_can_read_it(body, written):
    """Blocks for lines, quotes for a line, escapes for what cannot be seen, base64 for what is no text."""
    text = cassette.dump([an_interaction(body)], Metadata())

    assert text.endswith(written)
    assert loaded(text).interactions[0].body == body


def test_compressed_is_never_written():
    """Bodies are kept decompressed, so the header that says otherwise would break every client."""
    headers = Headers((("Content-Encoding", "gzip"), ("x", "y")))

    assert read_back(an_interaction(headers=headers)).interactions[0].headers.items == (("x", "y"),)


bodies = st.one_of(
    st.binary(max_size=60),
    st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace")),
    st.text(" \n\r\t:#-|>'\"\\{}[],&*!%@`a\u2028\x85\ufeff", max_size=20).map(str.encode),
)
names = st.text("abcXYZ-_0159", min_size=1, max_size=10)
values = st.text(st.characters(max_codepoint=0x24F, exclude_categories=["Cs"]), max_size=15)
headers = st.lists(st.tuples(names, values), max_size=4).map(lambda items: Headers(tuple(items)))
requests = st.builds(
    Request,
    st.sampled_from(["GET", "POST", "PATCH"]),
    st.sampled_from(["https://a.example/", "https://a.example:8443/b%2Fc/~d"]),
    st.lists(st.tuples(values, values), max_size=3).map(tuple),
    headers,
    bodies,
)


@given(st.lists(st.builds(Interaction, requests, st.integers(100, 599), headers, bodies), min_size=1, max_size=3))
@example([an_interaction(b"\n\n")])
@example([an_interaction(b"---\n...\n")])
@example([an_interaction(b"a\n \n")])
def test_whatever_is_written_comes_back(interactions):
    """Property: every byte of every body, every header and every parameter."""
    interactions = [each for each in interactions if not each.headers.get("content-encoding")]
    text = cassette.dump([an_interaction(), *interactions], Metadata())

    back = loaded(text).interactions

    assert all(same(one, other) for one, other in zip([an_interaction(), *interactions], back, strict=True))
    assert cassette.dump(back, Metadata()) == text


@given(st.none() | values)
def test_any_metadata_comes_back(text):
    """Property: source and environment are free text."""
    recording = read_back(an_interaction(), metadata=Metadata(source=text, environment=text)).recording

    assert (recording.source, recording.environment) == (text, text)


# --- reading what vcrpy writes ----------------------------------------------------------------------------------------

VCRPY = """\
interactions:
- request:
    body: null
    headers:
      accept:
      - '*/*'
      x-one: plain
    method: GET
    uri: http://127.0.0.1:8000/x?a=1&a=&b=c+d%20e#f
  response:
    body:
      string: 1e3
    headers:
      Content-Type:
      - text/plain
      X-Number:
      - 1e5
    status:
      code: 200
      message: OK
version: 1
"""


def test_what_vcrpy_writes_is_read():
    """Headers as lists or text, no body, plain text that looks like a number, a query with blanks and pluses."""
    found = loaded(VCRPY)

    (interaction,) = found.interactions
    assert found.recording.origin is None
    assert interaction.request == Request(
        "GET",
        "http://127.0.0.1:8000/x",
        (("a", "1"), ("a", ""), ("b", "c d e")),
        Headers((("accept", "*/*"), ("x-one", "plain"))),
    )
    assert interaction.body == b"1e3"
    assert interaction.headers.get("x-number") == "1e5"
    assert interaction.line == 2


def test_older_forms_are_read():
    """The form of vcrpy before version 6 with httpx, and base64 as VCR for Ruby does."""
    old = "version: 1\ninteractions:\n- request: {method: get, uri: 'http://a.example'}\n  response: "

    assert loaded(old + "{status_code: 404, headers: {a: [b]}, content: gone}").interactions[0].status == 404
    ruby = loaded(old + "{status: {code: 200, message: OK}, headers: {}, body: {base64_string: aGk=}}")
    assert ruby.interactions[0].body == b"hi"
    assert ruby.interactions[0].request.method == "GET"


def compressed(body: bytes, encoding: str, length: int = 0) -> str:
    data = base64.b64encode(body).decode()
    return (
        "version: 1\ninteractions:\n- request: {method: GET, uri: 'http://a.example'}\n  response:\n"
        f"    headers: {{Content-Encoding: ['{encoding}'], Content-Length: ['{length}']}}\n"
        f"    status: {{code: 200, message: OK}}\n    body: {{string: !!binary {data}}}\n"
    )


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b'{"id": 7}')),
        ("GZIP", gzip.compress(b'{"id"') + gzip.compress(b": 7}")),
        ("deflate", zlib.compress(b'{"id": 7}')),
        ("deflate", raw_deflate(b'{"id": 7}')),
        ("deflate, gzip", gzip.compress(zlib.compress(b'{"id": 7}'))),
        ("identity", b'{"id": 7}'),
        ("gzip", b'{"id": 7}'),
        ("br", b'{"id": 7}'),
    ],
    ids=["gzip", "members", "deflate", "raw deflate", "both", "identity", "gzip as text", "br as text"],
)
def test_a_compressed_body_is_decompressed(encoding, body):
    """As a client would see it; a body that is text was decoded by whoever recorded it."""
    (interaction,) = loaded(compressed(body, encoding, len(body))).interactions

    assert interaction.body == b'{"id": 7}'
    if encoding != "identity":
        assert interaction.headers.items == (("Content-Length", "9"),)


@pytest.mark.parametrize(
    ("encoding", "body", "reason"),
    [
        ("br", b"\x8b\xff", "it ends too early"),
        ("zstd", b"\x28\xb5\x2f\xfd", "it ends too early"),
        ("compress", b"\x1f\x9d\x90", "'compress' is no content encoding that is known here"),
        ("gzip", gzip.compress(b"x" * 99)[:-12], "it ends too early"),
        ("gzip", b"\xff\xfe", "incorrect header check"),
        ("gzip", gzip.compress(bytes(compression.MAX_BODY + 1)), "it decompresses to more than 33,554,432 bytes"),
        ("gzip, gzip", gzip.compress(gzip.compress(bytes(compression.MAX_BODY + 1))), "more than 33,554,432 bytes"),
    ],
    ids=["br", "zstd", "compress", "cut off", "broken", "bomb", "bomb in a bomb"],
)
def test_a_body_that_cannot_be_decompressed_is_a_fault(encoding, body, reason):
    """Unknown encodings, cut off or broken data, and bombs."""
    with pytest.raises(CassetteBroken, match=reason) as caught:
        loaded(compressed(body, encoding))

    assert f"{NAME}:7:20: interactions.0.response.body.string: " in str(caught.value)


def test_many_bodies_share_the_room_that_one_may_take():
    """A thousand small bombs are a large one."""
    one = compressed(gzip.compress(bytes(20_000_000)), "gzip")
    interaction = one[one.index("- request") :]

    with pytest.raises(CassetteBroken, match=r"interactions\.1\.response\.body\.string: .* more than 13,554,432 bytes"):
        loaded(one + interaction)


# --- faults -----------------------------------------------------------------------------------------------------------

REQUEST = "request: {method: GET, uri: 'http://a.example/'}"
RESPONSE = "response: {status: {code: 200, message: OK}, headers: {}, body: {string: hi}}"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", ":1:1: the file is empty"),
        ("- 1", ":1:1: expected a mapping with version and interactions, as vcrpy writes it, got a list of 1"),
        ("{}", ":1:1: version: expected version: 1, the only format there is, got nothing"),
        ("version: 2", ":1:10: version: expected version: 1, the only format there is, got 2"),
        ("version: 1", ":1:1: interactions: expected a list of at least one interaction, got nothing"),
        ("interactions: []", ":1:15: interactions: expected a list of at least one interaction, got an empty list"),
        ("interactions: [1]", ":1:16: interactions.0: expected a mapping with request and response, got 1"),
        (
            f"interactions: [{{{RESPONSE}}}]",
            ": interactions.0.request: expected a mapping with method and uri, got nothing",
        ),
        (
            f"interactions: [{{{REQUEST}}}]",
            ": interactions.0.response: expected a mapping with status, headers and body, got nothing",
        ),
        ("method: 'G T'", 'interactions.0.request.method: expected an HTTP method such as GET, got "G T"'),
        ("uri: /x", "interactions.0.request.uri: expected a URL that starts with https:// or http:// and a host, got"),
        ("uri: 'ftp://a.example'", "interactions.0.request.uri: expected a URL"),
        (
            "request.headers: [1]",
            "interactions.0.request.headers: expected a mapping of header names to lists of values",
        ),
        ("request.headers: {a: [b, [c]]}", "interactions.0.request.headers.a.1: expected text, got a list of 1"),
        ("request.headers: {a: null}", "interactions.0.request.headers.a: expected text, got nothing"),
        ("request.body: {a: 1}", "interactions.0.request.body: expected text or !!binary, got a mapping"),
        ("status: 200", "interactions.0.response.status: expected a mapping with code and message, got 200"),
        ("status: {code: '200'}", 'interactions.0.response.status.code: expected a status from 100 to 599, got "200"'),
        ("status: {code: 99}", "interactions.0.response.status.code: expected a status from 100 to 599, got 99"),
        ('method: "G\\e[2J\\n"', 'expected an HTTP method such as GET, got "G\\x1b[2J\\n"'),
        (
            'request.headers: {"a\\n\\u202e": null}',
            "interactions.0.request.headers.a\\n\\u202e: expected text, got nothing",
        ),
        ("status: {code: true}", "interactions.0.response.status.code: expected a status from 100 to 599, got true"),
        ("body: text", 'interactions.0.response.body: expected a mapping with string, got "text"'),
        ("body: {string: [1]}", "interactions.0.response.body.string: expected text or !!binary, got a list of 1"),
        ("body: {string: !!binary '*'}", "the value of !!binary is not base64"),
        ("body: {base64_string: '*'}", "interactions.0.response.body.base64_string: the value is not base64"),
        ("body: {string: !!python/object/apply:os.system [x]}", "tags such as"),
        ("metadata: [1]", "metadata: expected a mapping, got a list of 1"),
        ("metadata: {origin: [1]}", "metadata.origin: expected text, got a list of 1"),
        ("metadata: {source: {}}", "metadata.source: expected text, got an empty mapping"),
        (
            "metadata: {written_at: soon}",
            'metadata.written_at: expected an ISO date or date-time such as 2026-11-01, got "soon"',
        ),
    ],
)
def test_a_fault_has_its_place_and_what_was_expected(text, fault):
    """Each structural fault is one line with file, line and column."""
    with pytest.raises(CassetteBroken) as caught:
        loaded(around(text))

    assert fault in str(caught.value)
    assert all(line.startswith(f"{NAME}:") for line in str(caught.value).splitlines())


def around(text: str) -> str:
    """A whole cassette in which one part is as given; what is not a part of one is the whole file."""
    key, _, value = text.partition(": ")
    parts = {"method": "GET", "uri": "'http://a.example/'", "request.headers": "{}", "request.body": "''"}
    parts |= {"status": "{code: 200, message: OK}", "headers": "{}", "body": "{string: hi}", "metadata": "{}"}
    if key not in parts:
        return text
    parts[key] = value
    return (
        f"version: 1\nmetadata: {parts['metadata']}\ninteractions:\n- request:\n    method: {parts['method']}\n"
        f"    uri: {parts['uri']}\n    headers: {parts['request.headers']}\n    body: {parts['request.body']}\n"
        f"  response:\n    status: {parts['status']}\n    headers: {parts['headers']}\n    body: {parts['body']}\n"
    )


def test_all_faults_come_at_once():
    """Nobody wants to find them one by one."""
    with pytest.raises(CassetteBroken) as caught:
        loaded(f"version: 3\ninteractions:\n- {REQUEST}\n- {RESPONSE}\n")

    assert [line.split(": ")[0] for line in str(caught.value).splitlines()] == [
        f"{NAME}:1:10",
        f"{NAME}:3:3",
        f"{NAME}:4:3",
    ]


def test_a_missing_cassette_is_not_a_broken_one(tmp_path):
    """They have different codes, and different remedies."""
    with pytest.raises(CassetteMissing, match=NAME):
        cassette.load(tmp_path / "none.yaml", NAME)


def test_what_is_not_a_file_is_broken(tmp_path):
    """A folder, a link to nowhere."""
    (tmp_path / "link.yaml").symlink_to(tmp_path / "nowhere")

    with pytest.raises(CassetteBroken, match="expected a file"):
        cassette.load(tmp_path, NAME)
    with pytest.raises(CassetteBroken, match="expected a file"):
        cassette.load(tmp_path / "link.yaml", NAME)


def test_a_cassette_that_is_too_large_is_broken(tmp_path):
    """It is not read to its end."""
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(40 * 1024**3)  # takes no room on disk

    with pytest.raises(CassetteBroken, match="the file is larger than 16 MiB"):
        cassette.load(path, NAME)


def test_a_broken_cassette_is_left_alone(tmp_path):
    """It is reported, and neither replaced nor deleted."""
    path = tmp_path / "ok.yaml"
    path.write_bytes(b"version: [")

    with pytest.raises(CassetteBroken):
        cassette.load(path, NAME)

    assert path.read_bytes() == b"version: ["
    assert [each.name for each in tmp_path.iterdir()] == ["ok.yaml"]


MARKS = [mark.encode() for mark in "[]{}-:'\"! \n&*|"]


@settings(max_examples=300)
@given(st.data())
def test_no_bytes_crash_the_reader(data):
    """Property: damaged cassettes and arbitrary bytes are read or broken, nothing else."""
    text = bytearray(
        cassette.dump([an_interaction(b"a\nb\xff"), an_interaction()], Metadata(Origin.SYNTHETIC)).encode()
    )
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        damage = data.draw(st.binary(max_size=6) | st.sampled_from(MARKS))
        text[at : at + data.draw(st.integers(0, 9))] = damage

    for candidate in (bytes(text), data.draw(st.binary(max_size=40))):
        try:
            found = cassette.parse(candidate, NAME)
        except CassetteBroken:
            continue
        assert found.interactions


KEYS = re.findall(r"\w+", "version interactions metadata request response method uri headers body status code string")
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_no_structure_crashes_the_reader(value):
    """Property: any value in any place is a fault with a place."""
    text = json.dumps({"version": 1, "interactions": [value, {"request": value, "response": {"status": value}}]})

    with pytest.raises(CassetteBroken, match=NAME):
        cassette.parse(text.encode(), NAME)


# --- the cache --------------------------------------------------------------------------------------------------------


def a_file(folder: Path) -> Path:
    path = folder / "ok.yaml"
    rich = an_interaction(
        b"\xff\x00", request=a_request(query=(("q", "ä"),), body=b"x"), headers=Headers((("a", "b"),))
    )
    metadata = Metadata(Origin.DOCUMENTED, "src", "2026-11-01", "sandbox", "1")
    path.write_text(cassette.dump([rich, an_interaction()], metadata), encoding="utf-8", newline="")
    return path


def test_a_cassette_from_the_cache_is_the_same(tmp_path):
    """Every field, binary bodies too, and the name it is asked for by."""
    path = a_file(tmp_path)
    with Cache(tmp_path / "cache") as cache:
        first = cassette.load(path, "one.yaml", cache)
    cache = Cache(tmp_path / "cache")

    again = cassette.load(path, "two.yaml", cache)

    assert cache.get("cassette", first.recording.digest) is not None
    assert again.interactions == first.interactions
    assert again.recording.path == "two.yaml"
    assert (again.recording.origin, again.recording.at) == (Origin.DOCUMENTED, "2026-11-01")


@pytest.mark.parametrize(
    "body",
    [b'{"id": 7}', b"it's", b'{\n  "id": 7\n}\n', b"tab\t", "ä€😀".encode(), b"\xff\x00", b"", b"o", b"x" * 5000],
)
def test_a_body_comes_from_the_cache_as_it_was(tmp_path, body):
    """Whether it stands in the file as it is, escaped, indented or encoded."""
    path = tmp_path / "ok.yaml"
    path.write_text(cassette.dump([an_interaction(body)], Metadata()), encoding="utf-8", newline="")
    with Cache(tmp_path / "cache") as cache:
        first = cassette.load(path, NAME, cache)
        kept: Any = cache.get("cassette", first.recording.digest)
        kept[2][0][2] = 299  # shows that it comes from there
        cache.put("cassette", first.recording.digest, kept)

    again = cassette.load(path, NAME, Cache(tmp_path / "cache"))

    assert again.interactions == (first.interactions[0]._replace(status=299),)
    assert again.interactions[0].body == body


@pytest.mark.parametrize("place", [[0, 10_000], [-2, 4], [9, 3], [0], [0, 1, 2], ["0", "1"], [0.0, 2.0], [[], []], 7])
def test_a_place_that_is_none_is_not_believed(tmp_path, place):
    """Where a body stands is looked at before it is taken from there."""
    path = tmp_path / "ok.yaml"
    path.write_text(cassette.dump([an_interaction()], Metadata()), encoding="utf-8", newline="")
    cache = Cache(tmp_path / "cache")
    expected = cassette.load(path, NAME, cache)
    kept: Any = cache.get("cassette", expected.recording.digest)
    assert isinstance(kept[2][0][4], list)
    kept[2][0][4] = place
    cache.put("cassette", expected.recording.digest, kept)

    assert cassette.load(path, NAME, cache) == expected


def test_a_changed_cassette_is_read_anew(tmp_path):
    """The content is the key, so no time stamp can deceive."""
    path = a_file(tmp_path)
    cache = Cache(tmp_path / "cache")
    cassette.load(path, NAME, cache)

    path.write_text(path.read_text(encoding="utf-8").replace("code: 200", "code: 201"), encoding="utf-8")

    assert cassette.load(path, NAME, cache).interactions[0].status == 201


@given(st.one_of(json_values, st.lists(json_values, min_size=3, max_size=3).map(lambda items: [2, *items[1:]])))
def test_a_strange_entry_in_the_cache_only_costs_time(tmp_path_factory, value):
    """Property: what another version or a bad hand left there is not believed."""
    folder = tmp_path_factory.mktemp("strange")
    path = a_file(folder)
    cache = Cache(folder / "cache")
    expected = cassette.load(path, NAME)
    cache.put("cassette", expected.recording.digest, value)

    assert cassette.load(path, NAME, cache) == expected


def test_a_cassette_is_replaced_in_one_step_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A full disk or a kill leaves the old one; nothing is left beside it, and a folder that is missing is made."""
    path = tmp_path / "acme" / "ok.yaml"
    cassette.write(path, "old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    seen: list[str] = []
    monkeypatch.setattr("os.fsync", lambda _: seen.append(path.read_text()))
    cassette.write(path, "new")
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        cassette.write(path, "newer")

    assert seen == ["old"]  # while the new one was being written
    assert path.read_text() == "new"
    assert [each.name for each in path.parent.iterdir()] == ["ok.yaml"]
