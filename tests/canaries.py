"""Some two hundred values that must be found nowhere, each planted in one place of what a vendor is asked or answers.

planted = Planted()
planted.secrets           # what the environment must hold: names of secrets in the contract, and their values
planted.answer(seen)      # what the vendor answers to a request
found(data)               # the numbers of those that can be found in data, in whatever form
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import quote, quote_plus

import brotli
import zstandard

from loopback import Answer, Seen
from wrapped import HARMLESS, TYPES, WRAPPINGS, b64url, gzipped, multipart, opened

CORE: Final = "kanarie"
KINDS: Final = ("secret", "token", "person", "mail", "phone", "form")
IN_TEXT: Final = ("secret", "token", "mail", "phone", "form")
WHOLE: Final = tuple(sorted(set(WRAPPINGS) - {"JSON key", "Basic"}))
_LETTERS: Final = "abcdefghij"
_NAMED = re.compile(rf"{CORE}([{_LETTERS}]{{3}})".encode(), re.IGNORECASE)
_CALLED = re.compile(rb"415\W{0,3}867\W{0,3}0(\d{3})")


class Canary(NamedTuple):
    """One value: of which kind, and where it is planted."""

    number: int
    kind: str
    spot: str

    @property
    def value(self) -> str:
        """The value itself, in which its number can be read."""
        bird = CORE + "".join(_LETTERS[int(digit)] for digit in f"{self.number:03}")
        return {
            "secret": f"q7{bird}-x9Q/+v=7z&b",
            "token": f"q7{bird}Tk9z8y7x",
            "person": f"{bird.title()} Byronson",
            "mail": f"{bird}@corp-mail.io",
            "phone": f"+1 415 867 0{self.number:03}",
            "form": _formed(bird, self.number),
        }[self.kind]


def _formed(bird: str, number: int) -> str:
    claims = b64url(json.dumps({"sub": bird, "name": "no matter"}))
    forms = (
        f"ghp_{bird}abcdefghij0123456789",
        f"sk_live_{bird}4242",
        f"xoxb-{bird}-4242",
        f"AKIA{bird.upper()}000000",
        f"eyJhbGciOiJIUzI1NiJ9.{claims}.{b64url('a signature of some length')}",
        f"-----BEGIN PRIVATE KEY-----\n{bird}\n-----END PRIVATE KEY-----",
        f"https://bob:{bird}@acme.example/x",
        f"Bearer {bird}0a9b",
    )
    return forms[number % len(forms)]


ALERTS: Final = "/alerts/"
"""Where people are told of what fails."""

SENT: Final = ("query", "header", "JSON", "form", "multipart", "GraphQL", "MCP")
"""Where requests hold secrets that the contract names."""


class Planted:
    """The canaries, numbered in the order in which their places are made."""

    def __init__(self) -> None:
        self.all: list[Canary] = []
        self._spots: dict[str, dict[str, str]] = {}
        self._answers = self._made()

    @property
    def secrets(self) -> dict[str, str]:
        """The secrets that the contract declares, by name."""
        return {f"s{each.number}": each.value for each in self.all if each.kind == "secret"}

    def at(self, spot: str, *kinds: str) -> dict[str, str]:
        """Plant one canary of each kind at a place; return the values by kind."""
        if spot not in self._spots:
            made = [Canary(len(self.all) + index, kind, spot) for index, kind in enumerate(kinds or KINDS)]
            self.all += made
            self._spots[spot] = {each.kind: each.value for each in made}
        return self._spots[spot]

    def name_of(self, spot: str) -> str:
        """Return the name of the secret that is planted at a place."""
        return next(f"s{each.number}" for each in self.all if (each.kind, each.spot) == ("secret", spot))

    def document(self, spot: str) -> dict[str, Any]:
        """A JSON document in which every kind stands where it is known by."""
        given = self.at(spot)
        return {
            "message": f"the key {given['secret']} is wrong",
            "who": given["person"],
            "access_token": given["token"],
            "note": f"write to {given['mail']} or call {given['phone']} soon",
            "raw": f"see {given['form']} there",
        }

    def text(self, spot: str, end: str = "\n") -> str:
        """Text without a structure, in which no path names anybody."""
        given = self.at(spot, *IN_TEXT)
        lines = (
            f"the key {given['secret']} is wrong",
            f"access_token={given['token']} ended",
            f"write to {given['mail']} or call {given['phone']} soon",
            f"see {given['form']} there",
        )
        return end.join(lines)

    def answer(self, seen: Seen) -> Answer:
        """What the vendor answers."""
        path = seen.path.partition("?")[0]
        if path.startswith(ALERTS):
            return Answer(200)
        if path == "/mcp":
            return self._tool(seen)
        if path == "/echo":
            return as_json({"error": f"you sent {seen.path}", "body": seen.body.decode(), "h": dict(seen.headers)}, 422)
        return self._answers[path]

    # --- what is planted where --------------------------------------------------------------------------------------------

    def _made(self) -> dict[str, Answer]:
        wrapped = {f"w{n}": WRAPPINGS[name](json.dumps(self.document(name))) for n, name in enumerate(WHOLE)}
        half = len(wrapped) // 2
        html = self._page("HTML page")
        self.at("MCP session", "token")
        self.document("MCP")
        for spot in SENT:
            self.at(f"request: {spot}", "secret")
        self.at("request: nobody there", "secret")
        self.at("adopted source", "token", "mail")
        self.document("adopted")
        self.document("validated")
        self.document("delivery")
        self.at("delivery header", "token")
        self.at("environment: undeclared", "token")
        self.at("environment: address", "form")
        self.at("environment: alerts", "token")
        self.at("alert address", "token")
        self.at("environment: proxy", "token")
        escaped = {
            name: "".join(f"\\u{ord(each):04x}" for each in text) for name, text in self.document("escaped").items()
        }
        return {
            "/wrapped/1": as_json(dict(list(wrapped.items())[:half])),
            "/wrapped/2": as_json(dict(list(wrapped.items())[half:])),
            "/headers": self._headers(),
            "/page": Answer(502, html.encode(), {"content-type": "text/html; charset=utf-8"}),
            "/text": Answer(200, self.text("text").encode(), {"content-type": "text/plain"}),
            "/broken": Answer(
                200, json.dumps(self.document("broken")).encode()[:-1], {"content-type": "application/json"}
            ),
            "/form": Answer(200, self._form("form").encode(), {"content-type": TYPES["form"]}),
            "/parts": Answer(
                200, multipart(self.text("multipart", "; ")).encode(), {"content-type": TYPES["multipart"]}
            ),
            "/events": Answer(200, self._events("events").encode(), {"content-type": TYPES["events"]}),
            "/gzip": self._packed("gzip", gzipped),
            "/deflate": self._packed("deflate", zlib.compress),
            "/br": self._packed("br", brotli.compress),
            "/zstd": self._packed("zstd", zstandard.ZstdCompressor().compress),
            "/split": Answer(200, self._json("chunks"), {"content-type": "application/json"}, chunk=3),
            "/escaped": Answer(
                200, json.dumps(escaped).replace("\\\\", "\\").encode(), {"content-type": "application/json"}
            ),
            "/keys": as_json(dict.fromkeys(self.at("JSON key", "secret", "mail", "phone").values(), "x")),
            "/moved": Answer(302, b"", {"location": self._link("redirect", "https://elsewhere.example/in")}),
            "/graphql": as_json(
                {"errors": [{"message": self.text("GraphQL message"), "extensions": self.document("GraphQL")}]}
            ),
            "/make": as_json({"value": self.at("captured", "token")["token"], "id": 1}),
            "/use": as_json(self.document("after a capture"), 500),
            "/list": as_json({"items": [{"id": 1}], "next": self._link("next page", "/list")}),
            "/harmless": as_json(HARMLESS),
            "/crash": as_json(self.document("crash")),
            "/probe": as_json(self.document("probe"), 503),
        }

    def _json(self, spot: str) -> bytes:
        return json.dumps(self.document(spot)).encode()

    def _page(self, spot: str) -> str:
        given = self.at(spot, *IN_TEXT)
        return (
            f'<html><body><h1>Bad gateway</h1><p title="{given["secret"]}">write to {given["mail"]}</p>'
            f'<input type="hidden" name="csrf_token" value="{given["token"]}"> or call {given["phone"]}'
            f"<pre>{given['form']}</pre></body></html>"
        )

    def _headers(self) -> Answer:
        text = {key: value.replace("\n", " ") for key, value in self.at("header", "secret", "mail", "phone").items()}
        return Answer(
            200,
            b"{}",
            {
                "content-type": "application/json",
                "x-debug": f"{text['secret']} of {text['mail']}, {text['phone']}",
                "x-access-token": self.at("header by name", "token")["token"],
                "set-cookie": f"session={self.at('cookie', 'token')['token']}; Path=/; HttpOnly",
                "link": f"<{self._link('link', 'https://acme.example/next')}>; rel=next",
                "www-authenticate": f'Bearer realm="x", error="{self.at("challenge", "secret")["secret"]}"',
                "x-packed": base64.b64encode(self.at("header in base64", "secret")["secret"].encode()).decode(),
            },
        )

    def _form(self, spot: str) -> str:
        given = self.at(spot, *IN_TEXT)
        fields = {"error": given["secret"], "access_token": given["token"], "to": given["mail"], "tel": given["phone"]}
        return "&".join(f"{name}={quote_plus(value)}" for name, value in {**fields, "raw": given["form"]}.items())

    def _events(self, spot: str) -> str:
        return f"event: message\ndata: {json.dumps(self.document(spot))}\n\ndata: [DONE]\n\n"

    def _packed(self, spot: str, pack: Any) -> Answer:
        return Answer(200, pack(self._json(spot)), {"content-type": "application/json", "content-encoding": spot})

    def _link(self, spot: str, to: str) -> str:
        given = self.at(spot, "secret", "token", "mail")
        return (
            f"{to}?access_token={given['token']}&to={quote(given['mail'], safe='')}&q={quote(given['secret'], safe='')}"
        )

    def _tool(self, seen: Seen) -> Answer:
        message = json.loads(seen.body)
        if "id" not in message:
            return Answer(202)
        if message["method"] == "initialize":
            session = self.at("MCP session")["token"]
            answer = {"jsonrpc": "2.0", "id": message["id"], "result": {"protocolVersion": "2025-11-25"}}
            return as_json(answer, mcp_session_id=session)
        text = json.dumps(self.document("MCP"))
        result = {"isError": True, "content": [{"type": "text", "text": text}]}
        return as_json({"jsonrpc": "2.0", "id": message["id"], "result": result})


def as_json(value: Any, status: int = 200, **headers: str) -> Answer:
    """A JSON answer; underscores in the names of headers stand for hyphens."""
    given = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, json.dumps(value).encode(), {"content-type": "application/json", **given})


def found(data: bytes) -> set[int]:
    """Return the numbers of the canaries that data holds: as they are, packed, encoded or escaped."""
    every = b"\n".join(dict.fromkeys(opened(data, layers=3)))
    named = {
        int("".join(str(_LETTERS.index(letter)) for letter in code.decode().lower())) for code in _NAMED.findall(every)
    }
    return named | {int(number) for number in _CALLED.findall(every)}


def where(outputs: Mapping[str, bytes]) -> dict[int, list[str]]:
    """Return for each canary that was found the names of what it was found in."""
    places: dict[int, list[str]] = {}
    seen: dict[bytes, set[int]] = {}  # several names lead to one file, and several files hold the same
    for name, data in outputs.items():
        if data not in seen:
            seen[data] = found(data)
        for number in seen[data]:
            places.setdefault(number, []).append(name)
    return places
