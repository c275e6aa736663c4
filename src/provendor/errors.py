"""Everything provendor raises on purpose.

ProvendorError
├── ContractError        contracts cannot be understood: all their problems, each with file, line and column
├── UsageError           the command was called in a way that cannot be carried out
├── NetworkOff           something tried to connect or to look up a name where the network is off
└── TransportError       no exchange came back
    ├── NotRecorded      the cassette has no answer to this request: nearest recording and what differs
    ├── CassetteMissing  there is no cassette for the case
    ├── CassetteBroken   the cassette cannot be read
    ├── TokenRefused     the vendor gives no access token
    └── Fault            the network, or whoever answered, broke off: `code` says how
"""

from __future__ import annotations

from typing import NamedTuple

from provendor.exchange import Attempt, Peer


class ProvendorError(Exception):
    """Base of everything provendor raises on purpose."""


class Problem(NamedTuple):
    """One thing wrong in one file.

    `line` and `column` count from 1; 0 means that the place is not known. `path` is the dotted way to the value,
    such as `operations.users.get.cases.ok.status`, empty for the file itself.
    """

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        text = f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"
        # Keys and values of a file stand in it, and what could move a terminal's cursor must not reach one.
        return text if text.isprintable() else "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


class ContractError(ProvendorError):
    """Contracts cannot be understood; `problems` holds every reason, sorted by place."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class UsageError(ProvendorError):
    """The command was called in a way that cannot be carried out; the text says what to do instead."""


class NetworkOff(ProvendorError, OSError):
    """Something tried to connect or to look up a name where the network is off; the text names the address.

    An OSError as well, so that libraries clean up behind it as they do behind any failed connection.
    """


class TransportError(ProvendorError):
    """No exchange came back. `code` is stable and has an entry in `provendor explain`."""

    code = "transport"


class CassetteMissing(TransportError):
    """There is no cassette for the case."""

    code = "cassette-missing"


class CassetteBroken(TransportError):
    """The cassette cannot be read; the text says where and why."""

    code = "cassette-broken"


class NotRecorded(TransportError):
    """The cassette has no answer to this request.

    `differences` pairs what the contract sends with what the nearest recording holds:
    `(part, sent, recorded)`, such as `("query status", "all", "open")`.
    """

    code = "request-mismatch"

    def __init__(self, message: str, differences: tuple[tuple[str, str, str], ...] = ()) -> None:
        super().__init__(message)
        self.differences = differences


class TokenRefused(TransportError):
    """No access token could be had. `reason` is the vendor's code, or ours, for why; the text never holds a secret."""

    code = "token-refused"

    def __init__(self, message: str, reason: str, retryable: bool) -> None:
        super().__init__(message)
        self.reason = reason
        self.retryable = retryable


class Fault(TransportError):
    """No answer came over the network. `code` is one of the fault table, such as `no-answer` or `certificate-expired`.

    `attempts` are all tries that led to it, `peer` is who was reached, as far as anybody was.
    """

    def __init__(
        self, code: str, message: str, *, retryable: bool, attempts: tuple[Attempt, ...] = (), peer: Peer | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = retryable
        self.attempts = attempts
        self.peer = peer
