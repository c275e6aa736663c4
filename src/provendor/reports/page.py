"""The page that people decide by: a story as HTML files that need nothing else, and from which nothing can run.

    write(Told(story, kept, root), root / "reports")         # reports/index.html, reports/vendors/<name>.html

Vendors' text is hostile. Three things keep it text: the templates escape whatever they print, everything that cannot be seen
is spelled out before that, and the policy in each file allows one script and one style, by their digests, and nothing else.
"""

from __future__ import annotations

import io
import re
import time
from base64 import b64encode
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import jinja2
from markupsafe import Markup, escape

from provendor import __version__
from provendor.errors import ProvendorError
from provendor.evidence import LIVE_PAGE, PAGE
from provendor.plaintext import visible
from provendor.reports import archive, charts, oncall, telling, views, wording
from provendor.reports.charts import Point
from provendor.reports.forms import Told
from provendor.reports.oncall import Trouble
from provendor.reports.radar import SOON_DAYS
from provendor.reports.story import CaseTold, DayTold, Watch
from provendor.verdict import Outcome
from provendor.whole import replacing

MOST_LISTED = 6_000
"""How many cases the first page lists; of more, only those that are no pass, and the others on the vendors' pages."""

_DETAILS_BYTES = 800_000
_MOST_WEIGHT = 4_000
_WEIGHT_IN_FULL = 20
_MOST_CAUSES = 100
_LONGEST = 500
_TEMPLATES = Path(__file__).with_name("templates")
_WORST_FIRST = (Outcome.FAIL, Outcome.ERROR, Outcome.WARN, Outcome.SKIP, Outcome.PASS)


def write(told: Told, reports: Path) -> Path:
    """Write the page; return where it is. Each file is replaced in one step, the first page last."""
    site = _Site(told)
    _forget_scratch(reports)
    for name, pieces in site.vendors():
        _replace(reports / name, pieces)
    _forget_vendors(reports, site.names)
    if told.story.watch is not None:
        _replace(reports / LIVE_PAGE, site.live(told.story.watch, reports))
    index = reports / PAGE
    _replace(index, site.index())
    return index


def write_live(told: Told, watch: Watch, reports: Path) -> Path:
    """Write the page for whoever is on call alone, and leave that of the last run as it is; return where it is."""
    _forget_scratch(reports)
    _replace(reports / LIVE_PAGE, _Site(told).live(watch, reports))
    return reports / LIVE_PAGE


class _Part(NamedTuple):
    """Which part of a vendor's cases a file holds, and the files of all parts."""

    number: int
    names: tuple[str, ...]

    @property
    def of(self) -> int:
        return len(self.names)


class _Site:
    """What all files of one page share: templates, digests, and where each case is told of in full."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._story = story = told.story
        self._templates = _environment()
        self._case = self._templates.get_template("case.html")
        css, js = (_source(name) for name in ("page.css", "page.js"))
        self._variables: Mapping[str, Mapping[str, str]] = {
            vendor.name: {each.name: each.env for each in vendor.credentials or ()} for vendor in story.vendors
        }
        self._parts = {name: _parts(cases) for name, cases in _by_vendor(story.cases).items()}
        self.names = {name: _file_names(name, len(parts)) for name, parts in self._parts.items()}
        self._file_of = {
            case.id: file
            for name, parts in self._parts.items()
            for file, part in zip(self.names[name], parts, strict=True)
            for case in part
        }
        self._shared: dict[str, Any] = {
            "story": story,
            "css": Markup(css),
            "js": Markup(js),
            "policy": _policy(css, js),
            "favicon": _favicon(wording.word_class(story.decision.word)),
            "made_by": __version__,
            "marks": _marks(),
            "soon": SOON_DAYS,
        }

    def index(self) -> Iterator[str]:
        """Yield the first page in pieces."""
        cases: Sequence[CaseTold] = self._story.cases
        only_bad = len(cases) > MOST_LISTED
        if only_bad:
            cases = [case for case in cases if case.outcome is not Outcome.PASS][:MOST_LISTED]
        titles = {vendor.name: vendor.title for vendor in self._story.vendors}
        of = _by_vendor(cases)
        return self._templates.get_template("index.html").generate(
            **self._shared,
            home=PAGE,
            pages={name: files[0] for name, files in self.names.items()},
            linked=self._links({case.id for case in cases}),
            listed=list(of),
            only_bad=only_bad,
            shown=len(cases),
            in_full=lambda case: self._kept.get(case.offset),
            elsewhere=lambda case: f"{self._file_of[case.id]}{_place(case.id)}",
            all_in_full=all(case.offset in self._kept for case in cases if case.outcome is not Outcome.PASS),
            sections=[(name, titles.get(name, name), _by_operation(some)) for name, some in of.items()],
        )

    def live(self, watch: Watch, reports: Path) -> Iterator[str]:
        """Yield the page for whoever is on call in pieces; what was bad first is told in full where its run is kept."""
        brief = oncall.brief(watch)
        return self._templates.get_template("live.html").generate(
            **{**self._shared, "favicon": _favicon(brief.outcome)},
            home=PAGE,
            watch=watch,
            brief=brief,
            silent=oncall.silent_for(watch.prober, watch.now),
            pages={
                each.vendor: name
                for each in watch.vendors
                if (reports / (name := _file_names(each.vendor, 1)[0])).exists()
            },
            in_full=lambda trouble: self._first_bad(trouble, reports),
            runbooks={vendor.name: vendor.runbook for vendor in self._story.vendors},
            linked={},
        )

    def vendors(self) -> Iterator[tuple[str, Iterator[str]]]:
        """Yield every file of every vendor that was asked, by its name below the folder of reports, in pieces."""
        template = self._templates.get_template("vendor.html")
        watch = self._story.watch
        history = {each.vendor: each for each in watch.vendors} if watch else {}
        for vendor in self._story.vendors:
            files = self.names.get(vendor.name, ())
            for number, (file, cases) in enumerate(zip(files, self._parts.get(vendor.name, ()), strict=True), 1):
                pieces = template.generate(
                    **self._shared,
                    home=f"../{PAGE}",
                    vendor=vendor,
                    history=history.get(vendor.name),
                    causes=[cause for cause in self._story.causes if cause.vendor == vendor.name][:_MOST_CAUSES],
                    operations=_by_operation(cases),
                    part=_Part(number, tuple(Path(name).name for name in files)),
                    in_full=lambda case: self._kept.get(case.offset) or Markup(self._in_full(case)),
                    linked={},
                )
                yield file, pieces

    @cached_property
    def _kept(self) -> Mapping[int, Markup]:
        """The cases that are no pass in full, by offset, the worst first, until there is no room for more on the first page."""
        told: dict[int, Markup] = {}
        room = _DETAILS_BYTES
        bad = (case for case in self._story.cases if case.outcome is not Outcome.PASS)
        for case in sorted(bad, key=lambda case: _WORST_FIRST.index(case.outcome)):
            text = self._in_full(case)
            room -= len(text)
            if room < 0:
                break
            told[case.offset] = Markup(text)
        return told

    def _in_full(self, case: CaseTold) -> str:
        try:
            variables = self._variables.get(case.vendor, {})
            view = views.view(case, self._told.record(case), self._told.root, variables)
        except views.MALFORMED:
            return "The rest of this result is not as evidence has it."
        return self._case.render(view=view)

    def _first_bad(self, trouble: Trouble, reports: Path) -> Markup | None:
        """Return the first bad result in full, from the run that asked it; None where that is no longer kept."""
        if trouble.bad is None or trouble.bad.run is None:
            return None
        try:
            kept = archive.find(reports, trouble.bad.run)
            # A prober that stays asks each probe many times in one run.
            id_, at = trouble.probes[0].id, trouble.bad.at
            offset, record = next(
                found for found in kept.results() if found[1].get("id") == id_ and str(found[1].get("started_at")) >= at
            )
            case = telling.case_told(record, offset, self._story.today)
            view = views.view(case, record, self._told.root, self._variables.get(case.vendor, {}))
        except (ProvendorError, OSError, StopIteration, *views.MALFORMED):
            return None
        return Markup(self._case.render(view=view))

    def _links(self, here: Collection[str]) -> Mapping[str, str]:
        """Return where each case is told of: on the first page itself, or on a vendor's."""
        return {id_: _place(id_) if id_ in here else f"{file}{_place(id_)}" for id_, file in self._file_of.items()}


def _by_vendor(cases: Iterable[CaseTold]) -> dict[str, list[CaseTold]]:
    of: dict[str, list[CaseTold]] = {}
    for case in cases:
        of.setdefault(case.vendor, []).append(case)
    return of


def _by_operation(cases: Iterable[CaseTold]) -> list[tuple[str, list[CaseTold]]]:
    of: dict[str, list[CaseTold]] = {}
    for case in cases:
        of.setdefault(case.operation, []).append(case)
    return list(of.items())


def _parts(cases: Iterable[CaseTold]) -> list[list[CaseTold]]:
    """Return a vendor's cases in parts that a browser opens at once; what is told in full weighs more."""
    parts: list[list[CaseTold]] = [[]]
    weight = 0
    for case in cases:
        own = 1 if case.outcome is Outcome.PASS else _WEIGHT_IN_FULL
        if weight + own > _MOST_WEIGHT:
            parts.append([])
            weight = 0
        parts[-1].append(case)
        weight += own
    return parts


def _file_names(vendor: str, parts: int) -> tuple[str, ...]:
    """Return the files of a vendor; one whose name is no slug, which only forged evidence has, goes by a digest."""
    slug = (
        vendor if re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", vendor) else f"_{sha256(_bytes(vendor)).hexdigest()[:16]}"
    )
    return tuple(f"vendors/{slug}{f'.{number}' if number > 1 else ''}.html" for number in range(1, parts + 1))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


# --- templates --------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_seen,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= wording.FILTERS
    environment.filters |= {
        "lines": _lines,
        "breakable": _breakable,
        "with_code": _with_code,
        "share": lambda counts: Markup(charts.share(counts)),
        "svg": Markup,
        "uptime_strip": lambda days: Markup(charts.strip([(_of_day(each), each.good) for each in days])),
        "latency_chart": lambda days: Markup(
            charts.lines([Point(wording.day(d.on), d.p50_ms, d.p95_ms) for d in days], "ms")
        ),
        "is_web": lambda url: url.startswith(("https://", "http://")),
    }
    return environment


def _of_day(each: DayTold) -> str:
    good = (
        f"{wording.uptime(each.good)} of {wording.count(each.answers, 'answer')} good" if each.answers else "not asked"
    )
    return f"{wording.day(each.on)}: {good}"


def _seen(value: object) -> object:
    """Return what a template prints with everything spelled out that cannot be seen; runs before all escaping."""
    if type(value) is str and (len(value) > _LONGEST or not value.isprintable()):
        return visible(value, _LONGEST)
    return value


def _lines(text: str, longest: int) -> Markup:
    """Return text of several lines, spelled out line by line."""
    short = text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"
    lines = ("\t".join(visible(part, longest) for part in line.split("\t")) for line in short.split("\n"))
    return Markup("\n").join(escape(line) for line in lines)


def _breakable(text: str) -> Markup:
    """Return a name or a command that breaks between its parts, and not in the middle of a word."""
    parts = re.sub(r"([_/.:=])(?=\w)", r"\1<wbr>", str(escape(_seen(text))))
    return Markup(re.sub(r"(?<!\S)(-[\w-]{1,30})(?!\S)", r'<span class="nowrap">\1</span>', parts))


def _with_code(text: str) -> Markup:
    """Return our own words with what stands between backticks as code."""
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part)
        for number, part in enumerate(text.split("`"))
    )


def _place(case_id: str) -> str:
    """Return the fragment that leads to a case: its id as the page has it, percent-encoded where it is not plain."""
    return f"#{quote(str(_seen(case_id)), safe='/:.-_~*')}"


def _marks() -> dict[str, Markup]:
    """Return the icon and the word of each outcome, made once for thousands of rows."""
    drawn = '<svg class="i" aria-hidden="true" focusable="false"><use href="#i-{}"/></svg>{}'
    return {str(outcome): Markup(drawn.format(outcome, outcome)) for outcome in Outcome}


def _source(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _policy(css: str, js: str) -> str:
    """Return the policy of a file: one style and one script by digest, images only from the file itself."""
    style, script = (b64encode(sha256(text.encode()).digest()).decode() for text in (css, js))
    rules = ("default-src 'none'", f"style-src 'sha256-{style}'", f"script-src 'sha256-{script}'", "img-src data:")
    return "; ".join((*rules, "base-uri 'none'", "form-action 'none'"))


_COLOURS = {"pass": "1a7046", "warn": "b97700", "error": "7a3b9c", "fail": "b3261e"}


def _favicon(outcome: str) -> str:
    circle = f"%3Ccircle cx='8' cy='8' r='7' fill='%23{_COLOURS[outcome]}'/%3E"
    return f"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E{circle}%3C/svg%3E"


# --- files ------------------------------------------------------------------------------------------------------------


def _replace(path: Path, pieces: Iterable[str]) -> None:
    """Write a file in pieces and put it in place in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file, io.TextIOWrapper(file, "utf-8", "backslashreplace", newline="\n") as out:
        out.writelines(pieces)


def _forget_vendors(reports: Path, names: Mapping[str, Collection[str]]) -> None:
    """Remove the files of parts that a vendor no longer has; the page of one that was not asked says of which run it is."""
    for name, files in names.items():
        first = Path(_file_names(name, 1)[0])
        for path in (reports / "vendors").glob(f"{first.stem}.*.html"):
            if f"vendors/{path.name}" not in files:
                path.unlink(missing_ok=True)


def _forget_scratch(reports: Path) -> None:
    """Remove what a killed process left half-written; what is young may belong to one that still writes."""
    for path in (*reports.glob(".*.html.*"), *(reports / "vendors").glob(".*.html.*")):
        with suppress(OSError):
            if path.stat().st_mtime < time.time() - 600:
                path.unlink()
