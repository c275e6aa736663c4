"""The commands from outside: what they print, where, and how they exit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from provendor import cli, evidence
from provendor.reports import publish

VENDOR = """\
vendor: weather
title: Example Weather
environments:
  production: { base_url: { env: WEATHER_URL, default: https://api.weather.example } }
secrets:
  key: { env: WEATHER_KEY }
auth: { header: X-Api-Key, value: "{key}" }
errors:
  - { status: 401, code: unauthorized, retryable: false, title: The key is wrong. }
  - { status: 5xx, code: vendor-down, retryable: true }
"""

RESOURCE = """\
operations:
  forecast.get:
    summary: Tomorrow's weather for a city.
    request: GET /v1/forecast
    query: { city: Oslo }
    cases:
      ok:
        status: 200
        body:
          type: object
          required: [city, temperature]
          properties:
            city: { type: string }
            temperature: { type: number }
      unauthorized:
        with: { auth: wrong }
        status: 401
        error: unauthorized
"""

GOOD = {"city": "Oslo", "temperature": -3.5}


class Folder:
    """A folder with one vendor, and the command line pointed at it."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self._capsys = capsys
        self.write("contracts/weather/vendor.yaml", VENDOR)
        self.write("contracts/weather/forecast.yaml", RESOURCE)

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run(self, *words: str) -> tuple[int, str, str]:
        """Run a command; return exit code, standard output and standard error."""
        try:
            code = cli.main([*words, "--root", str(self.root)])
        except SystemExit as exit_:
            code = int(exit_.code or 0)
        out, err = self._capsys.readouterr()
        return code, out, err

    def adopt(self, case: str, answer: object, *more: str) -> tuple[int, str, str]:
        file = self.write("answer.json", json.dumps(answer))
        origin = ("--origin", "documented", "--source", "docs v1", "--written-at", "2026-11-20")
        return self.run("adopt", case, str(file), *origin, *more)


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Folder:
    return Folder(tmp_path, capsys)


@pytest.fixture
def proven(folder: Folder) -> Folder:
    """A folder in which every case has its cassette."""
    assert folder.adopt("weather/forecast.get:ok", GOOD)[0] == 0
    assert folder.adopt("weather/forecast.get:unauthorized", {"error": "no"})[0] == 0
    return folder


def test_prove_prints_a_line_per_case_and_where_the_evidence_is(proven: Folder) -> None:
    """All pass: exit 0."""
    code, out, _ = proven.run("prove", "--now", "2026-11-20")

    assert code == 0
    assert "PASS  weather/forecast.get:ok  documented 2026-11-20" in out
    assert "2 cases: 2 pass" in out
    assert f"evidence: {proven.root / 'reports' / 'run.json'}" in out


def test_a_broken_contract_exits_1_and_shows_the_line(proven: Folder) -> None:
    """The failure names file, line, both sides and the command to rerun."""
    proven.write(
        "contracts/weather/forecast.yaml", RESOURCE.replace("[city, temperature]", "[city, temperature, wind]")
    )

    code, out, _ = proven.run("prove", "--now", "2026-11-20")

    assert code == 1
    assert "contracts/weather/forecast.yaml:11" in out
    assert 'property "wind"' in out
    assert "provendor prove weather/forecast.get:ok" in out


def test_a_case_without_a_cassette_is_an_error_and_exits_3(folder: Folder) -> None:
    """What cannot be told is not a pass."""
    code, out, _ = folder.run("prove")

    assert (code, out.count("ERROR")) == (3, 2)


def test_prove_json_is_one_document(proven: Folder) -> None:
    """Machines get outcome, counts, results and the evidence's path."""
    code, out, _ = proven.run("prove", "--json", "--now", "2026-11-20")

    told = json.loads(out)
    assert (code, told["outcome"], told["counts"]["pass"]) == (0, "pass", 2)
    assert [row["id"] for row in told["results"]] == ["weather/forecast.get:ok", "weather/forecast.get:unauthorized"]
    assert json.loads(Path(told["evidence"]).read_text())["summary"]["outcome"] == "pass"


def test_prove_json_names_the_page_and_what_to_type_next(proven: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the end of the screen does; no page is null, and what went wrong with it is told."""
    monkeypatch.setenv("PROVENDOR_NO_PAGE", "1")
    without = json.loads(proven.run("prove", "--json", "--now", "2026-11-20", "weather/forecast.get:ok")[1])
    monkeypatch.delenv("PROVENDOR_NO_PAGE")
    monkeypatch.setattr(publish, "after_run", lambda *_, **__: "the page could not be written: no room")
    whole = json.loads(proven.run("prove", "--json", "--now", "2026-11-20")[1])

    assert (without["page"], without["next"], without["trouble"]) == (None, "provendor prove weather", [])
    assert whole["page"] == str(Path(whole["evidence"]).with_name("index.html"))
    assert (whole["next"], whole["trouble"]) == ("provendor report", ["the page could not be written: no room"])


def test_every_run_keeps_to_the_schema_of_its_evidence(proven: Folder) -> None:
    """Passes, failures, errors and pending cases alike."""
    schema = json.loads(Path(evidence.__file__).with_name("run.schema.json").read_text())
    pending = "\n        pending: { reason: Known., until: 2026-12-01 }"
    broken = RESOURCE.replace("[city, temperature]", "[wind]").replace(
        "error: unauthorized", f"error: unauthorized{pending}"
    )
    proven.write("contracts/weather/forecast.yaml", broken)
    (proven.root / "cassettes/weather/forecast.get/unauthorized.yaml").unlink()

    proven.run("prove", "--now", "2026-11-20")

    whole = json.loads((proven.root / "reports/run.json").read_text())
    jsonschema.validate(whole, schema, format_checker=jsonschema.FormatChecker())
    assert {result["outcome"] for result in whole["results"]} == {"fail", "warn"}
    assert [result["expected"] for result in whole["results"]] == [False, True]


def test_evidence_says_how_each_vendor_stands(proven: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which credentials are there by name; no value is written down."""
    monkeypatch.setenv("WEATHER_KEY", "k3y-of-ours")

    proven.run("prove", "--now", "2026-11-20")

    text = (proven.root / "reports/run.json").read_text()
    told = json.loads(text)["run"]["vendors"]["weather"]
    assert told["credentials"] == [{"env": "WEATHER_KEY", "name": "key", "present": True}]
    assert (told["cases"], told["blocks"]) == (2, "WEATHER_URL is not set")
    assert "k3y-of-ours" not in text


def test_a_warn_exits_0_unless_the_run_is_strict(proven: Folder) -> None:
    """An old recording warns."""
    years_later = ("prove", "--now", "2029-11-20")

    assert proven.run(*years_later)[0] == 0
    assert proven.run(*years_later, "--strict")[0] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["prove", "wether"], "did you mean"),
        (["prove", "weather/forcast.get"], "did you mean"),
        (["prove", "--stict"], "did you mean --strict?"),
        (["prove", "--now", "tomorrow"], "expected a day such as 2026-11-20"),
        (["history", "--since", "soon"], "expected a span such as 24h or a day such as 2026-11-20, got 'soon'"),
        (["validate", "weather", "absent.json"], "absent.json"),
    ],
)
def test_a_wrong_command_exits_2_with_one_clear_line(folder: Folder, words: list[str], said: str) -> None:
    """No traceback, a suggestion where one is near."""
    code, out, err = folder.run(*words)

    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_an_unknown_command_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    """`lst` is close to `list`."""
    assert cli.main(["lst"]) == 2
    assert "did you mean 'list'?" in capsys.readouterr().err


def test_an_unknown_code_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    """`body-shema` is close to `body-schema`."""
    assert cli.main(["explain", "body-shema"]) == 2
    assert "body-schema" in capsys.readouterr().err


def test_broken_contracts_are_all_reported_and_exit_2(folder: Folder) -> None:
    """Two files, two problems, one go."""
    folder.write("contracts/weather/vendor.yaml", VENDOR.replace("title:", "titel:"))
    folder.write("contracts/weather/forecast.yaml", RESOURCE.replace("status: 200", "stauts: 200"))

    code, out, err = folder.run("lint")

    assert code == 2
    assert 'did you mean "title"' in out + err
    assert 'did you mean "status"' in out + err


def test_lint_reports_missing_and_orphaned_cassettes(proven: Folder) -> None:
    """A case without a recording and a recording without a case."""
    assert proven.run("lint")[0] == 0
    ok = proven.root / "cassettes/weather/forecast.get/ok.yaml"
    ok.rename(ok.with_name("okay.yaml"))

    code, out, _ = proven.run("lint")

    assert code == 2
    assert "no cassette at cassettes/weather/forecast.get/ok.yaml" in out
    assert "cassettes/weather/forecast.get/okay.yaml: no case uses this cassette" in out


def test_validate_judges_an_answer_in_hand(folder: Folder) -> None:
    """0 where a case accepts it, 1 where none does."""
    good = folder.write("good.json", json.dumps(GOOD))
    bad = folder.write("bad.json", json.dumps({"city": "Oslo", "temperature": "warm"}))

    assert folder.run("validate", "weather/forecast.get", str(good), "--status", "200")[0] == 0
    code, out, _ = folder.run("validate", "weather/forecast.get", str(bad), "--status", "200")

    assert code == 1
    assert "/temperature" in out


def test_validate_finds_the_operation_by_its_request(folder: Folder) -> None:
    """A method and a URL are enough."""
    good = folder.write("good.json", json.dumps(GOOD))

    request = ("--request", "GET https://api.weather.example/v1/forecast?city=Rome", "--status", "200")
    code, out, _ = folder.run("validate", "weather", str(good), *request, "--json")

    assert (code, json.loads(out)["matched"]) == (0, ["weather/forecast.get:ok"])


def test_validate_is_told_by_the_body_that_was_sent(folder: Folder) -> None:
    """It belongs to the request; alone it says nothing."""
    good, sent = folder.write("good.json", json.dumps(GOOD)), folder.write("sent.json", "{}")

    request = ("--request", "GET /v1/forecast?city=Rome", "--status", "200")
    assert folder.run("validate", "weather", str(good), *request, "--request-body", str(sent))[0] == 0
    code, _, err = folder.run("validate", "weather", str(good), "--request-body", str(sent))
    assert (code, "--request-body belongs to --request" in err) == (2, True)
    code, _, err = folder.run("validate", "weather", str(good), *request, "--request-body", str(folder.root / "no"))
    assert (code, "cannot read the request's body" in err) == (2, True)


def test_adopt_refuses_what_does_not_honour_the_case(folder: Folder) -> None:
    """Nothing is written unless told to keep it."""
    path = folder.root / "cassettes/weather/forecast.get/ok.yaml"

    assert folder.adopt("weather/forecast.get:ok", {"city": 7})[0] == 1
    assert not path.exists()
    assert folder.adopt("weather/forecast.get:ok", {"city": 7}, "--keep-failing")[0] == 0
    assert path.exists()


def test_adopt_replaces_only_when_told(proven: Folder) -> None:
    """A cassette is never written over by accident."""
    code, _, err = proven.adopt("weather/forecast.get:ok", GOOD)
    assert (code, "--replace" in err) == (2, True)
    assert proven.adopt("weather/forecast.get:ok", GOOD, "--replace")[0] == 0


def test_show_prints_a_page_and_the_error_table_as_data(proven: Folder) -> None:
    """For people, and for other programs."""
    _, page, _ = proven.run("show", "weather", "--now", "2026-11-25")
    _, table, _ = proven.run("show", "weather", "--errors", "--json")

    for expected in ("Example Weather", "GET /v1/forecast", "unauthorized", "WEATHER_KEY", "documented, 5 days old"):
        assert expected in page
    assert json.loads(table)["weather"][0] == {
        "code": "unauthorized",
        "retryable": False,
        "when": "status 401",
        "title": "The key is wrong.",
        "status": "401",
    }


def test_list_names_what_a_selector_selects(folder: Folder) -> None:
    """As lines and as data."""
    assert folder.run("list", "weather/*:unauthorized")[1].split() == ["weather/forecast.get:unauthorized"]
    assert json.loads(folder.run("list", "--json")[1])[0]["contract"] == "contracts/weather/forecast.yaml:7"
    assert folder.run("list", "--operations")[1].split() == ["weather", "weather/forecast.get"]


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_says_what_it_takes(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """--help exits 0 and names the command."""
    with pytest.raises(SystemExit) as exit_:
        cli.main([command, "--help"])

    assert exit_.value.code == 0
    assert f"usage: provendor {command}" in capsys.readouterr().out


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_option_is_in_the_reference(command: str) -> None:
    """docs/reference/commands.md has a section per command with every option in it."""
    reference = (Path(__file__).parents[1] / "docs/reference/commands.md").read_text()
    section = reference.partition(f"\n## {command}\n")[2].partition("\n## ")[0]

    options = [option for action in cli.parser_for(command)._actions for option in action.option_strings]
    missing = [option for option in options if option not in ("-h", "--help") and f"`{option}" not in section]
    assert section
    assert not missing


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_knows_every_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The script names commands and options."""
    assert cli.main(["completion", shell]) == 0
    script = capsys.readouterr().out

    assert [name for name in cli.COMMANDS if name not in script] == []
    assert "--strict" in script


def run_apart(folder: Folder, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a process of its own, with nothing but what is given in its environment."""
    kept = {name: value for name in ("PATH", "SYSTEMROOT") if (value := os.environ.get(name))}
    command = [sys.executable, "-m", "provendor", *words, "--root", str(folder.root)]
    return subprocess.run(command, capture_output=True, text=True, env={**kept, **environment}, check=False)


MODULES_NOBODY_NEEDS = (
    "httpx", "vcr", "pytest", "_pytest", "asyncio", "ssl", "importlib.metadata", "graphql", "jsonschema", "requests",
    "urllib.request", "http.client", "jsonpath_rfc9535", "subprocess",
)  # fmt: skip


@pytest.mark.parametrize("words", [["prove"], ["list"], ["show", "weather"], ["lint"], ["history"]])
def test_an_offline_command_loads_only_what_it_uses(proven: Folder, words: list[str]) -> None:
    """No HTTP client, no TLS, no vcrpy, no pytest; with a warm cache not even a YAML parser."""
    program = (
        "import json, sys; from provendor.cli import main; code = main(sys.argv[1:]);"
        "print('\\n' + json.dumps(sorted(sys.modules)))"
    )
    command = [sys.executable, "-c", program, *words, "--root", str(proven.root)]

    done = subprocess.run(command, capture_output=True, text=True, check=True)

    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert sorted(loaded & set(MODULES_NOBODY_NEEDS)) == []


def test_a_replay_needs_no_environment(proven: Folder) -> None:
    """Not even HOME."""
    done = run_apart(proven, "prove", "--now", "2026-11-20")

    assert (done.returncode, done.stderr) == (0, "")


def test_nothing_is_coloured_unless_a_terminal_looks(proven: Folder) -> None:
    """A pipe gets plain text."""
    assert "\033" not in run_apart(proven, "prove").stdout


def test_a_closed_pipe_is_not_a_traceback(proven: Folder) -> None:
    """`provendor list | head -0` ends quietly."""
    command = f"{sys.executable} -m provendor list --root '{proven.root}' | true"

    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)

    assert "Traceback" not in done.stderr


def test_secrets_in_the_environment_never_reach_console_or_disk(proven: Folder) -> None:
    """A replay does not even read them."""
    done = run_apart(proven, "prove", "--json", WEATHER_KEY="canary-4f1c9d7e")

    files: list[Any] = [path.read_bytes() for path in proven.root.rglob("*") if path.is_file()]
    assert "canary-4f1c9d7e" not in done.stdout + done.stderr
    assert not [data for data in files if b"canary-4f1c9d7e" in data]
