"""Fields of an answer that repeat what was asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from builders import a_case, a_request
from provendor.contract import Delivery, GraphqlCall, Template
from provendor.mutants.echoes import sought_by
from provendor.requests import Values

VALUES = Values({"base_url": "https://acme.example", "account_id": 1, "order_id": 7, "cart_id": "c-9"})


def repeated(target: str, way: tuple[str | int, ...], answer: Any, sent: Any = None, **template: Any) -> bool:
    """Whether a field repeats what this request asks for."""
    case = a_case("acme/orders:ok", template=Template("GET", target, **template))
    request = a_request(
        body=b"" if sent is None else json.dumps(sent).encode(), query=(("order_id", "8"), ("page", "2"))
    )
    return sought_by(case, request, VALUES).is_repeated(way, answer)


ORDER = "/accounts/{account_id}/orders/{order_id}"


@pytest.mark.parametrize(
    ("way", "answer", "expected"),
    [
        (("id",), {"id": 7}, True),
        (("id",), {"id": "7"}, True),
        (("data", "id"), {"data": {"id": 7}}, True),
        (("id",), {"id": 9}, False),
        (("number",), {"number": 7}, False),
        (("buyer", "id"), {"id": 7, "buyer": {"id": 7}}, False),
        (("items", 0, "id"), {"items": [{"id": 7}]}, False),
        (("items", 0, "account_id"), {"items": [{"account_id": 1}]}, True),
        (("accountId",), {"accountId": 1}, True),
        (("id",), {"id": 1}, False),
        (("order_id",), {"order_id": True}, False),
        ((), {"id": 7}, False),
    ],
)
def test_an_id_is_repeated_under_its_name_or_as_that_of_the_object(way: Any, answer: Any, expected: bool):
    """The object is the one that the path ends with; what is deeper has ids of its own."""
    assert repeated(ORDER, way, answer) is expected


def test_ids_of_query_and_body_are_asked_for_by_name():
    """Not as the id of the object: what is made has a new one."""
    assert repeated("/orders", ("order_id",), {"order_id": 8})
    assert repeated("/orders", ("cart_id",), {"cart_id": "c-1"}, {"cart_id": "c-1", "name": "x"})
    assert not repeated("/orders", ("id",), {"id": "c-1"}, {"cart_id": "c-1"})
    assert not repeated("/orders", ("page",), {"page": "2"})


def test_the_variables_of_a_call_name_its_object():
    """GraphQL and MCP have no path that could."""
    call = GraphqlCall("orders.graphql", "1", None)
    answer = {"data": {"order": {"id": "gid://1"}}}

    assert repeated("/graphql", ("data", "order", "id"), answer, {"variables": {"id": "gid://1"}}, graphql=call)


def test_a_delivery_asks_for_nothing():
    """It was posted to us."""
    case = a_case("acme/orders:ok", template=Template("POST", ORDER), plan=Delivery())

    assert not sought_by(case, a_request(), VALUES).is_repeated(("id",), {"id": 7})
