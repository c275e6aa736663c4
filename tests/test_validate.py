from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import a_case, a_rule, an_exchange, an_expect
from provendor.check import check
from provendor.classify import candidates
from provendor.contract import HeaderTest
from provendor.exchange import Headers
from provendor.redaction.redact import Redactor
from provendor.requests import Values
from provendor.validate import judge_answer
from provendor.verdict import Finding, Outcome, Skip

RULES = (
    a_rule("partial", 200, json={"$.ok": False}, retryable=True),
    a_rule("unauthorized", 401),
    a_rule("throttled", 403, headers=(HeaderTest("retry-after", present=True),), retryable=True),
    a_rule("forbidden", 403),
    a_rule("rate-limited", 429, retryable=True),
)
USER = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}
ERROR = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}
JSON = {"content-type": "application/json"}


def a_named_case(name, *allowed, **expected):
    return a_case(f"acme/users.get:{name}", an_expect(*allowed, errors=RULES, **expected))


OK = a_named_case("ok", 200, body=USER)
UNAUTHORIZED = a_named_case("unauthorized", 401, error="unauthorized", body=ERROR)
THROTTLED = a_named_case("throttled", 403, error="throttled")
FORBIDDEN = a_named_case("forbidden", 403, error="forbidden")
RATE_LIMITED = a_named_case("rate-limited", 429, error="rate-limited", text="^Retry later")
CASES = (OK, UNAUTHORIZED, FORBIDDEN, RATE_LIMITED)


def judge(body, status=None, headers=None, cases=CASES, **changes):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return judge_answer(cases, status, Headers(tuple(headers.items())) if headers is not None else None, raw, **changes)


def matched(judgement):
    return [each.case.name for each in judgement.matched]


def nearest(judgement):
    """Return the nearest case's name and the codes of what it objects to."""
    assert not judgement.accepted
    assert judgement.nearest is not None
    return judgement.nearest.case.name, [finding.code for finding in judgement.nearest.findings]


def test_an_answer_is_accepted_where_one_case_accepts_it():
    """And the judgement says which."""
    judgement = judge({"id": 7}, 200, JSON)

    assert (judgement.accepted, matched(judgement), judgement.nearest) == (True, ["ok"], None)
    assert judgement.not_judged == ()


def test_an_answer_that_no_case_accepts_shows_the_nearest_and_why():
    """The case of the same status comes first."""
    assert nearest(judge({"id": "7"}, 200, JSON)) == ("ok", ["body-schema"])
    assert nearest(judge({"message": "x"}, 401, JSON)) == ("unauthorized", ["body-schema"])
    assert nearest(judge({"id": 7}, 500, JSON))[1][0] == "status"


def test_the_kind_of_status_counts_where_no_case_has_the_status():
    """A 418 is nearer to a 401 than to a 200."""
    assert nearest(judge({"error": "x"}, 418, JSON))[0] in ("unauthorized", "forbidden", "rate-limited")


def test_the_error_class_counts_before_the_number_of_findings():
    """Among cases of one status the one of the same class is nearest, although the body has more against it."""
    strict = a_named_case("strict", 403, error="forbidden", body={"required": ["a", "b", "c"], "type": "object"})
    loose = a_named_case("loose", 403, error="throttled")

    assert nearest(judge({}, 403, JSON, (loose, strict))) == ("strict", ["body-schema"] * 3)


def test_an_error_inside_a_success_is_not_accepted_as_one():
    """Status and schema fit; the error table says otherwise."""
    assert nearest(judge({"id": 7, "ok": False}, 200, JSON)) == ("ok", ["error-class"])


def test_html_where_json_belongs_is_rejected():
    """With and without its header."""
    page = b"<html><h1>502 Bad Gateway</h1></html>"

    assert nearest(judge(page, 200, {"content-type": "text/html"})) == ("ok", ["body-json", "content-type"])
    assert nearest(judge(page, 200)) == ("ok", ["body-json"])


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"[{}]", b'"id"', b"7", b"\xff\xfe\x00", b'{"id": 7'])
def test_a_body_of_another_kind_is_rejected(body):
    """Empty, null, a list, text, a number, bytes, a torn answer: none is the object that the contract describes."""
    name, codes = nearest(judge(body, 200, JSON))

    assert name == "ok"
    assert set(codes) <= {"body-json", "body-schema"}


def test_what_is_not_given_is_not_judged_and_is_said():
    """Neither headers nor status make the answer wrong by their absence."""
    assert judge({"id": 7}, 200).not_judged == ("the headers and the content type",)
    assert judge({"id": 7}).not_judged == ("the status", "the headers and the content type")
    assert judge({"id": 7}, 200, {"date": "today"}).not_judged == ("the content type",)
    assert matched(judge({"id": 7})) == ["ok"]


def test_headers_that_the_contract_demands_are_judged_once_headers_are_known():
    """An answer without the range that paging needs is broken."""
    paged = a_case("acme/users.list:ok", an_expect(200, headers=(HeaderTest("Content-Range", pattern="/[0-9]+$"),)))

    assert judge([], 200, cases=[paged]).accepted
    assert judge([], 200, {**JSON, "content-range": "0-1/2"}, [paged]).accepted
    assert nearest(judge([], 200, JSON, [paged])) == ("ok", ["header"])


def test_without_a_status_the_body_alone_is_judged():
    """The cases whose body it may be accept it, and an error inside a success is still one."""
    assert matched(judge({"error": "bad token"})) == ["unauthorized"]
    assert matched(judge(b"Retry later\n")) == ["rate-limited"]
    assert nearest(judge({"id": 7, "ok": False}, cases=[OK])) == ("ok", ["error-class"])


def test_without_a_status_a_case_that_takes_any_body_accepts_none():
    """Otherwise every answer would be a 403. One that the table knows by its body is another matter."""
    assert (judge({"id": "7"}, cases=[FORBIDDEN]).accepted, judge({}, cases=[FORBIDDEN]).tried) == (False, 0)
    assert matched(judge({"ok": False}, cases=[a_named_case("partial", 200, error="partial")])) == ["partial"]


def test_without_a_status_a_class_is_tried_with_the_statuses_that_the_table_tells_apart():
    """A case of `4xx` that names a code must be able to get it."""
    any_4xx = a_named_case("any", "4xx", error="rate-limited", text="later")

    assert matched(judge(b"Retry later\n", cases=[any_4xx])) == ["any"]


def test_without_headers_a_rule_that_looks_at_them_may_match_or_not():
    """A 403 may be either of the two; with headers it is one."""
    both = (THROTTLED, FORBIDDEN)

    assert matched(judge({}, 403, cases=both)) == ["throttled", "forbidden"]
    assert matched(judge({}, 403, {**JSON, "retry-after": "3"}, both)) == ["throttled"]
    assert matched(judge({}, 403, JSON, both)) == ["forbidden"]


def test_without_headers_a_class_that_no_rule_can_give_is_rejected():
    """What is unknown is not a licence."""
    other = a_named_case("other", 403, error="rate-limited")

    assert nearest(judge({}, 403, cases=[other])) == ("other", ["error-class"])


def test_candidates_end_with_the_first_rule_that_needs_no_header():
    """Rules behind it can never be first; where none is certain, no rule is possible as well."""
    codes = [rule.code if rule else None for rule in candidates(RULES, an_exchange(403))]
    none_certain = [rule.code if rule else None for rule in candidates(RULES[:3], an_exchange(403))]

    assert codes == ["throttled", "forbidden"]
    assert none_certain == ["throttled", None]


def test_a_compressed_body_is_unpacked():
    """As it is captured by what does not unpack it; a torn one is judged as it is."""
    packed = gzip.compress(b'{"id": 7}')

    assert judge(packed, 200, JSON).accepted
    assert nearest(judge(packed[:5] + b"\x00" * 20, 200, JSON)) == ("ok", ["body-json"])


def test_a_compressed_body_that_never_ends_is_cut_off():
    """A few bytes that unpack to more than anybody sends are no way to fill the memory."""
    bomb = gzip.compress(b" " * (80 * 1024 * 1024))

    assert nearest(judge(bomb, 200, JSON)) == ("ok", ["body-json"])


@pytest.mark.parametrize("body", [b'\xef\xbb\xbf{"id": 7}', b' \r\n{"id": 7}\n', '{"id": 7}'.encode("utf-16")])
def test_json_in_another_dress_is_json(body):
    """A byte order mark, white space around it, another encoding."""
    assert judge(body, 200, JSON).accepted


def test_an_empty_body_suits_a_case_that_asks_for_one():
    """And nothing else does."""
    deleted = a_case("acme/users.delete:ok", an_expect(204, empty=True))

    assert judge(b"", 204, {}, [deleted]).accepted
    assert nearest(judge(b"{}", 204, {}, [deleted])) == ("ok", ["body-empty"])


@check
def an_id_is_small(exchange, expect):
    if "id" not in exchange.json:
        raise Skip("no user")
    if exchange.json["id"] > 100:
        yield Finding("business", "a small id", "a large one")
    if exchange.json["id"] > 10:
        yield Finding("business", "a small id", "a large one", level=Outcome.WARN)


@check
def what_was_asked_for_came(exchange, expect):
    assert exchange.request.url.endswith(f"/{exchange.json['id']}"), "another user came"


def test_business_checks_take_part():
    """A warn is accepted and told, a fail is not, and a skip says nothing."""
    checks = {OK.id: (an_id_is_small,)}

    assert judge({"id": 7}, 200, JSON, checks=checks).accepted
    assert nearest(judge({"id": 777}, 200, JSON, checks=checks)) == ("ok", ["business", "business"])
    degraded = judge({"id": 77}, 200, JSON, checks=checks)
    assert degraded.accepted
    assert [finding["code"] for finding in degraded.as_json()["warnings"]] == ["business"]


def test_a_check_that_crashes_accepts_nothing():
    """An error is not a pass."""

    @check
    def crashes(exchange, expect):
        raise RuntimeError

    assert nearest(judge({"id": 7}, 200, JSON, checks={OK.id: (crashes,)})) == ("ok", ["check-crashed"])


def test_checks_see_the_request_that_the_case_would_have_sent():
    """With the example values of the vendor."""
    values = {"acme": Values({"base_url": "https://acme.example"})}
    case = a_case("acme/users.get:ok", an_expect(200, body=USER))
    checks = {case.id: (what_was_asked_for_came,)}

    assert nearest(judge({"id": 7}, 200, JSON, [case], checks=checks, values=values)) == ("ok", ["business"])
    assert judge({"id": "profile"}, 200, JSON, [a_case("acme/users.get:ok")], checks=checks, values=values).accepted


def test_no_cases_accept_nothing():
    """Nothing that was judged is not a pass."""
    judgement = judge({"id": 7}, 200, JSON, [])

    assert (judgement.accepted, judgement.nearest, judgement.tried) == (False, None, 0)


def test_the_judgement_is_plain_values_for_machines():
    """What matched, or the nearest with its findings; what was not judged; how many were tried."""
    assert judge({"id": "7"}, 200).as_json() == {
        "accepted": False,
        "matched": [],
        "warnings": [],
        "nearest": "acme/users.get:ok",
        "findings": [
            {
                "code": "body-schema",
                "level": "fail",
                "at": "/id",
                "key": "contracts/chatwoot/profile.yaml#/properties/id/type",
                "expected": "integer",
                "actual": 'string "7"',
            }
        ],
        "not_judged": ["the headers and the content type"],
        "cases_tried": 4,
    }


def test_personal_data_can_be_removed_from_a_judgement():
    """Findings quote the answer; what is shown passes through the redaction of the vendor."""
    named = a_named_case("ok", 200, body={"properties": {"name": {"const": "x"}}})
    answer = json.dumps({"name": "Ada Lovelace"}).encode()
    redactor = Redactor({}, ["$.name"])
    redactor.learn(answer)

    judgement = judge(answer, 200, JSON, [named])

    assert "Lovelace" in json.dumps(judgement.as_json())
    assert "Lovelace" not in json.dumps(judgement.redacted(redactor).as_json())


@given(
    st.binary(max_size=200),
    st.none() | st.integers(-1, 1000),
    st.none() | st.dictionaries(st.text(max_size=9), st.text(max_size=9)),
)
def test_an_answer_of_any_kind_is_judged(body, status, headers):
    """It is accepted by a case or has a nearest one, and never a reason to crash."""
    judgement = judge(body, status, headers)

    assert judgement.accepted or judgement.nearest is not None
    assert json.dumps(judgement.as_json())
