from __future__ import annotations

import json
from typing import Any

import pytest

from builders import a_vendor, an_operation
from provendor.redaction.redact import Leak, Redactor
from provendor.requests import Values
from provendor.sandbox.substitution import Examples
from wrapped import WRAPPINGS

LIVE: dict[str, Any] = {
    "base_url": "https://chat.staging.corp-net.io/base",
    "account_id": 482117,
    "shop": "acme-dev.myshop.io",
    "user_id": 3,
    "locale": "en",
}
VENDOR = a_vendor(
    an_operation("users.get", "GET /api/accounts/{account_id}/users/{id}")._replace(),
    base_url="https://app.chat.example",
    account_id=1,
    shop="example.myshop.io",
    user_id=7,
    locale="de",
)


def the_examples(**live: Any) -> Examples:
    operation = VENDOR.operations["users.get"]
    template = operation.template._replace(path={"id": "{user_id}"})
    vendor = VENDOR._replace(operations={"users.get": operation._replace(template=template)})
    return Examples.of(vendor, Values({**LIVE, **live}))


@pytest.mark.parametrize(
    ("live", "example"),
    [
        ("https://chat.staging.corp-net.io/base/api/x", "https://app.chat.example/api/x"),
        ("https://chat.staging.corp-net.io/other", "https://app.chat.example/other"),
        ("wss://chat.staging.corp-net.io/cable", "wss://app.chat.example/cable"),
        ("sid=1; Domain=chat.staging.corp-net.io; Path=/", "sid=1; Domain=app.chat.example; Path=/"),
        ("/api/accounts/482117/users/3/avatar", "/api/accounts/1/users/7/avatar"),
        ("?account_id=482117&user_id=3&n=3", "?account_id=1&user_id=7&n=3"),
        ("account 482117, shop acme-dev.myshop.io.", "account 1, shop example.myshop.io."),
        ("conversation-482117", "conversation-1"),
    ],
)
def test_live_values_in_text_become_examples(live, example):
    """Addresses, hosts, numbers, also short ones where the place says what they are."""
    assert the_examples().text(live) == example


@pytest.mark.parametrize(
    "text",
    [
        "https://evil-chat.staging.corp-net.io/",
        "https://chat.staging.corp-net.io.evil.io/",
        "1482117 482117a 0.482117 482117.5",
        "3 users, /pages/3, page=3, /users/31",
        "en, then: when?",
    ],
)
def test_what_only_resembles_a_live_value_stays(text):
    """Other hosts, longer numbers, counts, parts of words."""
    assert the_examples().text(text) == text


def test_live_values_in_json_become_examples_of_the_same_type():
    """Long ones anywhere, short ones under keys that say what they are."""
    body = {
        "id": 3,
        "account_id": 482117,
        "account": {"id": "482117"},
        "userId": 3,
        "user": {"id": 3, "posts": 3},
        "items": [{"id": 3}],
        "owner": 482117,
        "locale": "en",
        "language": "en",
        "shop": "acme-dev.myshop.io",
        "link": "https://chat.staging.corp-net.io/base/accounts/482117",
    }

    made = json.loads(Redactor({}, [], the_examples()).body(json.dumps(body).encode(), "application/json"))

    assert made == {
        "id": 7,
        "account_id": 1,
        "account": {"id": "1"},
        "userId": 7,
        "user": {"id": 7, "posts": 3},
        "items": [{"id": 3}],
        "owner": 1,
        "locale": "de",
        "language": "en",
        "shop": "example.myshop.io",
        "link": "https://app.chat.example/accounts/1",
    }


@pytest.mark.parametrize("name", sorted(set(WRAPPINGS) - {"JWT", "Basic"}))
def test_live_values_are_found_however_they_are_wrapped(name):
    """And what is left is told by name."""
    examples = the_examples()
    wrapped = WRAPPINGS[name]("see https://chat.staging.corp-net.io/base/accounts/482117?a=1")

    made = Redactor({}, [], examples).body(wrapped.encode(), "text/plain").decode()

    assert {"base_url", "account_id"} <= examples.left_in(wrapped)
    assert examples.left_in(made) == set()


def test_a_live_value_that_is_left_is_a_leak():
    """With the variable's name."""
    leaks = Redactor({}, [], the_examples()).leaks(b"at https://chat.staging.corp-net.io/x")

    assert leaks == (Leak("base_url", "live value"),)


def test_a_number_whose_example_is_a_word_stays_a_number():
    """The type of what it stands for counts."""
    examples = Examples.of(a_vendor(workspace="main"), Values({"workspace": "482117"}))

    assert examples.scalar(("workspace",), "482117") == "main"
    assert isinstance(examples.scalar(("workspace",), 482117), int)
    assert examples.scalar(("workspace",), 482117) != 482117


def test_a_personal_path_does_not_hide_an_example():
    """The request is built with the example, and the answer must fit it."""
    redactor = Redactor({}, ["$..account_id", "$..id"], the_examples())

    assert json.loads(redactor.body(b'{"account_id": 482117, "id": 482117}')) == {"account_id": 1, "id": 1}


def test_a_sandbox_that_stands_where_the_example_says_needs_no_change():
    """Only what differs is looked for."""
    examples = the_examples(
        base_url="https://app.chat.example", account_id=1, shop="example.myshop.io", user_id=7, locale="de"
    )

    assert examples.lives == ()
    assert examples.text("https://app.chat.example/accounts/1") == "https://app.chat.example/accounts/1"


def test_secrets_are_no_business_of_examples():
    """They become their names elsewhere, whatever their examples are."""
    vendor = a_vendor(account_id=1)
    values = Values({"account_id": 482117, "api_key": "abcdef-123456"}, frozenset({"api_key"}))

    assert Examples.of(vendor, values).text("abcdef-123456") == "abcdef-123456"
