"""Contracts on disk, small ones: a test names only what matters to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

VENDOR: Mapping[str, Any] = {
    "vendor": "acme",
    "title": "Acme",
    "secrets": {"api_key": {"env": "ACME_API_KEY"}},
    "variables": {"user_id": {"env": "ACME_USER_ID", "example": 7}},
    "auth": {"bearer": "{api_key}"},
    "errors": [
        {"status": 401, "code": "unauthorized", "retryable": False},
        {"status": 429, "code": "rate-limited", "retryable": True},
    ],
}

OPERATION: Mapping[str, Any] = {
    "summary": "One user.",
    "request": "GET /users/{user_id}",
    "cases": {"ok": {"status": 200}},
}


def write(root: Path, files: Mapping[str, Any]) -> Path:
    """Write files below `contracts/`: text as it is, any other value as JSON, which is YAML too. Return the root."""
    for name, content in files.items():
        path = root / "contracts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=1), encoding="utf-8")
    return root


def a_vendor(name: str = "acme", **changes: Any) -> dict[str, Any]:
    """A vendor.yaml with these keys instead of, or besides, the usual ones; None leaves a key out."""
    keys = {**VENDOR, "vendor": name, "title": name.title(), **changes}
    return {key: value for key, value in keys.items() if value is not None}


def an_operation(**changes: Any) -> dict[str, Any]:
    """`GET /users/{user_id}` with one case, with these keys changed; None leaves a key out."""
    return {key: value for key, value in {**OPERATION, **changes}.items() if value is not None}


def a_resource(**operation: Any) -> dict[str, Any]:
    """A resource file with one operation, `users.get`, with these keys changed."""
    return {"operations": {"users.get": an_operation(**operation)}}


def a_case_of(**keys: Any) -> dict[str, Any]:
    """A resource file with one operation, `users.get`, and one case, `ok`, that has these keys besides a status."""
    return a_resource(cases={"ok": {"status": 200, **keys}})


def a_contract(root: Path, vendor: Mapping[str, Any] | None = None, users: Any = None) -> Path:
    """Write the contract of one vendor, acme: vendor.yaml and users.yaml."""
    return write(root, {"acme/vendor.yaml": vendor or a_vendor(), "acme/users.yaml": users or a_resource()})
