"""Two hundred secrets and people, planted wherever a vendor or an environment may put them: none is in anything that is written.

That each of them would be found if nothing were redacted is shown with the same commands and redaction switched off.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from canaries import ALERTS, SENT, Canary, Planted, where
from contract_files import a_vendor, write
from delivery_suites import VENDOR as WITH_WEBHOOKS
from live_suites import DELETE, KEY, env
from logs import logged
from loopback import Server, serve
from provendor import cassette, cli
from provendor.redaction.redact import Redactor
from provendor.reports.forms import FORMS
from provendor.sandbox import tape
from wrapped import HARMLESS, TYPES, multipart

pytestmark = pytest.mark.loopback

NEVER_SHOWN = {
    ("environment: undeclared", "token"),
    ("environment: address", "form"),
    ("environment: alerts", "token"),
    ("alert address", "token"),
    ("environment: proxy", "token"),
    ("request: nobody there", "secret"),
    ("redirect", "secret"),
    ("redirect", "token"),
    ("redirect", "mail"),
    ("delivery header", "token"),
}
"""What no command shows even where nothing is redacted: no message has it."""

KINDS_OF_OUTPUT = (
    "* prove --live *",
    "* record *",
    "* validate *",
    "* verify-webhook *",
    "* history *",
    *(f"* report --format {form}" for form in FORMS if form != "health"),  # which tells counts alone
    "alerts",
    "suite/cassettes/acme/*",
    "suite/.provendor/cache/*",
    "suite/reports/history.sqlite",
    "suite/reports/index.html",
    "suite/reports/live.html",
    "suite/reports/run.json",
    "suite/reports/run.jsonl",
    "suite/reports/runs/*/failures/*",
)
"""Where canaries are found if nothing is redacted."""

NOTHING: dict[str, Any] = {"type": "object", "additionalProperties": {"const": 1}}
"""What no planted body honours, so that findings tell of every member."""

_JSON = "wrapped graph tool keys list send gzip deflate br zstd split escaped crash"
_OTHER = "headers page broken text form parts events moved"
RECORDED = tuple(f"acme/{name}.*" for name in (*_JSON.split(), *_OTHER.split()))

CHECKS = '''
from provendor.check import check


@check("acme/crash.get")
def crashes(exchange, expect):
    """It is a mistake of ours."""
    raise ValueError(f"cannot read {exchange.text} of {exchange.request.headers}")
'''


def get(path: str, **case: Any) -> dict[str, Any]:
    """An operation with one case that reads a path."""
    return {"summary": f"Of {path}.", "request": f"GET /{path}", "cases": {"ok": {"status": 200, **case}}}


def plant(root: Path, planted: Planted) -> None:
    """Write the contracts; no canary is in them."""
    sent = {spot: f"{{{planted.name_of(f'request: {spot}')}}}" for spot in SENT}
    nobody = planted.name_of("request: nobody there")
    headers = ("x-debug", "x-access-token", "set-cookie", "link", "www-authenticate", "x-packed")
    probed = {"probe": {"every": "60s"}}
    operations = {
        "wrapped.one": {**get("wrapped/1", body=NOTHING), **probed},
        "wrapped.two": get("wrapped/2", body=NOTHING),
        "headers.get": get("headers", headers={name: {"pattern": "^nothing$"} for name in headers}),
        "page.get": {**get("page"), **probed},
        "probe.get": {**get("probe", body=NOTHING), **probed},
        "graph.get": {
            "summary": "A user.",
            "graphql": {"document": "me.graphql", "variables": {"key": sent["GraphQL"]}},
            "safety": "read",
            "cases": {"ok": {"status": 200}},
        },
        "tool.call": {
            "summary": "A tool.",
            "mcp": {"tool": "whoami", "arguments": {"deep": {"key": sent["MCP"]}}},
            "safety": "read",
            "cases": {"ok": {"status": 200, "result": {"required": ["names"]}}},
        },
        "list.all": {
            **get("list", pages="all"),
            "paging": {
                "style": "cursor",
                "next": "$.next",
                "send": {"query": "after"},
                "items": "$.items",
                "id": "$.id",
            },
        },
        "keys.make": get("make"),
        "keys.use": {**get("use"), "headers": {"X-Sent": "none"}},
        "send.json": {
            "summary": "Send it.",
            "request": "POST /echo",
            "safety": "write",
            "query": {"q": sent["query"]},
            "headers": {"X-Sent": sent["header"]},
            "json": {"deep": [{"a": sent["JSON"]}]},
            "cases": {"ok": {"status": 201}},
        },
        "send.form": {
            "summary": "Send a form.",
            "request": "POST /echo",
            "safety": "write",
            "form": {"a": sent["form"]},
            "cases": {"ok": {"status": 201}},
        },
        "send.parts": {
            "summary": "Send a form in parts.",
            "request": "POST /echo",
            "safety": "write",
            "raw": {"content_type": TYPES["multipart"], "text": multipart(sent["multipart"])},
            "cases": {"ok": {"status": 201}},
        },
        "dead.get": {**get("x"), "request": "GET {dead_url}/x", "query": {"q": f"{{{nobody}}}"}},
        "crash.get": get("crash"),
        "moved.get": get("moved"),
        "broken.get": get("broken", body=NOTHING),
        "harmless.get": get("harmless"),
        "adopted.get": get("adopted", body=NOTHING),
        **{f"{name}.get": get(name, text="^fine$") for name in ("text", "form", "parts", "events")},
        **{
            f"{name}.get": get(name, body=NOTHING)
            for name in ("gzip", "deflate", "br", "zstd", "split", "escaped", "keys")
        },
    }
    flow = {
        "summary": "Make and use.",
        "steps": [
            {
                "name": "make",
                "call": "keys.make",
                "status": 200,
                "capture": {"made": {"path": "$.value", "secret": True}},
            },
            {"name": "use", "call": "keys.use", "with": {"headers": {"X-Sent": "{made}"}}},
        ],
        "cases": {"ok": {"status": 200}},
    }
    delivery = {
        "summary": "Paid.",
        "topic": "orders/paid",
        "scope": "read",
        "needed_by": "us",
        "body": NOTHING,
        "cases": {"ok": {}},
    }
    names = ["api_key", "webhook_secret", "verify_token", *planted.secrets]
    vendor = a_vendor(
        live_flag="ACME_LIVE",
        environments={
            name: {"base_url": {"env": "ACME_SANDBOX_URL"}, **more}
            for name, more in (("sandbox", {}), ("production", {"private": True}))
        },
        secrets={name: {"env": f"ACME_{name.upper()}"} for name in names},
        variables={"dead_url": {"env": "ACME_DEAD_URL", "example": "https://dead.example"}},
        errors=[{"status": "5xx", "code": "down", "retryable": False}],
        redact=["$..who"],
        graphql={"endpoint": "POST /graphql", "schemas": {"1": "1.graphql"}, "version": "1"},
        mcp={"endpoint": "POST /mcp", "revision": "2025-11-25"},
        webhooks=WITH_WEBHOOKS["webhooks"],
    )
    odd = a_vendor("odd", environments={"sandbox": {"base_url": {"env": "ODD_URL"}}}, secrets=None, auth=None)
    way = {"base_url": {"env": "ACME_SANDBOX_URL"}, "proxy": {"env": "BEHIND_PROXY"}}
    behind = a_vendor("behind", environments={"sandbox": way}, secrets=None, auth=None)
    write(
        root,
        {
            "acme/vendor.yaml": vendor,
            "acme/all.yaml": {
                "operations": operations,
                "flows": {"keys.both": flow},
                "deliveries": {"orders.paid": delivery},
            },
            "acme/1.graphql": "type Query { me(key: ID): User }\ntype User { id: ID! }\n",
            "acme/me.graphql": "query Me($key: ID) { me(key: $key) { id } }",
            "behind/vendor.yaml": behind,
            "behind/all.yaml": {"operations": {"behind.get": get("behind")}},
            "odd/vendor.yaml": odd,
            "odd/all.yaml": {"operations": {"odd.get": get("odd"), "odd.delete": DELETE}},
        },
    )
    (root / "checks").mkdir()
    (root / "checks" / "acme.py").write_text(CHECKS)


class Desk:
    """Every command, and everything that it writes: what it prints, what it logs, and each file."""

    def __init__(
        self, root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, log: StringIO
    ) -> None:
        self.root = root / "suite"
        self.given = root / "given"
        self.given.mkdir()
        self.outputs: dict[str, bytes] = {}
        self.server: Server | None = None
        self.environment = monkeypatch
        self._capsys = capsys
        monkeypatch.setenv("XDG_STATE_HOME", str(root / "state"))
        monkeypatch.setenv(
            "PROVENDOR_NO_PAGE", "1"
        )  # written by a process that nobody waits for; `report` writes it here
        self._log = log

    def run(self, *words: str) -> int:
        """Run a command; keep what it says."""
        try:
            code = cli.main([*words, "--root", str(self.root)])
        except SystemExit as exit_:
            code = int(exit_.code or 0)
        out, err = self._capsys.readouterr()
        self.outputs[f"{len(self.outputs):02} {' '.join(words[:4])}"] = f"{out}\n{err}".encode("utf-8", "replace")
        return code

    def everything(self) -> dict[str, bytes]:
        """All that was written anywhere but into the contracts."""
        tops = [path for path in self.root.iterdir() if path.name not in ("contracts", "checks")]
        files = [
            path for top in [*tops, self.root.parent / "state"] for path in [top, *top.rglob("*")] if path.is_file()
        ]
        written = {path.relative_to(self.root.parent).as_posix(): path.read_bytes() for path in files}
        alerts = [seen.body for seen in self.server.seen if seen.path.startswith(ALERTS)] if self.server else []
        return {**self.outputs, **written, "alerts": b"\n".join(alerts), "the log": self._log.getvalue().encode()}


def carry_out(desk: Desk, planted: Planted) -> None:
    """Let every command meet them."""
    desk.run("doctor")
    desk.run("doctor", "acme", "--live", "--json")
    assert desk.run("prove", "--live", "--allow-writes") == 1
    desk.run("prove", "--live", "--json", "acme/crash.*", "acme/moved.*", "odd")
    assert desk.run("probe", "--once") == 2  # one of the addresses for alerts is none
    desk.environment.delenv("PROVENDOR_ALERT_BAD")
    desk.run("probe", "--once", "--json", "--textfile", str(desk.root / "metrics.prom"))
    desk.run("probe")
    desk.run("record", *RECORDED, "--yes", "--keep-failing", "--allow-writes")
    desk.run("record", "acme/headers.get", "--dry-run", "--all", "--json")
    desk.run("record", "--from-live-failure", "acme/wrapped.one:ok", "--yes")
    for name in ("adopted", "validated", "delivery"):
        (desk.given / name).write_text(json.dumps(planted.document(name)))
    source = planted.at("adopted source")
    desk.run(
        "adopt",
        "acme/adopted.get:ok",
        str(desk.given / "adopted"),
        "--origin",
        "documented",
        "--source",
        f"https://x.example/?access_token={source['token']}",
        "--note",
        f"from {source['mail']}",
        "--keep-failing",
    )
    desk.run("validate", "acme/wrapped.one", str(desk.given / "validated"))
    header = f"X-Access-Token: {planted.at('delivery header')['token']}"
    topic = "X-Acme-Topic: orders/paid"
    for more in ((), ("--json",)):
        desk.run(
            "verify-webhook",
            "acme/orders.paid",
            str(desk.given / "delivery"),
            "--header",
            header,
            "--header",
            topic,
            *more,
        )
    assert desk.run("prove") == 1
    desk.run("prove", "--json")
    for form in FORMS:
        desk.run("report", "--format", form)
    desk.run("report")
    desk.run("report", "--badges", str(desk.root / "badges"))
    desk.run("report", "--live")
    desk.run("history", "acme", "--json")
    desk.run("history", "acme")
    desk.run("mutate", "acme", "--json")
    desk.run("lint")
    desk.run("show", "acme")
    desk.run("docs")


@pytest.fixture
def planted() -> Planted:
    return Planted()


@pytest.fixture
def desk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, planted: Planted
) -> Iterator[Desk]:
    with serve(planted.answer) as server, logged() as log:
        desk = Desk(tmp_path, capsys, monkeypatch, log)
        plant(desk.root, planted)
        desk.server = server
        variables = {
            **env(server),
            **{f"ACME_{name.upper()}": value for name, value in planted.secrets.items()},
            "ACME_WEBHOOK_SECRET": "a-secret-of-webhooks-17",
            "ACME_DEAD_URL": "http://127.0.0.1:9",
            "AWS_SECRET_ACCESS_KEY": planted.at("environment: undeclared")["token"],
            "ODD_URL": planted.at("environment: address")["form"],
            "BEHIND_PROXY": f"http://bob:{planted.at('environment: proxy')['token']}@127.0.0.1:9",
            "PROVENDOR_ALERT_BAD": f"nonsense://{planted.at('environment: alerts')['token']}",
            "PROVENDOR_ALERT_OPS": f"{server.url.replace('http', 'json')}{ALERTS}{planted.at('alert address')['token']}",
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield desk


def switch_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let redaction change nothing, and the last look see nothing."""
    same: dict[str, Callable[..., Any]] = {
        "text": lambda _, text: text,
        "place": lambda _, at: at,
        "url": lambda _, url: url,
        "headers": lambda _, headers: headers,
        "query": lambda _, pairs: tuple(pairs),
    }
    for name, method in same.items():
        monkeypatch.setattr(Redactor, name, method)
    monkeypatch.setattr(Redactor, "body", lambda _, body, *_type: body)
    monkeypatch.setattr(Redactor, "leaks", lambda *_: ())
    for name in ("learn", "learn_headers", "know"):
        monkeypatch.setattr(Redactor, name, lambda *_: None)
    monkeypatch.setattr(tape, "refuse_doubts", lambda *_: None)
    monkeypatch.setattr("provendor.engine.header_value", lambda _, value: value)


def test_no_canary_is_in_anything_that_is_written(desk: Desk, planted: Planted):
    """Not on the console, not in a report of any form, a cassette, the history, the cache, a log or a traceback."""
    carry_out(desk, planted)

    assert len(planted.all) >= 200
    assert named(where(desk.everything()), planted) == {}
    assert not [name for name, data in desk.everything().items() if KEY.encode() in data]


def test_what_only_looks_like_a_secret_is_kept_as_it_was_sent(desk: Desk):
    """Byte for byte, in the cassette of the same vendor."""
    desk.run("record", "acme/harmless.*", "--yes")

    (kept,) = cassette.load(desk.root / "cassettes/acme/harmless.get/ok.yaml", "x").interactions
    assert kept.body == json.dumps(HARMLESS).encode()


def test_no_canary_is_in_what_pytest_writes(desk: Desk):
    """Its terminal, JUnit, pytest-html, captured logs, the values of variables in a traceback."""
    words = ["--live", "--provendor-allow-writes", "--junit-xml=junit.xml", "--html=all.html", "--self-contained-html"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, "-rA", "--showlocals", "--log-level=DEBUG", "-k", "not dead"],
        cwd=desk.root,
        capture_output=True,
        check=False,
        timeout=120,
    )
    desk.outputs["pytest"] = done.stdout + done.stderr

    written = desk.everything()
    assert done.returncode == 1
    assert {"suite/junit.xml", "suite/all.html", "suite/reports/run.json"} <= set(written)
    assert b"wrapped.one" in written["suite/all.html"]
    assert where(written) == {}


def test_each_canary_would_be_found(desk: Desk, planted: Planted, monkeypatch: pytest.MonkeyPatch):
    """Where redaction is switched off, the same commands write every one of them somewhere."""
    switch_off(monkeypatch)
    carry_out(desk, planted)

    told = where(desk.everything())
    holding = {name for names in told.values() for name in names}
    assert [kind for kind in KINDS_OF_OUTPUT if not any(fnmatch(name, kind) for name in holding)] == []
    assert {(each.spot, each.kind) for each in planted.all if each.number not in told} == NEVER_SHOWN


def named(places: dict[int, list[str]], planted: Planted) -> dict[Canary, list[str]]:
    """Return the canaries themselves, and where each was found."""
    return {planted.all[number]: names for number, names in sorted(places.items())}
