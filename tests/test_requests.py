from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import a_case
from provendor import requests
from provendor.contract import Auth, Body, Case, Environment, Place, Template, Variable, Vendor
from provendor.errors import UsageError
from provendor.requests import Values

BASE = {"base_url": "https://chatwoot.example"}


def built(target: str = "/api", method: str = "GET", *, values: dict[str, Any] | None = None, secrets=(), **template):
    """Build the request of a case with this template; values are added to the base URL."""
    case = a_case(template=Template(method, target, **template))
    return requests.build(case, Values({**BASE, **(values or {})}, frozenset(secrets)))


def test_a_request_has_the_base_url_before_its_path():
    """The URL is absolute; a slash at the end of the base URL does not double."""
    assert built("/api/v1/profile").url == "https://chatwoot.example/api/v1/profile"
    assert (
        built("/api", values={"base_url": "https://chatwoot.example/inbox/"}).url
        == "https://chatwoot.example/inbox/api"
    )


@pytest.mark.parametrize(
    ("target", "url"),
    [
        ("https://oauth.example/token", "https://oauth.example/token"),
        ("{accounts_url}/oauth/v2/token", "https://accounts.example/oauth/v2/token"),
        ("https://{shop}.shops.example/admin", "https://acme.shops.example/admin"),
    ],
)
def test_a_target_with_its_own_host_does_not_use_the_base_url(target, url):
    """`https://` or a variable at the start says where to go."""
    assert built(target, values={"accounts_url": "https://accounts.example/", "shop": "acme"}).url == url


@pytest.mark.parametrize(
    ("value", "segment"),
    [
        (7, "7"),
        ("a b", "a%20b"),
        ("a/b?c#d", "a%2Fb%3Fc%23d"),
        ("https://www.example.com/", "https%3A%2F%2Fwww.example.com%2F"),
        ("grün%", "gr%C3%BCn%25"),
        ("..", "%2E%2E"),
        (".", "%2E"),
        (True, "true"),
    ],
)
def test_a_path_parameter_stays_in_its_segment(value, segment):
    """Whatever a value holds is percent-encoded, slashes and dots included."""
    assert built("/sites/{site}/query", values={"site": value}).url == f"https://chatwoot.example/sites/{segment}/query"


def test_a_path_parameter_can_be_given_by_the_operation():
    """`path:` comes before a variable of that name, and may itself refer to one."""
    request = built("/a/{id}/{account}", path={"id": 9, "account": "{account_id}"}, values={"id": 1, "account_id": 3})

    assert request.url == "https://chatwoot.example/a/9/3"


def test_an_empty_path_parameter_is_refused():
    """DELETE /labels/ is not DELETE /labels/{id}."""
    with pytest.raises(UsageError, match="chatwoot/profile:ok: the path parameter id is empty"):
        built("/labels/{id}", "DELETE", values={"id": ""})


def test_text_around_parameters_is_encoded_where_a_url_needs_it():
    """Spaces and letters beyond ASCII are encoded; what is encoded already stays."""
    assert built("/v1beta/properties/{id}:runReport", values={"id": 5}).url.endswith("/v1beta/properties/5:runReport")
    assert built("/größe x/%2F").url == "https://chatwoot.example/gr%C3%B6%C3%9Fe%20x/%2F"


def test_query_keeps_its_order_and_repeats_lists():
    """Scalars are written as JSON writes them; null leaves a parameter out."""
    request = built(
        query={"labels": ["a", "b&c"], "page": 2, "open": True, "q": "{term}", "gone": None}, values={"term": "x"}
    )

    assert request.query == (("labels", "a"), ("labels", "b&c"), ("page", "2"), ("open", "true"), ("q", "x"))


def test_a_query_in_the_request_line_is_query():
    """`GET /search?q={term}` sends a parameter, and the value cannot add another."""
    request = built("/search?q={term}&all=", values={"term": "a&b=c d"}, query={"page": 1})

    assert request.url == "https://chatwoot.example/search"
    assert request.query == (("q", "a&b=c d"), ("all", ""), ("page", "1"))


def test_a_json_body_is_compact_and_keeps_types():
    """A string that is nothing but a reference takes the value with its type."""
    request = built(
        method="POST",
        body=Body("json", {"account_id": "{account_id}", "text": "for {account_id}", "ok": [True, None, 1.5, "ä"]}),
        values={"account_id": 1},
    )

    assert request.body.decode() == '{"account_id":1,"text":"for 1","ok":[true,null,1.5,"ä"]}'
    assert request.headers.items == (("content-type", "application/json"),)


def test_a_declared_content_type_is_kept():
    """The body's kind gives the content type only where the contract gives none."""
    request = built(method="POST", headers={"Content-Type": "application/vnd.api+json"}, body=Body("json", {}))

    assert request.headers.items == (("Content-Type", "application/vnd.api+json"),)


def test_a_form_is_urlencoded():
    """Fields come in the contract's order, lists repeat."""
    request = built(method="POST", body=Body("form", {"a": "x y", "b": ["1", "{n}"], "c": None}), values={"n": "&"})

    assert request.body == b"a=x+y&b=1&b=%26"
    assert request.headers.get("content-type") == "application/x-www-form-urlencoded"


def test_a_raw_body_is_sent_as_it_stands():
    """Only references change; braces that are none stay."""
    raw = Body("raw", '{"a":{"b":{n}}} {{n}} { n } {}', "text/x")

    request = built(method="POST", body=raw, values={"n": 1})

    assert request.body == b'{"a":{"b":1}} {n} { n } {}'
    assert request.headers.get("content-type") == "text/x"


@pytest.mark.parametrize(
    ("auth", "headers", "query"),
    [
        (Auth("header", "Api-Access-Token", "{key}"), (("Api-Access-Token", "<key>"),), ()),
        (Auth("bearer", "", "{key}"), (("Authorization", "Bearer <key>"),), ()),
        (Auth("query", "key", "{key}"), (), (("key", "<key>"),)),
        (
            Auth("basic", "{user}", "{key}"),
            (("Authorization", f"Basic {base64.b64encode(b'ada:<key>').decode()}"),),
            (),
        ),
    ],
)
def test_each_kind_of_auth_puts_the_credential_in_its_place(auth, headers, query):
    """Header, bearer, query and basic."""
    request = built(auth=(auth,), values={"key": "<key>", "user": "ada"}, secrets=["key"])

    assert request.headers.items == headers
    assert request.query == query


def test_wrong_auth_replaces_secrets_and_nothing_else():
    """The user name is no secret, so it stays; the password becomes `wrong`; elsewhere secrets keep their value."""
    request = built(
        auth=(Auth("basic", "{user}", "{password}"), Auth("header", "X-Key", "{password}")),
        headers={"X-Echo": "{password}"},
        wrong_auth=True,
        values={"user": "ada", "password": "<password>"},
        secrets=["password"],
    )

    assert request.headers.get("authorization") == f"Basic {base64.b64encode(b'ada:wrong').decode()}"
    assert request.headers.get("x-key") == "wrong"
    assert request.headers.get("x-echo") == "<password>"


def test_a_header_that_the_case_declares_comes_before_auth():
    """One field of a name is sent, and the more particular one wins; so for parameters."""
    request = built(
        headers={"authorization": "Bearer none"},
        query={"key": "mine"},
        auth=(Auth("bearer", "", "{key}"), Auth("query", "key", "{key}")),
        values={"key": "<key>"},
    )

    assert request.headers.items == (("authorization", "Bearer none"),)
    assert request.query == (("key", "mine"),)


@pytest.mark.parametrize("ending", ["\r\nX-Evil: 1", "\n", "\r", "\0", "\x7f", "\u2028", "€"])
def test_no_value_can_add_a_header(ending):
    """What no header may hold is refused, and the message shows no value."""
    with pytest.raises(UsageError) as caught:
        built(auth=(Auth("header", "X-Key", "{key}"),), values={"key": f"s3cret{ending}"}, secrets=["key"])

    assert "the header X-Key would hold a line break" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_bad_header_name_is_refused():
    """Names can come from values too."""
    with pytest.raises(UsageError, match="header's name"):
        built(auth=(Auth("header", "{name}", "x"),), values={"name": "X: y\r\nZ"})


def test_half_a_surrogate_pair_is_refused_without_showing_the_text():
    """No encoding can send it, and the original error would quote the body."""
    with pytest.raises(UsageError) as caught:
        built(method="POST", body=Body("json", {"a": "s3cret\ud800"}))

    assert "half a surrogate pair" in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_missing_value_is_named():
    """The contract's loader finds these too; an environment may still lack one."""
    with pytest.raises(UsageError, match=r"chatwoot/profile:ok: \{account_id\} has no value"):
        built("/{account_id}")


def test_a_base_url_without_a_host_is_refused():
    """An environment variable that holds something else is an error with a hint, not a strange request."""
    with pytest.raises(UsageError, match="look at base_url"):
        built(values={"base_url": "chatwoot.example"})


def test_values_do_not_show_themselves():
    """A traceback or a log line that prints them names them only."""
    assert repr(Values({"key": "s3cret", "account": 1}, frozenset(["key"]))) == "Values(account, key)"


def a_vendor(**changes) -> Vendor:
    return Vendor("acme", "Acme", Path("contracts/acme"), Place("contracts/acme/vendor.yaml", 1), "0" * 64, **changes)


def test_examples_need_no_environment(monkeypatch):
    """Replay uses examples also where the environment holds live values."""
    monkeypatch.setenv("ACME_KEY", "live")
    variables = {
        "account": Variable("account", "ACME_ACCOUNT", 1),
        "key": Variable("key", "ACME_KEY", "<key>", secret=True),
    }
    production = Environment("production", Variable("base_url", "ACME_URL", "https://api.acme.example"))

    values = requests.examples(a_vendor(variables=variables, environments={"production": production}))

    assert values.of == {"base_url": "https://api.acme.example", "account": 1, "key": "<key>"}
    assert values.secrets == {"key"}


def test_a_vendor_without_a_production_url_gets_one_that_leads_nowhere():
    """`.example` is reserved."""
    assert requests.examples(a_vendor()).of == {"base_url": "https://acme.example"}


def test_references_are_found_in_order():
    """Doubled braces around a name are text."""
    assert list(requests.references("{a}/{b_2} {{c}} {1} {a b} {a}")) == ["a", "b_2", "a"]


def test_a_request_says_who_asks_and_is_the_same_whoever_does():
    """Replay compares what is sent, and nothing else."""
    one, other = (
        built(values={}),
        requests.build(a_case("chatwoot/users:ok", template=Template("GET", "/api")), Values(BASE)),
    )

    assert (one.asked_by, other.asked_by) == ("chatwoot/profile:ok", "chatwoot/users:ok")
    assert one == other


def test_a_template_says_which_values_it_needs():
    """Wherever they stand: path, query, headers, body, credential; what the operation gives itself is not needed."""
    template = Template(
        "POST",
        "/accounts/{account}/{item}",
        path={"item": "{kind}-1"},
        query={"from": ["{since}", 2]},
        headers={"X-Trace": "{trace}"},
        body=Body("json", {"text": {"of": "{text} {{plain}}"}}),
        auth=(Auth("basic", "{user}", "{password}"),),
    )

    needed = {"base_url", "account", "kind", "since", "trace", "text", "user", "password"}
    assert requests.needs(template) == needed


@pytest.mark.parametrize("target", ["https://api.acme.example/{id}", "{management_url}/{id}"])
def test_a_target_with_its_own_host_needs_no_base_url(target):
    """It stands elsewhere."""
    assert "base_url" not in requests.needs(Template("GET", target))


def test_the_digest_of_a_request_does_not_depend_on_order():
    """It tells whether the contract's request has changed since a cassette was written."""
    one = built(query={"a": 1, "b": 2}, headers={"X": "1", "Y": "2"})
    other = built(query={"b": 2, "a": 1}, headers={"y": "2", "x": "1"})

    assert requests.digest(one) == requests.digest(other)
    assert requests.digest(one) != requests.digest(built(query={"a": 1, "b": 3}, headers={"X": "1", "Y": "2"}))


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(texts, texts)
def test_any_value_comes_back_from_where_it_was_put(path, body):
    """Property: path and JSON body decode to the value, and the URL keeps its shape."""
    request = built("/a/{p}/z", "POST", values={"p": path, "b": body}, body=Body("json", ["{b}", "x{b}"]))

    parts = urlsplit(request.url)
    assert parts.path.count("/") == 3
    assert unquote(parts.path.split("/")[2]) == path
    assert (parts.netloc, parts.query, parts.fragment) == ("chatwoot.example", "", "")
    assert json.loads(request.body) == [body, f"x{body}"]


plain_texts = texts.filter(lambda text: "{" not in text)


@given(st.dictionaries(plain_texts, st.lists(plain_texts, min_size=1), max_size=4))
def test_any_form_comes_back(fields):
    """Property: what is encoded as a form decodes to the same fields."""
    request = built(method="POST", body=Body("form", fields))

    sent = [(name, value) for name, values in fields.items() for value in values]
    assert parse_qsl(request.body.decode(), keep_blank_values=True) == sent


def test_an_idempotency_key_is_the_same_whenever_a_request_is_built_again_and_another_in_every_case():
    """Its example, until a case is asked live; of two steps of one flow, each has its own."""
    template = Template("POST", "/orders", headers={"Idempotency-Key": "{key}"})
    create, pay = a_case("acme/orders:ok", template=template), a_case("acme/payments:ok", template=template)
    values = Values({**BASE, "key": "an-example"}, generated=frozenset({"key"}))

    def key(case: Case, of: Values) -> str:
        found = requests.build(case, of).headers.get("idempotency-key")
        assert found
        return found

    first, second = values.anew(), values.anew()
    assert key(create, values) == "an-example"
    assert key(create, first) == key(create, first)
    assert len({key(create, first), key(pay, first), key(create, second), "an-example"}) == 4
    assert str(UUID(key(create, first))) == key(create, first)
    assert Values(BASE).anew() == Values(BASE)
