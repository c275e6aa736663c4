"""What a contract would catch: mutants, their fates, the score."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contract_files import write
from mutation_suites import ADA, REFUSED, USER, measured, survivor, told, users
from provendor.check import check
from provendor.contract import Expect
from provendor.errors import UsageError
from provendor.exchange import Exchange
from provendor.mutants.mutate import Measure
from provendor.mutants.mutation import OPERATORS, named


def loosened(**properties: Any) -> dict[str, Any]:
    """The schema of a user with other properties."""
    return {**USER, "properties": {**USER["properties"], **properties}}


class TestAMutant:
    def test_is_killed_where_a_check_fails(self, tmp_path: Path):
        """Every field of a tight contract is guarded in every way."""
        strength = measured(users(tmp_path))

        assert told(strength) == set()
        assert strength.fields.score == 1.0
        assert strength.fields.killed > 20
        assert strength.status.score == 1.0

    def test_survives_where_nothing_is_said(self, tmp_path: Path):
        """Silence is no consent."""
        strength = measured(users(tmp_path, body=loosened(name={"type": "string"})))

        assert told(strength) == {("empty-string", "/name")}

    def test_is_equivalent_where_the_contract_allows_it_in_so_many_words(self, tmp_path: Path):
        """`minLength: 0` says that the text may be empty, and it is in no score."""
        silent = measured(users(tmp_path / "a", body=loosened(name={"type": "string"})))
        outspoken = measured(users(tmp_path / "b", body=loosened(name={"type": "string", "minLength": 0})))

        assert told(outspoken) == set()
        assert outspoken.fields.equivalent == silent.fields.equivalent + 1
        assert outspoken.fields.survived == silent.fields.survived - 1

    def test_of_an_optional_field_survives(self, tmp_path: Path):
        """That a field may be missing is said by nobody; renamed, it is missing as well."""
        value = {**ADA, "nick_name": "A"}
        strength = measured(users(tmp_path, value, loosened(nick_name={"type": "string", "minLength": 1})))

        assert told(strength) == {("drop", "/nick_name"), ("rename", "/nick_name")}

    def test_counts_once_however_many_cases_show_its_place(self, tmp_path: Path):
        """Another case with the same schema changes neither the score nor the number of survivors."""
        cases = {"again": ({"status": 200, "body": IN_FILE}, {**ADA, "name": "Bob"}, 200)}
        for root in (tmp_path / "a", tmp_path / "b"):
            in_file(root, loosened(name={"type": "string"}))
        one = measured(users(tmp_path / "a", body=IN_FILE))
        two = measured(users(tmp_path / "b", body=IN_FILE, cases=cases))

        assert (two.fields.killed, two.fields.survived) == (one.fields.killed, one.fields.survived)
        assert two.alike > one.alike
        assert [each.case.name for each in survivor(two, "empty-string", "/name").sightings] == ["ok", "again"]

    def test_is_killed_where_one_of_several_cases_turns_red(self, tmp_path: Path):
        """The suite turns red if the vendor makes this change, be it in a case to which a condition applies."""
        closed = {"required": ["status"], "properties": {"status": {"const": "closed"}}}
        loose = loosened(name={"type": "string"}) | {"if": closed, "then": {"properties": {"name": {"minLength": 1}}}}
        in_file(tmp_path, loose)
        cases = {"closed": ({"status": 200, "body": IN_FILE}, {**ADA, "status": "closed"}, 200)}
        strength = measured(users(tmp_path, body=IN_FILE, cases=cases))

        assert told(strength) == set()

    def test_is_another_one_under_another_error(self, tmp_path: Path):
        """What a refusal must hold is not proved by another refusal."""
        rules = [
            {"status": 401, "json": {"$.error": "gone"}, "code": "token-gone", "retryable": False},
            {"status": 401, "code": "unauthorized", "retryable": False},
        ]
        cases = {
            "gone": ({"status": 401, "error": "token-gone", "body": OPTIONAL}, {"error": "gone"}, 401),
            "other": ({"status": 401, "error": "unauthorized", "body": OPTIONAL}, {"error": "no"}, 401),
        }
        strength = measured(users(tmp_path, cases=cases, vendor={"errors": rules}), "drop")

        assert [each.case.name for each in survivor(strength, "drop", "/error").sightings] == ["other"]

    def test_that_crashes_a_check_is_killed(self, tmp_path: Path):
        """An error is no pass."""

        @check
        def names_are_long(exchange: Exchange, expect: Expect) -> None:
            """A name has letters."""
            user: Any = exchange.json
            assert user["name"][0].isalpha()

        strength = measured(
            users(tmp_path, body=loosened(name={"type": "string"}), checks=[named_check(names_are_long)])
        )

        assert told(strength) == set()


OPTIONAL = {"type": "object", "properties": REFUSED["properties"]}


IN_FILE = {"$ref": "schemas/user.yaml#/user"}


def in_file(root: Path, schema: Any) -> None:
    """Write a schema into a file of the vendor, where several cases can refer to it."""
    write(root, {"acme/schemas/user.yaml": {"user": schema}})


def named_check(each: Any) -> Any:
    """A check as `load_checks` names it."""
    return each._replace(name=f"acme.{each.name}")


class TestWhatIsReliedOn:
    def test_what_only_comes_is_counted_apart(self, tmp_path: Path):
        """Sent, not declared: no mutant, and a line for a reviewer."""
        strength = measured(users(tmp_path, {**ADA, "extra": {"a": 1}}))

        assert strength.silent == {"users.get": ["/extra"]}
        assert not any(each.first.at.startswith("/extra") for each in strength.survivors)

    def test_a_field_that_a_check_reads_counts_although_no_schema_declares_it(self, tmp_path: Path):
        """By name: going through everything is not looking at anything."""

        @check
        def marked(exchange: Exchange, expect: Expect) -> None:
            """The user is marked, and there is nothing secret."""
            user: Any = exchange.json
            assert user["mark"] == "x"
            assert all(value != "secret" for value in user.values())

        value = {**ADA, "mark": "x", "other": "y"}
        strength = measured(users(tmp_path, value, checks=[named_check(marked)]), "drop")

        assert strength.silent == {"users.get": ["/other"]}
        assert strength.fields.killed == 4

    def test_a_field_that_the_error_table_reads_counts(self, tmp_path: Path):
        """The rule looks at it, so that its loss is noticed."""
        rules = [{"status": 401, "json": {"$.code": "gone"}, "code": "token-gone", "retryable": False}]
        cases = {"gone": ({"status": 401, "error": "token-gone"}, {"code": "gone"}, 401)}
        strength = measured(users(tmp_path, cases=cases, vendor={"errors": rules}), "drop", "rename")

        assert strength.fields.killed == 4  # three of the user, one of the refusal

    def test_only_an_id_that_was_asked_for_is_exchanged(self, tmp_path: Path):
        """The answer to a path with an id is about that object; other numbers are what they are."""
        value = {**ADA, "id": 7, "group": {"id": 7}}
        body = loosened(group={"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}})
        strength = measured(users(tmp_path, value, body, request="GET /users/{user_id}"), "other-id")

        assert told(strength) == {("other-id", "/id")}

    def test_a_check_that_compares_with_the_request_notices_another_id(self, tmp_path: Path):
        """No schema knows what was asked."""

        @check
        def it_is_the_one_asked_for(exchange: Exchange, expect: Expect) -> None:
            """The user is the one asked for."""
            user: Any = exchange.json
            assert exchange.request.url.endswith(f"/{user['id']}")

        replayer = users(
            tmp_path, {**ADA, "id": 7}, request="GET /users/{user_id}", checks=[named_check(it_is_the_one_asked_for)]
        )
        assert told(measured(replayer, "other-id")) == set()


class TestTolerances:
    LOOSE = loosened(name={"type": "string"})

    def tolerating(self, tmp_path: Path, *entries: dict[str, Any]) -> Any:
        reasons = [{"reason": "Some have none.", **entry} for entry in entries]
        return measured(users(tmp_path, body=self.LOOSE, vendor={"tolerates": reasons}))

    @pytest.mark.parametrize(
        "at", ["users.get#/name", "users.*#/name", "*#*/name", "users.get", ["users.list#/name", "users.get#/name"]]
    )
    def test_one_excuses_survivors_of_its_place(self, tmp_path: Path, at: Any):
        """Patterns of operations and of places, as in `spec_disagrees`."""
        strength = self.tolerating(tmp_path, {"at": at, "operators": ["empty-string"]})

        assert told(strength) == set()
        assert strength.fields.score == 1.0
        assert [each.at for each in strength.unused] == ["users.list#/name"] * isinstance(at, list)

    @pytest.mark.parametrize(
        "entry",
        [
            {"at": "users.get#/nam", "operators": ["empty-string"]},
            {"at": "users.list#/name", "operators": ["empty-string"]},
            {"at": "users.get#/name", "operators": ["null"]},
            {"at": "users.get#/id", "operators": ["drop"]},
        ],
    )
    def test_one_that_matches_no_survivor_is_named(self, tmp_path: Path, entry: dict[str, Any]):
        """Another place, another operation, another operator, or a mutant that is killed anyway."""
        strength = self.tolerating(tmp_path, entry)

        assert told(strength) == {("empty-string", "/name")}
        assert [(each.at, each.operators) for each in strength.unused] == [(entry["at"], tuple(entry["operators"]))]

    def test_whoever_may_be_missing_may_be_renamed(self, tmp_path: Path):
        """For whoever reads the old name it is the same."""
        body = loosened(nick_name={"type": "string", "minLength": 1})
        entry = {"at": "*#/nick_name", "operators": ["drop"], "reason": "Few have one."}
        strength = measured(users(tmp_path, {**ADA, "nick_name": "A"}, body, vendor={"tolerates": [entry]}))

        assert told(strength) == set()
        assert strength.unused == ()

    def test_unused_ones_are_only_told_of_whole_vendors(self, tmp_path: Path):
        """Half of the cases say nothing about the others' tolerances."""
        entry = {"at": "users.list", "operators": ["drop"], "reason": "None."}
        cases = {"again": ({"status": 200}, ADA, 200)}
        replayer = users(tmp_path, cases=cases, vendor={"tolerates": [entry]})
        vendor = replayer.suite.vendors["acme"]

        assert Measure(replayer, named([])).vendor(vendor, vendor.cases[:1]).unused == ()
        assert len(Measure(replayer, named([])).vendor(vendor, vendor.cases).unused) == 1


class TestTheScore:
    def test_of_a_weak_contract_is_low(self, tmp_path: Path):
        """Whoever only looks at the status catches nothing of what goes wrong inside."""
        strength = measured(users(tmp_path, body=None))

        assert strength.fields.score is not None
        assert strength.fields.score < 0.3
        assert strength.status.score is not None
        assert strength.status.score < 1.0  # an error under status 200 passes

    @pytest.mark.parametrize("name", USER["required"])
    def test_falls_when_a_required_field_is_no_longer_demanded(self, tmp_path: Path, name: str):
        """Every single one counts."""
        whole = measured(users(tmp_path / "a"))
        required = [each for each in USER["required"] if each != name]
        less = measured(users(tmp_path / "b", body={**USER, "required": required}))

        assert less.fields.score is not None
        assert whole.fields.score is not None
        assert less.fields.score < whole.fields.score

    def test_is_none_where_nothing_could_be_judged(self, tmp_path: Path):
        """A recording that is no pass tells nothing when it is broken; unknown is not zero."""
        strength = measured(users(tmp_path, {"id": 4}))

        assert (strength.fields.score, strength.status.score) == (None, None)
        assert [(each.case, each.foreseen) for each in strength.untried] == [("acme/users.get:ok", False)]

    def test_a_failure_that_is_foreseen_is_no_error(self, tmp_path: Path):
        """`pending` cases are not tried."""
        pending = {"pending": {"reason": "Known.", "until": "2026-12-01"}}
        strength = measured(users(tmp_path, {"id": 4}, case=pending))

        assert [each.foreseen for each in strength.untried] == [True]

    def test_a_case_without_a_cassette_is_untried(self, tmp_path: Path):
        """It is named with the reason."""
        replayer = users(tmp_path)
        (tmp_path / "cassettes/acme/users.get/ok.yaml").unlink()

        (untried,) = measured(replayer).untried
        assert "there is no such cassette" in untried.reason

    def test_is_the_same_every_time(self, tmp_path: Path):
        """One seed makes one set of choices; another makes others."""
        cases = {"no": ({"status": 401, "error": "unauthorized"}, {"error": "no"}, 401)}
        replayer = users(tmp_path, body=None, cases=cases)
        first, second, other = (measured(replayer, seed=seed) for seed in (1, 1, 2))

        assert replace(first) == replace(second)
        assert told(first) == told(other)
        assert [each.first.told for each in first.survivors] == [each.first.told for each in second.survivors]

    def test_counts_only_the_operators_asked_for(self, tmp_path: Path):
        """One operator, one mutant for each field that it applies to."""
        strength = measured(users(tmp_path), "drop")

        assert (strength.fields.killed, strength.status.killed) == (3, 0)


def test_an_unknown_operator_is_refused_with_a_suggestion():
    """Names are those of the reference."""
    with pytest.raises(UsageError, match="no operator is called 'dropp', did you mean \"drop\""):
        named(["dropp"])
    assert [each.name for each in named(["null", "drop"])] == ["drop", "null"]
    assert len(named([])) == len(OPERATORS)
