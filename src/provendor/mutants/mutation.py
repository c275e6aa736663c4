"""The ways in which vendors break their answers: one operator each, with an example and the incident that it stands for.

    OPERATORS["drop"].incident       # "A serializer leaves out what is null, or a release removes a field ..."
    named(["drop", "null"])          # the operators of these names; raises UsageError with "did you mean"

What each does to an answer is in `field_changes` and `answer_changes`; `mutate` decides where it applies and judges.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from provendor.errors import UsageError
from provendor.suggest import did_you_mean


class Group(StrEnum):
    """What a change is about.

    field    one field of an answer that the contract relies on
    answer   the answer as a whole: its bytes, its type, its headers, its signature, its pages
    status   whether it worked, and if not, why: status, error class, errors inside a success
    """

    FIELD = "field"
    ANSWER = "answer"
    STATUS = "status"


class Operator(NamedTuple):
    """One way to break an answer: what it does, an example, and the class of real incidents that it stands for."""

    name: str
    group: Group
    does: str
    example: str
    incident: str


_FIELD = (
    Operator(
        "drop",
        Group.FIELD,
        "leaves a field out",
        '`{"id": 7, "email": "a@example.com"}` → `{"id": 7}`',
        "A field is removed with an old version, hidden from a role, or left out by a serializer that skips what is null.",
    ),
    Operator(
        "null",
        Group.FIELD,
        "puts null in place of a value",
        '`"email": "a@example.com"` → `"email": null`',
        "A join finds nothing any more, a privacy setting hides the value, a backend behind the API is down.",
    ),
    Operator(
        "null-non-null",
        Group.FIELD,
        "puts null where the vendor's GraphQL schema says that there is none",
        '`"title": "Hat"` → `"title": null` where the SDL says `title: String!`',
        "A gateway before the GraphQL server, or a version that was made nullable, answers null in a non-null place.",
    ),
    Operator(
        "number-to-string",
        Group.FIELD,
        "writes a number as text",
        '`"total": 1250` → `"total": "1250"`',
        "Money and ids become text to keep their precision, or a driver returns decimals as text after an upgrade.",
    ),
    Operator(
        "string-to-object",
        Group.FIELD,
        "puts an object in place of text",
        '`"customer": "c_1"` → `"customer": {"id": "c_1"}`',
        "A reference is expanded by default, or a plain text becomes one with translations or formatting.",
    ),
    Operator(
        "scalar-to-list",
        Group.FIELD,
        "puts a list of one in place of a value",
        '`"email": "a@example.com"` → `"email": ["a@example.com"]`',
        "A field that had one value may now have several; XML turned into JSON repeats what stands there once.",
    ),
    Operator(
        "object-to-list",
        Group.FIELD,
        "puts an empty list in place of an object",
        '`"attributes": {"plan": "pro"}` → `"attributes": []`',
        "PHP writes an empty map as an empty list, so that the type changes with the last member.",
    ),
    Operator(
        "rename",
        Group.FIELD,
        "renames a field from snake_case to camelCase, or back",
        '`"created_at": 1` → `"createdAt": 1`',
        "A gateway or a new framework writes names in its own convention.",
    ),
    Operator(
        "unknown-enum",
        Group.FIELD,
        "puts a word that nobody has heard of where one of a few is expected",
        '`"status": "open"` → `"status": "archived"`',
        "A state is added, and every switch without a default falls through.",
    ),
    Operator(
        "wrong-case",
        Group.FIELD,
        "writes one of a few words in another case",
        '`"status": "open"` → `"status": "OPEN"`',
        "Enums are serialised by their names in code after a rewrite.",
    ),
    Operator(
        "empty-string",
        Group.FIELD,
        "puts an empty text in place of one",
        '`"name": "Ada"` → `"name": ""`',
        "A migration defaults to the empty text, a template lost its variable.",
    ),
    Operator(
        "empty-list",
        Group.FIELD,
        "empties a list",
        '`"items": [{"id": 1}]` → `"items": []`',
        "A filter that is no longer understood finds nothing, an index is rebuilt, a permission is gone.",
    ),
    Operator(
        "item-null",
        Group.FIELD,
        "puts null in place of an item of a list",
        '`"items": [{"id": 1}]` → `"items": [null]`',
        "One of several objects cannot be loaded, and its place is kept.",
    ),
    Operator(
        "out-of-range",
        Group.FIELD,
        "makes a number negative, larger than the contract allows, or a time of another unit",
        '`"created_at": 1784505600` → `"created_at": 1784505600000`',
        "Seconds become milliseconds; a counter underflows; a missing value comes as -1.",
    ),
    Operator(
        "lost-precision",
        Group.FIELD,
        "rounds a large id as a JavaScript number would",
        '`"id": "12345678901234567"` → `"id": 12345678901234568`',
        "Ids beyond 2^53 pass through a JavaScript service or a spreadsheet and lose their last digits.",
    ),
    Operator(
        "date-format",
        Group.FIELD,
        "writes a date or time in another format",
        '`"2026-11-20T11:00:00Z"` → `"2026-11-20 11:00:00"`',
        "A time loses its zone in a new serializer; a date is written as people in another country do.",
    ),
    Operator(
        "other-id",
        Group.FIELD,
        "puts the id of another object where the answer repeats the one asked for",
        '`GET /orders/7` → `{"id": 8}`',
        "A cache answers with somebody else's object; a lookup ignores a parameter that it no longer knows.",
    ),
)

_ANSWER = (
    Operator(
        "envelope-added",
        Group.ANSWER,
        "wraps the body in one more object",
        '`{"id": 7}` → `{"data": {"id": 7}}`',
        "A new version or a gateway wraps every answer.",
    ),
    Operator(
        "envelope-removed",
        Group.ANSWER,
        "takes away the object that wraps the body",
        '`{"data": {"id": 7}}` → `{"id": 7}`',
        "A client library or a proxy unwraps; a list endpoint returns the bare list.",
    ),
    Operator(
        "html",
        Group.ANSWER,
        "calls the body HTML",
        "`content-type: application/json` → `text/html`",
        "A login page, a maintenance page or a framework's default renderer answers with the same status.",
    ),
    Operator(
        "truncated",
        Group.ANSWER,
        "cuts the body in the middle",
        '`{"id": 7, "name": "Ada"}` → `{"id": 7, "na`',
        "A connection is closed early behind a proxy that sends no length; a buffer has a limit.",
    ),
    Operator(
        "empty-body",
        Group.ANSWER,
        "sends no body at all",
        '`{"id": 7}` → no bytes',
        "A worker dies after it has sent its headers; a method answers without content from now on.",
    ),
    Operator(
        "broken-charset",
        Group.ANSWER,
        "puts a byte into the body that is not UTF-8",
        '`"name": "Zoë"` in Latin-1',
        "A database column or a legacy service speaks another encoding than the header says.",
    ),
    Operator(
        "no-header",
        Group.ANSWER,
        "drops a header that the contract relies on",
        '`link: <…>; rel="next"` → no such header',
        "A proxy or CDN strips what it does not know; a framework stops setting it.",
    ),
    Operator(
        "signature-reserialised",
        Group.ANSWER,
        "writes the JSON of a signed delivery anew and keeps the signature",
        '`{"id":7}` signed → `{"id": 7}` with that signature',
        "Middleware parses and writes the body before the signature is checked.",
    ),
    Operator(
        "page-repeats",
        Group.ANSWER,
        "answers the second page with the first one's content",
        "page 1, page 1 again",
        "A cursor that is no longer understood starts over; every object is handled twice.",
    ),
    Operator(
        "pages-endless",
        Group.ANSWER,
        "has the last page lead to a further one",
        "page 3 of 3 names a next page",
        "A total is counted wrongly, a cursor never becomes null: a sync runs until somebody stops it.",
    ),
)

_STATUS = (
    Operator(
        "status-within-class",
        Group.STATUS,
        "swaps the status for another of its class",
        "`200` → `204`, `401` → `403`",
        "Refusals move between 401, 403 and 404; a creation is only accepted (202) from now on.",
    ),
    Operator(
        "status-across-classes",
        Group.STATUS,
        "swaps the status for one of another class",
        "`200` → `500`, `429` → `200`",
        "The service is down, moved behind a login, or an error handler lost its status.",
    ),
    Operator(
        "error-in-success",
        Group.STATUS,
        "answers with an error's body under the status of success",
        '`200` with `{"error": "Invalid token"}`',
        "A gateway or a GraphQL-minded backend says 200 to everything and puts the error inside.",
    ),
    Operator(
        "other-error",
        Group.STATUS,
        "answers with the body of another error under the same status",
        "`401` for a suspended account where one for a wrong token was expected",
        "One status stands for several refusals, and only its text or code says which: rotate the key, or pay the bill?",
    ),
    Operator(
        "graphql-errors",
        Group.STATUS,
        "puts errors beside the data of a GraphQL answer, or into its userErrors",
        '`{"data": {…}, "errors": [{"message": "Throttled"}]}`',
        "A partial failure: status 200, some data, and an error that nobody reads.",
    ),
    Operator(
        "jsonrpc-error",
        Group.STATUS,
        "answers a JSON-RPC call with an error in place of its result",
        '`{"result": {…}}` → `{"error": {"code": -32603, "message": "Internal error"}}`',
        "An MCP server fails inside, under HTTP status 200.",
    ),
    Operator(
        "is-error",
        Group.STATUS,
        "marks a tool's result as an error",
        '`"isError": false` → `"isError": true`',
        "A tool fails and says so in its result, which looks like any other result.",
    ),
    Operator(
        "unknown-job-state",
        Group.STATUS,
        "ends a job in a state that nobody has heard of",
        '`"status": "complete"` → `"status": "quarantined"`',
        "An asynchronous job gets a new end; whoever polls for the known ones polls for ever.",
    ),
)

OPERATORS: Final = {each.name: each for each in (*_FIELD, *_ANSWER, *_STATUS)}


def named(names: Sequence[str]) -> tuple[Operator, ...]:
    """Return the operators of these names, all where none is given; raises UsageError."""
    for name in names:
        if name not in OPERATORS:
            raise UsageError(f"no operator is called {name!r}{did_you_mean(name, list(OPERATORS))}")
    return tuple(each for each in OPERATORS.values() if not names or each.name in names)
