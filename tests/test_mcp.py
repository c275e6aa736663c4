"""Calls of MCP servers over real sockets, in both eras, with everything that a server may answer."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loopback import Answer, Seen, serve
from mcp_suites import OPERATIONS, a_suite, asked, codes, events, message, over_http, the_case
from provendor.errors import TransportError
from provendor.exchange import Headers, Origin
from provendor.recordings.adopt import Answer as InHand
from provendor.recordings.adopt import adopt
from provendor.verdict import Outcome
from provendor.wire.mcp_stdio import StdioTransport

pytestmark = pytest.mark.loopback

HELLO = {"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {"name": "acme", "version": "1"}}
FIVE = {"content": [{"type": "text", "text": "5"}], "structuredContent": {"result": 5}}
NUMBER = {"type": "number"}


def a_tool(name: str = "add", **properties: Any) -> dict[str, Any]:
    return {"name": name, "inputSchema": {"type": "object", "properties": properties or {"a": NUMBER, "b": NUMBER}}}


def as_json(value: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"content-type": "application/json", **headers})


def a_server(answer: Callable[[dict[str, Any], Seen], Answer], hello: Answer | None = None) -> Callable[[Seen], Answer]:
    """A server of the older era with a session; `answer` is for what comes after the handshake."""

    def respond(seen: Seen) -> Answer:
        sent = json.loads(seen.body)
        if sent["method"] == "initialize":
            return hello or as_json(message(HELLO, sent["id"]), 200, **{"mcp-session-id": "aB-1!"})
        if sent["method"] == "notifications/initialized":
            return Answer(202, b"", {"content-type": "application/json"})
        return answer(sent, seen)

    return respond


def five(sent: dict[str, Any], seen: Seen) -> Answer:
    return as_json(message(FIVE, sent["id"]))


class TestTheOlderEra:
    """Up to 2025-11-25: initialize, initialized, then the call."""

    def test_a_call_comes_after_the_handshake_and_names_session_and_revision(self, tmp_path):
        """The session goes back byte for byte; the revision is named from the moment it is agreed on."""
        with serve(a_server(five)) as server:
            result = over_http(a_suite(tmp_path), "add:ok", server.url)

        assert result.outcome is Outcome.PASS, result
        assert [json.loads(seen.body)["method"] for seen in server.seen] == [
            "initialize",
            "notifications/initialized",
            "tools/call",
        ]
        first, second, third = server.seen
        assert "mcp-session-id" not in first.headers
        assert "mcp-protocol-version" not in first.headers
        assert second.headers["mcp-session-id"] == third.headers["mcp-session-id"] == "aB-1!"
        assert third.headers["mcp-protocol-version"] == "2025-11-25"
        assert third.headers["accept"] == "application/json, text/event-stream"

    def test_the_handshake_is_shown_as_steps(self, tmp_path):
        """What led to the call can be looked at, one exchange after the other."""
        with serve(a_server(five)) as server:
            result = over_http(a_suite(tmp_path), "add:ok", server.url)

        assert [(step.name, step.exchange.status) for step in result.steps] == [
            ("initialize", 200),
            ("initialized", 202),
        ]

    def test_a_refused_handshake_is_what_is_judged(self, tmp_path):
        """The call is never sent, and the case says what it thinks of the refusal."""
        refusal = as_json({"jsonrpc": "2.0", "id": 1, "error": {"code": -32602, "message": "no"}})
        with serve(a_server(five, hello=refusal)) as server:
            result = over_http(a_suite(tmp_path), "add:ok", server.url)

        assert len(server.seen) == 1
        assert result.exchange is not None
        refused: Any = result.exchange.json
        assert refused["error"]["code"] == -32602
        assert codes(result) == ["error-class", "mcp-result"]

    def test_another_revision_than_the_one_asked_is_a_warning(self, tmp_path):
        """Servers answer with a revision of their own instead of an error, and the session goes on in it."""
        hello = as_json(message({**HELLO, "protocolVersion": "2025-06-18"}, 1))
        with serve(a_server(five, hello=hello)) as server:
            result = over_http(a_suite(tmp_path), "add:ok", server.url)

        assert (result.outcome, codes(result)) == (Outcome.WARN, ["version-served"])
        assert server.seen[2].headers["mcp-protocol-version"] == "2025-06-18"

    def test_a_session_that_is_lost_gets_its_code(self, tmp_path):
        """Errors with another id, with null or without any are the answer all the same."""

        def lost(sent: dict[str, Any], seen: Seen) -> Answer:
            assert seen.headers["mcp-session-id"] == "lost"
            return as_json({"jsonrpc": "2.0", "id": "server-error", "error": {"code": -32600, "message": "gone"}}, 404)

        with serve(a_server(lost)) as server:
            assert over_http(a_suite(tmp_path), "add:lost", server.url).outcome is Outcome.PASS

    def test_a_server_without_a_handshake_is_called_at_once(self, tmp_path):
        """Some answer calls that nobody announced."""
        with serve(a_server(five)) as server:
            result = over_http(a_suite(tmp_path, handshake="none"), "add:ok", server.url)

        assert (result.outcome, len(server.seen)) == (Outcome.PASS, 1)

    def test_a_session_id_that_no_header_may_hold_is_not_sent_back(self, tmp_path):
        """It would be a way to put something into our requests."""
        hello = as_json(message(HELLO, 1), 200, **{"mcp-session-id": "two words"})
        with serve(a_server(five, hello=hello)) as server:
            result = over_http(a_suite(tmp_path), "add:ok", server.url)

        assert codes(result) == ["mcp-frame"]
        assert all("mcp-session-id" not in seen.headers for seen in server.seen)


class TestTheNewerEra:
    """From 2026-07-28: every call stands for itself."""

    def test_a_call_says_in_headers_and_meta_what_it_is(self, tmp_path):
        """Both must agree, and nothing goes before the call."""
        with serve(lambda _: as_json(message({**FIVE, "resultType": "complete"}, 1))) as server:
            result = over_http(a_suite(tmp_path, revision="2026-07-28"), "add:ok", server.url)

        assert result.outcome is Outcome.PASS, result
        (seen,) = server.seen
        meta = json.loads(seen.body)["params"]["_meta"]
        assert seen.headers["mcp-protocol-version"] == meta["io.modelcontextprotocol/protocolVersion"] == "2026-07-28"
        assert (seen.headers["mcp-method"], seen.headers["mcp-name"]) == ("tools/call", "add")
        assert meta["io.modelcontextprotocol/clientCapabilities"] == {}

    def test_another_tool_is_named_in_the_header_too(self, tmp_path):
        """What a case changes of the call is mirrored."""
        failed = message({"content": [{"type": "text", "text": "no"}], "isError": True}, 1)
        with serve(lambda _: as_json(failed)) as server:
            result = over_http(a_suite(tmp_path, revision="2026-07-28"), "add:unknown", server.url)

        assert (result.outcome, server.seen[0].headers["mcp-name"]) == (Outcome.PASS, "nope")


class TestStreams:
    """An answer may come as a stream of events."""

    @pytest.mark.parametrize(
        "before",
        [(), ({"jsonrpc": "2.0", "method": "notifications/progress", "params": {}},), (message({}, 7),)],
        ids=["alone", "after a notification", "after the answer to something else"],
    )
    def test_ours_is_found_among_the_messages(self, tmp_path, before):
        """Comments, events without data and other messages are passed over."""

        def stream(sent: dict[str, Any], seen: Seen) -> Answer:
            return Answer(200, events(*before, message(FIVE, sent["id"])), {"content-type": "text/event-stream"})

        with serve(a_server(stream)) as server:
            result = over_http(a_suite(tmp_path), "add:ok", server.url)

        assert result.outcome is Outcome.PASS, result
        assert result.exchange is not None
        assert result.exchange.json == message(FIVE)

    def test_an_error_without_our_id_is_the_answer_where_no_other_is(self, tmp_path):
        """Servers that cannot read a request do not know whose it was."""
        error = {"jsonrpc": "2.0", "id": None, "error": {"code": -32602, "message": "no"}}
        with serve(a_server(lambda *_: Answer(200, events(error), {"content-type": "text/event-stream"}))) as server:
            assert over_http(a_suite(tmp_path), "nothing:params", server.url).outcome is Outcome.PASS

    def test_a_stream_without_an_answer_is_no_answer(self, tmp_path):
        """The beginning of the stream is shown."""
        with serve(a_server(lambda *_: Answer(200, events(), {"content-type": "text/event-stream"}))) as server:
            assert "mcp-frame" in codes(over_http(a_suite(tmp_path), "add:ok", server.url))

    @pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
    def test_lines_may_end_as_they_like(self, tmp_path, end):
        """The format of event streams allows three ways."""
        body = events(message(FIVE)).replace(b"\n", end.encode())
        with serve(
            a_server(lambda *_: Answer(200, body, {"content-type": "text/event-stream; charset=utf-8"}))
        ) as server:
            assert over_http(a_suite(tmp_path), "add:ok", server.url).outcome is Outcome.PASS


class TestResults:
    """What a tool brings, and the ways in which it fails."""

    @pytest.mark.parametrize(
        ("result", "found"),
        [
            (FIVE, []),
            ({"content": [{"type": "text", "text": '{"result": 5}'}]}, []),
            ({"structuredContent": {"result": 5}}, []),
            ({"content": [{"type": "text", "text": '{"result": "5"}'}]}, ["mcp-result"]),
            ({"content": [{"type": "text", "text": "five"}]}, ["mcp-result"]),
            ({"content": []}, ["mcp-result"]),
            ({}, ["mcp-frame", "mcp-result"]),
            ({"content": [{"type": "text"}], "structuredContent": {"result": 5}}, ["mcp-frame"]),
            ({**FIVE, "isError": "no"}, ["mcp-frame"]),
            ({**FIVE, "isError": True}, ["error-class"]),
        ],
        ids=str,
    )
    def test_structured_content_counts_and_else_json_in_text(self, tmp_path, result, found):
        """One schema for both; a text that is no JSON has no result in it."""
        with serve(a_server(lambda sent, _: as_json(message(result, sent["id"])))) as server:
            assert codes(over_http(a_suite(tmp_path), "add:ok", server.url)) == found

    @pytest.mark.parametrize(
        ("answer", "found"),
        [
            ({"jsonrpc": "2.0", "id": 9, "result": FIVE}, "mcp-frame"),
            ({"id": 2, "result": FIVE}, "mcp-frame"),
            ({"jsonrpc": "2.0", "id": 2, "result": FIVE, "error": {"code": 1, "message": ""}}, "mcp-frame"),
            ({"jsonrpc": "2.0", "id": 2, "error": {"code": "-1", "message": ""}}, "mcp-frame"),
            ({"jsonrpc": "2.0", "id": None, "result": FIVE}, "mcp-frame"),
            ([], "mcp-frame"),
            ("text", "mcp-frame"),
        ],
        ids=str,
    )
    def test_what_is_no_message_is_told(self, tmp_path, answer, found):
        """Another id, both halves at once, or no message at all."""
        with serve(a_server(lambda *_: as_json(answer))) as server:
            assert found in codes(over_http(a_suite(tmp_path), "add:ok", server.url))


class TestFailures:
    """An answer that says that it failed is none of a case that expects it to work."""

    @pytest.mark.parametrize(
        ("answer", "at"),
        [
            ({"result": {"content": [{"type": "text", "text": "no such shop"}], "isError": True}}, "/result/isError"),
            ({"error": {"code": -32601, "message": "no such tool"}}, "/error"),
        ],
        ids=["tool", "protocol"],
    )
    @pytest.mark.parametrize("errors", [[], [{"status": 401, "code": "unauthorized", "retryable": False}]])
    def test_a_failure_that_no_rule_knows_is_a_failure(self, tmp_path, answer, at, errors):
        """Although it comes with a 200, and the contract describes no result."""
        replayer = a_suite(tmp_path, {"add": {**OPERATIONS["add"], "cases": {"ok": {"status": 200}}}}, errors)
        with serve(a_server(lambda sent, _: as_json({"jsonrpc": "2.0", "id": sent["id"], **answer}))) as server:
            result = over_http(replayer, "add:ok", server.url)

        assert result.outcome is Outcome.FAIL
        assert [(finding.code, finding.at) for finding in result.findings] == [("mcp-failed", at)]


class TestTools:
    """tools/list, page by page, compared with what we use."""

    def listed(self, folder: Path, *pages: list[dict[str, Any]], last: str | None = None) -> Any:
        def answer(sent: dict[str, Any], seen: Seen) -> Answer:
            number = int(sent.get("params", {}).get("cursor", "0"))
            result: dict[str, Any] = {"tools": pages[number]}
            if number + 1 < len(pages) or last:
                result["nextCursor"] = last if number + 1 == len(pages) else str(number + 1)
            return as_json(message(result, sent["id"]))

        with serve(a_server(answer)) as server:
            return over_http(a_suite(folder), "tools:ok", server.url)

    def test_all_pages_are_judged_as_one(self, tmp_path):
        """A tool on the second page is offered."""
        result = self.listed(tmp_path, [a_tool("other")], [a_tool()])

        assert result.outcome is Outcome.PASS
        assert [tool["name"] for tool in result.exchange.json["result"]["tools"]] == ["other", "add"]
        assert [step.name for step in result.steps] == ["initialize", "initialized", "page 2"]

    def test_pages_that_never_end_are_told(self, tmp_path):
        """A cursor that leads back would be followed for ever."""
        assert codes(self.listed(tmp_path, [a_tool()], last="0")) == ["paging-repeats"]

    def test_a_tool_that_has_disappeared_is_named(self, tmp_path):
        """With what is offered instead."""
        result = self.listed(tmp_path, [a_tool("add_numbers")])

        (finding,) = result.findings
        assert (finding.code, finding.expected) == ("mcp-tool-missing", "the tool add")
        assert "add_numbers" in finding.actual

    @pytest.mark.parametrize(
        "properties",
        [{"a": {"type": "string"}, "b": NUMBER}, {"a": NUMBER}, {"a": NUMBER, "b": {"type": "nonsense"}}],
        ids=["another type", "an argument it does not know", "no schema"],
    )
    def test_a_tool_that_would_not_take_our_arguments_is_told(self, tmp_path, properties):
        """Also where it would only leave one out."""
        assert set(codes(self.listed(tmp_path, [a_tool("add", **properties)]))) == {"mcp-tool-input"}

    def test_a_tool_without_a_schema_breaks_the_protocol(self, tmp_path):
        """Nobody could call it."""
        assert "mcp-frame" in codes(self.listed(tmp_path, [{"name": "add"}]))

    def test_a_schema_of_an_older_draft_is_read(self, tmp_path):
        """Servers say which one they use; ours is no concern of theirs."""
        old = {
            **a_tool(),
            "inputSchema": {**a_tool()["inputSchema"], "$schema": "http://json-schema.org/draft-07/schema#"},
        }

        assert self.listed(tmp_path, [old]).outcome is Outcome.PASS


class TestCassettes:
    """Replayed, a conversation is the same as live."""

    def test_three_answers_in_hand_become_one_cassette(self, tmp_path):
        """The session that was given goes into the requests that follow, and the stream is kept as it came."""
        replayer = a_suite(tmp_path)
        stream = Headers((("content-type", "text/event-stream"),))
        session = Headers((("content-type", "application/json"), ("mcp-session-id", "s-1")))
        answers = [
            InHand(json.dumps(message(HELLO, 1)).encode(), 200, session),
            InHand(b"", 202, Headers()),
            InHand(events(message(FIVE)), 200, stream),
        ]

        adopted = adopt(replayer, "acme/add:ok", answers, origin=Origin.DOCUMENTED, source="https://docs.acme.example/")

        assert adopted.written
        replayed = replayer.replay(the_case(replayer, "add:ok"))
        assert (replayed.outcome, codes(replayed)) == (Outcome.PASS, [])
        assert [step.name for step in replayed.steps] == ["initialize", "initialized"]
        assert [adopted.text.count(f"{name}: [s-1]") for name in ("Mcp-Session-Id", "mcp-session-id")] == [2, 1]


SERVER = """
import json, sys
print("starting", file=sys.stderr, flush=True)
print("not the protocol", flush=True)
for line in sys.stdin:
    sent = json.loads(line)
    if "id" not in sent:
        continue
    if sent["method"] == "initialize":
        result = {"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {"name": "acme", "version": "1"}}
    else:
        print(json.dumps({"jsonrpc": "2.0", "method": "notifications/message", "params": {}}), flush=True)
        result = {"content": [], "structuredContent": {"result": 5}}
    print(json.dumps({"jsonrpc": "2.0", "id": sent["id"], "result": result}), flush=True)
"""


class TestStandardStreams:
    """A server that is started, through the same operations."""

    def test_a_call_is_carried_out_as_over_http(self, tmp_path):
        """What the server writes besides the protocol does no harm."""
        replayer = a_suite(tmp_path, endpoint=None, command=["acme-mcp"])

        async def run() -> Any:
            async with StdioTransport([sys.executable, "-c", SERVER]) as transport:
                return await asked(replayer, "add:ok", transport)

        result = asyncio.run(run())

        assert result.outcome is Outcome.PASS, result
        assert result.request is not None
        assert result.request.url == "stdio://acme/"

    @pytest.mark.parametrize(
        ("command", "said"),
        [
            ([sys.executable, "-c", "import sys; sys.exit('out of coffee')"], "out of coffee"),
            ([sys.executable, "-c", "import time; time.sleep(60)"], "has not answered within 0.5 s"),
            (["/no/such/server"], "cannot be started"),
        ],
        ids=["ends at once", "never answers", "is not there"],
    )
    def test_a_server_that_does_not_answer_is_an_error_with_its_reason(self, tmp_path, command, said):
        """It is ended, and nothing of it is left running."""
        replayer = a_suite(tmp_path, endpoint=None, command=["acme-mcp"])

        async def run() -> Any:
            try:
                async with StdioTransport(command, timeout_s=0.5 if "sleep" in command[-1] else 10) as transport:
                    return (await asked(replayer, "add:ok", transport)).reason
            except TransportError as trouble:
                return str(trouble)

        assert said in asyncio.run(run())
