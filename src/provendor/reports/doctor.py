"""How a vendor stands before anybody asks it: what live calls need and what of it is there, recordings, the last live proof.

    diagnosis = diagnose(vendor, os.environ, cassettes, today, proofs=history.last_good())
    diagnosis.obstacles      # what blocks, how many cases it blocks, and the command that unblocks it

Names and addresses, never a value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from provendor import readiness
from provendor.cache import Cache
from provendor.contract import Case, Vendor
from provendor.probes.history import Watched
from provendor.readiness import PRODUCTION, SANDBOX, Block, Readiness
from provendor.reports import inventory

_ENVIRONMENTS: Final[tuple[Literal["sandbox", "production"], ...]] = ("sandbox", "production")


class Flag(NamedTuple):
    """The variable that must be on before anything live happens."""

    env: str
    on: bool


class Place(NamedTuple):
    """An environment of the contract: its address, or why there is none. `ready` of `cases` can be asked there."""

    name: Literal["sandbox", "production"]
    env: str | None
    url: str | None
    why: str | None
    ready: int
    cases: int


class Need(NamedTuple):
    """A credential or a value that live calls need: `why` is None where it is there."""

    env: str
    name: str
    kind: str
    why: str | None
    title: str


class Obstacle(NamedTuple):
    """What keeps so many cases from being asked of the sandbox (of production where there is none), and what to type."""

    why: str
    unblock: str | None
    cases: int


class Recordings(NamedTuple):
    """The cassettes: how many of each origin, the day of the oldest, and how many are missing or cannot be read."""

    origins: Mapping[str, int]
    oldest: str | None
    oldest_days: int | None
    missing: int


class Proof(NamedTuple):
    """When a case was last asked live with a result to rely on: seconds since 1970, and where."""

    at: float
    environment: str
    cases: int


class Diagnosis(NamedTuple):
    """All of it for one vendor. `asks` is the environment that `obstacles` are about."""

    vendor: str
    title: str
    flag: Flag | None
    places: tuple[Place, ...]
    needs: tuple[Need, ...]
    asks: str
    obstacles: tuple[Obstacle, ...]
    recordings: Recordings
    proof: Proof | None

    @property
    def ready(self) -> bool:
        """Whether any case can be asked."""
        return any(place.ready for place in self.places if place.name == self.asks)

    @property
    def credentials(self) -> tuple[Need, ...]:
        """What it needs to be kept secret."""
        return tuple(need for need in self.needs if need.kind == "credential")


def diagnose(
    vendor: Vendor,
    env: Mapping[str, str],
    cassettes: Path,
    today: date,
    *,
    proofs: Mapping[Watched, float],
    cache: Cache | None = None,
) -> Diagnosis:
    """Return how a vendor stands; `cassettes` is the folder of all cassettes, `proofs` when cases were last proven live."""
    stands = {name: readiness.of(vendor, env, name) for name in (SANDBOX, PRODUCTION)}
    asks = PRODUCTION if PRODUCTION in vendor.environments and SANDBOX not in vendor.environments else SANDBOX
    return Diagnosis(
        vendor=vendor.name,
        title=vendor.title,
        flag=Flag(vendor.live_flag, readiness.is_on(vendor.live_flag, env)) if vendor.live_flag else None,
        places=tuple(_places(vendor, stands)),
        needs=tuple(_needs(vendor, stands[asks])),
        asks=asks,
        obstacles=tuple(_obstacles(stands[asks])),
        recordings=_recordings(vendor, cassettes, today, cache),
        proof=_proof(vendor, proofs),
    )


def _places(vendor: Vendor, stands: Mapping[str, Readiness]) -> Iterator[Place]:
    for name in _ENVIRONMENTS:
        if name not in vendor.environments and (vendor.environments or name != SANDBOX):
            continue  # a vendor without any is a program that we start
        ready, cases = stands[name], _asked(vendor, name)
        block = ready.unfit.get("base_url")
        url = ready.values.of.get("base_url")
        env = vendor.environments[name].base_url.env if name in vendor.environments else None
        able = sum(not ready.blocks(case) for case in cases)
        yield Place(name, env, str(url) if url else None, block.why if block else None, able, len(cases))


def _asked(vendor: Vendor, environment: str) -> list[Case]:
    """Return the cases that may be asked there: production is only read."""
    return [case for case in vendor.cases if case.live and (environment == SANDBOX or case.safety == "read")]


def _needs(vendor: Vendor, ready: Readiness) -> Iterator[Need]:
    """Yield credentials and then values that some case needs; access tokens that are fetched need not be there."""
    wanted = {name for case in _asked(vendor, ready.environment) for name in readiness.needed(case, ready)}
    for secret in (True, False):
        for name, variable in vendor.variables.items():
            if variable.secret is secret and variable.env and name in wanted:
                block = ready.unfit.get(name)
                kind = "credential" if secret else "value"
                yield Need(variable.env, name, kind, block.why if block else None, variable.title)


def _obstacles(ready: Readiness) -> Iterator[Obstacle]:
    """Yield what blocks, as often as it does: first what blocks every case."""
    cases = _asked(ready.vendor, ready.environment)
    counts: Counter[Block] = Counter(block for case in cases for block in ready.blocks(case))
    for block, count in sorted(counts.items(), key=lambda each: -each[1]):
        yield Obstacle(block.why, block.unblock, count)


def _recordings(vendor: Vendor, cassettes: Path, today: date, cache: Cache | None) -> Recordings:
    page = inventory.page(vendor, cassettes, today, cache)
    days = (today - date.fromisoformat(page.oldest)).days if page.oldest else None
    return Recordings(page.origins, page.oldest, days, page.missing)


def _proof(vendor: Vendor, proofs: Mapping[Watched, float]) -> Proof | None:
    own = {watched: at for watched, at in proofs.items() if watched.vendor == vendor.name}
    if not own:
        return None
    newest = max(own, key=own.__getitem__)
    return Proof(own[newest], newest.environment, len(own))


def plain(value: Any) -> Any:
    """Return a diagnosis as plain JSON values."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: plain(item) for name, item in value._asdict().items()}
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, tuple) else value
