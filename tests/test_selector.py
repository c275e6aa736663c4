"""Selectors: which cases a pattern selects, and what is said about one that selects nothing."""

from __future__ import annotations

import pytest

from builders import a_case
from contract_files import a_vendor, an_operation, write
from provendor.contract import Suite
from provendor.errors import UsageError
from provendor.reader.loading import load
from provendor.selector import matches, may_match, name_cases, select, vendors_named


@pytest.fixture
def suite(tmp_path) -> Suite:
    """Two vendors: acme with users.get and users.list, billing with invoices.list; each with two cases."""
    operation = an_operation(
        cases={"ok": {"status": 200}, "rate-limited": {"status": 429, "error": "rate-limited"}},
    )
    return load(
        write(
            tmp_path,
            {
                "acme/vendor.yaml": a_vendor("acme"),
                "acme/users.yaml": {"operations": {"users.list": operation, "users.get": operation}},
                "billing/vendor.yaml": a_vendor("billing"),
                "billing/invoices.yaml": {"operations": {"invoices.list": operation}},
            },
        )
    )


def ids(suite: Suite, *patterns: str) -> list[str]:
    """Return the ids of what the patterns select."""
    return [case.id for case in select(suite, patterns)]


ALL = [
    "acme/users.list:ok",
    "acme/users.list:rate-limited",
    "acme/users.get:ok",
    "acme/users.get:rate-limited",
    "billing/invoices.list:ok",
    "billing/invoices.list:rate-limited",
]


@pytest.mark.parametrize(
    ("patterns", "selected"),
    [
        ([], ALL),
        (["*"], ALL),
        (["acme"], ALL[:4]),
        (["acme/users.*"], ALL[:4]),
        (["acme/users.get"], ALL[2:4]),
        (["acme/users.get:ok"], ALL[2:3]),
        (["*/*:rate-limited"], ALL[1::2]),
        (["*/users.l?st:[or]*"], ALL[:2]),
        (["b*"], ALL[4:]),
        (["*/*.list"], [*ALL[:2], *ALL[4:]]),
    ],
)
def test_a_pattern_selects_by_vendor_operation_and_case(suite, patterns, selected):
    """Each part of a selector is matched on its own; a part that is left out matches everything."""
    assert ids(suite, *patterns) == selected


def test_cases_come_in_the_order_of_the_suite_and_once(suite):
    """The order of the patterns does not matter, and overlapping patterns select nothing twice."""
    assert ids(suite, "billing", "acme/users.get:ok", "acme/users.get", "*/*:ok") == [ALL[0], *ALL[2:]]


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("acmee", '"acmee" selects nothing: no vendor "acmee", did you mean "acme"?'),
        ("acme/user.get", '"acme/user.get" selects nothing: no operation "user.get", did you mean "users.get"?'),
        ("acme/users", '"acme/users" selects nothing: no operation "users", did you mean "users.*"?'),
        ("acme/users.get:okay", '"acme/users.get:okay" selects nothing: no case "okay", did you mean "ok"?'),
        ("zzz*", '"zzz*" selects nothing: no vendor "zzz*"'),
    ],
)
def test_a_pattern_that_selects_nothing_says_what_was_probably_meant(suite, pattern, complaint):
    """It is an error even beside patterns that select something: nobody gates on what they mistyped."""
    with pytest.raises(UsageError) as trouble:
        select(suite, ["acme", pattern])

    assert str(trouble.value) == complaint


MALFORMED = [
    "",
    "/",
    "acme/",
    "/users.get",
    "acme/users.get:",
    "acme/:ok",
    "a/b/c",
    "a/b:c:d",
    "acme/users get",
    "acme\n",
]


@pytest.mark.parametrize("pattern", MALFORMED)
def test_a_malformed_pattern_says_what_a_selector_is(suite, pattern):
    """Empty parts, parts too many and white space are refused wherever a pattern is read."""
    expected = f'"{pattern}" is not a selector: expected vendor, vendor/operation or vendor/operation:case'
    for read in (
        lambda: select(suite, [pattern]),
        lambda: vendors_named([pattern]),
        lambda: matches(pattern, suite.cases[0]),
    ):
        with pytest.raises(UsageError) as trouble:
            read()
        assert str(trouble.value) == expected


def test_a_case_without_an_operation_says_how_to_ask_for_it(suite):
    """`acme:ok` is a natural slip; the message holds the selector that does it."""
    with pytest.raises(UsageError, match=r"for a case of every operation write acme/\*:ok$"):
        select(suite, ["acme:ok"])


def test_case_matters():
    """Ids are lower-case slugs on every platform, so a selector in capitals matches none."""
    assert matches("chatwoot/profile:ok", a_case("chatwoot/profile:ok"))
    assert not matches("Chatwoot/profile:ok", a_case("chatwoot/profile:ok"))


@pytest.mark.parametrize(
    ("patterns", "vendors"),
    [
        ([], None),
        (["acme"], {"acme"}),
        (["acme/users.*", "billing/*:ok", "acme"], {"acme", "billing"}),
        (["acme", "b*"], None),
        (["*/*:ok"], None),
        (["ac?e"], None),
        (["[ab]cme"], None),
    ],
)
def test_the_vendors_that_patterns_can_select_are_known_without_loading(patterns, vendors):
    """None where a pattern leaves the vendor open: then all have to be loaded."""
    assert vendors_named(patterns) == vendors


@pytest.mark.parametrize(
    ("pattern", "may"),
    [
        ("acme", True),
        ("*/*:ok", True),
        ("acme/users.*", True),
        ("acme/users.get:gone", True),
        ("acme/invoices.*", False),
        ("billing", False),
        ("*/users.list", False),
    ],
)
def test_what_may_match_some_case_of_an_operation(pattern: str, may: bool):
    """Whatever the case is called: what cannot match the operation matches none of its cases."""
    assert may_match(pattern, "acme", "users.get") is may
    assert may or not matches(pattern, a_case("acme/users.get:ok"))


@pytest.mark.parametrize(
    ("patterns", "named"),
    [
        (("acme", "acme/users.*"), False),
        (("acme/users.*:*",), False),
        (("acme", "acme/users.get:ok"), True),
        (("*/*:rate-*",), True),
        ((), False),
    ],
)
def test_whether_patterns_name_cases(patterns: tuple[str, ...], named: bool):
    """Where none does, all cases of an operation are alike to them."""
    assert name_cases(patterns) is named


@pytest.mark.parametrize(
    ("pattern", "may"),
    [("acme", True), ("acme/users.*:ok", True), ("*/users.list", True), ("a?me", True), ("billing/users.get", False)],
)
def test_what_may_match_some_case_of_a_vendor(pattern: str, may: bool):
    """Whatever its operation and the case are called."""
    assert may_match(pattern, "acme") is may
