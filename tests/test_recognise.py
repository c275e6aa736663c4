from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import a_vendor, an_operation
from provendor.errors import UsageError
from provendor.recognise import find_operations


def found(vendor, request):
    method, _, url = request.partition(" ")
    return [operation.id for operation in find_operations(vendor, method, url)]


USERS = a_vendor(
    an_operation("users.list", "GET /api/users"),
    an_operation("users.get", "GET /api/users/{user_id}"),
    an_operation("users.me", "GET /api/users/me"),
    an_operation("users.create", "POST /api/users"),
    an_operation("orders.list", "GET /api/accounts/{account_id}/orders"),
    an_operation("files.get", "GET /api/files/{name}.json"),
    account_id=1,
)


@pytest.mark.parametrize(
    ("request_line", "operation"),
    [
        ("GET /api/users", "users.list"),
        ("get /api/users", "users.list"),
        ("GET api/users/", "users.list"),
        ("GET https://eu.other.example:8443/api/users#top", "users.list"),
        ("POST /api/users", "users.create"),
        ("GET /api/users/7", "users.get"),
        ("GET /api/users/a%2Fb", "users.get"),
        ("GET /api/users/me", "users.me"),
        ("GET /api/users/%6De", "users.me"),
        ("GET /api/accounts/4711/orders?page=2", "orders.list"),
        ("GET /api/files/report.json", "files.get"),
    ],
)
def test_an_operation_is_found_by_method_and_path(request_line, operation):
    """Host, trailing slash and query do not hide it, a parameter is any segment, and what is literal comes first."""
    assert found(USERS, request_line) == [operation]


def test_the_query_tells_operations_of_one_path_apart():
    """The one whose parameters are all there, with the same values, is meant."""
    vendor = a_vendor(
        an_operation("ideas.list", "GET /ideas"),
        an_operation("ideas.open", "GET /ideas", query={"status": "open"}),
        an_operation("ideas.one", "GET /ideas", query={"id": "eq.{idea_id}"}),
        an_operation("ideas.two", "GET /ideas", query={"tag": ["a", "b"]}),
        an_operation("ideas.fixed", "GET /ideas?view=full"),
    )

    assert found(vendor, "GET /ideas") == ["ideas.list"]
    assert found(vendor, "GET /ideas?page=2") == ["ideas.list"]
    assert found(vendor, "GET /ideas?status=open") == ["ideas.open"]
    assert found(vendor, "GET /ideas?status=closed") == ["ideas.list"]
    assert found(vendor, "GET /ideas?id=eq.77") == ["ideas.one"]
    assert found(vendor, "GET /ideas?tag=b&tag=a") == ["ideas.two"]
    assert found(vendor, "GET /ideas?view=full") == ["ideas.fixed"]


def test_operations_that_only_a_body_tells_apart_are_all_returned():
    """A GraphQL endpoint has one path."""
    vendor = a_vendor(an_operation("shop", "POST /graphql.json"), an_operation("orders", "POST /graphql.json"))

    assert found(vendor, "POST https://acme.example/graphql.json") == ["shop", "orders"]


def test_a_base_url_may_bring_a_path_along():
    """A capture holds the whole path, or only what stands in the contract."""
    vendor = a_vendor(an_operation("run", "POST /reports/{id}:run"), base_url="https://data.acme.example/v1beta")

    assert found(vendor, "POST https://data.acme.example/v1beta/reports/7:run") == ["run"]
    assert found(vendor, "POST /reports/7:run") == ["run"]


def test_an_absolute_request_line_is_found_by_its_host():
    """Two services of one vendor may use the same path."""
    vendor = a_vendor(
        an_operation("token.a", "POST https://auth.acme.example/token"),
        an_operation("token.b", "POST https://{region}.login.acme.example/token"),
        an_operation("token.c", "POST {login_url}/token"),
        login_url="https://sso.acme.example/realm",
    )

    assert found(vendor, "POST https://auth.acme.example/token") == ["token.a"]
    assert found(vendor, "POST https://eu.login.acme.example/token") == ["token.b"]
    assert found(vendor, "POST https://sso.acme.example/realm/token") == ["token.c"]


def test_a_variable_with_its_own_value_outranks_a_parameter():
    """`/rest/v1/idea_pool` is the table that we use, any other is any table."""
    vendor = a_vendor(
        an_operation("tables.list", "GET /rest/v1/{table}"),
        an_operation("ideas.list", "GET /rest/v1/{ideas_table}"),
        ideas_table="idea_pool",
    )

    assert found(vendor, "GET /rest/v1/idea_pool") == ["ideas.list"]
    assert found(vendor, "GET /rest/v1/todos") == ["tables.list"]


@pytest.mark.parametrize(
    ("request_line", "message"),
    [
        ("DELETE /api/users", "acme has no operation DELETE /api/users; with this path it has GET, POST"),
        ("GET /api/usres", 'acme has no operation GET /api/usres, did you mean "GET /api/users"?'),
        ("GET /api/users/7/", None),
        ("GET /api/users//", None),
        ("GET ", "expected a URL or a path of 1 to 16384 characters"),
        ("GET http://[", "not a URL: Invalid IPv6 URL"),
    ],
)
def test_what_is_not_found_says_what_is_near(request_line, message):
    """Another method of the same path, or a path that looks alike."""
    if message is None:
        assert found(USERS, request_line)
        return
    with pytest.raises(UsageError) as caught:
        found(USERS, request_line)

    assert str(caught.value) == message


def test_a_parameter_is_never_empty():
    """`/users//orders` names no user."""
    vendor = a_vendor(an_operation("orders", "GET /users/{user_id}/orders"))

    with pytest.raises(UsageError):
        found(vendor, "GET /users//orders")


@given(st.text(max_size=80), st.text(max_size=8))
def test_no_url_makes_it_crash(url, method):
    """Whatever was captured is found or not found."""
    with suppress(UsageError):
        assert find_operations(USERS, method, url)
