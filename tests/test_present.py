from __future__ import annotations

from datetime import date

import pytest

from builders import a_case, a_live_exchange, a_recording, an_exchange, an_expect
from provendor.contract import Place, Suite
from provendor.reports import present
from provendor.run import Result
from provendor.validate import judge_answer
from provendor.verdict import Finding, Outcome, Verdict, worst

CONTRACT = """\
operations:
  profile:
    request: GET /api/v1/profile
    cases:
      ok:
        status: 200
        headers:
          X-Rate.Limit: "5"
        body: { $ref: schemas/user.yaml#/user }
"""
SCHEMA = """\
user:
  type: object
  properties:
    id: { type: integer }
"""
WRONG_ID = Finding(
    "body-schema",
    "integer",
    'string "7"',
    "/id",
    "contracts/chatwoot/schemas/user.yaml#/user/properties/id/type",
)


@pytest.fixture
def suite(tmp_path):
    folder = tmp_path / "contracts" / "chatwoot"
    (folder / "schemas").mkdir(parents=True)
    (folder / "profile.yaml").write_text(CONTRACT)
    (folder / "schemas" / "user.yaml").write_text(SCHEMA)
    return Suite(tmp_path, {})


def a_result(*verdicts, exchange=None, **changes):
    given = verdicts or (Verdict("status", Outcome.PASS),)
    exchange = exchange or an_exchange(200, {"id": "7"})
    case = a_case("chatwoot/profile:ok", place=Place("contracts/chatwoot/profile.yaml", 5, 7))
    known = {"exchange": exchange, "recording": exchange.recording}
    outcome = worst(verdict.outcome for verdict in given)
    return Result(case, outcome, given, 1795168800.0, 1.0, **{**known, **changes})


def failed(*findings, check="body"):
    return a_result(Verdict(check, Outcome.FAIL, findings))


def test_a_failure_reads_like_a_compiler_error(suite):
    """Who, where from, the line that objects with a caret, expected and actual, and what to type next."""
    assert present.full(failed(WRONG_ID), suite) == (
        """\
FAIL  chatwoot/profile:ok
  request   GET https://chatwoot.example/api/v1/profile
  answer    200, 11 bytes, application/json
  recorded  cassettes/chatwoot/profile/ok.yaml, documented 2026-11-01 (19 days ago), https://developers.chatwoot.example/

fail[body-schema]: the JSON body does not match the contract's schema
 --> contracts/chatwoot/schemas/user.yaml:4:11
  |
4 |     id: { type: integer }
  |           ^^^^
  = at        /id
  = expected  integer
  = actual    string "7"

  run it again: provendor prove chatwoot/profile:ok
  what it means: provendor explain body-schema"""
    )


@pytest.mark.parametrize(
    ("key", "place", "under"),
    [
        ("status", "contracts/chatwoot/profile.yaml:6:9", "status"),
        ("headers.X-Rate.Limit", "contracts/chatwoot/profile.yaml:8:11", "X-Rate.Limit"),
        ("headers.Other", "contracts/chatwoot/profile.yaml:7:9", "headers"),
        ("request", "contracts/chatwoot/profile.yaml:3:5", "request"),
        ("error", "contracts/chatwoot/profile.yaml:5:7", "ok"),
        ("", "contracts/chatwoot/profile.yaml:5:7", "ok"),
        (
            "contracts/chatwoot/schemas/user.yaml#/user/properties/x",
            "contracts/chatwoot/schemas/user.yaml:3:3",
            "properties",
        ),
        ("contracts/chatwoot/schemas/gone.yaml#/user", "contracts/chatwoot/profile.yaml:5:7", "ok"),
    ],
)
def test_the_caret_is_under_the_key_that_objects(suite, key, place, under):
    """Or under its nearest parent that is written out, the case in the end."""
    text = present.full(failed(Finding("header", "x", "y", key=key)), suite)
    rows = text.splitlines()
    arrow = next(number for number, row in enumerate(rows) if "-->" in row)
    caret = rows[arrow + 3]

    assert rows[arrow].endswith(f"--> {place}")
    assert rows[arrow + 2][caret.index("^") : caret.rindex("^") + 1] == under


def test_a_contract_that_has_gone_is_named_without_its_line(tmp_path):
    """Reporting goes on when a file was removed or broken meanwhile."""
    text = present.full(failed(Finding("status", "200", "500", key="status")), Suite(tmp_path, {}))

    assert " --> contracts/chatwoot/profile.yaml:5:7\n  = expected  200" in text


def test_findings_of_one_place_share_its_excerpt(suite):
    """Five missing properties are one excerpt and five differences."""
    findings = [WRONG_ID._replace(expected=f'property "{name}"', actual="missing") for name in "abc"]
    text = present.full(failed(*findings, WRONG_ID._replace(at="/other")), suite)

    assert text.count("-->") == 1
    assert text.count("= expected") == 4
    assert text.count("= at        /id") == 1
    assert text.count("= at        /other") == 1


def test_a_check_of_the_business_is_named(suite):
    """Its code says nothing about which of many it is."""
    text = present.full(
        failed(Finding("business", "A draft is private.", "it is public"), check="chatwoot.draft"), suite
    )

    assert "  = check     chatwoot.draft" in text


def test_a_code_of_a_check_of_its_own_has_the_check_as_its_title(suite):
    """And nobody is sent to an explanation that there is not."""
    text = present.full(failed(Finding("draft-public", "x", "y"), check="chatwoot.draft"), suite)

    assert "fail[draft-public]: chatwoot.draft\n" in text
    assert "explain" not in text


def test_an_error_gives_its_reason_once(suite):
    """In the heading only where no finding says it already."""
    said = a_result(
        Verdict("x", Outcome.ERROR, (Finding("transport", "an answer", "it hung"),), "it hung"), reason="it hung"
    )
    unsaid = a_result(Verdict("x", Outcome.ERROR, (), "it hung"), reason="it hung")

    assert present.full(said, suite).count("it hung") == 1
    assert "error[transport]" in present.full(said, suite)
    assert "  reason    it hung" in present.full(unsaid, suite)


def test_a_live_answer_shows_its_time_and_no_cassette(suite):
    """Nobody takes a replay for health."""
    text = present.full(a_result(exchange=a_live_exchange(200, {})), suite)

    assert "  live      100 ms" in text
    assert "recorded" not in text


@pytest.mark.parametrize(
    ("recording", "shown"),
    [
        (a_recording(at=None), "documented on an unknown day"),
        (a_recording(at="2026-11-19T23:00:00Z"), "documented 2026-11-19 (1 day ago)"),
        (a_recording(at="2027-01-01"), "documented 2027-01-01 (in the future)"),
        (a_recording(at="soon"), "documented on soon"),
        (a_recording(origin=None), "origin unknown 2026-11-01 (19 days ago)"),
    ],
)
def test_the_recording_is_shown_with_origin_and_age(suite, recording, shown):
    """What is not known is said."""
    assert shown in present.full(a_result(exchange=an_exchange(200, {}, recording=recording)), suite)


def test_a_pass_is_one_line():
    """Case, origin, day and how many checks judged."""
    passed = tuple(Verdict(f"check-{number}", Outcome.PASS) for number in range(12))
    skipped = Verdict("latency", Outcome.SKIP, reason="a replayed answer has no timing")

    assert present.line(a_result(*passed, skipped)) == "PASS  chatwoot/profile:ok  documented 2026-11-01  12 checks"
    assert present.line(a_result(exchange=a_live_exchange())) == "PASS  chatwoot/profile:ok  live 100 ms  1 check"
    assert present.line(a_result(exchange=an_exchange(recording=a_recording(origin=None, at=None)))) == (
        "PASS  chatwoot/profile:ok  of unknown origin undated  1 check"
    )


def test_what_is_not_a_pass_shows_codes_and_reason_on_its_line():
    """Each code once."""
    assert present.line(failed(WRONG_ID, WRONG_ID)._replace(reason="a\nb")) == (
        "FAIL  chatwoot/profile:ok  documented 2026-11-01  1 check  body-schema  a\\nb"
    )


def test_colours_only_where_asked_for(suite):
    """And then without a change of the words."""
    result = failed(WRONG_ID)
    plain, coloured = present.full(result, suite), present.full(result, suite, colour=True)

    assert "\x1b" not in plain
    assert "\x1b[1;31m" in coloured
    for code in ("\x1b[1;31m", "\x1b[0m"):
        coloured = coloured.replace(code, "")
    assert coloured == plain


HOSTILE = "a\x1b[2J\x07\r\nb\u202ec\u2066d\u200be\ud800f\x9b31mg\U000e0041"


def test_vendor_text_cannot_reach_the_terminal(suite):
    """Neither in a value nor in any other place where a vendor's words are shown."""
    finding = Finding("x" + HOSTILE, HOSTILE, HOSTILE, at=HOSTILE)
    exchange = an_exchange(
        200, {}, headers={"content-type": HOSTILE}, recording=a_recording(source=HOSTILE, at=HOSTILE)
    )
    result = a_result(Verdict(HOSTILE, Outcome.FAIL, (finding,), HOSTILE), exchange=exchange, reason=HOSTILE + "!")

    for text in (present.full(result, suite), present.line(result)):
        assert all(row.isprintable() for row in text.split("\n"))
        assert text.encode("utf-8")
        assert "a\\x1b[2J\\x07\\r\\nb\\u202ec" in text


def test_long_values_are_shortened_and_say_how_long_they_were(suite):
    """A page of HTML does not bury what matters."""
    text = present.full(failed(WRONG_ID._replace(actual="x" * 100_000)), suite)

    assert "… (100000 characters)" in text
    assert len(text) < 3000


class TestJudgement:
    """The answer of `provendor validate`."""

    def judged(self, body, cases=None, status=200, **expected):
        """Judge a body by one case of the suite."""
        case = a_case("chatwoot/profile:ok", an_expect(body={"type": "object"}, today=date(2026, 11, 20), **expected))
        return judge_answer([case] if cases is None else cases, status, None, body)

    def test_an_accepted_answer_names_the_cases(self, suite):
        """And what was not judged."""
        assert present.judgement(self.judged(b"{}"), suite.root) == (
            "honours the contract: accepted by chatwoot/profile:ok\n\n"
            "not judged, because not given: the headers and the content type"
        )

    def test_of_many_cases_some_are_named(self, suite):
        """The rest is counted."""
        cases = [a_case(f"chatwoot/profile:ok{number}") for number in range(8)]

        assert "profile:ok4 and 3 more" in present.judgement(self.judged(b"", cases), suite.root)

    def test_a_rejected_answer_shows_the_nearest_case(self, suite):
        """With the line that objects."""
        text = present.judgement(self.judged(b"[]"), suite.root)

        assert text.startswith(
            "breaks the contract: none of 1 case accepts it; the nearest is chatwoot/profile:ok\n\nfail["
        )
        assert "body-schema" in text

    def test_nothing_to_judge_by_is_no_acceptance(self, suite):
        """A case that takes any body cannot judge a body alone."""
        text = present.judgement(self.judged(b"[]", [a_case()], status=None), suite.root)

        assert text.startswith("breaks the contract: no case of the selection can be judged by what is given")
