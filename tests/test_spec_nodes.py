"""Meta's descriptions of nodes: what can be asked of a node, of whichever kind it is, and what it answers."""

from __future__ import annotations

from typing import Any

import pytest

from provendor.schemas.shapes import View, Views
from provendor.specs.spec import Spec, read_spec
from provendor.specs.spec_parts import SpecOperation
from spec_files import a_node, as_file

ASK = {"name": "#get", "method": "GET", "return": "Post", "params": []}
COMMENTS = {
    "method": "GET",
    "endpoint": "comments",
    "return": "Comment",
    "params": [{"name": "order", "required": False, "type": "comments_order_enum_param"}],
}
WRITE = {
    "method": "POST",
    "endpoint": "feed",
    "return": "Post",
    "params": [
        {"name": "message", "required": True, "type": "string"},
        {"name": "tags", "required": False, "type": "list<int>"},
    ],
}
POST = a_node(("id", "string"), ("likes", "unsigned int"), ("from", "Object"), apis=[ASK, COMMENTS])
ITS_FIELDS = (("id", "string"), ("hidden", "bool"), ("parent", "Comment"), ("order", "comments_order_enum_param"))
COMMENT = a_node(*ITS_FIELDS, apis=[{**ASK, "return": "Comment"}])
PAGE = a_node(("id", "string"), apis=[WRITE, {**ASK, "return": "Page"}])
ENUMS = [
    {"name": "comments_order_enum_param", "node": "Comment", "field_or_param": "order", "values": ["ranked", "reverse"]}
]


@pytest.fixture(scope="module")
def spec() -> Spec:
    """Three kinds of nodes and the values of an enum."""
    files = {"Post.json": POST, "Comment.json": COMMENT, "Page.json": PAGE, "enum_types.json": ENUMS}
    return read_spec([as_file(value, name) for name, value in files.items()])


def found(spec: Spec, method: str, path: str) -> SpecOperation:
    """The operation that a path belongs to."""
    operation = spec.find(method, [path])
    assert operation is not None
    return operation


def answer(operation: SpecOperation) -> View:
    """What a success looks like."""
    node: Any = operation.answer(200)
    return Views().of(node)


def test_nothing_in_a_path_says_which_kind_of_node_is_meant(spec: Spec):
    """So the fields of all of them are known there, with and without a version before."""
    for path in ("/123_456", "/v25.0/123", "/v25.0/me"):
        assert set(answer(found(spec, "GET", path)).properties) == {
            "id",
            "likes",
            "from",
            "hidden",
            "parent",
            "order",
            "comments",
        }


def test_a_word_is_no_id_of_a_node(spec: Spec):
    """`/debug_token` belongs to nothing that is described."""
    assert spec.find("GET", ["/v25.0/debug_token"]) is None
    assert spec.find("GET", ["/v25.0/123/likes"]) is None


def test_an_edge_answers_with_a_page_of_nodes(spec: Spec):
    """Nodes of the kind that it names, whose own fields have the types that are described."""
    views = Views()
    page = answer(found(spec, "GET", "/v25.0/123/comments"))
    assert set(page.properties) == {"data", "paging", "summary"}
    items = views.of(page.properties["data"]).items
    assert items is not None
    comment = views.of(items)

    kinds = {name: views.of(node).kinds for name, node in comment.properties.items()}
    assert {name: set(each or ()) for name, each in kinds.items()} == {
        "id": {"string"},
        "hidden": {"boolean"},
        "parent": {"object"},
        "order": {"string"},
    }
    assert views.of(comment.properties["order"]).values == ("ranked", "reverse")


def test_what_hangs_on_a_node_can_be_asked_for_like_a_field(spec: Spec):
    """`fields=comments` is as good as `/comments`."""
    node = answer(found(spec, "GET", "/v25.0/123"))

    assert set(Views().of(node.properties["comments"]).properties) == {"data", "paging", "summary"}


def test_parameters_are_those_of_the_edge_and_those_of_every_edge(spec: Spec):
    """Only the former may be required."""
    names = {each.name for each in found(spec, "GET", "/v25.0/123/comments").parameters}

    assert {"order", "fields", "access_token", "limit", "after"} <= names


def test_what_is_written_has_a_body_and_no_described_answer(spec: Spec):
    """The descriptions name the kind of node that is made, not what the answer says of it."""
    written = found(spec, "POST", "/v25.0/123/feed")
    assert written.body is not None
    body = Views().of(written.body)

    assert (set(body.required), written.answer(200)) == ({"message"}, None)
    assert set(Views().of(body.properties["tags"]).kinds or ()) == {"array"}


@pytest.mark.parametrize(
    "broken",
    [{"apis": [7, {}, {"method": "PUT"}], "fields": [7, {}]}, {"apis": [{"method": "GET"}], "fields": []}],
)
def test_parts_that_make_no_sense_are_left_out(broken: Any):
    """A vendor's file is hostile like any other."""
    read = read_spec([as_file(broken, "Odd.json")])

    assert all(each.method == "GET" for each in read.operations)
