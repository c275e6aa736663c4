"""`provendor verify-webhook`: a captured delivery judged from outside, with its secret in the environment."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from delivery_suites import AT, BODY, PLAIN, a_suite, a_vendor, signed, with_header, without
from provendor import cli
from provendor.exchange import Headers

LIVE = "the-live-secret-of-acme"
ROOT = Path(__file__).resolve().parent.parent

Verify = Callable[..., int]


@pytest.fixture
def verify(tmp_path, monkeypatch) -> Verify:
    """Run the command on a body and headers, in a suite of its own; the delivery was signed just now."""
    monkeypatch.setenv("ACME_WEBHOOK_SECRET", LIVE)
    monkeypatch.setenv("ACME_VERIFY_TOKEN", "our-verify-token")

    def run(headers: Headers = PLAIN, *words: str, body: bytes = BODY, name: str = "acme/orders.paid") -> int:
        a_suite(tmp_path)
        (tmp_path / "body.bin").write_bytes(body)
        given = [word for key, value in headers for word in ("--header", f"{key}: {value}")]
        place = ["--root", str(tmp_path)]
        words = (*words, str(tmp_path / "body.bin"))
        return cli.main(["verify-webhook", name, *given, *place, "--now", str(AT), *words])

    return run


def genuine(body: bytes = BODY, **changes: object) -> Headers:
    """Headers as the vendor signs them with the live secret."""
    return signed(PLAIN, body, LIVE)


def test_a_genuine_delivery_is_said_to_be(verify, capsys):
    """With the header that proves it and the number of bytes that it covers."""
    assert verify(genuine()) == 0
    assert capsys.readouterr().out == f"genuine: acme/orders.paid, X-Acme-Signature fits these {len(BODY)} bytes\n"


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        (without(genuine(), "X-Acme-Signature"), BODY, "signature-missing"),
        (with_header(genuine(), "X-Acme-Signature", "sha256=abc"), BODY, "signature-form"),
        (genuine(), BODY + b"\n", "signature-wrong"),
        (signed(PLAIN, BODY, "another"), BODY, "signature-wrong"),
        (signed(PLAIN, BODY, LIVE, AT - 301), BODY, "signature-stale"),
        (without(genuine(), "X-Acme-Timestamp"), BODY, "signature-timestamp"),
        (with_header(genuine(), "X-Acme-Topic", "orders/created"), BODY, "delivery-topic"),
    ],
)
def test_each_broken_rule_is_named(headers, body, code, verify, capsys):
    """And fails the command."""
    assert verify(headers, body=body) == 1
    assert f"fail {code} at header " in capsys.readouterr().out


def test_the_usual_slip_is_explained(verify, capsys):
    """A body that was saved through an editor has a line feed more."""
    assert verify(genuine(), body=BODY + b"\n") == 1
    assert "(the body has lost or gained white space at its ends)" in capsys.readouterr().out


def test_headers_that_were_not_captured_are_a_warning(verify, capsys):
    """They are no sign of a forgery; --strict says otherwise."""
    bare = without(without(genuine(), "X-Acme-Topic"), "X-Acme-Delivery")

    assert verify(bare) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("genuine: ")
    assert "warn delivery-topic" in printed
    assert "warn delivery-id" in printed
    assert verify(bare, "--strict") == 1


def test_a_body_that_the_contract_does_not_describe_is_a_warning(verify, capsys):
    """Genuine all the same: the vendor sends something new."""
    body = b'{"id":"7","updated_at":"2026-11-20T10:00:00Z"}'

    assert verify(genuine(body), body=body) == 0
    assert 'warn body-schema at /id: expected integer, got string "7"' in capsys.readouterr().out


def test_a_delivery_may_be_named_by_its_topic(verify):
    """As it stands in the vendor's header."""
    assert verify(genuine(), name="acme/orders/paid") == 0


def test_the_body_may_come_from_standard_input(verify, monkeypatch, tmp_path):
    """Byte for byte."""
    a_suite(tmp_path)

    class Stdin:
        class buffer:  # noqa: N801 - as sys.stdin has it
            read = staticmethod(lambda: BODY)

    monkeypatch.setattr("sys.stdin", Stdin)
    given = [word for key, value in genuine() for word in ("--header", f"{key}: {value}")]

    assert cli.main(["verify-webhook", "acme/orders.paid", "-", *given, "--root", str(tmp_path), "--now", str(AT)]) == 0


def test_the_secret_may_stand_in_another_variable(verify, monkeypatch):
    """While it is rotated, for instance."""
    monkeypatch.setenv("NEXT_SECRET", "the next one")

    assert verify(signed(PLAIN, BODY, "the next one")) == 1
    assert verify(signed(PLAIN, BODY, "the next one"), "--secret-env", "NEXT_SECRET") == 0


def test_a_variable_without_a_secret_is_named(verify, monkeypatch, capsys):
    """An empty secret would accept what anybody can sign."""
    monkeypatch.setenv("ACME_WEBHOOK_SECRET", "")

    assert verify(signed(PLAIN, BODY, "")) == 2
    assert "ACME_WEBHOOK_SECRET must hold the secret, or name another variable" in capsys.readouterr().err


def test_nothing_printed_holds_the_secret(verify, capsys):
    """Not even where a header of the delivery does."""
    leaking = with_header(genuine(), "X-Acme-Topic", f"orders {LIVE}")

    assert verify(leaking, "--json") == 1
    assert verify(leaking) == 1
    printed = capsys.readouterr()
    assert LIVE not in printed.out + printed.err


def test_machines_get_one_document(verify, capsys):
    """With every finding as fields."""
    assert verify(genuine(), "--json", body=BODY + b"\n") == 1
    document = json.loads(capsys.readouterr().out)

    assert (document["delivery"], document["genuine"], document["bytes"]) == ("acme/orders.paid", False, len(BODY) + 1)
    assert [each["code"] for each in document["findings"]] == ["signature-wrong"]


def test_without_a_moment_the_present_decides(verify, tmp_path, capsys):
    """A delivery of the past is stale, unless its arrival is given."""
    headers = signed(PLAIN, BODY, LIVE, 1_700_000_000)
    given = [word for key, value in headers for word in ("--header", f"{key}: {value}")]
    verify(headers)
    words = ["verify-webhook", "acme/orders.paid", str(tmp_path / "body.bin"), *given, "--root", str(tmp_path)]

    assert cli.main(words) == 1
    assert "signature-stale" in capsys.readouterr().out
    assert cli.main([*words, "--now", "2023-11-14T22:13:20Z"]) == 0


# --- the handshake ------------------------------------------------------------------------------------------------------

ASKED = "hub.mode=subscribe&hub.verify_token=our-verify-token&hub.challenge=1158201444"


@pytest.fixture
def handshake(verify, tmp_path) -> Callable[..., int]:
    """Run the command on the query of a vendor's GET."""
    a_suite(tmp_path)

    def run(query: str, *words: str) -> int:
        return cli.main(["verify-webhook", "acme/orders.paid", "--query", query, "--root", str(tmp_path), *words])

    return run


def test_a_handshake_with_our_token_is_to_be_confirmed(handshake, capsys):
    """By sending the text back."""
    assert handshake(ASKED) == 0
    assert handshake(f"?{ASKED}", "--json") == 0
    first, rest = capsys.readouterr().out.split("\n", 1)
    assert first == "answer 200 with the body 1158201444"
    assert json.loads(rest) == {"status": 200, "body": "1158201444", "reasons": []}


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (ASKED.replace("our-verify-token", "theirs"), "hub.verify_token is not our token"),
        (ASKED.replace("hub.verify_token=our-verify-token&", ""), "hub.verify_token is missing"),
        (ASKED.replace("subscribe", "unsubscribe"), "hub.mode is not subscribe"),
        (ASKED.replace("1158201444", ""), "hub.challenge holds no text to send back"),
    ],
)
def test_a_handshake_is_refused_with_its_reason(query, reason, handshake, capsys):
    """And never with a token in it."""
    assert handshake(query) == 1
    printed = capsys.readouterr().out
    assert printed == f"answer 403: {reason}\n"
    assert "our-verify-token" not in printed


# --- what cannot be carried out -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("acme/orders.payed", 'acme has no delivery "orders.payed", did you mean "orders.paid"?'),
        ("acme/xyzzy", 'acme has no delivery "xyzzy"; there are orders.paid'),
        ("acme", 'acme has no delivery ""; there are orders.paid'),
        ("acmee/orders.paid", 'no vendor "acmee" under contracts/, did you mean "acme"?'),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(name, message, verify, capsys):
    """Exit code 2: the command is wrong, not the delivery."""
    assert verify(name=name) == 2
    assert message in capsys.readouterr().err


def test_a_body_or_a_query_is_needed_and_not_both(handshake, tmp_path, capsys):
    """Either a delivery or a handshake."""
    assert cli.main(["verify-webhook", "acme/orders.paid", "--root", str(tmp_path)]) == 2
    assert handshake(ASKED, str(tmp_path / "body.bin")) == 2
    assert cli.main(["verify-webhook", "acme/orders.paid", str(tmp_path / "none"), "--root", str(tmp_path)]) == 2
    errors = capsys.readouterr().err
    assert (
        errors.count("give the file that holds the raw body, or --deliveries for several, or --query for a handshake")
        == 2
    )
    assert "cannot read the body" in errors


# --- several deliveries -------------------------------------------------------------------------------------------------

OLDER = BODY.replace(b"T10:00:00", b"T09:00:00")
OTHER = BODY.replace(b'"id":7', b'"id":8')


def captured(number: int, body: bytes = BODY, secret: str = LIVE, topic: str = "orders/paid") -> dict[str, object]:
    """A delivery as a receiver might have logged it."""
    headers = with_header(with_header(PLAIN, "X-Acme-Delivery", f"d-{number}"), "X-Acme-Topic", topic)
    return {"headers": dict(signed(headers, body, secret)), "text": body.decode(), "at": AT}


@pytest.fixture
def several(tmp_path, monkeypatch) -> Callable[..., int]:
    """Run the command on several deliveries, an object per line."""
    monkeypatch.setenv("ACME_WEBHOOK_SECRET", LIVE)

    def run(*deliveries: dict[str, object], name: str = "acme", words: tuple[str, ...] = ()) -> int:
        a_suite(tmp_path)
        log = tmp_path / "captured.jsonl"
        log.write_text("".join(json.dumps(each) + "\n" for each in deliveries))
        return cli.main(["verify-webhook", name, "--deliveries", str(log), "--root", str(tmp_path), *words])

    return run


def test_several_deliveries_are_new_repeated_or_late(several, capsys):
    """In the order of their arrival; one that is not genuine counts for nothing."""
    forged = captured(4, OLDER, secret="another")

    assert several(captured(1), captured(1), captured(2, OLDER), captured(3, OTHER), forged, captured(4, BODY)) == 1
    assert capsys.readouterr().out.splitlines() == [
        "1 new: acme/orders.paid",
        "2 duplicate: acme/orders.paid",
        "3 late: acme/orders.paid",
        "4 new: acme/orders.paid",
        "5 not genuine: acme/orders.paid",
        (
            "  fail signature-wrong at header x-acme-signature: "
            "expected the signature of these bytes with our secret, got another one"
        ),
        "6 new: acme/orders.paid",
        "6 deliveries: 3 new, 1 duplicate, 1 late, 1 not genuine",
    ]


def test_repetitions_and_late_ones_are_no_failure(several):
    """They happen; what matters is to know them."""
    assert several(captured(1), captured(1), captured(2, OLDER)) == 0


def test_a_topic_that_is_not_under_contract_is_said(several, capsys):
    """Nothing is known about such a delivery, so nothing says what to do with it."""
    assert several(captured(1, topic="orders/eaten")) == 1
    assert capsys.readouterr().out.splitlines() == [
        "1 unknown: acme/?",
        "  fail delivery-topic at header x-acme-topic: expected a topic of the contract, got orders/eaten",
        "1 deliveries: 0 new, 0 duplicate, 0 late, 0 not genuine",
    ]


def test_machines_get_each_delivery_and_the_counts(several, capsys):
    """One document, in the order of arrival."""
    assert several(captured(1), captured(1), name="acme/orders.paid", words=("--json",)) == 0
    assert json.loads(capsys.readouterr().out) == {
        "deliveries": [
            {"delivery": "acme/orders.paid", "genuine": True, "fate": "new", "findings": []},
            {"delivery": "acme/orders.paid", "genuine": True, "fate": "duplicate", "findings": []},
        ],
        "counts": {"new": 1, "duplicate": 1, "late": 0, "not genuine": 0},
    }


def test_the_secret_is_not_printed_with_several_either(several, capsys):
    """Nor anything that stands in `redact`."""
    assert several(captured(1, b'{"buyer": "Jane Roe"}'), words=("--json",)) == 0
    printed = capsys.readouterr().out
    assert LIVE not in printed
    assert "Jane Roe" not in printed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a list of deliveries, each with headers, at, body, json, text, base64"),
        ("{", "expected a JSON object in every line"),
        ('{"status": 200}', "delivery 1: unknown key status; known here: headers, at, body, json, text, base64"),
        ('{"text": "a", "at": "yesterday"}', 'delivery 1: "yesterday" is no moment'),
        ('{"text": "a", "at": true}', "delivery 1: true is no moment"),
        ("7", "delivery 1: expected a mapping with headers"),
    ],
)
def test_what_is_wrong_with_a_file_of_deliveries_is_said(text, message, several, tmp_path, capsys):
    """With the number of the delivery; exit code 2."""
    several(captured(1))
    (tmp_path / "bad.jsonl").write_text(text)
    words = ["verify-webhook", "acme", "--deliveries", str(tmp_path / "bad.jsonl"), "--root", str(tmp_path)]

    assert cli.main(words) == 2
    assert message in capsys.readouterr().err


def test_headers_belong_to_one_delivery(several, capsys):
    """Those of several stand in their file."""
    assert several(captured(1), words=("--header", "X-A: b")) == 2
    assert "those of --deliveries have headers of their own" in capsys.readouterr().err


@pytest.fixture
def unsigned(tmp_path) -> Verify:
    """Run the command on deliveries of a vendor that does not sign; no secret is in the environment."""
    text = """\
deliveries:
  orders.paid: { summary: Paid., topic: orders/paid, body: { required: [id] }, cases: { ok: {} } }
  orders.lost: { summary: Lost., topic: orders/lost, cases: { ok: {} } }
"""
    a_suite(tmp_path, a_vendor(signature=None, challenge=None), text)

    def run(body: bytes, *words: str, name: str = "acme/orders.paid") -> int:
        (tmp_path / "body.bin").write_bytes(body)
        given = [word for key, value in PLAIN for word in ("--header", f"{key}: {value}")]
        return cli.main(["verify-webhook", name, str(tmp_path / "body.bin"), *given, "--root", str(tmp_path), *words])

    return run


def test_what_nobody_signs_is_not_called_genuine(unsigned, capsys):
    """Whether it is cannot be told, which is neither a success nor a failure; no secret is asked for."""
    assert unsigned(BODY) == 3
    assert capsys.readouterr().out.startswith(f"not signed: acme/orders.paid, {len(BODY)} bytes. Anybody may have")

    assert unsigned(BODY, "--json") == 3
    assert json.loads(capsys.readouterr().out)["genuine"] is None


def test_what_nobody_signs_is_held_to_the_rest_of_the_contract(unsigned, capsys):
    """A body that the contract does not describe is said, and another topic is a failure."""
    assert unsigned(b"{}") == 3
    assert "warn body-schema" in capsys.readouterr().out

    assert unsigned(BODY, name="acme/orders.lost") == 1
    assert "fail delivery-topic" in capsys.readouterr().out


def test_several_that_nobody_signs_are_told_apart_all_the_same(unsigned, tmp_path, capsys):
    """Repetitions are seen by their id, and who sent them is left open."""
    headers = dict(PLAIN)
    lines = "".join(json.dumps({"headers": headers, "text": BODY.decode()}) + "\n" for _ in range(2))
    (tmp_path / "captured.jsonl").write_text(lines, encoding="utf-8")
    words = ["--deliveries", str(tmp_path / "captured.jsonl"), "--root", str(tmp_path)]

    assert cli.main(["verify-webhook", "acme", *words]) == 3
    told = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in told[:2]] == ["1 new", "2 duplicate"]
    assert told[-1] == "acme does not sign. Anybody may have sent them: ask the vendor before acting on them"


def test_a_vendor_without_a_handshake_has_none_to_judge(unsigned, tmp_path, capsys):
    """That is said."""
    assert cli.main(["verify-webhook", "acme/orders.paid", "--query", ASKED, "--root", str(tmp_path)]) == 2
    assert "no `webhooks.challenge`" in capsys.readouterr().err


def test_the_vectors_of_shopify_are_genuine(tmp_path, monkeypatch):
    """Our own contract, with signatures that were computed elsewhere."""
    monkeypatch.setenv("SHOPIFY_WEBHOOK_SECRET", "provendor-test-secret-1")
    body = tmp_path / "body.bin"
    body.write_bytes(
        rb'{"id":820982911946154508,"admin_graphql_api_id":"gid:\/\/shopify\/Order\/820982911946154508","name":"#9999",'
        rb'"total_price":"403.00","test":true}'
    )
    words = ["verify-webhook", "shopify/orders.create", str(body), "--root", str(ROOT), "--header"]

    assert cli.main([*words, "X-Shopify-Hmac-Sha256: Ychhiq8Utq4Ar8xcugHeuqg9dvZJRxle4lYOSG75Kew="]) == 0
    assert cli.main([*words, "X-Shopify-Hmac-Sha256: 7JmUngFdxzJBtJncgC5doc+MX3lwWT9+82QPEab8bXs="]) == 1
