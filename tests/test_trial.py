"""Answers broken as a whole, where one request is not all there is: what is made of them, and who notices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import delivery_suites
from contract_files import a_vendor, write
from mcp_suites import ADD, OPERATIONS, SUM
from mcp_suites import a_suite as an_mcp_suite
from mutation_suites import ADA, REFUSED, measured, survivor, told, users
from plan_suites import JOBS, TODAY, a_suite, adopted, answer
from provendor.exchange import Headers
from provendor.mutants.mutate import Measure, Strength
from provendor.mutants.mutation import named
from provendor.reader import loading
from provendor.recordings.adopt import Answer
from provendor.run import Replayer


def killed(strength: Strength) -> int:
    """How many mutants were killed, where nothing else happened to any."""
    assert (strength.survivors, strength.fields.equivalent, strength.status.equivalent) == ((), 0, 0)
    return strength.fields.killed + strength.status.killed


class TestBytesAndHeaders:
    @pytest.mark.parametrize("operator", ["html", "truncated", "empty-body", "broken-charset"])
    def test_a_body_that_is_described_is_guarded(self, tmp_path: Path, operator: str):
        """Type, length and encoding."""
        assert killed(measured(users(tmp_path), operator)) == 1

    @pytest.mark.parametrize("operator", ["html", "truncated", "empty-body", "broken-charset"])
    def test_a_success_that_nobody_describes_is_not(self, tmp_path: Path, operator: str):
        """The answer is what was asked for, so it matters."""
        assert told(measured(users(tmp_path, body=None), operator)) == {(operator, "")}

    def test_a_refusal_without_a_description_needs_no_body(self, tmp_path: Path):
        """Its status says it all; the body is sent and not relied on."""
        cases = {"no": ({"status": 401, "error": "unauthorized"}, {"error": "no"}, 401)}
        strength = measured(users(tmp_path, cases=cases), "truncated", "empty-body", "html")

        assert killed(strength) == 3

    def test_a_text_that_may_be_empty_says_so(self, tmp_path: Path):
        """A pattern that fits nothing at all is a word for it."""
        keys = {"status": 401, "error": "unauthorized", "text": "no|^$"}
        strength = measured(users(tmp_path, cases={"no": (keys, {"error": "no"}, 401)}), "empty-body")

        assert (strength.survivors, strength.fields.equivalent) == ((), 1)

    def test_a_header_that_is_named_is_missed(self, tmp_path: Path):
        """And the content type of a body that is described."""
        replayer = users(tmp_path, case={"headers": {"Content-Type": {"present": True}, "X-Gone": {"present": False}}})

        assert killed(measured(replayer, "no-header")) == 1


class TestStatusAndErrors:
    def test_another_status_that_the_contract_names_is_equivalent(self, tmp_path: Path):
        """`2xx` means it."""
        strength = measured(users(tmp_path, case={"status": "2xx"}), "status-within-class")

        assert (strength.status.killed, strength.status.equivalent) == (0, 2)

    def test_an_error_inside_a_success_is_noticed_by_the_schema(self, tmp_path: Path):
        """The vendor's own refusal, under status 200."""
        cases = {"no": ({"status": 401, "error": "unauthorized", "body": REFUSED}, {"error": "no"}, 401)}
        strength = measured(users(tmp_path, cases=cases), "error-in-success")

        assert killed(strength) == 1

    def test_an_error_inside_a_success_survives_where_nobody_looks(self, tmp_path: Path):
        """Where the vendor has no refusal on record, a usual one is made up."""
        strength = measured(users(tmp_path, body={"type": "object"}), "error-in-success")

        assert "error" in survivor(strength, "error-in-success").first.told
        assert strength.status.score == 0

    def test_one_refusal_is_told_from_another_of_its_status(self, tmp_path: Path):
        """By the error table."""
        rules = [
            {"status": 401, "json": {"$.error": "gone"}, "code": "token-gone", "retryable": False},
            {"status": 401, "code": "unauthorized", "retryable": False},
        ]
        cases = {
            "gone": ({"status": 401, "error": "token-gone"}, {"error": "gone"}, 401),
            "other": ({"status": 401, "error": "unauthorized"}, {"error": "no"}, 401),
        }
        assert killed(measured(users(tmp_path, cases=cases, vendor={"errors": rules}), "other-error")) == 2


class TestEnvelopes:
    def test_a_body_in_one_more_object_and_in_one_less_is_noticed(self, tmp_path: Path):
        """Where members are required."""
        body = {"type": "object", "required": ["data"], "properties": {"data": {"type": "object", "required": ["id"]}}}
        replayer = users(tmp_path, {"data": ADA}, body)

        assert killed(measured(replayer, "envelope-added", "envelope-removed")) == 2

    def test_both_forms_may_be_allowed(self, tmp_path: Path):
        """An alternative of the whole body says so in so many words."""
        inner = {"type": "object", "required": ["id"]}
        wrapped = {"type": "object", "required": ["data"], "properties": {"data": inner}}
        strength = measured(users(tmp_path, {"data": ADA}, {"anyOf": [wrapped, inner]}), "envelope-removed")

        assert (strength.survivors, strength.fields.equivalent) == ((), 1)


class TestGraphql:
    SDL = """
    type Query { order(id: ID!): Order }
    type Order { id: ID!, note: String, userErrors: [Problem!]! }
    type Problem { message: String! }
    """

    def suite(self, root: Path, **cases: Any) -> Replayer:
        """One document, asked for an order in these cases; each answers alike."""
        document = "query One($id: ID!) { order(id: $id) { id note userErrors { message } } }"
        operation = {
            "summary": "An order.",
            "safety": "read",
            "graphql": {"document": "one.graphql", "variables": {"id": "o-1"}},
            "cases": cases,
        }
        graphql = {"endpoint": "POST /graphql", "schemas": {"1": "1.graphql"}, "version": "1"}
        files = {
            "acme/one.graphql": document,
            "acme/1.graphql": self.SDL,
            "acme/orders.yaml": {"operations": {"o.get": operation}},
        }
        write(root, {**files, "acme/vendor.yaml": a_vendor(graphql=graphql)})
        replayer = Replayer(loading.load(root), today=TODAY)
        value = {"data": {"order": {"id": "o-1", "note": "x", "userErrors": []}}}
        for name in cases:
            adopted(replayer, f"o.get:{name}", [answer(value, 200, content_type="application/json")])
        return Replayer(replayer.suite, today=TODAY)

    def test_null_is_allowed_where_the_sdl_says_so_and_noticed_elsewhere(self, tmp_path: Path):
        """`String` may be null in so many words, `ID!` may not."""
        strength = measured(self.suite(tmp_path, ok={"status": 200}), "null", "null-non-null")

        assert strength.survivors == ()
        assert (strength.fields.killed, strength.fields.equivalent) == (4, 2)  # body, data, id, userErrors; order, note

    def test_errors_beside_data_are_noticed_and_those_inside_where_somebody_looks(self, tmp_path: Path):
        """The derived shape has no errors; that userErrors are empty, only the case can say."""
        inside = {"properties": {"data": {"properties": {"order": {"properties": {"userErrors": {"maxItems": 0}}}}}}}
        plain = measured(self.suite(tmp_path / "a", ok={"status": 200}), "graphql-errors")
        strict = measured(self.suite(tmp_path / "b", ok={"status": 200, "body": inside}), "graphql-errors")

        assert [each.first.told for each in plain.survivors] == ["an error in userErrors"]
        assert killed(strict) == 2

    def test_a_field_of_a_document_counts_once_whatever_cases_add(self, tmp_path: Path):
        """The document is the place that describes it."""
        more = {"status": 200, "body": {"required": ["data"]}}
        one = measured(self.suite(tmp_path / "a", ok={"status": 200}), "drop")
        three = measured(self.suite(tmp_path / "b", ok={"status": 200}, other=more, third=more), "drop")

        assert (one.fields.killed, three.fields.killed) == (5, 5)


# --- plans ------------------------------------------------------------------------------------------------------------

PAGED = """
operations:
  users.list:
    summary: Users.
    request: GET /users
    paging: { style: cursor, send: { query: after }, next: $.next, items: $.users, id: $.id }
    cases:
      all: { status: 200, pages: all, body: { type: object, required: [users, next] } }
"""


def test_a_page_that_repeats_and_a_list_that_never_ends_are_noticed(tmp_path: Path):
    """By the plan that reads all pages."""
    replayer = a_suite(tmp_path, PAGED)
    pages = [{"users": [{"id": n}], "next": n + 1 if n < 3 else None} for n in (1, 2, 3)]
    adopted(replayer, "users.list:all", [answer(page, 200, content_type="application/json") for page in pages])

    assert killed(measured(replayer, "page-repeats", "pages-endless")) == 2


def a_flow(root: Path, text: str = JOBS) -> Strength:
    """What is noticed of a flow: a job is started, works, and is complete."""
    replayer = a_suite(root, text)
    states = [{"job_id": "j1"}, {"status": "working"}, {"status": "complete"}]
    adopted(replayer, "jobs.run:ok", [answer(each, 200, content_type="application/json") for each in states])
    vendor = replayer.suite.vendors["acme"]
    return Measure(replayer, named(["unknown-job-state", "drop"])).vendor(vendor, vendor.flows["jobs.run"].cases)


@pytest.mark.parametrize("text", [JOBS, JOBS.replace("          while: { $.status: working }\n", "")])
def test_a_flow_notices_a_job_in_an_unknown_state_and_a_step_without_what_is_needed(tmp_path: Path, text: str):
    """With the known states named at once, without them when time is up; and without its id there is no job to ask for."""
    assert killed(a_flow(tmp_path, text)) == 3  # the id in the first answer, the state in the last, and its value


class TestDeliveries:
    def suite(self, root: Path, **webhooks: Any) -> Replayer:
        replayer = delivery_suites.a_suite(root, delivery_suites.a_vendor(**webhooks), ORDERS)
        adopted(replayer, "orders.paid:ok", [Answer(delivery_suites.BODY, 200, delivery_suites.PLAIN)])
        return replayer

    def test_a_change_is_signed_anew_so_that_the_signature_alone_does_not_notice_it(self, tmp_path: Path):
        """A vendor signs what he sends: only what the contract demands of the body is guarded."""
        strength = measured(self.suite(tmp_path), "drop", "null")

        assert told(strength) == {("drop", "/note"), ("null", "/note")}

    def test_what_the_plan_reads_is_guarded_although_the_schema_does_not_name_it(self, tmp_path: Path):
        """Without its moment a delivery cannot be put in order, which the contract asks to be warned of."""
        strength = measured(self.suite(tmp_path), "drop")

        assert ("drop", "/updated_at") not in told(strength)

    @pytest.mark.parametrize("operator", ["signature-reserialised"])
    def test_a_signature_over_other_bytes_is_refused(self, tmp_path: Path, operator: str):
        """The same JSON in other bytes was not signed."""
        assert killed(measured(self.suite(tmp_path), operator)) == 1

    def test_every_header_of_the_plan_is_missed(self, tmp_path: Path):
        """Topic, id, signature, timestamp, and the type of the body."""
        assert killed(measured(self.suite(tmp_path), "no-header")) == 5

    def test_no_status_is_swapped(self, tmp_path: Path):
        """A delivery has none."""
        strength = measured(self.suite(tmp_path), "status-within-class", "status-across-classes")

        assert strength.judged == 0


ORDERS = delivery_suites.ORDERS.replace(
    "properties: { id: { type: integer } }", "properties: { id: { type: integer }, note: {} }"
).replace("      old-server: { without: [signature, delivery_id] }\n", "")


class TestMcp:
    def suite(self, root: Path, *, text: bool = False, stream: bool = False) -> Replayer:
        """A server that adds: its result in the structured content or as text, in JSON or in a stream of events."""
        operations = {"add": {**OPERATIONS["add"], "mcp": ADD, "cases": {"ok": {"status": 200, "result": SUM}}}}
        replayer = an_mcp_suite(root, operations, handshake="none")
        content: dict[str, Any] = {"content": [{"type": "text", "text": '{"result": 5}'}]}
        if not text:
            content = {"content": [], "structuredContent": {"result": 5}}
        message = json.dumps({"jsonrpc": "2.0", "id": 1, "result": content})
        kind = "text/event-stream" if stream else "application/json"
        body = f"event: message\ndata: {message}\n\n" if stream else message
        adopted(replayer, "add:ok", [Answer(body.encode(), 200, Headers((("content-type", kind),)))])
        return replayer

    @pytest.mark.parametrize("text", [False, True])
    @pytest.mark.parametrize("stream", [False, True])
    def test_the_result_is_broken_wherever_it_stands(self, tmp_path: Path, text: bool, stream: bool):
        """In structured content or text, in JSON or in a stream."""
        strength = measured(self.suite(tmp_path, text=text, stream=stream))

        assert told(strength) == {("out-of-range", "/result")}  # nobody says that a sum is not negative
        assert strength.untried == ()
        assert strength.fields.killed > 8
        assert strength.status.score == 1.0

    def test_a_broken_refusal_is_noticed_by_the_schema_of_the_result(self, tmp_path: Path):
        """Also where the error table looks at the same place, and finds the same class by another row."""
        reason = {"json": {"$.result.structuredContent.reason": "full"}, "code": "tool-failed", "retryable": False}
        refusal = {"type": "object", "required": ["reason"], "properties": {"reason": {"const": "full"}}}
        case = {"status": 200, "error": "tool-failed", "result": refusal}
        operations = {"add": {**OPERATIONS["add"], "errors": [reason], "mcp": ADD, "cases": {"full": case}}}
        replayer = an_mcp_suite(tmp_path, operations, handshake="none")
        result = {"content": [], "structuredContent": {"reason": "full"}, "isError": True}
        message = json.dumps({"jsonrpc": "2.0", "id": 1, "result": result})
        json_ = Headers((("content-type", "application/json"),))
        adopted(replayer, "add:full", [Answer(message.encode(), 200, json_)])

        assert killed(measured(replayer, "null")) == 2  # the result, and what is declared and read in it

    @pytest.mark.parametrize("operator", ["jsonrpc-error", "is-error", "html"])
    def test_an_error_in_place_of_the_result_is_noticed(self, tmp_path: Path, operator: str):
        """In the message, in the result, and a page in place of both."""
        assert killed(measured(self.suite(tmp_path), operator)) == 1
