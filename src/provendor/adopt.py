"""A cassette from an answer in hand: a documentation example, a line of a log, a support ticket.

    adopted = adopt(replayer, "chatwoot/profile:ok", answer, origin=Origin.DOCUMENTED, source="https://...")
    adopted.written                        # False: the contract refuses the answer, and nothing was written
    adopted.result                         # how the case fares with it

    adopt(replayer, "publer/posts.publish:complete", [Answer(b'{"job_id": "1"}'), Answer(b'{"status": "complete"}')], ...)

The requests are those that the contract makes, the n-th of which gets the n-th answer. Answers are redacted before they are
given, so that what one puts into the next request is what the cassette holds; all is written as it would be on disk, read back
and judged before the file appears. `recorded` is not for this way in, only live traffic may claim it.
"""

from __future__ import annotations

import json
import os
from calendar import timegm
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeAlias

from provendor import __version__, cassette, compression, requests, selector
from provendor.asking import ask
from provendor.cassette import Interaction, Metadata
from provendor.clock import VirtualClock
from provendor.contract import Case, Delivery, Flow, Paging, Suite, Vendor
from provendor.errors import NotRecorded, UsageError
from provendor.exchange import Exchange, Headers, Origin, Request, Source
from provendor.redact import Redactor
from provendor.requests import Values
from provendor.run import Replayer, Result
from provendor.transport import drive
from provendor.verdict import Outcome

Signing: TypeAlias = Callable[[Headers, bytes], Headers]


class Adopted(NamedTuple):
    """What became of the answer. `text` is the cassette, `path` where it is, or would be if `written` is false."""

    case: Case
    path: Path
    text: str
    result: Result
    written: bool

    @property
    def accepted(self) -> bool:
        """Whether the contract accepts the answer; a failure that `pending` foresees is one all the same."""
        return self.result.outcome in (Outcome.PASS, Outcome.WARN) and not self.result.expected


class Answer(NamedTuple):
    """One answer in hand; a status or headers that are None are those given for all answers."""

    body: bytes
    status: int | None = None
    headers: Headers | None = None


def adopt(
    replayer: Replayer,
    pattern: str,
    answers: bytes | Sequence[Answer],
    *,
    origin: Origin,
    source: str,
    status: int | None = None,
    headers: Headers | None = None,
    secrets: Mapping[str, str] | None = None,
    environment: str | None = None,
    api_version: str | None = None,
    note: str | None = None,
    replace: bool = False,
    keep_failing: bool = False,
) -> Adopted:
    """Write the cassette of the one case that `pattern` selects; raises UsageError where that cannot be done.

    `answers` are in the order in which the case asks; a single one may be given as its body. `status` may be left out where
    the contract allows one only; on the way of a flow it is 200 then. Without a content type, a JSON answer is given
    `application/json`. `secrets` are live values by name that the answer may hold. `replace` allows an existing cassette
    to be written over, `keep_failing` writes also what the contract refuses. The day is the replayer's.
    """
    case = _one_case(replayer, pattern)
    _require_origin(origin, source)
    path = replayer.cassettes / case.cassette
    if path.exists() and not replace:
        raise UsageError(f"cassettes/{case.cassette} exists already; --replace writes over it")
    vendor = replayer.suite.vendors[case.vendor]
    given = [Answer(answers)] if isinstance(answers, bytes) else list(answers)
    if not given:
        raise UsageError(f"{case.id}: at least one answer is needed")
    given = [
        Answer(each.body, _status(case, each.status or status, last=index == len(given)), each.headers or headers)
        for index, each in enumerate(given, 1)
    ]
    redactor = Redactor({**_captured(replayer, case, given), **(secrets or {})}, vendor.redact)
    interactions = _Scripted(redactor, given, _signing(replayer, case)).ask(case, replayer.values(case))
    metadata = Metadata(
        origin=origin,
        source=redactor.text(source.strip()),
        at=replayer.today.isoformat(),
        environment=environment,
        api_version=_api_version(api_version, vendor),
        request_digest=requests.digest(interactions[0].request),
        contract=case.id,
        provendor=__version__,
        note=redactor.text(note) if note else None,
    )
    text = cassette.dump(interactions, metadata)
    _refuse_leaks(redactor, text)
    result = replayer.judge(case, cassette.parse(text.encode("utf-8"), f"cassettes/{case.cassette}"))
    adopted = Adopted(case, path, text, result, written=False)
    if not (adopted.accepted or keep_failing):
        return adopted
    _write(path, text.encode("utf-8"))
    return adopted._replace(written=True)


def live_secrets(suite: Suite, env: Mapping[str, str]) -> dict[str, str]:
    """Return the secrets that this environment knows, by name: an answer out of a log may hold them."""
    variables = [each for vendor in suite.vendors.values() for each in vendor.variables.values() if each.secret]
    return {each.name: env[each.env] for each in variables if each.env and env.get(each.env)}


class _Scripted:
    """A transport that gives the n-th request the n-th answer, redacted, and keeps both."""

    def __init__(self, redactor: Redactor, answers: Sequence[Answer], sign: Signing | None = None) -> None:
        self._answers = list(answers)
        self._kept: list[Interaction] = []
        for each in answers:
            redactor.learn(each.body)  # an early answer may hold what only a later one names as personal
        redacted = [_answer(redactor, each.headers or Headers(), each.body) for each in answers]
        self._redacted = [(sign(headers, body) if sign else headers, body) for headers, body in redacted]

    async def send(self, request: Request) -> Exchange:
        """Return the next answer; raises NotRecorded where there is none."""
        number = len(self._kept)
        if number >= len(self._answers):
            raise NotRecorded(
                f"{request.method} {request.url} would be request {number + 1}, and there are {number} answers"
            )
        status, (headers, body) = self._answers[number].status or 200, self._redacted[number]
        self._kept.append(Interaction(request, status, headers, body))
        return Exchange(request, status, headers, body, Source.RECORDED)

    def ask(self, case: Case, values: Values) -> list[Interaction]:
        """Ask what the case asks; return what was sent and answered. Raises UsageError where an answer is left over."""
        reached = True
        with suppress(NotRecorded):  # then the replay misses the same answer, and says so better
            reached = drive(ask(case, values, self, VirtualClock())).reached
        left = len(self._answers) - len(self._kept)
        if left and reached:  # a flow that broke off says itself why
            raise UsageError(
                f"{case.id} asks {len(self._kept)} times, and {left} of {len(self._answers)} answers are left over"
            )
        return self._kept


def _signing(replayer: Replayer, case: Case) -> Signing | None:
    """Return what signs a delivery anew: redaction changes its bytes, and only the secret's example may stand on disk."""
    if not isinstance(case.plan, Delivery):
        return None
    from provendor.webhooks import signed_anew  # noqa: PLC0415 - few answers are deliveries

    return partial(signed_anew, case.plan, values=replayer.values(case), at=timegm(replayer.today.timetuple()))


def _captured(replayer: Replayer, case: Case, answers: Sequence[Answer]) -> Mapping[str, str]:
    """Return the secrets that the case takes out of these answers, by name."""
    if not isinstance(case.plan, Flow) or not any(each.secret for step in case.plan.steps for each in step.captures):
        return {}
    try:
        return drive(ask(case, replayer.values(case), _Scripted(Redactor(), answers), VirtualClock())).secrets
    except NotRecorded:
        return {}


def _one_case(replayer: Replayer, pattern: str) -> Case:
    cases = selector.select(replayer.suite, [pattern])
    if len(cases) == 1:
        return cases[0]
    names = ", ".join(case.id for case in cases[:5])
    more = f" and {len(cases) - 5} more" if len(cases) > 5 else ""
    raise UsageError(f"an answer belongs to one case; {pattern} selects {names}{more}")


def _require_origin(origin: Origin, source: str) -> None:
    if origin is Origin.RECORDED:
        raise UsageError(
            "origin recorded is for live traffic, which only `provendor record` writes; use documented or synthetic"
        )
    if not source.strip():
        raise UsageError("say where the answer comes from: a URL, or a document and its version")


def _api_version(given: str | None, vendor: Vendor) -> str | None:
    return given if given is not None else vendor.api_version


def _status(case: Case, status: int | None, *, last: bool) -> int:
    if status is None:
        allowed = case.expect.status
        if case.plan is not None and not last and not isinstance(case.plan, Paging):
            return 200
        if len(allowed.exact) != 1 or allowed.classes:
            raise UsageError(f"{case.id} allows {allowed}: say with --status which one the answer had")
        return next(iter(allowed.exact))
    if not 100 <= status <= 599:
        raise UsageError(f"{status} is no HTTP status; expected 100 to 599")
    return status


def _answer(redactor: Redactor, headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    try:
        headers, body = compression.undo(headers, body)
    except ValueError as reason:
        raise UsageError(f"the answer cannot be decoded as its content-encoding says: {reason}") from None
    content_type = headers.get("content-type")
    if content_type is None and _is_json(body):
        content_type = "application/json"
        headers = Headers((("content-type", content_type), *headers))
    new = redactor.body(body, content_type)
    kept = (pair for pair in redactor.headers(headers) if pair[0].lower() != "transfer-encoding")
    return Headers(tuple(_with_length(pair, len(body), len(new)) for pair in kept)), new


def _with_length(pair: tuple[str, str], before: int, after: int) -> tuple[str, str]:
    """Keep `content-length` true where redaction changed the length; HEAD's stays, it tells of another body."""
    return (pair[0], str(after)) if pair[0].lower() == "content-length" and pair[1] == str(before) else pair


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def _refuse_leaks(redactor: Redactor, text: str) -> None:
    leaks = redactor.leaks(text.encode("utf-8"))
    if leaks:
        found = ", ".join(f"{leak.name} ({leak.form})" for leak in leaks)
        raise UsageError(f"after redaction the answer still holds {found}; nothing was written")


def _write(path: Path, data: bytes) -> None:
    """Write the file in one step: whoever reads it meanwhile finds the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        with draft.open("xb") as file:
            file.write(data)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
