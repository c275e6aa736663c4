"""What must not hurt us: harmless changes, and contracts that object."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import delivery_suites
from mutation_suites import ADA, USER, users
from plan_suites import adopted
from provendor.check import check
from provendor.contract import Expect
from provendor.exchange import Exchange
from provendor.mutants.harmless import HARMLESS, Endured, endure
from provendor.recordings.adopt import Answer
from provendor.run import Replayer


def endured(replayer: Replayer) -> Endured:
    return endure(replayer, replayer.suite.cases)


def alarms(replayer: Replayer) -> list[str]:
    return [each.name for each in endured(replayer).alarms]


OPEN = {**USER, "properties": {**USER["properties"], "status": {"anyOf": [{"enum": ["open"]}, {"type": "string"}]}}}


def test_a_fair_contract_endures_all_of_them(tmp_path: Path):
    """Every change is made, and nobody objects."""
    found = endured(users(tmp_path, body=OPEN))

    assert set(found.tried) == set(HARMLESS)
    assert (found.alarms, found.untried) == ((), ())


def test_a_closed_object_refuses_a_new_field(tmp_path: Path):
    """`additionalProperties: false` is a false alarm to come; the finding says where."""
    (alarm,) = endured(users(tmp_path, body={**USER, "additionalProperties": False})).alarms

    assert (alarm.name, alarm.case.id) == ("new-field", "acme/users.get:ok")
    assert alarm.finding is not None
    assert alarm.finding.at == "/provendor_new_field"


def test_a_member_more_of_a_map_is_no_new_field(tmp_path: Path):
    """It would be one of its values."""
    body = {"type": "object", "additionalProperties": {"type": "integer"}}

    assert alarms(users(tmp_path, {"a": 1, "b": 2}, body)) == []


def test_a_check_that_objects_to_what_schemas_allow_is_found(tmp_path: Path):
    """Whole numbers as floats, other orders, longer texts, new words, raw bytes: each check is named by what it refuses."""

    def refusing(refused: Any) -> Replayer:
        @check
        def fussy(exchange: Exchange, expect: Expect) -> None:
            """The answer is as it always was."""
            assert not refused(exchange)

        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        return users(folder, ADA, OPEN, checks=[fussy._replace(name="acme.fussy")])

    assert alarms(refusing(lambda exchange: b"4.0" in exchange.body)) == ["integer-as-float"]
    assert alarms(refusing(lambda exchange: exchange.text.find("Ada") < exchange.text.find("id"))) == ["reordered"]
    assert alarms(refusing(lambda exchange: "Ada " in exchange.text)) == ["longer-text"]
    assert alarms(refusing(lambda exchange: "quarantined" in exchange.text)) == ["open-enum"]
    assert alarms(refusing(lambda exchange: len(exchange.headers) > 1)) == ["new-header"]
    assert alarms(refusing(lambda exchange: "\n" in exchange.text)) == ["whitespace"]


def test_a_delivery_is_signed_anew(tmp_path: Path):
    """The vendor signs what he sends, however he writes it."""
    replayer = delivery_suites.a_suite(
        tmp_path, text=delivery_suites.ORDERS.replace("      old-server: { without: [signature, delivery_id] }\n", "")
    )
    adopted(replayer, "orders.paid:ok", [Answer(delivery_suites.BODY, 200, delivery_suites.PLAIN)])

    assert alarms(replayer) == []
    assert endured(replayer).tried["unicode-escapes"] == 1


def test_a_case_that_fails_by_itself_is_untried(tmp_path: Path):
    """Breaking it would tell nothing."""
    found = endured(users(tmp_path, {"id": 1}))

    assert [each.case for each in found.untried] == ["acme/users.get:ok"]
    assert sum(found.tried.values()) == 0
