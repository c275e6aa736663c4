from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import a_vendor, an_operation
from provendor.contract import Body, GraphqlCall
from provendor.errors import UsageError
from provendor.recognise import find_operations


def found(vendor, request):
    method, _, url = request.partition(" ")
    return [operation.id for operation in find_operations(vendor, method, url).meant]


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


TABLE = a_vendor(
    an_operation("ideas.list", "GET /ideas", query={"select": "id,title", "order": "id", "limit": 20}),
    an_operation("ideas.page", "GET /ideas", query={"select": "id,title", "order": "id"}),
    an_operation("ideas.seen", "GET /ideas", query={"select": "id", "limit": 1}),
    an_operation("ideas.mine", "GET /ideas", query={"select": "id,title", "owner": "me"}),
    an_operation("ideas.add", "POST /ideas", query={"select": "id,title"}),
    an_operation("ideas.merge", "POST /ideas", query={"on_conflict": "id"}),
    an_operation("users.me", "GET /users", query={"type": "Current"}),
    an_operation("users.list", "GET /users", query={"type": "Active", "page": 1, "per_page": 200}),
)


@pytest.mark.parametrize(
    ("request_line", "operations"),
    [
        ("GET /ideas?select=*&order=title&limit=50", ["ideas.list"]),
        ("GET /ideas?order=title&select=*", ["ideas.page"]),
        ("GET /ideas?limit=1&select=id", ["ideas.seen"]),
        ("GET /ideas?limit=9&select=title", ["ideas.seen"]),
        ("GET /ideas?owner=me&select=id", ["ideas.mine"]),
        ("GET /ideas?owner=you&select=id", ["ideas.seen"]),
        ("GET /users?type=Current", ["users.me"]),
        ("GET /users?type=Active&page=2", ["users.list"]),
    ],
)
def test_how_much_is_asked_for_is_not_what_is_asked_for(request_line, operations):
    """Everybody selects, orders and limits as they like; what they filter by decides, then which parameters there are."""
    assert found(TABLE, request_line) == operations


@pytest.mark.parametrize("query", ["", "?select=*", "?on_conflict=id&select=id"])
def test_a_write_is_not_told_by_its_query(query):
    """What it answers is decided by headers, which are not known."""
    assert found(TABLE, f"POST /ideas{query}") == ["ideas.add", "ideas.merge"]


def test_all_of_a_method_and_path_are_near():
    """What one of them refuses any of them does; another method of the path is something else."""
    near = find_operations(TABLE, "GET", "/ideas?limit=1&select=id").near

    assert [operation.id for operation in near] == ["ideas.list", "ideas.page", "ideas.seen", "ideas.mine"]


def test_an_id_tells_nobody_what_it_is_of():
    """Where paths differ only in what their ids are of, a query rules out what contradicts it and no more."""
    vendor = a_vendor(
        an_operation("posts.comments", "GET /{post_id}/comments", query={"fields": "id,text", "filter": "stream"}),
        an_operation("pictures.comments", "GET /{picture_id}/comments", query={"fields": "id,text"}),
    )

    assert found(vendor, "GET /77/comments?fields=id") == ["posts.comments", "pictures.comments"]
    assert found(vendor, "GET /77/comments?fields=id&filter=toplevel") == ["pictures.comments"]


def calling(name, body, **more):
    """An operation that posts this JSON to the one address there is."""
    made = an_operation(name, "POST /call")
    return made._replace(template=made.template._replace(body=Body("json", body), **more))


def told(vendor, body):
    """What the body lets it be."""
    return [operation.id for operation in find_operations(vendor, "POST", "/call", body).meant]


def test_a_body_tells_tools_and_grants_apart():
    """By what an operation's own body always says; what stands for a variable says nothing."""
    tool = {"method": "tools/call", "params": {"name": "get_cart", "arguments": {"id": "{cart_id}"}}}
    other = {"method": "tools/call", "params": {"name": "update_cart", "arguments": {}}}
    tools = a_vendor(calling("get", tool), calling("update", other), calling("list", {"method": "tools/list"}))

    assert told(tools, b'{"method": "tools/call", "params": {"name": "get_cart", "arguments": {"id": "7"}}}') == ["get"]
    assert told(tools, b'{"method": "tools/list", "id": 4}') == ["list"]
    assert told(tools, b"<html>") == ["get", "update", "list"]


def test_a_form_is_a_body_too():
    """A token request is told by its grant."""
    vendor = a_vendor(
        calling("refresh", {"grant_type": "refresh_token", "refresh_token": "{token}"}),
        calling("exchange", {"grant_type": "authorization_code", "code": "{code}"}),
    )

    assert told(vendor, b"grant_type=authorization_code&code=abc") == ["exchange"]


def test_a_document_is_told_by_its_first_field():
    """Its name, its variables and what it selects may be others."""

    def asking(name, document):
        call = GraphqlCall(f"{name}.graphql", "2026-10", None)
        return calling(name, {"query": document, "variables": {"id": "{id}"}}, graphql=call)

    vendor = a_vendor(
        asking("shop", "query Ours { shop { id } publicApiVersions { handle } }"),
        asking("order", "fragment Money on MoneyV2 { amount }\nquery One($id: ID!) { order(id: $id) { id } }"),
        asking("orders", "{ orders(first: 5) { nodes { id } } }"),
    )

    assert told(vendor, b'{"query": "query Theirs { shop { name } }"}') == ["shop"]
    assert told(vendor, b'{"query": "query($id: ID!) { mine: order(id: $id) { id } }"}') == ["order"]
    assert told(vendor, b'{"query": "{ orders { nodes { name } } }"}') == ["orders"]
    assert told(vendor, b'{"query": "{ products { nodes { id } } }"}') == ["shop", "order", "orders"]


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
