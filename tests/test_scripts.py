"""The scripts that runbooks name, run as they are, on contracts of this machine."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from loopback import Answer, Seen, serve
from probe_suites import a_probed_vendor, environment

pytestmark = pytest.mark.loopback

SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"
VENV = str(Path(sys.executable).parent.parent)
GOOD = Answer(body=b'{"id": 7}', headers={"content-type": "application/json"})
SECRET = {"secrets": {"api_key": {"env": "ACME_API_KEY"}}, "auth": {"bearer": "{api_key}"}, "live_flag": "ACME_LIVE"}
PROBES = ("health.web", "health.api", "profile.get")


def script(root: Path, name: str, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a script as if it stood in this root."""
    (root / "scripts").mkdir(exist_ok=True)
    shutil.copy(SCRIPTS / name, root / "scripts" / name)
    command = [str(root / "scripts" / name), *words]
    env = environment(root, VENV=VENV, **env)
    return subprocess.run(command, capture_output=True, text=True, env=env, check=False, timeout=120)


def lines(root: Path) -> list[dict[str, object]]:
    [path] = (root / "reports" / "chatwoot_health").glob("*.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.slow
def test_the_health_of_chatwoot_is_a_line_per_call(tmp_path: Path):
    """Exit 0 while all is well; a failure counts at once, also where a threshold has not confirmed it."""
    broken = False

    def answer(seen: Seen) -> Answer:
        return Answer(503) if broken and seen.path == "/health.api" else GOOD

    with serve(answer) as server:
        a_probed_vendor(tmp_path, server.url, "chatwoot", *PROBES, vendor=SECRET, probe={"fail_after": 3})
        env = {"ACME_LIVE": "1", "ACME_API_KEY": "canary-4f1c9d7e"}
        well = script(tmp_path, "check_chatwoot_health", **env)
        broken = True
        ill = script(tmp_path, "check_chatwoot_health", **env)
        off = script(tmp_path, "check_chatwoot_health")

    assert (well.returncode, ill.returncode, off.returncode) == (0, 1, 4)
    first, second, third = lines(tmp_path)
    assert (first["well"], second["well"], third["well"]) == (True, False, False)
    assert sorted((row["id"], row["judged"]) for row in second["results"]) == [  # type: ignore[attr-defined]
        ("chatwoot/health.api:ok", "fail"),
        ("chatwoot/health.web:ok", "pass"),
        ("chatwoot/profile.get:ok", "pass"),
    ]
    assert server.seen[0].headers["authorization"] == "Bearer canary-4f1c9d7e"
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"canary" in path.read_bytes()]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "vendor"),
    [
        ("prove_publer", "publer"),
        ("prove_ga4", "google-analytics"),
        ("prove_search_console", "search-console"),
        ("prove_shopify", "shopify"),
    ],
)
def test_a_proof_asks_the_vendor_it_is_named_after(tmp_path: Path, name: str, vendor: str):
    """And takes what `prove` takes. Without its flag it replays, and here there is no recording."""
    a_probed_vendor(tmp_path, "http://127.0.0.1:9", vendor, vendor=SECRET)
    done = script(tmp_path, name, "--json")

    assert done.returncode == 3
    told = json.loads(done.stdout)
    assert [row["id"] for row in told["results"]] == [f"{vendor}/health.get:ok"]


@pytest.mark.parametrize(
    "path", sorted(path for path in SCRIPTS.iterdir() if path.is_file()), ids=lambda path: path.name
)
def test_no_script_holds_a_secret_and_every_one_can_be_run(path: Path):
    """They name variables at most."""
    text = path.read_text("utf-8")

    assert path.suffix == ".py" or (path.stat().st_mode & 0o111 and text.startswith("#!/"))
    for word in ("token=", "api_key=", "password=", "Bearer "):
        assert word.lower() not in text.lower()
