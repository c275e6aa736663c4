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

from calendar import timegm
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from provendor import __version__, cassette, requests, selector
from provendor.cassette import Metadata
from provendor.contract import Case, Delivery, Paging, Suite, Vendor
from provendor.errors import UsageError
from provendor.exchange import Headers, Origin
from provendor.redaction.redact import Redactor
from provendor.run import Replayer, Result
from provendor.scripted import Answer, Scripted, Signing, captured
from provendor.verdict import Outcome

__all__ = ["Adopted", "Answer", "adopt", "live_secrets"]


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
    values = replayer.values(case)
    redactor = Redactor({**captured(case, values, given), **(secrets or {})}, vendor.redact)
    interactions = Scripted(redactor, given, _signing(replayer, case)).ask(case, values)
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
    cassette.write(path, text)
    return adopted._replace(written=True)


def live_secrets(suite: Suite, env: Mapping[str, str]) -> dict[str, str]:
    """Return the secrets that this environment knows, by name: an answer out of a log may hold them."""
    return {name: value for vendor in suite.vendors.values() for name, value in secrets_of(vendor, env).items()}


def secrets_of(vendor: Vendor, env: Mapping[str, str]) -> dict[str, str]:
    """Return the secrets of one vendor that this environment knows, by name."""
    secret = (each for each in vendor.variables.values() if each.secret)
    return {each.name: env[each.env] for each in secret if each.env and env.get(each.env)}


def _signing(replayer: Replayer, case: Case) -> Signing | None:
    """Return what signs a delivery anew: redaction changes its bytes, and only the secret's example may stand on disk."""
    if not isinstance(case.plan, Delivery):
        return None
    from provendor.plans.webhooks import signed_anew  # noqa: PLC0415 - few answers are deliveries

    return partial(signed_anew, case.plan, values=replayer.values(case), at=timegm(replayer.today.timetuple()))


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


def _refuse_leaks(redactor: Redactor, text: str) -> None:
    leaks = redactor.leaks(text.encode("utf-8"))
    if leaks:
        found = ", ".join(f"{leak.name} ({leak.form})" for leak in leaks)
        raise UsageError(f"after redaction the answer still holds {found}; nothing was written")
