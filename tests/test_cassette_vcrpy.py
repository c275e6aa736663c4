"""Our cassettes in plain vcrpy with plain httpx, and theirs in ours. The only tests that know either library."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from builders import a_request
from provendor import cassette
from provendor.cassette import Interaction, Metadata
from provendor.exchange import Headers, Origin, Request
from provendor.replay import Replay
from provendor.transport import drive

httpx = pytest.importorskip("httpx")
vcr = pytest.importorskip("vcr")

JSON = b'{\n  "id": 7,\n  "name": "\xc3\xa4 \xe2\x80\xa8 it\'s"\n}\n'


def answered(path: Path, request: Request):
    """What plain httpx gets for this request under plain vcrpy, which must not reach for the network."""
    recorder = vcr.VCR(record_mode="none")
    with recorder.use_cassette(str(path)), httpx.Client() as client:
        return client.request(
            request.method, cassette.uri(request), headers=list(request.headers), content=request.body or None
        )


@pytest.mark.parametrize(
    "body",
    [JSON, b"", b"1e3", b"null", b"a\r\nb", b"\x00\xff\xfe binary", b"\n\n x", "\u2028\ufeff".encode()],
    ids=repr,
)
def test_our_cassette_replays_in_vcrpy(tmp_path, body):
    """Status, every header and every byte of the body."""
    request = a_request("POST", query=(("q", "a b"), ("q", "c&d"), ("or", "(a.eq.1,b.eq.*)")), body=b'{"a":1}')
    headers = Headers((("content-type", "application/json"), ("set-cookie", "a=1"), ("set-cookie", "b=2")))
    path = tmp_path / "ok.yaml"
    metadata = Metadata(Origin.DOCUMENTED, "https://docs.example/", "2026-11-01", note="a: b")
    path.write_text(cassette.dump([Interaction(request, 201, headers, body)], metadata), encoding="utf-8", newline="")

    response = answered(path, request)

    assert (response.status_code, response.reason_phrase, response.content) == (201, "Created", body)
    assert response.headers.multi_items() == list(headers)


def test_a_status_without_a_name_replays_in_vcrpy(tmp_path):
    """Vendors invent some."""
    path = tmp_path / "ok.yaml"
    path.write_text(cassette.dump([Interaction(a_request(), 599, Headers(), b"x")], Metadata()), encoding="utf-8")

    assert answered(path, a_request()).status_code == 599


def test_every_cassette_of_the_suite_loads_in_vcrpy():
    """Whoever has vcrpy can use what we adopted: the same requests and the same bytes."""
    folder = Path(__file__).parent.parent / "cassettes"
    persister = vcr.persisters.filesystem.FilesystemPersister
    serializer = vcr.serializers.yamlserializer

    for path in sorted(folder.rglob("*.yaml")):
        ours = cassette.load(path, path.name).interactions
        requests, responses, metadata = persister.load_cassette(path, serializer)
        assert [each.uri for each in requests] == [cassette.uri(each.request) for each in ours], path
        assert [each["body"]["string"] for each in responses] == [each.body for each in ours], path
        assert metadata["origin"] in ("documented", "synthetic", "recorded"), path


class Vendor(BaseHTTPRequestHandler):
    """Answers with what it was asked, compressed on request."""

    def do_GET(self):
        """Answer with JSON."""
        self.answer(JSON)

    def do_POST(self):
        """Answer with bytes that are no text."""
        self.answer(b"\xff\x00" + self.rfile.read(int(self.headers["Content-Length"])))

    def answer(self, body: bytes):
        """Send it all."""
        if "gzip" in self.path:
            body = gzip.compress(body)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        if "gzip" in self.path:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture
def vendor() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Vendor)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.loopback
def test_a_cassette_of_vcrpy_replays_here(tmp_path, vendor):
    """Recorded by plain vcrpy from a real server: JSON, compressed, binary, with credentials filtered out."""
    path = tmp_path / "theirs.yaml"
    recorder = vcr.VCR(record_mode="once", filter_headers=["authorization"])
    with recorder.use_cassette(str(path)), httpx.Client(headers={"Authorization": "Bearer live"}) as client:
        client.get(f"{vendor}/json", params={"q": "a b", "page": 2})
        client.get(f"{vendor}/gzip")
        client.post(f"{vendor}/post", json={"a": 1, "b": [True]})

    theirs = cassette.load(path, "theirs.yaml")
    replay = Replay(theirs, rerecord="record it again")
    auth = ("Authorization", "Bearer <token>")
    get = drive(replay.send(Request("GET", f"{vendor}/json", (("page", "2"), ("q", "a b")), Headers((auth,)))))
    packed = drive(replay.send(Request("GET", f"{vendor}/gzip", (), Headers((auth,)))))
    content_type = ("content-type", "application/json")
    post = drive(
        replay.send(Request("POST", f"{vendor}/post", (), Headers((auth, content_type)), b'{ "b": [true], "a": 1.0 }'))
    )

    assert theirs.recording.origin is None
    assert get.body == packed.body == JSON
    assert get.headers.all("set-cookie") == ("a=1", "b=2")
    assert packed.headers.get("content-encoding") is None
    assert post.body.startswith(b"\xff\x00")
    assert replay.unused() == ()
