"""Answers in hand as a file describes them, and cassettes of several interactions."""

from __future__ import annotations

import json

import pytest

from plan_suites import JOBS, a_suite, adopted, answer
from provendor import cassette, cli
from provendor.errors import UsageError
from provendor.exchange import Headers
from provendor.recordings import answers
from provendor.recordings.adopt import Answer
from provendor.verdict import Outcome

DESCRIBED = """
- { status: 202, json: { job_id: j1 } }
- { headers: { Retry-After: 2, X-A: [a, b] }, body: working.json }
- { text: "{\\"status\\": \\"complete\\"}", headers: { Content-Type: application/json } }
- { base64: YWJj }
- { status: 204 }
"""


def test_a_file_describes_answers(tmp_path):
    """Each with a status and headers of its own, and with its body in one of four ways, or none."""
    (tmp_path / "answers.yaml").write_text(DESCRIBED)
    (tmp_path / "working.json").write_bytes(b'{"status":"working"}')

    assert answers.read(tmp_path / "answers.yaml") == [
        Answer(b'{\n  "job_id": "j1"\n}', 202),
        Answer(b'{"status":"working"}', None, Headers((("Retry-After", "2"), ("X-A", "a"), ("X-A", "b")))),
        Answer(b'{"status": "complete"}', None, Headers((("Content-Type", "application/json"),))),
        Answer(b"abc"),
        Answer(b"", 204),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "expected a list of answers"),
        ("{ status: 200 }", "expected a list of answers"),
        ("[", "answers.yaml"),
        ("[ 200 ]", "answer 1: expected a mapping"),
        ("[ { text: a }, { json: 1, text: a } ]", "answer 2: json and text exclude each other"),
        ("[ { staus: 200 } ]", "answer 1: unknown key staus; known here: status"),
        ("[ { status: 1000 } ]", "answer 1: 1000 is no HTTP status"),
        ("[ { status: two } ]", 'answer 1: "two" is no HTTP status'),
        ("[ { headers: a } ]", "answer 1: expected headers as a mapping"),
        ("[ { headers: { a: { b: c } } } ]", "answer 1: expected headers as a mapping"),
        ("[ { base64: '***' } ]", "answer 1: the text under base64 is not base64"),
        ("[ { body: none.json } ]", r"answer 1: cannot read none\.json: No such file"),
    ],
)
def test_what_is_wrong_with_such_a_file_is_said(tmp_path, text, message):
    """With the number of the answer."""
    (tmp_path / "answers.yaml").write_text(text)

    with pytest.raises(UsageError, match=message):
        answers.read(tmp_path / "answers.yaml")


def test_a_file_that_is_not_there_is_said(tmp_path):
    """And no traceback."""
    with pytest.raises(UsageError, match="cannot read the answers"):
        answers.read(tmp_path / "answers.yaml")


def test_each_request_gets_the_next_answer(tmp_path):
    """The cassette holds both sides of every interaction in order; the digest is that of the first request."""
    replayer = a_suite(tmp_path, JOBS)

    made = adopted(replayer, "jobs.run:ok", [answer({"job_id": "j1"}, 202), answer({"status": "complete"}, X_A="1")])

    first, second = cassette.parse(made.text.encode(), "ok.yaml").interactions
    assert (first.request.method, first.request.url, first.status) == ("POST", "https://acme.example/jobs", 202)
    assert (second.request.method, second.request.url, second.status) == ("GET", "https://acme.example/jobs/j1", 200)
    assert second.headers.get("x-a") == "1"
    assert made.result.outcome is Outcome.PASS


def test_an_answer_that_nobody_asks_for_is_refused(tmp_path):
    """It would lie in the cassette and prove nothing."""
    replayer = a_suite(tmp_path, JOBS)

    with pytest.raises(UsageError, match=r"acme/jobs\.run:ok asks 2 times, and 1 of 3 answers are left over"):
        adopted(replayer, "jobs.run:ok", [{"job_id": "j1"}, {"status": "complete"}, {}])
    with pytest.raises(UsageError, match=r"asks 1 times, and 1 of 2 answers are left over"):
        adopted(replayer, "jobs.get:ok", [{}, {}])
    with pytest.raises(UsageError, match="at least one answer"):
        adopted(replayer, "jobs.get:ok", [])


def test_what_is_redacted_in_an_answer_is_redacted_in_the_next_request(tmp_path):
    """Requests are made of the answers as the cassette holds them, so that it fits itself."""
    text = JOBS.replace("[$.job_id, $.data.job_id]", "$.access_token")
    replayer = a_suite(tmp_path, text)

    made = adopted(replayer, "jobs.run:ok", [{"access_token": "s3cr3t-of-a-job"}, {"status": "complete"}])

    assert made.result.outcome is Outcome.PASS
    assert "s3cr3t" not in made.text


@pytest.fixture
def root(tmp_path):
    """A suite with a flow, and the answers of its vendor in files."""
    a_suite(tmp_path, JOBS)
    (tmp_path / "job.json").write_text(json.dumps({"job_id": "j1"}))
    (tmp_path / "done.json").write_text(json.dumps({"status": "complete"}))
    (tmp_path / "answers.yaml").write_text("[{ status: 202, body: job.json }, { json: { status: complete } }]")
    return tmp_path


@pytest.mark.parametrize("words", [["job.json", "done.json"], ["--answers", "answers.yaml"]])
def test_the_command_takes_files_or_a_file_that_describes_them(root, monkeypatch, capsys, words):
    """Both write the cassette that the flow then replays, and each step is named."""
    monkeypatch.chdir(root)

    adopting = cli.main(["adopt", "acme/jobs.run:ok", *words, "--origin", "documented", "--source", "x"])
    proving = cli.main(["prove", "acme/jobs.run"])

    assert (adopting, proving) == (0, 0)
    assert "wrote cassettes/acme/jobs.run/ok.yaml" in capsys.readouterr().out
    (line,) = [json.loads(each) for each in (root / "reports/run.jsonl").read_text().splitlines() if '"result"' in each]
    assert [(step["name"], step["request"]["url"]) for step in line["steps"]] == [
        ("start", "https://acme.example/jobs"),
        ("wait", "https://acme.example/jobs/j1"),
    ]


@pytest.mark.parametrize("words", [[], ["job.json", "--answers", "answers.yaml"]])
def test_the_command_takes_one_of_both(root, monkeypatch, capsys, words):
    """Neither nothing nor everything."""
    monkeypatch.chdir(root)

    assert cli.main(["adopt", "acme/jobs.run:ok", *words, "--origin", "documented", "--source", "x"]) == 2
    assert "give the answers as files" in capsys.readouterr().err


def test_flows_are_listed_and_shown(root, monkeypatch, capsys):
    """With what their steps ask, among the vendor's operations."""
    monkeypatch.chdir(root)

    assert cli.main(["list", "acme/jobs.run"]) == 0
    assert "acme/jobs.run:ok" in capsys.readouterr().out
    assert cli.main(["show", "acme"]) == 0
    assert "jobs.start, then jobs.get every 2 s for at most 300 s" in capsys.readouterr().out
