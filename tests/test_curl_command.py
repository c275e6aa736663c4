"""A request as a command: the shell reads it as it was sent, and the secret stays where it is."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from typing import Any

import pytest

from evidence_files import a_failure, a_result
from provendor.reports.curl_command import command

VARIABLES = {"api_key": "ACME_API_KEY"}


def sent(method: str, url: str, *query: tuple[str, str], **exchange: Any) -> dict[str, Any]:
    record = a_failure(request={"method": method, "url": url, "query": [list(pair) for pair in query]})
    record["exchange"] |= {"request_headers": [], **exchange}
    return record


def words(record: dict[str, Any], variables: dict[str, str] = VARIABLES) -> list[str]:
    return shlex.split((command(record, variables) or "").replace("\\\n", " "))


def test_a_secret_is_named_by_its_variable_and_never_shown():
    """The command can be typed as it is where the variable is set."""
    record = sent("GET", "https://acme.example/users", request_headers=[["Authorization", "Bearer <api_key>"]])

    assert command(record, VARIABLES) == (
        "curl -sS 'https://acme.example/users' \\\n  -H 'Authorization: Bearer '\"$ACME_API_KEY\""
    )


def test_a_placeholder_without_a_variable_stays_as_it_is():
    """Nothing is guessed."""
    record = sent("GET", "https://acme.example/", request_headers=[["X-Key", "<other>"]])

    assert words(record)[-1] == "X-Key: <other>"


@pytest.mark.parametrize("name", ["A; rm -rf /", "$(id)", "A B", "1A", ""])
def test_a_variable_whose_name_no_shell_knows_is_not_used(name: str):
    """Evidence may be forged."""
    record = sent("GET", "https://acme.example/", request_headers=[["X-Key", "<api_key>"]])

    assert words(record, {"api_key": name})[-1] == "X-Key: <api_key>"


def test_query_method_and_body_are_what_was_sent():
    """Percent-encoded where it has to be."""
    record = sent("POST", "https://acme.example/a", ("q", "a b&c"), request_body='{"it\'s":"so"}')

    assert words(record) == [
        "curl",
        "-sS",
        "-X",
        "POST",
        "https://acme.example/a?q=a+b%26c",
        "--data-raw",
        '{"it\'s":"so"}',
    ]


def test_a_request_that_is_not_whole_in_the_evidence_has_no_command():
    """The body of a case that passed is not kept."""
    write = a_result(request={"method": "POST", "url": "https://acme.example/", "query": []})

    assert (command(write, {}), command(a_result(request=None), {})) == (None, None)
    assert command(a_result(), {}) == "curl -sS 'https://acme.example/users/1'"


@pytest.mark.parametrize(
    "text", ["$(touch x)", "`id`", "'; id; '", '"$HOME"', "a\nb", "\\'", "${IFS}", "--config x", ""]
)
def test_nothing_in_a_request_is_read_by_the_shell(text: str):
    """Checked by a real one."""
    record = sent("GET", "https://acme.example/", request_headers=[["X", text]], request_body=text)
    shell = shutil.which("sh")
    if shell is None:
        pytest.skip("no sh")
    script = f'curl() {{ for word in "$@"; do printf "%s\\0" "$word"; done; }}\n{command(record, VARIABLES)}'

    done = subprocess.run([shell, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.split("\0")[3] == f"X: {text}"
    assert text in done.stdout.split("\0")
