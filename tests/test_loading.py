"""Loading contracts: what comes of them, what is kept, and what is said where they cannot be read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from contract_files import VENDOR, a_case_of, a_contract, a_resource, a_vendor, an_operation, write
from provendor.cache import Cache
from provendor.contract import Auth, Body, HeaderTest, JsonTest, Pending, Place, Probe, RateLimit, StatusSet, Suite
from provendor.errors import ContractError, UsageError
from provendor.reader import loading, source
from provendor.reader.loading import load

CHATWOOT = """\
vendor: chatwoot
title: Chatwoot
owner: integrations
docs: https://developers.example.com/
runbook: https://runbooks.example.com/chatwoot
api_version: "4.16"
notes: Ask before you activate it.
environments:
  sandbox:    { base_url: { env: CHATWOOT_SANDBOX_URL } }
  production: { base_url: { env: CHATWOOT_BASE_URL, default: https://app.example.com, title: The server } }
live_flag: CHATWOOT_LIVE
secrets:
  api_key:    { env: CHATWOOT_API_KEY, title: An agent's token }
variables:
  account_id: { env: CHATWOOT_ACCOUNT_ID, example: 1, default: 2 }
auth: { header: Api-Access-Token, value: "{api_key}" }
rate_limit: { requests: 10, per: 1s }
max_age: 90d
redact: [$.email]
errors:
  - { status: 401, code: unauthorized, retryable: false, title: The token is wrong. }
  - { status: [429, 5xx], header: { Retry-After: { present: true } }, text: later, code: busy, retryable: true }
"""

CONVERSATIONS = """\
operations:
  conversations.list:
    summary: Conversations waiting for an agent.
    request: GET /api/v1/accounts/{account_id}/conversations
    query: { status: open, labels: [a, b] }
    headers: { Accept: application/json }
    idempotency: Asking again changes nothing.
    probe: { every: 60s, warn_after: 800ms, timeout: 5s, fail_after: 2, recover_after: 3 }
    errors:
      - { status: 404, json: { $.error: { pattern: found }, $.code: 7 }, code: not-found, retryable: false }
    cases:
      ok:
        summary: There are some.
        status: [200, 2xx]
        headers: { Link: { present: true }, X-Page: "1" }
        content_type: application/json
        body: { type: object }
        latency: { warn_after: 1s, fail_after: 2.5s }
      unauthorized:
        with: { auth: wrong, query: { labels: null, page: 2 }, headers: { accept: text/plain } }
        status: 401
        error: unauthorized
        text: token
      empty:
        live: never
        status: 204
        empty: true
        pending: { reason: Not deployed yet., until: 2026-12-15, ticket: OCC-1 }
"""


@pytest.fixture
def chatwoot(tmp_path) -> Suite:
    """A contract that says something under nearly every key."""
    return load(write(tmp_path, {"chatwoot/vendor.yaml": CHATWOOT, "chatwoot/conversations.yaml": CONVERSATIONS}))


def printed(root: Path, **arguments: Any) -> list[str]:
    """Load what cannot be loaded and return the lines that are printed."""
    with pytest.raises(ContractError) as trouble:
        load(root, **arguments)
    return [str(problem) for problem in trouble.value.problems]


class TestWhatComesOfAContract:
    """The frozen classes hold what the files say."""

    def test_the_vendor(self, chatwoot, tmp_path):
        """What vendor.yaml says stands in the fields of the same names."""
        vendor = chatwoot.vendors["chatwoot"]

        assert (vendor.name, vendor.title, vendor.owner, vendor.api_version) == (
            "chatwoot", "Chatwoot", "integrations", "4.16",
        )  # fmt: skip
        assert (vendor.docs, vendor.runbook) == (
            "https://developers.example.com/",
            "https://runbooks.example.com/chatwoot",
        )
        assert (vendor.live_flag, vendor.max_age_days, vendor.redact) == ("CHATWOOT_LIVE", 90, ("$.email",))
        assert vendor.rate_limit == RateLimit(10, 1.0)
        assert vendor.notes == "Ask before you activate it."
        assert vendor.folder == tmp_path / "contracts" / "chatwoot"
        assert vendor.place == Place("contracts/chatwoot/vendor.yaml", 1, 1)

    def test_variables_and_secrets(self, chatwoot):
        """A secret is a variable whose example is its own name; a default is text, as environments hold text."""
        variables = chatwoot.vendors["chatwoot"].variables

        assert (variables["account_id"].env, variables["account_id"].example) == ("CHATWOOT_ACCOUNT_ID", 1)
        assert (variables["account_id"].default, variables["account_id"].secret) == ("2", False)
        assert (variables["api_key"].env, variables["api_key"].example) == ("CHATWOOT_API_KEY", "<api_key>")
        assert (variables["api_key"].secret, variables["api_key"].title) == (True, "An agent's token")

    def test_base_urls(self, chatwoot):
        """Replay takes the example, else the default, else a name that belongs to nobody."""
        sandbox, production = (
            chatwoot.vendors["chatwoot"].environments[name].base_url for name in ("sandbox", "production")
        )

        assert (sandbox.env, sandbox.example, sandbox.default) == (
            "CHATWOOT_SANDBOX_URL",
            "https://chatwoot.example",
            None,
        )
        assert (production.example, production.default) == ("https://app.example.com", "https://app.example.com")

    def test_the_error_table(self, chatwoot):
        """Conditions, code, retryability and place of each rule, in the order of the file."""
        first, second = chatwoot.vendors["chatwoot"].errors

        assert (first.code, first.retryable, first.title) == ("unauthorized", False, "The token is wrong.")
        assert first.status == StatusSet(frozenset({401}))
        assert first.place == Place("contracts/chatwoot/vendor.yaml", 21, 5)
        assert second.status == StatusSet(frozenset({429}), frozenset({5}))
        assert second.headers == (HeaderTest("Retry-After", present=True),)
        assert second.text == "later"

    def test_the_operation(self, chatwoot):
        """What the operation says stands in the fields of the same names."""
        operation = chatwoot.vendors["chatwoot"].operations["conversations.list"]

        assert operation.summary == "Conversations waiting for an agent."
        assert operation.idempotency == "Asking again changes nothing."
        assert operation.safety == "read"
        assert operation.probe == Probe(60.0, 5.0, 800.0, fail_after=2, recover_after=3)
        assert operation.place == Place("contracts/chatwoot/conversations.yaml", 2, 3)
        assert operation.template.target == "/api/v1/accounts/{account_id}/conversations"
        assert dict(operation.template.query) == {"status": "open", "labels": ["a", "b"]}
        assert operation.template.auth == (Auth("header", "Api-Access-Token", "{api_key}"),)

    def test_the_expectation(self, chatwoot):
        """What must come back, with times in milliseconds."""
        expect = chatwoot.cases[0].expect

        assert expect.status == StatusSet(frozenset({200}), frozenset({2}))
        assert expect.headers == (HeaderTest("Link", present=True), HeaderTest("X-Page", equals="1"))
        assert expect.content_type == "application/json"
        assert (expect.warn_after_ms, expect.fail_after_ms, expect.max_age_days) == (1000.0, 2500.0, 90)
        assert expect.body is not None
        assert [expect.body.is_valid({}), expect.body.is_valid([])] == [True, False]

    def test_an_operations_own_rules_come_first(self, chatwoot):
        """An answer is judged by the operation's rules, then by the vendor's."""
        expect = chatwoot.cases[0].expect

        assert [rule.code for rule in expect.errors] == ["not-found", "unauthorized", "busy"]
        assert expect.errors[0].json == (JsonTest("$.error", pattern="found"), JsonTest("$.code", equals=7))
        assert chatwoot.vendors["chatwoot"].operations["conversations.list"].errors == expect.errors[:1]

    def test_what_differs_in_a_case(self, chatwoot):
        """Query and headers are merged by name, null removes, and a header's case makes no difference."""
        case = chatwoot.cases[1]

        assert dict(case.template.query) == {"status": "open", "page": 2}
        assert dict(case.template.headers) == {"accept": "text/plain"}
        assert case.template.wrong_auth
        assert (case.expect.error, case.expect.text) == ("unauthorized", "token")
        assert dict(chatwoot.cases[0].template.headers) == {"Accept": "application/json"}

    def test_a_case_that_is_never_live_and_known_to_fail(self, chatwoot):
        """`live`, `pending` and the line of the case's own key."""
        case = chatwoot.cases[2]

        assert (case.live, case.expect.empty) == (False, True)
        assert case.pending == Pending("Not deployed yet.", date(2026, 12, 15), "OCC-1")
        assert case.place == Place("contracts/chatwoot/conversations.yaml", 24, 7)

    @pytest.mark.parametrize(
        ("written", "auth"),
        [
            ("none", ()),
            ({"bearer": "{api_key}"}, (Auth("bearer", "", "{api_key}"),)),
            ({"query": "key", "value": "{api_key}"}, (Auth("query", "key", "{api_key}"),)),
            (
                [{"basic": {"username": "me", "password": "{api_key}"}}, {"header": "X-Key", "value": "{api_key}"}],
                (Auth("basic", "me", "{api_key}"), Auth("header", "X-Key", "{api_key}")),
            ),
        ],
    )
    def test_every_way_to_authenticate(self, tmp_path, written, auth):
        """An operation's credentials replace the vendor's, and a case's replace the operation's."""
        of_operation = load(a_contract(tmp_path / "operation", users=a_resource(auth=written)))
        of_case = load(a_contract(tmp_path / "case", users=a_case_of(**{"with": {"auth": written}})))

        assert of_operation.cases[0].template.auth == auth
        assert of_case.cases[0].template.auth == auth

    @pytest.mark.parametrize(
        ("written", "body"),
        [
            ({"json": [1, None]}, Body("json", [1, None])),
            ({"json": None}, Body("json", None)),
            ({"form": {"name": "Ada", "tags": ["a", "b"]}}, Body("form", {"name": "Ada", "tags": ["a", "b"]})),
            ({"raw": {"content_type": "text/csv", "text": "a,b"}}, Body("raw", "a,b", "text/csv")),
        ],
    )
    def test_every_kind_of_body(self, tmp_path, written, body):
        """A case's body replaces the operation's, whatever kind it was."""
        posts = {"request": "POST /users", "safety": "write"}
        users = {"operations": {"users.add": {**an_operation(**posts), **written}}}
        of_operation = load(a_contract(tmp_path / "operation", users=users))
        changed = {"ok": {"with": written, "status": 201}}
        of_case = load(a_contract(tmp_path / "case", users=a_resource(**posts, json={"name": "Eve"}, cases=changed)))

        assert of_operation.cases[0].template.body == body
        assert of_case.cases[0].template.body == body
        assert of_case.cases[0].safety == "write"

    def test_vendors_and_files_come_in_order(self, tmp_path):
        """By name, so that the order is the same on every machine; operations and cases as they are written."""
        of_file = {"b": ["z.get", "a.get"], "a": ["y.get"]}
        files = {
            f"{v}/{f}.yaml": {"operations": dict.fromkeys(ops, an_operation())}
            for v in ("zeta", "alfa")
            for f, ops in of_file.items()
        }
        suite = load(
            write(tmp_path, {**files, "zeta/vendor.yaml": a_vendor("zeta"), "alfa/vendor.yaml": a_vendor("alfa")})
        )

        operations = ["y.get", "z.get", "a.get"]
        assert [case.id for case in suite.cases] == [f"{v}/{o}:ok" for v in ("alfa", "zeta") for o in operations]

    def test_what_is_loaded_cannot_be_changed(self, chatwoot):
        """A contract is read once and shared by everything that runs."""
        vendor = chatwoot.vendors["chatwoot"]
        for mapping in (chatwoot.vendors, vendor.operations, vendor.variables, chatwoot.cases[1].template.query):
            with pytest.raises(TypeError):
                mapping["x"] = None


class TestReferences:
    """Bodies name schemas in their own file and in files of the vendor's folder."""

    def test_a_schema_of_the_same_file_and_of_another(self, tmp_path):
        """Both are compiled when they are first used, and judge."""
        cases = {
            "here": {"status": 200, "body": {"$ref": "#/schemas/user"}},
            "there": {"status": 200, "body": {"$ref": "schemas/user.yaml#/user"}},
            "json": {"status": 200, "body": {"$ref": "schemas/user.json"}},
        }
        user = {"type": "object", "required": ["id"]}
        files = {
            "acme/vendor.yaml": a_vendor(),
            "acme/users.yaml": {"schemas": {"user": user}, **a_resource(cases=cases)},
            "acme/schemas/user.yaml": {"user": user},
            "acme/schemas/user.json": user,
        }

        bodies = [case.expect.body for case in load(write(tmp_path, files)).cases]

        assert [(body.is_valid({"id": 1}), body.is_valid({})) for body in bodies if body] == [(True, False)] * 3

    def test_a_file_that_no_reference_names_is_not_judged(self, tmp_path):
        """Half-finished schemas and other data may lie about."""
        write(tmp_path, {"acme/schemas/draft.yaml": "user: { type: objekt }", "acme/spec/openapi.json": "{"})

        assert load(a_contract(tmp_path)).cases


class TestFolders:
    """What lies under contracts/ besides contracts."""

    def test_no_folder(self, tmp_path):
        """The first thing that goes wrong on a new machine says what to do."""
        assert printed(tmp_path) == [
            "contracts: there is no contracts folder; make one, with a folder for each vendor in it"
        ]

    def test_a_file_in_place_of_the_folder(self, tmp_path):
        """It is named as what it is."""
        (tmp_path / "contracts").write_text("")

        assert printed(tmp_path) == [
            "contracts: not a folder; contracts are a folder, with a folder for each vendor in it"
        ]

    def test_an_empty_folder(self, tmp_path):
        """Nothing to prove is never quietly fine."""
        (tmp_path / "contracts").mkdir()

        assert printed(tmp_path) == ["contracts: holds no vendor: make a folder with a vendor.yaml in it"]

    def test_an_empty_vendor(self, tmp_path):
        """A folder is a promise of a vendor."""
        a_contract(tmp_path)
        (tmp_path / "contracts" / "billing").mkdir()

        assert printed(tmp_path) == ["contracts/billing/vendor.yaml: every vendor's folder needs this file"]

    def test_a_contract_beside_the_folders(self, tmp_path):
        """It would be read by nobody."""
        a_contract(tmp_path)
        write(tmp_path, {"users.yaml": a_resource(), "README.md": "Fine.", ".hidden.yaml": "fine"})

        assert printed(tmp_path) == ["contracts/users.yaml: a contract lies in its vendor's folder, not beside it"]

    def test_hidden_files_and_notes_are_left_alone(self, tmp_path):
        """Editors, version control and people leave files that are no contracts."""
        a_contract(tmp_path)
        write(
            tmp_path,
            {"acme/.users.yaml.swp": "\0", "acme/.git/x.yaml": "{", "acme/README.md": "#", ".idea/x.yaml": "{"},
        )

        assert [case.id for case in load(tmp_path).cases] == ["acme/users.get:ok"]

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
    def test_a_pipe_does_not_hang(self, tmp_path):
        """Whatever is not a regular file is refused before it is opened."""
        a_contract(tmp_path)
        os.mkfifo(tmp_path / "contracts" / "acme" / "teams.yaml")

        assert printed(tmp_path) == ["contracts/acme/teams.yaml: not a regular file, nor a link to one"]

    def test_a_folder_with_a_contracts_name(self, tmp_path):
        """A folder is a folder, whatever it is called; its files are only read when a reference names them."""
        a_contract(tmp_path)
        (tmp_path / "contracts" / "acme" / "teams.yaml").mkdir()

        assert len(load(tmp_path).cases) == 1

    def test_a_link_out_of_the_vendors_folder(self, tmp_path):
        """A contract in a pull request cannot make CI read what lies elsewhere, nor print parts of it."""
        a_contract(tmp_path)
        (tmp_path / "private.yaml").write_text("token: hunter2")
        (tmp_path / "contracts" / "acme" / "teams.yaml").symlink_to(tmp_path / "private.yaml")
        (tmp_path / "contracts" / "acme" / "gone.yaml").symlink_to(tmp_path / "nowhere")

        assert printed(tmp_path) == [
            "contracts/acme/gone.yaml: a link that leads out of the vendor's folder is not followed",
            "contracts/acme/teams.yaml: a link that leads out of the vendor's folder is not followed",
        ]

    def test_a_link_within_the_vendors_folder(self, tmp_path):
        """It is followed: two names of one schema are harmless."""
        write(tmp_path, {"acme/schemas/user.yaml": {"type": "object"}})
        a_contract(tmp_path, users=a_case_of(body={"$ref": "schemas/person.yaml"}))
        (tmp_path / "contracts" / "acme" / "schemas" / "person.yaml").symlink_to("user.yaml")

        body = load(tmp_path).cases[0].expect.body
        assert body is not None
        assert body.is_valid({})

    def test_a_link_that_leads_to_nothing_or_to_itself(self, tmp_path):
        """Neither ends in a traceback."""
        a_contract(tmp_path)
        folder = tmp_path / "contracts" / "acme"
        (folder / "dangling.yaml").symlink_to("nothing.yaml")
        (folder / "loop.yaml").symlink_to("loop.yaml")

        assert all(line.startswith("contracts/acme/") for line in printed(tmp_path))
        assert len(printed(tmp_path)) == 2

    def test_a_link_to_a_folder(self, tmp_path):
        """It is not followed: it could lead round in circles."""
        a_contract(tmp_path)
        (tmp_path / "contracts" / "acme" / "again").symlink_to(".")
        (tmp_path / "contracts" / "billing").symlink_to("acme")

        assert printed(tmp_path) == [
            "contracts/acme/again: a link to a folder is not followed: move the folder here",
            "contracts/billing: a link to a folder is not followed: move the folder here",
        ]

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
    def test_a_file_that_may_not_be_read(self, tmp_path):
        """The reason is the system's."""
        a_contract(tmp_path)
        (tmp_path / "contracts" / "acme" / "users.yaml").chmod(0)

        assert printed(tmp_path) == ["contracts/acme/users.yaml: the file cannot be read: Permission denied"]

    def test_a_file_that_is_too_large(self, tmp_path):
        """It is refused by its size, without being read."""
        a_contract(tmp_path)
        with (tmp_path / "contracts" / "acme" / "huge.yaml").open("wb") as file:
            file.truncate(17 * 1024 * 1024)

        assert printed(tmp_path) == ["contracts/acme/huge.yaml: the file is larger than 16 MiB"]

    def test_a_file_that_is_not_utf8(self, tmp_path):
        """The byte and its place are named."""
        a_contract(tmp_path)
        (tmp_path / "contracts" / "acme" / "teams.yaml").write_bytes(b"operations:\n  caf\xe9: {}\n")

        assert printed(tmp_path) == ["contracts/acme/teams.yaml:2:6: byte 0xE9 is not UTF-8; save the file as UTF-8"]


class TestOneVendor:
    """A command that needs one vendor reads one vendor."""

    @pytest.fixture
    def root(self, tmp_path) -> Path:
        """acme, which is sound, beside broken, which is not."""
        a_contract(tmp_path)
        return write(tmp_path, {"broken/vendor.yaml": "{", "stray.yaml": ""})

    def test_another_vendors_problems_do_not_matter(self, root):
        """Who works on one vendor is not held up by another."""
        assert list(load(root, {"acme"}).vendors) == ["acme"]
        assert len(printed(root)) == 2

    def test_a_vendor_that_does_not_exist(self, root):
        """It is the command that is wrong, not a contract."""
        with pytest.raises(UsageError) as trouble:
            load(root, {"acmee"})

        assert str(trouble.value) == 'no vendor "acmee" under contracts/, did you mean "acme"?'


class TestTheCache:
    """What was judged before is not judged again, and nothing that changed is believed."""

    def test_a_second_load_is_the_same(self, tmp_path):
        """Everything is equal, places and schemas included."""
        root = write(tmp_path, {"chatwoot/vendor.yaml": CHATWOOT, "chatwoot/conversations.yaml": CONVERSATIONS})
        with Cache(tmp_path / "cache") as cache:
            first = load(root, cache=cache)

        assert load(root, cache=Cache(tmp_path / "cache")) == first == load(root)

    def test_a_second_load_needs_no_yaml_and_no_grammar(self, tmp_path):
        """Neither PyYAML nor the modules that judge are even imported."""
        a_contract(tmp_path, users=a_case_of(body={"type": "object"}))
        code = (
            "import sys; from pathlib import Path; from provendor.cache import Cache; from provendor.reader.loading import load\n"
            "with Cache(Path('cache')) as cache: load(Path('.'), cache=cache)\n"
            "print(sorted({'yaml', 'jsonschema_rs', 'difflib', 'provendor.reader.judging'} & set(sys.modules)))"
        )
        run = [sys.executable, "-c", code]

        outputs = [
            subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=True).stdout for _ in range(2)
        ]

        assert "yaml" in outputs[0]
        assert outputs[1] == "[]\n"

    def test_a_judgement_is_forgotten_when_anything_that_judges_changes(self, tmp_path):
        """What the cache holds is kept under the digest of every module that took part in judging it."""
        a_contract(tmp_path, users=a_case_of(body={"type": "object", "properties": {"at": {"format": "date-time"}}}))
        code = (
            "import sys; from pathlib import Path; from provendor.reader.loading import load; load(Path('.'))\n"
            "print(*(name.removeprefix('provendor.') for name in sys.modules if name.startswith('provendor.')))"
        )
        run = [sys.executable, "-c", code]

        done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=True)

        took_part = {name.replace(".", "/") for name in done.stdout.split()}
        modules = {name for name in took_part if not (loading._PACKAGE / name).is_dir()}
        assert modules - {"cache", "reader/loading"} <= set(loading._JUDGES)

    @pytest.mark.parametrize("name", ["acme/vendor.yaml", "acme/users.yaml", "acme/schemas/user.yaml"])
    def test_a_change_in_any_file_is_seen(self, tmp_path, name):
        """Also in a schema that only a reference names."""
        write(tmp_path, {"acme/schemas/user.yaml": {"user": {"type": "object"}}})
        a_contract(tmp_path, users=a_case_of(body={"$ref": "schemas/user.yaml#/user"}))
        with Cache(tmp_path / "cache") as cache:
            load(tmp_path, cache=cache)

        write(tmp_path, {name: {"user": {"type": "objekt"}}})

        assert printed(tmp_path, cache=Cache(tmp_path / "cache"))

    def test_what_two_files_say_together_is_judged_again(self, tmp_path):
        """An unchanged file can become wrong when another one changes."""
        a_contract(tmp_path)
        with Cache(tmp_path / "cache") as cache:
            load(tmp_path, cache=cache)
            write(tmp_path, {"acme/vendor.yaml": a_vendor(variables=None)})

            lines = printed(tmp_path, cache=cache)

        path = "contracts/acme/users.yaml:5:15: operations.users.get.request"
        assert lines == [f"{path}: {{user_id}} has no value: give it under `path`, or declare it in vendor.yaml"]

    def test_a_folder_by_another_name_is_judged_again(self, tmp_path):
        """The same bytes under another name are another vendor."""
        a_contract(tmp_path)
        with Cache(tmp_path / "cache") as cache:
            load(tmp_path, cache=cache)
            (tmp_path / "contracts" / "acme").rename(tmp_path / "contracts" / "acne")

            lines = printed(tmp_path, cache=cache)

        assert lines == [
            'contracts/acne/vendor.yaml:2:12: vendor: the folder is called "acne"; vendor and folder have the same name'
        ]

    def test_a_broken_contract_stays_broken(self, tmp_path):
        """Problems are found again each time, until they are mended."""
        a_contract(tmp_path, users=a_case_of(colour="blue"))
        with Cache(tmp_path / "cache") as cache:
            assert printed(tmp_path, cache=cache) == printed(tmp_path, cache=cache)

    @pytest.mark.parametrize("junk", [{}, {"files": {}}, {"files": {"vendor.yaml": []}, "places": {}}, [], "junk", 7])
    def test_junk_in_the_cache_costs_time_and_nothing_else(self, tmp_path, junk):
        """Whoever can write to the cache can slow a run down, not end it in a traceback."""

        class Junk(Cache):
            def get(self, kind: str, digest: str) -> Any:  # noqa: ARG002 - the same for every kind and digest
                return junk

        a_contract(tmp_path)

        assert load(tmp_path, cache=Junk(None)) == load(tmp_path)


class TestTheDigest:
    """A vendor's digest stands for all of its files."""

    def test_it_is_the_same_wherever_the_contract_lies(self, tmp_path):
        """Evidence from two machines can be compared."""
        here, there = (load(a_contract(tmp_path / name)).vendors["acme"].digest for name in ("here", "there"))

        assert here == there
        assert len(here) == 64

    @pytest.mark.parametrize(
        "files",
        [
            {"acme/users.yaml": a_resource(summary="Another.")},
            {"acme/schemas/user.yaml": {"type": "object"}},
            {"acme/teams.yaml": {"operations": {"teams.get": an_operation()}}},
        ],
        ids=["contents", "schema", "name"],
    )
    def test_it_changes_with_every_file(self, tmp_path, files):
        """Contents and names of contracts and of schemas."""
        before = load(a_contract(tmp_path)).vendors["acme"].digest

        assert load(write(tmp_path, files)).vendors["acme"].digest != before


class TestAllAtOnce:
    """One run shows everything there is to mend."""

    def test_problems_of_all_vendors_and_kinds(self, tmp_path):
        """Files, YAML, grammar, meaning and schemas; sorted by place, each once."""
        write(
            tmp_path,
            {
                "acme/vendor.yaml": a_vendor(owner=7),
                "acme/users.yaml": a_case_of(error="gone", body={"type": "objekt"}),
                "acme/teams.yaml": "operations: [",
                "acme/old.yml": "",
                "billing/vendor.yaml": "vendor: billing\nvendor: billing\n",
            },
        )

        lines = printed(tmp_path)

        assert [line.partition(": ")[0] for line in lines] == [
            "contracts/acme/old.yml",
            "contracts/acme/teams.yaml:2:1",
            "contracts/acme/users.yaml:9:15",
            "contracts/acme/users.yaml:11:15",
            "contracts/acme/vendor.yaml:30:11",
            "contracts/billing/vendor.yaml:2:1",
        ]


# --- nothing but a suite or problems ----------------------------------------------------------------------------------

FILES = {
    "vendor.yaml": CHATWOOT,
    "conversations.yaml": CONVERSATIONS,
    "users.yaml": json.dumps(a_resource(request="POST /u", safety="write", form={"a": "1"}), indent=1),
}
PIECES = [
    "{",
    "}",
    "[",
    "]",
    ":",
    "-",
    "#",
    "&a",
    "*a",
    "!!x",
    "|",
    ">",
    "'",
    '"',
    "%",
    "@",
    "`",
    "null",
    "true",
    "7",
    "-1e999",
    "~",
    "{}",
    "[]",
    "{api_key}",
    "{x",
    "$ref",
    "$.a",
    "(",
    "2xx",
    "99d",
    "auth",
    "cases",
    "with",
    "body",
    "errors",
    "status",
    "<<",
    "?",
    "---",
    "...",
    "{a:[{b:{c:{}}}]}",
]
WORDS = ["", "x", "{x}", "{api_key}", "2xx", "GET /x", "none", "wrong", "5s", "$.a", "(", "2026-01-01", "9" * 400 + "d"]
KEYS = sorted(
    {*json.dumps([VENDOR, a_resource()]).split('"')[1::2], "with", "body", "json", "form", "raw", "probe", "$ref"}
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 700) | st.floats(allow_nan=False) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=8,
)
often = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def a_suite_or_problems(files: dict[str, Any]) -> None:
    """Load these files of one vendor; anything but a suite or well-formed problems is an error."""
    with TemporaryDirectory() as folder:
        write(Path(folder), {f"chatwoot/{name}": content for name, content in files.items()})
        try:
            outcome: Suite | ContractError = load(Path(folder))
        except ContractError as trouble:
            outcome = trouble
    for problem in outcome.problems if isinstance(outcome, ContractError) else ():
        assert problem.message
        assert str(problem).startswith("contracts/chatwoot/")
        assert str(problem).isprintable()
        assert (problem.line, problem.column) == (0, 0) or min(problem.line, problem.column) >= 1
    assert not isinstance(outcome, ContractError) or outcome.problems


@often
@given(
    name=st.sampled_from(sorted(FILES)),
    edits=st.lists(
        st.tuples(
            st.integers(0, 2000), st.integers(0, 20), st.sampled_from([*PIECES, " ", "\n", "\t", "\0", "\x1b", "é"])
        ),
        min_size=1,
        max_size=6,
    ),
)
def test_damaged_text_gives_a_suite_or_problems(name, edits):
    """Cut, overwrite and insert anywhere: never anything but a Suite or a ContractError."""
    text = FILES[name]
    for position, cut, piece in edits:
        at = position % (len(text) + 1)
        text = text[:at] + piece + text[at + cut :]

    a_suite_or_problems({**FILES, name: text})


@often
@given(name=st.sampled_from(sorted(FILES)), data=st.data())
def test_misplaced_values_give_a_suite_or_problems(name, data):
    """Any value in the place of any other, any key with another name: never anything but a Suite or a ContractError."""
    value = source.read_text(FILES[name].encode(), name).value
    for _ in range(data.draw(st.integers(1, 3))):
        container = value
        while True:
            keys = list(container) if isinstance(container, dict) else list(range(len(container)))
            key = data.draw(st.sampled_from(keys))
            below = container[key]
            if not isinstance(below, (dict, list)) or not below or data.draw(st.booleans()):
                break
            container = below
        if isinstance(container, dict) and data.draw(st.booleans()):
            container[data.draw(st.sampled_from(KEYS))] = container.pop(key)
        else:
            container[key] = data.draw(VALUES)

    a_suite_or_problems({**FILES, name: value})


@often
@given(st.dictionaries(st.sampled_from(["vendor.yaml", "users.yaml"]), VALUES, min_size=1))
def test_files_of_any_value_give_a_suite_or_problems(files):
    """Whatever JSON value a file is: never anything but a Suite or a ContractError."""
    a_suite_or_problems(files)


@often
@given(st.binary(max_size=200))
@example(b"\xff\xfeo\0")
@example(b"a: " * 300)
@example(b"[" * 5000)
def test_files_of_any_bytes_give_a_suite_or_problems(content):
    """Whatever bytes a file holds: never anything but a Suite or a ContractError."""
    with TemporaryDirectory() as folder:
        a_contract(Path(folder))
        (Path(folder) / "contracts" / "acme" / "users.yaml").write_bytes(content)
        with suppress(ContractError):
            load(Path(folder))
