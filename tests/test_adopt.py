from __future__ import annotations

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import contract_files
from provendor import __version__, cassette, requests, yamltext
from provendor.errors import UsageError
from provendor.exchange import Headers, Origin
from provendor.reader import loading
from provendor.recordings.adopt import Adopted, adopt, live_secrets
from provendor.run import Replayer
from provendor.verdict import Outcome

USER = {
    "type": "object",
    "required": ["id", "email"],
    "properties": {"id": {"type": "integer"}, "email": {"type": "string", "format": "email"}},
}
GOOD = b'{\n  "id": 7,\n  "email": "ada@corp.io"\n}\n'
CASES = {
    "ok": {"status": 200, "body": USER},
    "unauthorized": {"with": {"auth": "wrong"}, "status": 401, "error": "unauthorized"},
    "either": {"status": [200, 204]},
    "known": {
        "status": 200,
        "body": USER,
        "pending": {"reason": "the vendor is late", "until": "2027-01-01"},
    },
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A suite of one operation, whose e-mail addresses are personal."""
    vendor = contract_files.a_vendor(redact=["$..email"], api_version="4.16")
    return contract_files.a_contract(tmp_path, vendor, contract_files.a_resource(cases=CASES))


def adopted(root: Path, answer: bytes = GOOD, case: str = "acme/users.get:ok", **changes: Any) -> Adopted:
    """Adopt an answer from the documentation on 2026-11-20."""
    replayer = Replayer(loading.load(root), today=date(2026, 11, 20))
    known: dict[str, Any] = {"origin": Origin.DOCUMENTED, "source": "https://docs.example/users"}
    return adopt(replayer, case, answer, **{**known, **changes})


def files(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in (root / "cassettes").rglob("*") if path.is_file())


def test_an_answer_becomes_the_cassette_of_its_case(root):
    """The request is the contract's, the answer redacted, the metadata complete; and the case passes with it."""
    made = adopted(root, headers=Headers((("X-Request-Id", "a1"),)), note="the shorter example")

    replayer = Replayer(loading.load(root), today=date(2026, 11, 20))
    (case,) = [each for each in replayer.suite.cases if each.name == "ok"]
    (interaction,) = replayer.cassette(case).interactions
    assert made.written
    assert made.path == root / "cassettes/acme/users.get/ok.yaml"
    assert interaction.request == replayer.request(case)
    assert interaction.headers.items == (("content-type", "application/json"), ("X-Request-Id", "a1"))
    assert interaction.body == GOOD.replace(b"ada@corp.io", b"person-5c893a@example.com")
    assert made.text.startswith(
        "version: 1\n"
        "metadata:\n"
        "  origin: documented\n"
        "  source: 'https://docs.example/users'\n"
        "  written_at: '2026-11-20'\n"
        "  api_version: '4.16'\n"
        f"  request_digest: {yamltext.quoted(requests.digest(interaction.request))}\n"
        "  contract: 'acme/users.get:ok'\n"
        f"  provendor: '{__version__}'\n"
        "  note: 'the shorter example'\n"
    )
    assert replayer.replay(case).outcome is Outcome.PASS


def test_the_same_answer_makes_the_same_file(root):
    """On any machine, so that adopting again changes nothing."""
    first = adopted(root).text

    assert adopted(root, replace=True).text == first
    assert (root / "cassettes/acme/users.get/ok.yaml").read_bytes() == first.encode()


def test_an_answer_that_the_contract_refuses_is_not_written(root):
    """The result says why; `keep_failing` writes it all the same."""
    made = adopted(root, b'{"id": "7"}')

    assert (made.written, made.accepted, made.result.outcome) == (False, False, Outcome.FAIL)
    assert made.result.findings
    assert not (root / "cassettes").exists()
    assert adopted(root, b'{"id": "7"}', keep_failing=True).written
    assert files(root) == ["cassettes/acme/users.get/ok.yaml"]


def test_a_failure_that_is_pending_is_not_written_by_itself(root):
    """Its outcome is a warn; the contract refuses it for all that."""
    made = adopted(root, b"{}", "acme/users.get:known")

    assert (made.written, made.result.outcome) == (False, Outcome.WARN)


def test_the_request_of_a_wrong_key_is_recorded_as_such(root):
    """The case's `with:` counts."""
    adopted(root, b'{"error": "no"}', "acme/users.get:unauthorized")

    text = (root / "cassettes/acme/users.get/unauthorized.yaml").read_text(encoding="utf-8")
    assert "Authorization: ['Bearer wrong']" in text
    assert "code: 401" in text


def test_an_existing_cassette_is_replaced_only_when_told(root):
    """And nothing is left beside it."""
    adopted(root)

    with pytest.raises(UsageError, match=r"cassettes/acme/users\.get/ok\.yaml exists already; --replace"):
        adopted(root, b'{"id": 8, "email": "x@example.com"}')
    adopted(root, b'{"id": 8, "email": "x@example.com"}', replace=True)

    assert '"id": 8' in (root / "cassettes/acme/users.get/ok.yaml").read_text(encoding="utf-8")
    assert files(root) == ["cassettes/acme/users.get/ok.yaml"]


def test_a_cassette_that_cannot_be_replaced_leaves_no_draft(root):
    """The old state stays whole."""
    (root / "cassettes/acme/users.get/ok.yaml").mkdir(parents=True)

    with pytest.raises(OSError, match=r".+"):
        adopted(root, replace=True)

    assert files(root) == []


def test_nothing_but_live_traffic_is_recorded(root):
    """Origin `recorded` is refused, whatever the answer."""
    with pytest.raises(UsageError, match="only `provendor record` writes"):
        adopted(root, origin=Origin.RECORDED)


@pytest.mark.parametrize("source", ["", " \n"])
def test_an_answer_comes_from_somewhere(root, source):
    """Also an invented one has a reason to look as it does."""
    with pytest.raises(UsageError, match="say where the answer comes from"):
        adopted(root, source=source, origin=Origin.SYNTHETIC)


def test_an_answer_belongs_to_one_case(root):
    """A wider selector is refused, with the cases it selects."""
    with pytest.raises(UsageError, match=r"acme/users\.get selects acme/users\.get:ok, acme/users\.get:unauthorized"):
        adopted(root, case="acme/users.get")


def test_a_status_is_needed_where_the_contract_allows_several(root):
    """Nothing is guessed."""
    with pytest.raises(UsageError, match=r"acme/users\.get:either allows 200 or 204: say with --status"):
        adopted(root, case="acme/users.get:either")
    with pytest.raises(UsageError, match="1000 is no HTTP status"):
        adopted(root, case="acme/users.get:either", status=1000)
    assert adopted(root, b"", case="acme/users.get:either", status=204).written


def test_live_secrets_do_not_reach_the_cassette(root):
    """By value, wherever they stand: body, headers, source and note."""
    env = {"ACME_API_KEY": "live-key-1234", "ACME_USER_ID": "99"}
    secrets = live_secrets(loading.load(root), env)
    answer = json.dumps({"id": 7, "email": "a@example.com", "debug": "key live-key-1234"}).encode()
    headers = Headers((("Set-Cookie", "sid=abc"), ("X-Debug", "live-key-1234")))

    made = adopted(
        root,
        answer,
        headers=headers,
        secrets=secrets,
        source="https://x.example/?k=live-key-1234",
        note="live-key-1234",
    )

    assert secrets == {"api_key": "live-key-1234"}
    assert made.written
    assert "live-key" not in made.text
    assert "sid=<hidden>" in made.text


def test_a_compressed_answer_is_unpacked(root):
    """Saved as it came over the wire; lengths stay true after redaction, and chunks are gone."""
    packed = gzip.compress(GOOD)
    headers = Headers(
        (("Content-Encoding", "gzip"), ("Content-Length", str(len(packed))), ("Transfer-Encoding", "chunked"))
    )

    adopted(root, packed, headers=headers)

    (interaction,) = cassette.load(root / "cassettes/acme/users.get/ok.yaml", "ok.yaml").interactions
    assert interaction.headers.items == (
        ("content-type", "application/json"),
        ("Content-Length", str(len(interaction.body))),
    )


def test_an_answer_that_cannot_be_unpacked_is_refused(root):
    """With the reason."""
    with pytest.raises(UsageError, match="cannot be decoded as its content-encoding says: it ends too early"):
        adopted(root, b"\x8b\xff", headers=Headers((("content-encoding", "br"),)))
