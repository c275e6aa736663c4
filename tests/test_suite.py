"""The shipped suite as a whole: its size, its recordings, and that two validators agree on it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from provendor import cassette
from provendor.cache import Cache
from provendor.cassette import Cassette
from provendor.contract import Case, Suite, Vendor
from provendor.exchange import Json
from provendor.reader import loading
from provendor.schemas.keywords import link
from provendor.specs import lint

ROOT = Path(__file__).parents[1]
VENDORS = sorted(path.parent.name for path in (ROOT / "contracts").glob("*/vendor.yaml"))
SUITE_VENDORS = {
    "analytics-mcp",
    "chatwoot",
    "fly",
    "google-analytics",
    "hootsuite",
    "meta",
    "publer",
    "search-console",
    "shopify",
    "storefront-mcp",
    "supabase",
    "x",
    "zoho-crm",
}


@pytest.fixture(scope="module")
def suite() -> Suite:
    """The suite as `make run` left it in the cache, or read anew."""
    with Cache(ROOT / ".provendor" / "cache") as cache:
        return loading.load(ROOT, cache=cache)


def recordings(vendor: Vendor) -> Iterator[tuple[Case, Cassette]]:
    for case in vendor.cases:
        yield case, cassette.load(ROOT / "cassettes" / case.cassette, case.cassette)


def test_every_vendor_of_the_suite_is_under_contract(suite: Suite) -> None:
    """At least 140 operations and 420 cases in all."""
    assert set(suite.vendors) >= SUITE_VENDORS
    assert sum(len(vendor.operations) for vendor in suite.vendors.values()) >= 140
    assert len(suite.cases) >= 420


def test_nothing_is_missing_and_nothing_is_left_over() -> None:
    """Every case has its cassette or a dated `pending`, every cassette its case, every check can be loaded."""
    with Cache(ROOT / ".provendor" / "cache") as cache:
        assert lint.lint(ROOT, cache).problems == ()


@pytest.mark.parametrize("vendor", VENDORS)
def test_no_recording_claims_to_be_live_traffic(suite: Suite, vendor: str) -> None:
    """Nothing here ever reached a vendor: origins are documented or synthetic, each with its source."""
    for case, recorded in recordings(suite.vendors[vendor]):
        assert str(recorded.recording.origin) in ("documented", "synthetic"), case.id
        assert recorded.recording.source, case.id
        assert recorded.recording.at, case.id


EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")
NOBODY = re.compile(r"(^|\.)(example(\.(com|org|net|test))?|invalid|test|localhost|iam\.gserviceaccount\.com)$")


@pytest.mark.parametrize("vendor", VENDORS)
def test_no_recording_holds_an_address_of_a_real_person(suite: Suite, vendor: str) -> None:
    """Every e-mail address belongs to a domain that nobody can own."""
    for case, recorded in recordings(suite.vendors[vendor]):
        for interaction in recorded.interactions:
            text = interaction.body.decode("utf-8", "replace") + interaction.request.body.decode("utf-8", "replace")
            domains = {domain.lower() for domain in EMAIL.findall(text)}
            assert [domain for domain in domains if not NOBODY.search(domain)] == [], case.id


TOKENS = re.compile(
    r"(shpat_[0-9a-f]{16,}|sbp_[0-9a-f]{16,}|sb_(?:secret|publishable)_[A-Za-z0-9]{16,}|xox[bp]-\d|ya29\.[\w-]{20,}"
    r"|AIza[\w-]{30,}|EAA[A-Za-z0-9]{40,}|1000\.[0-9a-f]{32}\.[0-9a-f]{32}|fm[12][a-z]?_[A-Za-z0-9+/]{40,}"
    r"|eyJ[\w-]{30,}\.eyJ[\w-]{30,}\.[\w-]{30,}|-----BEGIN [A-Z ]*PRIVATE KEY-----)"
)


@pytest.mark.parametrize("vendor", VENDORS)
def test_no_recording_holds_a_token(vendor: str) -> None:
    """Neither in the forms that vendors give their tokens, nor in a header that carries credentials."""
    for path in sorted((ROOT / "cassettes" / vendor).rglob("*.yaml")):
        assert TOKENS.search(path.read_text("utf-8")) is None, path.name


def schemas(vendor: Vendor) -> Iterator[tuple[Case, Any, Json]]:
    """Yield each case's bundled JSON Schema with the body that is recorded for it."""
    for case, recorded in recordings(vendor):
        if case.expect.body is None or not recorded.interactions:
            continue
        schema = case.expect.body
        bundle = link(schema.value, schema.file, schema.pointer, schema.read, schema.file.rpartition("/")[0])
        try:
            yield case, bundle.schema, json.loads(recorded.interactions[-1].body)
        except ValueError:
            continue


def variations(body: Json) -> Iterator[Json]:
    """Yield a body, and copies of it in which one thing is broken."""
    yield body
    if isinstance(body, dict):
        for key in list(body)[:3]:
            yield {name: value for name, value in body.items() if name != key}
            yield {**body, key: None}
    if isinstance(body, list) and body:
        yield [*body, None]


@pytest.mark.parametrize("vendor", VENDORS)
def test_jsonschema_and_jsonschema_rs_agree_on_the_suite(suite: Suite, vendor: str) -> None:
    """The fast validator and the usual one give the same verdict on every recorded body and on broken copies of it."""
    distinct = {
        json.dumps([schema, body]): (case, schema, body) for case, schema, body in schemas(suite.vendors[vendor])
    }
    every = max(len(distinct) // 40, 1)  # jsonschema takes a thousand times as long
    for case, schema, body in list(distinct.values())[::every]:
        usual = jsonschema.Draft202012Validator(schema, format_checker=None)
        assert case.expect.body is not None
        for variation in variations(body):
            if case.expect.body.is_valid(variation):
                assert usual.is_valid(variation), case.id
            elif usual.is_valid(variation):  # then only a format, which the usual one was not told to check, objects
                found = list(case.expect.body.mismatches(variation))
                assert all(each.keyword.endswith("/format") for each in found), (case.id, found)
