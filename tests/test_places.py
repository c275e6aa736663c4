"""Where a demand stands in its contract: the line that a finding shows."""

from __future__ import annotations

import pytest

from contract_files import a_vendor, write
from provendor.contract import Case
from provendor.loading import load
from provendor.places import Places

USERS = """\
schemas:
  name:
    type: string
operations:
  users.get:
    summary: One user.
    request: GET /users/{user_id}
    probe: { every: 60s }
    cases:
      ok:
        status: [200, 204]
        headers:
          X.Rate.Limit: "7"
          Link: { present: true }
        body:
          type: object
          properties:
            name: { $ref: "#/schemas/name" }
            team: { $ref: schemas/team.yaml#/team }
            a/b:
              type: integer
"""

TEAM = """\
team:
  type: object
  properties:
    id:
      type: integer
"""


@pytest.fixture
def places(tmp_path) -> tuple[Places, Case]:
    """The places below a root with one contract, and its case."""
    files = {"acme/vendor.yaml": a_vendor(), "acme/users.yaml": USERS, "acme/schemas/team.yaml": TEAM}
    return Places(tmp_path), load(write(tmp_path, files)).cases[0]


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("status", "users.yaml:11"),
        ("status.1", "users.yaml:11"),
        ("headers.Link", "users.yaml:14"),
        ("headers.Link.present", "users.yaml:14"),
        ("headers.X.Rate.Limit", "users.yaml:13"),
        ("body", "users.yaml:15"),
        ("body.type", "users.yaml:16"),
        ("body/properties/a~1b/type", "users.yaml:21"),
        ("body.properties.name.type", "users.yaml:3"),
        ("body/properties/name/$ref/type", "users.yaml:3"),
        ("body/properties/team/$ref/properties/id/type", "schemas/team.yaml:5"),
        ("body.properties.team.properties.id", "schemas/team.yaml:4"),
    ],
)
def test_a_key_leads_to_its_line(places, key, place):
    """Also where a name holds a dot or a slash, and through references to the file that makes the demand."""
    at, case = places

    assert str(at.of(case, key)) == f"contracts/acme/{place}"


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("request", "users.yaml:7"),
        ("probe.every", "users.yaml:8"),
        ("body.properties.gone", "users.yaml:17"),
        ("error", "users.yaml:10"),
        ("", "users.yaml:10"),
        ("body/properties/team/$ref/gone", "schemas/team.yaml:1"),
    ],
)
def test_what_a_case_does_not_say_leads_to_the_nearest_that_does(places, key, place):
    """The operation's key, the last part of the way that is there, or the case itself."""
    at, case = places

    assert str(at.of(case, key)) == f"contracts/acme/{place}"


def test_a_file_that_has_gone_leads_to_the_case(places, tmp_path):
    """A finding is worth more than its place: reading the contract again never fails a run."""
    at, case = places
    (tmp_path / case.place.file).unlink()

    assert at.of(case, "status") == case.place


def test_a_reference_that_leads_nowhere_leads_to_itself(places, tmp_path):
    """The contract may change between loading it and showing a finding."""
    at, case = places
    (tmp_path / "contracts" / "acme" / "schemas" / "team.yaml").unlink()

    assert str(at.of(case, "body.properties.team.type")) == "contracts/acme/users.yaml:10"
