"""Parity: what a live answer has otherwise than its recording, and when nothing is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from builders import NOTHING, a_case, a_live_exchange, a_recording, an_exchange, an_expect
from contract_files import write
from live_suites import USER, a_suite, as_json, carried_out, codes, env, recorded
from loopback import serve
from provendor.exchange import Origin, Source
from provendor.plans.asking import Asked, Step
from provendor.redaction.redact import Redactor
from provendor.run import Result
from provendor.sandbox.parity import MOST, against
from provendor.schemas.answer_shape import shape_of
from provendor.verdict import Outcome


def told(old: Any, new: Any, body: Any = NOTHING, **changes: Any) -> list[tuple[str, str]]:
    """The code and the place of each finding; `body` is the contract's schema."""
    expect = an_expect(body=body) if body is not NOTHING else an_expect()
    result = Result(a_case(expect=expect), Outcome.PASS, (), 0.0, 1.0, exchange=a_live_exchange(200, new))
    compared = against(result, Asked(an_exchange(200, old, **changes)), Redactor())
    assert compared.outcome is (Outcome.WARN if compared.findings else Outcome.PASS)
    assert [verdict.check for verdict in compared.verdicts] == ["parity"]
    return [(finding.code, finding.at) for finding in compared.findings]


# --- what differs -----------------------------------------------------------------------------------------------------


def test_each_kind_of_difference_has_its_code_and_place():
    """New, missing, retyped, newly null, a new word."""
    old = {"id": 1, "name": "Ada", "tags": [], "status": "open", "price": 1.5}
    new = {"id": "1", "name": None, "tags": {}, "status": "closed", "extra": {"a": 1}}

    assert told(old, new) == [
        ("parity-type", "/id"),
        ("parity-null", "/name"),
        ("parity-type", "/tags"),
        ("parity-enum", "/status"),
        ("parity-new", "/extra"),
        ("parity-missing", "/price"),
    ]


def test_elements_of_a_list_are_one_place():
    """A field of one of them is known; one that lacks what all had is told with how many."""
    old = {"users": [{"id": 1, "email": "a"}, {"id": 2, "email": "b", "phone": "c"}]}
    new = {"users": [{"id": 3, "email": "d"}, {"id": 4, "phone": "e"}, {"id": 5, "email": None}]}

    assert told(old, new) == [("parity-null", "/users/*/email"), ("parity-missing", "/users/*/email")]


def test_keys_that_are_ids_are_one_place():
    """Another id is no new field."""
    old = {"by_id": {"4711": {"n": 1}}, "by_day": {"2026-11-01": 3}, "by_mail": {"a@b.example": {}}}
    new = {
        "by_id": {"4712": {"n": "1"}, "4713": {"n": 2}},
        "by_day": {"2026-11-02": 4},
        "by_mail": {"c@d.example": {"x": 1}},
    }

    assert told(old, new) == [("parity-type", "/by_id/*/n"), ("parity-new", "/by_mail/*/x")]


def test_words_that_come_again_and_again_are_one_of_a_few():
    """Whatever the name; other texts are not."""
    old = [{"size": size, "title": f"t{number}"} for number, size in enumerate(["s", "m", "s", "m", "m", "s"])]
    new = [{"size": "xxl", "title": "another"}]

    assert told(old, new) == [("parity-enum", "/*/size")]


# --- what is no difference --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"a": 1}, {"a": 1.5}),
        ({"a": None}, {"a": "x"}),
        ({"a": []}, {"a": [{"b": 1}]}),
        ({"a": [{"b": 1}]}, {"a": []}),
        ({"name": "Ada"}, {"name": "Robin"}),
        ({"status": "two words"}, {"status": "other words"}),
        ({"a": [{"b": 1}, {}]}, {"a": [{}]}),
        ([], []),
        ("x", "y"),
    ],
)
def test_what_the_recording_leaves_open_is_no_difference(old, new):
    """Numbers of both kinds, what was only ever null or empty, texts that are no words, fields that were not always there."""
    assert told(old, new) == []


FORESEEN = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": ["integer", "string"]},
        "name": {"type": ["string", "null"]},
        "email": {"type": "string"},
        "status": {"enum": ["open", "snoozed"]},
        "kind": {"type": "string", "pattern": "^[a-z]+$"},
        "role": {"anyOf": [{"enum": ["agent"]}, {"type": "string"}]},
        "meta": {},
        "any": True,
        "labels": {"type": "object", "additionalProperties": True},
        "counts": {"type": "object", "additionalProperties": {"type": ["integer", "null"]}},
    },
}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"id": 1}, {"id": "1"}),
        ({"name": "Ada"}, {"name": None}),
        ({"id": 1, "email": "a"}, {"id": 1}),
        ({"id": 1}, {"id": 1, "email": "a"}),
        ({"status": "open"}, {"status": "snoozed"}),
        ({"kind": "open"}, {"kind": "closed"}),
        ({"role": "agent"}, {"role": "robot"}),
        ({"meta": {"a": 1}}, {"meta": {"b": "1"}}),
        ({"any": 1}, {"any": [None]}),
        ({"labels": {"a": 1}}, {"labels": {"b": 1}}),
        ({"counts": {"a": 1}}, {"counts": {"a": None, "b": 2}}),
    ],
)
def test_what_the_contract_foresees_is_no_difference(old, new):
    """Types it allows, null, fields it names without requiring them, words it lists or leaves open, maps, anything at all."""
    assert told(old, new, FORESEEN) == []


def test_what_the_contract_does_not_foresee_is_one_although_it_passes():
    """Its silence is no permission."""
    old = {"id": 1, "name": "Ada", "more": 1}

    assert told(old, {"id": 1, "name": "Ada", "other": 1}, FORESEEN) == [
        ("parity-new", "/other"),
        ("parity-missing", "/more"),
    ]


def test_what_the_contract_itself_found_is_not_said_twice():
    """The fail stays alone."""
    from provendor import engine
    from provendor.check import examine

    expect = an_expect(
        body={"type": "object", "properties": {"items": {"items": {"properties": {"id": {"type": "integer"}}}}}}
    )
    live = a_live_exchange(200, {"items": [{"id": "1"}, {"id": "2"}]})
    verdict = examine(engine.body, live, expect)
    result = Result(a_case(expect=expect), verdict.outcome, (verdict,), 0.0, 1.0, exchange=live)

    compared = against(result, Asked(an_exchange(200, {"items": [{"id": 1}]})), Redactor())

    assert [finding.code for finding in compared.findings] == ["body-schema", "body-schema"]
    assert compared.outcome is Outcome.FAIL


def test_answers_that_cannot_be_compared_are_not():
    """Another status, or no JSON."""
    result = Result(a_case(), Outcome.PASS, (), 0.0, 1.0, exchange=a_live_exchange(204, body=b""))

    assert against(result, Asked(an_exchange(200, {"a": 1})), Redactor()) is result
    same = a_live_exchange(200, body=b"<html>")
    assert against(result._replace(exchange=same), Asked(an_exchange(200, {"a": 1})), Redactor()).findings == ()


# --- what is said -----------------------------------------------------------------------------------------------------


def test_a_finding_says_what_kind_of_recording_it_is():
    """A documented one may never have been whole."""
    result = Result(a_case(), Outcome.PASS, (), 0.0, 1.0, exchange=a_live_exchange(200, {"id": "1"}))
    old = an_exchange(200, {"id": 1}, recording=a_recording(origin=Origin.SYNTHETIC))

    (finding,) = against(result, Asked(old), Redactor()).findings

    assert (finding.expected, finding.actual) == ("as recorded (synthetic 2026-11-01): number", "live: string")
    assert finding.level is Outcome.WARN


def test_steps_are_compared_by_their_names():
    """With what the contract says of each."""
    old, new = an_exchange(200, {"job": 1}), a_live_exchange(200, {"job": "1"})
    end = an_exchange(200, {"done": True}), a_live_exchange(200, {"done": True})
    result = Result(
        a_case(), Outcome.PASS, (), 0.0, 1.0, exchange=end[1], steps=(Step("start", new), Step("other", new))
    )

    compared = against(result, Asked(end[0], (Step("start", old), Step("end", end[0]))), Redactor())

    assert [(finding.code, finding.at) for finding in compared.findings] == [("parity-type", "step start /job")]


def test_there_is_an_end_to_findings():
    """A wholly other answer is no list of a thousand lines."""
    result = Result(
        a_case(), Outcome.PASS, (), 0.0, 1.0, exchange=a_live_exchange(200, {f"f{number}": 1 for number in range(100)})
    )

    findings = against(result, Asked(an_exchange(200, {"id": 1})), Redactor()).findings

    assert len(findings) == MOST + 1
    assert findings[-1].actual == "more places differ"


def test_no_secret_is_in_a_finding():
    """Words and names of fields come from the vendor."""
    secret = "k3y-of-ours-1234"
    live = a_live_exchange(200, {"status": secret, secret: 1})
    result = Result(a_case(), Outcome.PASS, (), 0.0, 1.0, exchange=live)

    compared = against(result, Asked(an_exchange(200, {"status": "open"})), Redactor({"api_key": secret}))

    assert [finding.code for finding in compared.findings] == ["parity-enum", "parity-new"]
    assert secret not in repr(compared.findings)


def test_shapes_merge_what_was_seen():
    """Kinds, fields, words, counts."""
    shape = shape_of({"a": [{"s": "x"}, {"s": None}, {}]}, {"a": []})
    items = shape.fields["a"].items

    assert items is not None
    assert (items.fields["s"].kinds, items.fields["s"].words, items.is_always("s")) == (
        {"string", "null"},
        {"x"},
        False,
    )
    assert shape.is_always("a")


def test_a_deep_answer_does_not_break_it():
    """Below some depth nothing more is compared."""
    deep = json.loads('{"a":' * 500 + "1" + "}" * 500)

    assert told(deep, deep) == []


# --- in a run ---------------------------------------------------------------------------------------------------------


@pytest.mark.loopback
def test_a_live_run_warns_where_the_contract_passes(tmp_path: Path):
    """And a case without a cassette says nothing."""
    a_suite(tmp_path, {"users.get": {**USER, "cases": {"ok": {"status": 200}, "other": {"status": 200}}}})
    recorded(tmp_path, "users.get:ok", body={"id": 7, "name": "Ada"})
    with serve(lambda _: as_json({"id": 7, "name": None})) as server:
        results = carried_out(tmp_path, env(server))

    ok, other = results["users.get:ok"], results["users.get:other"]
    assert (ok.outcome, codes(ok), ok.source) == (Outcome.WARN, ["parity-null"], Source.LIVE)
    assert (other.outcome, [verdict.check for verdict in other.verdicts if verdict.check == "parity"]) == (
        Outcome.PASS,
        [],
    )


@pytest.mark.loopback
def test_every_page_and_the_document_of_a_tool_are_compared(tmp_path: Path):
    """JSON in the text of an MCP answer is compared as JSON, under the contract's `result`."""
    tool = {
        "summary": "Users.",
        "mcp": {"tool": "users"},
        "safety": "read",
        "cases": {"ok": {"status": 200, "result": {"type": "object", "properties": {"meta": {}}}}},
    }
    a_suite(tmp_path, {"users": tool}, mcp={"endpoint": "POST /mcp", "revision": "2026-07-28"})

    def answer(document: Any) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": 1, "result": {"content": [{"type": "text", "text": json.dumps(document)}]}}

    recorded(tmp_path, "users:ok", body=answer({"users": [{"id": 1}], "meta": {"a": 1}}))
    with serve(lambda _: as_json(answer({"users": [{"id": "1"}], "meta": {"b": 1}}))) as server:
        result = carried_out(tmp_path, env(server))["users:ok"]

    assert [(finding.code, finding.at) for finding in result.findings if finding.code.startswith("parity")] == [
        ("parity-type", "/users/*/id")
    ]


@pytest.mark.loopback
def test_words_that_a_graphql_schema_leaves_open_are_no_difference(tmp_path: Path):
    """`open_enums` may grow."""
    graphql = {"endpoint": "POST /graphql", "schemas": {"1": "1.graphql"}, "version": "1", "open_enums": ["State"]}
    operation = {
        "summary": "Me.",
        "graphql": {"document": "me.graphql"},
        "safety": "read",
        "cases": {"ok": {"status": 200}},
    }
    a_suite(tmp_path, {"users.me": operation}, graphql=graphql)
    write(
        tmp_path,
        {
            "acme/1.graphql": "type Query { me: User }\ntype User { id: ID!, status: State, name: String }\nenum State { A B }\n"
        },
    )
    write(tmp_path, {"acme/me.graphql": "query Me { me { id status name } }"})
    recorded(tmp_path, "users.me:ok", body={"data": {"me": {"id": "1", "status": "A", "name": "Ada"}}})
    with serve(lambda _: as_json({"data": {"me": {"id": "1", "status": "C", "name": None}}})) as server:
        result = carried_out(tmp_path, env(server))["users.me:ok"]

    assert codes(result) == []
