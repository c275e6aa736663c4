"""A suite whose vendor posts to us, and what becomes of deliveries as they arrive."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

from contract_files import write
from provendor import cassette, requests
from provendor.cassette import Interaction, Metadata
from provendor.contract import Case
from provendor.exchange import Headers, Origin
from provendor.reader import loading
from provendor.run import Replayer, Result
from provendor.signature import SignatureRule, sign

TODAY = date(2026, 11, 20)
AT = 1_795_132_800  # 2026-11-20
SECRET = "<webhook_secret>"
BODY = rb'{"id":7,"event":"orders/paid","note":"a\/b","updated_at":"2026-11-20T10:00:00+01:00"}'
VENDOR: dict[str, Any] = {
    "vendor": "acme",
    "title": "Acme",
    "secrets": {"webhook_secret": {"env": "ACME_WEBHOOK_SECRET"}, "verify_token": {"env": "ACME_VERIFY_TOKEN"}},
    "redact": ["$.buyer"],
    "webhooks": {
        "signature": {
            "header": "X-Acme-Signature",
            "encoding": "hex",
            "prefix": "sha256=",
            "signed": "{timestamp}.{body}",
            "timestamp": "X-Acme-Timestamp",
            "tolerance": "5m",
            "secret": "{webhook_secret}",
        },
        "topic": "X-Acme-Topic",
        "delivery_id": "X-Acme-Delivery",
        "subject": {"order": "$.id"},
        "order_by": "$.updated_at",
        "challenge": {
            "query": "hub.challenge",
            "verify": "hub.verify_token",
            "secret": "{verify_token}",
            "where": {"hub.mode": "subscribe"},
        },
    },
}
ORDERS = """
deliveries:
  orders.paid:
    summary: An order was paid.
    topic: orders/paid
    scope: read_orders
    needed_by: the bookkeeping
    body: { type: object, required: [id], properties: { id: { type: integer } } }
    cases:
      ok: {}
      old-server: { without: [signature, delivery_id] }
"""
RULE = SignatureRule(
    "X-Acme-Signature", "sha256", "hex", "{timestamp}.{body}", "sha256=", "X-Acme-Timestamp", tolerance_s=300
)
PLAIN = Headers((("content-type", "application/json"), ("X-Acme-Topic", "orders/paid"), ("X-Acme-Delivery", "d-1")))


def a_vendor(**webhooks: Any) -> dict[str, Any]:
    """Return vendor.yaml with other `webhooks`; None leaves a key out, dots lead into the signature."""
    vendor = deepcopy(VENDOR)
    for key, value in webhooks.items():
        *parents, last = key.split("__")
        holder = vendor["webhooks"]
        for parent in parents:
            holder = holder[parent]
        if value is None:
            holder.pop(last, None)
        else:
            holder[last] = value
    return vendor


def a_suite(root: Path, vendor: dict[str, Any] | None = None, text: str = ORDERS) -> Replayer:
    """Write the contract, and return what replays it."""
    write(root, {"acme/vendor.yaml": vendor or VENDOR, "acme/orders.yaml": text})
    return Replayer(loading.load(root), today=TODAY)


def the_case(replayer: Replayer, name: str = "ok") -> Case:
    """Return one case of the delivery."""
    (found,) = (each for each in replayer.suite.cases if each.id == f"acme/orders.paid:{name}")
    return found


def signed(headers: Headers = PLAIN, body: bytes = BODY, secret: str = SECRET, at: int = AT) -> Headers:
    """Return headers as the vendor would send them."""
    return sign(RULE, headers, body, secret, at)


def without(headers: Headers, name: str) -> Headers:
    """Return headers without one."""
    return Headers(tuple(pair for pair in headers if pair[0].lower() != name.lower()))


def with_header(headers: Headers, name: str, value: str) -> Headers:
    """Return headers with another value for one."""
    return Headers((*without(headers, name), (name, value)))


def arrived(replayer: Replayer, headers: Headers | None = None, body: bytes = BODY, name: str = "ok") -> Result:
    """Return what becomes of a case whose cassette holds this delivery, byte for byte."""
    case = the_case(replayer, name)
    request = requests.build(case, replayer.values(case))
    taken = Interaction(request, 200, signed(body=body) if headers is None else headers, body)
    metadata = Metadata(
        origin=Origin.SYNTHETIC,
        source="https://docs.acme.example/webhooks",
        at=TODAY.isoformat(),
        environment=None,
        api_version=None,
        request_digest=requests.digest(request),
        contract=case.id,
        provendor="0",
        note=None,
    )
    text = cassette.dump([taken], metadata)
    return replayer.judge(case, cassette.parse(text.encode(), f"cassettes/{case.cassette}"))


def codes(result: Result) -> list[str]:
    """The codes of a result's findings."""
    return [finding.code for finding in result.findings]
