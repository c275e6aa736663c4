"""Deliveries as contract files write them, to their plans: the vendor's `webhooks`, a delivery, and one case of it."""

from __future__ import annotations

from typing import Any

from provendor.contract import Challenge, Delivery
from provendor.reader.notation import seconds
from provendor.signature import SignatureRule

RECEIVER = "https://receiver.example"
"""Stands for our own endpoint in cassettes."""


def plan(shared: dict[str, Any], delivery: dict[str, Any], case: dict[str, Any]) -> Delivery:
    """Return what one case of a delivery is, from the vendor's `webhooks`, the delivery and the case."""
    lacking = case.get("without", ())
    own = {key: delivery[key] for key in ("delivery_id", "subject", "order_by") if key in delivery}
    carried = {key: value for key, value in (shared | own).items() if key not in lacking}
    signature = carried.get("signature")
    return Delivery(
        topic=delivery.get("topic"),
        topic_at=carried.get("topic"),
        delivery_id=_places(carried.get("delivery_id", [])),
        subject=_subject(carried["subject"]) if "subject" in carried else None,
        order_by=carried.get("order_by"),
        signature=_signature(signature) if signature else None,
        secret=_name(signature["secret"]) if signature else None,
        challenge=_challenge(carried["challenge"]) if "challenge" in carried else None,
        scope=delivery.get("scope", ""),
        dedupe=delivery.get("dedupe", ""),
        needed_by=delivery.get("needed_by", ""),
    )


def _places(value: str | list[str]) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, list) else (value,)


def _subject(value: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    ((kind, places),) = value.items()
    return kind, _places(places)


def _signature(value: dict[str, Any]) -> SignatureRule:
    return SignatureRule(
        header=value["header"],
        algorithm=value.get("algorithm", "sha256"),
        encoding=value["encoding"],
        signed=value.get("signed", "{body}"),
        prefix=value.get("prefix", ""),
        timestamp=value.get("timestamp"),
        tolerance_s=seconds(value["tolerance"]) if "tolerance" in value else None,
    )


def _challenge(value: dict[str, Any]) -> Challenge:
    return Challenge(value["query"], value["verify"], _name(value["secret"]), tuple(value.get("where", {}).items()))


def _name(reference: str) -> str:
    return reference[1:-1]
