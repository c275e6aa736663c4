"""The checks behind the keys of the contract language; what only one business knows stands in `checks/`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import islice

from provendor import jsonpath
from provendor.check import check
from provendor.classify import SEARCHED_CHARACTERS, classify, found_in_text, header_holds
from provendor.contract import ErrorRule, Expect, HeaderTest
from provendor.exchange import BodyNotJson, Exchange, Source
from provendor.redaction.credentials import header_value
from provendor.redaction.redact import Redactor
from provendor.schemas.schema import Mismatch
from provendor.verdict import Finding, Outcome, Skip

_MOST_MISMATCHES = 25
_LONGEST_VALUE = 120


@check
def status(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """The answer has a status that the contract names."""
    if exchange.status not in expect.status:
        yield Finding("status", str(expect.status), str(exchange.status), key="status")


@check
def headers(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """Every header that the contract names is as it demands."""
    for test in expect.headers:
        if not header_holds(test, exchange.headers):
            values = exchange.headers.all(test.name)
            shown = (_quoted(header_value(test.name, value)) for value in values)
            actual = ", ".join(shown) if values else "no such header"
            yield Finding("header", _demand(test), actual, f"header {test.name.lower()}", f"headers.{test.name}")


def _demand(test: HeaderTest) -> str:
    if test.present is not None:
        return "present" if test.present else "no such header"
    return f"like /{test.pattern}/" if test.pattern is not None else _quoted(test.equals or "")


@check
def content_type(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """The body is of the media type that the contract names, or of any JSON type where it describes a JSON body.

    So is the message of an MCP server that succeeds; one in a stream of events has been taken out of it.
    """
    message = expect.mcp is not None and exchange.status // 100 == 2 and exchange.body
    if expect.content_type is None and expect.body is None and not message:
        raise Skip("the contract says nothing about the content type")
    _judgeable(exchange, expect)
    given = exchange.headers.get("content-type")
    if not _is_type(given or "", expect.content_type):
        wanted = expect.content_type or "a JSON type, such as application/json"
        actual = "no such header" if given is None else _quoted(given)
        key = "content_type" if expect.content_type else "body"
        yield Finding("content-type", wanted, actual, "header content-type", key)


@lru_cache(maxsize=256)
def _is_type(given: str, wanted: str | None) -> bool:
    media_type = given.partition(";")[0].strip().lower()
    if wanted is not None:
        return media_type == wanted.partition(";")[0].strip().lower()
    return media_type in ("application/json", "text/json") or media_type.endswith("+json")


@check
def body(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """The body is JSON and matches the schema of the contract."""
    schema = expect.body
    if schema is None:
        raise Skip("the contract does not describe a JSON body")
    _judgeable(exchange, expect)
    try:
        value = exchange.json
    except BodyNotJson as reason:
        yield Finding("body-json", "JSON", _not_json(exchange, str(reason)), key="body")
        return
    if not schema.is_valid(value):
        for found in islice(schema.mismatches(value), _MOST_MISMATCHES):
            yield Finding("body-schema", found.expected, found.actual, found.at, _key(found))


def _key(found: Mismatch) -> str:
    """Return where the demand stands: a schema is often shared and written in another file."""
    return f"{found.file}#{found.pointer}" if found.file else "body"


def _not_json(exchange: Exchange, reason: str) -> str:
    if not exchange.body:
        return "no bytes"
    return f"{_quoted(exchange.text)} ({reason})"


@check
def body_text(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """The pattern of the contract is found in the body."""
    if expect.text is None:
        raise Skip("the contract names no text")
    _judgeable(exchange, expect)
    if not found_in_text(expect.text, exchange):
        long = len(exchange.text) > SEARCHED_CHARACTERS
        actual = _quoted(exchange.text) + (
            f" (the first {SEARCHED_CHARACTERS} characters were searched)" if long else ""
        )
        yield Finding("body-text", f"text like /{expect.text}/", actual, key="text")


@check
def body_empty(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """The body has no bytes where the contract says so."""
    if not expect.empty:
        raise Skip("the contract does not ask for an empty body")
    _judgeable(exchange, expect)
    if exchange.body:
        yield Finding("body-empty", "no bytes", f"{len(exchange.body)} bytes: {_quoted(exchange.text)}", key="empty")


def _judgeable(exchange: Exchange, expect: Expect) -> None:
    """Spare the reader what follows from another status: the body of a 500 is not what a 200 promises."""
    if exchange.status in expect.status:
        return
    kinds = {status // 100 for status in expect.status.exact} | expect.status.classes
    if exchange.status // 100 not in kinds:
        raise Skip("the answer has another status, so this part was not compared")


@check
def error_class(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """The error table gives the answer the code that the contract names, or none where it names none."""
    rule = classify(expect.errors, exchange)
    code = rule.code if rule else None
    if code != expect.error:
        name = "error-class" if rule or exchange.status < 400 else "error-unclassified"
        yield Finding(name, _named(expect), _class(rule, exchange.status), key="error")
    elif rule is None and exchange.status >= 400:
        yield Finding(
            "error-unclassified", "a rule that matches", _class(None, exchange.status), key="status", level=Outcome.WARN
        )


def _named(expect: Expect) -> str:
    """Describe the code that the contract names, with what the table says about it."""
    if expect.error is None:
        return "no rule of the error table matches"
    known = sorted({_retry(rule) for rule in expect.errors if rule.code == expect.error})
    return f"{expect.error} ({' or '.join(known)})" if known else f"{expect.error} (no rule has this code)"


def _class(rule: ErrorRule | None, status: int) -> str:
    if rule is None:
        return f"no rule of the error table matches this {status}"
    place = f", {rule.place}" if rule.place else ""
    return f"{rule.code} ({_retry(rule)}{place})"


def _retry(rule: ErrorRule) -> str:
    return "retryable" if rule.retryable else "not retryable"


@check
def latency(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """A live answer arrives inside the latency budget of the contract."""
    if exchange.source is Source.RECORDED:
        raise Skip("a replayed answer has no timing")
    if exchange.elapsed_ms is None:
        raise Skip("the time that the answer took is not known")
    took = f"{exchange.elapsed_ms:.0f} ms"
    if expect.fail_after_ms is not None and exchange.elapsed_ms > expect.fail_after_ms:
        yield Finding("latency", f"at most {expect.fail_after_ms:g} ms", took, key="latency.fail_after")
    elif expect.warn_after_ms is not None and exchange.elapsed_ms > expect.warn_after_ms:
        budget = f"at most {expect.warn_after_ms:g} ms"
        yield Finding("latency", budget, took, key="latency.warn_after", level=Outcome.WARN)


@check
def deprecation(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """The vendor does not announce the end of what was called."""
    get = exchange.headers.get
    if (value := get("deprecation")) is not None and value.strip().lower() not in ("false", "?0"):
        yield _ending("deprecated", "deprecation", value, expect.today)
    if (value := get("sunset")) is not None:
        yield _ending("sunset", "sunset", value, expect.today)
    if (value := get("x-shopify-api-deprecated-reason")) is not None:
        yield _ending("deprecated", "x-shopify-api-deprecated-reason", value, expect.today)
    if get("warning") is not None:
        for value in exchange.headers.all("warning"):
            if re.match(r"\s*299(\s|$)", value):
                yield _ending("deprecated", "warning", value, expect.today)


def _ending(code: str, header: str, value: str, today: date | None) -> Finding:
    day = _day(value)
    when = f" ({day.isoformat()}{_distance(day, today)})" if day else ""
    return Finding(code, "no such header", f"{_quoted(value)}{when}", f"header {header}", level=Outcome.WARN)


def _distance(day: date, today: date | None) -> str:
    if today is None:
        return ""
    days = (day - today).days
    return ", today" if days == 0 else f", in {days} days" if days > 0 else f", {-days} days ago"


def _day(value: str) -> date | None:
    """Read `@1688169599` (RFC 9745), an HTTP date (RFC 8594) or an ISO date; None where it is none of these."""
    value = value.strip().strip('"')
    try:
        if value.startswith("@"):
            return datetime.fromtimestamp(int(value[1:]), UTC).date()
        if value[:4].isdigit():
            return date.fromisoformat(value[:10])
        from email.utils import parsedate_to_datetime  # noqa: PLC0415 - only the rare answer with such a header pays for it

        return parsedate_to_datetime(value).date()
    except (ValueError, OverflowError, OSError, TypeError, IndexError):
        return None


@check
def credential_echo(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """The vendor does not send our own credential back, in the body or a header, plain or encoded."""
    if not expect.secrets:
        raise Skip("no live credential is in use")
    if expect.echo:
        raise Skip("the contract says that this operation sends our credential back by design")
    ours = _redactor(expect.secrets)
    parts = [(f"header {name}", value.encode("utf-8", "surrogateescape")) for name, value in exchange.headers]
    for at, data in (*parts, ("body", exchange.body)):
        if ours.leaks(data):
            yield Finding("credential-echo", "no credential of ours", "one in use (not shown)", at)


@lru_cache(maxsize=64)  # all cases of a vendor have the same credentials
def _redactor(secrets: tuple[str, ...]) -> Redactor:
    return Redactor({str(number): secret for number, secret in enumerate(secrets)})


@check
def cassette_origin(exchange: Exchange, expect: Expect) -> Iterator[Finding]:  # noqa: ARG001 - every check takes both
    """The cassette says where its answer comes from."""
    recording = exchange.recording
    if recording is None:
        raise Skip("the answer is live")
    if recording.origin is None:
        yield Finding(
            "cassette-origin", "recorded, documented or synthetic", "no origin", recording.path, level=Outcome.WARN
        )


@check
def cassette_age(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """The cassette is not older than the vendor's `max_age`."""
    recording, today, most = exchange.recording, expect.today, expect.max_age_days
    if recording is None:
        raise Skip("the answer is live")
    if most is None or today is None:
        raise Skip("no age is set, or the day of this run is not known")
    day = _written_on(recording.at)
    if day is None:
        actual = "no date" if recording.at is None else f"no date that can be read: {_quoted(recording.at)}"
        yield _age("a date", actual, recording.path)
    elif day > today + timedelta(days=1):  # somewhere it is already tomorrow
        yield _age("a date that is not in the future", day.isoformat(), recording.path)
    elif (today - day).days > most:
        yield _age(f"at most {most} days", f"{(today - day).days} days, from {day.isoformat()}", recording.path)


def _age(expected: str, actual: str, path: str) -> Finding:
    return Finding("cassette-age", expected, actual, path, level=Outcome.WARN)


@lru_cache(maxsize=256)
def _written_on(at: str | None) -> date | None:
    try:
        return None if at is None else datetime.fromisoformat(at.strip()).date()
    except ValueError:
        return None


def _quoted(text: str) -> str:
    """Quote vendor text on one line, shortened."""
    line = " ".join(text[: _LONGEST_VALUE * 4].split())
    return (
        f'"{line}"'
        if len(line) <= _LONGEST_VALUE and len(text) <= _LONGEST_VALUE * 4
        else f'"{line[:_LONGEST_VALUE]}…"'
    )


@check
def version_served(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """The version that answered is the version that was asked."""
    if expect.version is None:
        raise Skip("the contract names no version header")
    header, asked = expect.version
    served = exchange.headers.get(header)
    if served is None:
        raise Skip("the answer names no version")
    if served.strip() != asked:
        yield Finding("version-served", asked, _quoted(served), f"header {header.lower()}", level=Outcome.WARN)


@check
def warnings(exchange: Exchange, expect: Expect) -> Iterator[Finding]:
    """The answer carries none of the warnings that the contract knows where to look for."""
    if not expect.warnings:
        raise Skip("the contract names no warnings")
    try:
        value = exchange.json
    except BodyNotJson:
        raise Skip("the body is not JSON") from None
    for path, name in expect.warnings:
        for at, found in jsonpath.located(path, value):
            yield Finding("vendor-warning", f"no {name}", _quoted(str(found)), at, level=Outcome.WARN)


OF_RECORDING = (cassette_origin, cassette_age)
"""The checks of the cassette rather than of the answer."""

ENGINE = (
    status,
    headers,
    content_type,
    body,
    body_text,
    body_empty,
    error_class,
    latency,
    deprecation,
    version_served,
    warnings,
    credential_echo,
    cassette_origin,
    cassette_age,
)
