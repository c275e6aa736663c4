"""Flows: steps in order, captures, and polls on a clock."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from builders import an_exchange
from plan_suites import JOBS, a_suite, adopted, answer, codes, replayed, texts
from provendor import selector
from provendor.clock import VirtualClock
from provendor.contract import Capture, Flow
from provendor.exchange import Exchange, Headers, Request, Source
from provendor.plans.asking import ask
from provendor.plans.flows import captured, retry_after_s
from provendor.reports import present
from provendor.run import run_case
from provendor.transport import drive
from provendor.validate import judge_answer
from provendor.verdict import Outcome

STARTED, WORKING, DONE = {"job_id": "j1"}, {"status": "working"}, {"status": "complete"}
FAILED = {"status": "failed"}
HEAD, _, _ = JOBS.rpartition("    cases:")


def a_flow(case: str = "status: 200", **changes: str) -> str:
    """The usual flow with one case, `ok`, that says `case`; `within="3s"` and the like change its poll."""
    text = HEAD
    for key, value in changes.items():
        (line,) = (each for each in text.splitlines() if each.strip().startswith(f"{key}:"))
        text = text.replace(line, f"{line.partition(key)[0]}{key}: {value}")
    return f"{text}    cases:\n      ok: {{ {case} }}\n"


@pytest.fixture
def ended(tmp_path):
    """What becomes of the flow's case with these answers, from a cassette on disk."""

    def run(case: str, answers: Sequence[Any], **changes: str) -> Any:
        return replayed(tmp_path, a_flow(case, **changes), "jobs.run:ok", answers)

    return run


class TestTheWay:
    """Steps in order, each judged."""

    def test_a_flow_whose_work_is_done_passes(self, ended):
        """One cassette holds the requests of all steps; the value of one answer stands in the next request."""
        result = ended("status: 200, body: { required: [status] }", [STARTED, WORKING, WORKING, DONE])

        assert result.outcome is Outcome.PASS
        assert [(step.name, step.exchange.request.url, step.exchange.json) for step in result.steps] == [
            ("start", "https://acme.example/jobs", STARTED),
            ("wait", "https://acme.example/jobs/j1", DONE),
        ]
        assert result.exchange is result.steps[-1].exchange

    def test_either_spelling_counts(self, ended):
        """Several paths of a capture and several values of a state are several spellings."""
        assert ended("status: 200", [{"data": {"job_id": 7}}, {"status": "completed"}]).outcome is Outcome.PASS

    def test_a_step_on_the_way_that_is_refused_ends_the_flow(self, ended):
        """Its findings name the step and its line; the case itself is not judged by that answer."""
        result = ended("status: 200, body: { required: [status] }", [answer({"error": "no"}, 401)])

        assert codes(result) == ["status", "error-class"]
        assert {finding.at for finding in result.findings} == {"step start"}
        assert {finding.key for finding in result.findings} == {
            "contracts/acme/jobs.yaml#/flows/jobs.run/steps/0/status",
            "contracts/acme/jobs.yaml#/flows/jobs.run/steps/0/error",
        }

    def test_a_step_has_an_expectation_of_its_own(self, tmp_path):
        """Status and body of an answer on the way, with the place in the body."""
        body = "call: jobs.start\n        body: { properties: { job_id: { type: string } } }"
        text = a_flow().replace("call: jobs.start", body)

        result = replayed(tmp_path, text, "jobs.run:ok", [{"job_id": 7}, DONE])

        assert list(texts(result)) == ["body-schema at step start /job_id: string | integer 7"]

    def test_a_case_may_end_at_an_earlier_step(self, tmp_path):
        """Then that answer is what the case describes, and nothing else is asked."""
        text = a_flow("status: 401, error: unauthorized, ends_at: start, with: { start: { auth: wrong } }")

        result = replayed(tmp_path, text, "jobs.run:ok", [answer({}, 401)])

        assert result.outcome is Outcome.PASS
        assert result.exchange is not None
        assert result.exchange.request.headers.get("authorization") == "Bearer wrong"
        assert [step.name for step in result.steps] == ["start"]

    def test_a_failure_inside_a_finished_job_is_an_error_of_the_table(self, ended):
        """Complete, and refused all the same: the table's code decides."""
        refused = {"status": "complete", "failures": ["too long"]}

        assert ended("status: 200, error: refused", [STARTED, refused]).outcome is Outcome.PASS
        assert codes(ended("status: 200", [STARTED, refused])) == ["error-class"]
        assert codes(ended("status: 200, error: refused", [STARTED, DONE])) == ["error-class"]

    def test_a_request_that_is_not_recorded_names_its_step(self, tmp_path):
        """The contract was changed after the cassette was written."""
        adopted(a_suite(tmp_path, a_flow()), "jobs.run:ok", [STARTED, DONE])
        changed = a_suite(tmp_path, a_flow().replace('job_id: "{job_id}" }', 'job_id: "x{job_id}" }'))
        (case,) = selector.select(changed.suite, ["acme/jobs.run"])

        result = changed.replay(case)

        assert codes(result) == ["request-mismatch"]
        assert (result.reason or "").startswith("step wait: GET https://acme.example/jobs/xj1 is not recorded")


class TestCaptures:
    """Values out of answers."""

    @pytest.mark.parametrize("body", [{}, {"job_id": None}, {"job_id": ""}, {"job_id": ["j1"]}, {"job_id": {"a": 1}}])
    def test_what_cannot_stand_in_a_request_is_not_captured(self, ended, body):
        """Null, an empty text, lists and mappings are as good as nothing."""
        result = ended("status: 200", [body])

        assert list(texts(result)) == [
            "flow-capture at step start: a value at $.job_id or $.data.job_id | no text and no number there"
        ]

    def test_an_answer_that_is_not_json_has_no_values(self):
        """Whatever the vendor sends, there is no traceback."""
        paths = Capture("id", ("$.id", "$..id"))

        assert captured(paths, an_exchange(body="<html>")) is None
        assert captured(paths, an_exchange(body="[" * 5000)) is None
        assert captured(paths, an_exchange(200, {"a": [{"id": False}]})) is False

    def test_a_case_may_expect_that_there_is_nothing_to_capture(self, ended):
        """The older form of an answer, say."""
        case = "status: 200, ends_at: start, error: flow-capture"

        assert ended(case, [{}]).outcome is Outcome.PASS
        assert codes(ended(case, [STARTED])) == ["flow-end"]

    def test_values_keep_their_type(self, tmp_path):
        """A number that is captured is sent as a number."""
        text = a_flow().replace('with: { path: { job_id: "{job_id}" } }', 'with: { json: { id: "{job_id}" } }')
        replayer = a_suite(tmp_path, text)

        made = adopted(replayer, "jobs.run:ok", [{"job_id": 7}, DONE])

        assert made.result.request is not None
        assert made.result.request.body == b'{"id":7}'

    def test_a_secret_reaches_neither_cassette_nor_result(self, tmp_path):
        """Its value becomes its name in answers and in the requests that are made of them."""
        capture = "capture: { upload: { path: $.ticket, secret: true } }"
        text = a_flow().replace("capture: { job_id: [$.job_id, $.data.job_id] }", capture)
        text = text.replace('path: { job_id: "{job_id}" }', 'query: { ticket: "{upload}" }')
        replayer = a_suite(tmp_path, text)

        made = adopted(
            replayer, "jobs.run:ok", [{"ticket": "T0pS3cretTicket"}, {"status": "complete", "of": "T0pS3cretTicket"}]
        )

        assert made.result.outcome is Outcome.PASS
        assert "T0pS3cret" not in made.text
        assert "<upload>" in made.text

    def test_a_live_secret_is_not_shown(self, tmp_path):
        """Neither in the steps nor in what is wrong with them, nor where no exchange came back."""
        capture = "capture: { upload: { path: $.ticket, secret: true } }"
        text = a_flow("status: 200, body: { properties: { of: { type: integer } } }")
        text = text.replace("capture: { job_id: [$.job_id, $.data.job_id] }", capture)
        text = text.replace('path: { job_id: "{job_id}" }', 'query: { ticket: "{upload}" }')
        replayer = a_suite(tmp_path, text)
        (case,) = selector.select(replayer.suite, ["acme/jobs.run"])
        vendor = Answering([{"ticket": "T0pS3cretTicket"}, {"status": "complete", "of": "T0pS3cretTicket"}])
        checks = replayer.checks_for(case)

        result = asyncio.run(
            run_case(case, replayer.values(case), vendor, checks, replayer.expect(case), VirtualClock())
        )

        assert [request.query for request in vendor.asked] == [(), (("ticket", "T0pS3cretTicket"),)]
        assert codes(result) == ["body-schema"]
        assert "T0pS3cret" not in present.full(result, replayer.suite) + repr(result)


class Answering:
    """A vendor that gives these JSON answers in order, the last one for ever."""

    def __init__(self, answers: Sequence[Any], **headers: str) -> None:
        self.answers = list(answers)
        self.asked: list[Request] = []
        self._headers = {"content-type": "application/json", **headers}

    async def send(self, request: Request) -> Exchange:
        """Return the next answer."""
        self.asked.append(request)
        value = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return Exchange(request, 200, Headers(tuple(self._headers.items())), json.dumps(value).encode(), Source.LIVE)


def watched(root: Path, answers: Sequence[Any], **headers: str) -> tuple[Any, Answering, float]:
    """Carry the flow out against a vendor; return what came back, the vendor, and how long it took on the clock."""
    replayer = a_suite(root, a_flow())
    (case,) = selector.select(replayer.suite, ["acme/jobs.run"])
    vendor, clock = Answering(answers, **headers), VirtualClock()
    asked = drive(ask(case, replayer.values(case), vendor, clock))
    return asked, vendor, clock.now()


class TestPolls:
    """Asking again until the work is done."""

    def test_a_job_that_takes_minutes_replays_at_once(self, ended):
        """150 polls on a clock that jumps."""
        start = time.perf_counter()

        result = ended("status: 200", [STARTED, *([WORKING] * 149), DONE])

        assert result.outcome is Outcome.PASS
        assert time.perf_counter() - start < 5

    def test_a_poll_waits_as_long_as_it_says(self, tmp_path):
        """Two seconds before each further request."""
        _, vendor, passed = watched(tmp_path, [STARTED, WORKING, WORKING, DONE])

        assert (len(vendor.asked), passed) == (4, 4.0)

    def test_a_poll_ends_when_time_is_up(self, tmp_path):
        """No request is made after it: five minutes at one request every two seconds, and the first."""
        asked, vendor, passed = watched(tmp_path, [STARTED, WORKING])

        assert (len(vendor.asked), passed) == (1 + 151, 300.0)
        assert [finding.code for finding in asked.verdicts[0].findings] == ["flow-stuck"]

    def test_retry_after_is_honoured(self, tmp_path):
        """A vendor that asks for patience gets it."""
        _, vendor, passed = watched(tmp_path, [STARTED, WORKING, DONE], **{"retry-after": "120"})

        assert (len(vendor.asked), passed) == (3, 120.0)

    def test_patience_ends_where_time_does(self, tmp_path):
        """What is asked for is more than there is: that is a timeout after one answer."""
        asked, vendor, passed = watched(tmp_path, [STARTED, WORKING], **{"retry-after": "3600"})

        assert (len(vendor.asked), passed) == (2, 0.0)
        assert [finding.code for finding in asked.verdicts[0].findings] == ["flow-timeout"]

    def test_a_job_that_fails_has_a_code_of_its_own(self, ended):
        """Expected or not."""
        assert list(texts(ended("status: 200", [STARTED, WORKING, FAILED]))) == [
            'flow-failed at step wait: $.status is "complete" or "completed" | $.status is "failed" after 2 s'
        ]
        assert ended("status: 200, error: flow-failed", [STARTED, FAILED]).outcome is Outcome.PASS

    def test_a_state_that_nobody_listed_has_a_code_of_its_own(self, ended):
        """It is not waited for: our code would not know what it means."""
        assert codes(ended("status: 200", [STARTED, {"status": "paused"}])) == ["flow-state"]
        assert codes(ended("status: 200", [STARTED, {}])) == ["flow-state"]
        assert ended("status: 200, error: flow-state", [STARTED, {"status": "paused"}]).outcome is Outcome.PASS

    def test_without_while_every_other_state_goes_on(self, tmp_path):
        """What the vendor calls its states is then its own affair."""
        text = a_flow().replace("          while: { $.status: working }\n", "")

        assert replayed(tmp_path, text, "jobs.run:ok", [STARTED, {"status": "odd"}, {}, DONE]).outcome is Outcome.PASS

    def test_a_job_that_does_not_move_is_stuck_and_one_that_does_is_late(self, ended):
        """Both run out of time; the codes tell them apart."""
        moving = [STARTED, WORKING, {"status": "working", "progress": 50}]

        assert ended("status: 200, error: flow-stuck", [STARTED, WORKING]).outcome is Outcome.PASS
        assert ended("status: 200, error: flow-timeout", moving).outcome is Outcome.PASS
        assert codes(ended("status: 200, error: flow-stuck", moving)) == ["flow-timeout"]
        assert codes(ended("status: 200, error: flow-timeout", [STARTED, WORKING])) == ["flow-stuck"]
        assert codes(ended("status: 200", [STARTED, WORKING, WORKING], within="3s")) == ["flow-stuck"]

    def test_a_case_that_expects_an_end_needs_every_answer(self, ended):
        """The last recorded answer stands for the rest only where the case says that the work is not done in time."""
        assert codes(ended("status: 200", [STARTED, WORKING])) == ["request-mismatch"]

    def test_an_end_that_was_not_expected_is_a_finding(self, ended):
        """A stuck job that is not stuck after all."""
        assert list(texts(ended("status: 200, error: flow-stuck", [STARTED, DONE]))) == [
            'flow-end at step wait: the flow ends with flow-stuck | it ended well: $.status is "complete" after 0 s'
        ]

    def test_a_retryable_error_is_waited_out(self, ended):
        """A poll that is told to slow down asks again."""
        slow = answer({"error": "slow down"}, 429)

        assert ended("status: 200", [STARTED, slow, WORKING, slow, DONE]).outcome is Outcome.PASS

    def test_a_retryable_error_that_stays_may_be_the_expected_end(self, ended):
        """The code is that of the error table."""
        slow = answer({"error": "slow down"}, 429)

        assert ended("status: 429, error: rate-limited", [STARTED, slow]).outcome is Outcome.PASS

    @pytest.mark.parametrize("status", [401, 404])
    def test_any_other_error_ends_the_poll(self, ended, status):
        """Asking again would not help."""
        result = ended("status: 200", [STARTED, answer({"status": "working"}, status)])

        assert "status" in codes(result)
        assert result.exchange.status == status

    def test_a_poll_on_the_way_must_come_to_its_end(self, tmp_path):
        """The step after it is not asked."""
        after = "      - name: again\n        call: jobs.start\n    cases:"
        text = after.join(a_flow().rsplit("    cases:", 1))

        assert codes(replayed(tmp_path, text, "jobs.run:ok", [STARTED, FAILED])) == ["flow-failed"]
        assert replayed(tmp_path, text, "jobs.run:ok", [STARTED, DONE, STARTED]).outcome is Outcome.PASS

    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({}, 0),
            ({"Retry-After": "7"}, 7),
            ({"Retry-After": "-7"}, 0),
            ({"Retry-After": "9" * 400}, 0),
            ({"Retry-After": "soon", "Date": "Fri, 20 Nov 2026 10:00:00 GMT"}, 0),
            ({"Retry-After": "Fri, 20 Nov 2026 10:01:30 GMT"}, 0),
            ({"Retry-After": "Fri, 20 Nov 2026 10:01:30 GMT", "Date": "Fri, 20 Nov 2026 10:00:00 GMT"}, 90),
            ({"Retry-After": "Fri, 20 Nov 2026 09:00:00 GMT", "Date": "Fri, 20 Nov 2026 10:00:00 GMT"}, 0),
        ],
    )
    def test_retry_after_in_every_form(self, headers, seconds):
        """Seconds, or a moment by the vendor's own clock; what cannot be read is no wish."""
        assert retry_after_s(an_exchange(headers=headers)) == seconds


class TestTheContract:
    """A flow among a vendor's other contracts."""

    def test_its_cases_are_cases(self, tmp_path):
        """With a selector, a cassette, a line, and the safety of what its steps do."""
        suite = a_suite(tmp_path, a_flow()).suite
        (case,) = selector.select(suite, ["acme/jobs.run:ok"])

        assert isinstance(case.plan, Flow)
        assert case.cassette == "acme/jobs.run/ok.yaml"
        assert (str(case.place), case.safety) == ("contracts/acme/jobs.yaml:31", "write")
        assert case.way == ("flows", "jobs.run", "cases", "ok")

    @pytest.mark.parametrize(
        ("body", "case", "accepted"),
        [
            (DONE, "status: 200", True),
            (WORKING, "status: 200", False),
            (FAILED, "status: 200", False),
            (FAILED, "status: 200, error: flow-failed", True),
            (WORKING, "status: 200, error: flow-stuck", True),
            (DONE, "status: 200, error: flow-stuck", False),
            ({"status": "complete", "failures": ["x"]}, "status: 200, error: refused", True),
            ({"status": "complete", "failures": ["x"]}, "status: 200", False),
        ],
    )
    def test_an_answer_in_hand_is_taken_for_the_last_one(self, tmp_path, body, case, accepted):
        """It must be one with which the flow would end as the case says."""
        replayer = a_suite(tmp_path, a_flow(case))
        cases = selector.select(replayer.suite, ["acme/jobs.run"])

        judged = judge_answer(cases, 200, None, json.dumps(body).encode(), values={"acme": replayer.values(cases[0])})

        assert judged.accepted is accepted
