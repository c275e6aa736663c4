"""What was asked and answered live, as the cassette that replays it: examples for live values, and nothing that must not be kept.

    redactor = tape.redactor_of(ready)
    text = tape.cassette_of(case, ready, exchanges, redactor, at="2026-11-20T10:15:00Z")

The requests are those that the contract makes with its examples, so that they match whatever the sandbox was called. Raises
Unkept where no cassette can be made, or where what was made may still hold something that must not be kept.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from provendor import __version__, cassette, compression, requests
from provendor.cassette import Interaction, Metadata
from provendor.contract import Case, Vendor
from provendor.errors import ProvendorError, UsageError
from provendor.exchange import Exchange, Headers, Origin
from provendor.readiness import Readiness
from provendor.redaction import credentials, pseudonyms, wrappings
from provendor.redaction.redact import Redactor
from provendor.run import Kept
from provendor.sandbox.substitution import Examples
from provendor.scripted import Answer, Scripted, captured

_LAYERS = 2

MOST_KEPT: Final = 1024 * 1024
"""How many bytes of answers that failed are kept of one case."""


class Unkept(ProvendorError):
    """No cassette was made of an exchange; the text says why, without any value, and what to do."""


def redactor_of(ready: Readiness, secrets: Mapping[str, str] | None = None) -> Redactor:
    """Return what prepares a vendor's exchanges for cassettes; `secrets` are further ones, by name."""
    known = {**(secrets or {}), **ready.secrets}
    return Redactor(known, ready.vendor.redact, Examples.of(ready.vendor, ready.values))


def cassette_of(
    case: Case,
    ready: Readiness,
    exchanges: Sequence[Exchange],
    redactor: Redactor,
    at: str,
    origin: Origin | None = Origin.RECORDED,
) -> str:
    """Return the cassette of a case as text; `redactor` knows every secret that was in use, `at` is an ISO date-time.

    Only `record` writes cassettes that say that they are recorded; what is kept of a failure says nothing until it does.
    """
    interactions = interactions_of(case, ready.vendor, exchanges, redactor)
    metadata = Metadata(
        origin=origin,
        at=at,
        environment=ready.environment,
        api_version=served(ready.vendor, exchanges),
        request_digest=requests.digest(interactions[0].request),
        contract=case.id,
        provendor=__version__,
    )
    text = cassette.dump(interactions, metadata)
    refuse_doubts(text, redactor)
    return text


def kept(case: Case, ready: Readiness, exchanges: Sequence[Exchange], met: Mapping[str, str]) -> Kept:
    """Return what is kept of a case that failed live, or why nothing is; `met` are the secrets in use, names by value."""
    if sum(len(each.body) for each in exchanges) > MOST_KEPT:
        return Kept(None, f"its answers have more than {MOST_KEPT // 1024} KiB")
    redactor = redactor_of(ready)
    for value, name in met.items():  # several may have one name: tokens that followed each other
        redactor.know({name: value})
    try:
        return Kept(cassette_of(case, ready, exchanges, redactor, answered_at(exchanges), origin=None))
    except ProvendorError as trouble:
        return Kept(None, redactor.text(str(trouble)))
    except Exception as mistake:  # noqa: BLE001 - whatever a vendor answers, its result is worth more than what is kept of it
        return Kept(None, f"a mistake of ours: {type(mistake).__name__}")


def answered_at(exchanges: Sequence[Exchange]) -> str:
    """Return when the first of these was asked for, as a cassette says it."""
    attempts = exchanges[0].attempts
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(attempts[0].started_at if attempts else time.time()))


def interactions_of(case: Case, vendor: Vendor, exchanges: Sequence[Exchange], redactor: Redactor) -> list[Interaction]:
    """Return what the cassette of a case holds, of the last time that it was asked from its beginning."""
    examples = requests.examples(vendor)
    answers = [Answer(each.body, each.status, each.headers) for each in last_round(exchanges)]
    redactor.know(captured_in(case, vendor, exchanges))
    try:
        found = Scripted(redactor, answers).ask(case, examples)
    except UsageError as trouble:
        raise Unkept(f"the contract would not ask the same with its examples: {trouble}") from None
    if not found:
        raise Unkept("no answer came")
    return found


def captured_in(case: Case, vendor: Vendor, exchanges: Sequence[Exchange]) -> Mapping[str, str]:
    """Return the secrets that a case takes out of its answers, by name."""
    answers = [Answer(each.body, each.status, each.headers) for each in last_round(exchanges)]
    return captured(case, requests.examples(vendor), answers)


def last_round(exchanges: Sequence[Exchange]) -> Sequence[Exchange]:
    """Return the exchanges since the case was last begun: with a new token it begins anew after a 401."""
    start = 0
    for index in range(1, len(exchanges)):
        first, again = exchanges[start].request, exchanges[index].request
        same = (first.method, first.url, first.asked_by) == (again.method, again.url, again.asked_by)
        if same and exchanges[index - 1].status == 401 and first != again:
            start = index
    return exchanges[start:]


def served(vendor: Vendor, exchanges: Sequence[Exchange]) -> str | None:
    """Return the API version that answered, as the vendor says; else the one that the contract asks for."""
    if vendor.version_header:
        said = (each.headers.get(vendor.version_header) for each in reversed(exchanges))
        if found := next((each for each in said if each), None):
            return credentials.clean(found)
    return vendor.api_version


# --- the last look ----------------------------------------------------------------------------------------------------


def refuse_doubts(text: str, redactor: Redactor) -> None:
    """Look once more at the very bytes that are about to be written; raises Unkept with names and forms, never values."""
    interactions = cassette.parse(text.encode("utf-8"), "the new cassette").interactions
    # Bodies once more by themselves: in the text of the cassette they are written as YAML.
    looked_at = [
        text.encode("utf-8"),
        *(_unpacked(body) for each in interactions for body in (each.request.body, each.body)),
    ]
    doubts = [f"{leak.name} ({leak.form})" for data in looked_at for leak in redactor.leaks(data)]
    doubts += [doubt for number, each in enumerate(interactions, 1) for doubt in _by_form(number, each)]
    if doubts:
        raise Unkept(
            f"after redaction it may still hold {', '.join(dict.fromkeys(doubts))}; name the place under redact: in vendor.yaml, "
            "or the value under secrets:"
        )


def _by_form(number: int, each: Interaction) -> Iterator[str]:
    """Yield what looks like a credential or a person in one interaction, each with its place."""
    for place, found in _places(each):
        for plain in wrappings.without_escapes(found, _LAYERS):
            if credentials.clean(plain) != plain:
                yield f"a credential by its form (answer {number}, {place})"
            if pseudonyms.clean(plain) != plain:
                yield f"an e-mail address or a phone number (answer {number}, {place})"


def _places(each: Interaction) -> Iterator[tuple[str, str]]:
    """Yield what was answered, place by place: what was asked is the contract's own text."""
    for name, value in each.headers:
        hidden = credentials.is_secret_in_header(name, value)
        yield f"header {name}", "" if hidden and credentials.header_value(name, value) == value else value
    try:
        yield "body", _unpacked(each.body).decode("utf-8")
    except UnicodeDecodeError:
        return  # no text, and looked through for known values already


def _unpacked(body: bytes) -> bytes:
    """Return what is in a body that is a zipped file; any other body as it is."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    try:
        return compression.undo(Headers((("content-encoding", "gzip"),)), body)[1]
    except ValueError:
        return body
