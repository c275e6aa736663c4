"""What a vendor's files share: where they and their parts stand, and what vendor.yaml says for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from provendor.contract import (
    Auth,
    Disagreement,
    Environment,
    ErrorRule,
    GraphqlEndpoint,
    Guide,
    Indicator,
    Oauth2,
    Place,
    RateLimit,
    Tolerance,
    Variable,
    Vendor,
    Window,
)
from provendor.exchange import Json
from provendor.reader.mcp_operations import server as mcp_server
from provendor.reader.notation import header_tests, json_test, seconds, statuses

VENDOR_FILE = "vendor.yaml"


class Sources(NamedTuple):
    """A vendor's files as values that were judged, by name below the vendor's folder, and where things stand.

    `start` is the vendor's folder relative to the suite's root: `contracts/chatwoot/`. `queries` is what was derived from
    GraphQL documents, by `GraphqlCall.key`.
    `places` goes from `file#way` (the way's steps joined by `/`) to line and column. `read` returns the value of the file
    of that name (relative to the suite's root), for references between schemas.
    """

    folder: Path
    start: str
    digest: str
    files: Mapping[str, Any]
    places: Mapping[str, tuple[int, int]]
    read: Callable[[str], Json]
    queries: Mapping[str, Any]

    def place(self, name: str, *way: str | int) -> Place:
        """Return where the key at the end of a way stands; only ways named by `ways_of_interest` are known."""
        line, column = self.places[spot(name, *way)]
        return Place(self.start + name, line, column)


def spot(name: str, *way: str | int) -> str:
    """Return the key under which `Sources.places` holds a place."""
    return f"{name}#{'/'.join(map(str, way))}"


def shared_vendor(value: dict[str, Any], sources: Sources) -> Vendor:
    """Return the vendor that vendor.yaml describes, without its operations, flows and deliveries."""
    name = value["vendor"]
    variables = {key: _variable(key, item) for key, item in value.get("variables", {}).items()}
    variables |= {key: _secret(key, item) for key, item in value.get("secrets", {}).items()}
    environments = {key: _environment(name, key, item) for key, item in value.get("environments", {}).items()}
    limit = value.get("rate_limit")
    return Vendor(
        name=name,
        title=value["title"],
        folder=sources.folder,
        place=sources.place(VENDOR_FILE),
        digest=sources.digest,
        owner=value.get("owner", ""),
        docs=value.get("docs", ""),
        runbook=value.get("runbook", ""),
        notes=value.get("notes", ""),
        api_version=value.get("api_version"),
        api_version_ends=date.fromisoformat(value["api_version_ends"]) if "api_version_ends" in value else None,
        environments=MappingProxyType(environments),
        live_flag=value.get("live_flag"),
        variables=MappingProxyType(variables),
        rate_limit=RateLimit(limit["requests"], seconds(limit["per"])) if limit else None,
        errors=error_rules(value, sources, VENDOR_FILE),
        max_age_days=int(value.get("max_age", "365d")[:-1]),
        redact=tuple(value.get("redact", ())),
        version_header=value.get("version_header"),
        warnings=tuple(value.get("warnings", {}).items()),
        graphql=_graphql_endpoint(value["graphql"]) if "graphql" in value else None,
        mcp=mcp_server(name, value["mcp"]) if "mcp" in value else None,
        oauth2=_oauth2(value["oauth2"]) if "oauth2" in value else None,
        guides=tuple(_guide(key, item) for key, item in value.get("guides", {}).items()),
        maintenance=tuple(map(_window, value.get("maintenance", ()))),
        spec_disagrees=tuple(
            Disagreement(**{**item, "at": at}, place=sources.place(VENDOR_FILE, "spec_disagrees", index))
            for index, item in enumerate(value.get("spec_disagrees", ()))
            for at in (item["at"] if isinstance(item["at"], list) else [item["at"]])
        ),
        tolerates=tuple(
            Tolerance(at, tuple(item["operators"]), item["reason"], sources.place(VENDOR_FILE, "tolerates", index))
            for index, item in enumerate(value.get("tolerates", ()))
            for at in (item["at"] if isinstance(item["at"], list) else [item["at"]])
        ),
        indicators=MappingProxyType({key: Indicator(key, **item) for key, item in value.get("indicators", {}).items()}),
    )


def _window(value: dict[str, Any]) -> Window:
    begins, ends = (datetime.fromisoformat(value[key]).timestamp() for key in ("from", "until"))
    return Window(begins, ends, value["reason"], tuple(value.get("operations", ())))


def _guide(name: str, value: dict[str, Any]) -> Guide:
    return Guide(name, value["title"], value["text"], tuple(value["operations"]))


def _oauth2(value: dict[str, Any]) -> Oauth2:
    assertion = value.get("assertion")
    return Oauth2(value["grant"], value["token"], value["gives"], MappingProxyType(assertion) if assertion else None)


def _graphql_endpoint(value: dict[str, Any]) -> GraphqlEndpoint:
    method, _, target = value["endpoint"].partition(" ")
    return GraphqlEndpoint(
        method,
        target,
        value["version"],
        MappingProxyType(value["schemas"]),
        MappingProxyType(value.get("scalars", {})),
        tuple(value.get("open_enums", ())),
        tuple(value.get("deprecated", ())),
    )


def _environment(vendor: str, name: str, value: dict[str, Any]) -> Environment:
    proxy = value.get("proxy")
    return Environment(
        name,
        _base_url(vendor, value["base_url"]),
        value.get("private", False),
        "" if proxy == "none" else proxy and proxy["env"],
        value["ca_bundle"]["env"] if "ca_bundle" in value else None,
        value["client_certificate"]["env"] if "client_certificate" in value else None,
    )


def _variable(name: str, value: dict[str, Any]) -> Variable:
    default = value.get("default")
    shown = default if default is None or isinstance(default, str) else _as_text(default)
    return Variable(
        name,
        value.get("env"),
        value["example"],
        shown,
        title=value.get("title", ""),
        generated="generate" in value,
    )


def _secret(name: str, value: dict[str, Any]) -> Variable:
    return Variable(name, value["env"], value.get("example", f"<{name}>"), secret=True, title=value.get("title", ""))


def _base_url(vendor: str, value: str | dict[str, str]) -> Variable:
    if isinstance(value, str):
        return Variable("base_url", None, value, value)
    default = value.get("default")
    example = value.get("example", default or f"https://{vendor}.example")
    return Variable("base_url", value.get("env"), example, default, title=value.get("title", ""))


def credentials(value: Any) -> tuple[Auth, ...]:
    """Return what `auth` says: nothing for `none`, else one credential or several."""
    if value == "none":
        return ()
    return tuple(_credential(item) for item in (value if isinstance(value, list) else [value]))


def _credential(value: dict[str, Any]) -> Auth:
    if "bearer" in value:
        return Auth("bearer", "", value["bearer"])
    if "basic" in value:
        return Auth("basic", value["basic"]["username"], value["basic"]["password"])
    if "query" in value:
        return Auth("query", value["query"], value["value"])
    return Auth("header", value["header"], value["value"])


def error_rules(value: dict[str, Any], sources: Sources, file: str, *way: str) -> tuple[ErrorRule, ...]:
    """Return the rules under `errors` of a value that stands at this way of a file."""
    return tuple(
        _rule(rule, sources.place(file, *way, "errors", index)) for index, rule in enumerate(value.get("errors", ()))
    )


def _rule(value: dict[str, Any], place: Place) -> ErrorRule:
    return ErrorRule(
        code=value["code"],
        retryable=value["retryable"],
        status=statuses(value["status"]) if "status" in value else None,
        headers=header_tests(value.get("header")),
        json=tuple(json_test(path, test) for path, test in value.get("json", {}).items()),
        text=value.get("text"),
        title=value.get("title", ""),
        place=place,
    )


def _as_text(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
