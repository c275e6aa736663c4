"""Judge a captured delivery byte for byte: whether it is genuine, and else which rule of the contract it breaks.

    provendor verify-webhook shopify/orders.create body.bin --header 'X-Shopify-Hmac-Sha256: …' --header '…'
    provendor verify-webhook chatwoot/message_created body.bin --header '…' --now 1795168800
    provendor verify-webhook shopify --deliveries captured.jsonl
    provendor verify-webhook meta/page.feed --query 'hub.mode=subscribe&hub.verify_token=…&hub.challenge=…'

The secret comes from the environment variable that the contract names, or from the one that --secret-env names; it is
never printed. Where the vendor does not sign, none is needed, and nothing can tell whether a delivery is genuine. Save
the body as it arrived: an editor's line feed at the end breaks the signature. Several deliveries are judged together, in
the order of their arrival: which are new, which are repetitions, which come late.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import parse_qsl

from provendor import requests, validate
from provendor.commands import arguments, console
from provendor.contract import Case, Challenge, Delivery, Vendor
from provendor.errors import UsageError
from provendor.exchange import Headers
from provendor.plaintext import visible
from provendor.plans import inbox, webhooks
from provendor.plans.inbox import Fate
from provendor.plans.webhooks import Received
from provendor.reader import loading
from provendor.recordings import answers
from provendor.recordings.adopt import secrets_of
from provendor.recordings.answers import Captured
from provendor.redaction.redact import Redactor
from provendor.run import exit_code
from provendor.suggest import did_you_mean
from provendor.verdict import Finding, Outcome, worst


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "delivery", metavar="VENDOR/DELIVERY", help="the delivery's id, or its topic; of several the vendor"
    )
    parser.add_argument("body", nargs="?", metavar="FILE", help="the raw body; - reads standard input")
    arguments.add_header(parser)
    parser.add_argument(
        "--deliveries",
        type=Path,
        metavar="FILE",
        help="several deliveries, as YAML, JSON or JSON lines, judged together",
    )
    parser.add_argument("--secret-env", metavar="NAME", help="the environment variable that holds the secret")
    parser.add_argument(
        "--now",
        metavar="EPOCH",
        type=_moment,
        help="when it arrived, in seconds since 1970 or as ISO 8601 (default: now)",
    )
    parser.add_argument("--query", metavar="TEXT", help="judge a handshake instead: the query of the vendor's GET")
    parser.add_argument("--strict", action="store_true", help="a warn is a failure")
    arguments.add_root(parser)
    arguments.add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Judge the delivery, or several; 0 genuine, 1 not, 3 where nothing is signed that could tell."""
    root = arguments.root_of(args)
    vendor_name, _, name = args.delivery.partition("/")
    if sum(given is not None for given in (args.body, args.query, args.deliveries)) != 1:
        raise UsageError(
            "give the file that holds the raw body, or --deliveries for several, or --query for a handshake"
        )
    with arguments.cache_of(root) as cache:
        vendor = loading.load(root, [vendor_name], cache).vendors[vendor_name]
    if args.deliveries is not None and not name:
        cases = {id_: delivery.cases for id_, delivery in vendor.deliveries.items()}
    else:
        found = _cases(vendor, name)
        cases = {found[0].operation: found}
    plans = {id_: _plan(each) for id_, each in cases.items()}
    if args.query is not None:
        return _handshake(next(iter(plans.values())), vendor, args)
    signed = next((plan for plan in plans.values() if plan.signature and plan.secret), None)
    secret = _secret(vendor, signed.secret, args.secret_env) if signed and signed.secret else None
    header = signed.signature.header if signed and signed.signature else None
    captured = _captured(args)
    judged = list(_judged(vendor, cases, plans, captured, secret))
    if args.deliveries is not None:
        _print_all(vendor, judged, header, args.json)
    else:
        _print(f"{vendor.name}/{next(iter(cases))}", judged[0], captured[0], header, args.json)
    levels = [finding.level for each in judged for finding in each.findings]
    unknown = Outcome.PASS if header else Outcome.ERROR
    return exit_code([worst([unknown, *levels])], args.strict)


def _captured(args: argparse.Namespace) -> list[Captured]:
    """Return what is judged, each with the moment of its arrival."""
    now = time.time() if args.now is None else args.now
    if args.deliveries is None:
        return [Captured(_body(args.body), Headers(tuple(args.header)), now)]
    if args.header:
        raise UsageError("--header is for one delivery; those of --deliveries have headers of their own")
    return [each._replace(at=now if each.at is None else each.at) for each in answers.read_deliveries(args.deliveries)]


def _judged(
    vendor: Vendor,
    cases: Mapping[str, tuple[Case, ...]],
    plans: Mapping[str, Delivery],
    captured: list[Captured],
    secret: str | None,
) -> Iterator[Received]:
    """Yield how each delivery fares, without anything that must not be shown."""
    arrived = [(each.headers, each.body, each.at or 0.0) for each in captured]
    for each, received in zip(captured, webhooks.receive(plans, arrived, secret), strict=True):
        of_the_body = _of_the_body(cases[received.delivery], vendor, each.body) if received.delivery else ()
        found = _clean([*received.findings, *of_the_body], vendor, secret, each.body)
        yield received._replace(findings=tuple(found))


def _moment(text: str) -> float:
    found = inbox.moment(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"expected seconds since 1970 or a moment with its zone, got {text!r}")
    return found


def _cases(vendor: Vendor, name: str) -> tuple[Case, ...]:
    """Return the cases of the delivery of this id or topic; raises UsageError."""
    by_id = vendor.deliveries.get(name)
    if by_id is not None:
        return by_id.cases
    known = {id_: _plan(delivery.cases).topic for id_, delivery in vendor.deliveries.items()}
    meant = [id_ for id_, topic in known.items() if topic == name]
    if len(meant) == 1:
        return vendor.deliveries[meant[0]].cases
    if meant:
        raise UsageError(f"several deliveries have the topic {name}: {', '.join(meant)}")
    if not known:
        raise UsageError(f"the contract of {vendor.name} declares no deliveries")
    near = did_you_mean(name, [*known, *filter(None, known.values())])
    raise UsageError(f'{vendor.name} has no delivery "{name}"{near or "; there are " + ", ".join(known)}')


def _plan(cases: Iterable[Case]) -> Delivery:
    """Return what the vendor's deliveries usually carry: a case of older servers may lack the signature."""
    plans = [case.plan for case in cases if isinstance(case.plan, Delivery)]
    return next((plan for plan in plans if plan.signature), plans[0])


def _body(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as reason:
        raise UsageError(f"cannot read the body {file}: {reason.strerror}") from None


def _secret(vendor: Vendor, name: str, given: str | None) -> str:
    variable = given or vendor.variables[name].env or ""
    value = os.environ.get(variable)
    if not value:
        hint = "" if given else ", or name another variable with --secret-env"
        raise UsageError(f"the environment variable {variable} must hold the secret{hint}")
    return value


def _of_the_body(cases: tuple[Case, ...], vendor: Vendor, body: bytes) -> Iterator[Finding]:
    """Yield what the contract would not have expected of the body: worth knowing, and no sign of a forgery."""
    values = {vendor.name: requests.examples(vendor)}
    nearest = validate.judge_answer(cases, None, None, body, values=values).nearest
    for each in nearest.findings if nearest else ():
        yield Finding(each.code, each.expected, each.actual, each.at, each.key, Outcome.WARN)


def _clean(found: Iterable[Finding], vendor: Vendor, secret: str | None, body: bytes) -> Iterator[Finding]:
    """Yield the findings as they may be shown: without the secret, and without what is personal."""
    known = {name: each for name, each in secrets_of(vendor, os.environ).items() if each != secret}
    redactor = Redactor({**known, **({"secret": secret} if secret else {})}, vendor.redact)
    redactor.learn(body)
    for each in found:
        expected, actual = redactor.text(each.expected), redactor.text(each.actual)
        yield Finding(each.code, expected, actual, redactor.place(each.at), each.key, each.level)


def _print(delivery: str, judged: Received, captured: Captured, header: str | None, as_json: bool) -> None:
    """Print what became of one delivery; `header` is where its signature stands, None where the vendor does not sign."""
    size = len(captured.body)
    if as_json:
        findings = [*map(_as_json, judged.findings)]
        genuine = judged.genuine if header else None
        console.print_json({"delivery": delivery, "genuine": genuine, "bytes": size, "findings": findings})
        return
    if header is None:
        print(f"not signed: {delivery}, {size} bytes. Anybody may have sent it: ask the vendor before acting on it")
    elif judged.genuine:
        print(f"genuine: {delivery}, {header} fits these {size} bytes")
    else:
        print(f"not genuine: {delivery}, {size} bytes")
    _print_findings(judged.findings)


def _print_all(vendor: Vendor, judged: list[Received], header: str | None, as_json: bool) -> None:
    """Print a line for each delivery in the order of arrival, and how many of each kind there were."""
    counts = {str(fate): sum(each.fate is fate for each in judged) for fate in Fate}
    counts["not genuine"] = sum(not each.genuine for each in judged)
    if as_json:
        rows = [
            {
                "delivery": f"{vendor.name}/{each.delivery}" if each.delivery else None,
                "genuine": each.genuine if header else None,
                "fate": str(each.fate) if each.fate else None,
                "findings": [*map(_as_json, each.findings)],
            }
            for each in judged
        ]
        console.print_json({"deliveries": rows, "counts": counts})
        return
    for number, each in enumerate(judged, 1):
        said = str(each.fate) if each.fate else "not genuine" if not each.genuine else "unknown"
        print(visible(f"{number} {said}: {vendor.name}/{each.delivery or '?'}"))
        _print_findings(each.findings)
    print(f"{len(judged)} deliveries: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
    if header is None:
        print(f"{vendor.name} does not sign. Anybody may have sent them: ask the vendor before acting on them")


def _as_json(found: Finding) -> dict[str, str]:
    return {
        "code": found.code,
        "level": str(found.level),
        "at": found.at,
        "expected": found.expected,
        "actual": found.actual,
    }


def _print_findings(findings: Iterable[Finding]) -> None:
    for each in findings:
        at = f" at {each.at}" if each.at else ""
        print(visible(f"  {each.level} {each.code}{at}: expected {each.expected}, got {each.actual}"))


def _handshake(plan: Delivery, vendor: Vendor, args: argparse.Namespace) -> int:
    """Say what our endpoint must answer to this query; 0 where the vendor is to be confirmed, 1 where it is refused."""
    rule = plan.challenge
    if rule is None:
        raise UsageError(f"contracts/{vendor.name}/vendor.yaml has no `webhooks.challenge`")
    query = dict(parse_qsl(args.query.removeprefix("?"), keep_blank_values=True))
    token = _secret(vendor, rule.secret, args.secret_env)
    status, text = webhooks.answer_challenge(rule, query, token)
    reasons = [] if status == 200 else list(_refused(rule, query, token))
    if args.json:
        console.print_json({"status": status, "body": text, "reasons": reasons})
    elif status == 200:
        print(visible(f"answer 200 with the body {text}"))
    else:
        print(visible(f"answer 403: {'; '.join(reasons)}"))
    return 0 if status == 200 else 1


def _refused(rule: Challenge, query: dict[str, str], token: str) -> Iterator[str]:
    """Yield every reason for the refusal; never a token."""
    for name, wanted in rule.where:
        if query.get(name) != wanted:
            yield f"{name} is not {wanted}"
    if not query.get(rule.query):
        yield f"{rule.query} holds no text to send back"
    if query.get(rule.verify) != token:
        yield f"{rule.verify} is not our token" if rule.verify in query else f"{rule.verify} is missing"
