"""What vendors answered over time: `reports/history.sqlite`, one file for all runs.

    with History(root / "reports") as history:
        history.record([sample(record, run_id) ...])          # results of live cases and probes; a replay never goes in
    with History.existing(root / "reports") as history:       # None where nothing was ever kept
        history.states("chatwoot")                         # how each probe stands, since when, last good
        history.transitions("chatwoot", since)
        history.periods("chatwoot", since, until)             # counts and latencies of each case

Single results are kept for a while, those that are no pass much longer, and counts of every hour as long as those: uptime
and percentiles come from the counts, so that they are right after the single results have gone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from provendor.database import Database, Step, Unusable, Write
from provendor.percentiles import bucket
from provendor.probes.states import BAD, State, Streak
from provendor.verdict import Outcome, Party

FILE: Final = "history.sqlite"
HOUR_S: Final = 3600
DAY_S: Final = 24 * HOUR_S
KEPT_S: Final = 35 * DAY_S
"""How long the results that are a pass or a warn are kept."""
KEPT_LONG_S: Final = 400 * DAY_S
"""How long failures, errors, transitions and the counts of hours are kept: a year and a month."""
_LONGEST_REASON = 300


class Watched(NamedTuple):
    """A case in one environment: what results belong to."""

    vendor: str
    operation: str
    case: str
    environment: str

    @property
    def id(self) -> str:
        """The selector of the case: `chatwoot/conversations.list:ok`."""
        return f"{self.vendor}/{self.operation}:{self.case}"


class Sample(NamedTuple):
    """What is kept of one live result. `outcome` is that of the checks, before any threshold.

    `code` is the error table's code, else that of the first finding; `reason` says in one line what was wrong. `run` names
    the run whose evidence holds the rest, of results that are no pass.
    """

    watched: Watched
    at: float
    outcome: Outcome
    status: int | None = None
    elapsed_ms: float | None = None
    attempts: int = 1
    code: str | None = None
    party: Party | None = None
    reason: str | None = None
    run: str | None = None


class Transition(NamedTuple):
    """A probe that came to stand otherwise, at the first of the results that confirmed it.

    `before` is None where nothing was known, `last_good` is when the vendor last answered well before that. `code`, `party`,
    `reason` and `run` are those of the result that decided it, `why` says what speaks for the party. Later transitions have
    greater numbers.
    """

    watched: Watched
    at: float
    before: Outcome | None
    after: Outcome
    last_good: float | None = None
    code: str | None = None
    party: Party | None = None
    reason: str | None = None
    run: str | None = None
    why: str | None = None
    number: int = 0


class Period(NamedTuple):
    """What came of one case in some time: how many results of each outcome, and of how many each latency.

    `hours` holds for each hour with results how many there were and how many of them were good (pass or warn), by the
    second that the hour began. `parties` counts failures by whose fault they are, None where it is not known.
    """

    watched: Watched
    counts: Mapping[Outcome, int]
    latencies: Mapping[int, int]
    hours: Mapping[int, tuple[int, int]]
    parties: Mapping[Party | None, int]

    @property
    def uptime(self) -> float | None:
        """The share of results on which somebody could rely; None where there are none."""
        total = sum(self.counts.values())
        return 1 - sum(self.counts[outcome] for outcome in BAD) / total if total else None

    def shares(self, since: float, until: float, parts: int) -> list[float | None]:
        """Return the share of good results in each of so many parts of this time; None for a part without results."""
        totals, goods = [0] * parts, [0] * parts
        for begin, (total, good) in self.hours.items():
            # An hour belongs where its middle is; the first and the last one may lean out.
            part = int((begin + HOUR_S / 2 - since) / (until - since) * parts) if until > since else 0
            part = min(max(part, 0), parts - 1)
            totals[part] += total
            goods[part] += good
        return [good / total if total else None for good, total in zip(goods, totals, strict=True)]


def sample(record: Mapping[str, Any], run: str) -> Sample | None:
    """Return what to keep of a result as evidence writes it, which is redacted; None for a replay and for a skip."""
    live = record.get("live")
    outcome = Outcome(record.get("state", record).get("judged") or record["outcome"])
    if record["source"] != "live" or live is None or outcome is Outcome.SKIP:
        return None
    wrong = outcome is not Outcome.PASS
    blame = live.get("blame")
    return Sample(
        Watched(record["vendor"], record["operation"], record["case"], live["environment"]),
        epoch(record["started_at"]),
        outcome,
        record["status"],
        record["elapsed_ms"],
        max(1, len(live["attempts"])),
        _code(record) if wrong else None,
        Party(blame["party"]) if wrong and blame else None,
        _reason(record) if wrong else None,
        run if wrong else None,
    )


def epoch(timestamp: str) -> float:
    """Return the seconds since 1970 of a moment as evidence writes it."""
    from datetime import datetime  # noqa: PLC0415 - whoever only reads has no use for it

    return datetime.fromisoformat(timestamp).timestamp()


def _findings(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the findings of a record, those of failed checks first."""
    bad = sorted(record["verdicts"], key=lambda verdict: verdict["outcome"] not in BAD)
    return [finding for verdict in bad for finding in verdict["findings"]]


def _code(record: Mapping[str, Any]) -> str | None:
    return record["error"] or next((finding["code"] for finding in _findings(record)), None)


def _reason(record: Mapping[str, Any]) -> str | None:
    for finding in _findings(record):
        at = f" at {finding['at']}" if finding["at"] else ""
        said = f"{finding['code']}{at}: expected {finding['expected']}, got {finding['actual']}"
        return _whole(said if len(said) <= _LONGEST_REASON else f"{said[:_LONGEST_REASON]}…")
    reason: str | None = record["reason"]
    return _whole(reason[:_LONGEST_REASON]) if reason else None


def _whole(text: str) -> str:
    """Return text that SQLite can hold: half a character, which a vendor's JSON may name, is spelled out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


_RESULTS: Step = (
    """CREATE TABLE cases (id INTEGER PRIMARY KEY, vendor TEXT NOT NULL, operation TEXT NOT NULL, name TEXT NOT NULL,
       environment TEXT NOT NULL, UNIQUE (vendor, operation, name, environment))""",
    # By case and time, as they are asked for; `at` in milliseconds since 1970, `elapsed` in microseconds.
    """CREATE TABLE results ("case" INTEGER NOT NULL REFERENCES cases, at INTEGER NOT NULL, outcome TEXT NOT NULL,
       status INTEGER, elapsed INTEGER, attempts INTEGER NOT NULL, code TEXT, party TEXT, reason TEXT, run TEXT,
       PRIMARY KEY ("case", at)) WITHOUT ROWID""",
    """CREATE INDEX failures ON results ("case", at, party) WHERE outcome IN ('fail', 'error')""",
    # `hour` in hours since 1970, `day` in days; by day, because a vendor's latency fills some fifty buckets.
    """CREATE TABLE hours ("case" INTEGER NOT NULL REFERENCES cases, hour INTEGER NOT NULL, outcome TEXT NOT NULL,
       count INTEGER NOT NULL, PRIMARY KEY ("case", hour, outcome)) WITHOUT ROWID""",
    """CREATE TABLE latencies ("case" INTEGER NOT NULL REFERENCES cases, day INTEGER NOT NULL, bucket INTEGER NOT NULL,
       count INTEGER NOT NULL, PRIMARY KEY ("case", day, bucket)) WITHOUT ROWID""",
    """CREATE TABLE states ("case" INTEGER PRIMARY KEY REFERENCES cases, outcome TEXT, since REAL, last TEXT, last_at REAL,
       last_good REAL, reliable INTEGER NOT NULL, reliable_since REAL, clean INTEGER NOT NULL, clean_since REAL)""",
    """CREATE TABLE transitions (id INTEGER PRIMARY KEY, "case" INTEGER NOT NULL REFERENCES cases, at REAL NOT NULL,
       before TEXT, after TEXT NOT NULL, last_good REAL, code TEXT, party TEXT, reason TEXT, run TEXT)""",
    """CREATE INDEX transitions_by_case ON transitions ("case", at)""",
)

_LEDGER: Step = (
    # When a prober was last known to run.
    "CREATE TABLE prober (id INTEGER PRIMARY KEY, alive REAL NOT NULL)",
    # The slots of a case from number `first` on, `until` excluded: slot n is at phase + n * every seconds since 1970.
    # `settled` where a later prober has gone over it.
    """CREATE TABLE plans (id INTEGER PRIMARY KEY, "case" INTEGER NOT NULL REFERENCES cases, every REAL NOT NULL,
       phase REAL NOT NULL, first INTEGER NOT NULL, until INTEGER, settled INTEGER NOT NULL)""",
    """CREATE INDEX plans_by_case ON plans ("case")""",
    """CREATE TABLE slots (plan INTEGER NOT NULL REFERENCES plans, number INTEGER NOT NULL, last INTEGER NOT NULL,
       "end" TEXT NOT NULL, why TEXT, PRIMARY KEY (plan, number)) WITHOUT ROWID""",
)

_ALERTS: Step = (
    "ALTER TABLE transitions ADD COLUMN why TEXT",
    # What people were told of each probe, and what is to be told over which channel; `state` is that of the message.
    """CREATE TABLE told ("case" INTEGER PRIMARY KEY REFERENCES cases, outcome TEXT, transition INTEGER NOT NULL, at REAL,
       flapping_since REAL)""",
    """CREATE TABLE outbox (id INTEGER PRIMARY KEY, channel TEXT NOT NULL, topic TEXT NOT NULL, key TEXT NOT NULL,
       title TEXT NOT NULL, text TEXT NOT NULL, made REAL NOT NULL, due REAL NOT NULL, tries INTEGER NOT NULL,
       state TEXT NOT NULL, UNIQUE (channel, key))""",
    """CREATE INDEX outbox_waiting ON outbox (due) WHERE state = 'waiting'""",
)

STEPS: Final[tuple[Step, ...]] = (_RESULTS, _LEDGER, _ALERTS)
"""What leads from each version of the file to the next; a step that was released never changes."""


def keep(folder: Path, samples: Iterable[Sample | None]) -> str | None:
    """Keep the results of a run, if any are live; return what is wrong where they cannot be kept: evidence has them."""
    kept = [each for each in samples if each is not None]
    try:
        if kept:
            with History(folder) as history:
                history.record(kept)
    except Unusable as trouble:
        return str(trouble)
    return None


class History:
    """The file below a folder of reports, opened for this thread. Raises Unusable wherever the file cannot be used."""

    def __init__(self, folder: Path | None, *, create: bool = True) -> None:
        self.database = Database(folder / FILE if folder else None, STEPS, create=create)
        self._ids: dict[Watched, int] = {}

    @classmethod
    def existing(cls, folder: Path) -> History | None:
        """Open what is there; None where nothing was ever kept."""
        return cls(folder, create=False) if (folder / FILE).exists() else None

    def close(self) -> None:
        """Close the file."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- writing ----------------------------------------------------------------------------------------------------

    def record(
        self,
        samples: Iterable[Sample],
        states: Mapping[Watched, State] | None = None,
        transitions: Sequence[Transition] = (),
        also: Callable[[Write], None] | None = None,
    ) -> None:
        """Keep results, what they changed, and whatever `also` writes: all or nothing."""
        samples, states = list(samples), states or {}
        with self.database.writing() as write:
            known = {*states, *(each.watched for each in samples), *(each.watched for each in transitions)}
            if len(known - self._ids.keys()) > 1:
                self._ids.update({watched: number for number, watched in self.watched().items()})
            ids = {watched: self.number(watched) for watched in known}
            for each in samples:
                self._keep(write, ids[each.watched], each)
            self._count(samples, ids)
            self.database.many(
                "INSERT OR REPLACE INTO states VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(ids[watched], *state[:5], *state.reliable, *state.clean) for watched, state in states.items()],
            )
            self.database.many(
                "INSERT INTO transitions VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(ids[each.watched], *each[1:-1]) for each in transitions],
            )
            if also is not None:
                also(write)
        self._ids.update(ids)

    def take_over(self, other: History) -> None:
        """Take over how things stand from another history, as far as it can be read; single results stay where they are."""
        for table, which in _STANDING.items():
            with suppress(Unusable), self.database.writing():
                self._copy(table, other.database.read(which))

    def begin_as(self, other: History) -> bool:
        """Begin with all that another history holds, numbers included; return False where this one has begun already."""
        if any(self.database.read(f"SELECT 1 FROM {table} LIMIT 1") for table in _TABLES):  # noqa: S608 - they are ours
            return False
        with self.database.writing():
            for table in _TABLES:
                self._copy(table, other.database.read(f"SELECT * FROM {table}"))  # noqa: S608 - as above
        return True

    def _copy(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        if rows:
            self.database.many(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)  # noqa: S608 - as above

    def prune(self, now: float) -> None:
        """Forget what has been kept for long enough."""
        soon, late = now - KEPT_S, now - KEPT_LONG_S
        cases = [number for (number,) in self.database.read("SELECT id FROM cases")]
        with self.database.writing() as write:
            for case in cases:
                write(_DELETE_GOOD, case, soon * 1000)
                write("""DELETE FROM results WHERE "case" = ? AND at < ?""", case, late * 1000)
                write("""DELETE FROM hours WHERE "case" = ? AND hour < ?""", case, late // HOUR_S)
                write("""DELETE FROM latencies WHERE "case" = ? AND day < ?""", case, late // DAY_S)
                write("""DELETE FROM transitions WHERE "case" = ? AND at < ?""", case, late)

    def number(self, watched: Watched) -> int:
        """Return the number of a case, which it gets when it is first met, within `writing`."""
        if watched in self._ids:
            return self._ids[watched]
        found = "SELECT id FROM cases WHERE vendor = ? AND operation = ? AND name = ? AND environment = ?"
        rows = self.database.read(found, *watched)
        if not rows:
            self.database.many("INSERT INTO cases VALUES (NULL, ?, ?, ?, ?)", [watched])
            rows = self.database.read(found, *watched)
        return int(rows[0][0])

    def _keep(self, write: Write, case: int, each: Sample) -> None:
        elapsed = None if each.elapsed_ms is None else round(each.elapsed_ms * 1000)
        at, rest = round(each.at * 1000), (str(each.outcome), each.status, elapsed, *each[5:])
        # Two results of one millisecond are two results.
        while not write("INSERT OR IGNORE INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", case, at, *rest):
            at += 1

    def _count(self, samples: Sequence[Sample], ids: Mapping[Watched, int]) -> None:
        """Count results by hour, and by how long they took."""
        hours = Counter((ids[each.watched], int(each.at // HOUR_S), each.outcome) for each in samples)
        self.database.many(
            """INSERT INTO hours VALUES (?, ?, ?, ?)
               ON CONFLICT ("case", hour, outcome) DO UPDATE SET count = count + excluded.count""",
            [(*key, count) for key, count in hours.items()],
        )
        latencies = Counter(
            (ids[each.watched], int(each.at // DAY_S), bucket(each.elapsed_ms))
            for each in samples
            if each.elapsed_ms is not None
        )
        self.database.many(
            """INSERT INTO latencies VALUES (?, ?, ?, ?)
               ON CONFLICT ("case", day, bucket) DO UPDATE SET count = count + excluded.count""",
            [(*key, count) for key, count in latencies.items()],
        )

    # --- reading ----------------------------------------------------------------------------------------------------

    def watched(self, vendor: str | None = None) -> dict[int, Watched]:
        """Return every case that has ever had a result, by its number in the file."""
        rows = self.database.read("SELECT id, vendor, operation, name, environment FROM cases ORDER BY 2, 3, 4, 5")
        return {row[0]: Watched(*row[1:]) for row in rows if vendor in (None, row[1])}

    def states(self, vendor: str | None = None) -> dict[Watched, State]:
        """Return how each probe stands."""
        known = self.watched(vendor)
        rows = {row[0]: row[1:] for row in self.database.read("SELECT * FROM states")}
        return {watched: _state(rows[number]) for number, watched in known.items() if number in rows}

    def transitions(self, vendor: str | None = None, since: float = 0.0) -> list[Transition]:
        """Return what changed, the oldest first."""
        known = self.watched(vendor)
        rows = self.database.read("SELECT * FROM transitions WHERE at >= ? ORDER BY at, id", since)
        return [_transition(known[row[1]], row) for row in rows if row[1] in known]

    def transitions_after(self, number: int) -> list[Transition]:
        """Return what changed after a transition, in the order in which it was noticed."""
        known = self.watched()
        rows = self.database.read("SELECT * FROM transitions WHERE id > ? ORDER BY id", number)
        return [_transition(known[row[1]], row) for row in rows if row[1] in known]

    def last(self, vendor: str | None = None) -> dict[Watched, Sample]:
        """Return the newest result of each case."""
        newest: dict[Watched, Sample] = {}
        for number, watched in self.watched(vendor).items():
            for row in self.database.read(_NEWEST, number):
                newest[watched] = _sample(watched, row)
        return newest

    def last_good(self, vendor: str | None = None) -> dict[Watched, float]:
        """Return when each case last had a result that somebody could rely on: what `doctor` calls the last live proof."""
        rows = self.database.read(
            """SELECT id, (SELECT at FROM results WHERE "case" = id AND outcome IN ('pass', 'warn')
               ORDER BY at DESC LIMIT 1) FROM cases"""
        )
        known = self.watched(vendor)
        return {known[number]: at / 1000 for number, at in rows if number in known and at is not None}

    def failures(self, vendor: str | None = None, since: float = 0.0) -> list[Sample]:
        """Return the results that are a failure or an error, the oldest first."""
        rows = self.database.read(
            """SELECT * FROM results WHERE outcome IN ('fail', 'error') AND at >= ? ORDER BY at""", round(since * 1000)
        )
        known = self.watched(vendor)
        return [_sample(known[row[0]], row) for row in rows if row[0] in known]

    def periods(self, vendor: str | None, since: float, until: float) -> list[Period]:
        """Return what came of each case in the whole hours that touch this time, cases without a result in it included.

        Latencies are of single results where the time is a day at most, else of whole days in UTC.
        """
        return [self._period(case, watched, since, until) for case, watched in self.watched(vendor).items()]

    def days(self, since: float) -> dict[Watched, dict[int, Mapping[int, int]]]:
        """Return of how many answers of each case each latency was, for each day (since 1970, in UTC) that has any."""
        found: dict[Watched, dict[int, Counter[int]]] = {}
        known = self.watched()
        for case, day, number, count in self.database.read(_BY_DAY, since // DAY_S):
            if case in known:
                found.setdefault(known[case], {}).setdefault(day, Counter())[number] += count
        return {watched: dict(days) for watched, days in found.items()}

    def first_since(self, watched: Watched, at: float) -> Sample | None:
        """Return the first result that is kept of a case from this moment on."""
        for row in self.database.read(_FIRST, *watched, round(at * 1000)):
            return _sample(watched, row)
        return None

    def _period(self, case: int, watched: Watched, since: float, until: float) -> Period:
        first, last = int(since // HOUR_S), int(until // HOUR_S)
        counts = dict.fromkeys((Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.ERROR), 0)
        hours: dict[int, tuple[int, int]] = {}
        for hour, name, count in self.database.read(_HOURS, case, first, last):
            outcome = Outcome(name)
            counts[outcome] += count
            total, good = hours.get(hour * HOUR_S, (0, 0))
            hours[hour * HOUR_S] = total + count, good + (0 if outcome in BAD else count)
        begin, end = first * HOUR_S * 1000, (last + 1) * HOUR_S * 1000
        parties = {_party(name): count for name, count in self.database.read(_PARTIES, case, begin, end)}
        if until - since <= DAY_S:
            single = self.database.read(_ELAPSED, case, begin, end)
            latencies: Mapping[int, int] = Counter(bucket(elapsed / 1000) for (elapsed,) in single)
        else:
            latencies = dict(self.database.read(_LATENCIES, case, since // DAY_S, until // DAY_S))
        return Period(watched, counts, latencies, hours, parties)


_HOURS = """SELECT hour, outcome, count FROM hours WHERE "case" = ? AND hour BETWEEN ? AND ?"""
_PARTIES = """SELECT party, count(*) FROM results
    WHERE "case" = ? AND at >= ? AND at < ? AND outcome IN ('fail', 'error') GROUP BY 1"""
_ELAPSED = """SELECT elapsed FROM results WHERE "case" = ? AND at >= ? AND at < ? AND elapsed IS NOT NULL"""
_LATENCIES = """SELECT bucket, sum(count) FROM latencies WHERE "case" = ? AND day BETWEEN ? AND ? GROUP BY 1"""
_STANDING: Final[Mapping[str, str]] = {
    "cases": "SELECT * FROM cases",
    "states": "SELECT * FROM states",
    "transitions": "SELECT * FROM transitions",
    "prober": "SELECT * FROM prober",
    # From now on: the slots before stand where they are.
    "plans": """SELECT plans.id, "case", every, phase, max(first, 1 + CAST((alive - phase) / every AS INTEGER)), until, settled
       FROM plans, prober WHERE NOT settled""",
    "told": "SELECT * FROM told",
    "outbox": "SELECT * FROM outbox WHERE state = 'waiting'",
}
_TABLES: Final = (*_STANDING, "results", "hours", "latencies", "slots")
_BY_DAY = """SELECT "case", day, bucket, count FROM latencies WHERE day >= ?"""
_FIRST = """SELECT results.* FROM results JOIN cases ON cases.id = results."case"
    WHERE vendor = ? AND operation = ? AND name = ? AND environment = ? AND at >= ? ORDER BY at LIMIT 1"""
_DELETE_GOOD = """DELETE FROM results WHERE "case" = ? AND at < ? AND outcome NOT IN ('fail', 'error')"""
_NEWEST = """SELECT * FROM results WHERE "case" = ? ORDER BY at DESC LIMIT 1"""


def _outcome(name: str | None) -> Outcome | None:
    return Outcome(name) if name else None


def _party(name: str | None) -> Party | None:
    return Party(name) if name else None


def _state(row: Sequence[Any]) -> State:
    outcome, since, last, last_at, last_good, reliable, reliable_since, clean, clean_since = row
    streaks = Streak(reliable, reliable_since), Streak(clean, clean_since)
    return State(_outcome(outcome), since, _outcome(last), last_at, last_good, *streaks)


def _transition(watched: Watched, row: Sequence[Any]) -> Transition:
    number, _, at, before, after, last_good, code, party, reason, run, why = row
    return Transition(
        watched, at, _outcome(before), Outcome(after), last_good, code, _party(party), reason, run, why, number
    )


def _sample(watched: Watched, row: Sequence[Any]) -> Sample:
    _, at, outcome, status, elapsed, attempts, code, party, reason, run = row
    elapsed_ms = None if elapsed is None else elapsed / 1000
    return Sample(watched, at / 1000, Outcome(outcome), status, elapsed_ms, attempts, code, _party(party), reason, run)
