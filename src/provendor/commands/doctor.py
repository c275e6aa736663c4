"""Say how vendors stand before anybody asks them: flag, addresses, credentials, recordings, the last live proof, what blocks.

provendor doctor                     every vendor, a line each
provendor doctor chatwoot            one vendor: what is there, what is missing, and the command to type for each
provendor doctor chatwoot --live     also whether its addresses answer, where its flag is on

Names and addresses, never a credential. Exit code 0 where every vendor can be asked, 3 where something keeps one from it.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from provendor import selector
from provendor.commands import arguments, console
from provendor.commands.show import table
from provendor.contract import Suite
from provendor.database import Unusable
from provendor.moments import span, utc
from provendor.plaintext import painted, visible
from provendor.probes.history import History, Watched
from provendor.reader import loading
from provendor.reports import doctor
from provendor.reports.doctor import Diagnosis, Place
from provendor.run import exit_code
from provendor.verdict import Outcome

if TYPE_CHECKING:  # without --live nothing is reached for
    from provendor.wire.reaching import Reach

Where: TypeAlias = tuple[str, str]
"""A vendor and one of its environments, by name."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("vendors", nargs="*", metavar="VENDOR", help="a vendor; none means all, a line each")
    parser.add_argument(
        "--live", action="store_true", help="also see whether the addresses answer, where the flag is on"
    )
    arguments.add_report(parser, "where the history lies")
    arguments.add_root(parser)
    arguments.add_json(parser)
    arguments.add_now(parser)


def run(args: argparse.Namespace) -> int:
    """Print how the vendors stand."""
    root = arguments.root_of(args)
    today = arguments.today_of(args)
    with arguments.cache_of(root) as cache:
        suite = loading.load(root, selector.vendors_named(args.vendors), cache)
        selector.select(suite, args.vendors)
        proofs = _proofs(args.report or root / "reports")
        found = [
            doctor.diagnose(vendor, os.environ, root / "cassettes", today, proofs=proofs, cache=cache)
            for vendor in suite.vendors.values()
        ]
    reached = _reached(suite, found) if args.live else {}
    if args.json:
        console.print_json({each.vendor: _plain(each, reached) for each in found})
    elif args.vendors:
        colour = console.wants_colour(sys.stdout)
        print("\n\n\n".join("\n".join(_page(each, reached, colour)) for each in found))
    else:
        print(_overview(found, reached))
    fine = all(each.ready for each in found) and all(reach.code is None for reach in reached.values())
    return exit_code([Outcome.PASS if fine else Outcome.ERROR] if found else [])


def _proofs(folder: Path) -> Mapping[Watched, float]:
    """Return when each case was last proven live; nothing where no history was kept, or none can be read."""
    try:
        history = History.existing(folder)
        if history is None:
            return {}
        with history:
            return history.last_good()
    except Unusable as trouble:
        print(f"provendor: {trouble}", file=sys.stderr)
        return {}


def _reached(suite: Suite, found: Sequence[Diagnosis]) -> dict[Where, Reach]:
    """Knock at every known address of a vendor whose flag is on: without it nothing is sent."""
    with arguments.needing("live"):
        from provendor.wire.reaching import Address, knock  # noqa: PLC0415 - without --live nothing is reached for

    wanted = [
        Address(suite.vendors[each.vendor], place.name, place.url)
        for each in found
        if each.flag is None or each.flag.on
        for place in each.places
        if place.url
    ]
    reached = knock(wanted, os.environ)
    return {(each.vendor.name, each.environment): reach for each, reach in zip(wanted, reached, strict=True)}


def _plain(each: Diagnosis, reached: Mapping[Where, Reach]) -> dict[str, Any]:
    """Return a diagnosis as JSON; `reach` of a place is null where nobody knocked."""
    plain: dict[str, Any] = doctor.plain(each)
    for place in plain["places"]:
        reach = reached.get((each.vendor, place["name"]))
        place["reach"] = reach._asdict() if reach else None
    return {**plain, "ready": each.ready}


# --- every vendor -----------------------------------------------------------------------------------------------------


def _overview(found: Sequence[Diagnosis], reached: Mapping[Where, Reach]) -> str:
    head = (
        "vendor",
        "flag",
        "sandbox",
        "production",
        "credentials",
        "can be asked",
        "oldest recording",
        "last live",
        "",
    )
    return table(head, [_row(each, reached) for each in found])


def _row(each: Diagnosis, reached: Mapping[Where, Reach]) -> tuple[str, ...]:
    places = {place.name: place for place in each.places}
    there = sum(need.why is None for need in each.credentials)
    asks = next(place for place in each.places if place.name == each.asks)
    blocks = visible(each.obstacles[0].why) if each.obstacles and not each.ready else ""
    return (
        each.vendor,
        "-" if each.flag is None else "on" if each.flag.on else "off",
        _at(each, places.get("sandbox"), reached),
        _at(each, places.get("production"), reached),
        f"{there} of {len(each.credentials)}",
        f"{asks.ready} of {asks.cases}{'' if each.asks == 'sandbox' else ' (production)'}",
        f"{each.recordings.oldest_days} days" if each.recordings.oldest_days is not None else "none",
        span(time.time() - each.proof.at) + " ago" if each.proof else "never",
        blocks,
    )


def _at(each: Diagnosis, place: Place | None, reached: Mapping[Where, Reach]) -> str:
    if place is None:
        return "-"
    reach = reached.get((each.vendor, place.name))
    if reach is not None:
        return reach.code or "answers"
    return "known" if place.url else "-" if place.env is None else "unknown"


# --- one vendor -------------------------------------------------------------------------------------------------------


def _page(each: Diagnosis, reached: Mapping[Where, Reach], colour: bool) -> Iterator[str]:
    title = f"{visible(each.title)} ({each.vendor})"
    yield from (title, "=" * len(title), *_facts(each, colour))
    yield from (
        "",
        "Where",
        "-----",
        table(
            ("", "variable", "can be asked", "address", *(("answers",) * bool(reached))), list(_where(each, reached))
        ),
    )
    if needs := list(_needs(each, colour)):
        yield from ("", "What it needs", "-------------", table(("variable", "kind", "", ""), needs))
    if each.obstacles:
        yield from ("", "What blocks, and what to type", "-----------------------------", *_obstacles(each))
    if each.ready:
        environment = " --environment production" if each.asks == "production" else ""
        yield from ("", f"next: provendor prove --live{environment} {each.vendor}")


def _facts(each: Diagnosis, colour: bool) -> Iterator[str]:
    asks = next(place for place in each.places if place.name == each.asks)
    outcome = Outcome.PASS if each.ready and not each.obstacles else Outcome.WARN if each.ready else Outcome.ERROR
    whom = "the sandbox" if each.asks == "sandbox" else each.asks
    said = f"{asks.ready} of {asks.cases} cases can be asked of {whom}"
    yield f"live:        {painted(said, outcome, colour)}"
    if each.flag is not None:
        yield f"flag:        {each.flag.env} is {'on' if each.flag.on else 'off'}"
    if each.proof is None:
        yield "last proof:  never asked live, as far as the history goes"
    else:
        ago = span(time.time() - each.proof.at)
        yield f"last proof:  {utc(each.proof.at)}, {ago} ago, from {each.proof.environment}; {each.proof.cases} cases in all"
    yield f"recordings:  {_recordings(each)}"


def _recordings(each: Diagnosis) -> str:
    kept = each.recordings
    parts = [f"{count} {origin}" for origin, count in sorted(kept.origins.items())]
    parts += [f"{kept.missing} without a readable cassette"] if kept.missing else []
    age = f"; the oldest of {kept.oldest}, {kept.oldest_days} days ago" if kept.oldest else ""
    return ", ".join(parts) + age


def _where(each: Diagnosis, reached: Mapping[Where, Reach]) -> Iterator[tuple[str, ...]]:
    for place in each.places:
        reach = reached.get((each.vendor, place.name))
        address = visible(place.url or place.why or "started by us, on this machine")
        able = f"{place.ready} of {place.cases}"
        yield place.name, place.env or "-", able, address, *((_answers(reach),) if reached else ())


def _answers(reach: Reach | None) -> str:
    if reach is None:
        return "nobody knocked"
    if reach.code is not None:
        return visible(f"{reach.code}: {reach.said}")
    parts = [
        f"{reach.status} in {reach.elapsed_ms:.0f} ms" if reach.elapsed_ms is not None else str(reach.said or "yes")
    ]
    parts += [part for part in (reach.address, reach.protocol) if part]
    parts += [f"certificate until {reach.certificate_until[:10]}"] if reach.certificate_until else []
    return visible(", ".join(parts))


def _needs(each: Diagnosis, colour: bool) -> Iterator[tuple[str, ...]]:
    for need in each.needs:
        said = need.why.removeprefix(f"{need.env} ") if need.why else "present"
        shown = painted(said, Outcome.PASS if need.why is None else Outcome.ERROR, colour)
        yield need.env, need.kind, shown, visible(need.title)


def _obstacles(each: Diagnosis) -> Iterator[str]:
    for obstacle in each.obstacles:
        cases = f"{obstacle.cases} case{'s' * (obstacle.cases != 1)}"
        yield f"{cases:<10} {visible(obstacle.why)}"
        if obstacle.unblock:
            yield f"{'':<10} {visible(obstacle.unblock)}"
