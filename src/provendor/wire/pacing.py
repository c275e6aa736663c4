"""Our own pace towards a vendor, kept by everybody on this machine who calls it with the same credential.

    pace = Pace.shared(vendor, values, folder, clock=clock, wall=time.time)
    waited_s = await pace.turn()                 # before every request, and before every retry
    pace.heed(Told(remaining=0, reset_s=12))     # after every answer that says something about the rate

A pace is a small file: when each of the last so many turns was, in a ring, so that there are never more turns in any span
of the vendor's `rate_limit` than it allows. A bucket of tokens that starts full would let twice as many through in its first
span. A turn is booked under a lock that is held for microseconds, and waited for without it: who is killed while waiting
leaves a turn unused, and who is killed with the lock in hand is rid of it by the system. The file's name is a keyed digest;
no credential is written down.
"""

from __future__ import annotations

import hmac
import os
import struct
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple, Self, TypeVar

from provendor.clock import Clock
from provendor.contract import RateLimit, Vendor
from provendor.errors import Fault
from provendor.requests import Values, needs, references

A = TypeVar("A")
T = TypeVar("T")

LONGEST_WAIT_S: Final = 900.0
"""How long a turn may be away before it is not worth waiting for."""

_LONGEST_PAUSE_S: Final = 86_400.0  # a vendor that asks for more is not believed
_HEAD: Final = struct.Struct("<QdddQ")  # turns so far, latest moment seen, no turn before, told until, left until then
_TIME: Final = struct.Struct("<d")


class Told(NamedTuple):
    """What an answer says about the vendor's rate: how long to wait, and how many calls are left until the count begins anew."""

    retry_after_s: float | None = None
    remaining: int | None = None
    reset_s: float | None = None


class Pace:
    """The turns of one vendor and one credential. `wall` returns seconds since the epoch, the same for all processes.

    `file` is None where nobody shares it. Without a `limit` there are only the pauses that the vendor asks for.
    """

    def __init__(
        self,
        limit: RateLimit | None,
        file: Path | None,
        *,
        clock: Clock,
        wall: Callable[[], float],
        name: str = "the vendor",
    ) -> None:
        self._limit = limit
        self._clock = clock
        self._wall = wall
        self._name = name
        self._fd = _opened(file)
        self._lock = _Lock(self._fd)

    @classmethod
    def shared(cls, vendor: Vendor, values: Values, folder: Path, *, clock: Clock, wall: Callable[[], float]) -> Self:
        """Return the pace that everybody keeps who calls this vendor with these credentials and the same folder."""
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            file: Path | None = folder / _digest(_key(folder / "key"), vendor, values)
        except OSError:
            file = None  # a machine without a place to write to: the pace is this process's own
        return cls(vendor.rate_limit, file, clock=clock, wall=wall, name=vendor.title)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)

    async def turn(self, within_s: float = LONGEST_WAIT_S) -> float:
        """Wait for our turn and return how many seconds that took; raises Fault where it is further away than `within_s`."""
        wait = self._in_file_or_alone(self._book, within_s)
        if wait > 0:
            await self._clock.sleep(wait)
        return wait

    def heed(self, told: Told) -> None:
        """Heed what an answer said: everybody who shares this pace waits as long, or counts as many calls as are left."""
        if told.retry_after_s is not None or (told.remaining is not None and told.reset_s is not None):
            self._in_file_or_alone(self._note, told)

    def _in_file_or_alone(self, work: Callable[[A], T], on: A) -> T:
        """Do something with the file; where it cannot be written the pace is this process's own from now on."""
        try:
            return work(on)
        except OSError:
            os.close(self._fd)
            self._fd = _own()
            self._lock = _Lock(self._fd)
            return work(on)

    def _note(self, told: Told) -> None:
        with self._lock:
            now = self._wall()
            state = self._state(now)
            if told.retry_after_s is not None:
                pause = min(told.retry_after_s, _LONGEST_PAUSE_S)
                state = state._replace(not_before=max(state.not_before, now + pause))
            if told.remaining is not None and told.reset_s is not None:
                state = _counted(state, told.remaining, now + min(told.reset_s, _LONGEST_PAUSE_S), now)
            self._write(state)

    def _book(self, within_s: float) -> float:
        """Take the next turn that is free and return how far away it is."""
        with self._lock:
            now = self._wall()
            turns, _, not_before, told_until, left = self._state(now)
            at = max(now, not_before, self._free_at(turns))
            if at < told_until:
                at = at if left else told_until
                left = max(0, left - 1)
            if at - now > within_s:
                raise Fault(
                    "paced-out",
                    f"our own pace for {self._name} has no turn within {within_s:g} s, the next one is in {at - now:.0f} s",
                    retryable=True,
                )
            if self._limit is not None:
                os.pwrite(self._fd, _TIME.pack(at), self._slot(turns))
            self._write(_State(turns + 1, now, not_before, told_until, left))
        return at - now

    def _free_at(self, turns: int) -> float:
        """Return when the rate allows the next turn: not before the last one, nor before one is forgotten that fills the span."""
        if self._limit is None or not turns:
            return 0.0
        last = self._read_time(turns - 1)
        if turns < self._limit.requests:
            return last
        return max(last, self._read_time(turns) + self._limit.per_s)

    def _read_time(self, turn: int) -> float:
        moment: float = _TIME.unpack(os.pread(self._fd, _TIME.size, self._slot(turn)))[0]
        return moment

    def _slot(self, turn: int) -> int:
        assert self._limit is not None  # noqa: S101 - only a limit has turns to remember
        return _HEAD.size + turn % self._limit.requests * _TIME.size

    def _state(self, now: float) -> _State:
        """Return what the file says at the present moment."""
        head = os.pread(self._fd, _HEAD.size, 0)
        state = _State._make(_HEAD.unpack(head)) if len(head) == _HEAD.size else _State()
        state = self._set_back(state, state.seen - now) if now < state.seen else state
        return state._replace(seen=now)

    def _set_back(self, state: _State, by: float) -> _State:
        """Follow a clock that was set back, so that nobody waits for moments that were yesterday."""
        known = min(state.turns, self._limit.requests) if self._limit else 0
        for turn in range(state.turns - known, state.turns):
            os.pwrite(self._fd, _TIME.pack(self._read_time(turn) - by), self._slot(turn))
        return state._replace(not_before=state.not_before - by, told_until=state.told_until - by)

    def _write(self, state: _State) -> None:
        os.pwrite(self._fd, _HEAD.pack(*state), 0)


class _State(NamedTuple):
    """The head of the file; moments are seconds since the epoch."""

    turns: int = 0
    seen: float = 0.0
    not_before: float = 0.0
    told_until: float = 0.0
    left: int = 0


def _counted(state: _State, remaining: int, until: float, now: float) -> _State:
    """Return the state with the vendor's own count; one that was told earlier of the same span only ever shrinks."""
    same_span = now < state.told_until and abs(until - state.told_until) < 1.5  # whole seconds, rounded up or down
    left = min(remaining, state.left) if same_span else remaining
    return state._replace(told_until=max(until, state.told_until) if same_span else until, left=max(0, left))


def home(env: Mapping[str, str]) -> Path:
    """Return the folder in which all processes of this user keep their paces."""
    state = env.get("XDG_STATE_HOME") or (f"{env['HOME']}/.local/state" if env.get("HOME") else "")
    return (Path(state) if state else Path(tempfile.gettempdir()) / f"provendor-{_user()}") / "provendor" / "pace"


def _digest(key: bytes, vendor: Vendor, values: Values) -> str:
    """Return the name of a vendor's file: who is called, where, with which credentials, at which rate."""
    limit = vendor.rate_limit
    parts = [vendor.name, str(values.of.get("base_url", "")), repr(tuple(limit) if limit else None)]
    parts += [f"{name}={values.of[name]}" for name in sorted(_credentials(vendor)) if name in values.of]
    return hmac.digest(key, "\0".join(parts).encode("utf-8", "surrogatepass"), "sha256").hex()


def _credentials(vendor: Vendor) -> set[str]:
    """Return the names of the secrets with which anything is asked; those that change with each token are left out."""
    used = {
        name
        for operation in vendor.operations.values()
        for auth in operation.template.auth
        for name in (*references(auth.name), *references(auth.value))
    }
    grant = vendor.oauth2
    if grant is not None:
        assertion = grant.assertion or {}
        used |= needs(vendor.operations[grant.token].template)
        used |= {name for text in assertion.values() for name in references(text)}
        used -= {grant.gives, assertion.get("gives", "")}
    return {name for name in used if name in vendor.variables and vendor.variables[name].secret}


def _key(file: Path) -> bytes:
    """Return this user's key for the names of files, made when it is first needed."""
    fd = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        with _Lock(fd):
            key = os.pread(fd, 32, 0)
            if len(key) != 32:
                key = os.urandom(32)
                os.pwrite(fd, key, 0)
            return key
    finally:
        os.close(fd)


def _opened(file: Path | None) -> int:
    if file is not None:
        with suppress(OSError):
            return os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    return _own()


def _own() -> int:
    """Return a file that nobody else has, in memory where that is to be had: the disk may be full."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("pace")
    with tempfile.TemporaryFile() as own:
        return os.dup(own.fileno())


if sys.platform == "win32":  # pragma: no cover - no locks that end with their process: a pace is kept, but not shared

    class _Lock:
        def __init__(self, fd: int) -> None:
            pass

        def __enter__(self) -> None:
            pass

        def __exit__(self, *exc: object) -> None:
            pass

    def _user() -> str:
        return os.environ.get("USERNAME", "user")

else:
    import fcntl

    class _Lock:
        """A file that nobody else works with for the length of a block."""

        __slots__ = ("_fd",)

        def __init__(self, fd: int) -> None:
            self._fd = fd

        def __enter__(self) -> None:
            fcntl.flock(self._fd, fcntl.LOCK_EX)

        def __exit__(self, *exc: object) -> None:
            fcntl.flock(self._fd, fcntl.LOCK_UN)

    def _user() -> str:
        return str(os.getuid())
