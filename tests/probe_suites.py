"""Vendors whose production stands on this machine, with probes; and the command that asks them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contract_files import a_vendor, an_operation, write

PROBE: Mapping[str, Any] = {"every": "60s", "timeout": "5s"}
ERRORS = [
    {"status": 401, "code": "unauthorized", "retryable": False},
    {"status": 429, "code": "rate-limited", "retryable": True},
    {"status": "5xx", "code": "vendor-down", "retryable": False},
]


def a_probed_vendor(root: Path, url: str, name: str = "acme", /, *operations: str, **changes: Any) -> Path:
    """A vendor at a URL with one probe per operation (`health.get` asks `GET /health.get`); keys of the probe change it."""
    vendor = {
        "environments": {"production": {"base_url": url, "private": True}},
        "secrets": None,
        "variables": None,
        "auth": None,
        "errors": ERRORS,
        **changes.pop("vendor", {}),
    }
    probe = {**PROBE, **changes.pop("probe", {})}
    resource = {
        operation: an_operation(
            request=f"GET /{operation}",
            probe=probe,
            cases={"ok": {"status": 200, "body": {"type": "object", "required": ["id"]}}},
            **changes,
        )
        for operation in operations or ("health.get",)
    }
    return write(root, {f"{name}/vendor.yaml": a_vendor(name, **vendor), f"{name}/all.yaml": {"operations": resource}})


def environment(root: Path, **more: str) -> dict[str, str]:
    """What the command needs of an environment, and nothing that is around."""
    kept = {name: value for name in ("PATH", "SYSTEMROOT") if (value := os.environ.get(name))}
    return {**kept, "XDG_STATE_HOME": str(root / "state"), "PROVENDOR_NO_PAGE": "1", **more}


def words(root: Path, *given: str) -> list[str]:
    """The command line of `provendor probe` as a process of its own."""
    return [sys.executable, "-m", "provendor", "probe", *given, "--root", str(root)]


def probe(root: Path, *given: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command and wait for it."""
    return subprocess.run(
        words(root, *given), capture_output=True, text=True, env=environment(root, **env), check=False, timeout=120
    )


def told(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """What `--json` printed."""
    value = json.loads(done.stdout)
    assert isinstance(value, dict)
    return value


def evidence(root: Path) -> list[dict[str, Any]]:
    """The results of the newest run, in the order of their ids."""
    whole = json.loads((root / "reports" / "run.json").read_text(encoding="utf-8"))
    return sorted(whole["results"], key=lambda record: str(record["id"]))
