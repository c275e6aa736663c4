from __future__ import annotations

import base64
import json
import re
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provendor.exchange import Headers
from provendor.jsonpath import NotAPath
from provendor.redaction.redact import Leak, Redactor

SECRET = "s3cr3t/v+lue&\"ä'"
REDACTOR = Redactor({"api_key": SECRET})


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def b64url(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def body(value: object, *personal: str, **secrets: str) -> object:
    """The redacted JSON value."""
    return json.loads(Redactor(secrets, personal).body(json.dumps(value).encode(), "application/json"))


# --- by value -----------------------------------------------------------------------------------------------------------

FORMS = {
    "plain": SECRET,
    "within a word": f"abc{SECRET}def",
    "percent-encoded": quote(SECRET, safe=""),
    "percent-encoded in lower case": re.sub("%..", lambda found: found[0].lower(), quote(SECRET, safe="")),
    "as a path": quote(SECRET),
    "as a form": quote_plus(SECRET),
    "as JSON": json.dumps(SECRET),
    "as JSON in UTF-8": json.dumps(SECRET, ensure_ascii=False),
    "as PHP's JSON": json.dumps(SECRET).replace("/", "\\/"),
    "as HTML": SECRET.replace("&", "&amp;").replace('"', "&quot;").replace("'", "&#39;"),
    "base64": b64(SECRET),
    "base64url": b64url(SECRET),
    "Basic": f"Basic {b64(f'ada:{SECRET}')}",
    "Basic of a longer name": f"Basic {b64(f'adas:{SECRET}')}",
    "JWT": f"{b64url('{}')}.{b64url(json.dumps({'k': SECRET}, ensure_ascii=False))}.{b64url('signature')}",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_found_in_every_form(form):
    """In text, headers, JSON, forms and URLs; the re-scan finds it before and not after."""
    text = FORMS[form]

    places = {
        "text": REDACTOR.text(f"a {text} b"),
        "header": REDACTOR.headers(Headers((("X-Note", text.encode("latin-1", "replace").decode("latin-1")),))).items[
            0
        ][1],
        "json": REDACTOR.body(json.dumps({"a": [text]}).encode(), "application/json").decode(),
        "key": REDACTOR.body(json.dumps({text: 1}).encode(), "application/json").decode(),
        "nested": REDACTOR.body(json.dumps({"a": json.dumps({"b": text})}).encode()).decode(),
        "plain body": REDACTOR.body(f"x\n{text}\n".encode(), "text/plain").decode(),
        "form": REDACTOR.body(urlencode({"a": text}).encode(), "application/x-www-form-urlencoded").decode(),
        "query": str(REDACTOR.query([("a", text)])),
        "url": REDACTOR.url(f"https://x.example/{quote(text, safe='')}?a={quote(text, safe='')}"),
    }

    assert REDACTOR.leaks(text.encode())
    for place, made in places.items():
        assert "api_key" in made, place
        assert REDACTOR.leaks(made.encode()) == (), place
        assert REDACTOR.leaks(unquote(made).encode()) == (), place


def test_personal_data_is_found_in_json_that_breaks_off():
    """By the last name of a path: a body that ended early, a text that a message has cut."""
    redactor = Redactor({}, ["$..who", "$.owner.email", "$..contact_ids[*]"])
    broken = b'{"who": "Ada Byron", "total": 48213377, "contact_ids": 48213377, "email": "ada@corp-mail.io", "x": "by Ada Byron'

    made = redactor.body(broken, "application/json").decode()

    assert '"total": 48213377' in made
    assert not any(each in made for each in ("Ada", "ada@", 'contact_ids": 48213377'))
    assert "Grace" not in redactor.text('got string "{\\"who\\": \\"Grace Hopper\\", \\"a\\": 1..."')
    assert "Grace" not in Redactor({}, ["$..who"]).text('got string "{\\"who\\": \\"Grace Hop..."')
    assert redactor.text('broken: {"whole": "Ada Lovelace", "who": ') == 'broken: {"whole": "Ada Lovelace", "who": '


def test_a_place_is_shown_without_the_keys_that_say_too_much():
    """As a JSON pointer is written: a key may be somebody's address, and hold a slash."""
    redactor = Redactor({"api_key": "s3/cr3t~value"})

    assert redactor.place("read /by/ada@corp-mail.io/0/a~1b") == "read /by/person-846d9a@example.com/0/a~1b"
    assert redactor.place("/s3~1cr3t~0value/+1 415 867 4001") == "/<api_key>/+1 816 555 0195"


def test_a_secret_becomes_its_name():
    """The same that contracts send as its example."""
    assert REDACTOR.text(f"Api-Access-Token: {SECRET}") == "Api-Access-Token: <api_key>"
    assert REDACTOR.url(f"https://x.example/{quote(SECRET, safe='')}") == "https://x.example/%3Capi_key%3E"


def test_the_longer_of_two_secrets_is_taken_whole():
    """One may be the beginning of the other."""
    redactor = Redactor({"short": "secret-1", "long": "secret-1-and-more"})

    assert redactor.text("secret-1-and-more secret-1") == "<long> <short>"


def test_a_secret_in_bytes_that_are_no_text_is_found():
    """The other bytes stay."""
    data = b"\xff\x00" + SECRET.encode() + b"\xfe"

    assert REDACTOR.body(data, "application/octet-stream") == b"\xff\x00<api_key>\xfe"


def test_a_number_that_is_a_secret_stays_a_number():
    """The schema still fits."""
    assert body({"pin": 48213377, "other": 482133771, "text": "48213377"}, pin="48213377") == {
        "pin": 0,
        "other": 482133771,
        "text": "<pin>",
    }


@pytest.mark.parametrize("value", ["", "1", "true", "abcde", "password", "Production", "<api_key>", "%3Ckey%3E"])
def test_a_short_or_plain_value_is_not_looked_for(value):
    """It would stand in text that has nothing to do with it."""
    redactor = Redactor({"key": value})

    assert redactor.text(f"a {value} is true 1 abcde password") == f"a {value} is true 1 abcde password"
    assert redactor.leaks(value.encode()) == ()


def test_a_short_secret_is_found_by_the_name_of_its_place():
    """What is not looked for by value is hidden where it must stand."""
    assert body({"password": "abc"}, key="abc") == {"password": "<hidden>"}


def test_leaks_name_what_is_there_and_never_show_it():
    """Name and form, each once."""
    leaks = REDACTOR.leaks(f"{SECRET} {SECRET} {b64(SECRET)}".encode())

    assert leaks == (Leak("api_key", "base64"), Leak("api_key", "plain"))
    assert "s3cr3t" not in repr(leaks) + repr(REDACTOR)


@settings(deadline=None)  # the first call compiles every pattern
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=8, max_size=40), st.binary(max_size=3))
def test_any_secret_is_found_again(secret, around):
    """Property: whatever its letters, plain, escaped, encoded, and inside longer base64."""
    redactor = Redactor({"key": secret})
    if not redactor.leaks(secret.encode()):
        return  # a plain word or a placeholder
    coded = base64.b64encode(around + secret.encode() + around).decode()
    text = f"{quote(secret, safe='')} {json.dumps(secret)} {coded} {secret}"

    made = redactor.body(json.dumps({"a": text, secret: coded}).encode())

    assert redactor.leaks(made) == ()
    assert redactor.leaks(json.loads(made)["a"].encode()) == ()
    assert redactor.leaks(redactor.text(text).encode()) == ()


# --- by name ------------------------------------------------------------------------------------------------------------


def test_credentials_in_headers_are_hidden():
    """Scheme, cookie names and attributes stay, so that the answer can still be understood."""
    headers = Headers(
        (
            ("Authorization", "Bearer live"),
            ("Cookie", "a=1; b=2"),
            ("Set-Cookie", "sid=abc; Path=/; HttpOnly"),
            ("X-Api-Key", "live"),
            ("X-Request-Id", "a1b2"),
            ("Link", '<https://x.example/?api_key=live&page_token=7>; rel="next"'),
        )
    )

    assert Redactor().headers(headers).items == (
        ("Authorization", "Bearer <hidden>"),
        ("Cookie", "a=<hidden>; b=<hidden>"),
        ("Set-Cookie", "sid=<hidden>; Path=/; HttpOnly"),
        ("X-Api-Key", "<hidden>"),
        ("X-Request-Id", "a1b2"),
        ("Link", '<https://x.example/?api_key=%3Chidden%3E&page_token=7>; rel="next"'),
    )


def test_credentials_in_json_are_hidden_and_look_alikes_are_not():
    """By the innermost key; messages about a password are not passwords."""
    assert body(
        {
            "access_token": "live",
            "clientSecret": ["live", ""],
            "token": {"value": "kept"},
            "password": None,
            "api_key": 12345678,
            "token_type": "bearer",
            "nextPageToken": "CAUQAA",
            "errors": {"password": ["is too short"]},
            "jwt": "<jwt>",
        }
    ) == {
        "access_token": "<hidden>",
        "clientSecret": ["<hidden>", ""],
        "token": {"value": "kept"},
        "password": None,
        "api_key": 0,
        "token_type": "bearer",
        "nextPageToken": "CAUQAA",
        "errors": {"password": ["is too short"]},
        "jwt": "<jwt>",
    }


def test_credentials_in_queries_and_forms_are_hidden():
    """`key` is one there; a page token is not."""
    pairs = (("key", "live"), ("page_token", "7"), ("sig", "abc"), ("q", "key"))
    hidden = (("key", "<hidden>"), ("page_token", "7"), ("sig", "<hidden>"), ("q", "key"))

    assert Redactor().query(pairs) == hidden
    assert (
        tuple(parse_qsl(Redactor().body(urlencode(pairs).encode(), "application/x-www-form-urlencoded").decode()))
        == hidden
    )
    assert tuple(parse_qsl(Redactor().url(f"https://x.example/?{urlencode(pairs)}").partition("?")[2])) == hidden


def test_a_body_without_anything_to_hide_stays_byte_for_byte():
    """Layout, number spelling, escapes, and bytes that are no text."""
    for data in (b'{ "a":1.50,"b" : "\\u00e4" }\n', b"\xff\xfe\x00", b"", b"{not json", b'{"a": NaN}'):
        assert Redactor({"k": "unrelated"}, ["$.x"]).body(data, "application/json") == data


# --- by path ------------------------------------------------------------------------------------------------------------


def test_personal_data_gets_stand_ins_that_stay_joined():
    """The same person in one body, in the next, in text and in a URL; an id as a number and as text."""
    redactor = Redactor({}, ["$..email", "$..name", "$..contact_id"])
    first = {
        "email": "Ada@Corp.io",
        "name": "Ada Byron",
        "contact_id": 48213377,
        "note": "Ada Byron <ada@corp.io> wrote",
    }
    second = {"by": {"email": "ada@corp.io", "contact_id": "48213377"}, "title": "kept"}

    one = json.loads(redactor.body(json.dumps(first).encode()))
    two = json.loads(redactor.body(json.dumps(second).encode()))

    assert re.fullmatch(r"person-[0-9a-f]{6}@example\.com", one["email"])
    assert one["note"] == f"{one['name']} <{one['email']}> wrote"
    assert two["by"] == {"email": one["email"], "contact_id": str(one["contact_id"])}
    assert two["title"] == "kept"
    assert redactor.url("https://x.example/?q=ada%40corp.io") == f"https://x.example/?q={quote(one['email'], safe='@')}"
    assert redactor.leaks(b"Ada Byron") == (Leak("personal data", "plain"),)


def test_what_a_later_body_names_can_be_learned_first():
    """A search request holds the address that only its answer says is one."""
    redactor = Redactor({}, ["$.email"])
    redactor.learn(b'{"email": "ada@corp.io"}')

    assert "corp.io" not in redactor.url("https://x.example/?q=ada@corp.io")


def test_a_path_to_an_object_covers_what_is_in_it():
    """All of it is personal then, but what tells nothing."""
    made = body(
        {"sender": {"name": "Ada Byron", "phones": ["+1 415 867 4001"], "on": True, "at": 0.25, "x": None}}, "$.sender"
    )

    assert made["sender"]["name"] != "Ada Byron"  # type: ignore[index]
    assert "867" not in str(made)
    assert made["sender"]["on"] is True  # type: ignore[index]
    assert made["sender"]["x"] is None  # type: ignore[index]


def test_a_personal_id_does_not_change_other_numbers():
    """Only addresses, phone numbers and full names are replaced elsewhere."""
    made = body({"id": "48213377", "count": 48213377, "text": "48213377"}, "$.id")

    assert made == {**made, "count": 48213377, "text": "48213377"}  # type: ignore[dict-item]


def test_a_malformed_path_is_refused():
    """The contract's loader finds it too; a redactor never lets a body pass with half its paths."""
    redactor = Redactor({}, ["$.email", "$["])

    with pytest.raises(NotAPath):
        redactor.body(b'{"email": "ada@example.com"}', "application/json")
    with pytest.raises(NotAPath):
        redactor.learn(b'{"email": "ada@example.com"}')


@settings(deadline=None)  # the first call compiles every pattern
@given(
    st.binary(max_size=80),
    st.sampled_from(["application/json", "application/x-www-form-urlencoded", "text/html", None]),
)
def test_no_body_crashes_it(data, content_type):
    """Property: bytes in, bytes out."""
    assert isinstance(Redactor({"k": "secret-value"}, ["$..a"]).body(data, content_type), bytes)


def test_deep_json_does_not_crash_it():
    """It is treated as text then."""
    deep = b'{"a":' * 50_000 + b"1" + b"}" * 50_000

    assert Redactor({"k": "secret-value"}, ["$..a"]).body(deep) == deep
