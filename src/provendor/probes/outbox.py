"""Messages on their way to people, on disk: none is lost when the prober is killed, and none is sent twice.

    outbox = Outbox(history)
    outbox.recover()                                 # after a start
    alerts.decide ... outbox.put(told, messages)     # what people believe and what tells them, together or not at all
    while post := outbox.take(now):                  # marked before it is sent
        outbox.sent(post) or outbox.failed(post, now)

A message that was marked, and of which nobody knows whether it went out, stays `unknown`: sending it again might tell
people twice, and of a trouble that goes on they are reminded anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from provendor.probes.alerts import Told
from provendor.probes.history import KEPT_S, History, Watched
from provendor.verdict import Outcome

GATHER_S: Final = 5.0
"""How long a message waits for others about the same topic, so that one outage is one message."""

GIVEN_UP_S: Final = 86_400.0
"""After so much time a message that cannot be sent is of no use any more."""

_WAITS_S: Final = (10.0, 30.0, 60.0, 120.0, 300.0, 600.0)


class Message(NamedTuple):
    """What to tell over one channel. Messages of one topic may go out as one; a key is told once per channel."""

    channel: str
    topic: str
    key: str
    title: str
    text: str


class Post(NamedTuple):
    """One or several messages that go out together over one channel."""

    channel: str
    title: str
    text: str
    keys: tuple[str, ...]
    made: float
    tries: int


class Kept(NamedTuple):
    """What became of a message: `state` is waiting, sending, sent, unknown or given up."""

    channel: str
    title: str
    made: float
    tries: int
    state: str


class Outbox:
    """The outbox in the file of the history."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._database = history.database

    def recover(self) -> int:
        """Mark what was being sent when a prober was killed; return how many messages that were."""
        with self._database.writing() as write:
            return write("UPDATE outbox SET state = 'unknown' WHERE state = 'sending'")

    def told(self) -> dict[Watched, Told]:
        """Return what people were told of each probe."""
        known = self._history.watched()
        rows = self._database.read("""SELECT "case", outcome, transition, at, flapping_since FROM told""")
        return {
            known[case]: Told(Outcome(outcome) if outcome else None, *rest)
            for case, outcome, *rest in rows
            if case in known
        }

    def put(self, told: Mapping[Watched, Told], messages: Iterable[Message], now: float) -> None:
        """Keep what people believe from now on, and the messages that make them."""
        with self._database.writing() as write:
            for watched, each in told.items():
                write("INSERT OR REPLACE INTO told VALUES (?, ?, ?, ?, ?)", self._history.number(watched), *each)
            for message in messages:
                write(
                    "INSERT OR IGNORE INTO outbox VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, 0, 'waiting')",
                    *message,
                    now,
                    now + GATHER_S,
                )

    def next_at(self) -> float | None:
        """Return when the next message is due; None where none is waiting."""
        ((due,),) = self._database.read("SELECT min(due) FROM outbox WHERE state = 'waiting'")
        return None if due is None else float(due)

    def take(self, now: float) -> Post | None:
        """Take what has been due for longest, with all that waits for the same channel and topic; None where nothing is.

        It is marked as being sent, and nothing else: what waits behind it is not lost with a prober that is killed.
        """
        with self._database.writing() as write:
            rows = self._database.read(_DUE, now)
            for number, *_ in rows:
                write("UPDATE outbox SET state = 'sending', tries = tries + 1 WHERE id = ?", number)
        return _post([row[1:] for row in rows]) if rows else None

    def sent(self, post: Post) -> None:
        """Keep that a post has gone out."""
        self._mark(post, "sent", 0.0)

    def failed(self, post: Post, now: float) -> bool:
        """Keep that a post could not be sent; return whether it will be tried again.

        Its channel is left alone for a moment: one that does not answer must not keep alerts from the others.
        """
        again = now - post.made < GIVEN_UP_S
        wait = _WAITS_S[min(post.tries, len(_WAITS_S) - 1)]
        self._mark(post, "waiting" if again else "given up", now + wait)
        with self._database.writing() as write:
            write(
                "UPDATE outbox SET due = max(due, ?) WHERE state = 'waiting' AND channel = ?",
                now + _WAITS_S[0],
                post.channel,
            )
        return again

    def counts(self) -> dict[str, int]:
        """Return how many messages there are of each state: waiting, sending, sent, unknown, given up."""
        return dict(self._database.read("SELECT state, count(*) FROM outbox GROUP BY 1"))

    def recent(self, since: float) -> list[Kept]:
        """Return the messages that were made since, whatever became of them, the oldest first."""
        rows = self._database.read(
            "SELECT channel, title, made, tries, state FROM outbox WHERE made >= ? ORDER BY id", since
        )
        return [Kept(*row) for row in rows]

    def prune(self, now: float) -> None:
        """Forget old messages."""
        with self._database.writing() as write:
            write("DELETE FROM outbox WHERE made < ?", now - KEPT_S)

    def _mark(self, post: Post, state: str, due: float) -> None:
        # By key: while the file cannot be written, the same messages have other numbers in memory.
        with self._database.writing() as write:
            for key in post.keys:
                write(
                    "UPDATE outbox SET state = ?, due = ? WHERE channel = ? AND key = ?", state, due, post.channel, key
                )


_DUE = """SELECT id, channel, key, title, text, made, tries FROM outbox WHERE state = 'waiting' AND (channel, topic) = (
    SELECT channel, topic FROM outbox WHERE state = 'waiting' AND due <= ? ORDER BY due, id LIMIT 1
) ORDER BY id"""


def _post(rows: Sequence[Sequence[Any]]) -> Post:
    """Make one post of messages about one topic."""
    channels, keys, titles, texts, made, tries = zip(*rows, strict=True)
    return Post(channels[0], _title(titles), "\n\n".join(texts), keys, min(made), max(tries))


def _title(titles: Sequence[str]) -> str:
    """Return the first title with how many more there are, and the last where that is of another kind: it may be over."""
    more = f" and {len(titles) - 1} more" if len(titles) > 1 else ""
    differs = titles[0].partition(" ")[0] != titles[-1].partition(" ")[0]
    return f"{titles[0]}{more}{f', last {titles[-1]}' if differs else ''}"
